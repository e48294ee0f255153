# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's own interface to accounts: /iam/account and /iam/me (api/account/**/*.java)."""

from __future__ import annotations

import time

from flask import Blueprint, current_app, g, request
from sqlalchemy import delete, insert, select, update

from . import clients, directory, groups, store
from .security import ADMIN, READER, admin_read, admin_write, caller, denied
from .wire import NUMBER, answer, body_of, checked, error, page, paging, scim, seconds_of

api = Blueprint("accounts", __name__, url_prefix="/iam")

# ROLE_PRE_AUTHENTICATED and managers of groups are given by other means.
SEARCHED = ("id", "displayName", "meta", "name", "userName", "active", "emails", "photos", "groups")
ROLES = ("ROLE_ADMIN", "ROLE_USER", "ROLE_READER")


def found(uuid, status=404):
    """Return the row of an account or raise."""
    row = directory.account(uuid)
    if row is None:
        raise error(status, f"Account not found for id '{uuid}'")
    return row


# Search


def scim_page(query):
    """Return a page of SCIM users."""
    offset, size = paging()
    rows = g.db.execute(query.order_by(store.account.c.id).offset(offset).limit(size)).all()
    body = page(store.count(g.db, query), offset, directory.scim_users(rows), schemas=False)
    return scim(body)


def required(name):
    """Return a query parameter (str) or raise 400."""
    value = request.args.get(name)
    if value is None:
        raise error(400, f"Required request parameter '{name}' for method parameter type String is not present")
    return value


def _matching(query):
    text = request.args.get("filter")
    if not text:
        return query
    table = store.account.c
    columns = (table.username, table.email, table.uuid, table.given_name, table.family_name)
    condition = columns[0].icontains(text)
    for column in columns[1:]:
        condition |= column.icontains(text)
    return query.where(condition)


@api.get("/account/find/byusername")
def find_by_username():
    admin_read()
    return scim_page(select(store.account).where(store.account.c.username == required("username")))


@api.get("/account/find/byemail")
def find_by_email():
    admin_read()
    return scim_page(select(store.account).where(store.account.c.email == required("email")))


@api.get("/account/find/byuuid/<uuid>")
def find_by_uuid(uuid):
    admin_read()
    return scim_page(select(store.account).where(store.account.c.uuid == uuid))


@api.get("/account/find/bylabel")
def find_by_label():
    admin_read()
    return scim_page(groups.labelled(store.account))


@api.get("/account/find/bycertsubject")
def find_by_certificate_subject():
    admin_read()
    prefix = required("certificateSubject") + "\n"
    owners = select(store.credential.c.account).where(
        store.credential.c.kind == "x509", store.credential.c.bound.startswith(prefix, autoescape=True)
    )
    return scim_page(select(store.account).where(store.account.c.uuid.in_(owners)))


@api.get("/account/find/bygroup/<uuid>")
def find_by_group(uuid):
    admin_read()
    members = select(store.membership.c.account).where(store.membership.c.group == uuid)
    return scim_page(_matching(select(store.account).where(store.account.c.uuid.in_(members))))


@api.get("/account/find/notingroup/<uuid>")
def find_not_in_group(uuid):
    admin_read()
    members = select(store.membership.c.account).where(store.membership.c.group == uuid)
    return scim_page(_matching(select(store.account).where(store.account.c.uuid.not_in(members))))


@api.get("/account/find/byauthority")
def find_by_authority():
    admin_read()
    owners = select(store.authority.c.account).where(store.authority.c.authority == required("authority"))
    return scim_page(select(store.account).where(store.account.c.uuid.in_(owners)))


@api.get("/account/search")
def search():
    """Accounts whose user name, name, mail or uuid has the filter's text in it."""
    admin_read(managers=True)
    columns = {"email": store.account.c.email, "creation": store.account.c.created}
    query = _matching(select(store.account))
    return answer(groups.searched(query, columns, store.account.c.given_name, directory.scim_users, SEARCHED))


# Authorities


def authorities(uuid):
    """Return the authorities of an account as upstream answers them (dict)."""
    query = select(store.authority.c.authority).where(store.authority.c.account == uuid)
    return {"authorities": sorted(g.db.execute(query).scalars())}


def _role():
    role = required("authority")
    if role not in ROLES and not role.startswith("ROLE_GM:"):
        raise error(400, f"Invalid authority: '{role}'")
    return role


@api.get("/me/authorities")
def my_authorities():
    who = caller()
    if who.account is None:
        raise denied()
    return answer(authorities(who.account.uuid))


@api.get("/account/<uuid>/authorities")
def get_authorities(uuid):
    admin_read(roles=(ADMIN, READER), managers=True)
    return answer(authorities(found(uuid).uuid))


@api.post("/account/<uuid>/authorities")
def add_authority(uuid):
    """Give a role; one that the account has already is 400 (account/authority/AccountAuthorityController.java)."""
    admin_write()
    row, role = found(uuid), _role()
    if store.one(g.db, store.authority, account=uuid, authority=role) is not None:
        raise error(400, f"Authority {role} is already bound to account {row.username}")
    g.db.execute(insert(store.authority).values(account=uuid, authority=role))
    return "", 200


@api.delete("/account/<uuid>/authorities")
def remove_authority(uuid):
    admin_write()
    role = _role()
    found(uuid)
    g.db.execute(delete(store.authority).where(store.authority.c.account == uuid, store.authority.c.authority == role))
    return "", 200


# Groups of an account


@api.post("/account/<uuid>/groups/<group>")
def join_group(uuid, group):
    """Make an account a member; who is one already stays one, and the answer is the same."""
    row, member = _member(uuid, group)
    directory.add_members(row, [member.uuid])
    directory.drop_requests(row.uuid, [member.uuid])
    return "", 201


@api.delete("/account/<uuid>/groups/<group>")
def leave_group(uuid, group):
    row, member = _member(uuid, group)
    directory.remove_members(row, [member.uuid])
    return "", 204


def _member(uuid, group):
    admin_write(group=group)
    row = directory.group(group)
    if row is None:
        raise error(400, f"Group not found for id '{group}'")
    return row, found(uuid, 400)


@api.get("/account/<uuid>/managed-groups")
def get_managed_groups(uuid):
    admin_read(me=uuid)
    row = found(uuid, 400)
    managed = {one.uuid for one in directory.managed_groups(uuid)}
    every = g.db.execute(select(store.group).order_by(store.group.c.name)).all()
    entry = {True: [], False: []}
    for one in every:
        entry[one.uuid in managed].append({"name": one.name, "id": one.uuid})
    return answer(
        {
            "id": row.uuid,
            "username": row.username,
            "managedGroups": entry[True],
            "unmanagedGroups": entry[False],
        }
    )


@api.post("/account/<uuid>/managed-groups/<group>")
def add_managed_group(uuid, group):
    """Make an account a manager of a group; 400 where it is one already."""
    authority, row = _manager(uuid, group)
    if store.one(g.db, store.authority, account=uuid, authority=authority) is not None:
        raise error(400, f"User '{row.username}' is already a group manager for group '{group}'")
    g.db.execute(insert(store.authority).values(account=uuid, authority=authority))
    return "", 201


@api.delete("/account/<uuid>/managed-groups/<group>")
def remove_managed_group(uuid, group):
    authority, _rest = _manager(uuid, group)
    g.db.execute(
        delete(store.authority).where(store.authority.c.account == uuid, store.authority.c.authority == authority)
    )
    return "", 204


def _manager(uuid, group):
    admin_write()
    row = found(uuid, 400)
    if directory.group(group) is None:
        raise error(400, f"Group not found for id '{group}'")
    return f"ROLE_GM:{group}", row


# Labels, attributes, end of membership, clients


@api.get("/account/<uuid>/labels")
def get_labels(uuid):
    admin_read(me=uuid)
    return answer(groups.labels_of(found(uuid).uuid))


@api.put("/account/<uuid>/labels")
def put_label(uuid):
    admin_write()
    groups.set_label(found(uuid).uuid)
    return "", 200


@api.delete("/account/<uuid>/labels")
def remove_label(uuid):
    admin_write()
    groups.delete_label(found(uuid).uuid)
    return "", 204


@api.get("/account/<uuid>/attributes")
def get_attributes(uuid):
    admin_read(me=uuid)
    return answer(groups.attributes_of(found(uuid).uuid))


@api.put("/account/<uuid>/attributes")
def put_attribute(uuid):
    admin_write()
    groups.set_attribute(found(uuid).uuid)
    return "", 200


@api.delete("/account/<uuid>/attributes")
def remove_attribute(uuid):
    admin_write()
    groups.delete_attribute(found(uuid).uuid)
    return "", 204


@api.put("/account/<uuid>/endTime")
def set_end_time(uuid):
    """Set or remove (null) the end of an account (account/lifecycle/AccountLifecycleController.java)."""
    admin_write()
    body = checked(body_of(), {"endTime": (str, *NUMBER)})
    row = found(uuid)
    if current_app.settings.account_read_only_end_time:
        raise error(403, "Account end time is read-only")
    try:
        moment = seconds_of(body["endTime"]) if "endTime" in body else None
    except ValueError as wrong:
        raise error(400, f"JSON parse error: endTime: {wrong}") from wrong
    g.db.execute(
        update(store.account).where(store.account.c.uuid == row.uuid).values(end_time=moment, updated=time.time())
    )
    return "", 200


@api.get("/account/me/clients")
def my_clients():
    who = caller()
    if who.account is None:
        raise denied()
    owned = select(store.client_owner.c.client_id).where(store.client_owner.c.account == who.account.uuid)
    return answer(clients.client_page(select(store.client).where(store.client.c.client_id.in_(owned))))
