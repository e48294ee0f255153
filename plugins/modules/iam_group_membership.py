#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is in which group of INDIGO IAM."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_group_membership
version_added: 0.1.0
short_description: Who is in which group of INDIGO IAM
description:
  - Puts accounts into groups and, where a list is complete, takes all others out.
  - IAM makes a member of a group a member of all groups above it, and takes whoever leaves a group out of all
    groups below. So the members of a listed group count as members of the listed groups above it too.
  - Memberships are read with the accounts, 100 a request, or group by group, whichever takes fewer requests. Each
    group whose members change takes one request, up to 500 members added or removed.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  memberships:
    description: The groups with their members.
    type: list
    elements: dict
    required: true
    suboptions:
      group:
        description: The group's path, such as V(/virgo/analysis).
        type: str
        required: true
      members:
        description: Usernames of the members.
        type: list
        elements: str
        required: true
      exclusive:
        description: Whether all others are taken out of the group.
        type: bool
        default: false
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.iam
"""

EXAMPLES = r"""
- name: Who works on Virgo
  infn.datacloud.iam_group_membership:
    url: https://iam.example.org
    client_id: datacloud-admin
    client_secret: "{{ lookup('infn.datacloud.secret', 'iam/main/admin_client_secret') }}"
    memberships:
      - group: /virgo
        members: [fermi, majorana]
      - group: /virgo/production
        members: [transfers]
        exclusive: true
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
      description: The group's path.
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.iam import api, backends, objects


def main():
    spec = objects.MEMBERSHIP
    module = AnsibleModule({**api.OPTIONS, **spec.argument_spec()}, supports_check_mode=True, **api.CREDENTIALS)
    core.run(module, spec, backends.Memberships(module))


if __name__ == "__main__":
    main()
