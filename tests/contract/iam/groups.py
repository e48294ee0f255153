# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's own interface to groups: /iam/group (api/group/*.java, api/account/search/GroupSearchController.java)."""

from __future__ import annotations

import re
import time

from flask import Blueprint, g, request
from sqlalchemy import delete, insert, select, update

from . import directory, store
from .scim import GROUP_NAME, insert_group
from .security import READER, admin_read, admin_write, allow
from .wire import answer, body_of, checked, error, number, page, paging, scim, without_nulls

api = Blueprint("groups", __name__, url_prefix="/iam")

GROUP_REFERENCE = {"id": str, "uuid": str, "name": str}
GROUP_FIELDS = {
    "id": str,
    "uuid": str,
    "name": str,
    "description": str,
    "parent": GROUP_REFERENCE,
    "creationTime": str,
    "lastUpdateTime": str,
}
SEARCHED = ("id", "displayName", "meta", directory.INDIGO_GROUP)
LABEL_FIELDS = {"prefix": str, "name": str, "value": str}
ATTRIBUTE_FIELDS = {"name": str, "value": str}
LABEL_PREFIX = re.compile(r"^((?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+[A-Za-z]{2,6}$")


def found(uuid):
    """Return the row of a group or raise 404."""
    row = directory.group(uuid)
    if row is None:
        raise error(404, f"Group with uuid '{uuid}' not found")
    return row


def group_body(row):
    """Return GroupDTO (dict) of a group (row)."""
    above = directory.group(row.parent) if row.parent else None
    return without_nulls(
        {
            "id": row.uuid,
            "name": row.name,
            "description": row.description,
            "parent": None if above is None else {"id": above.uuid, "name": above.name},
        }
    )


@api.post("/group")
def create_group():
    """Make a group below its parent, whose name comes first in the full name."""
    admin_write()
    body = checked(body_of(), GROUP_FIELDS)
    name = body.get("name", "")
    if not GROUP_NAME.match(name):
        raise error(400, "Invalid group: Invalid group name")
    description = valid_description(body)
    above = None
    if "parent" in body:
        wanted = body["parent"].get("uuid") or body["parent"].get("id") or ""
        above = directory.group(wanted)
        if above is None:
            raise error(404, f"No group found for uuid {wanted}")
        name = f"{above.name}/{name}"
    if len(name) > 512:
        raise error(400, "Invalid group: Invalid group name length")
    taken = store.one(g.db, store.group, name=name) is not None
    row = None if taken else insert_group(name, description, above)
    if row is None:
        raise error(400, "Invalid group: group name already assigned")
    return answer(group_body(row), 201)


def valid_description(body):
    """Return the description of a body (str or None); 400 where it is too long."""
    description = body.get("description")
    if description is not None and len(description) > 512:
        raise error(400, "Invalid group: Invalid group description length")
    return description


@api.put("/group/<uuid>")
def update_group(uuid):
    """Change the description, and nothing else."""
    admin_write(group=uuid)
    body = checked(body_of(), GROUP_FIELDS)
    description = valid_description(body)
    row = found(uuid)
    g.db.execute(
        update(store.group).where(store.group.c.uuid == row.uuid).values(description=description, updated=time.time())
    )
    return answer(group_body(directory.group(uuid)))


@api.get("/group/find/byname")
def find_by_name():
    """The group of this full name, compared exactly."""
    admin_read()
    rows = _one_by(request.args.get("name"))
    return scim(page(len(rows), 0, directory.scim_groups(rows), schemas=False))


def _one_by(name):
    if name is None:
        raise error(400, "Required request parameter 'name' for method parameter type String is not present")
    return g.db.execute(select(store.group).where(store.group.c.name == name)).all()


@api.get("/group/find/bylabel")
def find_by_label():
    admin_read()
    return scim(paged_groups(labelled(store.group)))


def labelled(table):
    """Return the select of the rows of a table (account or group) that have the label the request names."""
    name, value = request.args.get("name"), request.args.get("value")
    if name is None:
        raise error(400, "Required request parameter 'name' for method parameter type String is not present")
    query = select(store.label.c.owner).where(store.label.c.name == name)
    if value is not None:
        query = query.where(store.label.c.value == value)
    return select(table).where(table.c.uuid.in_(query))


@api.get("/group/find/unsubscribed/<account>")
def find_unsubscribed(account):
    """The groups that an account is no member of."""
    admin_read()
    member = select(store.membership.c.group).where(store.membership.c.account == account)
    query = select(store.group).where(store.group.c.uuid.not_in(member))
    return scim(paged_groups(query))


def paged_groups(query):
    """Return a page (dict) of at most 200 SCIM groups (api/group/find/FindGroupController.java)."""
    offset, size = paging(200)
    rows = g.db.execute(query.order_by(store.group.c.name).offset(offset).limit(size)).all()
    return page(store.count(g.db, query), offset, directory.scim_groups(rows), schemas=False)


@api.get("/group/search")
def search():
    """Groups whose name or uuid has the filter's text in it."""
    admin_read(roles=("ROLE_ADMIN", "ROLE_USER"))
    query = select(store.group)
    text = request.args.get("filter")
    if text:
        query = query.where(store.group.c.name.icontains(text) | store.group.c.uuid.icontains(text))
    return answer(searched(query, {}, store.group.c.name, directory.scim_groups, SEARCHED))


def searched(query, columns, default, make, attributes):
    """Return a page (dict) of a search: at most 10, with some attributes only, sorted as the query says.

    api/account/search/AbstractSearchController.java: a count that is negative or more than 10 is 10, and what
    sortBy and sortDirection do not know is passed over.
    """
    size, offset = number("count", 10), max(1, number("startIndex", 1)) - 1
    size = size if 0 <= size <= 10 else 10
    total = store.count(g.db, query)
    if size == 0:
        return {"totalResults": total, "Resources": []}
    order = columns.get(request.args.get("sortBy", "").lower(), default)
    query = query.order_by(order.desc() if request.args.get("sortDirection", "").lower() == "desc" else order.asc())
    rows = g.db.execute(query.offset(offset).limit(size)).all()
    return page(total, offset, directory.only(attributes, make(rows)), schemas=False)


@api.get("/group/<uuid>/group-managers")
def list_managers(uuid):
    """The accounts (SCIM users) that have authority ROLE_GM:<uuid>."""
    admin_read(roles=("ROLE_ADMIN", READER), group=uuid)
    row = directory.group(uuid)
    if row is None:
        raise error(400, f"Group with uuid '{uuid}' not found")
    query = select(store.authority.c.account).where(store.authority.c.authority == f"ROLE_GM:{uuid}")
    rows = g.db.execute(select(store.account).where(store.account.c.uuid.in_(query)).order_by(store.account.c.id)).all()
    return answer(directory.scim_users(rows))


# Labels and attributes, of groups here and of accounts in accounts.py


def labels_of(owner):
    """Return the labels (list of LabelDTO) of an account or a group (uuid)."""
    rows = g.db.execute(select(store.label).where(store.label.c.owner == owner).order_by(store.label.c.id))
    return [directory.label_body(row) for row in rows]


def valid_label(label):
    """Return a label (dict) or raise 400 (api/common/LabelDTO.java)."""
    prefix, name, value = label.get("prefix") or "", label.get("name") or "", label.get("value")
    if len(prefix) > 256:
        raise error(400, "Invalid label: prefix cannot be longer than 256 chars")
    if prefix and not LABEL_PREFIX.match(prefix):
        raise error(400, f"Invalid label: invalid prefix (does not match with regexp: '{LABEL_PREFIX.pattern}')")
    if name and not GROUP_NAME.match(name):
        raise error(400, f"Invalid label: invalid name (does not match with regexp: '{GROUP_NAME.pattern}')")
    if not name.strip() or len(name) > 64:
        raise error(400, "Invalid label: name is required and cannot be longer than 64 chars")
    if value is not None and len(value) > 64:
        raise error(400, "Invalid label: value cannot be longer than 64 chars")
    if any(character in text for text in (prefix, name, value or "") for character in "\r\n"):
        raise error(400, "Invalid label: new lines are not allowed")
    return {"prefix": prefix, "name": name, "value": value}


def set_label(owner):
    """Write the label of the request; one of the same prefix and name is replaced."""
    label = valid_label(checked(body_of(), LABEL_FIELDS))
    _delete_label(owner, label)
    g.db.execute(insert(store.label).values(owner=owner, **label))


def delete_label(owner):
    """Remove the label that the query names; one that is not there is passed over."""
    label = valid_label({name: request.args.get(name) for name in ("prefix", "name")})
    _delete_label(owner, label)


def _delete_label(owner, label):
    table = store.label.c
    g.db.execute(
        delete(store.label).where(table.owner == owner, table.prefix == label["prefix"], table.name == label["name"])
    )


def attributes_of(owner):
    """Return the attributes (list of AttributeDTO) of an account or a group (uuid)."""
    rows = g.db.execute(select(store.attribute).where(store.attribute.c.owner == owner).order_by(store.attribute.c.id))
    return [{"name": row.name, "value": row.value} for row in rows]


def _attribute_name(name):
    if not (name or "").strip() or len(name) > 64:
        raise error(400, "Invalid attribute: name cannot be blank nor longer than 64 chars")
    return name


def set_attribute(owner):
    """Write the attribute of the request; one of the same name is replaced (api/common/AttributeDTO.java)."""
    body = checked(body_of(), ATTRIBUTE_FIELDS)
    name, value = _attribute_name(body.get("name")), body.get("value")
    if value is not None and len(value) > 256:
        raise error(400, "Invalid attribute: value cannot be longer than 256 chars")
    g.db.execute(delete(store.attribute).where(store.attribute.c.owner == owner, store.attribute.c.name == name))
    g.db.execute(insert(store.attribute).values(owner=owner, name=name, value=value))


def delete_attribute(owner):
    """Remove the attribute that the query names."""
    name = _attribute_name(request.args.get("name"))
    g.db.execute(delete(store.attribute).where(store.attribute.c.owner == owner, store.attribute.c.name == name))


def touch(uuid):
    """Note that a group was changed."""
    g.db.execute(update(store.group).where(store.group.c.uuid == uuid).values(updated=time.time()))


@api.get("/group/<uuid>/labels")
def get_labels(uuid):
    allow("iam:admin.read", group=uuid)
    return answer(labels_of(found(uuid).uuid))


@api.put("/group/<uuid>/labels")
def put_label(uuid):
    admin_write()
    set_label(found(uuid).uuid)
    touch(uuid)
    return "", 200


@api.delete("/group/<uuid>/labels")
def remove_label(uuid):
    admin_write()
    delete_label(found(uuid).uuid)
    touch(uuid)
    return "", 204


@api.get("/group/<uuid>/attributes")
def get_attributes(uuid):
    admin_read(group=uuid)
    return answer(attributes_of(found(uuid).uuid))


@api.put("/group/<uuid>/attributes")
def put_attribute(uuid):
    admin_write()
    set_attribute(found(uuid).uuid)
    return "", 200


@api.delete("/group/<uuid>/attributes")
def remove_attribute(uuid):
    admin_write()
    delete_attribute(found(uuid).uuid)
    return "", 204
