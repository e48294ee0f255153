# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who makes a request, and what they may do.

As in config/security/IamApiSecurityConfig.java: /scim, /registration and /iam take a bearer token or the session of a
browser, without CSRF tokens; a token counts by its scopes only, a session by the account's authorities only
(core/expression/IamSecurityExpressionMethods.java).
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field

import bcrypt
from flask import current_app, g, request
from sqlalchemy import select

from . import store
from .wire import ApiError

ADMIN = "ROLE_ADMIN"
READER = "ROLE_READER"
# jBCrypt's cost in Spring; SCIM's many accounts without a password need no hash.
COST = 10


def hash_password(password):
    """Return the bcrypt hash (str) of a password (str); like Spring's, bcrypt sees its first 72 bytes."""
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(COST)).decode()


def password_matches(password, hashed):
    """Return whether a password (str) is that of a hash (str, or None for an account that has none)."""
    return bool(hashed) and bcrypt.checkpw(password.encode()[:72], hashed.encode())


@dataclass
class Caller:
    """Who makes the request: by token (scopes, client, perhaps an account) or by session (an account)."""

    account: object = None
    authorities: set = field(default_factory=set)
    scopes: set = field(default_factory=set)
    client_id: str | None = None
    by_token: bool = False

    def manages(self, group):
        """Return whether this session's account manages a group (uuid)."""
        return not self.by_token and f"ROLE_GM:{group}" in self.authorities

    def is_account(self, uuid):
        """Return whether the caller acts for this account (uuid)."""
        return self.account is not None and self.account.uuid == uuid


class Sessions:
    """Sessions of browsers, in memory like Tomcat's: a restart ends them."""

    COOKIE = "JSESSIONID"

    def __init__(self, timeout):
        """timeout: seconds without a request after which a session ends (int)."""
        self.timeout = timeout
        self.lock = threading.Lock()
        self.found = {}

    def start(self, account):
        """Return the cookie's value (str) of a new session of an account (uuid)."""
        value = secrets.token_hex(16).upper()
        with self.lock:
            self.found[value] = {"account": account, "used": time.time(), "authenticated": time.time()}
        return value

    def get(self, value):
        """Return the session (dict), or None where it is unknown or too old."""
        with self.lock:
            session = self.found.get(value)
            if session and time.time() - session["used"] > self.timeout:
                del self.found[value]
                session = None
            if session:
                session["used"] = time.time()
            return session

    def end(self, value):
        """Forget a session."""
        with self.lock:
            self.found.pop(value, None)


def authorities_of(account):
    """Return the authorities (set of str) of an account (uuid)."""
    query = select(store.authority.c.authority).where(store.authority.c.account == account)
    return set(g.db.execute(query).scalars())


def unauthorized(code="unauthorized", text="Full authentication is required to access this resource"):
    """Return the 401 of Spring's OAuth2AuthenticationEntryPoint."""
    challenge = f'Bearer realm="openid", error="{code}", error_description="{text}"'
    return ApiError(401, {"error": code, "error_description": text}, {"WWW-Authenticate": challenge})


def denied():
    """Return the 403 of a session whose account lacks the authority."""
    return ApiError(403, {"error": "access_denied", "error_description": "Access is denied"})


def insufficient_scope(scope):
    """Return the 403 of a token without the scope (str)."""
    text = "Insufficient scope for this resource"
    challenge = f'Bearer realm="openid", error="insufficient_scope", error_description="{text}", scope="{scope}"'
    body = {"error": "insufficient_scope", "error_description": text, "scope": scope}
    return ApiError(403, body, {"WWW-Authenticate": challenge})


def session_of_request():
    """Return the session (dict) of this request's cookie, or None; also when its account is gone or disabled."""
    session = current_app.sessions.get(request.cookies.get(Sessions.COOKIE, ""))
    if not session:
        return None
    row = store.one(g.db, store.account, uuid=session["account"])
    return {**session, "row": row} if row is not None and row.active else None


def caller():
    """Return the Caller of this request; raise 401 where there is none."""
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("bearer "):
        claims = current_app.tokens.verified(g.db, header[7:].strip())
        if claims is None:
            raise unauthorized("invalid_token", f"Invalid access token: {header[7:].strip()}")
        account = claims["account"]
        if account is not None and not account.active:
            raise unauthorized("invalid_token", "User is disabled")
        return Caller(
            account=account,
            scopes=set(claims["scopes"]),
            client_id=claims["client_id"],
            by_token=True,
        )
    session = session_of_request()
    if session is None:
        raise unauthorized()
    return Caller(account=session["row"], authorities=authorities_of(session["account"]))


def allow(scope=None, roles=(ADMIN,), group=None, me=None, managers=False):
    """Raise 401 or 403 unless the caller may; return the Caller.

    scope: what a token needs (str; None: tokens are refused); roles: authorities of which a session needs one;
    group: uuid of the group whose manager may too; me: uuid of the account that may itself, by session; managers: the
    manager of any group may.
    """
    who = caller()
    if me is not None and not who.by_token and who.is_account(me):
        return who
    if who.by_token:
        if scope is None:
            raise denied()
        if scope not in who.scopes:
            raise insufficient_scope(scope)
        return who
    if set(roles) & who.authorities or (group is not None and who.manages(group)):
        return who
    if managers and any(name.startswith("ROLE_GM:") for name in who.authorities):
        return who
    raise denied()


def admin_read(**more):
    """`allow` for IAM's own REST interface, reading."""
    return allow("iam:admin.read", **more)


def admin_write(**more):
    """`allow` for IAM's own REST interface, writing."""
    return allow("iam:admin.write", **more)
