# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several interfaces do with accounts and groups: find them, show them as SCIM does, change memberships."""

from __future__ import annotations

import time

from flask import current_app, g
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from . import store
from .tokens import full_name
from .wire import iso, without_nulls

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
INDIGO_USER = "urn:indigo-dc:scim:schemas:IndigoUser"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
INDIGO_GROUP = "urn:indigo-dc:scim:schemas:IndigoGroup"
# Where SCIM shows each kind of credential; certificates are read as x509Certificates and shown as certificates.
SHOWN = {"oidc": "oidcIds", "saml": "samlIds", "ssh": "sshKeys", "x509": "certificates"}


def location(kind, uuid):
    """Return the address (str) of a SCIM resource; kind is Users or Groups."""
    return f"{current_app.settings.base_url}/scim/{kind}/{uuid}"


def account(uuid):
    """Return the row of an account, or None."""
    return store.one(g.db, store.account, uuid=uuid)


def group(uuid):
    """Return the row of a group, or None."""
    return store.one(g.db, store.group, uuid=uuid)


def reference(kind, uuid, display):
    """Return how SCIM refers to an account or a group (dict)."""
    return {"display": display, "value": uuid, "$ref": location(kind, uuid)}


def member_reference(row):
    """Return the reference of an account (row) in a group's members."""
    return reference("Users", row.uuid, full_name(row))


def only(names, resources):
    """Return resources (list of dict) with these attributes only."""
    return [{name: value for name, value in one.items() if name in names} for one in resources]


def _by_owner(table, column, owners):
    rows = {}
    if owners:
        for row in g.db.execute(select(table).where(column.in_(owners)).order_by(table.c.id)):
            rows.setdefault(getattr(row, column.name), []).append(row)
    return rows


def scim_users(accounts):
    """Return the SCIM users (list of dict) of accounts (rows), with one query for each kind of what they have."""
    uuids = [row.uuid for row in accounts]
    query = (
        select(store.membership.c.account, store.group.c.uuid, store.group.c.name)
        .join(store.group, store.group.c.uuid == store.membership.c.group)
        .where(store.membership.c.account.in_(uuids))
        .order_by(store.membership.c.id)
    )
    groups = {}
    for row in g.db.execute(query) if uuids else ():
        groups.setdefault(row.account, []).append(reference("Groups", row.uuid, row.name))
    credentials = _by_owner(store.credential, store.credential.c.account, uuids)
    signatures = select(store.aup_signature).where(store.aup_signature.c.account.in_(uuids))
    signed = {row.account: row.signed for row in g.db.execute(signatures)} if uuids else {}
    return [
        _scim_user(row, groups.get(row.uuid, []), credentials.get(row.uuid, []), signed.get(row.uuid))
        for row in accounts
    ]


def _scim_user(row, groups, credentials, signed):
    indigo = {name: [one.document for one in credentials if one.kind == kind] for kind, name in SHOWN.items()}
    indigo |= {
        "serviceAccount": row.service_account,
        "aupSignatureTime": iso(signed),
        "endTime": iso(row.end_time),
    }
    if current_app.settings.scim_authorities:
        query = select(store.authority.c.authority).where(store.authority.c.account == row.uuid)
        indigo["authorities"] = list(g.db.execute(query).scalars())
    if current_app.settings.scim_managed_groups:
        indigo["managedGroups"] = [reference("Groups", one.uuid, one.name) for one in managed_groups(row.uuid)]
    return without_nulls(
        {
            "id": row.uuid,
            "meta": meta("User", "Users", row),
            "schemas": [USER, INDIGO_USER],
            "userName": row.username,
            "name": {
                "familyName": row.family_name,
                "formatted": full_name(row),
                "givenName": row.given_name,
            },
            "displayName": row.username,
            "active": row.active,
            "affiliation": row.affiliation,
            "emails": [{"type": "work", "value": row.email, "primary": True}],
            "photos": [{"type": "photo", "value": row.picture}] if row.picture else [],
            "groups": groups,
            INDIGO_USER: without_nulls(indigo),
        }
    )


def meta(resource_type, kind, row):
    """Return the SCIM meta object (dict) of a row."""
    return {
        "created": iso(row.created),
        "lastModified": iso(row.updated),
        "location": location(kind, row.uuid),
        "resourceType": resource_type,
    }


def scim_groups(groups):
    """Return the SCIM groups (list of dict) of groups (rows); members are never in them."""
    labels = _by_owner(store.label, store.label.c.owner, [row.uuid for row in groups])
    above = {row.parent for row in groups if row.parent}
    query = select(store.group.c.uuid, store.group.c.name).where(store.group.c.uuid.in_(above))
    names = {row.uuid: row.name for row in g.db.execute(query)} if above else {}
    return [
        {
            "id": row.uuid,
            "meta": meta("Group", "Groups", row),
            "schemas": [GROUP, INDIGO_GROUP],
            "displayName": row.name,
            INDIGO_GROUP: without_nulls(
                {
                    "parentGroup": reference("Groups", row.parent, names[row.parent]) if row.parent else None,
                    "description": (row.description or "").strip(),
                    "labels": [label_body(one) for one in labels.get(row.uuid, [])],
                }
            ),
        }
        for row in groups
    ]


def label_body(row):
    """Return LabelDTO (dict) of a label (row)."""
    return without_nulls({"prefix": row.prefix, "name": row.name, "value": row.value})


def managed_groups(uuid):
    """Return the groups (rows) that an account manages: authority ROLE_GM:<uuid of the group>."""
    query = select(store.authority.c.authority).where(
        store.authority.c.account == uuid, store.authority.c.authority.like("ROLE_GM:%")
    )
    uuids = [name.partition(":")[2] for name in g.db.execute(query).scalars()]
    query = select(store.group).where(store.group.c.uuid.in_(uuids)).order_by(store.group.c.name)
    return g.db.execute(query).all() if uuids else []


def ancestors(row):
    """Return the uuids of the groups above a group (row), the nearest first."""
    found = []
    while row is not None and row.parent:
        found.append(row.parent)
        row = group(row.parent)
    return found


def descendants(uuid):
    """Return the uuids of all groups below a group."""
    found, level = [], [uuid]
    while level:
        level = list(g.db.execute(select(store.group.c.uuid).where(store.group.c.parent.in_(level))).scalars())
        found += level
    return found


def add_members(row, accounts):
    """Make accounts (uuids) members of a group (row) and of all groups above it; who is one already stays one.

    core/user/DefaultIamAccountService.java addToGroup: a member of a group is a member of its parents.
    """
    now = time.time()
    for uuid in (row.uuid, *ancestors(row)):
        query = select(store.membership.c.account).where(
            store.membership.c.group == uuid, store.membership.c.account.in_(accounts)
        )
        present = set(g.db.execute(query).scalars())
        new = [one for one in dict.fromkeys(accounts) if one not in present]
        if new:
            try:
                with g.db.begin_nested():
                    g.db.execute(
                        insert(store.membership), [{"account": one, "group": uuid, "created": now} for one in new]
                    )
            except IntegrityError:
                # Another request added one of them at the same time.
                _add_one_by_one(uuid, new, now)
    _touch(accounts)


def _add_one_by_one(group_uuid, accounts, now):
    for one in accounts:
        try:
            with g.db.begin_nested():
                g.db.execute(insert(store.membership).values(account=one, group=group_uuid, created=now))
        except IntegrityError:
            continue


def remove_members(row, accounts):
    """Take accounts (uuids) out of a group (row) and of all groups below it; who is no member is passed over.

    core/user/DefaultIamAccountService.java removeFromGroup.
    """
    for uuid in (row.uuid, *descendants(row.uuid)):
        g.db.execute(
            delete(store.membership).where(store.membership.c.group == uuid, store.membership.c.account.in_(accounts))
        )
    _touch(accounts)


def _touch(accounts):
    g.db.execute(update(store.account).where(store.account.c.uuid.in_(accounts)).values(updated=time.time()))


def drop_requests(group_uuid, accounts):
    """Remove the membership requests of accounts (uuids) for a group."""
    g.db.execute(
        delete(store.group_request).where(
            store.group_request.c.group == group_uuid, store.group_request.c.account.in_(accounts)
        )
    )


def delete_owned(uuid):
    """Remove labels and attributes of an account or a group that is being deleted."""
    g.db.execute(delete(store.label).where(store.label.c.owner == uuid))
    g.db.execute(delete(store.attribute).where(store.attribute.c.owner == uuid))


def delete_account(row):
    """Remove an account (row) with all that is its own: tokens too."""
    delete_owned(row.uuid)
    g.db.execute(delete(store.token).where(store.token.c.account == row.uuid))
    g.db.execute(delete(store.account).where(store.account.c.uuid == row.uuid))


def delete_group(row):
    """Remove a group (row); ValueError where it has children or members (core/group/DefaultIamGroupService.java)."""
    children = select(store.group.c.id).where(store.group.c.parent == row.uuid)
    members = select(store.membership.c.id).where(store.membership.c.group == row.uuid)
    if any(g.db.execute(query.limit(1)).first() for query in (children, members)):
        raise ValueError("Group is not empty")
    delete_owned(row.uuid)
    g.db.execute(delete(store.authority).where(store.authority.c.authority == f"ROLE_GM:{row.uuid}"))
    g.db.execute(delete(store.group).where(store.group.c.uuid == row.uuid))
