#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rgw_certificate
short_description: Let running RGW gateways serve the certificate that is in a file
version_added: 0.1.0
description:
  - Looks which certificate each gateway of an orchestrated service serves, and restarts those that serve another one
    than the file holds. Gateways read their certificate only when they start, so a new one in their service's
    specification does not reach those that run.
  - They are restarted one at a time. The next one follows when the one before serves the file's certificate.
  - A gateway that cannot be reached is left as it is, with a warning, because it reads the certificate when it starts.
options:
  service:
    description: Name of the gateways' service, as C(ceph orch ls) shows it.
    type: str
    required: true
  certificate:
    description:
      - PEM file on the host where the module runs, with the certificate that the service's specification holds.
      - The first certificate in it counts. Its chain may follow, and the key may stand before or after.
    type: path
    required: true
  gateways:
    description: The gateways of the service.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: Name of the gateway's host, as C(ceph orch host ls) shows it.
        type: str
        required: true
      address:
        description: Address or name under which this host reaches the gateway.
        type: str
        required: true
      port:
        description: Port on which it answers over TLS.
        type: int
        default: 443
  wait_timeout:
    description: Seconds within which a gateway must serve the certificate, from before its restart.
    type: int
    default: 300
extends_documentation_fragment:
  - infn.datacloud.ceph
  - infn.datacloud.core
seealso:
  - module: infn.datacloud.ceph_orch_spec
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: Gateways with the certificate that is in a file
  infn.datacloud.ceph_orch_spec:
    specs:
      - service_type: rgw
        service_id: cnaf
        placement:
          hosts: [cnaf-storage-01, cnaf-storage-02]
        spec:
          rgw_frontend_port: 8443
          ssl: true
          rgw_frontend_ssl_certificate:
            from_file: /etc/ssl/private/rgw.pem

- name: They serve it also after its renewal
  infn.datacloud.rgw_certificate:
    service: rgw.cnaf
    certificate: /etc/ssl/private/rgw.pem
    gateways:
      - host: cnaf-storage-01
        address: 10.144.16.10
        port: 8443
      - host: cnaf-storage-02
        address: 10.144.16.11
        port: 8443
"""

RETURN = r"""
operations:
  description: The restarts that were done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: Always V(update).
      type: str
    key:
      description: Name of the gateway's host.
      type: str
    changes:
      description: Names of the fields that differ.
      type: list
      elements: str
  sample:
    - action: update
      key: cnaf-storage-01
      changes: [certificate]
unanswered:
  description: Gateways that could not be looked at, by host, and why. Also a warning.
  returned: success, outside check mode
  type: dict
  sample:
    cnaf-storage-02: "[Errno 111] Connection refused"
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CONNECTION, execute
from ansible_collections.infn.datacloud.plugins.module_utils.rgw.certificate import GATEWAY, CertificateBackend

OPTIONS = {
    "service": {"type": "str", "required": True},
    "certificate": {"type": "path", "required": True},
    # Not GATEWAY's own fields: where a gateway is reached says nothing about how it shall be.
    "gateways": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "host": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "default": 443},
        },
    },
    "wait_timeout": {"type": "int", "default": 300},
}


def main():
    """Entry point of the module."""
    module = AnsibleModule(argument_spec={**CONNECTION, **OPTIONS}, supports_check_mode=True)
    execute(module, GATEWAY, CertificateBackend)


if __name__ == "__main__":
    main()
