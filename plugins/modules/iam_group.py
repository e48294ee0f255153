#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of INDIGO IAM."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_group
version_added: 0.1.0
short_description: Groups of INDIGO IAM
description:
  - Creates, changes and removes groups, parents before their children and children before their parents.
  - All groups are listed, 100 a request; each group whose managers are given takes one request more to read.
  - A group made by this module has V([infn.datacloud]) at the end of its description, as IAM takes no labels with a
    new group. O(purge) removes only groups with it, of which no group without it is a child. A group that existed
    before is managed but never marked.
  - A group has no other name than its path. IAM cannot move groups, and renames only those at the top; this module
    does neither.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  groups:
    description: The groups.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description:
          - The group's path, such as V(/virgo/analysis). Parents that are not listed are made too.
        type: str
        required: true
      description:
        description: What the group is for, without the mark.
        type: str
      optional:
        description: Whether the group is in a token only where it is asked for (label C(wlcg.optional-group)).
        type: bool
      labels:
        description:
          - Labels the group has. Those not listed stay, unless V(labels) is in O(groups[].exclusive).
        type: list
        elements: dict
        suboptions:
          prefix:
            description: The label's prefix, which looks like a domain such as V(datacloud.infn.it).
            type: str
          name:
            description: The label's name.
            type: str
            required: true
          value:
            description: The label's value.
            type: str
      managers:
        description:
          - Usernames of accounts that manage the group. Others stay, unless V(managers) is in
            O(groups[].exclusive).
        type: list
        elements: str
      exclusive:
        description: The lists that are complete, so that what they do not name is removed.
        type: list
        elements: str
        choices: [labels, managers]
      state:
        description: Whether the group is there. A group with members or with groups below it that stay is not removed.
        type: str
        choices: [present, absent]
        default: present
  force_empty:
    description: Paths of groups that may be removed with members in them.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.iam
"""

EXAMPLES = r"""
- name: The groups of a collaboration
  infn.datacloud.iam_group:
    url: https://iam.example.org
    client_id: datacloud-admin
    client_secret: "{{ lookup('infn.datacloud.secret', 'iam/main/admin_client_secret') }}"
    groups:
      - path: /virgo
        description: The Virgo collaboration
        managers: [fermi]
      - path: /virgo/analysis
      - path: /virgo/production
        optional: true
        labels:
          - prefix: datacloud.infn.it
            name: tier
            value: backbone
      - path: /virgo/obsolete
        state: absent
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
    spec = objects.GROUP
    options = {
        **api.OPTIONS,
        **spec.argument_spec(),
        "purge": {"type": "bool", "default": False},
        "force_empty": {"type": "list", "elements": "str", "default": []},
    }
    module = AnsibleModule(options, supports_check_mode=True, **api.CREDENTIALS)
    core.run(module, spec, backends.Groups(module))


if __name__ == "__main__":
    main()
