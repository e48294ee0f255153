#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an INDIGO IAM answers as it should, and only to those it should."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_probe
version_added: 0.1.0
short_description: Whether an INDIGO IAM answers as it should, and only to those it should
description:
  - Asks a running IAM, by its public name and over TLS, for its discovery document, its keys, its health and a token,
    and tries the credentials that every new IAM has, which must be refused. Fails with everything that does not hold.
  - In check mode it asks but never fails, because what the play would have done has not been done.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  url:
    description: The address of the service.
    type: str
    required: true
  issuer:
    description: What the discovery document must name as the issuer; O(url) if not given.
    type: str
  kids:
    description: The keys that must be published, each with its certificate in C(x5c). The first one signs tokens.
    type: list
    elements: str
    default: []
  client_id:
    description: The client that gets a token by its credentials.
    type: str
    default: datacloud-admin
  client_secret:
    description: Its secret.
    type: str
    required: true
  admin_username:
    description: The administrator's account, which must not have the default password.
    type: str
    default: admin
  admin_password:
    description: The password it must have; not tried if not given.
    type: str
  ca_path:
    description: A file with the certificate authorities to trust; the host's trust store where not given.
    type: path
  timeout:
    description: Seconds after which a request fails.
    type: int
    default: 60
extends_documentation_fragment:
  - infn.datacloud.core.info
seealso:
  - module: infn.datacloud.iam_bootstrap
"""

EXAMPLES = r"""
- name: The service is what it should be
  infn.datacloud.iam_probe:
    url: https://iam.example.org
    kids: [rsa1]
    client_secret: "{{ lookup('infn.datacloud.secret', 'iam/example/admin_client_secret') }}"
"""

RETURN = r"""
wrong:
  description: What does not hold. Only check mode ends well with any.
  type: list
  elements: str
  returned: always
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.iam import bootstrap

OPTIONS = {
    "url": {"type": "str", "required": True},
    "issuer": {"type": "str"},
    "kids": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "client_id": {"type": "str", "default": "datacloud-admin"},
    "client_secret": {"type": "str", "required": True, "no_log": True},
    "admin_username": {"type": "str", "default": "admin"},
    "admin_password": {"type": "str", "no_log": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 60},
}


def main():
    module = AnsibleModule(OPTIONS, supports_check_mode=True)
    params = module.params
    expected = {
        "issuer": params["issuer"] or params["url"],
        "kids": params["kids"],
        "client_id": params["client_id"],
        "client_secret": params["client_secret"],
        "username": params["admin_username"],
        "password": params["admin_password"],
    }
    try:
        client = bootstrap.Client(params["url"], params["ca_path"], params["timeout"])
        wrong = bootstrap.probe(client, expected)
    except core.ApiError as error:
        wrong = [str(error)]
    if wrong and not module.check_mode:
        module.fail_json(msg=f"{params['url']}: {'; '.join(wrong)}", wrong=wrong)
    module.exit_json(changed=False, wrong=wrong)


if __name__ == "__main__":
    main()
