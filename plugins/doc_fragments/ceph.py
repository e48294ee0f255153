# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How a Ceph module reaches its cluster."""

    DOCUMENTATION = r"""
requirements:
  - python3-rados (the distribution's package), of the cluster's release or one next to it
options:
  conf:
    description: Configuration file that names the cluster's monitors.
    type: path
    default: /etc/ceph/ceph.conf
  keyring:
    description: File with the key of O(client).
    type: path
    default: /etc/ceph/ceph.client.admin.keyring
  client:
    description: Name under which the module speaks to the cluster.
    type: str
    default: client.admin
  timeout:
    description:
      - Seconds after which a request without an answer fails.
      - A manager that is just starting or failing over is waited for as long.
    type: int
    default: 120
notes:
  - In check mode, on a host that has no client library, configuration or keyring yet, the module plans as if the
    cluster held nothing, and warns.
"""
