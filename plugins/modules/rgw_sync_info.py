#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far this zone has synchronised."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rgw_sync_info
version_added: 0.1.0
short_description: How far this zone has synchronised
description:
  - Reads C(radosgw-admin sync status), and C(bucket sync status) of the buckets asked for, as data; also the period.
  - A shard may be behind for some seconds after each write; retry until RV(synced).
author:
  - INFN DataCloud (@infn-datacloud)
options:
  realm:
    description: The realm; this cluster's default one where not given.
    type: str
  zone:
    description: The zone of this cluster; its default one where not given.
    type: str
  gather:
    description: What is read. The V(period) can be read even where no gateway answers.
    type: list
    elements: str
    choices: [status, period]
    default: [status]
  buckets:
    description: Buckets whose own state is read too.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - infn.datacloud.core.info
  - infn.datacloud.rgw
"""

EXAMPLES = r"""
- name: Wait until this zone has all the others have
  infn.datacloud.rgw_sync_info:
  register: sync
  until: sync.synced
  retries: 30
  delay: 5

- name: Which zone is the master
  infn.datacloud.rgw_sync_info:
    gather: [period]
  register: now
"""

RETURN = r"""
synced:
  description: Whether metadata, the data of every source, and the buckets asked for are caught up.
  type: bool
  returned: when O(gather) has V(status)
zone:
  description: The zone that was asked.
  type: str
  returned: when O(gather) has V(status)
zonegroup:
  description: Its zonegroup.
  type: str
  returned: when O(gather) has V(status)
realm:
  description: Its realm.
  type: str
  returned: when O(gather) has V(status)
metadata:
  description: The state of metadata.
  type: dict
  returned: when O(gather) has V(status)
  contains:
    state:
      description: The state as RGW words it, such as V(syncing), or that the zone is the master.
      type: str
      returned: always
    caught_up:
      description: Whether nothing is left to do.
      type: bool
      returned: always
    shards:
      description: How many shards the log has.
      type: int
      returned: always
    full_sync_shards:
      description: How many shards are still in full sync.
      type: int
      returned: always
    left:
      description: How many entries full sync has left.
      type: int
      returned: always
    behind_shards:
      description: How many shards are behind.
      type: int
      returned: always
    recovering_shards:
      description: How many shards repeat changes that failed.
      type: int
      returned: always
    oldest:
      description: The time of the oldest change that is not applied.
      type: str
      returned: always
    errors:
      description: What the command complained of.
      type: list
      elements: str
      returned: always
data:
  description: The state of data, one entry a source zone.
  type: list
  elements: dict
  returned: when O(gather) has V(status)
  contains:
    zone:
      description: The source zone.
      type: str
      returned: always
    state:
      description: The state as RGW words it, such as V(syncing), or that the zone is the master.
      type: str
      returned: always
    caught_up:
      description: Whether nothing is left to do.
      type: bool
      returned: always
    shards:
      description: How many shards the log has.
      type: int
      returned: always
    full_sync_shards:
      description: How many shards are still in full sync.
      type: int
      returned: always
    left:
      description: How many entries full sync has left.
      type: int
      returned: always
    behind_shards:
      description: How many shards are behind.
      type: int
      returned: always
    recovering_shards:
      description: How many shards repeat changes that failed.
      type: int
      returned: always
    oldest:
      description: The time of the oldest change that is not applied.
      type: str
      returned: always
    errors:
      description: What the command complained of.
      type: list
      elements: str
      returned: always
buckets:
  description: The state of the buckets asked for, by name, each with RV(ignore:sources) like RV(data) and its own
    RV(ignore:synced).
  type: dict
  returned: always
period:
  description: The current period of the realm; V(none) where there is no realm yet.
  type: dict
  returned: when O(gather) has V(period)
  contains:
    id:
      description: Its id, which changes with the master zone.
      type: str
      returned: always
    epoch:
      description: Its epoch, which grows by one with each commit.
      type: int
      returned: always
    realm_epoch:
      description: How many periods the realm has had.
      type: int
      returned: always
    master_zonegroup_name:
      description: The name of the master zonegroup.
      type: str
      returned: always
    master_zone_name:
      description: The name of the master zone.
      type: str
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.rgw import api, backends

OPTIONS = {
    "realm": {"type": "str"},
    "zone": {"type": "str"},
    "gather": {"type": "list", "elements": "str", "choices": ["status", "period"], "default": ["status"]},
    "buckets": {"type": "list", "elements": "str", "default": []},
}


def main():
    module = AnsibleModule({**api.OPTIONS, **OPTIONS}, supports_check_mode=True)
    try:
        found = backends.sync_info(api.RgwAdmin(module.params), **{name: module.params[name] for name in OPTIONS})
    except api.ClusterAbsent as error:
        if not module.check_mode:
            module.fail_json(msg=str(error))
        module.warn(f"Nothing to read yet: {error}")
        found = {"synced": False, "period": None}
    except core.ApiError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
