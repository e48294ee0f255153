# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rgw_sync_info: the text of radosgw-admin as data."""

from __future__ import annotations

from pathlib import Path

RECORDINGS = Path(__file__).parents[1] / "module_utils" / "rgw" / "recordings"


def run(tmp_path, run_module, name, **params):
    """The module's result with a radosgw-admin that prints recordings."""
    conf, script = tmp_path / "ceph.conf", tmp_path / "radosgw-admin"
    conf.write_text("")
    script.write_text(
        "#!/bin/sh\n"
        f'case "$1" in bucket) cat {RECORDINGS}/bucket-sync-status.txt;; sync) cat {RECORDINGS}/{name};;\n'
        'zone) echo \'{"zones": ["cnaf"]}\';; esac\n'
    )
    script.chmod(0o755)
    return run_module("rgw_sync_info", {"executable": str(script), "conf": str(conf), **params})


def test_synced(tmp_path, run_module):
    result = run(tmp_path, run_module, "sync-status-master.txt", buckets=["probe"])
    assert result["synced"] and not result["changed"] and result["zone"] == "cnaf"
    assert result["buckets"]["probe"]["synced"]


def test_behind(tmp_path, run_module):
    result = run(tmp_path, run_module, "sync-status-behind.txt")
    assert not result["synced"] and result["data"][0]["behind_shards"] == 4


def test_no_cluster(tmp_path, run_module):
    result = run_module("rgw_sync_info", {"executable": "true", "conf": str(tmp_path / "none")})
    assert result["failed"] and "bootstrap" in result["msg"]


def test_the_period_without_a_gateway(cluster):
    assert cluster.run("rgw_sync_info", {"gather": ["period"]})["period"] is None
    cluster.run("rgw_realm", {"realms": [{"name": "dc", "default": True}]})
    for params in ({}, {"realm": "dc"}):
        result = cluster.run("rgw_sync_info", {"gather": ["period"], **params})
        assert result["period"]["epoch"] == 1 and "synced" not in result


def test_check_mode_before_the_cluster_exists(tmp_path, run_module):
    params = {"executable": "true", "conf": str(tmp_path / "none"), "gather": ["period"]}
    result = run_module("rgw_sync_info", params, check=True)
    assert result["period"] is None and not result.get("failed") and result["warnings"]
