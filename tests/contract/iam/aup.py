# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptable use policy and its signatures: /iam/aup (api/aup/*.java)."""

from __future__ import annotations

import re
import time

from flask import Blueprint, g, request
from sqlalchemy import delete, insert, select, update

from . import directory, store
from .security import READER, admin_read, admin_write, caller, denied
from .tokens import full_name
from .wire import NUMBER, answer, body_of, checked, error, iso, seconds_of

api = Blueprint("aup", __name__, url_prefix="/iam/aup")

FIELDS = {
    "id": int,
    "url": str,
    "text": str,
    "description": str,
    "signatureValidityInDays": int,
    "aupRemindersInDays": str,
    "creationTime": (str, *NUMBER),
    "lastUpdateTime": (str, *NUMBER),
}
URL = re.compile(r"^https?://[^\s?#]+$")
REMINDERS = re.compile(r"^$|^\d+(\s*,\s*\d+)*$")


def current():
    """Return the row of the policy, or None."""
    return g.db.execute(select(store.aup)).one_or_none()


def found():
    """Return the row of the policy or raise 404."""
    row = current()
    if row is None:
        raise error(404, "AUP is not defined for this organization")
    return row


def aup_body(row):
    """Return AupDTO (dict) of a row."""
    return {**row.document, "creationTime": iso(row.created), "lastUpdateTime": iso(row.updated)}


def document_of_request():
    """Return the policy (dict) in this request's body, or raise 400 (api/aup/model/AupDTO.java)."""
    body = checked(body_of(), FIELDS)

    def invalid(text):
        return error(400, f"Invalid AUP: {text}")

    if not (body.get("url") or "").strip():
        raise invalid("the AUP URL cannot be blank")
    if not URL.match(body["url"]):
        raise invalid("the AUP URL is not valid: it must be an http or https URL without query string")
    if len(body.get("description", "")) > 128:
        raise invalid("the description string must be at most 128 characters long")
    days = body.get("signatureValidityInDays")
    if days is None:
        raise invalid("signatureValidityInDays is required")
    if days < 0:
        raise invalid("signatureValidityInDays must be >= 0")
    text = body.get("aupRemindersInDays", "")
    if not REMINDERS.match(text):
        raise invalid("aupRemindersInDays must be a comma-separated list of numbers")
    reminders = [int(part) for part in text.split(",")] if text else []
    if days == 0 and reminders:
        raise invalid("aupRemindersInDays cannot be set if signatureValidityInDays is 0")
    if days and not reminders:
        raise invalid("aupRemindersInDays cannot be empty or null")
    if any(one <= 0 for one in reminders):
        raise invalid("zero or negative values for reminders are not allowed")
    if len(set(reminders)) != len(reminders):
        raise invalid("duplicate values for reminders are not allowed")
    if any(one >= days for one in reminders):
        raise invalid("aupRemindersInDays must be smaller than signatureValidityInDays")
    return {
        "url": body["url"],
        "text": body.get("text"),
        "description": body.get("description"),
        "signatureValidityInDays": days,
        "aupRemindersInDays": text,
    }


@api.get("")
def get_aup():
    """Public."""
    return answer(aup_body(found()))


@api.post("")
def create_aup():
    admin_write()
    if current() is not None:
        raise error(409, "AUP already exists")
    document = document_of_request()
    g.db.execute(insert(store.aup).values(document=document))
    return "", 201


@api.patch("")
def update_aup():
    """Full replacement in spite of the method; signatures stay valid unless the policy is touched."""
    admin_write()
    row = found()
    document = document_of_request()
    g.db.execute(update(store.aup).where(store.aup.c.id == row.id).values(document=document))
    return answer(aup_body(found()))


@api.delete("")
def delete_aup():
    admin_write()
    found()
    g.db.execute(delete(store.aup_signature))
    g.db.execute(delete(store.aup))
    return "", 204


@api.post("/touch")
def touch_aup():
    """Everybody has to sign again: the policy is newer than their signatures."""
    admin_write()
    row = found()
    g.db.execute(update(store.aup).where(store.aup.c.id == row.id).values(updated=time.time()))
    return answer(aup_body(found()))


# Signatures


def signature_needed(account):
    """Return whether an account (row) has to sign before it may go on."""
    row = current()
    if row is None or account.service_account:
        return False
    signature = store.one(g.db, store.aup_signature, account=account.uuid)
    if signature is None or signature.signed < row.updated:
        return True
    days = row.document["signatureValidityInDays"]
    return days > 0 and time.time() > signature.signed + days * 86400


def signature_body(account):
    """Return AupSignatureDTO (dict) of an account (row), or raise 404."""
    row = found()
    signature = store.one(g.db, store.aup_signature, account=account.uuid)
    if signature is None:
        raise error(404, f"AUP signature not found for user '{account.username}'")
    return {
        "aup": aup_body(row),
        "account": {"uuid": account.uuid, "username": account.username, "name": full_name(account)},
        "signatureTime": iso(signature.signed),
    }


def sign(account, moment):
    """Write an account's signature (uuid, seconds since 1970)."""
    g.db.execute(delete(store.aup_signature).where(store.aup_signature.c.account == account))
    g.db.execute(insert(store.aup_signature).values(account=account, signed=moment))


def _me():
    who = caller()
    if who.account is None:
        raise denied()
    return who.account


def _account(uuid):
    row = directory.account(uuid)
    if row is None:
        raise error(404, f"Account not found for id: {uuid}")
    return row


@api.get("/signature")
def my_signature():
    return answer(signature_body(_me()))


@api.post("/signature")
def sign_myself():
    account = _me()
    found()
    sign(account.uuid, time.time())
    return answer(signature_body(account), 201)


@api.get("/signature/<uuid>")
def get_signature(uuid):
    admin_read(roles=("ROLE_ADMIN", READER), me=uuid)
    return answer(signature_body(_account(uuid)))


@api.patch("/signature/<uuid>")
def sign_for(uuid):
    admin_write()
    account = _account(uuid)
    found()
    body = checked(body_of(), {"signatureTime": (str, *NUMBER)}) if request.get_data() else {}
    try:
        moment = seconds_of(body["signatureTime"]) if "signatureTime" in body else time.time()
    except ValueError as wrong:
        raise error(400, f"JSON parse error: signatureTime: {wrong}") from wrong
    sign(account.uuid, moment)
    return answer(signature_body(account), 201)


@api.delete("/signature/<uuid>")
def delete_signature(uuid):
    admin_write()
    account = _account(uuid)
    signature_body(account)
    g.db.execute(delete(store.aup_signature).where(store.aup_signature.c.account == account.uuid))
    return "", 204
