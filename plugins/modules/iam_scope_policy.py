#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scope policies of INDIGO IAM."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_scope_policy
version_added: 0.1.0
short_description: Scope policies of INDIGO IAM
description:
  - Creates, changes and removes the policies that say who may have which scopes.
  - IAM tries the policies of the account, then those of its groups, then those for everybody; within one level
    V(DENY) wins.
  - IAM gives policies numbers and no names, so they are known by their description. It refuses two policies that
    say the same; where there is one of another description already, that one gets the name.
  - A policy made by this module has V([infn.datacloud]) at the end of its description. O(purge) removes only
    policies with it.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  policies:
    description: The policies. Each is managed as a whole.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the policy is known by; its description in IAM, without the mark.
        type: str
        required: true
      rule:
        description: Whether the scopes may be had. Needed unless O(policies[].state=absent).
        type: str
        choices: [PERMIT, DENY]
      matching:
        description: How scopes are compared.
        type: str
        choices: [EQ, REGEXP, PATH]
        default: EQ
      scopes:
        description: The scopes; none for all scopes.
        type: list
        elements: str
        default: []
      group:
        description: The path of the group it is for. Without it and O(policies[].account) it is for everybody.
        type: str
      account:
        description: The username of the account it is for.
        type: str
      state:
        description: Whether the policy is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.iam
"""

EXAMPLES = r"""
- name: Only production writes
  infn.datacloud.iam_scope_policy:
    url: https://iam.example.org
    client_id: datacloud-admin
    client_secret: "{{ lookup('infn.datacloud.secret', 'iam/main/admin_client_secret') }}"
    policies:
      - name: Nobody creates
        rule: DENY
        matching: PATH
        scopes: ["storage.create:/"]
      - name: Production creates
        rule: PERMIT
        matching: PATH
        scopes: ["storage.create:/"]
        group: /virgo/production
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
      description: The policy's name.
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

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.iam import api, backends, objects


def main():
    spec = objects.SCOPE_POLICY
    options = {**api.OPTIONS, **spec.argument_spec(), "purge": {"type": "bool", "default": False}}
    module = AnsibleModule(options, supports_check_mode=True, **api.CREDENTIALS)
    core.run(module, spec, backends.ScopePolicies(module))


if __name__ == "__main__":
    main()
