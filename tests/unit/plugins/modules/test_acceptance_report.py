# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""acceptance_report: its files, made once, and again only for what was measured again."""

from __future__ import annotations

import json

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.acceptance import cluster

CHECK = {"check": "links", "ok": True, "observed": "34 links"}


@pytest.fixture
def report(run_module, tmp_path):
    """A function (check=False, **parameters) -> the module's result."""

    def call(check=False, **params):
        base = {
            "bubble": "bari", "site": "ba", "federation": "INFN", "folder": str(tmp_path / "bari"),
            "nodes": cluster.NODES,
        }  # fmt: skip
        return run_module("acceptance_report", {**base, **params}, check)

    return call


@pytest.mark.crud("acceptance_report")
def test_life(report, tmp_path):
    given = {"measurements": cluster.measurements(), "checks": [CHECK], "thresholds": {"hpl_gflops": 3000}}
    foreseen = report(check=True, **given)
    assert foreseen["changed"] and not (tmp_path / "bari").exists()
    done = report(**given)
    assert done["changed"] and foreseen["diff"] == done["diff"] and not done["accepted"]
    assert list(done["failures"]) == [cluster.SLOW] and done["bubble_failures"] == []
    assert done["summary"][0] == "Bubble bari is NOT accepted"
    for name in ("acceptance.json", "acceptance.html"):
        assert (tmp_path / "bari" / name).stat().st_mode & 0o777 == 0o600
    for check in (True, False):
        assert not report(check=check, **given)["changed"]


@pytest.mark.crud("acceptance_report")
def test_one_node_again_after_its_repair(report, tmp_path):
    report(measurements=cluster.measurements(), checks=[CHECK])
    fast = cluster.measurement("ba-cpu-04", 3)
    again = report(measurements=[{**fast, "node": cluster.SLOW, "time": "2026-02-01T08:00:00Z"}])
    assert again["changed"] and again["accepted"] and again["failures"] == {}
    document = json.loads((tmp_path / "bari" / "acceptance.json").read_text())
    assert document["nodes"]["ba-cpu-01"]["measurement"]["time"] == cluster.TIME
    assert document["checks"][0]["observed"] == "34 links"
    assert f"{cluster.SLOW}: HPL on all cores: fail" in again["diff"]["before"]
    assert f"{cluster.SLOW}: HPL on all cores: pass" in again["diff"]["after"]


def test_nodes_that_left_are_forgotten(report, tmp_path):
    report(measurements=cluster.measurements())
    left = report(nodes=[node for node in cluster.NODES if node["name"] != cluster.SLOW])
    assert left["accepted"]
    assert cluster.SLOW not in json.loads((tmp_path / "bari" / "acceptance.json").read_text())["nodes"]


def test_input_that_cannot_be(report, tmp_path):
    assert "no node of bubble" in report(measurements=[cluster.measurement("ba-cpu-99", 1)])["msg"]
    assert "did you mean hpl_gflops" in report(thresholds={"hpl_gflop": 1})["msg"]
    (tmp_path / "bari").mkdir()
    (tmp_path / "bari" / "acceptance.json").write_text("not JSON")
    assert "move it away" in report()["msg"]
