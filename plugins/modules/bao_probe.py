#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an OpenBao cluster does what it is there for."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bao_probe
version_added: 0.1.0
short_description: Whether an OpenBao cluster does what it is there for
description:
  - Every member is unsealed, has a vote, and follows the same leader; what is written by one is read by another and
    removed; a request without a token is refused by each. The certificates are verified on the way.
  - What it writes is in the token's own C(cubbyhole). In check mode it does nothing.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  members:
    description: The addresses of all members. O(url) is not used.
    type: list
    elements: str
    required: true
  wait:
    description: How many seconds members may take to join and to get their vote.
    type: int
    default: 120
extends_documentation_fragment:
  - infn.datacloud.core.info
  - infn.datacloud.bao
"""

EXAMPLES = r"""
- name: The cluster keeps and gives secrets
  infn.datacloud.bao_probe:
    url: https://vault-01.example.org:8200
    members: [https://vault-01.example.org:8200, https://vault-02.example.org:8200]
    role_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_role_id') }}"
    secret_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_secret_id') }}"
"""

RETURN = r"""
leader:
  description: The address of the active member.
  type: str
  returned: success, not in check mode
voters:
  description: The names of the members that have a vote.
  type: list
  elements: str
  returned: success, not in check mode
refused:
  description: The addresses that refused a request without a token.
  type: list
  elements: str
  returned: success, not in check mode
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.bao import api, probe

OPTIONS = {
    **api.OPTIONS,
    "members": {"type": "list", "elements": "str", "required": True},
    "wait": {"type": "int", "default": 120},
}


def main():
    module = AnsibleModule(OPTIONS, supports_check_mode=True)
    if module.check_mode:
        module.exit_json(changed=False)
    try:
        found = probe.Probe(module.params).run()
    except core.ApiError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
