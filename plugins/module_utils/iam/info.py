# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an INDIGO IAM holds, as data without secrets."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.iam import objects

SHOWN = ("issuer", "token_endpoint", "jwks_uri", "scopes_supported", "grant_types_supported")


def server(iam):
    """The discovery document's main parts, the public keys and the health (dict); anybody may ask."""

    def ask(path, absent=()):
        return iam.call("GET", path, "IAM", absent=absent, anonymous=True)

    discovery = ask("/.well-known/openid-configuration")
    # A service that is not well answers 503, and so with nothing here.
    health = ask("/actuator/health", absent=(503,)) or {"status": "DOWN"}
    keys = [{name: key.get(name) for name in ("kid", "kty", "alg", "use")} for key in ask("/jwk")["keys"]]
    return {**{name: discovery.get(name) for name in SHOWN}, "signing_keys": keys, "health": health["status"]}


def aup(iam):
    """The acceptable use policy (dict or None); anybody may ask."""
    raw = iam.call("GET", "/iam/aup", "acceptable use policy", absent=(404,), anonymous=True)
    return None if raw is None else objects.aup_view(raw)


def groups(iam):
    """All groups (list of dict)."""
    everything = ("labels",)
    views = [
        {"id": raw["id"], **objects.group_view(raw, None, everything, None)}
        for raw in iam.pages("/scim/Groups", "groups")
    ]
    return [_managed(view) for view in sorted(views, key=lambda view: view["path"])]


def accounts(iam):
    """All accounts (list of dict) with the paths of their groups, without their keys and identities."""
    shown = ("username", "given_name", "family_name", "email", "active", "service_account", "end_time")
    found = []
    for raw in iam.pages("/scim/Users", "accounts"):
        view = objects.account_view(raw, None, (), {})
        paths = sorted(objects.group_path(group["display"]) for group in raw.get("groups") or ())
        found.append({"id": raw["id"], **{name: view[name] for name in shown}, "groups": paths})
    return sorted(found, key=lambda account: account["username"])


def clients(iam):
    """All clients (list of dict) without their secrets."""
    views = [objects.client_view(raw) for raw in iam.pages("/iam/api/clients", "clients")]
    return [
        _managed({name: value for name, value in view.items() if name != "client_secret"})
        for view in sorted(views, key=lambda view: view["client_id"])
    ]


def scope_policies(iam):
    """All scope policies (list of dict)."""
    return [_managed(objects.policy_view(raw)) for raw in iam.call("GET", "/iam/scope_policies", "scope policies")]


def _managed(view):
    """The object with `managed` in place of our word for it."""
    return {**{name: value for name, value in view.items() if name != "mark"}, "managed": view["mark"]}


# What can be gathered, and the scope it takes.
PARTS = {
    "server": (server, None),
    "aup": (aup, None),
    "groups": (groups, "scim:read"),
    "accounts": (accounts, "scim:read"),
    "clients": (clients, "iam:admin.read"),
    "scope_policies": (scope_policies, "iam:admin.read"),
}


def scopes(names):
    """The scopes (list of str) that gathering these parts takes."""
    return sorted({PARTS[name][1] for name in names} - {None})


def gather(iam, names):
    """{part: what IAM holds of it}."""
    return {name: PARTS[name][0](iam) for name in dict.fromkeys(names)}
