# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scope policies (/iam/scope_policies) and exchange policies (/iam/api/exchange/policies).

api/scope_policy/*.java, api/exchange_policy/*.java.
"""

from __future__ import annotations

import re
import time

from flask import Blueprint, g
from sqlalchemy import delete, insert, select, update

from . import directory, store
from .security import ADMIN, READER, admin_read, admin_write
from .wire import NUMBER, answer, body_of, checked, error, iso, paging, without_nulls

api = Blueprint("policies", __name__, url_prefix="/iam")

OWNER = {"uuid": str, "name": str, "location": str}
SCOPE_POLICY = {
    "id": int,
    "description": str,
    "creationTime": (str, *NUMBER),
    "lastUpdateTime": (str, *NUMBER),
    "rule": str,
    "matchingPolicy": str,
    "account": OWNER,
    "group": OWNER,
    "scopes": [str],
}
CLIENT_MATCH = {"type": str, "matchParam": str}
EXCHANGE_POLICY = {
    "id": int,
    "description": str,
    "creationTime": (str, *NUMBER),
    "lastUpdateTime": (str, *NUMBER),
    "rule": str,
    "originClient": CLIENT_MATCH,
    "destinationClient": CLIENT_MATCH,
    "scopePolicies": [{"rule": str, "type": str, "matchParam": str}],
}
RULES = ("PERMIT", "DENY")
MATCHING = ("EQ", "REGEXP", "PATH")


def found(policy_id):
    """Return the row of a scope policy or raise 404."""
    row = store.one(g.db, store.scope_policy, id=policy_id)
    if row is None:
        raise error(404, f"No scope policy found for id '{policy_id}'")
    return row


def scope_policy_body(row):
    """Return ScopePolicyDTO (dict) of a row."""
    account = directory.account(row.account) if row.account else None
    group = directory.group(row.group) if row.group else None
    return {
        "id": row.id,
        "description": row.description,
        "creationTime": iso(row.created),
        "lastUpdateTime": iso(row.updated),
        "rule": row.rule,
        "matchingPolicy": row.matching,
        "account": account
        and {"uuid": account.uuid, "name": account.username, "location": directory.location("Users", account.uuid)},
        "group": group
        and {"uuid": group.uuid, "name": group.name, "location": directory.location("Groups", group.uuid)},
        "scopes": row.scopes or None,
    }


def scope_policy_values():
    """Return the columns (dict) of the scope policy in this request's body."""
    body = checked(body_of(), SCOPE_POLICY)

    def invalid(text):
        return error(400, f"Invalid scope policy: {text}")

    if body.get("rule") not in RULES:
        raise invalid("rule must be PERMIT or DENY")
    if body.get("matchingPolicy", "EQ") not in MATCHING:
        raise invalid("allowed values are: 'EQ', 'REGEXP', 'PATH'")
    if len(body.get("description", "")) > 512:
        raise invalid("The description string must be at most 512 characters long")
    if "account" in body and "group" in body:
        raise invalid("Scope policy cannot have both account and group set")
    scopes = sorted(set(body.get("scopes", [])))
    if any(not 1 <= len(scope) <= 255 for scope in scopes):
        raise invalid("scope length must be >= 1 and < 255 characters")
    if body.get("matchingPolicy") == "REGEXP":
        try:
            [re.compile(scope) for scope in scopes]
        except re.error as wrong:
            raise invalid(str(wrong)) from wrong
    account, group = (body.get(kind, {}).get("uuid") for kind in ("account", "group"))
    if "account" in body and directory.account(account or "") is None:
        raise invalid(f"No account found for uuid {account}")
    if "group" in body and directory.group(group or "") is None:
        raise invalid(f"No group found for uuid {group}")
    return {
        "description": body.get("description"),
        "rule": body["rule"],
        "matching": body.get("matchingPolicy", "EQ"),
        "account": account,
        "group": group,
        "scopes": scopes,
    }


def refuse_duplicate(values, but=None):
    """Raise 400 where another policy says the same (api/scope_policy/DuplicateScopePolicyError.java)."""
    names = ("rule", "matching", "account", "group", "scopes")
    rows = g.db.execute(select(store.scope_policy)).all()
    same = [row.id for row in rows if row.id != but and all(getattr(row, name) == values[name] for name in names)]
    if same:
        raise error(400, f"Duplicate policy error: a policy equivalent to this one already exists. Ids: {same}")


@api.get("/scope_policies")
def list_scope_policies():
    """All of them: this list has no pages."""
    admin_read(roles=(ADMIN, READER))
    rows = g.db.execute(select(store.scope_policy).order_by(store.scope_policy.c.id)).all()
    return answer([scope_policy_body(row) for row in rows])


@api.post("/scope_policies")
def create_scope_policy():
    """Answers 201 without a body: a caller lists the policies to learn the id."""
    admin_write()
    values = scope_policy_values()
    refuse_duplicate(values)
    g.db.execute(insert(store.scope_policy).values(**values))
    return "", 201


@api.get("/scope_policies/<int:policy_id>")
def get_scope_policy(policy_id):
    admin_read()
    return answer(scope_policy_body(found(policy_id)))


@api.put("/scope_policies/<int:policy_id>")
def replace_scope_policy(policy_id):
    admin_write()
    found(policy_id)
    values = scope_policy_values()
    refuse_duplicate(values, but=policy_id)
    table = store.scope_policy
    g.db.execute(update(table).where(table.c.id == policy_id).values(**values, updated=time.time()))
    return "", 204


@api.delete("/scope_policies/<int:policy_id>")
def delete_scope_policy(policy_id):
    admin_write()
    found(policy_id)
    g.db.execute(delete(store.scope_policy).where(store.scope_policy.c.id == policy_id))
    return "", 204


# Token exchange


def exchange_body(row):
    """Return ExchangePolicyDTO (dict) of a row."""
    return without_nulls(
        {
            **row.document,
            "id": row.id,
            "creationTime": iso(row.created),
            "lastUpdateTime": iso(row.updated),
            "originClient": without_nulls(row.document["originClient"]),
            "destinationClient": without_nulls(row.document["destinationClient"]),
        }
    )


@api.get("/api/exchange/policies")
def list_exchange_policies():
    admin_read()
    offset, size = paging()
    query = select(store.exchange_policy).order_by(store.exchange_policy.c.id)
    rows = g.db.execute(query.offset(offset).limit(size)).all()
    return answer([exchange_body(row) for row in rows])


@api.post("/api/exchange/policies")
def create_exchange_policy():
    admin_write()
    body = checked(body_of(), EXCHANGE_POLICY)

    def invalid(text):
        return error(400, f"Invalid token exchange policy: {text}")

    if body.get("rule") not in RULES:
        raise invalid("rule must be PERMIT or DENY")
    if len(body.get("description", "")) > 512:
        raise invalid("The description must be at most 512 characters long")
    for name in ("originClient", "destinationClient"):
        match = body.get(name)
        if match is None or match.get("type") not in ("ANY", "BY_ID", "BY_SCOPE"):
            raise invalid(f"{name}: a type ANY, BY_ID or BY_SCOPE is required")
        if match["type"] != "ANY" and not match.get("matchParam"):
            raise invalid(f"{name}: matchParam is required for type {match['type']}")
    for one in body.get("scopePolicies", []):
        if one.get("rule") not in RULES or one.get("type") not in MATCHING or not one.get("matchParam"):
            raise invalid("scopePolicies: rule, type and matchParam are required")
    kept = ("description", "rule", "originClient", "destinationClient")
    document = {name: body.get(name) for name in kept} | {"scopePolicies": body.get("scopePolicies", [])}
    g.db.execute(insert(store.exchange_policy).values(document=document))
    return "", 201


@api.delete("/api/exchange/policies/<int:policy_id>")
def delete_exchange_policy(policy_id):
    admin_write()
    if store.one(g.db, store.exchange_policy, id=policy_id) is None:
        raise error(404, f"Exchange policy not found for id: {policy_id}")
    g.db.execute(delete(store.exchange_policy).where(store.exchange_policy.c.id == policy_id))
    return "", 204


def issuer_allows(origin, destination):
    """Return the exchange policy (document) that decides for two clients (rows), or None where none is about them.

    The most specific policy decides: by id before by scope before any, and DENY before PERMIT among equals
    (core/oauth/exchange/DefaultTokenExchangePdp.java).
    """
    rank = {"BY_ID": 0, "BY_SCOPE": 1, "ANY": 2}

    def matches(rule, client):
        if rule["type"] == "BY_ID":
            return rule["matchParam"] == client.client_id
        return rule["type"] == "ANY" or rule["matchParam"] in client.document["scope"]

    documents = [row.document for row in g.db.execute(select(store.exchange_policy))]
    fitting = [
        one
        for one in documents
        if matches(one["originClient"], origin) and matches(one["destinationClient"], destination)
    ]
    fitting.sort(
        key=lambda one: (
            rank[one["originClient"]["type"]] + rank[one["destinationClient"]["type"]],
            one["rule"] != "DENY",
        )
    )
    return fitting[0] if fitting else None
