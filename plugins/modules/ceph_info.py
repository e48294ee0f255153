#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_info
short_description: Read the state of a Ceph cluster
version_added: 0.1.0
description:
  - Returns the health, versions, services, hosts and OSDs of a cluster as structured data.
options:
  gather:
    description: What to read; one request each, two for V(filesystems).
    type: list
    elements: str
    choices: [health, versions, services, hosts, daemons, osds, monitors, managers, pools, filesystems]
    default: [health, versions, services, hosts, osds]
extends_documentation_fragment:
  - infn.datacloud.ceph
  - infn.datacloud.core.info
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: Look at the cluster
  infn.datacloud.ceph_info:
  register: cluster

- name: It is healthy
  ansible.builtin.assert:
    that:
      - cluster.ceph.health.status == 'HEALTH_OK'
      - cluster.ceph.osds.up == cluster.ceph.osds.total
"""

RETURN = r"""
ceph:
  description: The cluster, as far as O(gather) asks.
  returned: always
  type: dict
  contains:
    reachable:
      description: Whether there is a cluster; false only in check mode before it exists.
      returned: always
      type: bool
    health:
      description: C(status) and C(checks), by code, each with severity, summary, count, muted and details.
      type: dict
      sample:
        status: HEALTH_WARN
        checks:
          OSD_DOWN:
            severity: HEALTH_WARN
            summary: 1 osds down
            count: 1
            muted: false
            details: [osd.0 is down]
    versions:
      description: Number of daemons by daemon type and version.
      type: dict
    services:
      description: Services by name, with type, running, size and unmanaged.
      type: dict
    hosts:
      description: Hosts by name, with addr, labels and status.
      type: dict
    daemons:
      description: Daemons by name, with host, service, status and version.
      type: dict
    osds:
      description: Numbers of OSDs, C(total), C(up) and C(in), and C(osds) by id with up, in and weight.
      type: dict
    monitors:
      description: C(quorum) and C(leader), and C(monitors) by name with their addresses.
      type: dict
    managers:
      description: C(active), C(available) and number of C(standbys).
      type: dict
    pools:
      description: Pools by name, in the words of M(infn.datacloud.ceph_pool).
      type: dict
    filesystems:
      description: File systems by name, in the words of M(infn.datacloud.ceph_fs).
      type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CONNECTION, connect
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.info import READERS
from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError

DEFAULT = ["health", "versions", "services", "hosts", "osds"]


def main():
    """Entry point of the module."""
    gather = {"type": "list", "elements": "str", "choices": list(READERS), "default": DEFAULT}
    module = AnsibleModule(argument_spec={**CONNECTION, "gather": gather}, supports_check_mode=True)
    ceph = connect(module)
    if ceph is None:
        module.exit_json(changed=False, ceph={"reachable": False})
    try:
        found = {part: READERS[part](ceph) for part in module.params["gather"]}
        module.exit_json(changed=False, ceph={"reachable": True, **found})
    except ApiError as error:
        module.fail_json(msg=str(error))
    finally:
        ceph.close()


if __name__ == "__main__":
    main()
