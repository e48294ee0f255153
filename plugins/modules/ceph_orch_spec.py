#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_orch_spec
short_description: Apply hosts and service specifications to Ceph's orchestrator
version_added: 0.1.0
description:
  - Brings the hosts and services that cephadm manages to the state that is listed, as C(ceph orch apply) does.
  - Only the keys that are given count; defaults that the orchestrator adds, and keys set by others, stay.
    A placement, and each selection of devices, counts as a whole.
  - Where the manager's cephadm module dies after an apply, which the cluster reports as MGR_MODULE_ERROR, the manager
    is failed over, what was lost is applied again, and a warning says so.
options:
  specs:
    description:
      - Specifications as Ceph documents them, U(https://docs.ceph.com/en/reef/cephadm/services/#service-specification).
      - Each has C(service_type) and, according to it, C(service_id), C(placement), C(spec) and the other keys.
        C(placement) may be a list of hosts.
      - A host has C(service_type=host), C(hostname), C(addr), C(labels), C(location); labels are added, never removed.
      - C(state=absent) removes the service or host, if the orchestrator finds that safe.
      - A value below C(spec) may be a dictionary with the one key C(from_file), whose value is a path. It stands for
        the content of that file on the host where the module runs, which is not shown in the diff.
      - C(secrets) is a list of dotted paths (for example C(spec.my_password)) that no diff shows.
        The certificate of an RGW and the passwords of Ceph's own services are always hidden.
    type: list
    elements: dict
    required: true
  wait:
    description: Wait until every listed service has all its daemons running. Not done in check mode.
    type: dict
    suboptions:
      timeout:
        description: Seconds after which it fails, naming what is missing.
        type: int
        default: 600
      interval:
        description: Seconds between two looks.
        type: int
        default: 5
      osds:
        description: Number of OSDs of the whole cluster that must be up.
        type: int
extends_documentation_fragment:
  - infn.datacloud.ceph
  - infn.datacloud.core
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: Hosts and services of a site
  infn.datacloud.ceph_orch_spec:
    specs:
      - service_type: host
        hostname: cnaf-storage-01
        addr: 10.144.16.10
        labels: [_admin, mon, osd, rgw]
      - service_type: mon
        placement:
          label: mon
      - service_type: osd
        service_id: data
        placement:
          label: osd
        spec:
          data_devices:
            paths: [/dev/sdb, /dev/sdc]
      - service_type: rgw
        service_id: cnaf
        placement:
          label: rgw
        spec:
          rgw_realm: datacloud
          rgw_zonegroup: italy
          rgw_zone: cnaf
          rgw_frontend_port: 8443
          ssl: true
          rgw_frontend_ssl_certificate:
            from_file: /etc/ssl/private/rgw.pem
    wait:
      timeout: 900
      osds: 2
"""

RETURN = r"""
operations:
  description: What was done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: One of V(create), V(update), V(delete).
      type: str
    key:
      description: Name of the service, or V(host NAME).
      type: str
    changes:
      description: Names of the keys that differ.
      type: list
      elements: str
  sample:
    - action: update
      key: rgw.cnaf
      changes: [spec]
services:
  description: Daemons of the listed services that run, and that should.
  returned: if O(wait) is given, outside check mode
  type: dict
  sample:
    rgw.cnaf:
      running: 1
      size: 1
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CONNECTION, execute
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.backends import ServiceBackend
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.objects import SERVICE

OPTIONS = {
    # Free-form: the orchestrator's own vocabulary, which differs by service type and release.
    "specs": {"type": "list", "elements": "dict", "required": True},
    "wait": {
        "type": "dict",
        "options": {
            "timeout": {"type": "int", "default": 600},
            "interval": {"type": "int", "default": 5},
            "osds": {"type": "int"},
        },
    },
}


def main():
    """Entry point of the module."""
    module = AnsibleModule(argument_spec={**CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, SERVICE, ServiceBackend)


if __name__ == "__main__":
    main()
