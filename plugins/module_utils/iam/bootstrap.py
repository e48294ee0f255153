# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first minutes of an INDIGO IAM: from the credentials everybody knows to ones of our own.

As in the source of login-service 1.12: POST /login takes a form without CSRF token and answers with a redirect
(IamWebSecurityConfig); the session it starts may use the administrators' interface (IamApiSecurityConfig,
ClientManagementAPIController) and changes the account's own password (PasswordUpdateController). The migrations make
the account admin with the password "password" and the client "client" with the secret "secret".
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.urls import basic_auth_header, make_context

from ansible_collections.infn.datacloud.plugins.module_utils.core import MASK, ApiError, Operation, SpecError

DEFAULT_PASSWORD = "password"  # noqa: S105  (upstream's, to be replaced)
DEFAULT_CLIENT = ("client", "secret")
SCOPES = (
    "scim:read",
    "scim:write",
    "iam:admin.read",
    "iam:admin.write",
    "registration:read",
    "registration:write",
)
# util/RegexUtil.java: a lower-case and an upper-case letter, a digit, a symbol, 9 characters as its pattern counts.
PASSWORD_LENGTH = 9
MARK = "Made by infn.datacloud for the administration of this service"


@dataclass
class Answer:
    """One answer: status, headers (http.client.HTTPMessage) and content (bytes)."""

    status: int
    headers: object
    content: bytes

    def json(self):
        """The content as JSON (dict), empty where it is none."""
        try:
            found = json.loads(self.content)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Unreachable(ApiError):
    """No answer at all: the service does not run, or not there."""


class Client:
    """Requests to one IAM, one connection each; redirects are answers, cookies are kept by the caller."""

    def __init__(self, url, ca_path=None, timeout=30):
        """url: http only to this very host (str); ca_path: authorities to trust, the host's own where None."""
        self.url = url.rstrip("/")
        self.parts = urlsplit(self.url)
        self.timeout = timeout
        local = self.parts.hostname in ("127.0.0.1", "::1", "localhost")
        if not self.parts.hostname or (self.parts.scheme != "https" and not (self.parts.scheme == "http" and local)):
            raise ApiError(f"{url} is no https address, nor one of this host; IAM's secrets travel over TLS only")
        try:
            self.context = make_context(cafile=ca_path) if self.parts.scheme == "https" else None
        except OSError as error:
            raise ApiError(f"{ca_path} holds no certificate authority that can be read: {error}") from error

    def send(self, method, path, form=None, body=None, headers=None):
        """The Answer to a request; form: sent as a form (dict); body: sent as JSON. Raises Unreachable."""
        accept = "application/json, application/scim+json"
        headers = {"Accept": accept, "User-Agent": "infn.datacloud", **(headers or {})}
        content = None
        if form is not None:
            content = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            content = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = self._connection()
        try:
            connection.request(method, self.parts.path + path, content, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, ssl.SSLCertVerificationError):
                raise ApiError(f"{self.url}: its certificate is not trusted: {error.verify_message}") from error
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise Unreachable(f"{method} {path}: no answer from {self.url}: {reason}") from error
        finally:
            connection.close()

    def _connection(self):
        if self.context is None:
            return http.client.HTTPConnection(self.parts.hostname, self.parts.port, timeout=self.timeout)
        return http.client.HTTPSConnection(
            self.parts.hostname, self.parts.port, timeout=self.timeout, context=self.context
        )

    def token(self, client, secret, scopes):
        """An access token (str) by client credentials, or None where IAM refuses the client or the scopes."""
        form = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
        answer = self.send("POST", "/token", form=form, headers=basic(client, secret))
        if answer.status in (400, 401, 403):
            return None
        found = answer.json()
        if answer.status != 200 or "access_token" not in found:
            raise refused(f"token for client {client}", "POST /token", answer)
        granted = found.get("scope", "").split()
        return found["access_token"] if set(scopes) <= set(granted) else None

    def login(self, username, password):
        """The headers (dict) of a session, or None where IAM refuses the password."""
        answer = self.send("POST", "/login", form={"username": username, "password": password})
        where = answer.headers.get("Location", "")
        if answer.status not in (302, 303) or not where:
            raise refused(f"login of {username}", "POST /login", answer)
        target = urlsplit(where)
        if target.path.endswith("/login"):
            return None
        if target.path.rstrip("/").endswith(("/iam/verify", "/iam/aup/sign")):
            raise ApiError(
                f"login of {username}: IAM asks for more than the password ({target.path}): log in with a browser, "
                "complete it there and run this again"
            )
        cookies = [value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie") or []]
        if not cookies:
            raise refused(f"login of {username}: no session", "POST /login", answer)
        # Sent back whatever their flags say: behind a proxy IAM may mark them for https only.
        return {"Cookie": "; ".join(cookies)}


def basic(username, password):
    """The header (dict) of HTTP Basic."""
    return {"Authorization": basic_auth_header(username, password).decode()}


def refused(subject, request, answer):
    """ApiError for an answer that is an error; its text shows what IAM said, which holds no secret of ours."""
    found = answer.json()
    said = found.get("error_description") or found.get("detail") or found.get("error")
    said = " ".join(str(said or answer.content.decode("utf-8", "replace")).split())[:200] or "no explanation"
    return ApiError(f"{subject}: {request}: HTTP {answer.status}: {said}")


@dataclass
class Wanted:
    """What shall be: the administrator's name and password, our client, and the default client to remove or ''."""

    username: str
    password: str
    current_password: str
    client_id: str
    client_secret: str
    client_scopes: tuple = SCOPES
    default_client: str = DEFAULT_CLIENT[0]

    def check(self):
        """Raise SpecError where IAM would refuse it later, half-way through."""
        faults = []
        symbol = any(not letter.isalnum() and 32 < ord(letter) < 127 for letter in self.password)
        kinds = (str.islower, str.isupper, str.isdigit)
        if (
            len(self.password) < PASSWORD_LENGTH
            or not symbol
            or not all(any(kind(letter) for letter in self.password) for kind in kinds)
        ):
            faults.append(
                f"the password needs {PASSWORD_LENGTH} characters or more, among them a lower-case and an upper-case "
                "letter, a digit and a symbol"
            )
        if len(self.client_secret) < 16:
            faults.append("client_secret needs 16 characters or more")
        if self.client_id == self.default_client:
            faults.append(f"client_id cannot be that of the default client, {self.default_client}")
        if faults:
            raise SpecError("; ".join(faults))


class Bootstrap:
    """Reads what is there, plans, and applies; may be cut off anywhere and run again."""

    def __init__(self, client, wanted):
        self.client, self.wanted = client, wanted
        self.token = self.session = self.opened_by = None

    def plan(self):
        """The operations (list of core.Operation) that are needed. Only logs in and reads."""
        wanted = self.wanted
        self.token = self.client.token(wanted.client_id, wanted.client_secret, wanted.client_scopes)
        # The wanted password first: where it works the default one cannot, and no failed login is counted.
        for password in dict.fromkeys((wanted.password, wanted.current_password)):
            self.session = self.client.login(wanted.username, password)
            if self.session:
                self.opened_by = password
                break
        if not self.session and not self.token:
            raise ApiError(
                f"account {wanted.username}: IAM takes neither the wanted password nor the current one, nor the "
                f"secret of client {wanted.client_id}: give the account's current_password"
            )
        operations = []
        if not self.token:
            there = self._get_client(wanted.client_id)
            operations.append(self._client_operation(there))
        if self.opened_by != wanted.password:
            operations.append(
                Operation("update", f"account {wanted.username}", {"password": MASK}, {"password": MASK}, ("password",))
            )
        if wanted.default_client:
            there = self._get_client(wanted.default_client)
            if there:
                shown = {name: there.get(name) for name in ("client_name", "scope", "grant_types")}
                operations.append(Operation("delete", f"client {wanted.default_client}", before=shown))
        return operations

    def apply(self, operation):
        """Carry out one operation of the plan."""
        if operation.action == "delete":
            path = f"/iam/api/clients/{quote(self.wanted.default_client, safe='')}"
            self._send("DELETE", path, operation.key, absent=True)
        elif operation.key.startswith("account"):
            self._set_password(operation.key)
        else:
            self._save_client(operation)

    def _client_operation(self, there):
        wanted = self.wanted
        after = {
            "client_name": there.get("client_name") if there else wanted.client_id,
            "client_secret": MASK,
            "grant_types": sorted({*(there or {}).get("grant_types", []), "client_credentials"}),
            "scope": " ".join(sorted({*(there or {}).get("scope", "").split(), *wanted.client_scopes})),
        }
        before = {name: there.get(name) for name in after} if there else None
        if before:
            before["client_secret"] = MASK
        changes = tuple(name for name in after if not before or name == "client_secret" or before[name] != after[name])
        return Operation("update" if there else "create", f"client {wanted.client_id}", before, after, changes)

    def _save_client(self, operation):
        wanted = self.wanted
        there = self._get_client(wanted.client_id) if operation.action == "update" else {}
        body = {
            **there,
            "client_id": wanted.client_id,
            "client_secret": wanted.client_secret,
            "client_name": operation.after["client_name"],
            "client_description": there.get("client_description") or MARK,
            "grant_types": operation.after["grant_types"],
            "scope": operation.after["scope"],
            "token_endpoint_auth_method": "client_secret_basic",
        }
        path = f"/iam/api/clients/{quote(wanted.client_id, safe='')}"
        if operation.action == "update":
            self._send("PUT", path, operation.key, body=body)
        else:
            made = self._send("POST", "/iam/api/clients", operation.key, body=body).json()
            # IAM makes up the secret of a new client, whatever the request says; a change may set it.
            if made.get("client_secret") != wanted.client_secret:
                self._send("PUT", path, operation.key, body={**made, "client_secret": wanted.client_secret})
        # A client that IAM took and does not let in would lock everybody out once the password is replaced.
        self.token = self.client.token(wanted.client_id, wanted.client_secret, wanted.client_scopes)
        if not self.token:
            raise ApiError(
                f"{operation.key}: IAM accepted it but gives it no token with {' '.join(wanted.client_scopes)}"
            )

    def _set_password(self, subject):
        wanted = self.wanted
        if self.session:
            form = {"currentPassword": self.opened_by, "updatedPassword": wanted.password}
            answer = self.client.send("POST", "/iam/password-update", form=form, headers=self.session)
            if answer.status not in (200, 204):
                raise refused(subject, "POST /iam/password-update", answer)
        else:
            # Somebody changed the password by hand: our client may still replace it.
            self._replace_password(subject)
        self.session = self.client.login(wanted.username, wanted.password)
        if not self.session:
            raise ApiError(f"{subject}: IAM accepted the password but does not take it")

    def _replace_password(self, subject):
        path = f"/iam/account/find/byusername?{urlencode({'username': self.wanted.username})}"
        users = self._send("GET", path, subject).json().get("Resources") or []
        if not users:
            raise ApiError(f"{subject}: there is no such account")
        body = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "operations": [{"op": "replace", "value": {"password": self.wanted.password}}],
        }
        headers = {"Content-Type": "application/scim+json;charset=UTF-8"}
        self._send("PATCH", f"/scim/Users/{users[0]['id']}", subject, body=body, headers=headers)

    def _get_client(self, client_id):
        answer = self._send("GET", f"/iam/api/clients/{quote(client_id, safe='')}", f"client {client_id}", absent=True)
        return None if answer is None else answer.json()

    def _send(self, method, path, subject, body=None, headers=None, absent=False):
        """The Answer, None for 404 with absent; ApiError for an error. By session, else by our client's token."""
        who = {"Authorization": f"Bearer {self.token}"} if self.token else self.session
        answer = self.client.send(method, path, body=body, headers={**who, **(headers or {})})
        if absent and answer.status == 404:
            return None
        if answer.status >= 300:
            raise refused(subject, f"{method} {path.partition('?')[0]}", answer)
        return answer


def probe(client, expected):
    """What does not hold of a running IAM (list of str), seen as a stranger and as our client sees it.

    expected: dict with issuer, kids (list; the first one signs), client_id, client_secret, username, password ('' to
    leave it out).
    """
    return [*_probe_discovery(client, expected), *_probe_credentials(client, expected)]


def _probe_discovery(client, expected):
    wrong = []
    answer = client.send("GET", "/.well-known/openid-configuration")
    found = answer.json()
    if answer.status != 200 or found.get("issuer") != expected["issuer"]:
        wrong.append(
            f"/.well-known/openid-configuration names the issuer {found.get('issuer')!r} (HTTP {answer.status}), "
            f"not {expected['issuer']!r}"
        )
    answer = client.send("GET", "/jwk")
    keys = {jwk.get("kid"): jwk for jwk in answer.json().get("keys") or []}
    for kid in expected["kids"]:
        if kid not in keys:
            wrong.append(f"/jwk does not publish the key {kid}")
        elif not keys[kid].get("x5c"):
            wrong.append(f"/jwk publishes the key {kid} without x5c")
    private = sorted(str(kid) for kid, jwk in keys.items() if "d" in jwk)
    if private:
        wrong.append(f"/jwk publishes the PRIVATE part of {', '.join(private)}: replace these keys at once")
    answer = client.send("GET", "/actuator/health")
    if answer.status != 200 or answer.json().get("status") != "UP":
        wrong.append(f"/actuator/health says {answer.json().get('status') or 'nothing'} (HTTP {answer.status})")
    return wrong


def _probe_credentials(client, expected):
    wrong = []
    token = client.token(expected["client_id"], expected["client_secret"], ("iam:admin.read",))
    if not token:
        wrong.append(f"client {expected['client_id']} gets no token")
    elif expected["kids"] and _kid(token) != expected["kids"][0]:
        wrong.append(f"tokens are signed with the key {_kid(token)}, not with {expected['kids'][0]}")
    # Introspection tells a wrong secret (401) from a right one, whatever grants the client has.
    answer = client.send("POST", "/introspect", form={"token": "none"}, headers=basic(*DEFAULT_CLIENT))
    if answer.status not in (401, 403):
        wrong.append(f"the default client {DEFAULT_CLIENT[0]} is not refused (HTTP {answer.status})")
    if client.login(expected["username"], DEFAULT_PASSWORD):
        wrong.append(f"account {expected['username']} still has the default password")
    # Last, so that releases which lock accounts see a good login after the bad one.
    if expected["password"] and not client.login(expected["username"], expected["password"]):
        wrong.append(f"account {expected['username']} has another password than the wanted one")
    return wrong


def _kid(token):
    """The key (str) that a token says it is signed with, or None where it is no JWT."""
    header = token.partition(".")[0]
    try:
        return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))).get("kid")
    except (ValueError, AttributeError):
        return None
