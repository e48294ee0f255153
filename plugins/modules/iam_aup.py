#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptable use policy of INDIGO IAM."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_aup
version_added: 0.1.0
short_description: The acceptable use policy of INDIGO IAM
description:
  - Creates, changes or removes the policy that users sign. An IAM has one or none.
  - A change leaves the signatures as they are; removing the policy removes them too.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  aup:
    description: The policy.
    type: dict
    required: true
    suboptions:
      url:
        description: Where the text is, without a query string. Needed unless O(aup.state=absent).
        type: str
      description:
        description: What the policy is about, in at most 128 characters.
        type: str
      validity_days:
        description: Days after which it must be signed again; V(0), as where it is not given at first, for never.
        type: int
      reminders_days:
        description:
          - How many days before that users are reminded. A new policy that expires gets 30, 15 and 1, as far as they
            fit.
        type: list
        elements: int
      state:
        description: Whether there is a policy.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.iam
"""

EXAMPLES = r"""
- name: What users agree to
  infn.datacloud.iam_aup:
    url: https://iam.example.org
    client_id: datacloud-admin
    client_secret: "{{ lookup('infn.datacloud.secret', 'iam/main/admin_client_secret') }}"
    aup:
      url: https://www.example.org/aup.html
      description: Acceptable use of the federation
      validity_days: 365
      reminders_days: [30, 15, 1]
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
      description: Always V(aup).
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
    options = {**api.OPTIONS, "aup": objects.aup_argument()}
    module = AnsibleModule(options, supports_check_mode=True, **api.CREDENTIALS)
    core.run(module, objects.AUP, backends.AcceptableUsePolicy(module), [module.params["aup"]])


if __name__ == "__main__":
    main()
