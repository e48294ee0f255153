# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rgw_realm: create, pull, follow the other site's period."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.rgw import api

KEYS = {"access_key": "SYNC", "secret_key": "sync-secret-value"}
PULL = {"url": "https://s3.cnaf.example.org", **KEYS}


def remote(epoch=3, realm_epoch=1):
    """What the other site's gateway holds: a realm and its period."""
    period = {
        "id": "p1",
        "epoch": epoch,
        "realm_epoch": realm_epoch,
        "realm_id": "r1",
        "master_zone": "z1",
        "master_zonegroup": "g1",
        "period_map": {"zonegroups": [{"id": "g1", "name": "italy", "realm_id": "r1", "zones": []}]},
    }
    return {"keys": list(KEYS.values()), "realm": {"id": "r1", "name": "dc", "current_period": "p1"}, "period": period}


@pytest.fixture
def other_site(monkeypatch):
    """The other site's gateway; a dict whose `remote` can be changed, None when it is down."""
    site = {"remote": remote()}

    def answer(url, realm, access_key, secret_key):
        if site["remote"] is None:
            raise api.Unreachable(f"realm {realm}: GET {url}: Connection refused")
        return site["remote"]["period"]

    monkeypatch.setattr(api, "remote_period", answer)
    return site


@pytest.mark.crud("rgw_realm")
def test_life(cluster):
    done = cluster.life("rgw_realm", {"realms": [{"name": "dc"}, {"name": "other"}]})
    assert [item["action"] for item in done["operations"]] == ["create", "create"]
    done = cluster.life("rgw_realm", {"realms": [{"name": "dc", "default": True}]})
    assert done["operations"] == [{"action": "update", "key": "dc", "changes": ["default"]}]
    assert cluster.state()["default"]["realms"] == cluster.state()["realms"]["dc"]["id"]
    done = cluster.life("rgw_realm", {"realms": [{"name": "other", "state": "absent"}]})
    assert done["operations"][0]["action"] == "delete"
    assert list(cluster.state()["realms"]) == ["dc"]


@pytest.mark.crud("rgw_realm")
def test_pull(cluster, other_site):
    cluster.state(remote=other_site["remote"])
    wanted = {"realms": [{"name": "dc", "default": True, "pull": PULL}]}
    done = cluster.life("rgw_realm", wanted)
    assert done["operations"] == [{"action": "create", "key": "dc", "changes": ["name", "default", "pull"]}]
    assert KEYS["secret_key"] not in str(done)
    other_site["remote"] = remote(epoch=1, realm_epoch=2)
    cluster.state(remote=other_site["remote"])
    done = cluster.life("rgw_realm", wanted)
    assert done["operations"] == [{"action": "update", "key": "dc", "changes": ["period"]}]
    assert done["diff"]["after"]["dc"]["period"] == "p1 epoch 1"


def test_an_older_period_of_the_other_site_is_not_pulled(cluster, other_site):
    cluster.state(remote=other_site["remote"])
    wanted = {"realms": [{"name": "dc", "pull": PULL}]}
    cluster.run("rgw_realm", wanted)
    other_site["remote"] = remote(epoch=2)
    assert not cluster.run("rgw_realm", wanted)["changed"]


def test_a_silent_master_is_a_warning_once_the_realm_is_here(cluster, other_site):
    cluster.state(remote=other_site["remote"])
    wanted = {"realms": [{"name": "dc", "pull": PULL}]}
    cluster.run("rgw_realm", wanted)
    other_site["remote"] = None
    result = cluster.run("rgw_realm", wanted)
    assert not result["changed"] and "Connection refused" in str(result["warnings"])


def test_wrong_keys(cluster, other_site):
    cluster.state(remote=other_site["remote"])
    result = cluster.run("rgw_realm", {"realms": [{"name": "dc", "pull": {**PULL, "secret_key": "not-the-secret"}}]})
    assert result["failed"] and "Permission denied" in result["msg"] and "not-the-secret" not in str(result)


def test_no_cluster_yet(tmp_path, run_module):
    params = {"conf": str(tmp_path / "missing.conf"), "executable": "true", "realms": [{"name": "dc", "pull": PULL}]}
    foreseen = run_module("rgw_realm", params, check=True)
    assert foreseen["changed"] and "missing.conf" in str(foreseen["warnings"])
    assert "missing.conf" in run_module("rgw_realm", params)["msg"]
