#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of an OpenBao server."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bao_server
version_added: 0.1.0
short_description: Initialise, unseal, restart and restore an OpenBao server
description:
  - Looks after one member of a cluster, at its own address. What is not asked for is only reported.
  - Everything asked for in one call happens in the order initialise, restart, restore, unseal, wait for a leader.
  - The unseal keys and the root token are in the result of the run that initialises. Set C(no_log) on that task and
    keep them at once. Until then they are also in O(init.answer_file), from where a later run returns them again.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  init:
    description: Initialise the cluster with this member, unless it is initialised.
    type: dict
    suboptions:
      shares:
        description: Into how many keys the unseal key is split.
        type: int
        default: 5
      threshold:
        description: How many of them unseal.
        type: int
        default: 3
      pgp_keys:
        description:
          - Public PGP keys, binary and in base64, one for each of O(init.shares). The unseal keys are then returned
            encrypted, and the server stays sealed until their owners have unsealed it.
        type: list
        elements: str
        default: []
      answer_file:
        description: Where the answer is kept, readable by root only, until it has been taken. Choose a tmpfs.
        type: path
        default: /run/openbao-init/answer.json
      others:
        description: Addresses of the other members. If one of them is initialised, this one refuses to be.
        type: list
        elements: str
        default: []
  unseal:
    description: Unseal the server where it is sealed. One that is not initialised is waited for, as it joins.
    type: bool
    default: false
  unseal_keys:
    description: The unseal keys, at least as many as the threshold.
    type: list
    elements: str
    default: []
  restart:
    description:
      - Restart the server's unit where it runs with something older than its files, if all other members are well,
        then unseal it and wait until the cluster can spare a member again. The active member first hands over.
      - Run it for one member at a time (C(throttle=1)), first with O(restart.only=standby), then with V(active).
      - It takes a token or AppRole that may read C(sys/storage/raft/autopilot/state) and write C(sys/step-down).
    type: dict
    suboptions:
      unit:
        description: The systemd unit.
        type: str
        default: openbao.service
      files:
        description: Files that the server reads when it starts.
        type: list
        elements: path
        default: []
      pending:
        description: Restart in any case if the unit runs.
        type: bool
        default: false
      only:
        description: Do this only if the member is V(standby), V(active) or V(sealed).
        type: str
        choices: [standby, active, sealed]
        required: true
      members:
        description: The addresses of all members.
        type: list
        elements: str
        default: []
  restore:
    description:
      - A snapshot on this host. All that the cluster holds is replaced by what the snapshot holds, and lost.
      - The keys that unseal it afterwards, and who may log in, are those of the snapshot. Where they are not those
        of before, the server seals itself; restart it then, as it still believes in as many keys as before.
    type: path
  generate_root:
    description:
      - Make a root token from O(unseal_keys) and return it. Set C(no_log) on that task.
      - OpenBao allows it only on a listener with C(disable_unauthed_generate_root_endpoints = false); give one that
        only the host itself reaches, for as long as it takes.
    type: bool
    default: false
  wait_leader:
    description: Wait until there is a leader.
    type: bool
    default: false
  check_login:
    description: Report whether the token or AppRole is accepted.
    type: bool
    default: false
  revoke_token:
    description: Revoke O(token).
    type: bool
    default: false
  wait:
    description: How many seconds to wait for anything that takes its time.
    type: int
    default: 120
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.bao
attributes:
  diff_mode:
    description: There is no text to compare.
    support: none
notes:
  - In check mode, where nobody answers, the module plans as if the server were new, and warns.
"""

EXAMPLES = r"""
- name: Initialise the first member
  infn.datacloud.bao_server:
    url: https://vault-01.example.org:8200
    init:
      shares: 5
      threshold: 3
  register: initialised
  no_log: true

- name: Unseal the member
  infn.datacloud.bao_server:
    url: https://vault-01.example.org:8200
    unseal: true
    unseal_keys: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/unseal_keys', kind='provided') | split }}"
    wait_leader: true

- name: Use the new configuration on the standby members
  infn.datacloud.bao_server:
    url: "https://{{ inventory_hostname }}.example.org:8200"
    role_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_role_id') }}"
    secret_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_secret_id') }}"
    unseal_keys: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/unseal_keys', kind='provided') | split }}"
    restart:
      only: standby
      members:
        - https://vault-01.example.org:8200
        - https://vault-02.example.org:8200
        - https://vault-03.example.org:8200
      files: [/etc/openbao/openbao.hcl]
  throttle: 1
"""

RETURN = r"""
operations:
  description: What was done, or would be done in check mode, of V(init), V(restart), V(restore), V(unseal),
    V(generate_root) and V(revoke_token).
  type: list
  elements: str
  returned: always
initialized:
  description: Whether the server belongs to a cluster.
  type: bool
  returned: always
sealed:
  description: Whether it is sealed.
  type: bool
  returned: always
leader:
  description: The address of the active member, empty if there is none.
  type: str
  returned: always
active:
  description: Whether this is the active member.
  type: bool
  returned: always
version:
  description: The server's version.
  type: str
  returned: always
outdated:
  description: Whether the unit still runs with something older than its files.
  type: bool
  returned: with O(restart)
authenticated:
  description: Whether the token or AppRole is accepted.
  type: bool
  returned: with O(check_login)
unseal_keys:
  description: The unseal keys in base64. They are secret unless RV(encrypted).
  type: list
  elements: str
  returned: when it was initialised and the answer has not been taken
root_token:
  description: The root token. It is secret.
  type: str
  returned: when it was initialised and the answer has not been taken, and with O(generate_root)
encrypted:
  description: Whether the unseal keys are encrypted with the PGP keys.
  type: bool
  returned: when it was initialised and the answer has not been taken
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.bao import api, server

INIT = {
    "shares": {"type": "int", "default": 5},
    "threshold": {"type": "int", "default": 3},
    "pgp_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "answer_file": {"type": "path", "default": "/run/openbao-init/answer.json"},
    "others": {"type": "list", "elements": "str", "default": []},
}
RESTART = {
    "unit": {"type": "str", "default": "openbao.service"},
    "files": {"type": "list", "elements": "path", "default": []},
    "pending": {"type": "bool", "default": False},
    "only": {"type": "str", "choices": ["standby", "active", "sealed"], "required": True},
    "members": {"type": "list", "elements": "str", "default": []},
}
OPTIONS = {
    **api.OPTIONS,
    "init": {"type": "dict", "options": INIT},
    "unseal": {"type": "bool", "default": False},
    "unseal_keys": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "restart": {"type": "dict", "options": RESTART},
    "restore": {"type": "path"},
    "generate_root": {"type": "bool", "default": False, "no_log": False},
    "wait_leader": {"type": "bool", "default": False},
    "check_login": {"type": "bool", "default": False},
    "revoke_token": {"type": "bool", "default": False, "no_log": False},
    "wait": {"type": "int", "default": 120},
}


def main():
    module = AnsibleModule(OPTIONS, supports_check_mode=True)
    member = server.Server(module)
    try:
        result = member.run()
    except core.ApiError as error:
        module.fail_json(msg=str(error), changed=bool(member.done), operations=member.done)
    finally:
        member.bao.close()
    module.exit_json(**result)


if __name__ == "__main__":
    main()
