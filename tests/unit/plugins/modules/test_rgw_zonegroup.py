# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rgw_zonegroup: create, change in place, remove."""

from __future__ import annotations

import pytest

GROUP = {"name": "italy", "realm": "dc", "endpoints": ["https://s3.cnaf.example.org"], "master": True, "default": True}


@pytest.fixture
def realm(cluster):
    cluster.run("rgw_realm", {"realms": [{"name": "dc", "default": True}, {"name": "other"}]})
    return cluster


@pytest.mark.crud("rgw_zonegroup")
def test_life(realm):
    done = realm.life("rgw_zonegroup", {"zonegroups": [GROUP]})
    assert done["operations"][0]["action"] == "create"
    changed = {
        **GROUP,
        "endpoints": ["https://s3.cnaf.example.org", "https://s3b.cnaf.example.org"],
        "hostnames": ["s3.example.org"],
        "placement_targets": [{"name": "ssd", "storage_classes": ["STANDARD"]}, {"name": "hdd"}],
        "default_placement": "ssd",
    }
    done = realm.life("rgw_zonegroup", {"zonegroups": [changed]})
    names = {"endpoints", "hostnames", "placement_targets", "default_placement"}
    assert set(done["operations"][0]["changes"]) == names
    assert realm.state()["zonegroups"]["italy"]["default_placement"] == "ssd"
    done = realm.life("rgw_zonegroup", {"zonegroups": [{"name": "italy", "state": "absent"}]})
    assert done["operations"][0]["action"] == "delete" and not realm.state()["zonegroups"]


def test_created_with_everything_at_once(realm):
    wanted = {**GROUP, "api_name": "it", "hostnames": ["b", "a"]}
    realm.life("rgw_zonegroup", {"zonegroups": [wanted]})
    assert realm.state()["zonegroups"]["italy"]["api_name"] == "it"


def test_what_is_not_ours_in_a_placement_target_stays(realm):
    realm.run("rgw_zonegroup", {"zonegroups": [{**GROUP, "placement_targets": [{"name": "ssd"}]}]})
    state = realm.state()
    state["zonegroups"]["italy"]["placement_targets"][0]["tier_targets"] = ["cloud"]
    realm.state(**state)
    realm.run("rgw_zonegroup", {"zonegroups": [{**GROUP, "placement_targets": [{"name": "ssd", "tags": ["fast"]}]}]})
    assert realm.state()["zonegroups"]["italy"]["placement_targets"] == [
        {"name": "ssd", "tags": ["fast"], "storage_classes": ["STANDARD"], "tier_targets": ["cloud"]}
    ]


def test_another_realm_is_refused(realm):
    realm.run("rgw_zonegroup", {"zonegroups": [GROUP]})
    result = realm.run("rgw_zonegroup", {"zonegroups": [{**GROUP, "realm": "other"}]})
    assert result["failed"] and "realm" in result["msg"] and not result["changed"]
