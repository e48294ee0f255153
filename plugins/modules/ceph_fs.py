#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_fs
short_description: Create, change and remove CephFS file systems
version_added: 0.1.0
description:
  - Brings file systems, their data pools and their subvolume groups to the state that is listed.
  - With O(filesystems[].metadata_pool) and O(filesystems[].data_pools) a file system is made of existing pools, and its
    metadata servers are a service of M(infn.datacloud.ceph_orch_spec); without them the cluster creates a volume,
    with pools and metadata servers of its own.
options:
  filesystems:
    description: The file systems.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the file system.
        type: str
        required: true
      metadata_pool:
        description: Pool of the metadata; cannot be changed.
        type: str
      data_pools:
        description: Pools of the data, the default one first. Pools are added, never taken away.
        type: list
        elements: str
      placement:
        description: Where the metadata servers of a new volume run, in the orchestrator's short form.
        type: str
      max_mds:
        description: Number of active metadata servers.
        type: int
      standby_count_wanted:
        description: Number of standby metadata servers below which the cluster warns.
        type: int
      allow_standby_replay:
        description: Whether a standby server follows each active one's journal.
        type: bool
      subvolume_groups:
        description: Subvolume groups that shall exist; groups are added, never taken away.
        type: list
        elements: str
      destroy:
        description:
          - The file system's name once more, needed to remove it.
          - Its pools stay, to be removed by M(infn.datacloud.ceph_pool).
        type: str
      state:
        description: Whether the file system shall exist.
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
- name: File system of the site, on existing pools
  infn.datacloud.ceph_fs:
    filesystems:
      - name: cephfs
        metadata_pool: cephfs_metadata
        data_pools: [cephfs_data]
        max_mds: 1
        standby_count_wanted: 0

- name: A volume with everything of its own
  infn.datacloud.ceph_fs:
    filesystems:
      - name: home
        placement: label:mds
        subvolume_groups: [users]
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
      key: cephfs
      changes: [max_mds]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CONNECTION, execute
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.backends import FsBackend
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.objects import FS


def main():
    """Entry point of the module."""
    module = AnsibleModule(argument_spec={**CONNECTION, **FS.argument_spec()}, supports_check_mode=True)
    execute(module, FS, FsBackend)


if __name__ == "__main__":
    main()
