#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan configurations of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_scan_config
version_added: 0.1.0
short_description: Scan configurations of Greenbone
description:
  - Creates, changes and removes scan configurations, which say what tests are run and how.
  - One that comes with the feed cannot be changed; a new one is a copy of another (O(scan_configs[].base)).
  - Preferences and families of one that a task has are changed as M(infn.datacloud.gmp_target) changes hosts, by a
    new one in its place.
  - An object made by this module has V([infn.datacloud]) at the end of its comment; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  scan_configs:
    description: The scan configurations.
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
      base:
        description:
          - Name of the one that a new one is made of. It is not compared later, as the manager does not tell it.
        type: str
      preferences:
        description:
          - Preferences of the scanner by name, or of a test by C(oid:id:type:name); an empty value is the default.
            Only those given are compared.
        type: dict
      families:
        description: The families of tests. The list is complete.
        type: list
        elements: dict
        suboptions:
          name:
            description: The name of the family.
            type: str
            required: true
          growing:
            description: Whether all its tests are run, also those to come.
            type: bool
            default: true
          oids:
            description: Only these of its tests are run; not for a growing one.
            type: list
            elements: str
            default: []
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
- name: Gently
  infn.datacloud.gmp_scan_config:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    scan_configs:
      - name: datacloud gentle
        base: Full and fast
        preferences: {safe_checks: 1, checks_read_timeout: 10}
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
    backends.main(backends.ScanConfigs)


if __name__ == "__main__":
    main()
