# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_scan on what a real gvmd answered to real scans of a node of the lab."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

MODULE = "gmp_scan"


@pytest.fixture
def ready(manager):
    """A manager with a task for the node of the lab."""
    recorded.with_task(manager)
    return manager


def test_a_scan_is_started_once_and_waited_for(ready):
    foreseen = ready.run(MODULE, {"tasks": ["scan"]}, check=True)
    assert foreseen["changed"] and foreseen["started"] == ["scan"] and not ready.recording.writes()
    done = ready.done(MODULE, {"tasks": ["scan"]})
    assert done["changed"] and done["started"] == ["scan"] and done["scans"][0]["report"]
    # The manager would answer 202 and start another one.
    for check in (True, False):
        again = ready.run(MODULE, {"tasks": ["scan"]}, check=check)
        assert not again["changed"] and again["started"] == [] and not ready.recording.writes()
        assert again["scans"][0]["report"] == done["scans"][0]["report"]
    ended = ready.done(MODULE, {"tasks": ["scan"], "state": "finished", "wait_timeout": 300})
    assert not ended["changed"] and ended["scans"][0]["status"] == "Done" and ended["scans"][0]["progress"] == 100
    assert ended["scans"][0]["report"] == done["scans"][0]["report"] and ended["scans"][0]["end"]
    younger = ready.run(MODULE, {"tasks": ["scan"], "max_age": 24}, check=True)
    assert not younger["changed"] and younger["started"] == []
    ready.recording.now += timedelta(hours=25)
    assert ready.run(MODULE, {"tasks": ["scan"], "max_age": 24}, check=True)["started"] == ["scan"]
    # A second scan of a task whose first one has ended gives another report.
    twice = ready.done(MODULE, {"tasks": ["scan"], "state": "finished", "wait_timeout": 300})
    assert twice["changed"] and twice["scans"][0]["report"] != done["scans"][0]["report"]


def test_one_that_takes_too_long_is_named_and_can_be_stopped(ready):
    late = ready.run(MODULE, {"tasks": ["scan"], "state": "finished", "wait_timeout": 0})
    assert late["failed"] and "task scan (" in late["msg"] and "not ended after 0 s; the scan goes on" in late["msg"]
    assert late["changed"] and late["started"] == ["scan"]
    foreseen = ready.run(MODULE, {"tasks": ["scan"], "state": "stopped"}, check=True)
    assert foreseen["stopped"] == ["scan"] and not ready.recording.writes()
    done = ready.done(MODULE, {"tasks": ["scan"], "state": "stopped", "wait": True, "wait_timeout": 120})
    assert done["changed"] and done["stopped"] == ["scan"] and done["scans"][0]["status"] == "Stopped"
    assert not ready.done(MODULE, {"tasks": ["scan"], "state": "stopped"})["changed"]
    found = ready.done("gmp_report_info", {"tasks": ["scan"]})["reports"][0]
    assert found["status"] == "Stopped" and found["id"] == done["scans"][0]["report"]
    found = ready.done("gmp_report_info", {"tasks": ["scan"], "finished_only": True})["reports"][0]
    assert found["id"] == "" and found["results"] == []


def test_a_task_that_is_not_there(manager):
    refused = manager.run(MODULE, {"tasks": ["never"]})
    assert refused["failed"] and "task never: the manager has none; create it first (gmp_task)" in refused["msg"]
    foreseen = manager.run(MODULE, {"tasks": ["never"]}, check=True)
    assert foreseen["changed"] and foreseen["started"] == ["never"]
