# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to get an account: /registration (registration/RegistrationApiController.java)."""

from __future__ import annotations

import time
import uuid

from flask import Blueprint, current_app, g, request
from sqlalchemy import insert, select, update

from . import directory, scim, store
from .security import allow
from .wire import answer, body_of, checked, error, iso

api = Blueprint("registration", __name__, url_prefix="/registration")

FIELDS = dict.fromkeys(
    (
        "uuid",
        "accountId",
        "status",
        "username",
        "givenname",
        "familyname",
        "email",
        "notes",
        "creationTime",
        "lastUpdateTime",
        "registerCertificate",
    ),
    str,
) | {"labels": [dict.fromkeys(("prefix", "name", "value"), str)]}
STATES = ("NEW", "CONFIRMED", "APPROVED", "REJECTED")


def request_body(row):
    """Return RegistrationRequestDto (dict) of a row."""
    account = directory.account(row.account)
    return {
        "uuid": row.uuid,
        "accountId": account.uuid,
        "status": row.status,
        "username": account.username,
        "givenname": account.given_name,
        "familyname": account.family_name,
        "email": account.email,
        "notes": row.notes,
        "creationTime": iso(row.created),
        "lastUpdateTime": iso(row.updated),
    }


def enabled():
    """Raise 404 where Spring profile registration is not active."""
    if "registration" not in current_app.settings.profiles:
        raise error(404, "Registration is not enabled")


def _listed(states):
    table = store.registration
    rows = g.db.execute(select(table).where(table.c.status.in_(states)).order_by(table.c.id)).all()
    return answer([request_body(row) for row in rows])


@api.get("/list")
def list_requests():
    allow("registration:read")
    status = request.args.get("status")
    if status is not None and status not in STATES:
        raise error(400, f"Invalid status: {status}")
    return _listed([status] if status else STATES)


@api.get("/list/pending")
def list_pending():
    allow("registration:read")
    return _listed(["NEW", "CONFIRMED"])


@api.get("/username-available/<name>")
def username_available(name):
    return answer(store.one(g.db, store.account, username=name) is None)


@api.get("/email-available/<address>")
def email_available(address):
    return answer(store.one(g.db, store.account, email=address) is None)


@api.post("/create")
def create():
    """Public: an account that is not active until an administrator approves it."""
    enabled()
    body = checked(body_of(), FIELDS)
    if not (body.get("notes") or "").strip():
        raise error(400, "Notes field cannot be the empty string")
    user = {
        "userName": body.get("username"),
        "name": {"givenName": body.get("givenname"), "familyName": body.get("familyname")},
        "emails": [{"value": body.get("email")}],
    }
    row = scim.create_account({**scim.user_values(user), "active": False})
    new = str(uuid.uuid4())
    g.db.execute(
        insert(store.registration).values(
            uuid=new, account=row.uuid, status="NEW", notes=body["notes"], token=str(uuid.uuid4())
        )
    )
    return answer(request_body(found(new)))


def found(request_id):
    """Return the row of a request or raise 404."""
    row = store.one(g.db, store.registration, uuid=request_id)
    if row is None:
        raise error(404, f"No request mapped to uuid [{request_id}]")
    return row


def _decide(row, status):
    if row.status not in ("NEW", "CONFIRMED"):
        raise error(400, f"Bad status transition from [{row.status}] to [{status}]")
    table = store.registration
    g.db.execute(update(table).where(table.c.id == row.id).values(status=status, updated=time.time()))


@api.post("/approve/<request_id>")
def approve(request_id):
    allow("registration:write")
    row = found(request_id)
    _decide(row, "APPROVED")
    table = store.account
    g.db.execute(update(table).where(table.c.uuid == row.account).values(active=True, updated=time.time()))
    return answer(request_body(found(request_id)))


@api.post("/reject/<request_id>")
def reject(request_id):
    """The account that was waiting is removed, and the request with it."""
    allow("registration:write")
    row = found(request_id)
    body = {**request_body(row), "status": "REJECTED"}
    _decide(row, "REJECTED")
    directory.delete_account(directory.account(row.account))
    return answer(body)


@api.get("/config")
def config():
    settings = current_app.settings
    return answer({"registration": "registration" in settings.profiles, "organisation": settings.organisation})
