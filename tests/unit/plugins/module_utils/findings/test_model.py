# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scope, severities and lines."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.findings import model
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab


@pytest.mark.parametrize(
    ("score", "word"),
    [(10, "critical"), (9, "critical"), (8.9, "high"), (7, "high"), (6.9, "medium"), (3.9, "low"), (0.05, "low")],
)
def test_severity(score, word):
    assert model.severity(score) == word


def test_a_host_is_in_one_target():
    twice = {**lab.TARGETS, "again": lab.TARGETS[lab.BA]}
    with pytest.raises(model.InputError, match=r"ba-old-01 .* is in target again and in lab: ba ba: one scans it"):
        model.scope(twice, lab.PROFILES)
    other = {**lab.TARGETS[lab.EPIC], "hosts": {"x": {"address": "10.144.32.11", "owner": ""}}}
    with pytest.raises(model.InputError, match="host x"):
        model.scope({**lab.TARGETS, lab.EPIC: other}, lab.PROFILES)


def test_a_profile_that_is_not_there():
    with pytest.raises(model.InputError, match="there is no profile weekly"):
        model.scope(lab.TARGETS, {})


def test_line_and_waiver():
    life = lab.Life()
    life.run(lab.report(results=[lab.result(cves=["CVE-1", "CVE-2", "CVE-3", "CVE-4", "CVE-5"])]))
    assert model.line(life.finding()) == (
        "critical 9.8 cnaf-storage-01 2323/tcp: Weakness 1 (CVE-1, CVE-2, CVE-3, 2 more CVEs, "
        f"owner Ada <ada@cnaf.test>, since 2026-02-01) [{lab.WEAK}]"
    )
    assert model.waiver({"by": "A", "reason": "r", "until": ""}) == "accepted by A: r"
    assert model.waiver({"by": "A", "reason": "r", "until": "2026-01-01"}) == "accepted by A until 2026-01-01: r"
