#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file with the keys that INDIGO IAM signs with."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_keystore
version_added: 0.1.0
short_description: The file with the keys that INDIGO IAM signs with
description:
  - Writes private keys as the JSON Web Key Set that C(IAM_KEY_STORE_LOCATION) names. IAM reads it when it starts.
  - Each key has a self-signed certificate in C(x5c), by whose SHA-1 consumers such as RADOS gateways know the issuer.
    A key keeps its certificate until that is about to end, so run after run the thumbprints stay what they are.
  - Keys that are too weak, listed twice or of the wrong kind are refused, all faults at once, and nothing is written.
author:
  - INFN DataCloud (@infn-datacloud)
requirements:
  - Python's cryptography on the host where the module runs
options:
  path:
    description: The file. Its folder must exist.
    type: path
    required: true
  keys:
    description: All keys of the set, in order.
    type: list
    elements: dict
    required: true
    suboptions:
      kid:
        description: The key's identifier in tokens.
        type: str
        required: true
      private_key:
        description: The key in PEM, not encrypted; RSA of 2048 bits or more, or EC on P-256, P-384 or P-521.
        type: str
        required: true
      algorithm:
        description: What it signs with; V(RS256) for RSA keys and what the curve implies for EC keys if not given.
        type: str
        choices: [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512]
  subject:
    description: Common name of the certificates that are made.
    type: str
    default: INDIGO IAM
  validity_days:
    description: How long a new certificate is good for, in days.
    type: int
    default: 3650
  renew_days:
    description: How many days before its end a certificate is replaced.
    type: int
    default: 90
extends_documentation_fragment:
  - ansible.builtin.files
  - infn.datacloud.core
seealso:
  - module: infn.datacloud.iam_bootstrap
"""

EXAMPLES = r"""
- name: A key to sign with, and the next one published next to it
  infn.datacloud.iam_keystore:
    path: /etc/indigo-iam/example/keystore.jwks
    subject: https://iam.example.org
    keys:
      - kid: rsa1
        private_key: "{{ lookup('infn.datacloud.secret', 'iam/example/keys/rsa1', kind='rsa_key') }}"
      - kid: rsa2
        private_key: "{{ lookup('infn.datacloud.secret', 'iam/example/keys/rsa2', kind='rsa_key') }}"
    owner: indigo-iam
    mode: "0400"
"""

RETURN = r"""
kids:
  description: The identifiers of the keys, in order.
  type: list
  elements: str
  returned: success
  sample: [rsa1, rsa2]
thumbprints:
  description:
    - SHA-1 of each key's certificate by the key's identifier, as upper-case hexadecimal.
    - In check mode without the certificates that would be made.
  type: dict
  returned: success
  sample:
    rsa1: 7F5DD2F1B6A3A3C0A7C2F4A2C0C9B8F4E6D1A2B3
diff:
  description: The keys before and after, without anything private.
  type: dict
  returned: success
"""

import datetime
import os
import tempfile
from pathlib import Path

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.infn.datacloud.plugins.module_utils.core import SpecError
from ansible_collections.infn.datacloud.plugins.module_utils.iam import keystore

ALGORITHMS = [*keystore.RSA_ALGORITHMS, *(algorithm for _name, algorithm, _size in keystore.CURVES.values())]
KEY = {
    "kid": {"type": "str", "required": True, "no_log": False},
    "private_key": {"type": "str", "required": True, "no_log": True},
    "algorithm": {"type": "str", "choices": ALGORITHMS},
}
OPTIONS = {
    "path": {"type": "path", "required": True},
    "keys": {"type": "list", "elements": "dict", "required": True, "options": KEY, "no_log": False},
    "subject": {"type": "str", "default": "INDIGO IAM"},
    "validity_days": {"type": "int", "default": 3650},
    "renew_days": {"type": "int", "default": 90},
}
from ansible_collections.infn.datacloud.plugins.module_utils.quiet import QuietModule


def read(module, path):
    """The file's content (bytes), empty where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        module.fail_json(msg=f"{path} cannot be read: {error.strerror}")


def write(module, path, content):
    """Put content into the file at once; whoever may read it is settled before it has its name."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        module.fail_json(msg=f"{path} cannot be written: {error.strerror}; make its folder first")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        wanted = module.load_file_common_arguments({**module.params, "path": temporary})
        module.set_fs_attributes_if_different(wanted, changed=True)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def main():
    module = QuietModule(OPTIONS, add_file_common_args=True, supports_check_mode=True)
    if module.params["mode"] is None:
        module.params["mode"] = "0600"
    path = Path(module.params["path"])
    if not keystore.HAS_CRYPTOGRAPHY:
        if module.check_mode and not path.exists():
            module.warn("python3-cryptography is not there yet, so the keys could not be checked")
            kids = [item["kid"] for item in module.params["keys"]]
            module.exit_json(changed=True, kids=kids, thumbprints={}, diff={"before": {}, "after": {"kids": kids}})
        module.fail_json(msg=missing_required_lib("cryptography"))

    content = read(module, path)
    before = keystore.parse(content)
    validity = keystore.Validity(module.params["validity_days"], module.params["renew_days"])
    now = datetime.datetime.now(datetime.timezone.utc)  # noqa: UP017  (Python 3.9)
    try:
        after = keystore.build(module.params["keys"], before, module.params["subject"], validity, now)
    except SpecError as error:
        module.fail_json(msg=f"{path}: {error}")

    changed = keystore.dump(after) != content
    if changed and not module.check_mode:
        write(module, path, keystore.dump(after))
    if path.exists():
        wanted = module.load_file_common_arguments(module.params)
        changed = module.set_fs_attributes_if_different(wanted, changed)
    there, shown = keystore.thumbprints(before), keystore.thumbprints(after)
    diff = {"before": {}, "after": {}}
    if changed:
        diff = {"before": describe(before, there), "after": describe(after, there)}
    if module.check_mode:
        shown = {kid: value for kid, value in shown.items() if there.get(kid) == value}
    module.exit_json(changed=changed, kids=[jwk["kid"] for jwk in after["keys"]], thumbprints=shown, diff=diff)


def describe(key_set, there):
    """What a diff shows of a set: {kid: its algorithm and its certificate, "new" if it is not among those there}."""
    prints = keystore.thumbprints(key_set)
    return {
        jwk["kid"]: {
            "algorithm": jwk.get("alg"),
            "certificate": prints.get(jwk["kid"]) if prints.get(jwk["kid"]) in there.values() else "new",
        }
        for jwk in key_set["keys"]
    }


if __name__ == "__main__":
    main()
