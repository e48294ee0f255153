#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zonegroups of a realm."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rgw_zonegroup
version_added: 0.1.0
short_description: Zonegroups of a realm
description:
  - Creates, changes and removes zonegroups in the staged configuration; M(infn.datacloud.rgw_period) puts it in force.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  zonegroups:
    description: The zonegroups.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The zonegroup's name.
        type: str
        required: true
      realm:
        description: The realm it belongs to. Needed unless O(zonegroups[].state=absent).
        type: str
      endpoints:
        description: The addresses of its gateways, those of its master zone first.
        type: list
        elements: str
      master:
        description: Whether it is the realm's master zonegroup.
        type: bool
      default:
        description: Whether it is the default zonegroup of this cluster. Only V(true) does something.
        type: bool
      api_name:
        description: Its name in the S3 API (the location constraint). RGW takes the zonegroup's name where not given.
        type: str
      hostnames:
        description: Host names by which clients may address buckets as subdomains.
        type: list
        elements: str
      default_placement:
        description: The placement target of buckets that ask for none.
        type: str
      placement_targets:
        description: All placement targets. Each needs pools in every zone.
        type: list
        elements: dict
        suboptions:
          name:
            description: The placement target's name.
            type: str
            required: true
          tags:
            description: Tags a user needs (one of them) to be allowed to use it.
            type: list
            elements: str
          storage_classes:
            description: Its storage classes; V(STANDARD) alone where not given.
            type: list
            elements: str
      state:
        description: Whether the zonegroup is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.rgw
"""

EXAMPLES = r"""
- name: The zonegroup of the backbone
  infn.datacloud.rgw_zonegroup:
    zonegroups:
      - name: italy
        realm: datacloud
        endpoints:
          - https://s3.cnaf.example.org
        master: true
        default: true
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
      description: The object's name.
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
    spec = objects.ZONEGROUP
    module = AnsibleModule({**api.OPTIONS, **spec.argument_spec()}, supports_check_mode=True)
    core.run(module, spec, backends.Zonegroups(module))


if __name__ == "__main__":
    main()
