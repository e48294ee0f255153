#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of RADOS gateways."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rgw_user
version_added: 0.1.0
short_description: Users of RADOS gateways
description:
  - Creates, changes and removes users. Run it at the site of the master zone; users replicate to the others.
  - A user made by this module carries the placement tag V(infn.datacloud), which no placement target asks for.
    O(purge) removes only users with it. A user that existed before is managed but never marked.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  users:
    description: The users.
    type: list
    elements: dict
    required: true
    suboptions:
      uid:
        description: The user's id; V(TENANT$USER) for a user of a tenant.
        type: str
        required: true
      display_name:
        description: The name shown to people. Needed unless O(users[].state=absent).
        type: str
      email:
        description: The e-mail address.
        type: str
      keys:
        description:
          - S3 keys the user has. Where not given, RGW makes one up at creation.
          - Keys that are not listed stay, unless O(users[].purge_keys=true).
        type: list
        elements: dict
        suboptions:
          access_key:
            description: The access key.
            type: str
            required: true
          secret_key:
            description: The secret key.
            type: str
            required: true
      purge_keys:
        description: Whether keys that are not listed are removed.
        type: bool
      caps:
        description:
          - All administrative capabilities, as kind and permission, such as C(buckets=*) written as a dictionary.
        type: dict
      suspended:
        description: Whether the user is locked out.
        type: bool
      max_buckets:
        description: How many buckets the user may own; V(0) for no limit, V(-1) for none at all.
        type: int
      system:
        description: Whether it is a system user, as the zones use among themselves.
        type: bool
      admin:
        description: Whether it is an administrator, who may do everything with every bucket.
        type: bool
      op_mask:
        description: What the user may do at all.
        type: list
        elements: str
        choices: [read, write, delete]
      user_quota:
        description: The quota on all buckets of the user together.
        type: dict
        suboptions:
          enabled:
            description: Whether it is enforced.
            type: bool
          max_size:
            description: The size in bytes, or with a unit as in V(10G); rounded up to KiB, V(-1) for no limit.
            type: str
          max_objects:
            description: The number of objects, V(-1) for no limit.
            type: int
      bucket_quota:
        description: The quota on each bucket of the user.
        type: dict
        suboptions:
          enabled:
            description: Whether it is enforced.
            type: bool
          max_size:
            description: The size in bytes, or with a unit as in V(10G); rounded up to KiB, V(-1) for no limit.
            type: str
          max_objects:
            description: The number of objects, V(-1) for no limit.
            type: int
      state:
        description: Whether the user is there. A user who owns buckets cannot be removed.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.rgw
"""

EXAMPLES = r"""
- name: The system user of the zones, and a project's user
  infn.datacloud.rgw_user:
    users:
      - uid: sync
        display_name: Synchronisation of the zones
        system: true
        keys:
          - access_key: "{{ lookup('infn.datacloud.secret', 'rgw/sync/access_key') }}"
            secret_key: "{{ lookup('infn.datacloud.secret', 'rgw/sync/secret_key') }}"
      - uid: virgo
        display_name: Virgo
        user_quota:
          enabled: true
          max_size: 10T
        caps:
          usage: read
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
      description: The object's uid.
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
from ansible_collections.infn.datacloud.plugins.module_utils.rgw import api, backends, objects


def main():
    spec = objects.USER
    options = {**api.OPTIONS, **spec.argument_spec(), "purge": {"type": "bool", "default": False}}
    module = AnsibleModule(options, supports_check_mode=True)
    core.run(module, spec, backends.Users(module))


if __name__ == "__main__":
    main()
