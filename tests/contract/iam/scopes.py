# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scopes a client may ask for and which a user may have."""

from __future__ import annotations

import posixpath
import re

from flask import g
from sqlalchemy import select

from . import store

ADMIN_SCOPES = ("iam:admin.read", "iam:admin.write", "scim:read", "scim:write")
# Restricted: only an administrator may put them on a client (migrations V5, V10 and V92).
RESTRICTED = (*ADMIN_SCOPES, "registration:read", "registration:write", "proxy:generate")
DEFAULT = ("openid", "profile", "email", "address", "phone", "offline_access")
OTHER = (
    "wlcg",
    "wlcg.groups",
    "iam",
    "aarc",
    "kc",
    "attr",
    "ssh-keys",
    "eduperson_scoped_affiliation",
    "eduperson_entitlement",
)
# What Spring profile wlcg-scopes adds (application-wlcg-scopes.yml).
STORAGE = ("storage.read", "storage.write", "storage.modify", "storage.create", "storage.stage")
WLCG_GROUPS = re.compile(r"^wlcg\.groups(?::((?:/[a-zA-Z0-9][a-zA-Z0-9_.-]*)+))?$")
PROFILES = ("iam", "wlcg", "aarc", "kc")


def split_path(scope):
    """Return (prefix, path) of a scope like storage.read:/a/b (str); the path is None where it has none."""
    prefix, colon, path = scope.partition(":")
    return prefix, path if colon and path.startswith("/") else None


def path_covers(allowed, wanted):
    """Return whether a scope with a path (str) covers another: the same prefix, and the path is at or below it."""
    prefix, path = split_path(allowed)
    other, below = split_path(wanted)
    if prefix != other or path is None or below is None:
        return False
    if ".." in below.split("/"):
        return False
    path, below = posixpath.normpath(path), posixpath.normpath(below)
    return below == path or below.startswith(path.rstrip("/") + "/")


def client_may(settings, allowed, wanted):
    """Return whether a client with these scopes (set) may ask for a scope (str)."""
    if wanted in allowed:
        return True
    if "wlcg-scopes" not in settings.profiles:
        return False
    if wanted.startswith("wlcg.groups"):
        return "wlcg.groups" in allowed and bool(WLCG_GROUPS.match(wanted))
    if split_path(wanted)[0] in STORAGE:
        return any(path_covers(one, wanted) for one in allowed)
    return False


def policy_matches(policy, scope):
    """Return whether a scope policy (row) is about a scope (str): its matching policy is EQ, REGEXP or PATH."""
    if not policy.scopes:
        return True
    if policy.matching == "REGEXP":
        return any(re.fullmatch(pattern, scope) for pattern in policy.scopes)
    if policy.matching == "PATH":
        return any(path_covers(one, scope) for one in policy.scopes)
    return scope in policy.scopes


def filter_by_policies(account, groups, scopes):
    """Return the scopes (list) that the scope policies leave to a user.

    account: uuid; groups: uuids. Policies of the account are asked first, then those of the groups, then the default
    ones; the first level that says something decides, and in a level DENY wins
    (core/oauth/scope/pdp/DefaultScopePolicyPDP.java). What no policy mentions is not given; openid always is
    (core/oauth/scope/pdp/DefaultScopeFilter.java).
    """
    policies = g.db.execute(select(store.scope_policy)).all()
    levels = (
        [one for one in policies if one.account == account],
        [one for one in policies if one.group in groups],
        [one for one in policies if one.account is None and one.group is None],
    )
    left = []
    for scope in scopes:
        if scope == "openid":
            left.append(scope)
            continue
        for level in levels:
            rules = {policy.rule for policy in level if policy_matches(policy, scope)}
            if rules:
                if "DENY" not in rules:
                    left.append(scope)
                break
    return left
