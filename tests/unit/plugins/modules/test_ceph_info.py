# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_info: structured state, and no cluster yet."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.ceph import api

ALL = [
    "health",
    "versions",
    "services",
    "hosts",
    "daemons",
    "osds",
    "monitors",
    "managers",
    "pools",
    "filesystems",
]


def test_everything(ceph):
    ceph.run("ceph_orch_spec", {"specs": [{"service_type": "mon", "placement": {"count": 1}}]})
    ceph.cluster.osd_pool_create("images")
    ceph.cluster.up = 1
    result = ceph.run("ceph_info", {"gather": ALL})
    assert not result.get("failed") and not result["changed"]
    found = result["ceph"]
    assert found["health"]["checks"]["OSD_DOWN"]["details"] == ["osd.1 is down"]
    assert found["services"] == {"mon": {"type": "mon", "running": 1, "size": 1, "unmanaged": False}}
    assert found["hosts"] == {"a": {"addr": "10.0.0.1", "labels": ["_admin"], "status": ""}}
    assert (found["osds"]["total"], found["osds"]["up"], found["osds"]["in"]) == (2, 1, 2)
    assert found["monitors"]["quorum"] == ["a"] and found["managers"]["active"] == "x"
    assert found["pools"]["images"]["type"] == "replicated" and found["filesystems"] == {}
    assert found["daemons"]["mon.a"]["host"] == "a" and found["versions"]["overall"]


def test_one_request_a_part(ceph):
    ceph.run("ceph_info", {})
    assert ceph.cluster.calls == ["health", "versions", "orch ls", "orch host ls", "osd dump"]


@pytest.mark.parametrize("name", ["ceph_info", "ceph_config", "ceph_pool", "ceph_fs", "ceph_auth", "ceph_orch_spec"])
def test_no_cluster_yet(ceph, monkeypatch, name):
    params = {
        "ceph_config": {"config": [{"section": "global", "name": "mon_data_avail_warn", "value": 1}]},
        "ceph_pool": {"pools": [{"name": "a"}]},
        "ceph_fs": {"filesystems": [{"name": "a"}]},
        "ceph_auth": {"entities": [{"entity": "client.a"}], "return_keys": True},
        "ceph_orch_spec": {"specs": [{"service_type": "mon"}], "wait": {}},
    }.get(name, {})
    monkeypatch.setattr(api, "PATIENCE", 0.5)
    ceph.connection["keyring"] += ".missing"
    foreseen = ceph.run(name, params, check=True)
    assert not foreseen.get("failed") and "planned as if the cluster held nothing" in foreseen["warnings"][0]
    assert foreseen["changed"] is (name != "ceph_info")
    result = ceph.run(name, params)
    assert result["failed"] and "keyring.missing does not exist: bootstrap the cluster" in result["msg"]
    monkeypatch.setattr(api, "rados", None)
    assert ceph.run(name, params, check=True)["warnings"]
    assert "python3-rados" in ceph.run(name, params)["msg"]


def test_a_keyring_that_is_being_replaced_is_waited_for(ceph):
    keyring = Path(ceph.connection["keyring"])
    away = keyring.rename(keyring.with_name("away"))
    back = threading.Timer(0.5, away.rename, [keyring])
    back.start()
    assert not ceph.run("ceph_info", {}).get("failed")
    back.join()


def test_unreachable(ceph):
    ceph.cluster.reachable = False
    result = ceph.run("ceph_info", {})
    assert result["failed"] and "client.admin cannot connect" in result["msg"]
