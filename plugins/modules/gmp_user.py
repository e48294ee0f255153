#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_user
version_added: 0.1.0
short_description: Users of Greenbone
description:
  - Creates, changes and removes users of the manager. What a removed user owns goes to O(user).
  - A password is never given back, so a print of it is kept as M(infn.datacloud.gmp_credential) does.
  - An object made by this module has V([infn.datacloud]) at the end of its comment; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  users:
    description: The users.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name.
        type: str
        required: true
      comment:
        description: What it is for, without the mark.
        type: str
      password:
        description: The password.
        type: str
      roles:
        description: Names of roles, such as V(User), V(Observer) or V(Admin). The list is complete.
        type: list
        elements: str
      hosts:
        description: The hosts that the user may scan, or may not (O(users[].hosts_allow)).
        type: list
        elements: str
      hosts_allow:
        description: Whether the user may scan only O(users[].hosts), rather than all but those.
        type: bool
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
- name: Somebody who may look
  infn.datacloud.gmp_user:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    users:
      - name: site-cnaf
        password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/site-cnaf') }}"
        roles: [Observer]
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
    backends.main(backends.Users)


if __name__ == "__main__":
    main()
