# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How the gmp_* modules reach Greenbone's manager (module_utils/gmp/api.py)."""

    DOCUMENTATION = r"""
options:
  transport:
    description:
      - How the manager is reached. V(socket) on its own host, as root or as the manager's user; V(tls) where the
        manager listens on a port; V(ssh) on a Greenbone appliance.
    type: str
    choices: [socket, tls, ssh]
    default: socket
  socket_path:
    description: The manager's Unix socket, for O(transport=socket).
    type: path
    default: /run/gvmd/gvmd.sock
  host:
    description: The manager's host, for O(transport=tls), as its certificate names it, and O(transport=ssh).
    type: str
  port:
    description: The manager's port; 9390 for O(transport=tls) and 22 for O(transport=ssh) where not given.
    type: int
  certificate:
    description: File with our certificate (PEM), for O(transport=tls).
    type: path
  key:
    description: File with the key of O(certificate).
    type: path
  ca:
    description: File with the authorities that may have signed the manager's certificate.
    type: path
  ssh_user:
    description: Who logs in, for O(transport=ssh).
    type: str
    default: gmp
  ssh_key:
    description: File with the private key to log in with. Give this or O(ssh_password).
    type: path
  ssh_password:
    description: The password to log in with.
    type: str
  ssh_known_hosts:
    description: File that names the host's key; a host that it does not name is refused.
    type: path
    default: ~/.ssh/known_hosts
  user:
    description: The manager's user to speak as. Objects belong to the user who makes them.
    type: str
    required: true
  password:
    description: The password of O(user).
    type: str
    required: true
  timeout:
    description: After how many seconds of silence a request is given up.
    type: int
    default: 60
requirements:
  - python-gvm
notes:
  - It was written for GMP 22.7 (gvmd 26).
  - Readings are tried again after a lost connection, and everything while the manager answers that it is busy.
  - In check mode, where no manager answers yet, the module plans as if it held nothing, and warns.
"""
