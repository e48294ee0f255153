#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that an S3 federation replicates and keeps strangers out."""

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_probe
version_added: 0.1.0
short_description: Prove that an S3 federation replicates and keeps strangers out
description:
  - Puts a random object at each site and reads it at every site, byte by byte the same.
  - Shows that requests without a signature and with a wrong key are refused with 403 at each site.
  - Shows that each certificate is good for a client that trusts the given authorities and for no client that trusts
    nobody.
  - Fails at the first of these that does not hold. Its objects are removed again, so nothing is changed.
  - In check mode it does nothing, and says so by RV(skipped_in_check_mode).
author:
  - INFN DataCloud (@infn-datacloud)
options:
  sites:
    description: The sites, each with an endpoint of its own, which share the bucket.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The site's name.
        type: str
        required: true
      endpoint_url:
        description: The address of its S3 service.
        type: str
        required: true
  bucket:
    description:
      - The bucket that is used. It is created where it is missing, and stays, empty, for the next probe, which does not
        count as a change.
    type: str
    default: datacloud-probe
  size:
    description: The size of each object in bytes.
    type: int
    default: 65536
  require_tls:
    description: Whether an endpoint that is not https fails the probe.
    type: bool
    default: true
  timeout:
    description: How many seconds an object may take from one site to another.
    type: int
    default: 120
  request_timeout:
    description: How many seconds one request may take.
    type: int
    default: 15
extends_documentation_fragment:
  - infn.datacloud.core.info
  - infn.datacloud.s3
"""

EXAMPLES = r"""
- name: What is put at one site is read at the other
  infn.datacloud.s3_probe:
    sites:
      - name: cnaf
        endpoint_url: https://s3.cnaf.example.org
      - name: ba
        endpoint_url: https://s3.ba.example.org
    access_key: "{{ lookup('infn.datacloud.secret', 'rgw/probe/access_key') }}"
    secret_key: "{{ lookup('infn.datacloud.secret', 'rgw/probe/secret_key') }}"
    ca_bundle: /etc/ssl/certs/ca-certificates.crt
"""

RETURN = r"""
transfers:
  description: How long each object took from each site to each site, the own one included.
  type: list
  elements: dict
  returned: success, not in check mode
  contains:
    from:
      description: The site where it was put.
      type: str
      returned: always
    to:
      description: The site where it was read.
      type: str
      returned: always
    seconds:
      description: The time between the two.
      type: float
      returned: always
refusals:
  description: The requests that were refused, as they should be.
  type: list
  elements: dict
  returned: success, not in check mode
  contains:
    site:
      description: The site.
      type: str
      returned: always
    who:
      description: Whose request it was; V(anonymous) or V(wrong key).
      type: str
      returned: always
    request:
      description: What was asked; V(GET) or V(PUT).
      type: str
      returned: always
    status:
      description: The HTTP status.
      type: int
      returned: always
tls:
  description: The version of TLS agreed with each site.
  type: list
  elements: dict
  returned: success, not in check mode
  contains:
    site:
      description: The site.
      type: str
      returned: always
    version:
      description: The version, such as V(TLSv1.3).
      type: str
      returned: always
skipped_in_check_mode:
  description: Whether nothing was probed.
  type: bool
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api, probe

SITE = {"name": {"type": "str", "required": True}, "endpoint_url": {"type": "str", "required": True}}
OPTIONS = {
    **{name: option for name, option in api.OPTIONS.items() if name != "endpoint_url"},
    "sites": {"type": "list", "elements": "dict", "required": True, "options": SITE},
    "bucket": {"type": "str", "default": "datacloud-probe"},
    "size": {"type": "int", "default": 65536},
    "require_tls": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 120},
    "request_timeout": {"type": "int", "default": 15},
}


def main():
    module = AnsibleModule(OPTIONS, supports_check_mode=True)
    if module.check_mode:
        module.exit_json(changed=False, skipped_in_check_mode=True)
    api.require(module)
    try:
        found = probe.Probe(module.params).run()
    except core.ApiError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, skipped_in_check_mode=False, **found)


if __name__ == "__main__":
    main()
