# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rgw_zone: create, promote, change, repair, remove."""

from __future__ import annotations

import pytest

PLACE = {"realm": "dc", "zonegroup": "italy"}
KEYS = {"access_key": "SYNC", "secret_key": "sync-secret-value"}
ZONE = {"name": "cnaf", **PLACE, **KEYS, "endpoints": ["https://s3.cnaf.example.org"], "master": True, "default": True}


@pytest.fixture
def zonegroup(cluster):
    cluster.run("rgw_realm", {"realms": [{"name": "dc", "default": True}]})
    group = {"name": "italy", "realm": "dc", "endpoints": ["https://s3.cnaf.example.org"], "master": True}
    cluster.run("rgw_zonegroup", {"zonegroups": [group]})
    cluster.calls()
    return cluster


@pytest.mark.crud("rgw_zone")
def test_life(zonegroup):
    done = zonegroup.life("rgw_zone", {"zones": [ZONE]})
    assert done["operations"][0]["action"] == "create" and "sync-secret-value" not in str(done)
    calls = [" ".join(call) for call in zonegroup.calls()]
    assert calls.count("zone list") == 5, "once in each run, and once after writing"
    assert sum(call.startswith("zone create") for call in calls) == 1
    changed = {**ZONE, "secret_key": "another-secret", "endpoints": ["https://a", "https://b"], "read_only": True}
    done = zonegroup.life("rgw_zone", {"zones": [changed]})
    assert set(done["operations"][0]["changes"]) == {"secret_key", "endpoints", "read_only"}
    assert done["diff"]["after"]["cnaf"]["secret_key"].startswith("VALUE_SPECIFIED")
    zonegroup.life("rgw_zone", {"zones": [{**changed, "sync_from_all": False, "sync_from": ["ba", "lnl"]}]})
    zonegroup.life("rgw_zone", {"zones": [{**changed, "sync_from": ["ba"]}]})
    assert zonegroup.state()["zonegroups"]["italy"]["zones"][0]["sync_from"] == ["ba"]


@pytest.mark.crud("rgw_zone")
def test_promotion_and_removal(zonegroup):
    other = {"name": "ba", **PLACE, **KEYS, "endpoints": ["https://s3.ba.example.org"]}
    zonegroup.run("rgw_zone", {"zones": [ZONE, {**other, "master": False}]})
    refused = zonegroup.run("rgw_zone", {"zones": [{"name": "cnaf", "state": "absent"}]}, check=True)
    assert "promote another zone first" in refused["msg"]
    done = zonegroup.life("rgw_zone", {"zones": [{**ZONE, "master": False}, {**other, "master": True}]})
    assert done["operations"] == [{"action": "update", "key": "ba", "changes": ["master"]}]
    done = zonegroup.life("rgw_zone", {"zones": [{"name": "cnaf", "state": "absent"}]})
    assert done["operations"][0]["action"] == "delete" and list(zonegroup.state()["zones"]) == ["ba"]


@pytest.mark.crud("rgw_zone")
def test_another_sites_zone_is_taken_out_of_the_zonegroup(zonegroup):
    zonegroup.run("rgw_zone", {"zones": [ZONE, {**ZONE, "name": "ba", "master": False}]})
    state = zonegroup.state()
    del state["zones"]["ba"]
    zonegroup.state(**state)
    done = zonegroup.life("rgw_zone", {"zones": [{"name": "ba", "state": "absent"}]})
    assert done["operations"] == [{"action": "delete", "key": "ba", "changes": []}]
    assert [entry["name"] for entry in zonegroup.state()["zonegroups"]["italy"]["zones"]] == ["cnaf"]


def test_a_site_that_comes_back_makes_no_second_master(zonegroup):
    zonegroup.run("rgw_zone", {"zones": [ZONE]})
    returned = {"zones": [{**ZONE, "master": False}]}
    assert "pull the realm" in zonegroup.run("rgw_zone", returned)["msg"]
    foreseen = zonegroup.run("rgw_zone", returned, check=True)
    assert not foreseen.get("failed") and "pull the realm" in foreseen["warnings"][0]


def test_a_creation_that_was_cut_off_is_repaired(zonegroup):
    zonegroup.state(die_in_zone_create=True)
    assert zonegroup.run("rgw_zone", {"zones": [ZONE]})["failed"]
    done = zonegroup.life("rgw_zone", {"zones": [ZONE]})
    assert done["operations"][0]["action"] == "update"
    group = zonegroup.state()["zonegroups"]["italy"]
    assert group["master_zone"] == zonegroup.state()["zones"]["cnaf"]["id"] == group["zones"][0]["id"]


def test_a_secret_the_environment_cannot_carry_is_refused_unseen(zonegroup):
    result = zonegroup.run("rgw_zone", {"zones": [{**ZONE, "secret_key": "two words"}]})
    assert "white space" in result["msg"] and "two words" not in str(result)
