#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ib_partition
version_added: 0.1.0
short_description: Partitions of an InfiniBand fabric
description:
  - Writes the partitions into C(partitions.conf) of C(opensm), and sees that every port of the fabric gets its P_Keys.
  - C(opensm) drops a file with any mistake in it and makes every port a full member of the default partition, so that
    tenants see each other. What is given is therefore checked before anything is written, the log is read after it,
    and the former file is put back if C(opensm) does not accept the new one.
  - Where C(opensm) of this host is the master of the fabric, every port is asked for its P_Keys, by C(smpquery). A port
    that has others than it should counts as a change, in check mode too. Where it is on standby, or does not run, only
    the file is compared.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  partitions:
    description: The partitions.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name.
        type: str
        required: true
      key:
        description:
          - Its P_Key without the bit of membership, between V(0x0001) and V(0x7fff), which is the default partition.
          - Needed unless O(partitions[].state) is V(absent).
        type: str
      membership:
        description:
          - What members are that do not say it themselves. Full members reach all others, limited ones only full ones.
        type: str
        choices: [full, limited]
        default: full
      ipoib:
        description: Whether IP runs in it.
        type: bool
        default: false
      mtu:
        description: Bytes of a packet in the broadcast group of IPoIB.
        type: int
        choices: [256, 512, 1024, 2048, 4096]
      rate:
        description: Gbit/s that a member of the broadcast group of IPoIB must have at least.
        type: int
        choices: [10, 20, 25, 40, 56, 80, 100, 112, 200, 300]
      members:
        description: Its ports.
        type: list
        elements: dict
        default: []
        suboptions:
          guid:
            description:
              - The GUID of the port, or V(ALL), V(ALL_CAS), V(ALL_SWITCHES), V(ALL_ROUTERS), or for the default
                partition V(SELF), which is the port of the subnet manager.
              - Without it, the ports that the file already has for O(partitions[].members[].name) stay, so that a host
                that does not answer at the moment is not taken out.
            type: str
          name:
            description: The host that the port belongs to, told in the file.
            type: str
          membership:
            description: What this member is.
            type: str
            choices: [full, limited]
      state:
        description: Whether the partition is there.
        type: str
        choices: [present, absent]
        default: present
  path:
    description: The file of C(opensm).
    type: path
    default: /etc/opensm/partitions.conf
  log_files:
    description: Its logs; shell patterns are allowed in the last part.
    type: list
    elements: path
    default: [/var/log/opensm*.log]
  timeout:
    description: Seconds for the ports to get their P_Keys.
    type: int
    default: 60
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
notes:
  - O(partitions[].mtu) and O(partitions[].rate) that are not given stay as they are.
requirements:
  - opensm
  - infiniband-diags
"""

EXAMPLES = r"""
- name: Two tenants that see the storage and not each other
  infn.datacloud.ib_partition:
    purge: true
    partitions:
      - name: Default
        key: "0x7fff"
        members:
          - {guid: ALL, membership: limited}
          - {guid: SELF}
      - name: virgo
        key: "0x0101"
        ipoib: true
        members:
          - {name: ba-storage-01, guid: "0xb8cef60300a1b2c4"}
          - {name: ba-cpu-01, guid: "0xb8cef60300a1b2d4", membership: limited}
      - name: clinic
        key: "0x0102"
        members:
          - {name: ba-storage-01, guid: "0xb8cef60300a1b2c4"}
          - {name: ba-cpu-02, guid: "0xb8cef60300a1b2e4", membership: limited}

- name: See whether every port has its P_Keys
  infn.datacloud.ib_partition:
    purge: true
    partitions: "{{ infiniband_partitions }}"
  check_mode: true
  register: partitions
  failed_when: partitions is failed or partitions is changed
"""

RETURN = r"""
operations:
  description: What was done, or in check mode would be done.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: One of V(create), V(update) and V(delete).
      type: str
    key:
      description: Name of the partition.
      type: str
    changes:
      description: Names of the fields that differ in the file or in the fabric.
      type: list
      elements: str
master:
  description: Whether C(opensm) of this host is the master of the fabric.
  returned: success, not in check mode
  type: bool
checked_ports:
  description: How many ports were asked for their P_Keys.
  returned: success, not in check mode
  type: int
absent_ports:
  description: Members that are not in the fabric at the moment, each with guid and name.
  returned: success, not in check mode
  type: list
  elements: dict
unknown_hosts:
  description: Hosts that are listed by name and no port of which is known.
  returned: success, not in check mode
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.infiniband.opensm import Partitions
from ansible_collections.infn.datacloud.plugins.module_utils.infiniband.partitions import PARTITION
from ansible_collections.infn.datacloud.plugins.module_utils.infiniband.tools import Tools


def main():
    """Entry point of the module."""
    options = {
        **PARTITION.argument_spec(),
        "purge": {"type": "bool", "default": False},
        "path": {"type": "path", "default": "/etc/opensm/partitions.conf"},
        "log_files": {"type": "list", "elements": "path", "default": ["/var/log/opensm*.log"]},
        "timeout": {"type": "int", "default": 60},
    }
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    core.run(module, PARTITION, Partitions(module, Tools(module)))


if __name__ == "__main__":
    main()
