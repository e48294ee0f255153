#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scanners of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_scanner
version_added: 0.1.0
short_description: Scanners of Greenbone
description:
  - Creates, changes and removes scanners, and asks the manager whether it reaches them.
  - An object made by this module has V([infn.datacloud]) at the end of its comment; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  scanners:
    description: The scanners.
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
      type:
        description: What speaks there.
        type: str
        choices: [openvas, sensor, openvasd]
        default: openvas
      host:
        description: Its host, or the path of its Unix socket. Needed unless O(scanners[].state=absent).
        type: str
      port:
        description: Its port; 0 with a Unix socket.
        type: int
        default: 0
      ca:
        description: The authority (PEM) that signed its certificate.
        type: str
      credential:
        description: Name of the credential (of type V(client_certificate)) to show it.
        type: str
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
  verify:
    description: Fail where the manager does not reach one of the listed scanners.
    type: bool
    default: false
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.gmp
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: The scanner of another site
  infn.datacloud.gmp_scanner:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    scanners:
      - name: ba
        host: ba-scanner-01.example.org
        port: 9390
        ca: "{{ lookup('ansible.builtin.file', 'ca.pem') }}"
        credential: datacloud scanners
    verify: true
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
verified:
  description: The version of each listed scanner as the manager was told.
  type: dict
  returned: with O(verify), not in check mode
"""

from ansible_collections.infn.datacloud.plugins.module_utils.gmp import backends


def main():
    backends.main(backends.Scanners, {"verify": {"type": "bool", "default": False}})


if __name__ == "__main__":
    main()
