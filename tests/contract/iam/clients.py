# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients: /iam/api/clients, /iam/api/search/clients and /iam/api/client-registration.

api/client/management/*.java, api/client/registration/*.java, api/client/service/{ClientConverter,ClientDefaults*}.java,
api/common/client/RegisteredClientDTO.java.
"""

from __future__ import annotations

import re
import secrets
import time
import uuid

from flask import Blueprint, current_app, g, request
from jwcrypto import jwk
from jwcrypto.common import JWException
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from . import directory, store
from .scim import MAIL
from .scopes import RESTRICTED
from .security import ADMIN, admin_read, admin_write, caller, denied, unauthorized
from .wire import ApiError, answer, body_of, checked, error, page, paging, without_nulls

api = Blueprint("clients", __name__, url_prefix="/iam/api")

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = (
    "authorization_code",
    "client_credentials",
    "password",
    "implicit",
    "refresh_token",
    DEVICE,
    EXCHANGE,
    "urn:ietf:params:oauth:grant_type:redelegate",
)
AUTHENTICATION = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none")
RESPONSES = (
    "code",
    "token",
    "id_token",
    "id_token token",
    "code token",
    "code id_token",
    "code id_token token",
    "none",
)
CHALLENGES = ("", "none", "plain", "S256")
VALIDITIES = (
    "access_token_validity_seconds",
    "refresh_token_validity_seconds",
    "id_token_validity_seconds",
    "device_code_validity_seconds",
)
FLAGS = ("reuse_refresh_token", "allow_introspection", "clear_access_tokens_on_refresh", "require_auth_time")
WEB = ("client_uri", "tos_uri", "policy_uri", "logo_uri", "jwks_uri")
DATE = (str, int)
FIELDS = {
    "client_id": str,
    "client_secret": str,
    "client_name": str,
    "client_description": str,
    "redirect_uris": [str],
    "contacts": [str],
    "grant_types": [str],
    "response_types": [str],
    "token_endpoint_auth_method": str,
    "scope": str,
    "default_max_age": int,
    "dynamically_registered": bool,
    "registration_access_token": str,
    "registration_client_uri": str,
    "client_secret_expires_at": DATE,
    "client_id_issued_at": DATE,
    "created_at": DATE,
    "last_used": DATE,
    "expiration": DATE,
    "entity_id": str,
    "jwk": str,
    "code_challenge_method": str,
    "active": bool,
    "status_changed_on": DATE,
    "status_changed_by": str,
    **dict.fromkeys(WEB, str),
    **dict.fromkeys(VALIDITIES, int),
    **dict.fromkeys(FLAGS, bool),
}
URL = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$|^[a-zA-Z][a-zA-Z0-9+.-]*:/\S*$")


def new_secret():
    """Return a client secret (str) as upstream makes it: 64 random bytes in URL-safe base64."""
    return secrets.token_urlsafe(64)


def found(client_id):
    """Return the row of a client or raise 404."""
    row = store.one(g.db, store.client, client_id=client_id)
    if row is None:
        raise error(404, f"Client not found: {client_id}")
    return row


def millis(seconds):
    """Return a time as milliseconds since 1970 (int or None)."""
    return None if seconds is None else int(seconds * 1000)


def client_body(row, token=None):
    """Return RegisteredClientDTO (dict) of a client (row); token: its registration access token, shown once."""
    base = current_app.settings.base_url
    body = {
        **row.document,
        "scope": " ".join(row.document["scope"]),
        "dynamically_registered": row.dynamic,
        "created_at": millis(row.created),
        "active": row.active,
        "status_changed_on": millis(row.status_changed),
        "status_changed_by": row.status_changed_by,
        "registration_access_token": token,
        "registration_client_uri": f"{base}/iam/api/client-registration/{row.client_id}" if row.dynamic else None,
    }
    return without_nulls(body)


def validated(body, creating):
    """Return the problems (list of str) of a client that an administrator or a user sends."""
    problems = []
    name = body.get("client_name")
    if creating and not (name or "").strip():
        problems.append("clientName: should not be blank")
    elif name is not None and not 4 <= len(name) <= 256:
        problems.append("clientName: Invalid length: must be between 4 and 256 characters")
    if len(body.get("client_description", "")) > 1024:
        problems.append("clientDescription: Invalid length: must be at most 1024 characters")
    if not creating and "client_secret" in body and not 4 <= len(body["client_secret"]) <= 512:
        problems.append("clientSecret: size must be between 4 and 512")
    problems += [f"{field}: must be a valid URL" for field in WEB if body.get(field) and not URL.match(body[field])]
    problems += [
        "contacts: must be a well-formed email address" for one in body.get("contacts", []) if not MAIL.match(one)
    ]
    if "grant_types" in body and not body["grant_types"]:
        problems.append("grantTypes: Invalid client: empty grant type")
    known = (("grant_types", GRANTS), ("response_types", RESPONSES))
    for field, allowed in known:
        problems += [f"{field}: unknown value '{one}'" for one in body.get(field, []) if one not in allowed]
    method = body.get("token_endpoint_auth_method", "client_secret_basic")
    if method not in AUTHENTICATION:
        problems.append(f"tokenEndpointAuthMethod: unknown value '{method}'")
    if method == "private_key_jwt" and not (body.get("jwk") or body.get("jwks_uri")):
        problems.append("private_key_jwt requires a jwks uri or a jwk value")
    if body.get("code_challenge_method", "") not in CHALLENGES:
        problems.append("codeChallengeMethod: must be either an empty string, none, plain or S256")
    problems += [f"{field}: must be greater than or equal to 0" for field in VALIDITIES if body.get(field, 0) < 0]
    redirect = {"authorization_code", "implicit"} & set(body.get("grant_types", []))
    if redirect and not body.get("redirect_uris"):
        problems.append("Authorization code requires a valid redirect uri")
    problems += ["redirectUris: not a valid URL" for one in body.get("redirect_uris", []) if not URL.match(one)]
    if len(body.get("scope", "").split()) > 512:
        problems.append("scope: size must be between 0 and 512")
    if body.get("jwk"):
        problems += _key_set_problems(body["jwk"])
    return problems


def _key_set_problems(text):
    try:
        jwk.JWKSet.from_json(text)
    except (JWException, ValueError) as wrong:
        return [f"jwk: {wrong}"]
    return []


def document_of(body):
    """Return what is kept of a client's body (dict), with upstream's defaults for what is left out.

    A validity of 0 counts as left out, but for refresh tokens, whose 0 means without end; scope offline_access brings
    grant refresh_token with it.
    """
    settings = current_app.settings
    defaults = {
        "access_token_validity_seconds": settings.access_token_validity,
        "refresh_token_validity_seconds": settings.refresh_token_validity,
        "id_token_validity_seconds": settings.id_token_validity,
        "device_code_validity_seconds": settings.device_code_validity,
    }
    kept = ("client_name", "client_description", "jwk", "code_challenge_method", "default_max_age", *WEB)
    document = {name: body[name] for name in kept if body.get(name) not in (None, "")}
    for name in ("redirect_uris", "contacts", "grant_types", "response_types"):
        document[name] = sorted(set(body.get(name, [])))
    scope = list(dict.fromkeys(body.get("scope", "").split()))
    if "offline_access" in scope and "refresh_token" not in document["grant_types"]:
        document["grant_types"].append("refresh_token")
    document["scope"] = scope
    document["token_endpoint_auth_method"] = body.get("token_endpoint_auth_method", "client_secret_basic")
    for name, default in defaults.items():
        value = body.get(name)
        usable = value is not None and (value > 0 or (value == 0 and name == "refresh_token_validity_seconds"))
        document[name] = value if usable else default
    for name in FLAGS:
        document[name] = body.get(name, False)
    return document


def save_new(body, dynamic, allowed_scopes=None):
    """Insert a client and return its row.

    client_id and client_secret are made where the body has none; a client with authentication `none` has no secret.
    """
    document = document_of(body)
    if allowed_scopes is not None:
        document["scope"] = [scope for scope in document["scope"] if scope in allowed_scopes]
    document["client_id"] = body.get("client_id") or str(uuid.uuid4())
    document["allow_introspection"] = True
    if document["token_endpoint_auth_method"] != "none":
        document["client_secret"] = body.get("client_secret") or new_secret()
    if store.one(g.db, store.client, client_id=document["client_id"]) is not None:
        raise error(400, f"saveNewClient.client.clientId: client id not available: {document['client_id']}")
    try:
        g.db.execute(
            insert(store.client).values(
                client_id=document["client_id"], name=document["client_name"], dynamic=dynamic, document=document
            )
        )
    except IntegrityError as wrong:
        raise error(400, f"saveNewClient.client.clientId: client id not available: {document['client_id']}") from wrong
    return found(document["client_id"])


def write(row, document, **columns):
    """Write a client's document (dict) and columns and return its new row."""
    g.db.execute(
        update(store.client)
        .where(store.client.c.client_id == row.client_id)
        .values(document=document, name=document["client_name"], **columns)
    )
    return found(row.client_id)


def checked_client(creating):
    """Return the body (dict) of a client of this request, or raise 400 with all its problems."""
    body = checked(body_of(), FIELDS)
    problems = validated(body, creating)
    if problems:
        raise error(400, ", ".join(problems))
    return body


def client_page(query):
    """Return a page (dict) of clients."""
    offset, size = paging()
    rows = g.db.execute(query.order_by(store.client.c.client_id).offset(offset).limit(size)).all()
    return page(store.count(g.db, query), offset, [client_body(row) for row in rows], schemas=False)


@api.post("/clients")
def create_client():
    """Upstream does not ask for unique names: the same name twice makes two clients.

    A secret in the body is replaced by a new one where the client's authentication takes one, and the lifetimes of ID
    tokens and device codes by the defaults (api/client/service/DefaultClientDefaultsService.java setupClientDefaults).
    """
    admin_write()
    body = checked_client(creating=True)
    body = {name: value for name, value in body.items() if name not in VALIDITIES[2:]}
    if body.get("token_endpoint_auth_method", "client_secret_basic").startswith("client_secret"):
        body.pop("client_secret", None)
    return answer(client_body(save_new(body, dynamic=False)), 201)


@api.get("/clients")
def list_clients():
    admin_read()
    query = select(store.client)
    if request.args.get("drOnly", "false").lower() == "true":
        query = query.where(store.client.c.dynamic)
    return answer(client_page(query))


@api.get("/clients/<client_id>")
def get_client(client_id):
    admin_read()
    return answer(client_body(found(client_id)))


@api.put("/clients/<client_id>")
def update_client(client_id):
    """Full replacement: what is left out falls back to its default, and a secret that is left out is made anew.

    client_id, creation time, `active` and whether it was registered dynamically stay as they are.
    """
    admin_write()
    row = found(client_id)
    body = checked_client(creating=False)
    document = document_of({"client_name": row.name, **body})
    document["client_id"] = row.client_id
    if document["token_endpoint_auth_method"] != "none":
        document["client_secret"] = body.get("client_secret") or new_secret()
    return answer(client_body(write(row, document)))


@api.delete("/clients/<client_id>")
def delete_client(client_id):
    admin_write()
    row = found(client_id)
    g.db.execute(delete(store.token).where(store.token.c.client_id == client_id))
    g.db.execute(delete(store.client).where(store.client.c.client_id == row.client_id))
    return "", 204


@api.post("/clients/<client_id>/secret")
def rotate_secret(client_id):
    admin_write()
    row = found(client_id)
    return answer(client_body(write(row, {**row.document, "client_secret": new_secret()})), 201)


@api.post("/clients/<client_id>/rat")
def rotate_registration_token(client_id):
    admin_write()
    row = found(client_id)
    token = str(uuid.uuid4())
    return answer(client_body(write(row, row.document, registration_token=token), token), 201)


@api.patch("/clients/<client_id>/<any(enable, disable):action>")
def change_status(client_id, action):
    """200 in any case, but nothing happens without a user: a client's own token changes nothing (1.12.0)."""
    who = admin_write()
    row = found(client_id)
    if who.account is not None:
        columns = {"active": action == "enable", "status_changed": time.time(), "status_changed_by": who.account.uuid}
        write(row, row.document, **columns)
    return "", 200


@api.get("/clients/<client_id>/owners")
def list_owners(client_id):
    admin_read()
    owners = select(store.client_owner.c.account).where(store.client_owner.c.client_id == client_id)
    query = select(store.account).where(store.account.c.uuid.in_(owners))
    offset, size = paging()
    rows = g.db.execute(query.order_by(store.account.c.id).offset(offset).limit(size)).all()
    return answer(page(store.count(g.db, query), offset, directory.scim_users(rows), schemas=False))


def owner(client_id, account):
    """Return (client, account) rows of this request or raise 404."""
    row, user = found(client_id), directory.account(account)
    if user is None:
        raise error(404, f"Account not found: {account}")
    return row, user


@api.post("/clients/<client_id>/owners/<account>")
def add_owner(client_id, account):
    admin_write()
    owner(client_id, account)
    if store.one(g.db, store.client_owner, client_id=client_id, account=account) is None:
        g.db.execute(insert(store.client_owner).values(client_id=client_id, account=account))
    return "", 201


@api.delete("/clients/<client_id>/owners/<account>")
def remove_owner(client_id, account):
    admin_write()
    owner(client_id, account)
    table = store.client_owner.c
    g.db.execute(delete(store.client_owner).where(table.client_id == client_id, table.account == account))
    return "", 204


@api.get("/search/clients")
def search_clients():
    """Clients by a part of their name, id, contacts, grant types, redirect URIs or scopes (api/client/search)."""
    admin_read()
    kind, text = request.args.get("searchType"), request.args.get("search", "")
    fields = {"contacts": "contacts", "grantType": "grant_types", "redirectUri": "redirect_uris", "scope": "scope"}
    query = select(store.client)
    if request.args.get("drOnly", "false").lower() == "true":
        query = query.where(store.client.c.dynamic)
    if kind is None or kind == "name":
        query = query.where(store.client.c.name.icontains(text) | store.client.c.client_id.icontains(text))
    elif kind in fields:
        rows = g.db.execute(query)
        match = [row.client_id for row in rows if any(text in one for one in row.document[fields[kind]])]
        query = query.where(store.client.c.client_id.in_(match))
    else:
        raise error(400, f"Invalid searchType: {kind}")
    return answer(client_page(query))


# Registration by users and by programs


def _registrar():
    """Return the account (row or None) that registers a client; 401 or 403 where that is not allowed."""
    settings = current_app.settings
    if not settings.client_registration:
        raise ApiError(403, {"error": "access_denied", "error_description": "Client registration is disabled"})
    who = None
    try:
        who = caller()
    except ApiError:
        if settings.client_registration_for != "ANYONE":
            raise
    if settings.client_registration_for == "ADMINISTRATORS" and ADMIN not in who.authorities:
        raise denied()
    return who.account if who else None


def _own(client_id):
    """Return the client (row) whose registration access token this request carries, or that its user owns."""
    row = found(client_id)
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("bearer ") and header[7:].strip() == (row.registration_token or ""):
        return row
    who = caller()
    mine = who.account and store.one(g.db, store.client_owner, client_id=client_id, account=who.account.uuid)
    if mine is None:
        raise denied()
    return row


def _registration_body(creating):
    body = checked_client(creating)
    if creating and (body.get("client_id") or body.get("client_secret")):
        raise error(400, "clientId, clientSecret: must be null in client registration requests")
    if {"password", "client_credentials"} & set(body.get("grant_types", [])):
        raise error(400, "Grant type not allowed: password and client_credentials need an administrator")
    if set(body.get("scope", "").split()) & set(RESTRICTED):
        raise error(400, "Restricted scopes are not allowed")
    # Only administrators set how long tokens live.
    return {name: value for name, value in body.items() if name not in VALIDITIES}


@api.post("/client-registration")
def register_client():
    account = _registrar()
    body = _registration_body(creating=True)
    names = set(g.db.execute(select(store.system_scope.c.scope)).scalars()) - set(RESTRICTED)
    row = save_new({"scope": "openid profile email", **body}, dynamic=True, allowed_scopes=names)
    token = str(uuid.uuid4())
    row = write(row, row.document, registration_token=token)
    if account is not None:
        g.db.execute(insert(store.client_owner).values(client_id=row.client_id, account=account.uuid))
        token = None
    return answer(client_body(row, token), 201)


@api.get("/client-registration/<client_id>")
def read_registration(client_id):
    return answer(client_body(_own(client_id)))


@api.put("/client-registration/<client_id>")
def update_registration(client_id):
    row = _own(client_id)
    body = _registration_body(creating=False)
    kept = {name: row.document[name] for name in VALIDITIES}
    document = {**document_of({"client_name": row.name, **body}), **kept, "client_id": row.client_id}
    if document["token_endpoint_auth_method"] != "none":
        document["client_secret"] = row.document.get("client_secret") or new_secret()
    return answer(client_body(write(row, document)))


@api.delete("/client-registration/<client_id>")
def delete_registration(client_id):
    row = _own(client_id)
    g.db.execute(delete(store.client).where(store.client.c.client_id == row.client_id))
    return "", 204


@api.post("/client-registration/<client_id>/redeem")
def redeem(client_id):
    """Link a client to the user that has its registration access token."""
    who = caller()
    if who.account is None:
        raise unauthorized()
    row = found(client_id)
    body = request.get_data(as_text=True).strip()
    if not row.registration_token or body != row.registration_token:
        raise error(403, "Invalid registration access token")
    if store.one(g.db, store.client_owner, client_id=client_id, account=who.account.uuid) is None:
        g.db.execute(insert(store.client_owner).values(client_id=client_id, account=who.account.uuid))
    return answer(client_body(row))
