#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port lists of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_port_list
version_added: 0.1.0
short_description: Port lists of Greenbone
description:
  - Creates, changes and removes lists of ports, all of them read with one request.
  - The manager changes no ports while a target has the list. The module says so before it writes anything.
  - An object made by this module has V([infn.datacloud]) at the end of its comment; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  port_lists:
    description: The port lists.
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
      ranges:
        description:
          - Ports and ranges, such as V(T:22), V(T:8000-8080) or V(U:53); TCP where nothing is before the colon.
          - The list is complete; needed unless O(port_lists[].state=absent).
        type: list
        elements: str
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
- name: The ports of our services
  infn.datacloud.gmp_port_list:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    port_lists:
      - name: datacloud
        ranges: ['T:22', 'T:443', 'T:8000-8999', 'U:123']
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
    backends.main(backends.PortLists)


if __name__ == "__main__":
    main()
