# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OAuth and OpenID Connect: discovery, keys, /token, /devicecode, /introspect, /revoke, /userinfo and /authorize.

Spring Security OAuth's token endpoint as MITREid and core/oauth/**/*.java use it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
import uuid
from urllib.parse import quote, unquote_plus, urlencode

from flask import Blueprint, current_app, g, redirect, request
from sqlalchemy import delete, select

from . import aup, directory, policies, scopes, store
from .clients import DEVICE, EXCHANGE
from .scopes import ADMIN_SCOPES
from .security import ADMIN, authorities_of, password_matches, session_of_request, unauthorized
from .tokens import identity_claims
from .wire import ApiError, answer

api = Blueprint("oauth", __name__)

ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
CONFUSABLE = str.maketrans("", "", "IO01")
USER_CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".translate(CONFUSABLE)


def oauth_error(code, text, status=400, **more):
    """Return the ApiError of the token endpoint: {"error": code, "error_description": text}."""
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if status == 401:
        headers["WWW-Authenticate"] = f'Basic realm="openid", error="{code}", error_description="{text}"'
    return ApiError(status, {"error": code, "error_description": text, **more}, headers)


# Discovery


@api.get("/.well-known/openid-configuration")
def discovery():
    """Addresses are made of the base URL, and the issuer is what IAM_ISSUER says (core/web/wellknown/...)."""
    settings = current_app.settings
    base = settings.base_url
    names = sorted(g.db.execute(select(store.system_scope.c.scope).where(~store.system_scope.c.restricted)).scalars())
    body = {
        "issuer": settings.issuer,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/userinfo",
        "jwks_uri": f"{base}/jwk",
        "introspection_endpoint": f"{base}/introspect",
        "revocation_endpoint": f"{base}/revoke",
        "device_authorization_endpoint": f"{base}/devicecode",
        "registration_endpoint": f"{base}/iam/api/client-registration",
        "scim_endpoint": f"{base}/scim",
        "about_endpoint": f"{base}/about",
        "scopes_supported": names,
        "response_types_supported": ["code", "token"],
        "grant_types_supported": [
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
            "password",
            EXCHANGE,
            DEVICE,
        ],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "ES384", "ES512", "none"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "client_secret_jwt",
            "private_key_jwt",
            "none",
        ],
        "code_challenge_methods_supported": ["plain", "S256"],
        "claims_supported": [
            "sub",
            "name",
            "preferred_username",
            "given_name",
            "family_name",
            "email",
            "email_verified",
            "organisation_name",
            "groups",
            "wlcg.groups",
            "wlcg.ver",
        ],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": False,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "op_policy_uri": f"{base}/about",
        "op_tos_uri": f"{base}/about",
    }
    return answer(body)


@api.get("/jwk")
def public_keys():
    """The public keys, with x5c where the key store has it."""
    age = current_app.settings.jwk_lifetime
    return answer(current_app.keys.public, headers={"Cache-Control": f"max-age={age}"})


# Clients


def _secret_matches(client, secret):
    return hmac.compare_digest((client.document.get("client_secret") or "").encode(), (secret or "").encode())


def client_of_request(public=False):
    """Return the client (row) that authenticates this request, by Basic or by form; 401 for any other.

    public: a client with authentication `none` may name itself by client_id only.
    """
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("basic "):
        try:
            name, _colon, secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
        except ValueError as wrong:
            raise oauth_error("unauthorized", "Failed to decode basic authentication token", 401) from wrong
        name, secret = unquote_plus(name), unquote_plus(secret)
    else:
        name, secret = request.form.get("client_id"), request.form.get("client_secret")
    bad = oauth_error("invalid_client", "Bad client credentials", 401)
    if not name:
        raise oauth_error("unauthorized", "Full authentication is required to access this resource", 401)
    client = store.one(g.db, store.client, client_id=name)
    if client is None:
        raise bad
    if client.document["token_endpoint_auth_method"] == "none":
        if not public or secret:
            raise bad
    elif not secret or not _secret_matches(client, secret):
        raise bad
    if not client.active:
        raise oauth_error("invalid_client", f"Client {name} is suspended", 401)
    return client


def requested_scopes(client, text):
    """Return the scopes (list) of a request: all of the client's where it names none; 400 for one it may not have."""
    allowed = client.document["scope"]
    wanted = list(dict.fromkeys((text or "").split()))
    for scope in wanted:
        if not scopes.client_may(current_app.settings, set(allowed), scope):
            raise oauth_error("invalid_scope", f"Invalid scope: {scope}", scope=" ".join(allowed))
    return wanted or list(allowed)


def user_scopes(account, wanted):
    """Return the scopes (list) a user gets: those the policies leave, and administration only for administrators.

    core/oauth/scope/pdp/DefaultScopeFilter.java.
    """
    administrator = ADMIN in authorities_of(account.uuid)
    wanted = [one for one in wanted if one not in ADMIN_SCOPES or administrator]
    if not current_app.settings.enable_scope_policies:
        return wanted
    groups = {
        row.group
        for row in g.db.execute(select(store.membership.c.group).where(store.membership.c.account == account.uuid))
    }
    return scopes.filter_by_policies(account.uuid, groups, wanted)


# Answers


def audience_of(form):
    """Return what audience a request names (str or None): parameter audience, aud or resource."""
    return form.get("audience") or form.get("aud") or " ".join(form.getlist("resource")) or None


def id_token(client, account, granted, nonce=None, signed_in=None):
    """Return an ID token (str) for a client about a user."""
    now = int(time.time())
    profile = current_app.tokens.profile(client)
    claims = {
        "iss": current_app.settings.issuer,
        "sub": account.uuid,
        "aud": client.client_id,
        "iat": now,
        "exp": now + client.document["id_token_validity_seconds"],
        "jti": str(uuid.uuid4()),
        **identity_claims(current_app.settings, profile, account, granted, "id_token"),
    }
    if profile == "wlcg":
        claims["wlcg.ver"] = "1.0"
    if nonce:
        claims["nonce"] = nonce
    if signed_in:
        claims["auth_time"] = int(signed_in)
    return current_app.keys.sign(claims)


def token_answer(client, account, granted, audience=None, refresh=None, **more):
    """Return the answer of the token endpoint: a new access token and, by scope, a refresh and an ID token.

    refresh: a refresh token (str) to give back instead of a new one.
    """
    tokens = current_app.tokens
    extra = {name: more.pop(name) for name in ("subject", "actor") if name in more}
    claims = tokens.access_claims(client, account, granted, audience, **extra)
    body = {
        "access_token": tokens.keep(claims, client, account, granted),
        "token_type": "Bearer",
        "expires_in": claims["exp"] - claims["iat"] - 1,
        "scope": " ".join(granted),
    }
    if account is not None and "offline_access" in granted and "refresh_token" in client.document["grant_types"]:
        lifetime = client.document["refresh_token_validity_seconds"]
        expires = time.time() + lifetime if lifetime else None
        body["refresh_token"] = refresh or tokens.secret(
            "refresh", client, account, expires, {"scope": granted, "audience": audience}
        )
    if account is not None and "openid" in granted:
        body["id_token"] = id_token(client, account, granted, **more.pop("about", {}))
    return answer({**body, **more}, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


# Grants


def grant_client_credentials(client):
    """A client of its own: scope policies are about users, so they are not asked."""
    granted = requested_scopes(client, request.form.get("scope"))
    granted = [scope for scope in granted if scope != "offline_access"]
    return token_answer(client, None, granted, audience_of(request.form))


def grant_password(client):
    row = store.one(g.db, store.account, username=request.form.get("username", ""))
    if row is None or not password_matches(request.form.get("password", ""), row.password):
        raise oauth_error("invalid_grant", "Bad credentials")
    if not row.active:
        raise oauth_error("invalid_grant", f"User {row.username} is not active.")
    refuse_unsigned(row)
    granted = user_scopes(row, requested_scopes(client, request.form.get("scope")))
    return token_answer(client, row, granted, audience_of(request.form))


def refuse_unsigned(account):
    """Raise 400 where the user has to sign the acceptable use policy first (service/aup/...)."""
    if aup.signature_needed(account):
        raise oauth_error("invalid_grant", f"User {account.username} needs to sign AUP for this organization")


def grant_refresh(client):
    """Scopes may be narrowed, not widened; a client that does not reuse its refresh token gets a new one."""
    tokens = current_app.tokens
    value = request.form.get("refresh_token", "")
    row = tokens.find("refresh", value)
    if row is None or row.client_id != client.client_id:
        raise oauth_error("invalid_grant", f"Invalid refresh token: {value}")
    account = directory.account(row.account)
    if account is None or not account.active:
        raise oauth_error("invalid_grant", "User is not active")
    refuse_unsigned(account)
    known = row.document["scope"]
    wanted = (request.form.get("scope") or "").split() or known
    beyond = [one for one in wanted if one not in known and not any(scopes.path_covers(old, one) for old in known)]
    if beyond:
        raise oauth_error("invalid_scope", "Up-scoping is not allowed.")
    granted = user_scopes(account, wanted)
    audience = audience_of(request.form) or row.document.get("audience")
    if client.document["clear_access_tokens_on_refresh"]:
        table = store.token.c
        g.db.execute(
            delete(store.token).where(
                table.kind == "access", table.client_id == client.client_id, table.account == account.uuid
            )
        )
    kept = value
    if not client.document["reuse_refresh_token"]:
        tokens.forget(row)
        kept = tokens.secret("refresh", client, account, row.expires, row.document)
    return token_answer(client, account, granted, audience, refresh=kept)


def grant_device(client):
    tokens = current_app.tokens
    value = request.form.get("device_code", "")
    row = store.one(g.db, store.token, kind="device", value=value)
    if row is None or row.client_id != client.client_id:
        raise oauth_error("invalid_grant", f"Invalid device code: {value}")
    if row.expires < time.time():
        raise oauth_error("expired_token", f"Device code has expired {value}")
    # Upstream keeps no note of a user who said no: the code waits until it expires.
    if row.document["state"] != "approved":
        raise oauth_error("authorization_pending", "Authorization pending for code: " + value)
    account = directory.account(row.account)
    tokens.forget(row)
    if account is None or not account.active:
        raise oauth_error("invalid_grant", "User is not active")
    granted = user_scopes(account, row.document["scope"])
    return token_answer(client, account, granted, audience_of(request.form) or row.document.get("audience"))


def grant_code(client):
    """An authorization code is good once, for its redirect URI, and with PKCE for who started the flow."""
    tokens = current_app.tokens
    value = request.form.get("code", "")
    row = tokens.find("code", value)
    if row is None or row.client_id != client.client_id:
        raise oauth_error(
            "invalid_grant", f"JpaAuthorizationCodeRepository: no authorization code found for value {value}"
        )
    document = row.document
    if (request.form.get("redirect_uri") or document["redirect_uri"]) != document["redirect_uri"]:
        raise oauth_error("invalid_grant", "Redirect URI mismatch.")
    if document.get("challenge"):
        verifier = request.form.get("code_verifier", "")
        if document["method"] == "S256":
            digest = hashlib.sha256(verifier.encode()).digest()
            verifier = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if verifier != document["challenge"]:
            raise oauth_error("invalid_request", "Code challenge and verifier do not match")
    tokens.forget(row)
    account = directory.account(row.account)
    granted = user_scopes(account, document["scope"])
    audience = audience_of(request.form) or document.get("audience")
    about = {"nonce": document.get("nonce"), "signed_in": document.get("signed_in")}
    return token_answer(client, account, granted, audience, about=about)


def grant_exchange(client):
    """A token of one client for one of another, where an exchange policy permits it (no actor tokens).

    core/oauth/granters/TokenExchangeTokenGranter.java.
    """
    form = request.form
    subject_token = form.get("subject_token")
    if not subject_token or not form.get("subject_token_type"):
        raise oauth_error("invalid_request", "subject_token and subject_token_type are required")
    if form["subject_token_type"] not in (ACCESS_TOKEN_TYPE, JWT_TYPE):
        raise oauth_error("invalid_request", f"Invalid subject_token_type: {form['subject_token_type']}")
    if form.get("actor_token") or form.get("want_composite"):
        raise oauth_error("invalid_request", "Delegation not supported")
    subject = current_app.tokens.verified(g.db, subject_token)
    if subject is None:
        raise oauth_error("invalid_grant", "Invalid access token")
    origin = store.one(g.db, store.client, client_id=subject["client_id"])
    if subject["account"] is not None:
        if not subject["account"].active:
            raise oauth_error("invalid_grant", f"User {subject['account'].username} is not active.")
        refuse_unsigned(subject["account"])
    wanted = requested_scopes(client, form.get("scope"))
    if origin.client_id == client.client_id and "offline_access" in wanted:
        text = "Token exchange not allowed: same client and offline_access requested"
        raise oauth_error("access_denied", text, 403)
    decide_exchange(origin, client, wanted)
    account = subject["account"]
    granted = wanted if account is None else user_scopes(account, wanted)
    actor = {"sub": client.client_id}
    if subject["claims"].get("act"):
        actor["act"] = subject["claims"]["act"]
    return token_answer(
        client,
        account,
        granted,
        audience_of(form),
        subject=subject["claims"]["sub"],
        actor=actor,
        issued_token_type=JWT_TYPE,
    )


def decide_exchange(origin, client, wanted):
    """Raise 403 or 400 unless the exchange policies allow this exchange with these scopes."""
    policy = policies.issuer_allows(origin, client)
    if policy is None or policy["rule"] != "PERMIT":
        text = "No applicable policies found" if policy is None else "Exchange denied by policy"
        raise oauth_error(
            "access_denied",
            f"Token exchange not allowed: {text} for clients: {origin.client_id} -> {client.client_id}",
            403,
        )
    allowed = set(origin.document["scope"])
    for scope in wanted:
        if scope != "offline_access" and not scopes.client_may(current_app.settings, allowed, scope):
            raise oauth_error("invalid_scope", f"scope not allowed by origin client configuration: {scope}")
        denying = [PolicyView(one) for one in policy["scopePolicies"] if one["rule"] == "DENY"]
        if any(scopes.policy_matches(one, scope) for one in denying):
            raise oauth_error("invalid_scope", f"scope exchange not allowed by policy: {scope}")


class PolicyView:
    """A scope policy of an exchange policy, in the shape that scopes.policy_matches reads."""

    def __init__(self, document):
        """document: {type, matchParam} (dict)."""
        self.matching = document["type"]
        self.scopes = [document["matchParam"]]


GRANTS = {
    "client_credentials": grant_client_credentials,
    "password": grant_password,
    "refresh_token": grant_refresh,
    "authorization_code": grant_code,
    DEVICE: grant_device,
    EXCHANGE: grant_exchange,
}


@api.post("/token")
def token():
    if request.mimetype != "application/x-www-form-urlencoded":
        raise oauth_error("invalid_request", f"Content type '{request.content_type or ''}' not supported", 415)
    kind = request.form.get("grant_type")
    client = client_of_request(public=True)
    if not kind:
        raise oauth_error("invalid_request", "Missing grant type")
    if kind not in GRANTS:
        raise oauth_error("unsupported_grant_type", f"Unsupported grant type: {kind}")
    if kind not in client.document["grant_types"]:
        raise oauth_error("invalid_client", f"Unauthorized grant type: {kind}", 401)
    if kind == "client_credentials" and client.document["token_endpoint_auth_method"] == "none":
        raise oauth_error("invalid_client", "Bad client credentials", 401)
    return GRANTS[kind](client)


# Device code


@api.post("/devicecode")
def device_code():
    """No client authentication, only client_id; authorization_pending until the user says yes at /device.

    core/oauth/IamDeviceEndpointController.java, config/security/MitreSecurityConfig.java.
    """
    client = store.one(g.db, store.client, client_id=request.form.get("client_id", ""))
    if client is None or not client.active:
        raise oauth_error("invalid_client", f"Client with id {request.form.get('client_id')} was not found")
    if DEVICE not in client.document["grant_types"]:
        raise oauth_error("invalid_client", "Unauthorized grant type: device_code", 401)
    wanted = requested_scopes(client, request.form.get("scope"))
    lifetime = client.document["device_code_validity_seconds"]
    user_code = "".join(secrets.choice(USER_CODE) for _turn in range(6))
    settings = current_app.settings
    document = {
        "state": "pending",
        "user_code": user_code,
        "scope": wanted,
        "audience": audience_of(request.form),
    }
    value = current_app.tokens.secret("device", client, None, time.time() + lifetime, document)
    body = {
        "device_code": value,
        "user_code": user_code,
        "verification_uri": f"{settings.base_url}/device",
        "expires_in": lifetime,
    }
    if settings.complete_verification_uri:
        body["verification_uri_complete"] = f"{settings.base_url}/device?user_code={user_code}"
    return answer(body)


def find_device_code(user_code):
    """Return the row of a device code that waits for a user, by the code that the user types, or None."""
    query = select(store.token).where(store.token.c.kind == "device", store.token.c.expires > time.time())
    wanted = user_code.strip().upper()
    return next((row for row in g.db.execute(query) if row.document["user_code"] == wanted), None)


# Introspection, revocation, user info


def protected_client():
    """Return the client (row) of this request that may introspect tokens: by Basic authentication only."""
    if request.authorization is None or request.authorization.type != "basic":
        raise unauthorized()
    client = client_of_request()
    if not client.document["allow_introspection"]:
        raise ApiError(403, {"error": "access_denied", "error_description": "Introspection is not allowed"})
    return client


@api.post("/introspect")
def introspect():
    protected_client()
    text = request.form.get("token", "")
    tokens = current_app.tokens
    row, claims = tokens.access_row(text)
    if row is None:
        refresh = tokens.find("refresh", text)
        if refresh is None:
            return answer({"active": False})
        body = {"active": True, "client_id": refresh.client_id, "scope": " ".join(refresh.document["scope"])}
        return answer({**body, "sub": refresh.account, "exp": int(refresh.expires) if refresh.expires else None})
    account = directory.account(row.account) if row.account else None
    if row.account and (account is None or not account.active):
        return answer({"active": False})
    client = store.one(g.db, store.client, client_id=row.client_id)
    body = {**claims, "active": True, "token_type": "Bearer", "scope": " ".join(row.document["scope"])}
    if account is not None:
        profile = tokens.profile(client)
        about = identity_claims(current_app.settings, profile, account, row.document["scope"], "access_token")
        body = {"user_id": account.username, **about, **body}
    return answer(body)


@api.post("/revoke")
def revoke():
    """200 for a token that is not there too (RFC 7009); another client's token stays."""
    client = client_of_request()
    text = request.form.get("token", "")
    tokens = current_app.tokens
    row, _rest = tokens.access_row(text)
    row = row or tokens.find("refresh", text)
    if row is not None:
        if row.client_id != client.client_id:
            raise ApiError(403, {"error": "access_denied", "error_description": "Not the owner of the token"})
        tokens.forget(row)
    return "", 200


@api.route("/userinfo", methods=["GET", "POST"])
def userinfo():
    header = request.headers.get("Authorization", "")
    text = header[7:].strip() if header.lower().startswith("bearer ") else request.form.get("access_token", "")
    if not text:
        raise unauthorized()
    found = current_app.tokens.verified(g.db, text)
    if found is None:
        raise unauthorized("invalid_token", f"Invalid access token: {text}")
    if "openid" not in found["scopes"] or found["account"] is None:
        raise ApiError(403, {"error": "access_denied", "error_description": "Access is denied"})
    client = store.one(g.db, store.client, client_id=found["client_id"])
    profile = current_app.tokens.profile(client)
    account = found["account"]
    body = identity_claims(current_app.settings, profile, account, found["scopes"], "userinfo")
    return answer({"sub": account.uuid, **body})


# Authorization code


@api.get("/authorize")
def authorize():
    """Signed in: a code at once (the double asks for no consent); else to the login page and back."""
    form = request.args
    client = store.one(g.db, store.client, client_id=form.get("client_id", ""))
    if client is None or not client.active:
        raise oauth_error("invalid_client", f"Client with id {form.get('client_id')} was not found", 401)
    if "authorization_code" not in client.document["grant_types"]:
        raise oauth_error(
            "invalid_grant", "A redirect_uri can only be used by implicit or authorization_code grant types."
        )
    target = form.get("redirect_uri") or (client.document["redirect_uris"] or [""])[0]
    if target not in client.document["redirect_uris"]:
        raise oauth_error("invalid_grant", f"Invalid redirect: {target} does not match one of the registered values.")
    session = session_of_request()
    if session is None:
        return redirect(f"/login?{urlencode({'next': request.full_path})}")
    state = {"state": form["state"]} if "state" in form else {}
    if form.get("response_type") != "code":
        return redirect(f"{target}?{urlencode({'error': 'unsupported_response_type', **state})}")
    needed = client.document.get("code_challenge_method")
    if needed in ("plain", "S256") and form.get("code_challenge_method") != needed:
        return redirect(f"{target}?{urlencode({'error': 'invalid_request', **state})}")
    try:
        wanted = requested_scopes(client, form.get("scope"))
    except ApiError as wrong:
        return redirect(f"{target}?{urlencode({'error': wrong.body['error'], **state}, quote_via=quote)}")
    document = {
        "redirect_uri": target,
        "scope": wanted,
        "audience": audience_of(form),
        "nonce": form.get("nonce"),
        "challenge": form.get("code_challenge"),
        "method": form.get("code_challenge_method", "plain"),
        "signed_in": session["authenticated"],
    }
    code = current_app.tokens.secret("code", client, session["row"], time.time() + 300, document)
    return redirect(f"{target}?{urlencode({'code': code, **state})}")
