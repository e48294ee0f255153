# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that speaks to INDIGO IAM: its REST interface and SCIM, with one token and few connections.

Facts are those of login-service 1.12: https://indigo-iam.github.io/v/current/docs/reference/api/ and its source.
"""

from __future__ import annotations

import http.client
import json
import math
import select
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from ansible.module_utils.urls import basic_auth_header, make_context

from ansible_collections.infn.datacloud.plugins.module_utils import core

OPTIONS = {
    "url": {"type": "str", "required": True},
    "client_id": {"type": "str"},
    "client_secret": {"type": "str", "no_log": True},
    "token": {"type": "str", "no_log": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 60},
    "parallel": {"type": "int", "default": 8},
}
# For AnsibleModule: a client with its secret, or a token.
CREDENTIALS = {
    "required_together": [("client_id", "client_secret")],
    "mutually_exclusive": [("token", "client_id"), ("token", "client_secret")],
    "required_one_of": [("token", "client_id")],
}
# IAM gives at most so many objects a page, whatever is asked for.
PAGE = 100
TRIES = 5
# A connection that nobody used for so many seconds is about to be closed by the other side, so a new one is opened.
IDLE = 5
SCIM_TYPE = "application/scim+json;charset=UTF-8"


class Refused(core.ApiError):
    """An answer of IAM that is an error."""

    def __init__(self, text, status):
        """status: HTTP (int)."""
        super().__init__(text)
        self.status = status


class Unreachable(core.ApiError):
    """Nobody answered."""


class Wire:
    """Requests to one server, each thread over a connection of its own that stays open.

    ansible.module_utils.urls opens a connection and reads all certificate authorities again for every request, which
    takes longer than the requests of a thousand groups themselves; its TLS settings are used here all the same.
    """

    def __init__(self, url, ca_path, timeout):
        """url: the server (str); ca_path: authorities to trust, the host's own where None; timeout: in seconds."""
        self.url = urlsplit(url)
        plain = self.url.scheme == "http" and self.url.hostname in ("localhost", "127.0.0.1", "::1")
        if not self.url.hostname or not (self.url.scheme == "https" or plain):
            raise core.ApiError(f"{url} is no https address; IAM's tokens and secrets travel over TLS only")
        self.timeout = timeout
        try:
            self.context = None if plain else make_context(cafile=ca_path)
        except OSError as error:
            raise core.ApiError(f"{ca_path} holds no certificate authority that can be read: {error}") from error
        self.mine = threading.local()

    def _connection(self):
        used = getattr(self.mine, "used", None)
        if used is not None and time.monotonic() - used < IDLE and not self._closed(self.mine.connection):
            return self.mine.connection
        self.drop()
        host, port = self.url.hostname, self.url.port
        if self.context is None:
            return http.client.HTTPConnection(host, port, timeout=self.timeout)
        proxy = None if proxy_bypass(host) else getproxies().get("https")
        if not proxy:
            return http.client.HTTPSConnection(host, port, timeout=self.timeout, context=self.context)
        through = urlsplit(proxy)
        connection = http.client.HTTPSConnection(
            through.hostname, through.port, timeout=self.timeout, context=self.context
        )
        headers = {}
        if through.username:
            headers["Proxy-Authorization"] = basic_auth_header(through.username, through.password or "").decode()
        connection.set_tunnel(host, port or 443, headers)
        return connection

    def _closed(self, connection):
        """Whether the other side has closed: then there is something to read although nothing was asked."""
        return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])

    def drop(self):
        """Close this thread's connection."""
        if getattr(self.mine, "connection", None):
            self.mine.connection.close()
        self.mine.connection = self.mine.used = None

    def send(self, method, path, body, headers):
        """(status, content) of one request; raises OSError or http.client.HTTPException."""
        connection = self.mine.connection = self._connection()
        try:
            connection.request(method, self.url.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            self.drop()
            raise
        self.mine.used = time.monotonic()
        return answer.status, content


class Iam:
    """One IAM as seen with one token, which is asked for at the first request that needs it."""

    def __init__(self, module, read=(), write=()):
        """module: AnsibleModule with OPTIONS; read, write: the scopes (str) that reading and writing take."""
        params = module.params
        self.url = params["url"].rstrip("/")
        self.client_id, self.client_secret = params["client_id"], params["client_secret"]
        self.scopes = [*read, *(() if module.check_mode else write)]
        self.parallel = max(1, params["parallel"])
        self.token = params["token"]
        # In check mode a service that is yet to be installed is not waited for.
        self.tries = 2 if module.check_mode else TRIES
        self.lock = threading.Lock()
        self.wire = Wire(self.url, params["ca_path"], params["timeout"])
        self.pool = ThreadPoolExecutor(self.parallel)

    @property
    def speaks_for_a_user(self):
        """Whether the token may be a user's (bool): one of client credentials has no account behind it."""
        return self.client_id is None

    def call(self, method, path, subject, body=None, query=None, scim=False, absent=(), anonymous=False):
        """The answer (dict, list or None) to a request; None too for a status in absent.

        path: str below the address, quoted; subject: what it is about, for messages (str); body: sent as JSON;
        query: dict; scim: the body is SCIM; anonymous: without a token. Raises Refused or ApiError.
        """
        if query:
            path = f"{path}?{urlencode(query)}"
        headers = {"Accept": "application/scim+json, application/json", "User-Agent": "infn.datacloud"}
        if not anonymous:
            headers["Authorization"] = f"Bearer {self._token()}"
        if body is not None:
            headers["Content-Type"] = SCIM_TYPE if scim else "application/json"
            body = json.dumps(body).encode()
        status, content = self._send(method, path, subject, body, headers)
        if status in absent:
            return None
        if status >= 300:
            raise self._refused(method, path, subject, status, content)
        return self._decoded(method, path, subject, content)

    def pages(self, path, subject, query=None, first=None):
        """All resources (list of dict) of a list that IAM gives in pages; first: its first page where it is known."""
        first = first or self.page(path, subject, query)
        found = list(first.get("Resources") or [])
        starts = range(len(found) + 1, first["totalResults"] + 1, max(1, len(found)))
        for page in self.each(lambda start: self.page(path, subject, query, start), starts).values():
            found.extend(page.get("Resources") or [])
        return found

    def page(self, path, subject, query=None, start=1, count=PAGE):
        """One page (dict: totalResults, Resources) of a list; start counts from 1."""
        return self.call("GET", path, subject, query={**(query or {}), "startIndex": start, "count": count})

    def each(self, call, items):
        """{item: call(item)}, so many of them at a time as the module may; the first error is raised."""
        items = list(items)
        results = map(call, items) if len(items) < 2 else self.pool.map(call, items)
        return dict(zip(items, results, strict=True))

    def more_pages(self, first):
        """How many pages (int) a list has after this one."""
        return math.ceil(max(0, first["totalResults"] - PAGE) / PAGE)

    def accounts(self, names, query=None):
        """{username: SCIM user} of the usernames (set) that exist; query: for the listing (dict)."""
        return self._known(names, "/scim/Users", "accounts", "userName", self.by_username, query)

    def groups(self, paths):
        """{path: SCIM group} of the groups (set of paths) that exist."""
        names = {path.strip("/") for path in paths}
        found = self._known(names, "/scim/Groups", "groups", "displayName", self._groups_by_name)
        return {f"/{name}": group for name, group in found.items()}

    def _known(self, names, path, subject, key, find, query=None):
        """{name: resource} of the names (set) that exist.

        All are listed, or the missing ones asked for one by one after the first page: whichever takes fewer requests,
        as IAM's SCIM knows no filter.
        """
        if not names:
            return {}
        first = self.page(path, subject, query)
        found = {entry[key]: entry for entry in first.get("Resources") or []}
        missing = sorted(set(names) - set(found))
        if missing and self.more_pages(first) <= len(missing):
            found.update({entry[key]: entry for entry in self.pages(path, subject, query, first)})
        else:
            found.update(find(missing))
        return {name: found[name] for name in names if name in found}

    def by_username(self, names):
        """{username: SCIM user} of the usernames (list) that exist, one request each."""
        return self._found("/iam/account/find/byusername", "username", "account", "userName", names)

    def group_by_name(self, paths):
        """{path: SCIM group} of the groups (list of paths) that exist, one request each."""
        found = self._groups_by_name([path.strip("/") for path in paths])
        return {f"/{name}": group for name, group in found.items()}

    def _groups_by_name(self, names):
        return self._found("/iam/group/find/byname", "name", "group", "displayName", names)

    def _found(self, path, parameter, kind, key, names):
        def find(name):
            return self.call("GET", path, f"{kind} {name}", query={parameter: name})

        # The search for a group's name ignores case.
        answers = self.each(find, names).items()
        return {
            name: entry for name, answer in answers for entry in answer.get("Resources") or [] if entry[key] == name
        }

    def _token(self):
        with self.lock:
            if self.token is None:
                self.token = self._new_token()
            return self.token

    def _new_token(self):
        subject = f"token for client {self.client_id}"
        if self.client_id is None:
            raise core.ApiError(f"{self.url} wants to know who asks: give client_id and client_secret, or token")
        headers = {
            "Accept": "application/json",
            "Authorization": basic_auth_header(self.client_id, self.client_secret).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = {"grant_type": "client_credentials", "scope": " ".join(self.scopes)}
        status, content = self._send("POST", "/token", subject, urlencode(form).encode(), headers, again=True)
        if status >= 300:
            raise self._refused("POST", "/token", subject, status, content)
        answer = self._decoded("POST", "/token", subject, content)
        lacking = sorted(set(self.scopes) - set(answer.get("scope", form["scope"]).split()))
        if lacking:
            raise core.ApiError(f"{subject}: IAM did not grant {', '.join(lacking)}; add it to the client's scopes")
        return answer["access_token"]

    def _send(self, method, path, subject, body, headers, again=False):
        """(status, content), tried again for 429, 5xx and lost connections.

        What creates something is only tried again where IAM surely did not do it: a lost connection or an error may
        come after the deed. again: whether a POST may be repeated all the same.
        """
        creates = method == "POST" and not again

        def once():
            status, content = self.wire.send(method, path, body, headers)
            if status in (429, 503) or (status >= 500 and not creates):
                raise _Later(status, content)
            return status, content

        def retryable(error):
            if isinstance(error, ssl.SSLCertVerificationError):
                return False
            return isinstance(error, (_Later, ConnectionRefusedError)) or (
                isinstance(error, (OSError, http.client.HTTPException)) and not creates
            )

        try:
            return core.retry(once, retryable, tries=self.tries)
        except _Later as error:
            return error.status, error.content
        except ssl.SSLCertVerificationError as error:
            raise core.ApiError(
                f"{subject}: {self.url} has a certificate that is not trusted: {error.verify_message}; check ca_path"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{subject}: {method} {path}: no answer from {self.url}: {_reason(error)}") from error

    def _refused(self, method, path, subject, status, content):
        return Refused(f"{subject}: {method} {path}: HTTP {status}: {_said(content)}{self._hint(path, status)}", status)

    def _hint(self, path, status):
        if status == 401:
            return "; check the token, or the client's id and secret"
        if status == 403:
            scopes = "scim:read and scim:write" if path.startswith("/scim") else "iam:admin.read and iam:admin.write"
            return f"; the token needs the scopes {scopes}"
        if path == "/token":
            return f"; the client needs the grant client_credentials and the scopes {' '.join(self.scopes)}"
        return ""

    def _decoded(self, method, path, subject, content):
        if not content:
            return None
        try:
            return json.loads(content)
        except ValueError as error:
            raise core.ApiError(
                f"{subject}: {method} {path}: {self.url} answered with something that is not JSON; is it an IAM?"
            ) from error


class _Later(Exception):
    """An answer after which the same request may work."""

    def __init__(self, status, content):
        super().__init__(status)
        self.status, self.content = status, content


def segment(text):
    """A name (str) as one part of a path."""
    return quote(text, safe="")


def _said(content):
    """What an error's body (bytes) says, in one line (str); IAM, its SCIM, its OAuth and Spring word it differently."""
    text = content.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, dict):
        for name in ("error_description", "detail", "error", "message"):
            if body.get(name):
                text = str(body[name])
                break
    return " ".join(text.split())[:300] or "no explanation"


def _reason(error):
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
