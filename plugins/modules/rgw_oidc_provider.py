#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token issuers that RADOS gateways trust."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rgw_oidc_provider
version_added: 0.1.0
short_description: The token issuers that RADOS gateways trust
description:
  - Registers OpenID Connect providers, whose tokens a gateway exchanges for temporary S3 credentials.
  - Run it at every zone of a multisite object store, as providers do not replicate in Ceph 18.
  - The thumbprints are computed from the keys that the issuer publishes now, so run it again after keys were announced
    and before they sign.
  - Ceph 18 cannot change a provider, so one that differs is removed and created anew; tokens are refused in between.
  - The user of the keys needs the capability C(oidc-provider=*).
author:
  - INFN DataCloud (@infn-datacloud)
options:
  endpoint_url:
    description: The address of the gateway.
    type: str
    required: true
  providers:
    description: The issuers.
    type: list
    elements: dict
    required: true
    suboptions:
      url:
        description: The issuer, exactly as it stands in the claim C(iss) of its tokens; an https address.
        type: str
        required: true
      client_ids:
        description:
          - The audiences that are taken. A token is refused unless one of its audiences, or the client that got it, is
            among them. Needed unless O(providers[].state=absent).
        type: list
        elements: str
      thumbprints:
        description:
          - SHA-1 thumbprints of the certificates of the issuer's keys (C(x5c) in its JWKS), five at most.
          - Where not given they are computed from the issuer's discovery document and keys.
        type: list
        elements: str
      state:
        description: Whether the provider is there.
        type: str
        choices: [present, absent]
        default: present
  ca_bundle:
    description:
      - A file with the certificate authorities to trust, at the gateway and at the issuer, else E(AWS_CA_BUNDLE), else
        the host's own list for the issuer and boto3's for the gateway. Certificates are always verified.
    type: path
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.s3
"""

EXAMPLES = r"""
- name: The federation's IAM opens this site's gateway
  infn.datacloud.rgw_oidc_provider:
    endpoint_url: https://s3.cnaf.example.org
    access_key: "{{ lookup('infn.datacloud.secret', 'rgw/access/access_key') }}"
    secret_key: "{{ lookup('infn.datacloud.secret', 'rgw/access/secret_key') }}"
    ca_bundle: /etc/ssl/certs/ca-certificates.crt
    providers:
      - url: https://iam.example.org
        client_ids: [https://s3.example.org]
"""

RETURN = r"""
operations:
  description: What was done, or would be done in check mode, in order.
  type: list
  elements: dict
  returned: always
  contains:
    action:
      description: What happened to the object; one of V(create), V(update) and V(delete).
      type: str
      returned: always
    key:
      description: The issuer.
      type: str
      returned: always
    changes:
      description: The names of the fields that differed.
      type: list
      elements: str
      returned: always
diff:
  description: The changed objects before and after.
  type: dict
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.rgw_iam import backends, objects
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api


def main():
    module = AnsibleModule({**api.OPTIONS, **objects.PROVIDER.argument_spec()}, supports_check_mode=True)
    api.require(module)
    core.run(module, objects.PROVIDER, backends.Providers(module))


if __name__ == "__main__":
    main()
