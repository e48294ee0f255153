# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How the iam_* modules reach INDIGO IAM (module_utils/iam/api.py)."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - The address of INDIGO IAM, which is its issuer too. Only https, but for a service on the same host.
    type: str
    required: true
  client_id:
    description:
      - The client to speak as, with grant C(client_credentials). Only an administrator can give a client the scopes
        that the module needs, which are some of C(scim:read), C(scim:write), C(iam:admin.read) and
        C(iam:admin.write); those to write are not asked for in check mode.
      - Give this and O(client_secret), or O(token).
    type: str
  client_secret:
    description: The client's secret.
    type: str
  token:
    description: An access token with the scopes above, of a client or of an administrator.
    type: str
  ca_path:
    description: A file with the certificate authorities to trust; those of this host where not given.
    type: path
  timeout:
    description: After how many seconds of silence a request is given up.
    type: int
    default: 60
  parallel:
    description: How many requests are under way at a time.
    type: int
    default: 8
notes:
  - It was written for INDIGO IAM 1.12.
  - One token is asked for in a run. Requests are tried again after HTTP 429 and 5xx and lost connections; one that
    creates something only where it surely was not carried out.
  - In check mode, where no IAM answers yet, the module plans as if it held nothing, and warns.
"""
