#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_schedule
version_added: 0.1.0
short_description: Schedules of Greenbone
description:
  - Creates, changes and removes schedules, by which tasks start on their own.
  - The manager writes calendars anew, so not their text is compared but the start, the rule and the duration.
  - An object made by this module has V([infn.datacloud]) at the end of its comment; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  schedules:
    description: The schedules.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, which identifies it among the objects of O(user).
        type: str
        required: true
      comment:
        description: What it is for, without the mark.
        type: str
      start:
        description:
          - When the first scan starts, as V(YYYY-MM-DDTHH:MM), or V(HH:MM) for the next such time; the day that is
            there stays then. Needed unless O(schedules[].state=absent).
        type: str
      timezone:
        description: The time zone of O(schedules[].start). With another than UTC scans follow its summer time.
        type: str
        default: UTC
      every:
        description: How often it is repeated.
        type: str
        choices: [once, hour, day, week, month]
        default: once
      interval:
        description: Only each so many hours, days, weeks or months.
        type: int
        default: 1
      weekdays:
        description: The days, for O(schedules[].every=week); that of the start where not given.
        type: list
        elements: str
        choices: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]
        default: []
      duration:
        description: After how many minutes a scan is stopped; 0 lets it end by itself.
        type: int
        default: 0
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.gmp
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: Every Saturday night, six hours at most
  infn.datacloud.gmp_schedule:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    schedules:
      - name: 'datacloud: cnaf default'
        start: '22:00'
        every: week
        weekdays: [saturday]
        duration: 360
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
    backends.main(backends.Schedules)


if __name__ == "__main__":
    main()
