#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_alert
version_added: 0.1.0
short_description: Alerts of Greenbone
description:
  - Creates, changes and removes alerts, which tell somebody of a scan. Events, conditions, methods and their data are
    in the words of GMP.
  - Of data only what is given is compared.
  - An object made by this module has V([infn.datacloud]) at the end of its comment; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  alerts:
    description: The alerts.
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
      active:
        description: Whether it is raised.
        type: bool
        default: true
      event:
        description: What it is raised by.
        type: str
        default: Task run status changed
      event_data:
        description: Data of the event; the end of a scan where not given.
        type: dict
        default: {status: Done}
      condition:
        description: When it is raised, such as V(Always) or V(Severity at least).
        type: str
        default: Always
      condition_data:
        description: Data of the condition, such as V(severity) of V(Severity at least).
        type: dict
        default: {}
      method:
        description:
          - How it is told, such as V(Email), V(Syslog), V(SCP) or V(HTTP Get). Needed unless
            O(alerts[].state=absent).
        type: str
      method_data:
        description: Data of the method, such as C(to_address) and C(from_address) of V(Email).
        type: dict
        default: {}
      method_secrets:
        description: Data of the method that is not to be shown, such as C(URL) of V(HTTP Get) or C(snmp_community).
        type: dict
        default: {}
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
- name: Mail about what is severe
  infn.datacloud.gmp_alert:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    alerts:
      - name: datacloud severe
        condition: Severity at least
        condition_data: {severity: 7.0}
        method: Email
        method_data: {to_address: security@example.org, from_address: scan@example.org, notice: 1}
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
    backends.main(backends.Alerts)


if __name__ == "__main__":
    main()
