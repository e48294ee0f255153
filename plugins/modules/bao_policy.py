#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies of OpenBao."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bao_policy
version_added: 0.1.0
short_description: Policies of OpenBao or Vault
description:
  - Creates, changes and removes ACL policies.
  - A policy made here begins with the line C(# (infn.datacloud\)). O(purge) removes only policies with this mark.
    A policy that was there before is managed but never marked.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  policies:
    description: The policies.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The policy's name, in lower case.
        type: str
        required: true
      policy:
        description:
          - What it allows, as text in HCL, or as a dictionary of paths. The value of a path is the list of its
            capabilities, or a dictionary with C(capabilities) and what else a path may have.
          - Needed unless O(policies[].state=absent).
        type: raw
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.bao
  - infn.datacloud.bao.planning
"""

EXAMPLES = r"""
- name: What the S3 gateways and the site's hosts may do
  infn.datacloud.bao_policy:
    url: https://vault.cnaf.example.org:8200
    role_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_role_id') }}"
    secret_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_secret_id') }}"
    policies:
      - name: rgw
        policy:
          rgw-kms/datakey/plaintext/*: [update]
          rgw-kms/decrypt/*: [update]
      - name: host
        policy: |
          path "pki/sign/host" {
            capabilities = ["update"]
          }
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
    options = {**api.OPTIONS, **objects.POLICY.argument_spec(), "purge": {"type": "bool", "default": False}}
    module = AnsibleModule(options, supports_check_mode=True)
    backends.run(module, objects.POLICY, backends.Policies)


if __name__ == "__main__":
    main()
