# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_report_info on what a real gvmd answered about real scans of a node of the lab, which has a weakness."""

from __future__ import annotations

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

MODULE = "gmp_report_info"
WEAK_SSH, TELNET = "1.3.6.1.4.1.25623.1.0.990002", "1.3.6.1.4.1.25623.1.0.990003"


def scanned(manager, **options):
    """The report of a scan of the node."""
    recorded.with_task(manager, **options)
    manager.done("gmp_scan", {"tasks": ["scan"], "state": "finished", "wait_timeout": 300})
    return manager.done(MODULE, {"tasks": ["scan"]})["reports"][0]


def test_from_outside(manager):
    report = scanned(manager)
    assert report["status"] == "Done" and report["start"] < report["end"] and report["end"].endswith("Z")
    assert [host["address"] for host in report["hosts"]] == [recorded.NODE]
    assert report["hosts"][0]["start"] <= report["hosts"][0]["end"] and report["hosts"][0]["authenticated"] == {}
    weak = next(result for result in report["results"] if result["oid"] == WEAK_SSH)
    assert weak["host"] == recorded.NODE and weak["port"] == "22/tcp" and weak["severity"] == 7.5
    assert weak["cves"] == ["CVE-2008-5161"] and weak["name"] and weak["solution"] and weak["qod"] > 0
    assert min(result["severity"] for result in report["results"]) > 0
    severities = [result["severity"] for result in report["results"]]
    assert severities == sorted(severities, reverse=True)


def test_logged_in(manager):
    report = scanned(manager, key="key_1")
    assert report["hosts"][0]["authenticated"] == {"ssh": True}
    assert {WEAK_SSH, TELNET} <= {result["oid"] for result in report["results"]}
    logs = manager.done(MODULE, {"tasks": ["scan"], "logs": True})["reports"][0]
    remarks = [result for result in logs["results"] if result["severity"] == 0]
    assert remarks and len(logs["results"]) == len(report["results"]) + len(remarks)
    sure = manager.done(MODULE, {"tasks": ["scan"], "min_qod": 99})["reports"][0]
    assert [result["oid"] for result in sure["results"] if result["qod"] < 99] == []
    assert len(sure["results"]) < len(report["results"])


def test_a_login_that_failed(manager):
    report = scanned(manager, key="key_2")
    assert report["hosts"][0]["authenticated"] == {"ssh": False}
    assert TELNET not in {result["oid"] for result in report["results"]}


def test_overrides_are_applied_and_hosts_that_are_not_there_missing(manager):
    recorded.with_task(manager, hosts=[recorded.NODE, recorded.NOBODY], alive_test="ICMP Ping")
    override = {"oid": WEAK_SSH, "hosts": [recorded.NODE], "new_severity": 0.0, "text": "known"}
    manager.done("gmp_override", {"overrides": [override]})
    manager.done("gmp_scan", {"tasks": ["scan"], "state": "finished", "wait_timeout": 300})
    report = manager.done(MODULE, {"tasks": ["scan"]})["reports"][0]
    assert [host["address"] for host in report["hosts"]] == [recorded.NODE]
    weak = next(result for result in report["results"] if result["oid"] == WEAK_SSH)
    assert weak["severity"] == 0.0 and weak["original_severity"] == 7.5


def test_nothing_scanned_yet(manager):
    recorded.with_task(manager)
    report = manager.done(MODULE, {"tasks": ["scan"]})["reports"][0]
    assert report["task_id"] and report["id"] == "" and report["hosts"] == []
    refused = manager.run(MODULE, {"tasks": ["scan", "never"]})
    assert refused["failed"] and "task never: the manager has none" in refused["msg"]
    foreseen = manager.run(MODULE, {"tasks": ["never"]}, check=True)
    assert foreseen["reports"][0]["id"] == ""
