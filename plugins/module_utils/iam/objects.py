# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What INDIGO IAM holds: the Specs, and pure transformations between their words and those of IAM's API."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone

from ansible_collections.infn.datacloud.plugins.module_utils.core import Field, Spec, plan

USER = "urn:indigo-dc:scim:schemas:IndigoUser"
GROUP_EXTENSION = "urn:indigo-dc:scim:schemas:IndigoGroup"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

# Our mark at the end of a description: no body that creates a group, a client or a scope policy takes labels.
MARK = "[infn.datacloud]"
# And on accounts, which have no description. A label's prefix must look like a domain with a short last part.
MARK_LABEL = {"prefix": "datacloud.infn.it", "name": "infn.datacloud", "value": "managed"}
# The label of a group that is in a token only where it was asked for (WLCG profile).
OPTIONAL_LABEL = {"name": "wlcg.optional-group"}
GROUP_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9\-_.]*")
NEVER = "never"


def marked(text):
    """A description (str or None) with our mark."""
    return f"{text} {MARK}" if text else MARK


def unmarked(text):
    """(description without our mark, whether it had it)."""
    text = text or ""
    return (text.removesuffix(MARK).rstrip(), True) if text.endswith(MARK) else (text, False)


def group_name(path):
    """A group's name in IAM (str) for a path such as /virgo/analysis."""
    return path.strip("/")


def group_path(name):
    """The path of a group's name; a path stays as it is."""
    return "/" + name.strip("/")


def parent(path):
    """The path of the group above, None for one at the top."""
    return path.rpartition("/")[0] or None


def depth(path):
    """How many groups are above."""
    return path.count("/")


def unique(values):
    """Values (list of str) sorted and each once."""
    return sorted(set(values))


def label_key(label):
    """What makes two labels the same one: (prefix, name)."""
    return (label.get("prefix") or "", label["name"])


def _labels(values):
    return sorted((*label_key(label), label.get("value") or "") for label in values)


def text_values(values):
    """A dictionary with values as text, which is all IAM knows."""
    return {str(name): "" if value is None else str(value) for name, value in values.items()}


def ssh_key(text):
    """The key itself of a line such as `ssh-ed25519 AAAA... comment` (str)."""
    words = text.split()
    return words[1] if len(words) > 1 else text.strip()


def certificate(pem):
    """A PEM certificate without its frame and line breaks (str)."""
    lines = (line.strip() for line in pem.splitlines())
    return "".join(line for line in lines if not line.startswith("-----"))


def moment(text):
    """Seconds since 1970 (int) of an ISO 8601 time or date; without a zone it is UTC. NEVER stays NEVER.

    Raises ValueError for anything else.
    """
    if text == NEVER:
        return NEVER
    found = datetime.fromisoformat(text)
    return int((found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp())  # noqa: UP017 (3.10 reads it)


def _oidc(values):
    return sorted((entry["issuer"], entry["subject"]) for entry in values)


def _saml(values):
    return sorted((entry["idp"], entry["user_id"], entry["attribute"]) for entry in values)


def time_request(text):
    """An end time (str) as IAM takes it; None for one that never comes."""
    if text == NEVER:
        return None
    return datetime.fromtimestamp(moment(text), timezone.utc).isoformat(timespec="milliseconds")  # noqa: UP017


LABEL_FIELDS = (Field("prefix"), Field("name", required=True), Field("value"))


def _exclusive(*choices):
    """The option that names the lists of an object which are complete."""
    return Field("exclusive", type="list", elements="str", choices=choices, write_only=True)


# Groups ---------------------------------------------------------------------------------------------------------

GROUP = Spec(
    "group",
    "groups",
    (
        Field("path", required=True, identity=True, normalize=group_path),
        Field("description"),
        Field("optional", type="bool"),
        Field("labels", type="list", elements="dict", options=LABEL_FIELDS, normalize=_labels),
        Field("managers", type="list", elements="str", normalize=unique),
        _exclusive("labels", "managers"),
    ),
)


def group_complaints(wanted):
    """What is wrong with a wanted group (list of str)."""
    path = group_path(wanted["path"])
    said = []
    for name in group_name(path).split("/"):
        if not GROUP_NAME.fullmatch(name):
            said.append(
                f"group {path}: '{name}' is no name of a group; letters, digits, '-', '_' and '.', a letter first"
            )
    if len(group_name(path)) > 512:
        said.append(f"group {path}: IAM takes at most 512 characters")
    if len(marked(wanted.get("description"))) > 512:
        said.append(f"group {path}: the description may have {511 - len(MARK)} characters")
    if any(label_key(label) == label_key(OPTIONAL_LABEL) for label in wanted.get("labels") or ()):
        said.append(f"group {path}: the label {OPTIONAL_LABEL['name']} is set with `optional`")
    return said


def with_parents(groups):
    """The wanted groups (list of dict), and before them the parents that nobody listed."""
    listed = {group_path(group["path"]) for group in groups}
    above = set()
    for group in groups:
        path = parent(group_path(group["path"])) if group.get("state") != "absent" else None
        while path:
            above.add(path)
            path = parent(path)
    return [{"path": path, "state": "present"} for path in sorted(above - listed)] + groups


def group_view(raw, wanted, exclusive, managers):
    """A SCIM group in the Spec's words (dict).

    wanted: the wanted group (dict or None); exclusive: names of its lists that are complete; managers: usernames or
    None where they are not managed. What a list that is not complete does not name is not shown: it is not ours.
    """
    wanted = wanted or {}
    extension = raw.get(GROUP_EXTENSION) or {}
    description, mark = unmarked(extension.get("description"))
    labels = extension.get("labels") or []
    optional = label_key(OPTIONAL_LABEL)
    view = {
        "path": group_path(raw["displayName"]),
        "description": description,
        "optional": any(label_key(label) == optional for label in labels),
        "labels": label_view(
            [label for label in labels if label_key(label) != optional], wanted, "labels" in exclusive
        ),
        "mark": mark,
    }
    if managers is not None:
        kept = set(wanted.get("managers") or ())
        view["managers"] = unique(name for name in managers if name in kept or "managers" in exclusive)
    return view


def ours(views):
    """The paths (set) of groups, {path: view}, that carry our mark and have none below that does not."""
    paths = {path for path, view in views.items() if view["mark"]}
    for path in set(views) - paths:
        while path:
            path = parent(path)
            paths.discard(path)
    return paths


def label_view(labels, wanted, exclusive):
    """IAM's labels (list of dict) in the Spec's words: those that are wanted, or all where the list is complete."""
    listed = {label_key(label) for label in wanted.get("labels") or ()}
    return [
        {name: label[name] for name in ("prefix", "name", "value") if label.get(name)}
        for label in labels
        if exclusive or label_key(label) in listed
    ]


def differences(before, after, key):
    """(added, gone): what is in the list after and not in before in this very form, and the other way round by key.

    key: callable(entry) -> what makes it the same entry.
    """
    there = {key(entry): entry for entry in before or ()}
    wanted = {key(entry): entry for entry in after or ()}
    added = [entry for name, entry in wanted.items() if name not in there or _plain(there[name]) != _plain(entry)]
    return added, [entry for name, entry in there.items() if name not in wanted]


def _plain(entry):
    return {name: value for name, value in entry.items() if value} if isinstance(entry, dict) else entry


# Accounts -------------------------------------------------------------------------------------------------------

ACCOUNT = Spec(
    "account",
    "accounts",
    (
        Field("username", required=True, identity=True),
        Field("given_name"),
        Field("family_name"),
        Field("email"),
        Field("active", type="bool"),
        Field("password", secret=True, write_only=True),
        Field("service_account", type="bool"),
        Field("end_time", normalize=moment),
        Field(
            "ssh_keys",
            type="list",
            elements="dict",
            options=(Field("label", required=True), Field("key", required=True, secret=False)),
            normalize=lambda values: sorted(ssh_key(entry["key"]) for entry in values),
            secret=False,
        ),
        Field(
            "x509_certificates",
            type="list",
            elements="dict",
            options=(Field("label", required=True), Field("certificate", required=True)),
            normalize=lambda values: sorted(certificate(entry["certificate"]) for entry in values),
        ),
        Field(
            "oidc_ids",
            type="list",
            elements="dict",
            options=(Field("issuer", required=True), Field("subject", required=True)),
            normalize=_oidc,
        ),
        Field(
            "saml_ids",
            type="list",
            elements="dict",
            options=(Field("idp", required=True), Field("user_id", required=True), Field("attribute", required=True)),
            normalize=_saml,
        ),
        Field("labels", type="list", elements="dict", options=LABEL_FIELDS, normalize=_labels),
        Field("attributes", type="dict", normalize=text_values),
        Field("authorities", type="list", elements="str", normalize=unique),
        _exclusive("ssh_keys", "x509_certificates", "oidc_ids", "saml_ids", "labels", "attributes", "authorities"),
    ),
)

# A linked credential: the Spec's list -> (name in what IAM reads, name in what it writes, {ours: IAM's}, identity).
# They differ for certificates (ScimIndigoUser.java: constructor property x509Certificates, field certificates).
CREDENTIALS = {
    "ssh_keys": ("sshKeys", "sshKeys", {"label": "display", "key": "value"}, lambda entry: ssh_key(entry["key"])),
    "x509_certificates": (
        "x509Certificates",
        "certificates",
        {"label": "display", "certificate": "pemEncodedCertificate"},
        lambda entry: certificate(entry["certificate"]),
    ),
    "oidc_ids": (
        "oidcIds",
        "oidcIds",
        {"issuer": "issuer", "subject": "subject"},
        lambda entry: (entry["issuer"], entry["subject"]),
    ),
    "saml_ids": (
        "samlIds",
        "samlIds",
        {"idp": "idpId", "user_id": "userId", "attribute": "attributeId"},
        lambda entry: (entry["idp"], entry["user_id"], entry["attribute"]),
    ),
}
# What SCIM does not tell of an account, so that each takes a request of its own.
APART = ("labels", "attributes", "authorities")
# Authorities that come with the account and with the groups it manages; iam_group sets the latter.
OWN_AUTHORITIES = ("ROLE_USER", "ROLE_GM")


def account_complaints(wanted):
    """What is wrong with a wanted account in itself (list of str)."""
    subject = f"account {wanted['username']}"
    said = []
    if len(wanted["username"]) > 128:
        said.append(f"{subject}: IAM takes at most 128 characters")
    if wanted.get("end_time"):
        try:
            moment(wanted["end_time"])
        except ValueError:
            said.append(f"{subject}: end_time '{wanted['end_time']}' is neither an ISO 8601 time nor '{NEVER}'")
    for entry in wanted.get("x509_certificates") or ():
        if len(entry["label"]) > 36:
            said.append(f"{subject}: the label of a certificate may have 36 characters, '{entry['label']}' has more")
    return said


def account_view(raw, wanted, exclusive, apart):
    """A SCIM user in the Spec's words (dict).

    wanted, exclusive: as for group_view; apart: {name in APART: what IAM told (list)} as far as it was asked.
    """
    wanted = wanted or {}
    name = raw.get("name") or {}
    extension = raw.get(USER) or {}
    view = {
        "username": raw["userName"],
        "given_name": name.get("givenName", ""),
        "family_name": name.get("familyName", ""),
        "email": next((entry["value"] for entry in raw.get("emails") or ()), ""),
        "active": bool(raw.get("active")),
        "service_account": bool(extension.get("serviceAccount")),
        "end_time": extension.get("endTime") or NEVER,
    }
    for field, (_read, written, names, identity) in CREDENTIALS.items():
        listed = {identity(entry) for entry in wanted.get(field) or ()}
        entries = [
            {ours: entry.get(theirs) or "" for ours, theirs in names.items()} for entry in extension.get(written) or ()
        ]
        view[field] = [entry for entry in entries if field in exclusive or identity(entry) in listed]
    if "labels" in apart:
        ours = label_key(MARK_LABEL)
        others = [label for label in apart["labels"] if label_key(label) != ours]
        view["labels"] = label_view(others, wanted, "labels" in exclusive)
    if "attributes" in apart:
        view["attributes"] = {
            entry["name"]: entry.get("value") or ""
            for entry in apart["attributes"]
            if "attributes" in exclusive or entry["name"] in (wanted.get("attributes") or {})
        }
    if "authorities" in apart:
        listed = wanted.get("authorities") or ()
        view["authorities"] = [
            name
            for name in apart["authorities"]
            if name in listed or ("authorities" in exclusive and name.partition(":")[0] not in OWN_AUTHORITIES)
        ]
    return view


def credential_request(field, entry):
    """A linked credential of the Spec as SCIM takes it (dict)."""
    names = CREDENTIALS[field][2]
    request = {theirs: entry[ours] for ours, theirs in names.items() if entry.get(ours)}
    if field == "ssh_keys":
        request["value"] = ssh_key(entry["key"])
    return request


def account_request(after):
    """The body (dict) that creates an account."""
    extension = {}
    for field, (read, _written, _names, _identity) in CREDENTIALS.items():
        if after.get(field):
            extension[read] = [credential_request(field, entry) for entry in after[field]]
    extension["serviceAccount"] = after.get("service_account", False)
    # An account for which nothing is said would be inactive.
    request = {
        "schemas": [CORE_USER, USER],
        "active": after.get("active", True),
        **_replaced(after, after),
        USER: extension,
    }
    request["userName"] = after["username"]
    return request


def _replaced(after, fields):
    """The plain attributes of an account (dict), of the fields given, as SCIM takes them."""
    value = {}
    names = {"given_name": "givenName", "family_name": "familyName"}
    name = {theirs: after[ours] for ours, theirs in names.items() if ours in fields}
    if name:
        value["name"] = name
    if "email" in fields:
        value["emails"] = [{"type": "work", "value": after["email"], "primary": True}]
    for field in ("active", "password"):
        if field in fields:
            value[field] = after[field]
    return value


def account_operations(before, after, changes):
    """The operations (list of dict) of the one PATCH that brings about the changed fields, as far as SCIM does.

    The key of the body that holds them is `operations`, in lower case, unlike RFC 7644.
    """
    operations = []
    value = _replaced(after, changes)
    if "service_account" in changes:
        value[USER] = {"serviceAccount": after["service_account"]}
    if value:
        operations.append({"op": "replace", "value": value})
    linked = {"remove": {}, "add": {}}
    for field, (read, _written, _names, identity) in CREDENTIALS.items():
        if field not in changes:
            continue
        there = {identity(entry) for entry in before[field]}
        wanted = {identity(entry) for entry in after[field]}
        gone = [credential_request(field, entry) for entry in before[field] if identity(entry) not in wanted]
        added = [credential_request(field, entry) for entry in after[field] if identity(entry) not in there]
        linked["remove"].update({read: gone} if gone else {})
        linked["add"].update({read: added} if added else {})
    operations += [{"op": op, "value": {USER: lists}} for op, lists in linked.items() if lists]
    return operations


# Membership -----------------------------------------------------------------------------------------------------

MEMBERSHIP = Spec(
    "members of group",
    "memberships",
    (
        Field("group", required=True, identity=True, normalize=group_path),
        Field("members", type="list", elements="str", required=True, normalize=unique),
        Field("exclusive", type="bool", default=False, write_only=True),
    ),
    removable=False,
)


def with_members_below(memberships):
    """The wanted memberships (list of dict), each with the members of the listed groups below it.

    IAM makes a member of a group a member of all groups above it, and takes it out of all below when it leaves one.
    """
    members = {group_path(wanted["group"]): set(wanted["members"]) for wanted in memberships}
    for path in sorted(members, key=depth, reverse=True):
        above = parent(path)
        while above:
            if above in members:
                members[above] |= members[path]
            above = parent(above)
    return [{**wanted, "members": sorted(members[group_path(wanted["group"])])} for wanted in memberships]


def members_request(gone, added):
    """The body (dict) of a group's PATCH; gone, added: SCIM's references to users (list of dict)."""
    operations = []
    if gone:
        operations.append({"op": "remove", "path": "members", "value": gone})
    if added:
        operations.append({"op": "add", "path": "members", "value": added})
    return {"schemas": [PATCH], "operations": operations}


# Clients --------------------------------------------------------------------------------------------------------

GRANTS = (
    "authorization_code",
    "client_credentials",
    "password",
    "implicit",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant_type:redelegate",
)
AUTHENTICATION = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none")
CLIENT = Spec(
    "client",
    "clients",
    (
        Field("client_id", required=True, identity=True),
        Field("client_secret", secret=True),
        Field("name"),
        Field("description"),
        Field("contacts", type="list", elements="str", normalize=unique),
        Field("redirect_uris", type="list", elements="str", normalize=unique),
        Field("grant_types", type="list", elements="str", choices=GRANTS, normalize=unique),
        Field("response_types", type="list", elements="str", normalize=unique),
        Field("scopes", type="list", elements="str", normalize=unique),
        Field("token_endpoint_auth_method", choices=AUTHENTICATION, secret=False),
        Field("client_uri"),
        Field("tos_uri"),
        Field("policy_uri"),
        Field("jwks_uri"),
        Field("jwk", type="json", normalize=lambda text: json.loads(text) if isinstance(text, str) and text else text),
        Field("code_challenge_method", choices=("none", "plain", "S256")),
        Field("access_token_validity", type="int", secret=False),
        Field("refresh_token_validity", type="int", secret=False),
        Field("id_token_validity", type="int", secret=False),
        Field("device_code_validity", type="int"),
        Field("default_max_age", type="int"),
        Field("reuse_refresh_token", type="bool", secret=False),
        Field("clear_access_tokens_on_refresh", type="bool", secret=False),
        Field("require_auth_time", type="bool"),
        Field("allow_introspection", type="bool"),
        Field("active", type="bool"),
        Field("owners", type="list", elements="str", normalize=unique),
        _exclusive("owners"),
    ),
)
# The Spec's names where they are not IAM's.
CLIENT_NAMES = {
    "name": "client_name",
    "description": "client_description",
    "scopes": "scope",
    "access_token_validity": "access_token_validity_seconds",
    "refresh_token_validity": "refresh_token_validity_seconds",
    "id_token_validity": "id_token_validity_seconds",
    "device_code_validity": "device_code_validity_seconds",
}
CLIENT_LISTS = ("contacts", "redirect_uris", "grant_types", "response_types")
CLIENT_FLAGS = (
    "reuse_refresh_token",
    "clear_access_tokens_on_refresh",
    "require_auth_time",
    "allow_introspection",
    "active",
)
# Fields with requests of their own; the rest is one PUT.
CLIENT_APART = ("active", "owners")


def complete_client(wanted):
    """A wanted client as IAM will keep it: the scope offline_access brings the grant refresh_token with it."""
    scopes, grants = wanted.get("scopes"), wanted.get("grant_types")
    if scopes and grants is not None and "offline_access" in scopes and "refresh_token" not in grants:
        return {**wanted, "grant_types": [*grants, "refresh_token"]}
    return wanted


def client_complaints(wanted):
    """What is wrong with a wanted client in itself (list of str)."""
    subject = f"client {wanted['client_id']}"
    said = []
    if wanted.get("name") is not None and not 4 <= len(wanted["name"]) <= 256:
        said.append(f"{subject}: the name must have 4 to 256 characters")
    if wanted.get("client_secret") is not None and not 4 <= len(wanted["client_secret"]) <= 512:
        said.append(f"{subject}: the secret must have 4 to 512 characters")
    if len(marked(wanted.get("description"))) > 1024:
        said.append(f"{subject}: the description may have {1023 - len(MARK)} characters")
    if wanted.get("jwks_uri") and wanted.get("jwk"):
        said.append(f"{subject}: give jwks_uri or jwk, as IAM ignores the second next to the first")
    if wanted.get("client_secret") and wanted.get("token_endpoint_auth_method") == "none":
        said.append(f"{subject}: a client without authentication has no secret")
    return said


def client_view(raw, wanted=None, exclusive=(), owners=None):
    """IAM's client in the Spec's words (dict); wanted, exclusive: as for group_view; owners: usernames or None."""
    view = {}
    for field in (item.name for item in CLIENT.fields):
        view[field] = raw.get(CLIENT_NAMES.get(field, field))
    view["description"], view["mark"] = unmarked(view["description"])
    view["scopes"] = (view["scopes"] or "").split()
    view["code_challenge_method"] = view["code_challenge_method"] or "none"
    view.update({field: view[field] or [] for field in CLIENT_LISTS})
    view.update({field: bool(view[field]) for field in CLIENT_FLAGS})
    view.update({field: view[field] or "" for field in ("client_uri", "tos_uri", "policy_uri", "jwks_uri")})
    del view["exclusive"], view["owners"]
    if owners is not None:
        kept = set((wanted or {}).get("owners") or ())
        view["owners"] = unique(name for name in owners if name in kept or "owners" in exclusive)
    return view


def client_changes(before, after):
    """The names (tuple) of the fields in which a client (client_view) is not what after says."""
    return next((item.changes for item in plan(CLIENT, [after], {CLIENT.key(after): before})), ())


def client_request(after, changes, raw, mark):
    """The body (dict) of the POST or PUT that brings about the changed fields of a client.

    raw: IAM's client as it is ({} for a new one): PUT replaces all of it, the secret too, so all of it is sent again.
    mark: whether the description carries our mark.
    """
    body = dict(raw)
    for field in changes:
        if field == "scopes":
            body["scope"] = " ".join(after["scopes"])
        elif field not in CLIENT_APART:
            body[CLIENT_NAMES.get(field, field)] = after[field]
    text = after["description"] if "description" in changes else unmarked(raw.get("client_description"))[0]
    body["client_description"] = marked(text) if mark else text
    return {name: value for name, value in body.items() if value is not None}


# Scope policies -------------------------------------------------------------------------------------------------

SCOPE_POLICY = Spec(
    "scope policy",
    "policies",
    (
        Field("name", required=True, identity=True),
        Field("rule", required=True, choices=("PERMIT", "DENY")),
        Field("matching", choices=("EQ", "REGEXP", "PATH"), default="EQ"),
        Field("scopes", type="list", elements="str", default=[], normalize=unique),
        Field("group", normalize=group_path),
        Field("account"),
    ),
)


def policy_complaints(wanted):
    """What is wrong with a wanted scope policy in itself (list of str)."""
    said = []
    if wanted.get("group") and wanted.get("account"):
        said.append(f"scope policy {wanted['name']}: it is for a group or for an account, not for both")
    if len(marked(wanted["name"])) > 512:
        said.append(f"scope policy {wanted['name'][:40]}...: the name may have {511 - len(MARK)} characters")
    if wanted["name"] != wanted["name"].strip() or not wanted["name"]:
        said.append(f"scope policy '{wanted['name']}': the name must not be empty, nor begin or end with white space")
    return said


def complete_policy(wanted):
    """A wanted policy with nothing left open: a policy is its rule and whom it is for, so all of it is managed."""
    if wanted.get("state") == "absent":
        return wanted
    group = group_path(wanted["group"]) if wanted.get("group") else ""
    return {**wanted, "group": group, "account": wanted.get("account") or "", "scopes": wanted.get("scopes") or []}


def policy_view(raw):
    """IAM's scope policy in the Spec's words (dict)."""
    name, mark = unmarked(raw.get("description"))
    group, account = raw.get("group") or {}, raw.get("account") or {}
    return {
        "name": name,
        "rule": raw["rule"],
        "matching": raw.get("matchingPolicy") or "EQ",
        "scopes": sorted(raw.get("scopes") or []),
        "group": group_path(group["name"]) if group else "",
        "account": account.get("name") or account.get("username") or "",
        "mark": mark,
        "id": raw["id"],
    }


def policy_meaning(policy):
    """What two policies may not have in common (tuple): IAM refuses a second one that says the same."""
    scopes = tuple(unique(policy.get("scopes") or ()))
    return (policy.get("rule"), policy.get("matching") or "EQ", policy.get("group"), policy.get("account"), scopes)


def policy_request(after, mark, group, account):
    """The body (dict) of a scope policy; group, account: the uuid (str) of whom it is for, or None."""
    body = {
        "description": marked(after["name"]) if mark else after["name"],
        "rule": after["rule"],
        "matchingPolicy": after["matching"],
        "scopes": unique(after["scopes"]) or None,
        "group": {"uuid": group} if group else None,
        "account": {"uuid": account} if account else None,
    }
    return {name: value for name, value in body.items() if value is not None}


# Acceptable use policy ------------------------------------------------------------------------------------------


def _reminders(values):
    return sorted(values, reverse=True)


AUP = Spec(
    "acceptable use policy",
    "aup",
    (
        Field("name", identity=True),
        Field("url", required=True),
        Field("description"),
        Field("validity_days", type="int"),
        Field("reminders_days", type="list", elements="int", normalize=_reminders),
    ),
)


def aup_argument():
    """The argument specification (dict) of the module: one policy and no list, as an IAM has but one."""
    argument = {**AUP.argument_spec()["aup"], "type": "dict"}
    del argument["elements"]
    argument["options"] = {name: option for name, option in argument["options"].items() if name != "name"}
    return argument


def aup_complaints(wanted):
    """What is wrong with the wanted acceptable use policy (list of str)."""
    subject = "acceptable use policy"
    validity, reminders = wanted.get("validity_days"), wanted.get("reminders_days") or []
    said = []
    if "?" in (wanted.get("url") or ""):
        said.append(f"{subject}: IAM takes no query string in the url")
    if len(wanted.get("description") or "") > 128:
        said.append(f"{subject}: the description may have 128 characters")
    if validity is not None and validity < 0:
        said.append(f"{subject}: validity_days is a number of days, 0 for a signature that never expires")
    if validity == 0 and reminders:
        said.append(f"{subject}: a signature that never expires has no reminders_days")
    if any(day <= 0 for day in reminders) or len(set(reminders)) != len(reminders):
        said.append(f"{subject}: reminders_days are days above 0, each once")
    if validity and any(day >= validity for day in reminders):
        said.append(f"{subject}: reminders_days must be smaller than validity_days")
    return said


def aup_view(raw):
    """IAM's acceptable use policy in the Spec's words (dict)."""
    validity = raw.get("signatureValidityInDays") or 0
    reminders = raw.get("aupRemindersInDays") or ""
    return {
        "url": raw.get("url") or "",
        "description": raw.get("description") or "",
        "validity_days": validity,
        # Some releases show a default here that has no meaning without a validity.
        "reminders_days": _reminders(int(day) for day in reminders.split(",") if day.strip()) if validity else [],
    }


def aup_request(after):
    """The whole policy (dict): what a PATCH leaves out is emptied, unlike what the word says."""
    validity = after.get("validity_days", 0)
    reminders = after.get("reminders_days")
    if reminders is None:
        reminders = [day for day in (30, 15, 1) if day < validity]
    return {
        "url": after["url"],
        "description": after.get("description", ""),
        "signatureValidityInDays": validity,
        "aupRemindersInDays": ",".join(str(day) for day in _reminders(reminders)) if validity else "",
    }
