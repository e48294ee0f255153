#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_pool
short_description: Create, change and remove Ceph pools
version_added: 0.1.0
description:
  - Brings pools, their quotas and their application tag to the state that is listed.
  - What is not given is left as it is.
options:
  pools:
    description: The pools.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the pool.
        type: str
        required: true
      type:
        description: How the pool protects its data; cannot be changed. The cluster creates replicated pools.
        type: str
        choices: [replicated, erasure]
      erasure_code_profile:
        description: Profile of an erasure coded pool, which must exist; cannot be changed.
        type: str
      pg_autoscale_mode:
        description: Whether the cluster itself adapts the number of placement groups.
        type: str
        choices: ['on', warn, 'off']
      pg_num:
        description:
          - Number of placement groups.
          - Once the pool exists it is compared only where O(pools[].pg_autoscale_mode) is not V(on).
        type: int
      crush_rule:
        description: Name of the crush rule that places the data.
        type: str
      size:
        description: Number of copies.
        type: int
      min_size:
        description: Number of copies that must be there for the pool to accept writes.
        type: int
      application:
        description: What the pool is for, for example V(rbd), V(rgw), V(cephfs).
        type: str
      quota_max_bytes:
        description: Largest amount of data, in bytes or with a unit (K, M, G, T; powers of 1024); V(0) for no limit.
        type: str
      quota_max_objects:
        description: Largest number of objects; V(0) for no limit.
        type: int
      destroy:
        description:
          - The pool's name once more, needed to remove a pool, which destroys its data.
          - The cluster must allow it too, by its option C(mon_allow_pool_delete).
        type: str
      state:
        description: Whether the pool shall exist.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.ceph
  - infn.datacloud.core
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: Pools of the site
  infn.datacloud.ceph_pool:
    pools:
      - name: images
        size: 3
        application: rbd
        quota_max_bytes: 10T
      - name: cephfs_data
        pg_num: 32
        pg_autoscale_mode: 'off'

- name: A pool that is no longer needed
  infn.datacloud.ceph_pool:
    pools:
      - name: scratch
        state: absent
        destroy: scratch
"""

RETURN = r"""
operations:
  description: What was done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: One of V(create), V(update), V(recreate), V(delete).
      type: str
    key:
      description: Name of the object.
      type: str
    changes:
      description: Names of the fields that differ.
      type: list
      elements: str
  sample:
    - action: update
      key: images
      changes: [quota_max_bytes]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CONNECTION, execute
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.backends import PoolBackend
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.objects import POOL


def main():
    """Entry point of the module."""
    module = AnsibleModule(argument_spec={**CONNECTION, **POOL.argument_spec()}, supports_check_mode=True)
    execute(module, POOL, PoolBackend)


if __name__ == "__main__":
    main()
