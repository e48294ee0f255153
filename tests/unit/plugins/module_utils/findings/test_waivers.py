# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who accepts which finding until when."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.findings.model import InputError
from ansible_collections.infn.datacloud.plugins.module_utils.findings.waivers import Waivers
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab


@pytest.fixture
def finding():
    life = lab.Life()
    life.run(lab.report(results=[lab.result()]))
    return life.finding()


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ({"id": lab.WEAK}, True),
        ({"id": lab.WEAK, "hosts": ["nothing"]}, True),
        ({"id": lab.WEAK + "1"}, False),
        ({"oid": lab.OID + "1"}, True),
        ({"cve": "cve-2026-0001"}, True),
        ({"cve": "CVE-2026-0002"}, False),
        ({"cve": "CVE-2026-0001", "site": "ba"}, False),
        ({"cve": "CVE-2026-0001", "site": None}, True),
        ({"cve": "CVE-2026-0001", "hosts": ["cnaf-scanner-*"]}, False),
        ({"cve": "CVE-2026-0001", "hosts": ["x", "10.144.16.1?"]}, True),
    ],
)
def test_what_an_entry_fits(finding, entry, fits):
    waivers = Waivers([lab.waiver(**entry)], lab.TODAY)
    assert (waivers.find(finding)[0] is not None) is fits
    assert waivers.unused() == [] if fits else len(waivers.unused()) == 1


def test_the_one_that_ends_last_counts(finding):
    entries = [
        lab.waiver(oid=lab.OID + "1", until=day, reason=day) for day in ("2026-01-01", "2026-04-01", "2026-03-01")
    ]
    assert Waivers(entries, lab.TODAY).find(finding) == (
        {"by": "Ada", "reason": "2026-04-01", "until": "2026-04-01"}, None,
    )  # fmt: skip
    assert Waivers(entries, "2026-04-02").find(finding)[1]["until"] == "2026-04-01"
    assert Waivers(entries, "2026-04-01").find(finding)[1] is None


def test_every_mistake_is_told():
    with pytest.raises(InputError) as caught:
        Waivers([lab.waiver(), lab.waiver(id="a", cve="b"), lab.waiver(cve="c", until="soon")], lab.TODAY)
    text = str(caught.value)
    assert "1 is named by nothing" in text and "2 is named by id and cve" in text
    assert "accepted finding c: there is no day soon" in text
