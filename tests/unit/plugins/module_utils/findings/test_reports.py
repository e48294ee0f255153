# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports in the words of the federation."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.findings import model, reports
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab

SCOPE = model.scope(lab.TARGETS, lab.PROFILES)


def found(*results, min_qod=70):
    """The findings of one report."""
    return reports.read([lab.report(results=results)], SCOPE, min_qod)[lab.CNAF].found


def test_remarks_and_guesses_are_no_findings():
    assert found(lab.result(severity=0.0), lab.result(number=2, qod=30)) == {}
    assert list(found(lab.result(qod=30), min_qod=0)) == [lab.WEAK]


def test_one_finding_for_a_test_and_a_port_whatever_the_names_of_the_host():
    many = [lab.result(severity=score, hostname=name) for score, name in ((5.0, "a"), (9.8, "b"), (7.5, "c"))]
    assert [finding["cvss"] for finding in found(*many).values()] == [9.8]
    half = found(lab.result(severity=-1.0, original_severity=9.8), lab.result(severity=5.0))
    assert [finding["override"] for finding in half.values()] == [""]
    assert len(found(lab.result(), lab.result(port="23/tcp"))) == 2


def test_every_mistake_is_told():
    with pytest.raises(model.InputError) as caught:
        reports.read(
            [
                {**lab.report(), "task": "mine"}, lab.report(), lab.report(), {"task": lab.BA},
                lab.report(lab.EPIC, start=""), {},
            ],
            SCOPE, 70,
        )  # fmt: skip
    text = str(caught.value)
    assert "task mine: no target of the federation" in text and f"task {lab.CNAF}: there are two" in text
    assert f"task {lab.BA} is not what gmp_report_info returns: KeyError('id')" in text
    assert "does not say when the scan began" in text and "number 6 is not what" in text


@pytest.mark.parametrize("change", [{"hosts": None}, {"results": [{}]}, {"start": "yesterday"}, {"errors": [1]}])
def test_odd_reports_are_refused(change):
    with pytest.raises(model.InputError, match="is not what gmp_report_info returns"):
        reports.read([lab.report(**change)], SCOPE, 70)


def test_times_are_in_utc():
    scan = reports.read([lab.report(start="2026-02-01T23:00:00+01:00")], SCOPE, 70)[lab.CNAF]
    assert scan.start == "2026-02-01T22:00:00Z"
