# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the federation's secrets are kept, and how new ones are made.

A secret is a name (``rgw/sync/secret_key``) and a record: a dict with ``kind`` and either ``value`` or ``private``
and ``public``, all strings. A store is a class with the methods of SecretStore; names and records are the same in
every store, so secrets can be carried from one to another.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import re
import secrets
import string
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret

try:
    # ansible-core needs it too; only a tool that reads this file by itself may lack it.
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError:
    serialization = ec = ed25519 = rsa = None

Record = dict[str, str]

KEY_FILE = ".secrets.key"
# What opens OpenBao, and the authority that its certificates come from, cannot be kept in it.
ALWAYS_EMBEDDED = ("openbao/", "ca/")
DEFAULT_CHARS = string.ascii_letters + string.digits
MIN_LENGTH = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")
_NAME_MAX = 200


class SecretError(AnsibleError):
    """A secret cannot be read, made or kept. The message never holds any part of a secret."""


class SecretStore(Protocol):
    """A place that keeps secrets."""

    def names(self) -> list[str]:
        """Return the names of all secrets, sorted."""

    def get(self, name: str) -> Record | None:
        """Return the record called name, or None where there is none yet."""

    def get_or_create(self, name: str, make: Callable[[], Record]) -> Record:
        """Return the record called name; where there is none, keep and return ``make()``.

        Of several processes that ask at once exactly one makes it, and all return that one.
        """

    def put(self, name: str, record: Record) -> None:
        """Keep record under name, whatever is there."""

    def remove(self, name: str) -> None:
        """Forget name; not an error where there is none."""


def check_name(name: str) -> str:
    """Return name; SecretError unless it is a relative path of plain names (so it can never leave the store)."""
    if not isinstance(name, str) or len(name) > _NAME_MAX or not _NAME.fullmatch(name):
        raise SecretError(
            f"{name!r:.80} is not a secret's name: use letters, digits, '_', '.' and '-' in parts that begin with a "
            f"letter or digit, joined by '/', at most {_NAME_MAX} characters"
        )
    return str(name)


def given(value: object, name: str) -> Record:
    """Return the record of a secret that was not made here: value is its text, or the whole record.

    SecretError where value is neither, or empty.
    """
    record = {"kind": "provided", "value": value} if isinstance(value, str) else value
    if not isinstance(record, Mapping) or not record or not all(isinstance(part, str) for part in record.values()):
        raise SecretError(f"what is given for secret '{name}' is neither a text nor a mapping of texts: quote numbers")
    if not all(record.values()):
        raise SecretError(f"what is given for secret '{name}' is empty: remove the secret instead")
    # Plain types: texts of a playbook carry tags that no store can keep.
    return {str(part): str(text) for part, text in record.items()}


def same(one: Record, other: Record) -> bool:
    """Whether two records are the same secret: a text may have been made here or given, which changes nothing."""
    if "value" in one and "value" in other:
        return one["value"] == other["value"]
    return {**one, "kind": ""} == {**other, "kind": ""}


def new_password(length: int, chars: str) -> Record:
    """Make a password of length characters, each drawn from chars."""
    distinct = sorted(set(chars))
    if length < MIN_LENGTH or len(distinct) < 2:
        raise SecretError(f"a password needs at least {MIN_LENGTH} characters, drawn from at least 2 different ones")
    return {"kind": "password", "value": "".join(secrets.choice(distinct) for place in range(length))}


def new_ssh_key(name: str) -> Record:
    """Make an Ed25519 key pair in OpenSSH's formats; name becomes the public key's comment."""
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return {
        "kind": "ssh_key",
        "private": _pem(key, serialization.PrivateFormat.OpenSSH),
        "public": f"{public.decode()} {name}",
    }


def new_private_key() -> Record:
    """Make an EC P-384 key pair in PEM (PKCS#8 and SubjectPublicKeyInfo), as a certificate authority uses."""
    return _pem_pair("private_key", ec.generate_private_key(ec.SECP384R1()))


def new_rsa_key() -> Record:
    """Make an RSA key pair of 3072 bits in PEM (PKCS#8 and SubjectPublicKeyInfo), as signers of RS256 tokens use."""
    return _pem_pair("rsa_key", rsa.generate_private_key(public_exponent=65537, key_size=3072))


def new_ceph_key() -> Record:
    """Make a key of a Ceph client in Ceph's own form: base64 of type (1, AES), time of making, length, and 16 bytes.

    Source: src/auth/Crypto.cc, CryptoKey::encode; all numbers are little-endian.
    """
    secret = secrets.token_bytes(16)
    return {
        "kind": "ceph_key",
        "value": base64.b64encode(struct.pack("<HIIH", 1, int(time.time()), 0, len(secret)) + secret).decode(),
    }


def _pem_pair(kind: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Record:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {"kind": kind, "private": _pem(key, serialization.PrivateFormat.PKCS8), "public": public.decode()}


def _pem(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey, form: serialization.PrivateFormat
) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class EmbeddedStore:
    """A folder with one ansible-vault file a secret, and the key that opens them in ``.secrets.key`` beside it.

    ``ansible-vault view --vault-password-file .secrets.key secrets/NAME.yml`` reads one by hand. One file a secret
    keeps reviews and merges apart; opening one costs about 10 ms (PBKDF2), and the key is 256 random bits.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key_path = folder.parent / KEY_FILE

    def get(self, name: str) -> Record | None:
        # No lock: files appear whole, by rename.
        path = self._path(name)
        try:
            encrypted = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SecretError(f"cannot read secret '{name}' from {path}: {error.strerror}") from None
        return self._decrypt(name, path, encrypted)

    def get_or_create(self, name: str, make: Callable[[], Record]) -> Record:
        found = self.get(name)
        if found is not None:
            return found
        with self._writing(name):
            # Another process may have made it while this one waited.
            return self.get(name) or self._write(name, make())

    def names(self) -> list[str]:
        # Files being written begin with a dot, as no secret does.
        paths = self.folder.rglob("[!.]*.yml")
        return sorted(str(path.relative_to(self.folder).with_suffix("")) for path in paths)

    def put(self, name: str, record: Record) -> None:
        check_name(name)
        with self._writing(name):
            self._write(name, record)

    def remove(self, name: str) -> None:
        path = self._path(name)
        if not path.exists():
            return
        with self._writing(name):
            path.unlink(missing_ok=True)
            for folder in path.parents[: len(Path(name).parts) - 1]:
                # Not empty: other secrets are in it.
                with contextlib.suppress(OSError):
                    folder.rmdir()

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        """Hold the lock of a store that has a key; what goes wrong on disk becomes one sentence."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._create_key()
            with self._lock():
                yield
        except OSError as error:
            raise SecretError(f"cannot keep secret '{name}' in {self.folder}: {error.strerror}") from None

    def _path(self, name: str) -> Path:
        return self.folder / f"{check_name(name)}.yml"

    def _write(self, name: str, record: Record) -> Record:
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        encrypted = self._vault().encrypt(json.dumps(record, indent=1, sort_keys=True) + "\n")
        _write_whole(path, encrypted, lambda temporary: temporary.replace(path))
        return record

    def _decrypt(self, name: str, path: Path, encrypted: bytes) -> Record:
        vault = self._vault()
        # "from None": the original errors may quote what they could not read.
        try:
            record = yaml.safe_load(vault.decrypt(encrypted))
        except AnsibleError:
            raise SecretError(
                f"secret '{name}' cannot be decrypted: {path} is damaged, or {self.key_path} is another store's key"
            ) from None
        except (yaml.YAMLError, UnicodeDecodeError):
            raise SecretError(f"secret '{name}' in {path} is not YAML once decrypted") from None
        if not isinstance(record, dict) or not all(isinstance(value, str) for value in record.values()):
            raise SecretError(f"secret '{name}' in {path} is not a mapping of texts once decrypted: quote numbers")
        return record

    def _vault(self) -> VaultLib:
        try:
            with self.key_path.open("rb") as stream:
                mode = os.fstat(stream.fileno()).st_mode
                key = stream.read().strip()
        except OSError as error:
            raise SecretError(
                f"the key {self.key_path} of the secrets in {self.folder} cannot be read: {error.strerror}"
            ) from None
        if mode & 0o077:
            raise SecretError(f"others may read the key {self.key_path}: run chmod 600 {self.key_path}")
        if not key:
            raise SecretError(f"the key {self.key_path} is empty: put back the one the secrets were encrypted with")
        return VaultLib([("default", VaultSecret(key))])

    def _create_key(self) -> None:
        """Make the key on the store's first use; never a new one for secrets that another key encrypted."""
        if self.key_path.exists():
            return
        if any(self.folder.rglob("*.yml")):
            raise SecretError(f"{self.folder} holds secrets but their key {self.key_path} is missing: put it back")
        # A link, unlike a rename, leaves the key alone that another process may have made meanwhile.
        with contextlib.suppress(FileExistsError):
            _write_whole(self.key_path, f"{secrets.token_urlsafe(32)}\n".encode(), self.key_path.hardlink_to)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the store's lock. It is taken on the key file, which every writer needs anyway, and ends with us."""
        # Opened for writing because NFS grants exclusive locks on nothing less.
        with self.key_path.open("r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


class FederationStore:
    """Another store, except for what opens that one: that is always in the embedded store."""

    def __init__(self, embedded: EmbeddedStore, other: Callable[[], SecretStore]) -> None:
        self.embedded = embedded
        # Opened when it is needed: what opens it is itself read from here.
        self.other = other

    def names(self) -> list[str]:
        kept = [name for name in self.embedded.names() if stays_embedded(name)]
        return sorted(kept + self.other().names())

    def get(self, name: str) -> Record | None:
        return self._of(name).get(name)

    def get_or_create(self, name: str, make: Callable[[], Record]) -> Record:
        return self._of(name).get_or_create(name, make)

    def put(self, name: str, record: Record) -> None:
        self._of(name).put(name, record)

    def remove(self, name: str) -> None:
        self._of(name).remove(name)

    def _of(self, name: str) -> SecretStore:
        return self.embedded if stays_embedded(name) else self.other()


def stays_embedded(name: str) -> bool:
    """Whether the secret called name is in the embedded store wherever the others are."""
    return name.startswith(ALWAYS_EMBEDDED)


def _write_whole(path: Path, content: bytes, place: Callable[[Path], object]) -> None:
    """Write content to a new 0600 file in path's folder and let place give it its name once it is safely on disk."""
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        place(temporary)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        temporary.unlink(missing_ok=True)
