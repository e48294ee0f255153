# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_scope_policy against the double of INDIGO IAM: create, change, remove; policies that say the same, mark."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError

NOBODY = {"name": "Nobody creates", "rule": "DENY", "matching": "PATH", "scopes": ["storage.create:/"]}
PRODUCTION = {**NOBODY, "name": "Production creates", "rule": "PERMIT", "group": "/virgo/production"}


@pytest.fixture
def policies(service):
    """The service with a group, and what its policies are (method `all`)."""
    service.run("iam_group", {"groups": [{"path": "/virgo/production"}]})
    service.all = lambda: {
        policy["name"]: policy for policy in service.run("iam_info", {"gather": ["scope_policies"]})["scope_policies"]
    }
    return service


@pytest.mark.crud("iam_scope_policy")
def test_life(policies):
    policies.life("iam_scope_policy", {"policies": [NOBODY, PRODUCTION]})
    assert policies.all()["Production creates"]["group"] == "/virgo/production"
    changed = {**PRODUCTION, "scopes": ["storage.create:/virgo", "storage.modify:/virgo"]}
    done = policies.life("iam_scope_policy", {"policies": [changed]})
    assert done["operations"][0]["changes"] == ["scopes"]
    other = {key: value for key, value in PRODUCTION.items() if key != "group"} | {"account": "admin"}
    done = policies.life("iam_scope_policy", {"policies": [other]})
    assert set(done["operations"][0]["changes"]) == {"group", "account", "scopes"}
    assert policies.all()["Production creates"]["managed"], "the mark stays"
    policies.life("iam_scope_policy", {"policies": [{"name": "Production creates", "state": "absent"}]})
    assert "Production creates" not in policies.all()


@pytest.mark.crud("iam_scope_policy")
def test_one_that_says_the_same_gets_the_name(policies):
    """IAM refuses a second policy of the same meaning, and ships with one that permits everything."""
    [shipped] = policies.all()
    everything = {"name": "Everybody may have everything", "rule": "PERMIT"}
    done = policies.life("iam_scope_policy", {"policies": [everything]})
    assert done["operations"] == [{"action": "update", "key": everything["name"], "changes": ["name"]}]
    there = policies.all()
    assert shipped not in there and not there[everything["name"]]["managed"], "it is not ours for that"
    with pytest.raises(ApiError, match="HTTP 400"):
        policies.by_hand("POST", "/iam/scope_policies", {"rule": "PERMIT", "description": "again"})


@pytest.mark.crud("iam_scope_policy")
def test_purge_removes_only_what_is_marked(policies):
    policies.run("iam_scope_policy", {"policies": [NOBODY, PRODUCTION]})
    theirs = {"rule": "DENY", "matchingPolicy": "EQ", "scopes": ["x"], "description": "theirs"}
    for scope in ("x", "y"):
        policies.by_hand("POST", "/iam/scope_policies", {**theirs, "scopes": [scope]})
    done = policies.life("iam_scope_policy", {"policies": [NOBODY], "purge": True})
    assert [item["key"] for item in done["operations"]] == ["Production creates"]
    refused = policies.run("iam_scope_policy", {"policies": [{"name": "theirs", "rule": "PERMIT"}]})
    assert refused["failed"] and "several policies of this description" in refused["msg"]


def test_requests(policies):
    wanted = {"policies": [NOBODY, PRODUCTION]}
    policies.run("iam_scope_policy", wanted)
    assert len(policies.requests("GET")) == 2 and len(policies.writes()) == 2
    policies.run("iam_scope_policy", wanted)
    assert policies.requests() == [("POST", "/token"), ("GET", "/iam/scope_policies")]


def test_what_cannot_be_is_refused(policies):
    refused = policies.run(
        "iam_scope_policy", {"policies": [{**PRODUCTION, "account": "admin"}, {**NOBODY, "name": " x"}]}
    )
    assert refused["failed"] and "not for both" in refused["msg"] and "white space" in refused["msg"]
    assert policies.requests() == []
    refused = policies.run("iam_scope_policy", {"policies": [{**PRODUCTION, "group": "/nowhere"}]})
    assert refused["failed"] and "group /nowhere: not in IAM" in refused["msg"] and policies.writes() == []
    foreseen = policies.run("iam_scope_policy", {"policies": [{**PRODUCTION, "group": "/nowhere"}]}, check=True)
    assert foreseen["changed"] and foreseen["warnings"]
