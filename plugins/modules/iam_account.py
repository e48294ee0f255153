#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of INDIGO IAM."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_account
version_added: 0.1.0
short_description: Accounts of INDIGO IAM
description:
  - Creates, changes and removes accounts.
  - Accounts are found in the listing, 100 a request, or one by one, whichever takes fewer requests. Labels,
    attributes and authorities are no part of it and take one request each for an account that gives them.
  - An account made by this module has the label V(infn.datacloud) with the prefix V(datacloud.infn.it), set by a
    request of its own. O(purge) removes only accounts with it.
  - What a list does not name is left alone, unless the list is in O(accounts[].exclusive).
author:
  - INFN DataCloud (@infn-datacloud)
options:
  accounts:
    description: The accounts.
    type: list
    elements: dict
    required: true
    suboptions:
      username:
        description: The username, which stays as it is.
        type: str
        required: true
      given_name:
        description: The given name. A new account needs it.
        type: str
      family_name:
        description: The family name. A new account needs it.
        type: str
      email:
        description: The e-mail address, which no other account has. A new account needs it.
        type: str
      active:
        description: Whether the account may be used; a new one may, if not said otherwise.
        type: bool
      password:
        description: The password a new account gets. It is not changed later, as IAM does not tell what it is.
        type: str
      service_account:
        description: Whether it is a service's account and no person's.
        type: bool
      end_time:
        description: When the account ends, as ISO 8601 such as V(2027-12-31T23:59:59+01:00), or V(never).
        type: str
      ssh_keys:
        description: SSH public keys of the account, compared by the key itself.
        type: list
        elements: dict
        suboptions:
          label:
            description: What the key is called.
            type: str
            required: true
          key:
            description: The public key; with or without its type and a comment.
            type: str
            required: true
      x509_certificates:
        description: X.509 certificates of the account, compared by the certificate itself.
        type: list
        elements: dict
        suboptions:
          label:
            description: What the certificate is called, in at most 36 characters.
            type: str
            required: true
          certificate:
            description: The certificate (PEM).
            type: str
            required: true
      oidc_ids:
        description: OpenID Connect identities that may log in as the account.
        type: list
        elements: dict
        suboptions:
          issuer:
            description: The issuer.
            type: str
            required: true
          subject:
            description: The subject.
            type: str
            required: true
      saml_ids:
        description: SAML identities that may log in as the account.
        type: list
        elements: dict
        suboptions:
          idp:
            description: The entity id of the identity provider.
            type: str
            required: true
          user_id:
            description: The value of the attribute.
            type: str
            required: true
          attribute:
            description: The attribute's name, such as V(urn:oid:1.3.6.1.4.1.5923.1.1.1.6).
            type: str
            required: true
      labels:
        description:
          - Labels the account has. Those not listed stay, unless V(labels) is in O(accounts[].exclusive).
        type: list
        elements: dict
        suboptions:
          prefix:
            description: The label's prefix, which looks like a domain such as V(datacloud.infn.it).
            type: str
          name:
            description: The label's name.
            type: str
            required: true
          value:
            description: The label's value.
            type: str
      attributes:
        description: Attributes of the account, by name.
        type: dict
      authorities:
        description:
          - Authorities of the account, such as V(ROLE_ADMIN). V(ROLE_USER) and those of managers of groups are never
            removed.
        type: list
        elements: str
      exclusive:
        description: The lists that are complete, so that what they do not name is removed.
        type: list
        elements: str
        choices: [ssh_keys, x509_certificates, oidc_ids, saml_ids, labels, attributes, authorities]
      state:
        description: Whether the account is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.iam
"""

EXAMPLES = r"""
- name: A person and a service
  infn.datacloud.iam_account:
    url: https://iam.example.org
    client_id: datacloud-admin
    client_secret: "{{ lookup('infn.datacloud.secret', 'iam/main/admin_client_secret') }}"
    accounts:
      - username: fermi
        given_name: Enrico
        family_name: Fermi
        email: enrico.fermi@example.org
        oidc_ids:
          - issuer: https://login.example.org
            subject: 6f5a1c1e
        authorities: [ROLE_ADMIN]
      - username: transfers
        given_name: Transfer
        family_name: Service
        email: transfers@example.org
        service_account: true
        end_time: "2027-12-31"
        attributes:
          site: cnaf
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
      description: The username.
      type: str
      returned: always
    changes:
      description: The names of the fields that differed.
      type: list
      elements: str
      returned: always
diff:
  description: The changed objects before and after, secrets masked.
  type: dict
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.iam import api, backends, objects


def main():
    spec = objects.ACCOUNT
    options = {**api.OPTIONS, **spec.argument_spec(), "purge": {"type": "bool", "default": False}}
    module = AnsibleModule(options, supports_check_mode=True, **api.CREDENTIALS)
    core.run(module, spec, backends.Accounts(module))


if __name__ == "__main__":
    main()
