# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The federation's secrets in OpenBao (or HashiCorp Vault, whose API it shares): a KV version 2 mount.

One secret is one path, and the record is its data. The requests are those of the KV version 2 API
(https://openbao.org/api-docs/secret/kv/kv-v2/) through hvac; ``cas=0`` lets exactly one of many writers make a secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from ansible_collections.infn.datacloud.plugins.module_utils.core import retry
from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import Record, SecretError, check_name

try:
    import hvac
    import requests
except ImportError:
    hvac = requests = None

# What each way to log in needs.
AUTH_METHODS = {"token": ("token",), "approle": ("role_id", "secret_id"), "jwt": ("jwt", "role")}
SECRET_SETTINGS = ("token", "secret_id", "jwt")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
TRIES = 4
# What KV answers for a moment after its mount was made.
STARTING = "Upgrading from non-versioned to versioned"


@dataclass(frozen=True)
class Settings:
    """Where OpenBao is and how to log in there."""

    url: str
    mount: str = "datacloud"
    prefix: str = ""  # a folder in the mount, where several federations share it
    namespace: str = ""
    ca_path: str = ""  # a file or folder of authorities; the system's if empty
    timeout: int = 15  # seconds, of each request
    auth_method: str = "token"
    auth_path: str = ""  # where the auth method is mounted; its own name if empty
    role: str = ""
    role_id: str = ""
    token: str = field(default="", repr=False)
    secret_id: str = field(default="", repr=False)
    jwt: str = field(default="", repr=False)

    @classmethod
    def of(cls, given: Mapping[str, object]) -> Settings:
        """Return the settings given by name (``jwt_file`` instead of ``jwt`` too); SecretError names what is wrong."""
        given = {name: value for name, value in given.items() if value not in (None, "")}
        jwt_file = given.pop("jwt_file", None)
        if jwt_file and "jwt" not in given:
            given["jwt"] = _content(jwt_file)
        known = [entry.name for entry in fields(cls)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise SecretError(f"OpenBao has no setting {', '.join(unknown)}; there are {', '.join(known)} and jwt_file")
        if "url" not in given:
            raise SecretError(
                "secrets are to be in OpenBao, but its address is not set: set datacloud_secret_openbao.url"
            )
        if not str(given.get("timeout", 1)).isdecimal():
            raise SecretError("datacloud_secret_openbao.timeout is not a number of seconds")
        settings = cls(**{name: int(value) if name == "timeout" else str(value) for name, value in given.items()})
        settings._check()
        return settings

    def _check(self) -> None:
        address = urlsplit(self.url)
        if not address.hostname or address.scheme not in ("https", "http"):
            raise SecretError(f"{self.url!r} is not OpenBao's address: write https://host:8200")
        if address.scheme == "http" and address.hostname not in LOOPBACK:
            raise SecretError(f"{self.url} would send secrets in the clear: use https")
        if self.auth_method not in AUTH_METHODS:
            raise SecretError(f"{self.auth_method!r} is no way to log in to OpenBao: use {', '.join(AUTH_METHODS)}")
        missing = [name for name in AUTH_METHODS[self.auth_method] if not getattr(self, name)]
        if missing:
            raise SecretError(
                f"to log in to OpenBao with {self.auth_method}, {' and '.join(missing)} must be set: in the variable "
                "datacloud_secret_openbao or as environment variables DATACLOUD_SECRET_OPENBAO_"
                f"{', DATACLOUD_SECRET_OPENBAO_'.join(missing).upper()}"
            )
        if self.prefix:
            check_name(self.prefix)


class BaoStore:
    """A KV version 2 mount of OpenBao, as a SecretStore."""

    # Kept for the whole process, so that many lookups log in once. A token is good in a forked process too, a client
    # is not: its open connection would be shared.
    _tokens: dict[Settings, str] = {}
    _clients: dict[tuple[int, Settings], hvac.Client] = {}

    def __init__(self, settings: Settings) -> None:
        if hvac is None:
            raise SecretError(
                "secrets are in OpenBao, which needs hvac in the Python that runs Ansible on the control node: "
                "pip install hvac"
            )
        self.settings = settings

    def names(self) -> list[str]:
        prefix = f"{self.settings.prefix}/" if self.settings.prefix else ""
        found: list[str] = []
        folders = [prefix]
        while folders:
            folder = folders.pop()
            for key in self._list(folder):
                (folders if key.endswith("/") else found).append(f"{folder}{key}")
        return sorted(name.removeprefix(prefix) for name in found)

    def get(self, name: str) -> Record | None:
        return self._read(name)[0]

    def get_or_create(self, name: str, make: Callable[[], Record]) -> Record:
        record, version = self._read(name)
        if record is not None:
            return record
        self._check_mount(name)
        record = make()
        if self._write(name, record, version):
            return record
        # Another process made it in between.
        record = self.get(name)
        if record is None:
            raise SecretError(f"secret '{name}' was made and removed by others at once; run again")
        return record

    def put(self, name: str, record: Record) -> None:
        self._check_mount(name)
        self._write(name, record, None)

    def remove(self, name: str) -> None:
        self._request(
            f"secret '{name}' cannot be removed",
            lambda client: client.secrets.kv.v2.delete_metadata_and_all_versions(
                path=self._path(name), mount_point=self.settings.mount
            ),
        )

    def _read(self, name: str) -> tuple[Record | None, int]:
        """The record called name, or None, and the version a writer must have seen to make it."""
        problem = f"secret '{name}' cannot be read"
        try:
            answer = self._request(
                problem,
                lambda client: client.secrets.kv.v2.read_secret_version(
                    path=self._path(name), mount_point=self.settings.mount, raise_on_deleted_version=True
                ),
            )
        except _NotFound as missing:
            return None, missing.version
        data = answer["data"]["data"]
        if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
            raise SecretError(f"{problem}: what OpenBao holds at {self._place(name)} is not a mapping of texts")
        return data, answer["data"]["metadata"]["version"]

    def _write(self, name: str, record: Record, version: int | None) -> bool:
        """Whether record was written; not where version is given and another writer came before."""
        try:
            self._request(
                f"secret '{name}' cannot be kept",
                lambda client: client.secrets.kv.v2.create_or_update_secret(
                    path=self._path(name), secret=record, cas=version, mount_point=self.settings.mount
                ),
            )
        except _CameSecond:
            return False
        return True

    def _list(self, folder: str) -> list[str]:
        try:
            answer = self._request(
                f"the secrets in {self.settings.mount}/{folder} cannot be listed",
                lambda client: client.secrets.kv.v2.list_secrets(path=folder, mount_point=self.settings.mount),
            )
        except _NotFound:
            return []
        return answer["data"]["keys"]

    def _check_mount(self, name: str) -> None:
        """Refuse to write into a mount of version 1: it would take the request, and keep something else."""
        answer = self._request(
            f"secret '{name}' cannot be kept",
            lambda client: client.adapter.get(f"/v1/sys/internal/ui/mounts/{self.settings.mount}"),
        )
        mount = answer["data"]
        if mount.get("type") != "kv" or (mount.get("options") or {}).get("version") != "2":
            raise SecretError(
                f"secret '{name}' cannot be kept: {self.settings.mount} at {self.settings.url} is not a mount of KV "
                "version 2; name another one in datacloud_secret_openbao.mount"
            )

    def _path(self, name: str) -> str:
        check_name(name)
        return f"{self.settings.prefix}/{name}" if self.settings.prefix else name

    def _place(self, name: str) -> str:
        return f"{self.settings.url}, {self.settings.mount}/{self._path(name)}"

    def _request(self, problem: str, call: Callable[[hvac.Client], object]) -> dict:
        """The server's answer to call(client), logged in; any failure is a SecretError that begins with problem."""
        try:
            try:
                return retry(lambda: call(self._client()), _retryable, TRIES)
            except hvac.exceptions.Forbidden:
                # The token may have run out during a long run.
                if self.settings.auth_method == "token" or not self._tokens.pop(self.settings, None):
                    raise
                return retry(lambda: call(self._client()), _retryable, TRIES)
        except hvac.exceptions.InvalidPath as error:
            if not error.errors:
                raise _NotFound(error) from None
            raise self._error(problem, error) from None
        except hvac.exceptions.InvalidRequest as error:
            if "check-and-set" in str(error):
                raise _CameSecond from None
            raise self._error(problem, error) from None
        except (hvac.exceptions.VaultError, requests.RequestException, OSError) as error:
            raise self._error(problem, error) from None

    def _client(self) -> hvac.Client:
        """A client of this process, logged in."""
        settings, place = self.settings, (os.getpid(), self.settings)
        client = self._clients.get(place)
        if client is None:
            # A token is always given, though empty: hvac would look for one in the environment and in the home.
            client = self._clients[place] = hvac.Client(
                url=settings.url, token="", namespace=settings.namespace or None,
                verify=str(Path(settings.ca_path).expanduser()) if settings.ca_path else True,
                timeout=settings.timeout,
            )  # fmt: skip
        if settings not in self._tokens:
            self._tokens[settings] = self._log_in(client)
        client.token = self._tokens[settings]
        return client

    def _log_in(self, client: hvac.Client) -> str:
        settings = self.settings
        if settings.auth_method == "token":
            return settings.token
        client.token = ""
        path = settings.auth_path or settings.auth_method
        try:
            if settings.auth_method == "approle":
                answer = client.auth.approle.login(
                    role_id=settings.role_id, secret_id=settings.secret_id, use_token=False, mount_point=path
                )
            else:
                answer = client.auth.jwt.jwt_login(role=settings.role, jwt=settings.jwt, use_token=False, path=path)
        except (hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden, hvac.exceptions.InvalidPath) as error:
            what = {"approle": "its role_id and secret_id", "jwt": f"the JWT and the role {settings.role}"}
            raise SecretError(
                f"OpenBao at {settings.url} refuses the login with {settings.auth_method} at auth/{path}: "
                f"{self._said(error)}; check {what[settings.auth_method]}, and that the method is enabled there"
            ) from None
        return answer["auth"]["client_token"]

    def _error(self, problem: str, error: Exception) -> SecretError:
        place = f"{error.method.upper()} {error.url}" if getattr(error, "method", None) else self.settings.url
        return SecretError(f"{problem} ({place}): {self._said(error)}; {self._advice(error)}")

    def _said(self, error: Exception) -> str:
        """What the server or the connection said, without any of our secrets."""
        if isinstance(error, hvac.exceptions.VaultError):
            said = ", ".join(error.errors or []) or error.text or str(error.args[0] or "no reason given")
        else:
            said = str(error)
        for name in SECRET_SETTINGS:
            if getattr(self.settings, name):
                said = said.replace(getattr(self.settings, name), "...")
        return " ".join(said.split())[:300]

    def _advice(self, error: Exception) -> str:
        settings = self.settings
        if isinstance(error, requests.exceptions.SSLError):
            return (
                "its certificate is not trusted: set datacloud_secret_openbao.ca_path to the certificate of the "
                "authority that signed it, and use a name that is in it"
            )
        if isinstance(error, requests.Timeout):
            return f"no answer within {settings.timeout} s: is {settings.url} the right address, and its cluster up?"
        if isinstance(error, requests.ConnectionError):
            return f"is {settings.url} the right address, and OpenBao running there?"
        if isinstance(error, hvac.exceptions.VaultDown):
            return "OpenBao is sealed: unseal it (docs/openbao.md) and run again"
        if isinstance(error, hvac.exceptions.VaultNotInitialized):
            return "OpenBao is not initialised yet: run playbooks/identity.yml"
        if isinstance(error, hvac.exceptions.Forbidden | hvac.exceptions.Unauthorized):
            return (
                f"the {'token' if settings.auth_method == 'token' else settings.auth_method + ' login'} is not valid "
                f"any more, its policy does not allow this in the mount {settings.mount}, or there is no such mount"
            )
        if isinstance(error, hvac.exceptions.InvalidPath):
            return f"is there a mount of KV version 2 called {settings.mount}? datacloud_secret_openbao.mount names it"
        if _retryable(error) or "standby" in self._said(error):
            return "it has no active member, or is busy: look at `bao status` on its members, and run again"
        return "look into OpenBao's log"


class _NotFound(Exception):
    """There is no such secret (any more); version is that of the one that was deleted, 0 if there never was one."""

    def __init__(self, error: hvac.exceptions.InvalidPath) -> None:
        super().__init__()
        answer = error.json if isinstance(error.json, dict) else {}
        self.version = ((answer.get("data") or {}).get("metadata") or {}).get("version", 0)


class _CameSecond(Exception):
    """Another writer made the secret first."""


def _retryable(error: Exception) -> bool:
    """Whether the same request may succeed in a moment. A sealed server stays sealed until somebody comes."""
    if isinstance(error, requests.exceptions.SSLError):
        return False
    if isinstance(error, hvac.exceptions.InvalidRequest):
        return STARTING in str(error)
    passing = (
        hvac.exceptions.InternalServerError,
        hvac.exceptions.BadGateway,
        hvac.exceptions.RateLimitExceeded,
        requests.ConnectionError,
        requests.Timeout,
    )
    return isinstance(error, passing) or (isinstance(error, hvac.exceptions.VaultDown) and "sealed" not in str(error))


def _content(path: object) -> str:
    """The text of a file that holds a token."""
    try:
        return Path(str(path)).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretError(f"the JWT for OpenBao cannot be read from {path}: {error.strerror}") from None
