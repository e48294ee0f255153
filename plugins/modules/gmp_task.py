#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_task
version_added: 0.1.0
short_description: Tasks of Greenbone
description:
  - Creates, changes and removes tasks, each a target with the way in which it is scanned. M(infn.datacloud.gmp_scan)
    starts them.
  - The manager keeps several tasks of one name. Where it does, the module fails and gives their ids.
  - An object made by this module has V([infn.datacloud]) at the end of its comment; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  tasks:
    description: The tasks.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, which the module keeps unique.
        type: str
        required: true
      comment:
        description: What it is for, without the mark.
        type: str
      target:
        description: Name of the target; needed unless O(tasks[].state=absent).
        type: str
      config:
        description: Name of the scan configuration; needed unless O(tasks[].state=absent).
        type: str
      scanner:
        description: Name of the scanner.
        type: str
        default: OpenVAS Default
      schedule:
        description: Name of the schedule; empty for none.
        type: str
      schedule_periods:
        description: How often the schedule starts it; 0 for no limit.
        type: int
      alerts:
        description: Names of alerts. The list is complete.
        type: list
        elements: str
      hosts_at_once:
        description: How many hosts are scanned at a time.
        type: int
      checks_at_once:
        description: How many tests run on a host at a time.
        type: int
      in_assets:
        description: Whether hosts found become assets of the manager.
        type: bool
      keep_reports:
        description: How many reports are kept, from 2; 0 for all.
        type: int
      alterable:
        description: Whether target, configuration and scanner may be changed once there are reports.
        type: bool
        default: true
      state:
        description: Whether it is there. With a task its reports are removed.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.core.recreate
  - infn.datacloud.gmp
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: The scan of a site
  infn.datacloud.gmp_task:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    tasks:
      - name: 'datacloud: cnaf default'
        target: 'datacloud: cnaf default'
        config: Full and fast
        schedule: 'datacloud: cnaf default'
        hosts_at_once: 4
        checks_at_once: 2
    purge: true
"""

RETURN = r"""
operations:
  description: What was done, or would be done in check mode, in order.
  type: list
  elements: dict
  returned: always
  contains:
    action:
      description: What happened to the object; one of V(create), V(update), V(recreate) and V(delete).
      type: str
      returned: always
    key:
      description: The name.
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

from ansible_collections.infn.datacloud.plugins.module_utils.gmp import backends


def main():
    backends.main(backends.Tasks, backends.RECREATE)


if __name__ == "__main__":
    main()
