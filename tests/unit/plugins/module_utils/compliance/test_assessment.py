# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of controls, and what follows for a control from evidence."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.infn.datacloud.plugins.module_utils.compliance import crosswalk, inputs, standards
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.compliance.region import HOSTS, ROOT, probe


def states(assessment):
    """{control: state} of all standards."""
    return {f"{item.standard.key} {item.control.id}": item.state for item in assessment.findings}


def test_the_lists_are_whole():
    assert [len(standard.controls) for standard in standards.STANDARDS] == [93, 7, 25]
    themes = [control.id.split(".")[1] for control in standards.STANDARDS[0].controls]
    assert [themes.count(theme) for theme in "5678"] == [37, 8, 14, 34]
    for standard in standards.STANDARDS:
        assert len({control.id for control in standard.controls}) == len(standard.controls)
        assert all(control.title for control in standard.controls)
    known = {control.id for standard in standards.STANDARDS for control in standard.controls}
    assert set(standards.EXPECTED_PROBES) <= known


def test_the_crosswalk_leads_from_every_old_control_to_a_new_one():
    assert len(crosswalk.TO_2022) == 114
    known = {control.id for control in standards.STANDARDS[0].controls}
    assert {new for news in crosswalk.TO_2022.values() for new in news} <= known
    # What is new in 2022 has no old control.
    new = {"A.5.7", "A.5.23", "A.5.30", "A.7.4", "A.8.9", "A.8.10", "A.8.11", "A.8.12", "A.8.16", "A.8.23", "A.8.28"}
    assert known - {control for news in crosswalk.TO_2022.values() for control in news} == new
    assert crosswalk.to_2022(["A.9.4.2", "A.18.2.3", "A.9", "A.99.1.1"]) == ["A.5.36", "A.8.5", "A.8.8"]


def test_every_control_that_the_catalog_names_is_known():
    for standard in standards.STANDARDS:
        known = {control.id for control in standard.controls}
        for path in sorted((ROOT / "roles" / "hardening" / "files" / "catalog").glob("*.yml")):
            for control in yaml.safe_load(path.read_text()):
                assert set(control["references"].get(standard.key, [])) <= known, control["id"]


def test_states(assess):
    found = states(assess())
    assert found["iso27001_2022 A.8.5"] == "satisfied"
    assert found["iso27001_2022 A.8.9"] == "satisfied", "what was brought in order is in order"
    assert found["iso27001_2022 A.8.15"] == "open"
    assert found["iso27001_2022 A.5.28"] == "open"
    assert found["iso27001_2022 A.8.3"] == "waivers"
    assert found["iso27018 A.11.13"] == "waivers"
    assert found["iso27017 CLD.9.5.2"] == "satisfied"
    assert found["iso27001_2022 A.8.17"] == "satisfied", "not applicable on one host, compliant on the other"
    assert found["iso27001_2022 A.8.7"] == "gap"
    assert found["iso27001_2022 A.6.1"] == "outside"
    assert found["iso27001_2022 A.5.1"] == "outside"


def test_not_applicable_alone_is_no_evidence(assess):
    assert states(assess(HOSTS[:1]))["iso27001_2022 A.8.17"] == "gap"


def test_the_scanner_disagrees(assess, folder):
    path = folder / HOSTS[0] / "evidence.json"
    path.write_text(path.read_text().replace('"failed"', '"compliant"'))
    found = states(assess())
    # Rule two failed and refers to A.12.4.1; rule one also refers to A.7.1.1, which no host can answer for.
    assert found["iso27001_2022 A.8.15"] == "scanner"
    assert found["iso27001_2022 A.6.1"] == "outside"


def test_waivers_of_rules_and_probes(assess):
    waiver = {"control": "t*", "owner": "Ada", "reason": "Later", "expires": "2026-01-31", "hosts": ["*-01"]}
    checks = {check.id: check for check in assess(waivers=[waiver]).checks}
    assert [item.status for item in checks["two"].outcomes] == ["waived", "fail"]
    assert checks["one"].outcomes[0].waiver is None
    expired = {**waiver, "expires": "2026-01-30", "hosts": None}
    outcomes = next(check for check in assess(waivers=[expired]).checks if check.id == "two").outcomes
    assert [(item.status, item.reason) for item in outcomes] == [("fail", "the waiver has expired")] * 2
    longest = next(check for check in assess(waivers=[expired, waiver]).checks if check.id == "two").outcomes
    assert [item.status for item in longest] == ["waived", "fail"]


def test_a_probe_of_the_control_node(assess):
    found = assess(probes=[probe("tenants", "fail", "ba-vpn-01", iso27017=["CLD.9.5.1"], iso27001_2022=["A.8.22"])])
    assert states(found)["iso27017 CLD.9.5.1"] == "open" and states(found)["iso27001_2022 A.8.22"] == "open"
    missing = {item.control.id: item.missing for item in found.findings if item.missing}
    assert "A.8.22" not in missing and "A.8.7" in missing and "A.8.13" not in missing


def test_a_probe_that_could_not_be_made_is_no_evidence(assess):
    found = assess(probes=[probe("virus", "not_assessed", iso27001_2022=["A.8.7"])])
    assert states(found)["iso27001_2022 A.8.7"] == "gap"


def test_references_that_no_list_has(assess):
    found = assess(probes=[probe("other", iso27001_2022=["A.9.99"])])
    (finding,) = [item for item in found.findings if item.control.id == "A.9.99"]
    assert finding.state == "satisfied" and finding.control.title == "Not in our list"


def test_hosts_without_evidence(assess):
    found = assess([*HOSTS, "ba-user-03"])
    assert found.missing == ["ba-user-03"] and list(found.hosts) == HOSTS
    with pytest.raises(inputs.InputError, match=r"no host of region epic has evidence: run .* on ba-user-03"):
        assess(["ba-user-03"])


def test_only_times_and_observed_values_leave_the_digest(assess, folder):
    digest = assess().digest()
    path = folder / HOSTS[0] / "evidence.json"
    text = path.read_text()
    path.write_text(text.replace("12:00:00", "13:00:00").replace('"seen": "backup"', '"seen": "again"'))
    assert assess().digest() == digest
    path.write_text(text.replace('"failed"', '"compliant"'))
    assert assess().digest() != digest


def test_everything_wrong_with_the_input_at_once(assess, folder):
    bad = {**probe("x"), "status": "ok", "time": "yesterday", "host": ""}
    with pytest.raises(inputs.InputError) as caught:
        assess(probes=[bad], waivers=[{"control": "a", "expires": "soon"}])
    text = str(caught.value)
    assert "x has no host" in text and "status is ok" in text and "yesterday is no time" in text
    assert "the waiver of a: soon is no date" in text
    for host, content in zip(HOSTS, ('{"format": 9}', "["), strict=True):
        (folder / host / "evidence.json").write_text(content)
    with pytest.raises(inputs.InputError) as caught:
        assess()
    assert len(caught.value.errors) == 2 and "format 9, not 1" in caught.value.errors[0]
