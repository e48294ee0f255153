# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens as administrators see them (/iam/api/{access,refresh}-tokens) and what pages may know (/iam/config).

api/tokens/*.java, api/config/*.java.
"""

from __future__ import annotations

from flask import Blueprint, current_app, g, request
from sqlalchemy import delete, select

from . import directory, store
from .security import admin_read, admin_write
from .wire import answer, error, iso, page, paging

api = Blueprint("token_api", __name__, url_prefix="/iam")

KINDS = {"access-tokens": "access", "refresh-tokens": "refresh"}


def token_body(row):
    """Return what is shown of a token (dict): never its value."""
    account = directory.account(row.account) if row.account else None
    return {
        "id": row.id,
        "client": {"clientId": row.client_id},
        "user": account and {"id": account.uuid, "userName": account.username},
        "expiration": iso(row.expires),
        "scopes": row.document["scope"],
    }


def _found(kind, token_id):
    row = store.one(g.db, store.token, kind=KINDS[kind], id=token_id)
    if row is None:
        raise error(404, f"No token found with id {token_id}")
    return row


@api.get("/api/<any('access-tokens', 'refresh-tokens'):kind>")
def list_tokens(kind):
    admin_read()
    query = select(store.token).where(store.token.c.kind == KINDS[kind])
    if request.args.get("clientId"):
        query = query.where(store.token.c.client_id == request.args["clientId"])
    if request.args.get("userId"):
        owner = select(store.account.c.uuid).where(store.account.c.username == request.args["userId"])
        query = query.where(store.token.c.account.in_(owner))
    offset, size = paging()
    rows = g.db.execute(query.order_by(store.token.c.id).offset(offset).limit(size)).all()
    return answer(page(store.count(g.db, query), offset, [token_body(row) for row in rows]))


@api.get("/api/<any('access-tokens', 'refresh-tokens'):kind>/<int:token_id>")
def get_token(kind, token_id):
    admin_read()
    return answer(token_body(_found(kind, token_id)))


@api.delete("/api/<any('access-tokens', 'refresh-tokens'):kind>/<int:token_id>")
def revoke_token(kind, token_id):
    admin_write()
    current_app.tokens.forget(_found(kind, token_id))
    return "", 204


@api.delete("/api/<any('access-tokens', 'refresh-tokens'):kind>")
def revoke_all(kind):
    """All of a kind, which ends the caller's own, too."""
    admin_write()
    g.db.execute(delete(store.token).where(store.token.c.kind == KINDS[kind]))
    return "", 204


@api.get("/config/oidc/providers")
def oidc_providers():
    return answer([])


@api.get("/config/saml/shortcuts")
def saml_shortcuts():
    return answer([])


@api.get("/config/privacy-policy")
def privacy_policy():
    settings = current_app.settings
    return answer({"url": settings.privacy_policy_url or None, "text": settings.privacy_policy_text})


@api.get("/config/lifecycle/account/read-only-end-time")
def read_only_end_time():
    return answer(current_app.settings.account_read_only_end_time)
