#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Auth methods of OpenBao."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bao_auth_method
version_added: 0.1.0
short_description: Auth methods of OpenBao or Vault
description:
  - Enables, tunes, configures and removes ways to log in, such as AppRole and JWT.
  - Of the dictionaries O(auth_methods[].tune) and O(auth_methods[].config) only the keys that are given are compared;
    C(1h) and C(3600) are the same.
  - The description of a method enabled here ends with C((infn.datacloud\)). O(purge) removes only methods with this
    mark. A method that was there before is managed but never marked.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  auth_methods:
    description: The methods.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Where it is mounted below C(auth/).
        type: str
        required: true
      type:
        description: The method, such as V(approle) or V(jwt). Needed unless O(auth_methods[].state=absent).
        type: str
      description:
        description: What it is for.
        type: str
      local:
        description: Whether it is kept from replicating to other clusters. It can only be said when it is enabled.
        type: bool
      tune:
        description: What any mount has, such as C(default_lease_ttl), C(max_lease_ttl) and C(token_type).
        type: dict
      config:
        description:
          - The settings of the method. Those of V(jwt) are C(oidc_discovery_url) and C(oidc_discovery_ca_pem), or
            C(jwks_url) and C(jwks_ca_pem), or C(jwt_validation_pubkeys), and C(bound_issuer), C(default_role),
            C(jwt_supported_algs).
          - They are written together; what V(jwt) is not told here is then reset. OpenBao asks the issuer at once.
        type: dict
      secret_config:
        description:
          - Settings that the server never gives back, such as C(oidc_client_secret) of V(jwt).
            They are sent whenever O(auth_methods[].config) is written.
        type: dict
      state:
        description: Whether it is enabled.
        type: str
        choices: [present, absent]
        default: present
  data_loss_ok:
    description:
      - Paths of methods that may be removed. All their roles and the tokens they gave are lost; without this the
        removal is refused.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.bao
  - infn.datacloud.bao.planning
"""

EXAMPLES = r"""
- name: AppRole for machines, IAM's tokens for people
  infn.datacloud.bao_auth_method:
    url: https://vault.cnaf.example.org:8200
    role_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_role_id') }}"
    secret_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_secret_id') }}"
    auth_methods:
      - path: approle
        type: approle
      - path: jwt
        type: jwt
        config:
          oidc_discovery_url: https://iam.example.org
          bound_issuer: https://iam.example.org
"""

RETURN = r"""
operations:
  description: What was done, or would be done in check mode, in order.
  type: list
  elements: dict
  returned: always
  contains:
    action:
      description: What happened to the object; one of V(create), V(update) and V(delete).
      type: str
      returned: always
    key:
      description: The object's name.
      type: str
      returned: always
    changes:
      description: The names of the fields that differed.
      type: list
      elements: str
      returned: always
diff:
  description: The changed objects before and after, secrets masked.
  type: dict
  returned: always
"""

from ansible_collections.infn.datacloud.plugins.module_utils.bao import api, backends, objects
from ansible_collections.infn.datacloud.plugins.module_utils.quiet import QuietModule


def main():
    options = {
        **api.OPTIONS,
        **objects.AUTH_METHOD.argument_spec(),
        "purge": {"type": "bool", "default": False},
        "data_loss_ok": {"type": "list", "elements": "str", "default": []},
    }
    module = QuietModule(options, supports_check_mode=True)
    backends.run(module, objects.AUTH_METHOD, backends.AuthMethods)


if __name__ == "__main__":
    main()
