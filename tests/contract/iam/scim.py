# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCIM: /scim/Users, /scim/Groups and /scim/Me.

api/scim/controller/Scim{User,Group,Me}Controller.java and api/scim/provisioning/Scim{User,Group}Provisioning.java.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
import uuid

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from flask import Blueprint, g, request
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from . import directory, store
from .directory import INDIGO_GROUP, INDIGO_USER
from .security import ADMIN, READER, allow, caller, hash_password, insufficient_scope
from .wire import NUMBER, body_of, checked, page, paging, scim, scim_error

api = Blueprint("scim", __name__, url_prefix="/scim")

REFERENCE = {"display": str, "value": str, "$ref": str}
META = {"created": str, "lastModified": str, "location": str, "version": str, "resourceType": str}
RESOURCE = {"id": str, "externalId": str, "meta": META, "schemas": [str]}
LABEL = {"prefix": str, "name": str, "value": str}
SAML = {"idpId": str, "userId": str, "attributeId": str}
SSH = {"display": str, "primary": bool, "value": str, "fingerprint": str, "created": str, "lastModified": str}
X509 = {
    "display": str,
    "primary": bool,
    "pemEncodedCertificate": str,
    "subjectDn": str,
    "issuerDn": str,
    "created": str,
    "lastModified": str,
    "hasProxyCertificate": bool,
    "proxyExpirationTime": str,
}
INDIGO_USER_FIELDS = {
    "oidcIds": [{"issuer": str, "subject": str}],
    "samlIds": [SAML],
    "sshKeys": [SSH],
    "x509Certificates": [X509],
    "aupSignatureTime": (str, *NUMBER),
    "endTime": (str, *NUMBER),
    "serviceAccount": bool,
    # Shown, and passed over when written: a body that was read can be sent back.
    "certificates": [X509],
    "labels": [LABEL],
    "authorities": [str],
    "attributes": [{"name": str, "value": str}],
    "managedGroups": [REFERENCE],
}
USER_FIELDS = {
    **RESOURCE,
    "userName": str,
    "password": str,
    "name": {
        "formatted": str,
        "familyName": str,
        "givenName": str,
        "middleName": str,
        "honorificPrefix": str,
        "honorificSuffix": str,
    },
    "displayName": str,
    "nickName": str,
    "profileUrl": str,
    "picture": str,
    "title": str,
    "userType": str,
    "preferredLanguage": str,
    "locale": str,
    "timezone": str,
    "active": bool,
    "affiliation": str,
    "emails": [{"type": str, "value": str, "primary": bool}],
    "addresses": [dict.fromkeys(("formatted", "streetAddress", "locality", "region", "postalCode", "country"), str)],
    "photos": [{"type": str, "value": str}],
    "groups": [REFERENCE],
    INDIGO_USER: INDIGO_USER_FIELDS,
}
GROUP_FIELDS = {
    **RESOURCE,
    "displayName": str,
    "members": [REFERENCE],
    INDIGO_GROUP: {"parentGroup": REFERENCE, "description": str, "labels": [LABEL]},
}
MAIL = re.compile(r"^[^@\s]+@[^@\s]+$")
# registration/validation/UsernameValidator.java
USERNAME = re.compile(r"^[a-zA-Z0-9_.][a-zA-Z0-9_.@$-]*$")
GROUP_NAME = re.compile(r"^[a-zA-Z][a-zA-Z0-9\-_.]*$")
ATTRIBUTES = re.compile(r"[.,]")


def users_read():
    """Who may read accounts."""
    return allow("scim:read", (ADMIN, READER))


def users_write():
    """Who may write accounts."""
    return allow("scim:write")


def scim_body(fields):
    """Return the checked SCIM body (dict) of this request."""
    return checked(body_of("application/scim+json"), fields, scim_error)


def found(row, uuid, what):
    """Return the row, or raise SCIM's 404."""
    if row is None:
        raise scim_error(404, f"No {what} mapped to id '{uuid}'")
    return row


def only_attributes(resources):
    """Return the resources with only what parameter `attributes` names, and id and schemas."""
    names = request.args.get("attributes")
    if names is None:
        return resources
    keep = {part.strip() for part in ATTRIBUTES.split(names)} | {"schemas", "id"}
    return directory.only(keep, resources)


def listed(table, make):
    """Return a page of all rows of a table; with count 0 only their number."""
    offset, size = paging()
    total = store.count(g.db, select(table.c.id))
    if size == 0:
        return {"totalResults": total, "itemsPerPage": 0, "startIndex": 1, "schemas": page(0, 0, [])["schemas"]}
    rows = g.db.execute(select(table).order_by(table.c.id).offset(offset).limit(size)).all()
    return page(total, offset, only_attributes(make(rows)))


# Credentials


def ssh_key(entry, username):
    """Return (what makes it unique, document) of an SSH key; 400 where it is none (util/ssh/RSAPublicKeyUtils.java)."""
    value = entry.get("value")
    if not value:
        raise scim_error(400, "Invalid Scim User: sshKeys.value may not be empty")
    parts = value.split()
    body = parts[1] if len(parts) > 1 else parts[0]
    try:
        raw = base64.b64decode(body, validate=True)
        kind = raw[4 : 4 + int.from_bytes(raw[:4], "big")].decode("ascii")
        load_ssh_public_key(f"{kind} {body}".encode())
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise scim_error(400, f"Error during fingerprint generation: not a valid SSH public key: {wrong}") from wrong
    fingerprint = base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    document = {
        "display": entry.get("display") or f"{username}'s personal ssh key",
        "primary": entry.get("primary", False),
        "value": value,
        "fingerprint": fingerprint,
    }
    return fingerprint, document


def certificate(entry, username):
    """Return (subject and issuer, document) of a certificate; 400 where it cannot be read."""
    pem = entry.get("pemEncodedCertificate")
    if not pem and entry.get("subjectDn") and entry.get("issuerDn"):
        subject, issuer = entry["subjectDn"], entry["issuerDn"]
    else:
        try:
            parsed = x509.load_pem_x509_certificate((pem or "").encode())
        except ValueError as wrong:
            raise scim_error(400, f"Error parsing certificate chain: {wrong}") from wrong
        subject, issuer = parsed.subject.rfc4514_string(), parsed.issuer.rfc4514_string()
    document = {
        "display": entry.get("display") or f"{username}'s x509 certificate",
        "primary": entry.get("primary", False),
        "subjectDn": subject,
        "issuerDn": issuer,
        "hasProxyCertificate": False,
    }
    if pem:
        document["pemEncodedCertificate"] = pem
    return f"{subject}\n{issuer}"[:512], document


def oidc_id(entry, _username):
    """Return (what makes it unique, document) of an OpenID Connect identity."""
    if not entry.get("issuer") or not entry.get("subject"):
        raise scim_error(400, "Invalid Scim User: an OpenID Connect identity needs issuer and subject")
    return f"{entry['issuer']}\n{entry['subject']}", {"issuer": entry["issuer"], "subject": entry["subject"]}


def saml_id(entry, _username):
    """Return (what makes it unique, document) of a SAML identity."""
    if not all(entry.get(name) for name in SAML):
        raise scim_error(400, "Invalid Scim User: a SAML identity needs idpId, userId and attributeId")
    return "\n".join(entry[name] for name in SAML), {name: entry[name] for name in SAML}


CREDENTIALS = {
    "oidcIds": ("oidc", oidc_id),
    "samlIds": ("saml", saml_id),
    "sshKeys": ("ssh", ssh_key),
    "x509Certificates": ("x509", certificate),
}


def add_credentials(account, indigo):
    """Link credentials of a SCIM body to an account (row); 409 where another account has one."""
    for name, (kind, read) in CREDENTIALS.items():
        for entry in indigo.get(name, []):
            bound, document = read(entry, account.username)
            other = store.one(g.db, store.credential, kind=kind, bound=bound)
            if other is not None and other.account == account.uuid:
                continue
            if other is not None:
                raise scim_error(409, f"{name} credential is already bound to another user")
            g.db.execute(
                insert(store.credential).values(account=account.uuid, kind=kind, bound=bound, document=document)
            )


def remove_credentials(account, indigo):
    """Unlink credentials of a SCIM body from an account (row); what is not linked is passed over."""
    for name, (kind, read) in CREDENTIALS.items():
        for entry in indigo.get(name, []):
            if kind == "ssh" and entry.get("fingerprint") and not entry.get("value"):
                bound = entry["fingerprint"]
            else:
                bound = read(entry, account.username)[0]
            g.db.execute(
                delete(store.credential).where(
                    store.credential.c.account == account.uuid,
                    store.credential.c.kind == kind,
                    store.credential.c.bound == bound,
                )
            )


# Users


def user_values(body):
    """Return the columns (dict) of a full SCIM user; 400 where something is missing or wrong."""
    name = body.get("name") or {}
    emails = body.get("emails") or []
    problems = []
    if not (body.get("userName") or "").strip():
        problems.append("userName: must not be blank")
    elif len(body["userName"]) > 128 or not USERNAME.match(body["userName"]):
        problems.append("userName: Invalid username: must have at most 128 characters of [a-zA-Z0-9_.@$-]")
    if not emails:
        problems.append("emails: must not be empty")
    elif not MAIL.match(emails[0].get("value") or ""):
        problems.append("emails[0].value: must be a well-formed email address")
    if not (name.get("givenName") or "").strip():
        problems.append("name.givenName: must not be blank")
    if not (name.get("familyName") or "").strip():
        problems.append("name.familyName: must not be blank")
    if problems:
        raise scim_error(400, f"Invalid Scim User: {', '.join(problems)}")
    photos = body.get("photos") or []
    values = {
        "username": body["userName"],
        "email": emails[0]["value"],
        "given_name": name["givenName"],
        "family_name": name["familyName"],
        "picture": photos[0].get("value") if photos else None,
        "affiliation": body.get("affiliation"),
        "service_account": (body.get(INDIGO_USER) or {}).get("serviceAccount", False),
    }
    if body.get("password"):
        values["password"] = hash_password(body["password"])
    return values


def refuse_taken(values, uuid=None):
    """Raise 409 where another account has the user name or the mail address."""
    for column, label in (("username", "username"), ("email", "email")):
        if column in values:
            row = store.one(g.db, store.account, **{column: values[column]})
            if row is not None and row.uuid != uuid:
                raise scim_error(409, f"{label} {values[column]} already assigned to another user")


def create_account(values):
    """Insert an account with a new uuid and authority ROLE_USER and return its row; 409 where it exists."""
    refuse_taken(values)
    new = str(uuid.uuid4())
    try:
        with g.db.begin_nested():
            g.db.execute(insert(store.account).values(uuid=new, **values))
    except IntegrityError as wrong:
        raise scim_error(409, f"A user with username '{values['username']}' already exists") from wrong
    g.db.execute(insert(store.authority).values(account=new, authority="ROLE_USER"))
    return directory.account(new)


@api.get("/Users")
def list_users():
    users_read()
    return scim(listed(store.account, directory.scim_users))


@api.post("/Users")
def create_user():
    users_write()
    body = scim_body(USER_FIELDS)
    row = create_account({**user_values(body), "active": body.get("active", True)})
    add_credentials(row, body.get(INDIGO_USER, {}))
    return scim(directory.scim_users([row])[0], 201)


@api.get("/Users/<uuid>")
def get_user(uuid):
    allow("scim:read", (ADMIN, READER), managers=True)
    return scim(directory.scim_users([found(directory.account(uuid), uuid, "user")])[0])


@api.put("/Users/<uuid>")
def replace_user(uuid):
    """Full replacement: what the body leaves out is gone, and what a body cannot hold (memberships, labels) too."""
    users_write()
    body = scim_body(USER_FIELDS)
    values = user_values(body)
    row = found(directory.account(uuid), uuid, "user")
    refuse_taken(values, uuid)
    values = {"password": None, "end_time": None, **values, "active": body.get("active", row.active)}
    g.db.execute(update(store.account).where(store.account.c.uuid == uuid).values(**values, updated=time.time()))
    for table in (store.credential, store.membership, store.authority):
        g.db.execute(delete(table).where(table.c.account == uuid))
    directory.delete_owned(uuid)
    row = directory.account(uuid)
    add_credentials(row, body.get(INDIGO_USER, {}))
    return scim(directory.scim_users([row])[0])


def patch_operations(kinds, value_fields):
    """Return the operations (list of dict) of a PATCH body; the key is `operations`, in lower case."""
    body = scim_body({"schemas": [str], "operations": [{"op": str, "path": str, "value": value_fields}]})
    if not body.get("operations"):
        raise scim_error(400, "Invalid Scim Patch Request: operations must not be empty")
    for operation in body["operations"]:
        if operation.get("op") not in kinds:
            raise scim_error(400, f"JSON parse error: op '{operation.get('op')}' is not one of {', '.join(kinds)}")
    return body["operations"]


REPLACED = {"userName", "password", "name", "emails", "active", "photos"}


def patch_account(row, operation):
    """Apply one operation of a PATCH to an account (row); 400 for what upstream has no updater for."""
    if operation.get("path"):
        raise scim_error(400, "path expressions are not supported")
    value = operation.get("value") or {}
    kind = operation["op"]
    indigo = value.get(INDIGO_USER, {})
    fields = set(value) - {INDIGO_USER, "schemas"}
    allowed = {"replace": REPLACED, "add": set(), "remove": {"photos"}}[kind]
    credentials = set(indigo) & set(CREDENTIALS)
    others = set(indigo) - credentials - ({"serviceAccount"} if kind == "replace" else set())
    if fields - allowed or others or (kind == "replace" and credentials):
        wrong = sorted((fields - allowed) | others | (credentials if kind == "replace" else set()))
        raise scim_error(400, f"{kind} {', '.join(wrong)} not supported")
    if kind == "add":
        add_credentials(row, indigo)
    elif kind == "remove":
        remove_credentials(row, indigo)
    changes = {"picture": None} if kind == "remove" and "photos" in fields else {}
    if kind == "replace":
        changes = replacements(row, value)
    if changes:
        g.db.execute(update(store.account).where(store.account.c.uuid == row.uuid).values(**changes))
    if changes or credentials:
        g.db.execute(update(store.account).where(store.account.c.uuid == row.uuid).values(updated=time.time()))
    if changes.get("active") is False:
        g.db.execute(delete(store.token).where(store.token.c.account == row.uuid))


def replacements(row, value):
    """Return the columns (dict) that a replace operation changes."""
    changes = {}
    if "userName" in value:
        if not USERNAME.match(value["userName"]) or len(value["userName"]) > 128:
            raise scim_error(400, "Invalid username")
        changes["username"] = value["userName"]
    if "emails" in value:
        mail = value["emails"][0].get("value") if value["emails"] else None
        if not MAIL.match(mail or ""):
            raise scim_error(400, "Invalid Scim Patch Request: emails[0].value: must be a well-formed email address")
        changes["email"] = mail
    name = value.get("name") or {}
    for field, column in (("givenName", "given_name"), ("familyName", "family_name")):
        if field in name:
            changes[column] = name[field]
    if value.get("photos"):
        changes["picture"] = value["photos"][0].get("value")
    if value.get("password"):
        changes["password"] = hash_password(value["password"])
    if "active" in value:
        changes["active"] = value["active"]
    if "serviceAccount" in value.get(INDIGO_USER, {}):
        changes["service_account"] = value[INDIGO_USER]["serviceAccount"]
    refuse_taken(changes, row.uuid)
    return changes


@api.patch("/Users/<uuid>")
def update_user(uuid):
    users_write()
    operations = patch_operations(("add", "remove", "replace"), USER_FIELDS)
    row = found(directory.account(uuid), uuid, "user")
    for operation in operations:
        patch_account(row, operation)
    return scim(None, 204)


@api.delete("/Users/<uuid>")
def delete_user(uuid):
    users_write()
    directory.delete_account(found(directory.account(uuid), uuid, "user"))
    return "", 204


@api.get("/Me")
def get_me():
    """The account of the token or of the session (api/scim/controller/ScimMeController.java)."""
    return scim(directory.scim_users([_me("scim:read").account])[0])


def _me(scope):
    """Return the Caller, who must act for an account; a token needs the scope (str), too."""
    who = caller()
    if who.by_token and scope not in who.scopes:
        raise insufficient_scope(scope)
    if who.account is None:
        raise scim_error(400, "No user linked to the current OAuth token")
    return who


@api.patch("/Me")
def update_me():
    """What users may change of themselves: no names of their own choice, no activation."""
    who = _me("scim:write")
    for operation in patch_operations(("add", "remove", "replace"), USER_FIELDS):
        value = operation.get("value") or {}
        if {"userName", "password", "active"} & set(value) or "serviceAccount" in value.get(INDIGO_USER, {}):
            raise scim_error(400, f"{operation['op']} not supported")
        patch_account(who.account, operation)
    return scim(None, 204)


# Groups


def group_name(text):
    """Return the name of a group (one level); 400 where it is not allowed."""
    if not (text or "").strip():
        raise scim_error(400, "Group displayName cannot be empty")
    if "/" in text:
        raise scim_error(400, "Group displayName cannot contain a slash character")
    if len(text) > 50:
        raise scim_error(400, "Group name length cannot exceed 50 characters")
    if not GROUP_NAME.match(text):
        raise scim_error(400, "Invalid Scim Group: displayName: Invalid group name")
    return text


@api.get("/Groups")
def list_groups():
    allow("scim:read")
    return scim(listed(store.group, directory.scim_groups))


@api.post("/Groups")
def create_group():
    """The full name of a nested group is made of the `display` of the request's parentGroup, not of its real name."""
    allow("scim:write")
    body = scim_body(GROUP_FIELDS)
    name = group_name(body.get("displayName"))
    indigo = body.get(INDIGO_GROUP, {})
    parent = indigo.get("parentGroup")
    above = None
    if parent is not None:
        above = directory.group(parent.get("value") or "")
        if above is None:
            raise scim_error(404, f"Parent group '{parent.get('value')}' not found")
        name = f"{parent.get('display', 'null')}/{name}"
        if len(name) > 512:
            raise scim_error(400, "Group displayName length cannot exceed 512 characters")
    if store.one(g.db, store.group, name=name) is not None:
        raise scim_error(409, f"Duplicated group '{name}'")
    row = insert_group(name, None, above)
    if row is None:
        raise scim_error(409, f"Duplicated group '{name}'")
    return scim(directory.scim_groups([row])[0], 201)


def insert_group(name, description, above):
    """Insert a group and return its row; None where the name is taken."""
    new = str(uuid.uuid4())
    try:
        with g.db.begin_nested():
            g.db.execute(
                insert(store.group).values(
                    uuid=new, name=name, description=description, parent=None if above is None else above.uuid
                )
            )
    except IntegrityError:
        return None
    return directory.group(new)


@api.get("/Groups/<uuid>")
def get_group(uuid):
    allow("scim:read", group=uuid)
    return scim(directory.scim_groups([found(directory.group(uuid), uuid, "group")])[0])


@api.put("/Groups/<uuid>")
def replace_group(uuid):
    """Renames a group: the new name has no slash, so a nested group cannot be sent back as it was read.

    Description and parent stay as they are, whatever the body says.
    """
    allow("scim:write")
    body = scim_body(GROUP_FIELDS)
    row = found(directory.group(uuid), uuid, "group")
    name = group_name(body.get("displayName"))
    other = store.one(g.db, store.group, name=name)
    if other is not None and other.uuid != uuid:
        raise scim_error(409, f"{name} is already mapped to another group")
    g.db.execute(update(store.group).where(store.group.c.uuid == row.uuid).values(name=name, updated=time.time()))
    return scim(directory.scim_groups([directory.group(uuid)])[0])


@api.patch("/Groups/<uuid>")
def update_group(uuid):
    """Adds, removes or replaces members; nothing else of a group."""
    allow("scim:write", group=uuid)
    operations = patch_operations(("add", "remove", "replace"), [REFERENCE])
    row = found(directory.group(uuid), uuid, "group")
    for operation in operations:
        path = operation.get("path")
        if not path:
            raise scim_error(400, "empty path value is not currently supported")
        if path != "members":
            raise scim_error(400, f"path value {path} is not currently supported")
        accounts = [one.get("value") for one in operation.get("value", [])]
        query = select(store.account.c.uuid).where(store.account.c.uuid.in_([one for one in accounts if one]))
        known = set(g.db.execute(query).scalars())
        unknown = [one for one in accounts if one not in known]
        if unknown:
            raise scim_error(404, f"User UUID {unknown[0]} not found")
        if operation["op"] == "replace":
            query = select(store.membership.c.account).where(store.membership.c.group == uuid)
            gone = set(g.db.execute(query).scalars()) - set(accounts)
            directory.remove_members(row, gone)
        if operation["op"] == "remove":
            directory.remove_members(row, accounts)
        else:
            directory.add_members(row, accounts)
        directory.drop_requests(uuid, accounts)
    return scim(None, 204)


@api.delete("/Groups/<uuid>")
def delete_group(uuid):
    allow("scim:write", group=uuid)
    row = directory.group(uuid)
    if row is None:
        raise scim_error(404, f"No group found for id '{uuid}'")
    try:
        directory.delete_group(row)
    except ValueError as wrong:
        raise scim_error(400, str(wrong)) from wrong
    return "", 204


def _page_of(query, order, make):
    offset, size = paging()
    rows = g.db.execute(query.order_by(order).offset(offset).limit(size)).all()
    return scim(page(store.count(g.db, query), offset, [make(row) for row in rows]))


@api.get("/Groups/<uuid>/members")
def list_members(uuid):
    allow("scim:read", group=uuid)
    found(directory.group(uuid), uuid, "group")
    query = (
        select(store.account)
        .join(store.membership, store.membership.c.account == store.account.c.uuid)
        .where(store.membership.c.group == uuid)
    )
    return _page_of(query, store.account.c.id, directory.member_reference)


@api.get("/Groups/<uuid>/subgroups")
def list_subgroups(uuid):
    allow("scim:read", group=uuid)
    found(directory.group(uuid), uuid, "group")
    query = select(store.group).where(store.group.c.parent == uuid)
    return _page_of(query, store.group.c.id, lambda row: directory.reference("Groups", row.uuid, row.name))
