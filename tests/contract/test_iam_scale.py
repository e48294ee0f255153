# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thousand groups and ten thousand memberships in as many requests as pages are read and objects changed."""

from __future__ import annotations

import collections

import pytest
from iam import scim

GROUPS, USERS, EACH = 1000, 1000, 10  # groups, accounts, groups an account is a direct member of
PAGE = 100
# The administrator is there from the beginning.
USER_PAGES = -(-(USERS + 1) // PAGE)


@pytest.fixture
def tree():
    """A tree of groups: 10 at the top, 10 below each, 9 below each of those; the last part of a path says which."""
    paths = []
    for top in range(10):
        paths.append(f"/vo{top}")
        for middle in range(10):
            paths.append(f"/vo{top}/wg{middle}")
            paths += [f"/vo{top}/wg{middle}/task{leaf}" for leaf in range(9)]
    return paths[:GROUPS]


def people(iam):
    """Make the accounts without asking the interface; returns their usernames."""
    names = [f"user{number:04}" for number in range(USERS)]

    def make():
        for name in names:
            scim.create_account(
                {
                    "username": name,
                    "given_name": "A",
                    "family_name": name,
                    "email": f"{name}@example.org",
                    "active": True,
                }
            )

    iam.work(make)
    return names


def kinds(requests):
    """How many requests of each kind: {(method, first two parts of the path): number}."""
    return collections.Counter((method, "/".join(path.split("/")[:3])) for method, path in requests)


def test_a_thousand_groups_and_ten_thousand_memberships(iam, run_iam_module, tree):
    names = people(iam)
    groups = [{"path": path, "description": f"Group {path}"} for path in tree]
    assert len(groups) == GROUPS

    first = run_iam_module("iam_group", {"groups": groups, "purge": True})
    assert len(first["operations"]) == GROUPS
    # One page of no groups, one token, and one request a group: the mark goes with it.
    assert kinds(iam.requests) == {("POST", "/token"): 1, ("GET", "/scim/Groups"): 1, ("POST", "/iam/group"): GROUPS}

    again = run_iam_module("iam_group", {"groups": groups, "purge": True})
    assert not again["changed"]
    assert kinds(iam.requests) == {("POST", "/token"): 1, ("GET", "/scim/Groups"): GROUPS // PAGE}

    leaves = [path for path in tree if path.count("/") == 3]
    members = {path: set() for path in leaves}
    for number, name in enumerate(names):
        for step in range(EACH):
            members[leaves[(number * EACH + step * 89) % len(leaves)]].add(name)
    assert sum(len(some) for some in members.values()) == USERS * EACH == 10_000
    wanted = {
        "memberships": [{"group": path, "members": sorted(some), "exclusive": True} for path, some in members.items()]
    }
    changed = sum(1 for some in members.values() if some)

    first = run_iam_module("iam_group_membership", wanted)
    assert len(first["operations"]) == changed
    counted = kinds(iam.requests)
    reads = {("POST", "/token"): 1, ("GET", "/scim/Groups"): GROUPS // PAGE, ("GET", "/scim/Users"): USER_PAGES}
    assert counted == {**reads, ("PATCH", "/scim/Groups"): changed}
    assert len(iam.requests) <= 1 + GROUPS // PAGE + USER_PAGES + changed

    again = run_iam_module("iam_group_membership", wanted)
    assert not again["changed"] and kinds(iam.requests) == reads

    # One member more is one request more.
    wanted["memberships"][0]["members"].append(next(name for name in names if name not in members[leaves[0]]))
    one = run_iam_module("iam_group_membership", wanted)
    assert len(one["operations"]) == 1 and kinds(iam.requests) == {**reads, ("PATCH", "/scim/Groups"): 1}


def test_few_among_many_are_not_looked_for_in_all_pages(iam, run_iam_module):
    names = people(iam)
    run_iam_module("iam_group", {"groups": [{"path": "/virgo"}]})
    run_iam_module("iam_group_membership", {"memberships": [{"group": "/virgo", "members": names[-2:]}]})
    assert len([path for method, path in iam.requests if method == "GET"]) <= 6, "by name, not ten pages"
    run_iam_module("iam_account", {"accounts": [{"username": names[-1], "active": True}]})
    assert [path for method, path in iam.requests if method == "GET"] == ["/scim/Users", "/iam/account/find/byusername"]
