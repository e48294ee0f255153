# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rgw_user: create, change, keys, purge, remove."""

from __future__ import annotations

import pytest

KEY = {"access_key": "VIRGO", "secret_key": "virgo-secret-value"}
USER = {
    "uid": "virgo",
    "display_name": "Virgo",
    "keys": [KEY],
    "caps": {"usage": "read"},
    "user_quota": {"enabled": True, "max_size": "10G"},
}


@pytest.fixture
def cluster(cluster):
    """A cluster with a zone, without which there are no users."""
    cluster.state(zones={"default": {"id": "z", "name": "default", "realm_id": ""}})
    return cluster


def test_no_zone_yet(cluster):
    """To list users would make radosgw-admin create a default zone, even in check mode."""
    cluster.state(zones={})
    assert cluster.run("rgw_user", {"users": [USER]}, check=True)["changed"]
    assert "rgw_zone" in cluster.run("rgw_user", {"users": [USER]})["msg"]
    assert {call[0] for call in cluster.calls()} == {"zone"}


@pytest.mark.crud("rgw_user")
def test_life(cluster):
    done = cluster.life("rgw_user", {"users": [USER, {"uid": "atlas", "display_name": "Atlas", "system": True}]})
    assert [item["action"] for item in done["operations"]] == ["create", "create"]
    assert "virgo-secret-value" not in str(done)
    virgo, atlas = (cluster.state()["users"][uid] for uid in ("virgo", "atlas"))
    assert [key["secret_key"] for key in virgo["keys"]] == ["virgo-secret-value"]
    assert virgo["user_quota"] == {**virgo["user_quota"], "enabled": True, "max_size": 10 * 2**30}
    assert atlas["system"] is True and len(atlas["keys"]) == 1, "RGW made up a key"

    second = {"access_key": "SECOND", "secret_key": "second-secret"}
    changed = {
        **USER,
        "display_name": "Virgo/ET",
        "suspended": True,
        "caps": {"buckets": "*"},
        "op_mask": ["read", "delete"],
        "keys": [{**KEY, "secret_key": "rotated-secret"}, second],
        "max_buckets": 5,
        "email": "a@b.it",
        "user_quota": {"max_size": "1000", "max_objects": 7},
        "bucket_quota": {"enabled": True},
    }
    done = cluster.life("rgw_user", {"users": [changed]})
    assert "user_quota" in done["operations"][0]["changes"] and "rotated-secret" not in str(done)
    virgo = cluster.state()["users"]["virgo"]
    assert virgo["user_quota"]["enabled"] is True and virgo["user_quota"]["max_size"] == 1024
    assert virgo["caps"] == [{"type": "buckets", "perm": "*"}] and virgo["suspended"] == 1

    done = cluster.life("rgw_user", {"users": [{"uid": "atlas", "state": "absent"}]})
    assert done["operations"][0]["action"] == "delete" and list(cluster.state()["users"]) == ["virgo"]


@pytest.mark.crud("rgw_user")
def test_keys_of_others_stay_until_purged(cluster):
    cluster.run("rgw_user", {"users": [USER]})
    state = cluster.state()
    state["users"]["virgo"]["keys"].append({"user": "virgo", "access_key": "OTHERS", "secret_key": "x"})
    cluster.state(**state)
    assert not cluster.run("rgw_user", {"users": [USER]})["changed"]
    done = cluster.life("rgw_user", {"users": [{**USER, "purge_keys": True}]})
    assert done["operations"][0]["changes"] == ["keys"]
    assert [key["access_key"] for key in cluster.state()["users"]["virgo"]["keys"]] == ["VIRGO"]


def test_purge_removes_only_our_own(cluster):
    cluster.run("rgw_user", {"users": [USER, {"uid": "atlas", "display_name": "Atlas"}]})
    state = cluster.state()
    state["users"]["dashboard"] = {**state["users"]["atlas"], "user_id": "dashboard", "placement_tags": []}
    cluster.state(**state)
    done = cluster.life("rgw_user", {"users": [USER], "purge": True})
    assert done["operations"] == [{"action": "delete", "key": "atlas", "changes": []}]
    assert set(cluster.state()["users"]) == {"virgo", "dashboard"}


def test_no_key_at_all(cluster):
    cluster.life("rgw_user", {"users": [{**USER, "keys": [], "purge_keys": True}]})
    assert cluster.state()["users"]["virgo"]["keys"] == []


def test_reads_are_one_listing_and_one_request_a_user(cluster):
    users = [{**USER, "uid": f"user{number}", "keys": None} for number in range(6)]
    cluster.run("rgw_user", {"users": users})
    cluster.calls()
    cluster.run("rgw_user", {"users": users})
    calls = sorted(" ".join(call[:2]) for call in cluster.calls())
    assert calls == ["metadata list"] + ["user info"] * 6 + ["zone list"]
