# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How the bao_* modules reach a server (module_utils/bao/api.py)."""

    DOCUMENTATION = r"""
options:
  url:
    description: The address of OpenBao or Vault, such as V(https://vault.cnaf.example.org:8200).
    type: str
    required: true
  token:
    description: The token to act with. Where it is not given or empty, O(role_id) and O(secret_id) are used.
    type: str
  role_id:
    description: The role ID of an AppRole to log in with. The token it gives is revoked when the module ends.
    type: str
  secret_id:
    description: The secret ID that goes with O(role_id).
    type: str
  auth_path:
    description: Where the AppRole method for O(role_id) is mounted.
    type: str
    default: approle
  ca_path:
    description:
      - A file with the certificate authorities to trust; the host's trust store where not given.
        Certificates are always verified.
    type: path
  namespace:
    description: The namespace to work in.
    type: str
  timeout:
    description: How many seconds one request may take.
    type: int
    default: 30
"""

    PLANNING = r"""
options: {}
notes:
  - In check mode, where nobody answers, the server is sealed or not initialised, or no credentials are given, the
    module plans as if there were nothing yet, and warns.
  - Secrets travel in the body of requests only; they are in no argument list, result or diff.
"""
