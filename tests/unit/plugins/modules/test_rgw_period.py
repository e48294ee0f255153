# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rgw_period: commit what is staged, and only then."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils import core

ZONE = {"name": "cnaf", "realm": "dc", "zonegroup": "italy", "endpoints": ["https://a"], "master": True}


@pytest.fixture
def staged(cluster):
    """A realm whose zonegroup and zone wait for their commit."""
    cluster.run("rgw_realm", {"realms": [{"name": "dc", "default": True}]})
    cluster.run("rgw_zonegroup", {"zonegroups": [{"name": "italy", "realm": "dc", "master": True}]})
    cluster.run("rgw_zone", {"zones": [ZONE]})
    return cluster


@pytest.mark.crud("rgw_period")
def test_life(staged):
    done = staged.life("rgw_period", {"realm": "dc"})
    assert done["changed"] and done["period"]["master_zone_name"] == "cnaf" and done["period"]["epoch"] == 2
    assert done["diff"]["after"]["italy.zones.cnaf.endpoints"] == ["https://a"]
    staged.run("rgw_zone", {"zones": [{**ZONE, "endpoints": ["https://b"]}]})
    done = staged.life("rgw_period", {"realm": "dc"})
    assert done["diff"] == {
        "before": {"italy.zones.cnaf.endpoints": ["https://a"]},
        "after": {"italy.zones.cnaf.endpoints": ["https://b"]},
    }


@pytest.mark.crud("rgw_period")
def test_a_new_master_starts_a_new_period(staged):
    first = staged.run("rgw_period", {"realm": "dc"})["period"]
    staged.run("rgw_zone", {"zones": [{**ZONE, "name": "ba"}]})
    second = staged.life("rgw_period", {"realm": "dc"})["period"]
    assert second["master_zone_name"] == "ba" and second["id"] != first["id"] and second["realm_epoch"] == 2


def test_pending_counts_in_check_mode_only(staged):
    staged.run("rgw_period", {"realm": "dc"})
    assert staged.run("rgw_period", {"realm": "dc", "pending": True}, check=True)["changed"]
    assert not staged.run("rgw_period", {"realm": "dc", "pending": True})["changed"]


def test_waits_for_a_gateway_that_reloads(staged, monkeypatch):
    monkeypatch.setattr(core.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(core.retry, "__defaults__", (5, 0.0, 0.0, lambda seconds: None))
    staged.state(busy=2)
    assert staged.run("rgw_period", {"realm": "dc"})["changed"]


def test_no_realm(cluster):
    assert cluster.run("rgw_period", {"realm": "dc"}, check=True)["changed"]
    assert "rgw_realm" in cluster.run("rgw_period", {"realm": "dc"})["msg"]
