# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: whole by itself, well formed, and it says what the findings say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.findings import page, store, trend
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab

VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Reads a page and refuses elements that are not closed as they should be."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.words = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        """What a person reads."""
        return " ".join(" ".join(self.words).split())


def read(life, runs=None):
    """The page of what is known now, read."""
    return Reader(page.render(life.document, store.remember([], life.document) if runs is None else runs))


@pytest.fixture
def life():
    """Two runs: something new, open, fixed, accepted, over, and a host that did not answer."""
    life = lab.Life()
    accepted = [
        lab.waiver(oid=lab.OID + "3"),
        lab.waiver(oid=lab.OID + "4", until="2026-02-01"),
        lab.waiver(cve="CVE-1"),
    ]
    first = [lab.result(number=number) for number in (1, 2, 3, 4)]
    life.run(
        lab.report(results=first), lab.report(lab.BA, results=[lab.result("ba-storage-01", 5, 7.5)]), accepted=accepted
    )
    second = [lab.result(number=number) for number in (1, 3, 4)] + [lab.result("cnaf-scanner-01", 6, 4.3)]
    life.run(
        lab.report(day=2, results=second), lab.report(lab.BA, day=2, silent=["ba-storage-01"]), accepted=accepted
    )  # fmt: skip
    return life


def test_whole_by_itself(life):
    found = read(life)
    assert not set(found.tags) & {"script", "link", "img", "iframe", "object", "video"}
    assert all(link.startswith("#") for link in found.links)
    assert {link[1:] for link in found.links} <= set(found.ids) and len(found.ids) == len(set(found.ids))


def test_what_people_ask_for(life):
    text = read(life).text
    for words in (
        "✕ 3 findings above the limit", "Findings", "Weakness 1", "△ medium 4.3", "1 host, 1 new", "◆ critical 9.8",
        "✕ 1 above the limit",
        "not looked at: did not answer", "acceptance ended 2026-02-01", "Accepted by", "until it moves", "2026-03-01",
        "1 acceptance is over", "CVE-1 at cnaf, by Ada until 2026-03-01", "Seen fixed", "ba-storage-01",
        "did not answer", "excluded by the site's description", "Ada <ada@cnaf.test>", "Make it strong.",
        "never scanned", "3 hosts are not scanned as a whole",
    ):  # fmt: skip
        assert words in text, words


def test_nothing_to_tell():
    life = lab.Life()
    life.run()
    assert "○ Nothing was scanned yet" in read(life, []).text
    for task in (lab.CNAF, lab.BA, lab.EPIC):
        life.run(lab.report(task))
    text = read(life).text
    assert "✓ No finding above the limit" in text and "✓ Nothing is open." in text and "Nobody has accepted" in text


def test_texts_cannot_be_markup():
    evil = "<img src=x onerror=alert(1)>"
    life = lab.Life()
    results = [lab.result(name=evil, summary=evil, solution=evil, cves=[evil], port=evil)]
    accepted = [lab.waiver(oid=lab.OID + "2", owner=evil, reason=evil)]
    life.run(
        lab.report(results=[*results, lab.result(number=2)], errors=[lab.error("x", description=evil)]),
        accepted=accepted,
    )
    life.run(lab.report(day=2, errors=[lab.error(description=evil)]), accepted=accepted)
    assert "<img" not in page.render(life.document, store.remember([], life.document))


def test_a_page_of_any_number_of_findings_can_be_opened():
    life = lab.Life()
    life.run(lab.report(results=[lab.result(port=f"{port}/tcp", number=1 + port % 900) for port in range(9000)]))
    text = page.render(life.document, store.remember([], life.document))
    assert text.count('<details class="control"') == page.MOST_TESTS and len(text) < 3_000_000
    assert "And 500 tests more: see" in text


def runs(*numbers):
    """History of so many new findings a day, fixed on the next."""
    return [
        {
            "time": f"{2026 + day // 336}-{1 + day // 28 % 12:02d}-{1 + day % 28:02d}T22:09:00Z", "critical": count,
            "high": 1, "medium": 0, "low": 2, "new": count, "fixed": 1, "accepted": 0, "not_scanned": 0,
        }
        for day, count in enumerate(numbers)
    ]  # fmt: skip


def coordinates(svg):
    """Every number of a plot's places."""
    return [
        float(number)
        for text in re.findall(r'(?:points|x|y|x1|x2|y1|y2|width|height)="([^"]*)"', svg)
        for number in re.findall(r"-?[\d.]+", text)
    ]


@pytest.mark.parametrize("many", [1, 2, 30, 400])
@pytest.mark.parametrize("plot", [trend.stacked, trend.moved])
def test_plots_stay_inside(plot, many):
    svg = plot(runs(*range(many)))
    Reader(svg)
    assert min(coordinates(svg)) >= 0 and max(coordinates(svg)) <= trend.WIDTH
    left_out = plot is trend.moved and 1 < many <= trend.MOST
    assert svg.count('class="hit"') == min(many, trend.MOST) - left_out


def test_plots_of_nothing_and_of_one_moment():
    nothing = [{**run, "critical": 0, "high": 0, "low": 0, "new": 0, "fixed": 0} for run in runs(0, 0)]
    for plot in (trend.stacked, trend.moved):
        Reader(plot(nothing))
        Reader(plot([runs(1)[0], runs(1)[0]]))
