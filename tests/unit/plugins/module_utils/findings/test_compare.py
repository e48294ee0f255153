# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new, open, accepted and fixed; and that nothing is ever fixed because nobody looked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.module_utils.findings import model
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings.federation import WEAK


@pytest.fixture
def life():
    return lab.Life()


def test_new_open_fixed_and_forgotten(life):
    life.run(lab.report(results=[lab.result()]))
    assert life.states() == {WEAK: "new"}
    life.run(lab.report(day=2, results=[lab.result()]))
    found = life.finding()
    assert (found["status"], found["first_seen"], found["last_seen"]) == (
        "open", "2026-02-01T22:09:00Z", "2026-02-02T22:09:00Z",
    )  # fmt: skip
    life.run(lab.report(day=3))
    found = life.finding()
    assert (found["status"], found["fixed_seen"], found["last_seen"]) == (
        "fixed", "2026-02-03T22:09:00Z", "2026-02-02T22:09:00Z",
    )  # fmt: skip
    life.run(lab.report(day=4))
    assert life.states() == {}
    life.run(lab.report(day=5, results=[lab.result()]))
    assert life.finding()["status"] == "new" and life.finding()["first_seen"] == "2026-02-05T22:09:00Z"


def test_a_fixed_finding_that_is_back_is_new(life):
    for day, results in ((1, [lab.result()]), (2, []), (3, [lab.result()])):
        life.run(lab.report(day=day, results=results))
    assert life.states() == {WEAK: "new"} and life.finding()["first_seen"] == "2026-02-03T22:09:00Z"


def test_owner_site_and_severity(life):
    life.run(lab.report(results=[lab.result()]), lab.report(lab.EPIC, results=[lab.result("ba-epic-user-01", 2, 5.0)]))
    first, second = life.document["findings"]
    assert (first["host"], first["site"], first["owner"], first["severity"]) == (
        "cnaf-storage-01", "cnaf", "Ada <ada@cnaf.test>", "critical",
    )  # fmt: skip
    assert (second["site"], second["region"], second["owner"], second["severity"]) == (
        "ba", "epic", "Epic team", "medium",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"silent": ["cnaf-storage-01"]}, "did not answer"),
        ({"status": "Interrupted", "end": ""}, "the scan was interrupted"),
        ({"status": "Stopped", "silent": ["cnaf-storage-01"]}, "not reached before the scan was stopped"),
        ({"errors": [lab.error()]}, "Host dead"),
        ({"errors": [lab.error(host="", description="the scanner\n went away")]}, "the scanner went away"),
    ],
)
def test_a_host_that_was_not_scanned_keeps_its_findings(life, changes, why):
    life.run(lab.report(results=[lab.result()]))
    life.run(lab.report(day=2, **changes))
    assert life.states() == {WEAK: "open"} and not life.finding()["confirmed"]
    host = life.document["hosts"]["cnaf-storage-01"]
    assert (host["problem"], host["last_scan"]) == (why, "2026-02-01T22:09:00Z")
    life.run(lab.report(day=3))
    assert life.states() == {WEAK: "fixed"} and life.document["hosts"]["cnaf-storage-01"]["problem"] == ""


def test_a_host_whose_scan_did_not_end(life):
    life.run(lab.report(results=[lab.result()]))
    second = lab.report(day=2)
    second["hosts"][0]["end"] = ""
    life.run(second)
    assert life.document["hosts"]["cnaf-storage-01"]["problem"] == "the scan of it did not end"
    assert life.states() == {WEAK: "open"}


def test_what_an_interrupted_scan_found_counts(life):
    life.run(lab.report(results=[lab.result()], status="Interrupted", end=""))
    assert life.states() == {WEAK: "new"}


def test_a_test_that_failed_makes_only_its_own_finding_unsure(life):
    life.run(lab.report(results=[lab.result(), lab.result(number=2)]))
    life.run(lab.report(day=2, errors=[lab.error(oid=lab.OID + "1", description="NVT timed out")]))
    assert life.states() == {WEAK: "open", WEAK[:-1] + "2": "fixed"}
    assert life.document["hosts"]["cnaf-storage-01"]["problem"] == ""


@pytest.mark.parametrize("logins", [{"ssh": False}, {}])
def test_what_was_seen_after_a_login_is_not_fixed_without_one(life, logins):
    results = [lab.result("ba-epic-user-01")]
    life.run(lab.report(lab.EPIC, results=results))
    second = lab.report(lab.EPIC, day=2)
    second["hosts"][0]["authenticated"] = logins
    life.run(second)
    (found,) = life.document["findings"]
    assert found["status"] == "open" and not found["confirmed"]
    problem = life.document["hosts"]["ba-epic-user-01"]["problem"]
    assert problem == ("its login over ssh was refused" if logins else "")
    life.run(lab.report(lab.EPIC, day=3))
    assert list(life.states().values()) == ["fixed"]


def test_targets_without_a_report_stay_as_they_were(life):
    results = [lab.result("ba-storage-01")]
    life.run(lab.report(results=[lab.result()]), lab.report(lab.BA, results=results))
    life.run(lab.report(day=2))
    assert sorted(life.states().values()) == ["fixed", "new"]
    life.run()
    assert sorted(life.states().values()) == ["fixed", "new"]
    life.run({**lab.report(lab.BA), "id": "", "status": "", "start": "", "end": "", "hosts": []})
    assert sorted(life.states().values()) == ["fixed", "new"]


def test_hosts_that_nobody_ever_scanned_are_named(life):
    document = life.run()
    assert {host["problem"] for name, host in document["hosts"].items() if name != "ba-old-01"} == {model.NEVER}
    assert document["time"] == "" and document["findings"] == []


def test_an_older_report_changes_nothing(life):
    life.run(lab.report(day=2, results=[lab.result()]))
    before = life.document
    life.run(lab.report(day=1))
    assert life.document == before and "older than what is known" in life.warnings[0]


def test_hosts_and_targets_that_left(life):
    life.run(lab.report(results=[lab.result(), lab.result("cnaf-scanner-01")]), lab.report(lab.BA))
    hosts = {"cnaf-scanner-01": lab.TARGETS[lab.CNAF]["hosts"]["cnaf-scanner-01"]}
    life.run(targets={lab.CNAF: {**lab.TARGETS[lab.CNAF], "hosts": hosts}})
    assert [finding["host"] for finding in life.left] == ["cnaf-storage-01"]
    assert list(life.document["targets"]) == [lab.CNAF]
    assert [finding["host"] for finding in life.document["findings"]] == ["cnaf-scanner-01"]


def test_an_excluded_host_keeps_its_findings_until_it_leaves(life):
    life.run(lab.report(results=[lab.result()]))
    target = lab.TARGETS[lab.CNAF]
    hosts = {"cnaf-scanner-01": target["hosts"]["cnaf-scanner-01"]}
    excluded = {lab.CNAF: {**target, "hosts": hosts, "excluded": {"cnaf-storage-01": "10.144.16.11"}}}
    life.run(lab.report(day=2, silent=["cnaf-storage-01"]), targets=excluded)
    assert life.states() == {WEAK: "open"}
    assert life.document["hosts"]["cnaf-storage-01"]["problem"] == model.EXCLUDED
    life.run()
    assert life.document["hosts"]["cnaf-storage-01"]["problem"] == ""


def test_an_address_that_nobody_describes(life):
    stranger = lab.report(results=[lab.result("10.144.16.200")])
    stranger["hosts"].append({**stranger["hosts"][0], "address": "10.144.16.200"})
    life.run(stranger)
    (found,) = life.document["findings"]
    assert (found["host"], found["site"], found["owner"]) == ("10.144.16.200", "cnaf", "Ada <ada@cnaf.test>")
    life.run(lab.report(day=2))
    assert life.states()[found["id"]] == "open" and not life.finding(found["id"])["confirmed"]
    third = lab.report(day=3)
    third["hosts"].append({**third["hosts"][0], "address": "10.144.16.200"})
    life.run(third)
    assert life.states()[found["id"]] == "fixed"
    life.run(lab.report(day=4))
    assert "10.144.16.200" not in life.document["hosts"]


def test_an_override_of_the_manager_is_an_acceptance(life):
    life.run(lab.report(results=[lab.result()]))
    life.run(lab.report(day=2, results=[lab.result(severity=-1.0, original_severity=9.8)]))
    found = life.finding()
    assert (found["status"], found["cvss"]) == ("accepted", 9.8)
    assert found["accepted"] == {"by": "an override in Greenbone", "reason": "a false positive", "until": ""}
    life.run(lab.report(day=3, results=[lab.result(severity=0.0, original_severity=9.8)]))
    assert life.finding()["accepted"]["reason"] == "of no severity"
    life.run(lab.report(day=4, results=[lab.result(severity=4.3, original_severity=9.8)]))
    assert (life.finding()["status"], life.finding()["cvss"]) == ("open", 4.3)


def test_accepted_until_a_day_and_then_again_a_finding(life):
    accepted = [lab.waiver(cve="CVE-2026-0001", until="2026-02-10")]
    life.run(lab.report(results=[lab.result()]), accepted=accepted)
    assert life.states() == {WEAK: "accepted"} and life.finding()["accepted"]["by"] == "Ada"
    life.run(lab.report(results=[lab.result()]), accepted=accepted, today="2026-02-11")
    assert life.states() == {WEAK: "new"} and life.finding()["accepted"] is None
    assert life.finding()["expired"] == {"by": "Ada", "reason": "until it moves", "until": "2026-02-10"}
    life.run(lab.report(day=2), accepted=accepted, today="2026-02-11")
    assert life.states() == {WEAK: "fixed"} and life.finding()["expired"] is None
    assert life.document["unused"] == ["CVE-2026-0001 at cnaf, by Ada until 2026-02-10"]


REPORTS = st.lists(
    st.tuples(
        st.sets(st.integers(1, 4)),
        st.sampled_from(["Done", "Interrupted", "Stopped"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(REPORTS)
def test_only_a_whole_scan_makes_anything_fixed(runs):
    life = lab.Life()
    known = set()
    for day, (seen, status, answers) in enumerate(runs, start=1):
        results = [lab.result(number=number) for number in sorted(seen)] if answers else []
        silent = [] if answers else ["cnaf-storage-01"]
        life.run(lab.report(day=day, results=results, status=status, silent=silent))
        found = {int(key[-1]) for key, state in life.states().items() if state != "fixed"}
        whole = answers and status == "Done"
        known = set(seen) if whole else known | ({*seen} if answers else set())
        assert found == known
