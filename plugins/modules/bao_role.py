#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and keys of OpenBao."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bao_role
version_added: 0.1.0
short_description: Roles of OpenBao or Vault, and transit keys
description:
  - Creates, changes and removes what auth methods and secret engines know by name, namely roles of AppRole, JWT and
    PKI, and keys of transit.
  - Of O(roles[].options) only the keys that are given are compared and changed; C(1h) and C(3600) are the same.
  - OpenBao has no room for a mark on any of them, so nothing is purged here.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  roles:
    description: The roles and keys.
    type: list
    elements: dict
    required: true
    suboptions:
      type:
        description: What it is.
        type: str
        choices: [approle, jwt, pki, transit_key]
        required: true
      mount:
        description:
          - Where its auth method or secret engine is mounted; V(approle), V(jwt), V(pki) or V(transit) by type where
            not given.
        type: str
      name:
        description: The name.
        type: str
        required: true
      options:
        description:
          - What it is made of, in OpenBao's words for the type. The type and derivation of a transit key can only be
            said when it is made.
        type: dict
      role_id:
        description: The role ID of an AppRole.
        type: str
      secret_ids:
        description:
          - Secret IDs that an AppRole has. They come from a store of secrets, not from OpenBao, so that they can be
            kept before they are of any use.
        type: list
        elements: str
      exclusive:
        description: Whether every other secret ID of an AppRole is destroyed.
        type: bool
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
  data_loss_ok:
    description:
      - Transit keys that may be removed, as V(MOUNT/NAME). What they have encrypted can never be read again; without
        this the removal is refused.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.bao
  - infn.datacloud.bao.planning
"""

EXAMPLES = r"""
- name: Who may log in, which certificates are signed, what objects are encrypted with
  infn.datacloud.bao_role:
    url: https://vault.cnaf.example.org:8200
    token: "{{ token }}"
    roles:
      - type: approle
        name: rgw
        role_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/approle/rgw/role_id') }}"
        secret_ids:
          - "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/approle/rgw/secret_id') }}"
        exclusive: true
        options:
          token_policies: [rgw]
          token_ttl: 1h
          secret_id_bound_cidrs: [192.0.2.0/24]
      - type: jwt
        name: operators
        options:
          role_type: jwt
          user_claim: sub
          bound_audiences: [https://vault.cnaf.example.org]
          bound_claims:
            wlcg.groups: [/operators]
          token_policies: [operators]
      - type: pki
        name: host
        options:
          allowed_domains: [example.org]
          allow_subdomains: true
          max_ttl: 90d
      - type: transit_key
        mount: rgw-kms
        name: clinic
        options:
          type: aes256-gcm96
          exportable: true
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.bao import api, backends, objects


def main():
    options = {
        **api.OPTIONS,
        **objects.ROLE.argument_spec(),
        "data_loss_ok": {"type": "list", "elements": "str", "default": []},
    }
    module = AnsibleModule(options, supports_check_mode=True)
    backends.run(module, objects.ROLE, backends.Roles)


if __name__ == "__main__":
    main()
