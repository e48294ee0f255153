# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""scan_findings: its files, made once, and again only for another scan."""

from __future__ import annotations

import json

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab


@pytest.fixture
def scan(run_module, tmp_path):
    """A function (*reports, check=False, **parameters) -> the module's result."""

    def call(*reports, check=False, **params):
        base = {
            "federation": lab.NAME, "folder": str(tmp_path / "scans"), "targets": lab.TARGETS, "today": lab.TODAY,
            "profiles": lab.PROFILES, "reports": list(reports),
        }  # fmt: skip
        return run_module("scan_findings", {**base, **params}, check)

    return call


@pytest.mark.crud("scan_findings")
def test_life(scan, tmp_path):
    given = [lab.report(results=[lab.result()]), lab.report(lab.BA, silent=["ba-storage-01"])]
    foreseen = scan(*given, check=True)
    assert foreseen["changed"] and not (tmp_path / "scans").exists()
    done = scan(*given)
    assert done == foreseen and done["counts"]["new"] == 1
    assert len(done["new"]) == 1 and done["new"][0].startswith("critical 9.8 cnaf-storage-01 2323/tcp")
    assert "ba-storage-01: did not answer; last scanned never" in done["not_scanned"]
    for path in (tmp_path / "scans").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    for check in (True, False):
        again = scan(*given, check=check)
        assert not again["changed"] and again["diff"]["after"] == ""
    fixed = [lab.report(day=2), lab.report(lab.BA, day=2)]
    foreseen = scan(*fixed, check=True)
    done = scan(*fixed)
    assert foreseen["diff"] == done["diff"] and done["diff"]["after"] == f"{lab.WEAK}: fixed critical 9.8\n"
    assert done["counts"]["fixed"] == 1 and done["summary"][0].endswith("1 fixed, 0 accepted")
    assert not scan(*fixed)["changed"]


def test_accepted_and_over(scan, tmp_path):
    accepted = [{**lab.waiver(oid=lab.OID + "1"), "id": None}]
    assert scan(lab.report(results=[lab.result()]), accepted=accepted)["counts"]["accepted"] == 1
    done = scan(accepted=accepted, today="2026-03-02")
    assert (
        done["changed"] and "was accepted by Ada until 2026-03-01: until it moves; this is over" in done["expired"][0]
    )
    assert json.loads((tmp_path / "scans" / "findings.json").read_text())["findings"][0]["status"] == "new"


def test_input_that_cannot_be(scan, tmp_path):
    assert "no target of the federation" in scan({**lab.report(), "task": "other"})["msg"]
    assert "isoformat" in scan(today="today")["msg"]
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "findings.json").write_text("not JSON")
    assert "put back a good copy, or move it away" in scan()["msg"]
    assert [path.name for path in (tmp_path / "scans").iterdir()] == ["findings.json"]


def test_an_older_report_is_passed_over_with_a_warning(scan):
    scan(lab.report(day=2))
    done = scan(lab.report(day=1))
    assert not done["changed"] and "older than what is known" in done["warnings"][0]
