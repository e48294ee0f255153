# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup plugin: a secret of the federation by its name."""

from __future__ import annotations

DOCUMENTATION = """
name: secret
author: INFN DataCloud (@infn-datacloud)
version_added: 0.1.0
short_description: A secret of the federation, made on first use
description:
  - Returns a secret by its name from the federation's embedded store, a folder of C(ansible-vault) files beside the
    inventory with its key in V(.secrets.key) next to the folder, or from OpenBao (or HashiCorp Vault).
  - Names that begin with V(openbao/) or V(ca/) are always in the embedded store, because they open the other one.
  - A secret that does not exist yet is made and kept on first use. However many processes ask at once, all get the
    same one.
  - In check mode a missing secret is made but not kept, so two lookups of it return different values.
options:
  _terms:
    description:
      - "Names of secrets: parts of letters, digits, V(_), V(.) and V(-), joined by V(/)."
    required: true
    type: list
    elements: str
  kind:
    description:
      - What the secret is.
      - V(password) is random text, V(ssh_key) an Ed25519 key pair in OpenSSH's format, V(private_key) an EC P-384 key
        pair in PEM, V(rsa_key) an RSA one of 3072 bits, V(ceph_key) a key of a Ceph client.
      - V(provided) is text that the administrator puts into the store; it is never made.
    type: str
    choices: [password, ssh_key, private_key, rsa_key, ceph_key, provided]
    default: password
  part:
    description: Which half of a key pair to return.
    type: str
    choices: [private, public]
    default: private
  length:
    description: Characters of a new password, at least 8.
    type: int
    default: 32
  chars:
    description: The characters a new password is drawn from; ASCII letters and digits if not given.
    type: str
  optional:
    description:
      - Return an empty text for a V(provided) secret that is not in the store yet, instead of an error.
      - For what only comes to be during a run, such as the unseal keys of a service that is initialised by it.
    type: bool
    default: false
  store:
    description:
      - The folder of the embedded store.
      - If not given, the folder V(secrets) beside the first inventory source.
    type: path
    env:
      - name: DATACLOUD_SECRET_STORE
    ini:
      - section: datacloud
        key: secret_store
    vars:
      - name: datacloud_secret_store
  backend:
    description: Where secrets are, V(embedded) or V(openbao).
    type: str
    default: embedded
    env:
      - name: DATACLOUD_SECRET_BACKEND
    ini:
      - section: datacloud
        key: secret_backend
    vars:
      - name: datacloud_secret_backend
  openbao:
    description:
      - Where OpenBao is and how to log in there. The keys are the names of the options below without C(openbao_); what
        is set here wins over them.
    type: raw
    vars:
      - name: datacloud_secret_openbao
  openbao_url:
    description: Its address, such as V(https://vault.example.org:8200).
    type: str
    env:
      - name: VAULT_ADDR
      - name: BAO_ADDR
      - name: DATACLOUD_SECRET_OPENBAO_URL
    ini:
      - section: datacloud
        key: secret_openbao_url
  openbao_mount:
    description: The mount of KV version 2 that keeps the secrets; V(datacloud) if not given.
    type: str
    env:
      - name: DATACLOUD_SECRET_OPENBAO_MOUNT
    ini:
      - section: datacloud
        key: secret_openbao_mount
  openbao_prefix:
    description: A folder in the mount, where several federations share it.
    type: str
    env:
      - name: DATACLOUD_SECRET_OPENBAO_PREFIX
    ini:
      - section: datacloud
        key: secret_openbao_prefix
  openbao_namespace:
    description: The namespace of the mount and of the login.
    type: str
    env:
      - name: VAULT_NAMESPACE
      - name: BAO_NAMESPACE
      - name: DATACLOUD_SECRET_OPENBAO_NAMESPACE
    ini:
      - section: datacloud
        key: secret_openbao_namespace
  openbao_ca_path:
    description: The authorities that its certificate may come from, a file or a folder; the system's if not given.
    type: path
    env:
      - name: VAULT_CACERT
      - name: BAO_CACERT
      - name: DATACLOUD_SECRET_OPENBAO_CA_PATH
    ini:
      - section: datacloud
        key: secret_openbao_ca_path
  openbao_timeout:
    description: Seconds to wait for each answer; 15 if not given.
    type: int
    env:
      - name: DATACLOUD_SECRET_OPENBAO_TIMEOUT
    ini:
      - section: datacloud
        key: secret_openbao_timeout
  openbao_auth_method:
    description: How to log in, V(token), V(approle) or V(jwt); V(token) if not given.
    type: str
    env:
      - name: DATACLOUD_SECRET_OPENBAO_AUTH_METHOD
    ini:
      - section: datacloud
        key: secret_openbao_auth_method
  openbao_auth_path:
    description: Where the auth method is mounted; its own name if not given.
    type: str
    env:
      - name: DATACLOUD_SECRET_OPENBAO_AUTH_PATH
    ini:
      - section: datacloud
        key: secret_openbao_auth_path
  openbao_token:
    description: The token, for V(token).
    type: str
    env:
      - name: VAULT_TOKEN
      - name: BAO_TOKEN
      - name: DATACLOUD_SECRET_OPENBAO_TOKEN
  openbao_role_id:
    description: The role's id, for V(approle).
    type: str
    env:
      - name: DATACLOUD_SECRET_OPENBAO_ROLE_ID
    ini:
      - section: datacloud
        key: secret_openbao_role_id
  openbao_secret_id:
    description: The role's secret id, for V(approle).
    type: str
    env:
      - name: DATACLOUD_SECRET_OPENBAO_SECRET_ID
  openbao_role:
    description: The name of the role, for V(jwt).
    type: str
    env:
      - name: DATACLOUD_SECRET_OPENBAO_ROLE
    ini:
      - section: datacloud
        key: secret_openbao_role
  openbao_jwt:
    description: The token of the identity provider, for V(jwt).
    type: str
    env:
      - name: DATACLOUD_SECRET_OPENBAO_JWT
  openbao_jwt_file:
    description: A file that holds that token.
    type: path
    env:
      - name: DATACLOUD_SECRET_OPENBAO_JWT_FILE
    ini:
      - section: datacloud
        key: secret_openbao_jwt_file
notes:
  - A length or an alphabet that changes later does not change a secret that exists. Remove it to have it made anew.
  - OpenBao needs C(hvac) in the Python that runs Ansible.
"""

EXAMPLES = """
- name: Show that a secret has the length that was asked for
  ansible.builtin.assert:
    that: lookup('infn.datacloud.secret', 'example/password', length=40) | length == 40

- name: Let the holder of the operator's key log in
  ansible.posix.authorized_key:
    user: operator
    key: "{{ lookup('infn.datacloud.secret', 'example/operator', kind='ssh_key', part='public') }}"
"""

RETURN = """
_raw:
  description: The secrets, in the order of the names.
  type: list
  elements: str
"""

from collections.abc import Mapping
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.infn.datacloud.plugins.plugin_utils import bao_store, secret_store

STORE_FOLDER = "secrets"
OPENBAO_OPTIONS = (
    "url", "mount", "prefix", "namespace", "ca_path", "timeout", "auth_method", "auth_path", "token", "role_id",
    "secret_id", "role", "jwt", "jwt_file",
)  # fmt: skip
KEY_PAIRS = ("ssh_key", "private_key", "rsa_key")


class LookupModule(LookupBase):
    """The lookup: finds the store, asks it for each name, and picks the wanted part of the record."""

    def run(self, terms: list[str], variables: Mapping | None = None, **kwargs: object) -> list[str]:
        """Return one secret for each name in terms."""
        variables = variables or {}
        self.set_options(var_options=variables, direct=kwargs)
        store = self.store(variables)
        keep = not variables.get("ansible_check_mode", False)
        return [self._secret(store, secret_store.check_name(name), keep) for name in terms]

    def store(self, variables: Mapping) -> secret_store.SecretStore:
        """Return the store that the options name; variables are those of the task."""
        backend = self._templated("backend")
        if backend == "embedded":
            return self.embedded_store(variables)
        if backend == "openbao":
            return secret_store.FederationStore(self.embedded_store(variables), self.openbao_store)
        raise AnsibleLookupError(f"{backend!r} keeps no secrets: set datacloud_secret_backend to embedded or openbao")

    def embedded_store(self, variables: Mapping) -> secret_store.EmbeddedStore:
        """Return the store beside the inventory; variables are those of the task."""
        return secret_store.EmbeddedStore(store_folder(self._templated("store"), variables))

    def openbao_store(self) -> bao_store.BaoStore:
        """Return the store in OpenBao."""
        given = {name: self._templated(f"openbao_{name}") for name in OPENBAO_OPTIONS}
        wins = self._templated("openbao") or {}
        if not isinstance(wins, Mapping):
            raise AnsibleLookupError("datacloud_secret_openbao is not a mapping of settings")
        return bao_store.BaoStore(bao_store.Settings.of({**given, **wins}))

    def _templated(self, option: str) -> object:
        """An option's value. Ansible leaves variables that are options untemplated.

        Only when it is needed: the credentials of OpenBao may themselves be secrets of the embedded store.
        """
        value = self.get_option(option)
        return self._templar.template(value) if self._templar else value

    def _secret(self, store: secret_store.SecretStore, name: str, keep: bool) -> str:
        kind = self.get_option("kind")
        if kind == "provided":
            record = store.get(name)
            if record is None and self.get_option("optional"):
                return ""
            if record is None:
                raise AnsibleLookupError(
                    f"secret '{name}' must be put into the store and is not there; docs/secrets.md says how"
                )
        elif keep:
            record = store.get_or_create(name, lambda: self._new(name))
        else:
            record = store.get(name) or self._new(name)

        part = self.get_option("part") if kind in KEY_PAIRS else "value"
        # A record that was put there need not say its kind, and whoever reads it need not know that it was put there.
        if part not in record or (kind != "provided" and record.get("kind", kind) not in (kind, "provided")):
            raise AnsibleLookupError(f"secret '{name}' exists, but is not of kind {kind}: it has no such {part}")
        return record[part]

    def _new(self, name: str) -> secret_store.Record:
        kind = self.get_option("kind")
        if kind == "ssh_key":
            return secret_store.new_ssh_key(name)
        if kind == "private_key":
            return secret_store.new_private_key()
        if kind == "rsa_key":
            return secret_store.new_rsa_key()
        if kind == "ceph_key":
            return secret_store.new_ceph_key()
        return secret_store.new_password(
            self.get_option("length"), self.get_option("chars") or secret_store.DEFAULT_CHARS
        )


def store_folder(option: str | None, variables: Mapping) -> Path:
    """Return the embedded store's folder: the one named, else ``secrets`` beside the first inventory source.

    The sources come before inventory_dir because they are the same for every host, localhost included.
    """
    if option:
        return Path(option)
    for source in variables.get("ansible_inventory_sources") or []:
        path = Path(source)
        if path.exists():
            return (path if path.is_dir() else path.parent) / STORE_FOLDER
    if variables.get("inventory_dir"):
        return Path(variables["inventory_dir"]) / STORE_FOLDER
    raise AnsibleLookupError(
        "there is no inventory source beside which secrets can be kept: set datacloud_secret_store to a folder"
    )
