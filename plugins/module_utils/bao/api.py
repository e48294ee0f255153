# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that speaks to OpenBao (or Vault, whose API it is): https://openbao.org/api-docs/ ."""

from __future__ import annotations

import contextlib
import json
from urllib.error import HTTPError
from urllib.parse import quote

from ansible.module_utils.urls import open_url

from ansible_collections.infn.datacloud.plugins.module_utils import core

OPTIONS = {
    "url": {"type": "str", "required": True},
    "token": {"type": "str", "no_log": True},
    "role_id": {"type": "str", "no_log": True},
    "secret_id": {"type": "str", "no_log": True},
    "auth_path": {"type": "str", "default": "approle"},
    "ca_path": {"type": "path"},
    "namespace": {"type": "str"},
    "timeout": {"type": "int", "default": 30},
}
TRIES = 5
# Answers that are over in a moment: no leader yet, a KV engine that has just been made version 2.
PASSING = ("active cluster node not found", "no active", "Upgrading from non-versioned", "upgrading from non-versioned")


class Unavailable(core.ApiError):
    """There is no server to ask (yet): nobody listens, it is not initialised or sealed, or no credentials are given."""


class Refused(core.ApiError):
    """The server knows neither the token nor the credentials."""


class Passing(core.ApiError):
    """An answer that another try may better."""


class Bao:
    """One server; params: the module's options (see OPTIONS). Close it, so that what it logged in with ends."""

    def __init__(self, params, tries=TRIES):
        self.params, self.tries = params, tries
        self.url = params["url"].rstrip("/")
        self.forget()

    def call(self, method, path, subject, body=None, *, absent=(404,), public=False, tries=None):
        """The answer (dict; empty where there is none) of a request; None for a status in absent.

        method: GET, LIST, POST, PUT, PATCH or DELETE; public: send no token. Raises ApiError.
        """

        def request():
            return self._request(method, path, subject, body, absent, public)

        return core.retry(request, lambda error: isinstance(error, Passing), tries=tries or self.tries)

    def data(self, path, subject, absent=(404,)):
        """What a GET of the path holds (dict), None where there is nothing."""
        answer = self.call("GET", path, subject, absent=absent)
        return None if answer is None else answer.get("data") or {}

    def login(self):
        """Make sure there is a token: the given one, or one from AppRole. Raises Refused or Unavailable."""
        if self._token:
            return
        params = self.params
        if not (params.get("role_id") and params.get("secret_id")):
            raise Unavailable(f"{self.url}: neither a token nor role_id and secret_id are given")
        path = f"auth/{params.get('auth_path') or 'approle'}/login"
        body = {"role_id": params["role_id"], "secret_id": params["secret_id"]}
        answer = self.call("POST", path, "login", body, absent=(400, 403, 404), public=True)
        if answer is None:
            raise Refused(f"{self.url}: {path} refused the AppRole credentials; check role_id and secret_id")
        self._token, self._own = answer["auth"]["client_token"], True

    def close(self):
        """Revoke the token of login(); a failure is let pass, as the token runs out by itself."""
        if not self._own:
            return
        with contextlib.suppress(core.ApiError):
            self.call("POST", "auth/token/revoke-self", "logout", tries=1)
        self.forget()

    def forget(self):
        """Log in anew with the next request."""
        self._token, self._own = self.params.get("token"), False

    def borrow(self, other):
        """Act with the token of another connection, which closes it."""
        self._token, self._own = other._token, False

    def _request(self, method, path, subject, body, absent, public):
        headers = {"X-Vault-Request": "true"}
        if self.params.get("namespace"):
            headers["X-Vault-Namespace"] = self.params["namespace"]
        if not public:
            self.login()
            headers["X-Vault-Token"] = self._token
        said = f"{subject}: {method} {path} at {self.url}"
        data = None
        if isinstance(body, bytes):
            data = body
            headers["Content-Type"] = "application/octet-stream"
        elif body is not None:
            data = json.dumps(body)
            kind = "merge-patch+json" if method == "PATCH" else "json"
            headers["Content-Type"] = f"application/{kind}"
        query = "?list=true" if method == "LIST" else ""
        try:
            with open_url(
                f"{self.url}/v1/{quote(path, safe='/?=&')}{query}",
                method="GET" if method == "LIST" else method,
                data=data,
                headers=headers,
                timeout=self.params.get("timeout") or 30,
                ca_path=self.params.get("ca_path"),
            ) as answer:
                text = answer.read()
        except HTTPError as error:
            if error.code in absent:
                return None
            raise _judged(error, said) from error
        except Exception as error:  # whatever the library raises, there was no answer
            reason = getattr(error, "reason", None) or error
            if "CERTIFICATE_VERIFY_FAILED" in str(reason):
                raise core.ApiError(f"{said}: {reason}; give the authority's certificate as ca_path") from error
            raise _NoAnswer(f"{said}: {reason}; check that the server runs and is reached from here") from error
        try:
            return json.loads(text) if text else {}
        except ValueError as error:
            raise core.ApiError(f"{said}: the answer is not JSON, so this is not OpenBao's address") from error


class _NoAnswer(Unavailable, Passing):
    """Nobody answered: tried again, then the server counts as not there."""


def _judged(error, said):
    """The exception that an HTTPError amounts to."""
    text = error.read().decode(errors="replace")
    with contextlib.suppress(ValueError, KeyError, TypeError):
        text = "; ".join(json.loads(text)["errors"])
    text = " ".join(text.split())[:500] or "no message"
    said = f"{said}: HTTP {error.code} {text}"
    if error.code == 503 and "sealed" in text:
        return Unavailable(f"{said}; unseal it")
    if error.code in (501, 503) and "not initialized" in text:
        return Unavailable(f"{said}; initialise it")
    # 307: a standby member that does not reach the active one yet.
    if error.code in (307, 429, 502, 503, 504) or any(part in text for part in PASSING):
        return Passing(said)
    if error.code == 403:
        return Refused(f"{said}; the token is unknown or its policies do not allow this")
    return core.ApiError(said)
