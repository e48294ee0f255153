#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The intermediate authority of an OpenBao PKI engine."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bao_intermediate
version_added: 0.1.0
short_description: The intermediate authority of an OpenBao PKI engine
description:
  - Reports the certificate that a PKI engine signs with, asks for a new one, or gives it the one that another authority
    has signed. The key is made by the engine and never leaves it.
  - The certificate given becomes the engine's default. Older issuers stay, as certificates they signed are still good.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  mount:
    description: Where the PKI engine is mounted.
    type: str
    default: pki
  common_name:
    description:
      - Ask for an authority of this name. Each call makes a new key and returns the request for its certificate.
      - In check mode nothing is made, and no request is returned.
    type: str
  certificate:
    description: The certificate for the last request, PEM, followed by those of the authorities above it.
    type: str
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.bao
attributes:
  diff_mode:
    description: There is no text to compare.
    support: none
notes:
  - In check mode, where the server or the engine is not there yet, the module reports no certificate.
"""

EXAMPLES = r"""
- name: Ask for an authority
  infn.datacloud.bao_intermediate:
    url: https://vault.cnaf.example.org:8200
    token: "{{ token }}"
    common_name: example.org OpenBao authority
  register: request

- name: Use the certificate that the federation's authority has signed
  infn.datacloud.bao_intermediate:
    url: https://vault.cnaf.example.org:8200
    token: "{{ token }}"
    certificate: "{{ signed.certificate }}{{ lookup('ansible.builtin.file', 'ca.crt') }}"
"""

RETURN = r"""
certificate:
  description: The certificate that the engine signs with, PEM; empty if it has none.
  type: str
  returned: success
csr:
  description: The request, PEM.
  type: str
  returned: with O(common_name)
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.bao import api

OPTIONS = {
    **api.OPTIONS,
    "mount": {"type": "str", "default": "pki"},
    "common_name": {"type": "str"},
    "certificate": {"type": "str"},
}


def issuer(module, bao):
    """The certificate (PEM) of the engine's default issuer, empty if there is none."""
    try:
        found = bao.data(f"{module.params['mount']}/issuer/default", "authority", absent=(404, 500))
    except api.Unavailable as error:
        if not module.check_mode:
            raise
        module.warn(f"Planned as if there were no authority yet: {error}")
        return ""
    return (found or {}).get("certificate", "")


def request(module, bao):
    """A request (PEM) for the certificate of a new key, which stays in the engine."""
    body = {
        "common_name": module.params["common_name"],
        # It is a name for people, no host's, which a name constraint above it would refuse.
        "exclude_cn_from_sans": True,
        "add_basic_constraints": True,
        "key_type": "ec",
        "key_bits": 384,
    }
    path = f"{module.params['mount']}/intermediate/generate/internal"
    return bao.call("POST", path, "authority", body, absent=())["data"]["csr"]


def use(module, bao):
    """Give the engine its signed certificate and make it the one to sign with."""
    mount = module.params["mount"]
    body = {"certificate": module.params["certificate"]}
    answer = bao.call("POST", f"{mount}/intermediate/set-signed", "authority", body, absent=())["data"]
    # The authorities above it come without a key.
    ours = [name for name, key in answer["mapping"].items() if key]
    if not ours:
        raise core.ApiError(f"authority {mount}: the certificate is for none of the engine's keys")
    bao.call("POST", f"{mount}/config/issuers", "authority", {"default": ours[0]}, absent=())


def main():
    module = AnsibleModule(OPTIONS, mutually_exclusive=[["common_name", "certificate"]], supports_check_mode=True)
    bao = api.Bao(module.params, tries=2 if module.check_mode else api.TRIES)
    result = {"changed": False}
    try:
        before = issuer(module, bao)
        given = (module.params["certificate"] or "").strip()
        if module.params["common_name"]:
            result.update(changed=True, csr="" if module.check_mode else request(module, bao))
        elif given and not (before and given.startswith(before.strip())):
            result["changed"] = True
            if not module.check_mode:
                use(module, bao)
                before = issuer(module, bao)
        result["certificate"] = before
    except core.ApiError as error:
        module.fail_json(msg=str(error), changed=result["changed"])
    finally:
        bao.close()
    module.exit_json(**result)


if __name__ == "__main__":
    main()
