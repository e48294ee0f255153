# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""health_gate: opens, fails with one sentence, leaves its evidence."""

from __future__ import annotations

import json

GOOD = {"command": {"argv": ["echo", "ready"], "contains": "ready"}}
BAD = {"command": {"argv": ["false"]}, "timeout": 0, "name": "The scheduler"}


def test_opens_and_leaves_evidence(run_module, tmp_path):
    evidence = tmp_path / "gate.json"
    result = run_module("health_gate", {**GOOD, "evidence": str(evidence)})
    assert result["passed"] and not result["changed"] and result["timeline"][0]["observations"] == 1
    written = json.loads(evidence.read_text())
    assert written["passed"] and written["timeline"] == result["timeline"]
    assert evidence.stat().st_mode & 0o077 == 0


def test_stays_shut(run_module, tmp_path):
    evidence = tmp_path / "gate.json"
    result = run_module("health_gate", {**BAD, "evidence": str(evidence)})
    assert result["failed"]
    assert result["msg"].startswith("The scheduler: still not good after 0 s: false: exit status 1")
    assert json.loads(evidence.read_text())["passed"] is False


def test_check_mode_never_fails_and_runs_no_command(run_module, tmp_path):
    marker = tmp_path / "ran"
    result = run_module("health_gate", {"command": {"argv": ["touch", str(marker)]}}, check=True)
    assert not result.get("failed") and not result["changed"] and not marker.exists()
    result = run_module("health_gate", {"ceph": {"executable": "/no/ceph"}}, check=True)
    assert not result.get("failed") and not result["passed"] and len(result["timeline"]) == 1


def test_exactly_one_probe(run_module):
    assert "one of" in run_module("health_gate", {})["msg"]
    assert "mutually exclusive" in run_module("health_gate", {**GOOD, "ceph": {}})["msg"]


def test_evidence_that_cannot_be_written(run_module):
    result = run_module("health_gate", {**GOOD, "evidence": "/proc/none/gate.json"})
    assert result["failed"] and "/proc/none" in result["msg"]
