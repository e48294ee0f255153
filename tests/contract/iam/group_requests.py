# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to become a member of a group: /iam/group_requests (api/requests/*.java)."""

from __future__ import annotations

import time
import uuid

from flask import Blueprint, g, request
from sqlalchemy import delete, insert, select, update

from . import directory, store
from .security import ADMIN, allow, authorities_of, caller, denied
from .tokens import full_name
from .wire import answer, body_of, checked, error, iso, page, paging

api = Blueprint("group_requests", __name__, url_prefix="/iam/group_requests")

FIELDS = dict.fromkeys(
    ("uuid", "username", "userUuid", "userFullName", "groupName", "groupUuid", "status", "notes", "motivation"), str
) | {"creationTime": str, "lastUpdateTime": str}


def request_body(row):
    """Return GroupRequestDto (dict) of a row."""
    account, group = directory.account(row.account), directory.group(row.group)
    return {
        "uuid": row.uuid,
        "username": account.username,
        "userUuid": account.uuid,
        "userFullName": full_name(account),
        "groupName": group.name,
        "groupUuid": group.uuid,
        "status": row.status,
        "notes": row.notes,
        "motivation": row.motivation,
        "creationTime": iso(row.created),
        "lastUpdateTime": iso(row.updated),
    }


def found(request_id):
    """Return the row of a request or raise 404."""
    row = store.one(g.db, store.group_request, uuid=request_id)
    if row is None:
        raise error(404, f"Group membership request with UUID [{request_id}] does not exist")
    return row


@api.post("")
def create():
    """Users ask for themselves, with notes; not twice, and not where they are members."""
    who = caller()
    if who.account is None:
        raise denied()
    body = checked(body_of(), FIELDS)
    notes = (body.get("notes") or "").strip()
    if not notes:
        raise error(400, "Notes cannot be empty")
    group = store.one(g.db, store.group, name=body.get("groupName") or "")
    if group is None:
        raise error(400, f"Group with name [{body.get('groupName')}] does not exist")
    account = who.account
    if store.one(g.db, store.membership, account=account.uuid, group=group.uuid) is not None:
        raise error(400, f"User [{account.username}] is already member of the group [{group.name}]")
    table = store.group_request
    if store.one(g.db, table, account=account.uuid, group=group.uuid, status="PENDING") is not None:
        raise error(400, f"Group membership request already exist for [{account.username}, {group.name}]")
    new = str(uuid.uuid4())
    g.db.execute(insert(table).values(uuid=new, account=account.uuid, group=group.uuid, status="PENDING", notes=notes))
    return answer(request_body(found(new)))


@api.get("")
def list_requests():
    """For users only, not for a client of its own: all for administrators, those of the groups that one manages, and
    one's own; ten a page (api/requests/GroupRequestsController.java)."""
    who = caller()
    if who.account is None:
        raise denied()
    authorities = authorities_of(who.account.uuid)
    query = (
        select(store.group_request)
        .join(store.account, store.account.c.uuid == store.group_request.c.account)
        .join(store.group, store.group.c.uuid == store.group_request.c.group)
    )
    for name, column in (
        ("username", store.account.c.username),
        ("groupName", store.group.c.name),
        ("status", store.group_request.c.status),
    ):
        if request.args.get(name):
            query = query.where(column == request.args[name])
    if ADMIN not in authorities:
        managed = [name.partition(":")[2] for name in authorities if name.startswith("ROLE_GM:")]
        own = store.group_request.c.account == who.account.uuid
        query = query.where(own | store.group_request.c.group.in_(managed))
    offset, size = paging(10)
    rows = g.db.execute(query.order_by(store.group_request.c.id).offset(offset).limit(size)).all()
    return answer(page(store.count(g.db, query), offset, [request_body(row) for row in rows], schemas=False))


@api.get("/<request_id>")
def get_request(request_id):
    row = found(request_id)
    allow("iam:admin.read", group=row.group, me=row.account)
    return answer(request_body(row))


@api.delete("/<request_id>")
def delete_request(request_id):
    row = found(request_id)
    allow("iam:admin.write", group=row.group, me=row.account if row.status == "PENDING" else None)
    g.db.execute(delete(store.group_request).where(store.group_request.c.id == row.id))
    return "", 204


def _decide(row, status, **values):
    if row.status != "PENDING":
        raise error(400, f"Invalid group membership request transition: {row.status} -> {status}")
    g.db.execute(
        update(store.group_request)
        .where(store.group_request.c.id == row.id)
        .values(status=status, updated=time.time(), **values)
    )
    return answer(request_body(found(row.uuid)))


@api.post("/<request_id>/approve")
def approve(request_id):
    row = found(request_id)
    allow("iam:admin.write", group=row.group)
    response = _decide(row, "APPROVED")
    directory.add_members(directory.group(row.group), [row.account])
    return response


@api.post("/<request_id>/reject")
def reject(request_id):
    """A token needs the scope for reading, as upstream's source says."""
    row = found(request_id)
    allow("iam:admin.read", group=row.group)
    motivation = (request.args.get("motivation") or "").strip()
    if not motivation:
        raise error(400, "Reject motivation cannot be empty")
    return _decide(row, "REJECTED", motivation=motivation)
