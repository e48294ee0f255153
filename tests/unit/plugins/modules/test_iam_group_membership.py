# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_group_membership against the double of INDIGO IAM: join, leave, hierarchy, requests and refusals."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.plugins.module_utils.iam import api, objects

NAMES = [f"user{number}" for number in range(6)]


@pytest.fixture
def people(service):
    """The service with six accounts and a small tree of groups."""
    accounts = [
        {"username": name, "given_name": "A", "family_name": "B", "email": f"{name}@example.org"} for name in NAMES
    ]
    service.run("iam_account", {"accounts": accounts})
    service.run("iam_group", {"groups": [{"path": "/a/b/c"}, {"path": "/x"}]})
    return service


def members(service, path):
    return sorted(
        account["username"]
        for account in service.run("iam_info", {"gather": ["accounts"]})["accounts"]
        if path in account["groups"]
    )


@pytest.mark.crud("iam_group_membership")
def test_life(people):
    done = people.life("iam_group_membership", {"memberships": [{"group": "/x", "members": NAMES[:2]}]})
    assert done["operations"] == [{"action": "update", "key": "/x", "changes": ["members"]}]
    people.life("iam_group_membership", {"memberships": [{"group": "x", "members": NAMES[2:3]}]})
    assert members(people, "/x") == NAMES[:3], "others stay"
    people.run("iam_group_membership", {"memberships": [{"group": "/x", "members": NAMES[4:], "exclusive": True}]})
    assert [method for method, _path in people.writes()] == ["PATCH"], "leaving and joining are one request"
    assert members(people, "/x") == NAMES[4:]
    people.life("iam_group_membership", {"memberships": [{"group": "/x", "members": [], "exclusive": True}]})
    assert members(people, "/x") == []


@pytest.mark.crud("iam_group_membership")
def test_members_of_a_group_are_members_above(people):
    """IAM adds them above and takes them out below, so an exclusive list above must not fight one below."""
    tree = [
        {"group": "/a/b/c", "members": NAMES[:2], "exclusive": True},
        {"group": "/a", "members": NAMES[5:], "exclusive": True},
    ]
    people.life("iam_group_membership", {"memberships": tree})
    assert members(people, "/a") == [*NAMES[:2], NAMES[5]]
    assert members(people, "/a/b") == members(people, "/a/b/c") == NAMES[:2]
    people.life("iam_group_membership", {"memberships": [{"group": "/a", "members": NAMES[5:], "exclusive": True}]})
    assert members(people, "/a/b/c") == [] and members(people, "/a") == NAMES[5:]


def test_many_members_go_in_few_requests(people, monkeypatch):
    monkeypatch.setattr("ansible_collections.infn.datacloud.plugins.module_utils.iam.backends.MEMBERS_AT_ONCE", 4)
    people.run("iam_group_membership", {"memberships": [{"group": "/x", "members": NAMES}]})
    assert len(people.writes()) == 2 and members(people, "/x") == NAMES


def test_group_by_group_where_that_takes_fewer_requests(people, monkeypatch):
    people.run("iam_group_membership", {"memberships": [{"group": "/x", "members": NAMES[:2]}]})
    monkeypatch.setattr(api, "PAGE", 1)
    wanted = {"memberships": [{"group": "/x", "members": NAMES[:1], "exclusive": True}]}
    foreseen = people.run("iam_group_membership", wanted, check=True)
    assert foreseen["diff"]["before"] == {"/x": {"group": "/x", "members": NAMES[:2]}}
    assert sum(path == "/scim/Users" for _method, path in people.requests()) == 1, "then no further page is asked for"
    assert any("/find/bygroup/" in path for _method, path in people.requests())
    people.life("iam_group_membership", wanted)
    people.life("iam_group_membership", {"memberships": [{"group": "/x", "members": [NAMES[5]]}]})


def test_what_is_not_there_is_named_together(people):
    wanted = {
        "memberships": [
            {"group": "/nowhere", "members": ["user0"]},
            {"group": "/x", "members": ["nobody", "noone"]},
        ]
    }
    refused = people.run("iam_group_membership", wanted)
    assert refused["failed"] and "group /nowhere: not in IAM" in refused["msg"]
    refused = people.run("iam_group_membership", {"memberships": wanted["memberships"][1:]})
    assert refused["failed"] and "account nobody, noone: not in IAM" in refused["msg"] and people.writes() == []
    foreseen = people.run("iam_group_membership", wanted, check=True)
    assert foreseen["changed"] and len(foreseen["warnings"]) == 2, "they may come to be before the run"


def test_requests_have_their_key_in_lower_case(people):
    """SCIM's own word for it, with a capital letter, is refused."""
    body = objects.members_request([{"value": "1"}], [{"value": "2"}])
    assert [item["op"] for item in body["operations"]] == ["remove", "add"]
    group = next(group for group in people.run("iam_info", {"gather": ["groups"]})["groups"] if group["path"] == "/x")
    with pytest.raises(ApiError, match="HTTP 400"):
        capital = {"schemas": body["schemas"], "Operations": body["operations"]}
        people.by_hand("PATCH", f"/scim/Groups/{group['id']}", capital, scim=True)
