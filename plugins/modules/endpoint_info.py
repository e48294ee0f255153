#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether endpoints answer now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_info
version_added: 0.1.0
short_description: Whether endpoints answer now
description:
  - Asks each endpoint once, all of them at the same time, with one C(GET) over TLS whose certificate is verified.
  - An endpoint that does not answer is a result and no failure, so that a report can show all of them.
  - It connects without a proxy.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  endpoints:
    description: The endpoints.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the endpoint is called in the result.
        type: str
        required: true
      url:
        description: The endpoint; only https.
        type: str
        required: true
      address:
        description:
          - The IP address to connect to, for where the name of the URL cannot be resolved. The certificate is verified
            for the name all the same.
        type: str
  ca_path:
    description: A file with the certificate authorities to trust; those of this host where not given.
    type: path
  timeout:
    description: After how many seconds of silence an endpoint counts as not answering.
    type: int
    default: 10
extends_documentation_fragment:
  - infn.datacloud.core.info
"""

EXAMPLES = r"""
- name: Whether the object store answers at both sites
  infn.datacloud.endpoint_info:
    endpoints:
      - name: s3 at cnaf
        url: https://s3.cnaf.example.org
      - name: s3 at ba
        url: https://s3.ba.example.org:8443
        address: 192.0.2.1
    ca_path: /etc/ssl/certs/ca-certificates.crt
"""

RETURN = r"""
endpoints:
  description: The answers, in the order of the endpoints.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: What the endpoint is called.
      type: str
      returned: always
    url:
      description: Its URL.
      type: str
      returned: always
    address:
      description: The address that was given.
      type: str
      returned: always
    ok:
      description: Whether its certificate is good and it gave an HTTP status below 500. A service that refuses
        strangers answers.
      type: bool
      returned: always
    status:
      description: The HTTP status; none where there was no answer.
      type: int
      returned: always
    tls:
      description: The version of TLS, such as V(TLSv1.3); none where no verified connection came about.
      type: str
      returned: always
    seconds:
      description: How long it took.
      type: float
      returned: always
    error:
      description: Why it is not ok.
      type: str
      returned: always
ok:
  description: Whether all of them answer.
  type: bool
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import endpoints

ENDPOINT = {
    "name": {"type": "str", "required": True},
    "url": {"type": "str", "required": True},
    "address": {"type": "str"},
}
OPTIONS = {
    "endpoints": {"type": "list", "elements": "dict", "required": True, "options": ENDPOINT},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 10},
}


def main():
    module = AnsibleModule(OPTIONS, supports_check_mode=True)
    ca_path = module.params["ca_path"]
    try:
        context = endpoints.trust(ca_path)
    except OSError as error:
        module.fail_json(msg=f"{ca_path} holds no certificate authority that can be read: {error}")
    answers = endpoints.ask_all(module.params["endpoints"], context, module.params["timeout"])
    module.exit_json(changed=False, endpoints=answers, ok=all(answer["ok"] for answer in answers))


if __name__ == "__main__":
    main()
