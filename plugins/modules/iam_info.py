#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an INDIGO IAM holds."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_info
version_added: 0.1.0
short_description: What an INDIGO IAM holds
description:
  - Reads the server's own description, and what is asked for besides, in lists of 100 a request. No secret is
    returned.
  - The parts V(server) and V(aup) may be read by anybody; the others take a client or a token.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  gather:
    description: What is read.
    type: list
    elements: str
    choices: [server, aup, groups, accounts, clients, scope_policies]
    default: [server]
extends_documentation_fragment:
  - infn.datacloud.core.info
  - infn.datacloud.iam
"""

EXAMPLES = r"""
- name: Who is in which group
  infn.datacloud.iam_info:
    url: https://iam.example.org
    client_id: datacloud-admin
    client_secret: "{{ lookup('infn.datacloud.secret', 'iam/main/admin_client_secret') }}"
    gather: [groups, accounts]
  register: identity
"""

RETURN = r"""
server:
  description: The server.
  type: dict
  returned: when O(gather) has V(server)
  contains:
    issuer:
      description: The issuer, as it is in tokens.
      type: str
      returned: always
    token_endpoint:
      description: Where tokens are asked for.
      type: str
      returned: always
    jwks_uri:
      description: Where the public keys are.
      type: str
      returned: always
    scopes_supported:
      description: The scopes.
      type: list
      elements: str
      returned: always
    grant_types_supported:
      description: The grants.
      type: list
      elements: str
      returned: always
    signing_keys:
      description: The public keys, each with C(kid), C(kty), C(alg) and C(use).
      type: list
      elements: dict
      returned: always
    health:
      description: The health, V(UP) where all is well.
      type: str
      returned: always
aup:
  description: The acceptable use policy in the words of M(infn.datacloud.iam_aup); none where there is none.
  type: dict
  returned: when O(gather) has V(aup)
groups:
  description:
    - The groups in the words of M(infn.datacloud.iam_group), without managers but with C(id); C(managed) says
      whether this collection made it.
  type: list
  elements: dict
  returned: when O(gather) has V(groups)
accounts:
  description:
    - The accounts in the words of M(infn.datacloud.iam_account) as far as the listing tells, with C(id) and the paths
      of their C(groups).
  type: list
  elements: dict
  returned: when O(gather) has V(accounts)
clients:
  description: The clients in the words of M(infn.datacloud.iam_client), with C(managed), without secrets and owners.
  type: list
  elements: dict
  returned: when O(gather) has V(clients)
scope_policies:
  description: The policies in the words of M(infn.datacloud.iam_scope_policy), with C(id) and C(managed).
  type: list
  elements: dict
  returned: when O(gather) has V(scope_policies)
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.iam import api, info

OPTIONS = {
    **api.OPTIONS,
    "gather": {"type": "list", "elements": "str", "choices": list(info.PARTS), "default": ["server"]},
}


def main():
    credentials = {name: rule for name, rule in api.CREDENTIALS.items() if name != "required_one_of"}
    module = AnsibleModule(OPTIONS, supports_check_mode=True, **credentials)
    wanted = module.params["gather"]
    try:
        found = info.gather(api.Iam(module, info.scopes(wanted)), wanted)
    except core.ApiError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
