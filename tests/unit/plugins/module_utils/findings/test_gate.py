# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stops a rollout."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.findings import gate, model
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab


@pytest.fixture
def document():
    """A critical finding at cnaf, one that a stricter profile stops, one below its limit, and one accepted."""
    return lab.Life().run(
        lab.report(results=[lab.result(), lab.result(number=2, severity=6.9), lab.result(number=3, severity=8.0)]),
        lab.report(lab.EPIC, results=[lab.result("ba-epic-user-01", 2, 6.9)]),
        lab.report(lab.BA, silent=["ba-storage-01"]),
        accepted=[lab.waiver(oid=lab.OID + "3")],
    )


def test_above_the_limit_of_its_profile(document):
    found = gate.evaluate(document, lab.TODAY)
    assert [line.split(" ")[2] for line in found["failures"]] == ["cnaf-storage-01", "ba-epic-user-01"]
    assert found["failures"][0].startswith("critical 9.8 cnaf-storage-01 2323/tcp: Weakness 1 (CVE-2026-0001")
    assert len(found["accepted"]) == 1 and "accepted by Ada until 2026-03-01: until it moves" in found["accepted"][0]
    assert found["expired"] == []
    assert sorted(found["not_scanned"]) == [
        f"ba-old-01: {model.EXCLUDED}; last scanned never", "ba-storage-01: did not answer; last scanned never",
    ]  # fmt: skip


def test_an_acceptance_that_ended_since_counts(document):
    found = gate.evaluate(document, "2026-03-02")
    assert len(found["failures"]) == 3 and found["accepted"] == []
    assert found["expired"] == [line for line in found["failures"] if "this is over" in line] and found["expired"]


def test_limited_to_sites_and_hosts_and_another_limit(document):
    assert len(gate.evaluate(document, lab.TODAY, sites=["ba"])["failures"]) == 1
    assert gate.evaluate(document, lab.TODAY, hosts=["cnaf-scanner-01"]) == {
        "failures": [], "accepted": [], "expired": [], "not_scanned": [],
    }  # fmt: skip
    assert gate.evaluate(document, lab.TODAY, fail_above=9.8)["failures"] == []
    assert len(gate.evaluate(document, lab.TODAY, fail_above=0)["failures"]) == 3
    with pytest.raises(model.InputError, match="site bari, host x"):
        gate.evaluate(document, lab.TODAY, sites=["bari"], hosts=["x"])


def test_hosts_that_were_not_scanned_stop_where_asked(document):
    found = gate.evaluate(document, lab.TODAY, hosts=["ba-storage-01"], require_scan=True)
    assert found["failures"] == ["not scanned: ba-storage-01: did not answer; last scanned never"]
    old = gate.evaluate(document, lab.TODAY, hosts=["cnaf-scanner-01"], require_scan=True, max_age=8)
    assert old["failures"] == [
        "not scanned: cnaf-scanner-01: more than 8 days ago; last scanned 2026-02-01"
    ]  # fmt: skip
    assert gate.evaluate(document, lab.TODAY, hosts=["cnaf-scanner-01"], max_age=9)["not_scanned"] == []


def test_what_nobody_could_look_at_still_stops_and_what_is_fixed_does_not():
    life = lab.Life()
    life.run(lab.report(results=[lab.result()]))
    unsure = gate.evaluate(life.run(lab.report(day=2, silent=["cnaf-storage-01"])), lab.TODAY)
    assert unsure["failures"][0].endswith("; the newest scan could not look")
    assert gate.evaluate(life.run(lab.report(day=3)), lab.TODAY)["failures"] == []
