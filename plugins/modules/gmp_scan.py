#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops scans of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_scan
version_added: 0.1.0
short_description: Starts, waits for and stops scans of Greenbone
description:
  - Starts the scans of tasks, waits for their end, or stops them.
  - A scan that is under way is never started again, which the manager itself would do; it is waited for instead.
  - A manager that starts anew while scans are waited for is waited for too.
options:
  tasks:
    description: Names of tasks.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(started) has a scan under way for each task, V(finished) also waits until they have ended, V(stopped) has none
        under way.
      - A task whose scan has ended is started again, unless O(max_age) says otherwise.
    type: str
    choices: [started, finished, stopped]
    default: started
  max_age:
    description: Start no scan of a task whose last one was finished less than so many hours ago; 0 always starts one.
    type: int
    default: 0
  wait:
    description: Wait until the scans have ended, or have stopped; always so with O(state=finished).
    type: bool
    default: false
  wait_timeout:
    description: For how many seconds scans are waited for. Those that go on then fail the module, and go on.
    type: int
    default: 14400
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.gmp
attributes:
  diff_mode:
    description: A scan that is started has nothing to compare.
    support: none
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: Scan what was not scanned today
  infn.datacloud.gmp_scan:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    tasks: ['datacloud: cnaf default']
    state: finished
    max_age: 20
"""

RETURN = r"""
started:
  description: The tasks whose scan was started, or would be in check mode.
  type: list
  elements: str
  returned: success, or where a scan did not end well
stopped:
  description: The tasks whose scan was stopped, or would be in check mode.
  type: list
  elements: str
  returned: success
scans:
  description: The newest scan of each task, in the order asked for.
  type: list
  elements: dict
  returned: success
  contains:
    task:
      description: The task's name.
      type: str
      returned: always
    id:
      description: The task's id.
      type: str
      returned: always
    status:
      description: In the manager's words, such as V(New), V(Queued), V(Running), V(Done), V(Stopped), V(Interrupted).
      type: str
      returned: always
    progress:
      description: In percent.
      type: int
      returned: always
    report:
      description: The id of its report, else empty.
      type: str
      returned: always
    start:
      description: When it began, in UTC, else empty.
      type: str
      returned: always
    end:
      description: When it ended, in UTC, else empty.
      type: str
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.gmp import api, scans


def main():
    options = {
        **api.OPTIONS,
        "tasks": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": list(scans.STATES), "default": "started"},
        "max_age": {"type": "int", "default": 0},
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 14400},
    }
    module = AnsibleModule(options, supports_check_mode=True, **api.CONDITIONS)
    with api.session(module) as gmp:
        ours = scans.Scans(module, gmp)
        try:
            result = ours.run()
        except core.ApiError as error:
            changed = bool(ours.started or ours.stopped)
            module.fail_json(msg=str(error), changed=changed, started=ours.started, stopped=ours.stopped)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
