#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_credential
version_added: 0.1.0
short_description: Credentials of Greenbone
description:
  - Creates, changes and removes the credentials with which a scanner logs in on targets, or the manager elsewhere.
  - The manager never gives a secret back. So a print of it, six digits of a slow salted hash, is kept in the comment,
    and the secret is sent again only where the print is another one. A credential without a print gets it at the
    first run.
  - An object made by this module has V([infn.datacloud]) at the end of its comment; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  credentials:
    description: The credentials.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, which identifies it among the objects of O(user).
        type: str
        required: true
      comment:
        description: What it is for, without the mark.
        type: str
      type:
        description: What kind it is; it cannot be changed. Needed unless O(credentials[].state=absent).
        type: str
        choices: [password, ssh_key, snmp, client_certificate, password_only]
      login:
        description: The name to log in with.
        type: str
      password:
        description: The password, or for V(snmp) that of authentication.
        type: str
      private_key:
        description: The private key, for V(ssh_key) and V(client_certificate).
        type: str
      passphrase:
        description: What opens O(credentials[].private_key).
        type: str
      certificate:
        description:
          - The certificate (PEM), for V(client_certificate). It is written with another change or at creation only.
        type: str
      community:
        description: The SNMP community.
        type: str
      auth_algorithm:
        description: How SNMPv3 authenticates.
        type: str
        choices: [md5, sha1]
      privacy_algorithm:
        description: How SNMPv3 encrypts.
        type: str
        choices: [aes, des]
      privacy_password:
        description: The password of encryption in SNMPv3.
        type: str
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.core.recreate
  - infn.datacloud.gmp
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: The key for authenticated scans
  infn.datacloud.gmp_credential:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    credentials:
      - name: datacloud scan
        type: ssh_key
        login: scan
        private_key: "{{ lookup('infn.datacloud.secret', 'scan/ssh', kind='ssh_key', part='private') }}"
"""

RETURN = r"""
operations:
  description: What was done, or would be done in check mode, in order.
  type: list
  elements: dict
  returned: always
  contains:
    action:
      description: What happened to the object; one of V(create), V(update), V(recreate) and V(delete).
      type: str
      returned: always
    key:
      description: The name.
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

from ansible_collections.infn.datacloud.plugins.module_utils.gmp import backends


def main():
    backends.main(backends.Credentials, backends.RECREATE)


if __name__ == "__main__":
    main()
