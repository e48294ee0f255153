#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones of this cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rgw_zone
version_added: 0.1.0
short_description: Zones of this cluster
description:
  - Creates, changes and removes this cluster's zones in the staged configuration; M(infn.datacloud.rgw_period) puts it
    in force.
  - Each site manages its own zones; another site's arrive with the period.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  zones:
    description: The zones.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The zone's name.
        type: str
        required: true
      realm:
        description: The realm it belongs to. Needed unless O(zones[].state=absent).
        type: str
      zonegroup:
        description: The zonegroup it belongs to. Needed unless O(zones[].state=absent).
        type: str
      endpoints:
        description: The addresses of its gateways, as the other zones reach them.
        type: list
        elements: str
      master:
        description:
          - V(true) makes it the master of its zonegroup. V(false) changes nothing, because a zonegroup always has a
            master; where the zone is it nevertheless and no other listed zone is promoted, the module fails, so that
            a site that comes back after a failover cannot make a second master.
        type: bool
      default:
        description: Whether it is the default zone of this cluster. Only V(true) does something.
        type: bool
      read_only:
        description: Whether its gateways refuse writes of clients.
        type: bool
      access_key:
        description: The access key of the system user with which the zones talk to each other.
        type: str
      secret_key:
        description: The secret key of that user. Give both or none.
        type: str
      tier_type:
        description: The kind of sync module, such as V(archive); empty for a plain zone.
        type: str
      sync_from_all:
        description: Whether it takes data from all other zones of the zonegroup.
        type: bool
      sync_from:
        description: The zones it takes data from where O(zones[].sync_from_all=false).
        type: list
        elements: str
      redirect_zone:
        description: The zone to which a request for an object that is not here is sent on.
        type: str
      state:
        description:
          - Whether the zone is there. V(absent) is refused for the master of a zonegroup.
          - The pools and their data stay.
          - Another site's zone is taken out of its zonegroup, which is done at the master zone's site.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.rgw
"""

EXAMPLES = r"""
- name: The zone of this site
  infn.datacloud.rgw_zone:
    zones:
      - name: cnaf
        realm: datacloud
        zonegroup: italy
        endpoints:
          - https://s3.cnaf.example.org
        master: true
        default: true
        access_key: "{{ lookup('infn.datacloud.secret', 'rgw/sync/access_key') }}"
        secret_key: "{{ lookup('infn.datacloud.secret', 'rgw/sync/secret_key') }}"

- name: Put the staged configuration in force
  infn.datacloud.rgw_period:
    realm: datacloud
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
    spec = objects.ZONE
    module = AnsibleModule({**api.OPTIONS, **spec.argument_spec()}, supports_check_mode=True)
    core.run(module, spec, backends.Zones(module))


if __name__ == "__main__":
    main()
