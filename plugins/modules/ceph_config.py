#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_config
short_description: Set options in a Ceph cluster's configuration database
version_added: 0.1.0
description:
  - Sets and removes options in the monitors' central configuration, as C(ceph config set) does.
  - The database is read once; values are compared as the monitors store them, so that V(4G) equals V(4294967296)
    and V(0.5) equals V(0.500000).
options:
  config:
    description: The options.
    type: list
    elements: dict
    required: true
    suboptions:
      section:
        description: What the option applies to, for example V(global), V(osd), V(osd.0), V(client.rgw.site).
        type: str
        required: true
      mask:
        description: Limits the section to V(class:NAME) of a device class or V(host:NAME) of a crush location.
        type: str
        default: ''
      name:
        description: Name of the option.
        type: str
        required: true
      value:
        description: Its value; needed unless O(config[].secret_value) is given or it shall be absent.
        type: raw
      secret_value:
        description: A value that no log and no diff may show, in place of O(config[].value).
        type: str
      secret:
        description:
          - Hide O(config[].value) in the diff. Always so for O(config[].secret_value) and for options whose name
            ends in key, secret, password or token.
          - The task's arguments are still written to the target's system log, unless the task has C(no_log).
        type: bool
        default: false
      state:
        description: Whether the option shall exist.
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
- name: Size the cluster for a small node
  infn.datacloud.ceph_config:
    config:
      - section: global
        name: mon_data_avail_warn
        value: 5
      - section: osd
        name: osd_memory_target
        value: 4G
      - section: osd
        mask: class:ssd
        name: osd_max_backfills
        value: 2

- name: Give the gateways their STS key
  infn.datacloud.ceph_config:
    config:
      - section: client.rgw
        name: rgw_sts_key
        secret_value: "{{ lookup('infn.datacloud.secret', 'rgw/sts_key', length=16) }}"

- name: Go back to the default
  infn.datacloud.ceph_config:
    config:
      - section: global
        name: mon_data_avail_warn
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
      key: osd/osd_memory_target
      changes: [value]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CONNECTION, execute
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.backends import ConfigBackend
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.objects import CONFIG


def main():
    """Entry point of the module."""
    module = AnsibleModule(argument_spec={**CONNECTION, **CONFIG.argument_spec()}, supports_check_mode=True)
    execute(module, CONFIG, ConfigBackend)


if __name__ == "__main__":
    main()
