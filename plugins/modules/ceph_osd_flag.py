#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_osd_flag
short_description: Set and unset the flags of a Ceph cluster's OSD map
version_added: 0.1.0
description:
  - Sets and unsets the flags that hold back a whole cluster's OSDs, as C(ceph osd set) and C(ceph osd unset) do.
  - Flags that are not listed are left as they are. While any of these is set, the cluster's health is a warning,
    C(OSDMAP_FLAGS).
options:
  flags:
    description: The flags.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the flag.
          - With V(noout) no OSD that is down is taken out, and with V(norebalance), V(nobackfill) and V(norecover) no
            data moves; these are for a node's maintenance.
          - With V(noscrub) and V(nodeep-scrub) no new scrub starts, with V(nosnaptrim) no snapshot is trimmed.
          - With V(noin), V(nodown) and V(noup) no OSD is marked so.
          - With V(pause) all reads and writes of clients stop.
        type: str
        choices:
          [noout, norebalance, nobackfill, norecover, noscrub, nodeep-scrub, noin, nodown, noup, pause, nosnaptrim]
        required: true
      state:
        description: Whether the flag shall be set.
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
- name: No data moves while a node is away
  infn.datacloud.ceph_osd_flag:
    flags:
      - name: noout
      - name: norebalance

- name: Data may move again
  infn.datacloud.ceph_osd_flag:
    flags:
      - name: noout
        state: absent
      - name: norebalance
        state: absent
"""

RETURN = r"""
operations:
  description: What was done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: V(create) for a flag that is set, V(delete) for one that is unset.
      type: str
    key:
      description: Name of the flag.
      type: str
    changes:
      description: Names of the fields that differ.
      type: list
      elements: str
  sample:
    - action: create
      key: noout
      changes: [name]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CONNECTION, execute
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.backends import FlagBackend
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.objects import FLAG


def main():
    """Entry point of the module."""
    module = AnsibleModule(argument_spec={**CONNECTION, **FLAG.argument_spec()}, supports_check_mode=True)
    execute(module, FLAG, FlagBackend)


if __name__ == "__main__":
    main()
