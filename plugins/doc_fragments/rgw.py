# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How the rgw_* modules reach the cluster (module_utils/rgw/api.py)."""

    DOCUMENTATION = r"""
requirements:
  - radosgw-admin (package ceph-common) and a cluster configuration with a keyring on the host the module runs on
options:
  conf:
    description: Ceph's configuration file.
    type: path
    default: /etc/ceph/ceph.conf
  client:
    description: The cephx name whose keyring is used.
    type: str
    default: client.admin
  executable:
    description: The command radosgw-admin, by name or path.
    type: path
    default: radosgw-admin
  timeout:
    description: After how many seconds one command is given up.
    type: int
    default: 120
notes:
  - Secrets are handed to radosgw-admin in its environment (CEPH_ARGS) and never appear in a process list.
    They must not hold white space.
  - In check mode on a host without the command or without the configuration file, the module plans as if nothing
    existed yet and warns.
"""
