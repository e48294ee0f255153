# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""scan_gate: fails with every reason in a line."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab


@pytest.fixture
def gate(run_module, tmp_path):
    """A function (reports or None, accepted=(), **parameters) -> the module's result."""

    def call(reports=None, accepted=(), **params):
        if reports is not None:
            given = {
                "federation": lab.NAME, "folder": str(tmp_path), "targets": lab.TARGETS, "today": lab.TODAY,
                "profiles": lab.PROFILES, "reports": list(reports), "accepted": list(accepted),
            }  # fmt: skip
            assert "msg" not in run_module("scan_findings", given)
        return run_module("scan_gate", {"folder": str(tmp_path), "today": lab.TODAY, **params})

    return call


def test_stops_until_it_is_fixed(gate):
    accepted = [lab.waiver(oid=lab.OID + "2")]
    stopped = gate([lab.report(results=[lab.result(), lab.result(number=2)])], accepted)
    assert stopped["failed"] and stopped["msg"].splitlines() == [
        "1 reason to stop:", *stopped["failures"], "Not counted, because somebody accepts them:", *stopped["accepted"],
    ]  # fmt: skip
    assert len(stopped["accepted"]) == 1 and stopped["time"] == "2026-02-01T22:09:00Z"
    unreached = gate([lab.report(day=2, silent=["cnaf-storage-01"])], accepted)
    assert unreached["failed"] and "the newest scan could not look" in unreached["msg"]
    passed = gate([lab.report(day=3)], accepted)
    assert not passed.get("failed") and not passed["changed"] and passed["failures"] == []
    assert passed["warnings"] == ["3 hosts not scanned as a whole, see not_scanned"]


def test_an_acceptance_that_ended_since(gate):
    given = [lab.report(results=[lab.result()])]
    assert gate(given, [lab.waiver(oid=lab.OID + "1")])["failures"] == []
    over = gate(today="2026-03-02")
    assert over["failed"] and over["expired"] == over["failures"] and "this is over" in over["msg"]


def test_sites_hosts_and_whether_they_were_scanned(gate):
    gate([lab.report(results=[lab.result()])])
    assert not gate(sites=["ba"]).get("failed")
    assert gate(sites=["cnaf"])["failed"] and not gate(hosts=["cnaf-scanner-01"], require_scan=True).get("failed")
    assert "not scanned: ba-storage-01: never scanned" in gate(sites=["ba"], require_scan=True)["msg"]
    assert not gate(sites=["cnaf"], fail_above=9.8).get("failed")
    assert "nothing is known of site bari" in gate(sites=["bari"])["msg"]


def test_without_findings_it_does_not_pass(gate, tmp_path):
    assert "nothing was scanned yet" in gate()["msg"]
    (tmp_path / "findings.json").write_text("{")
    assert "is damaged" in gate()["msg"]
    (tmp_path / "findings.json").unlink()
    gate([lab.report()])
    assert "is of federation lab, not other" in gate(federation="other")["msg"]
