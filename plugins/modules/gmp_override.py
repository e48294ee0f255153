#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overrides of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_override
version_added: 0.1.0
short_description: Overrides of Greenbone
description:
  - Creates, changes and removes overrides, which give results another severity.
  - An override has no name. It is what it applies to that identifies it, the test, hosts, port and task; the manager
    would keep several of the same. The test must be in the feed.
  - An object made by this module has V([infn.datacloud]) at the end of its text; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  overrides:
    description: The overrides.
    type: list
    elements: dict
    required: true
    suboptions:
      oid:
        description: The test.
        type: str
        required: true
      hosts:
        description: The hosts; empty for all.
        type: list
        elements: str
        default: []
      port:
        description: The port, such as V(443/tcp) or V(general/tcp); empty for all.
        type: str
        default: ''
      task:
        description: Name of the task; empty for all.
        type: str
        default: ''
      new_severity:
        description:
          - The severity that results get, -1.0 for a false positive. Needed unless O(overrides[].state=absent).
        type: float
      severity:
        description: Only results with at least this severity.
        type: float
      text:
        description: Why, and who says so. Needed unless O(overrides[].state=absent).
        type: str
      active:
        description: Whether it is applied.
        type: bool
        default: true
      until:
        description: The day (V(YYYY-MM-DD), UTC) on which it ends, after which it is not active; empty for never.
        type: str
        default: ''
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
- name: Accepted until the service moves
  infn.datacloud.gmp_override:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    overrides:
      - oid: 1.3.6.1.4.1.25623.1.0.117274
        hosts: [10.144.16.20]
        port: 443/tcp
        new_severity: 0.0
        text: 'Accepted by security@example.org: moves in spring'
        until: '2027-03-31'
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
      description: Test, hosts, port and task.
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
    backends.main(backends.Overrides)


if __name__ == "__main__":
    main()
