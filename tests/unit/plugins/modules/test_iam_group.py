# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_group against the double of INDIGO IAM: create, change, remove; hierarchy, mark and refusals."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.plugins.module_utils.iam import backends

GROUPS = [
    {"path": "/virgo/analysis/offline", "labels": [{"prefix": "datacloud.infn.it", "name": "tier", "value": "1"}]},
    {"path": "/virgo", "description": "The Virgo collaboration", "managers": ["admin"]},
    {"path": "/virgo/production", "optional": True},
]


def groups(service):
    """{path: group} as iam_info tells."""
    return {group["path"]: group for group in service.run("iam_info", {"gather": ["groups"]})["groups"]}


@pytest.mark.crud("iam_group")
def test_life(service):
    done = service.life("iam_group", {"groups": GROUPS})
    assert {item["key"] for item in done["operations"]} == {
        "/virgo",
        "/virgo/analysis",
        "/virgo/analysis/offline",
        "/virgo/production",
    }
    there = groups(service)
    assert there["/virgo"]["description"] == "The Virgo collaboration" and there["/virgo/production"]["optional"]
    changed = [
        {"path": "/virgo", "description": "Gravitational waves", "managers": [], "exclusive": ["managers"]},
        {"path": "/virgo/production", "description": "By machines", "optional": False},
        {"path": "/virgo/analysis/offline", "labels": [], "exclusive": ["labels"]},
    ]
    done = service.life("iam_group", {"groups": changed})
    assert {item["key"]: item["changes"] for item in done["operations"]} == {
        "/virgo": ["description", "managers"],
        "/virgo/production": ["description", "optional"],
        "/virgo/analysis/offline": ["labels"],
    }
    gone = [{"path": path, "state": "absent"} for path in ("/virgo", "/virgo/analysis", "/virgo/analysis/offline")]
    gone.append({"path": "virgo/production/", "state": "absent"})
    done = service.life("iam_group", {"groups": gone})
    assert len(done["operations"]) == 4 and "/virgo" not in groups(service)


def test_parents_are_made_first_and_children_removed_first(service):
    service.run("iam_group", {"groups": [{"path": "/a/b/c/d"}, {"path": "/z"}, {"path": "/a"}]})
    assert [path for method, path in service.writes()] == ["/iam/group"] * 5
    there = groups(service)
    service.run(
        "iam_group", {"groups": [{"path": path, "state": "absent"} for path in ("/a", "/a/b", "/a/b/c", "/a/b/c/d")]}
    )
    assert [path for method, path in service.requests("DELETE")] == [
        f"/scim/Groups/{there[path]['id']}" for path in ("/a/b/c/d", "/a/b/c", "/a/b", "/a")
    ]


def test_a_new_group_takes_one_request_and_its_mark_none(service):
    service.run("iam_group", {"groups": [{"path": f"/g{number}", "description": "d"} for number in range(5)]})
    assert sorted(service.requests()) == [("GET", "/scim/Groups"), *[("POST", "/iam/group")] * 5, ("POST", "/token")]


def test_the_listing_has_pages_of_100(service):
    names = [{"path": f"/g{number}"} for number in range(130)]
    service.run("iam_group", {"groups": names})
    asked = service.by_hand("GET", "/scim/Groups?count=1000")
    assert asked["itemsPerPage"] == 100 and asked["totalResults"] == 130, "whatever is asked for"
    for check in (True, False):
        assert not service.run("iam_group", {"groups": names}, check=check)["changed"]
        assert len(service.requests("GET")) == 2


def test_description_of_a_nested_group(service):
    """SCIM's PUT refuses the slash in its name and keeps the description; IAM's own PUT changes just that."""
    service.run("iam_group", {"groups": [{"path": "/a/b", "description": "one"}]})
    nested = service.by_hand("GET", f"/scim/Groups/{groups(service)['/a/b']['id']}")
    with pytest.raises(ApiError, match=r"HTTP 400.*slash"):
        service.by_hand("PUT", f"/scim/Groups/{nested['id']}", nested, scim=True)
    service.life("iam_group", {"groups": [{"path": "/a/b", "description": "two"}]})
    service.run("iam_group", {"groups": [{"path": "/a/b", "description": "three"}]})
    [(method, path)] = service.writes()
    assert method == "PUT" and path.startswith("/iam/group/")
    assert groups(service)["/a/b"]["managed"], "the mark stays"


@pytest.mark.crud("iam_group")
def test_purge_removes_only_what_is_marked(service):
    service.run("iam_group", {"groups": [{"path": "/ours/below"}, {"path": "/kept/ours"}, {"path": "/stays"}]})
    kept = groups(service)["/kept/ours"]["id"]
    service.by_hand("POST", "/iam/group", {"name": "theirs", "parent": {"uuid": kept}})
    service.by_hand("POST", "/iam/group", {"name": "other", "description": "not [infn.datacloud] at the end"})
    done = service.life("iam_group", {"groups": [{"path": "/stays"}], "purge": True})
    assert {item["key"] for item in done["operations"]} == {"/ours", "/ours/below"}
    assert {"/kept/ours/theirs", "/other", "/stays"} <= set(groups(service))


def test_a_group_that_was_there_is_managed_but_never_marked(service):
    service.by_hand("POST", "/iam/group", {"name": "theirs", "description": "old"})
    service.life("iam_group", {"groups": [{"path": "/theirs", "description": "new", "optional": True}]})
    assert not groups(service)["/theirs"]["managed"]
    assert not service.run("iam_group", {"groups": [], "purge": True})["changed"]


def test_removal_of_a_group_with_children_or_members_is_refused_before_any_write(service):
    service.run("iam_group", {"groups": [{"path": "/a/b"}, {"path": "/full"}]})
    service.run("iam_group_membership", {"memberships": [{"group": "/full", "members": ["admin"]}]})
    with pytest.raises(ApiError, match=r"HTTP 400.*not empty"):
        service.by_hand("DELETE", f"/scim/Groups/{groups(service)['/a']['id']}")
    for check in (True, False):
        gone = [{"path": "/a", "state": "absent"}, {"path": "/full", "state": "absent"}, {"path": "/new"}]
        refused = service.run("iam_group", {"groups": gone}, check=check)
        assert refused["failed"] and not refused["changed"] and service.writes() == []
        assert "group /a has the groups /a/b" in refused["msg"] and "group /full has members" in refused["msg"]
    service.life("iam_group", {"groups": [{"path": "/full", "state": "absent"}], "force_empty": ["/full"]})


def test_managers_not_listed_stay_and_one_who_is_already_is_no_error(service):
    service.run("iam_group", {"groups": [{"path": "/a", "managers": ["admin"]}]})
    assert not service.run("iam_group", {"groups": [{"path": "/a", "managers": []}]})["changed"]
    group, admin = groups(service)["/a"]["id"], service.double.account("admin")["id"]
    with pytest.raises(ApiError, match=r"HTTP 400.*already"):
        service.by_hand("POST", f"/iam/account/{admin}/managed-groups/{group}")


def test_a_manager_added_meanwhile_is_no_error(service, monkeypatch):
    service.run("iam_group", {"groups": [{"path": "/a", "managers": ["admin"]}]})
    plain, seen = backends.Groups._managers, []

    def late(self, path):
        seen.append(path)
        names = plain(self, path)
        return [] if len(seen) == 1 else names

    monkeypatch.setattr(backends.Groups, "_managers", late)
    assert not service.run("iam_group", {"groups": [{"path": "/a", "managers": ["admin"]}]}).get("failed")
    assert len(seen) == 2


def test_what_cannot_be_is_refused_before_any_request(service):
    bad = [
        {"path": "/virgo/1st"},
        {"path": "/a b"},
        {"path": "/long", "description": "x" * 512},
        {"path": "/x", "labels": [{"name": "wlcg.optional-group"}]},
    ]
    refused = service.run("iam_group", {"groups": bad})
    assert refused["failed"] and service.requests() == []
    for part in ("'1st' is no name", "'a b' is no name", "description may have", "set with `optional`"):
        assert part in refused["msg"]


def test_unknown_managers_are_named_together(service):
    refused = service.run("iam_group", {"groups": [{"path": "/a", "managers": ["nobody", "noone"]}]})
    assert refused["failed"] and "account nobody, noone" in refused["msg"] and service.writes() == []
    foreseen = service.run("iam_group", {"groups": [{"path": "/a", "managers": ["nobody"]}]}, check=True)
    assert foreseen["changed"] and "nobody" in foreseen["warnings"][0]


def test_check_mode_before_there_is_an_iam(service, run_module):
    nobody = {"url": "http://127.0.0.1:1", **service.client, "groups": [{"path": "/a/b"}]}
    foreseen = run_module("iam_group", nobody, check=True)
    assert [item["key"] for item in foreseen["operations"]] == ["/a", "/a/b"]
    assert "no answer from http://127.0.0.1:1" in foreseen["warnings"][0]
