#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates from OpenBao's authority."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bao_certificate
version_added: 0.1.0
short_description: Have requests for certificates signed by OpenBao or Vault
description:
  - Sends requests to a role of a PKI engine, all in one login, and returns the certificates. The private keys stay
    where they are.
  - Every call makes new certificates; the role P(infn.datacloud.host_certificate#role) calls it when one is due.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  mount:
    description: Where the PKI engine is mounted.
    type: str
    default: pki
  role:
    description: The engine's role, which says what may be signed.
    type: str
    required: true
  ttl:
    description: How long the certificates are good for, such as V(90d). The role's own value if not given.
    type: str
  requests:
    description: What to sign.
    type: list
    elements: dict
    required: true
    suboptions:
      csr:
        description: The request, PEM.
        type: str
        required: true
      common_name:
        description: The subject.
        type: str
        required: true
      subject_alt_names:
        description: The names that the certificate is good for, such as V(DNS:s3.example.org) and V(IP:192.0.2.1).
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - infn.datacloud.core.info
  - infn.datacloud.bao
"""

EXAMPLES = r"""
- name: Have the gateway's request signed
  infn.datacloud.bao_certificate:
    url: https://vault.cnaf.example.org:8200
    role_id: "{{ lookup('infn.datacloud.secret', 'openbao/pki/role_id', kind='provided') }}"
    secret_id: "{{ lookup('infn.datacloud.secret', 'openbao/pki/secret_id', kind='provided') }}"
    role: host
    ttl: 90d
    requests:
      - csr: "{{ gateway_request.csr }}"
        common_name: s3.cnaf.example.org
        subject_alt_names: [DNS:s3.cnaf.example.org]
  delegate_to: localhost
  register: gateway_certificate
"""

RETURN = r"""
certificates:
  description:
    - For each request, in their order, the certificate and the authorities between it and the root, PEM.
    - Empty in check mode.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.bao import api

REQUEST = {
    "csr": {"type": "str", "required": True},
    "common_name": {"type": "str", "required": True},
    "subject_alt_names": {"type": "list", "elements": "str", "default": []},
}
OPTIONS = {
    **api.OPTIONS,
    "mount": {"type": "str", "default": "pki"},
    "role": {"type": "str", "required": True},
    "ttl": {"type": "str"},
    "requests": {"type": "list", "elements": "dict", "required": True, "options": REQUEST},
}


def sign(bao, params, request):
    """The certificate and its chain (PEM) for one request; ApiError names it.

    The names are sent beside the request because the role may take them from either.
    https://openbao.org/api-docs/secret/pki/#sign-certificate
    """
    names = [name.partition(":") for name in request["subject_alt_names"]]
    body = {
        "csr": request["csr"],
        "common_name": request["common_name"],
        "alt_names": ",".join(value for kind, _colon, value in names if kind == "DNS"),
        "ip_sans": ",".join(value for kind, _colon, value in names if kind == "IP"),
        # What is not in the list of names is not wanted in the certificate either.
        "exclude_cn_from_sans": True,
        "remove_roots_from_chain": True,
    }
    if params["ttl"]:
        body["ttl"] = params["ttl"]
    path = f"{params['mount']}/sign/{params['role']}"
    answer = bao.call("POST", path, f"certificate {request['common_name']}", body, absent=())["data"]
    chain = answer.get("ca_chain") or []
    certificates = [answer["certificate"], *(item for item in chain if item != answer["certificate"])]
    return "".join(f"{certificate.strip()}\n" for certificate in certificates)


def main():
    module = AnsibleModule(OPTIONS, supports_check_mode=True)
    if module.check_mode:
        module.exit_json(changed=False, certificates=[])
    bao = api.Bao(module.params)
    try:
        certificates = [sign(bao, module.params, request) for request in module.params["requests"]]
    except core.ApiError as error:
        module.fail_json(msg=str(error))
    finally:
        bao.close()
    module.exit_json(changed=False, certificates=certificates)


if __name__ == "__main__":
    main()
