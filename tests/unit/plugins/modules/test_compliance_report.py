# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""compliance_report: the files of a region, made once and again only where they would say something else."""

from __future__ import annotations

import json

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.compliance import conftest, region

folder = conftest.folder


@pytest.fixture
def report(run_module, folder):
    """A function (check=False, **parameters) -> the module's result."""

    def call(check=False, **params):
        given = {"region": "epic", "federation": "INFN DataCloud", "folder": str(folder), "hosts": region.HOSTS}
        return run_module("compliance_report", {**given, **params}, check)

    return call


def change(folder, old, new, host=region.HOSTS[0]):
    """Replace a text in a host's evidence."""
    path = folder / host / "evidence.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def files(folder):
    """The report's files that are there: {name: text}."""
    names = ("assessment-results.json", "report.html")
    return {name: (folder / name).read_text() for name in names if (folder / name).exists()}


@pytest.mark.crud("compliance_report")
def test_life(report, folder):
    foreseen = report(check=True)
    assert foreseen["changed"] and not files(folder)
    done = report()
    assert done["changed"] and done["diff"] == foreseen["diff"] and done["diff"]["before"] == ""
    assert (folder / "report.html").stat().st_mode & 0o777 == 0o600
    made = files(folder)
    assert len(made) == 2 and done["html"] == str(folder / "report.html") and done["date"] == "2026-01-31T12:00:00Z"
    for check in (True, False):
        again = report(check=check)
        assert not again["changed"] and again["diff"]["after"] == ""
    assert files(folder) == made


@pytest.mark.crud("compliance_report")
def test_another_assessment(report, folder):
    before = report()
    assert len(before["open_points"]) == 3 and before["states"]["open"] == 2
    assert before["open_points"][0] == (
        "infn.datacloud.controls audit-time: Changes of the clock are recorded (ba-user-01)"
    )  # fmt: skip
    change(folder, '"failed"', '"compliant"')
    foreseen, done = report(check=True), report()
    assert foreseen["changed"] and done["changed"] and foreseen["diff"] == done["diff"]
    assert "audit-time: ba-user-01: fail" in done["diff"]["before"]
    assert "audit-time: ba-user-01: pass" in done["diff"]["after"]
    assert done["states"]["open"] == 0 and len(done["open_points"]) == 2
    assert not report()["changed"]


def test_newer_evidence_that_says_the_same(report, folder):
    report()
    made = files(folder)
    change(folder, "2026-01-31T12:00:00Z", "2026-02-01T11:59:59Z")
    assert not report()["changed"] and files(folder) == made
    change(folder, "2026-02-01T11:59:59Z", "2026-02-01T12:00:00Z")
    assert report()["changed"]
    assert json.loads(files(folder)["assessment-results.json"])["assessment-results"]["metadata"][
        "last-modified"
    ] == "2026-02-01T12:00:00Z"  # fmt: skip
    change(folder, "2026-02-01T12:00:00Z", "2026-02-01T12:00:01Z")
    assert report(renew_after=0)["changed"]


@pytest.mark.parametrize("text", ["", "[]", "{}", "not JSON"])
def test_a_broken_file_is_made_anew(report, folder, text):
    report()
    made = files(folder)
    (folder / "assessment-results.json").write_text(text)
    assert report()["changed"] and files(folder) == made
    (folder / "report.html").unlink()
    assert report()["changed"] and files(folder) == made


def test_files_elsewhere(report, folder):
    done = report(oscal=str(folder / "new" / "o.json"), html=str(folder / "new" / "h.html"))
    assert done["changed"] and (folder / "new" / "o.json").exists() and not files(folder)


def test_before_any_evidence(report, folder):
    hosts = ["ba-new-01"]
    foreseen = report(check=True, hosts=hosts)
    assert foreseen["changed"] and foreseen["missing"] == hosts and "no evidence yet" in foreseen["warnings"][0]
    failed = report(hosts=hosts)
    assert failed["failed"] and "run infn.datacloud.evidence on ba-new-01" in failed["msg"]


def test_a_host_without_evidence(report):
    done = report(hosts=[*region.HOSTS, "ba-user-03"])
    assert done["missing"] == ["ba-user-03"] and "ba-user-03 has no evidence" in done["warnings"][0]


def test_input_that_cannot_be(report):
    waiver = {"control": "x", "owner": "Ada", "reason": "Later", "expires": "soon"}
    failed = report(waivers=[waiver], probes=[region.probe("x", time="soon")])
    assert failed["failed"] and "x: soon is no time" in failed["msg"] and "soon is no date" in failed["msg"]


def test_a_probe_of_this_host(report):
    done = report(probes=[region.probe("tenants", "fail", "ba-vpn-01", iso27017=["CLD.9.5.1"])])
    assert "live probe tenants: Probe tenants (ba-vpn-01)" in done["open_points"]
