# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: whole by itself, well formed, and everything an auditor asks for is in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.compliance import page
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.compliance.region import HOSTS, probe

VOID = {"meta", "input", "br"}


class Reader(HTMLParser):
    """Reads a page and refuses elements that are not closed as they should be."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.words, self.headings = [], [], [], set(), [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        """What a person reads."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def read(assess):
    """A function (**arguments of assess) -> the page, read."""
    return lambda names=HOSTS, **arguments: Reader(page.render(assess(names, **arguments)))


def test_whole_by_itself(read):
    found = read()
    assert not found.tags & {"script", "link", "img", "iframe", "object", "video"}
    assert all(link.startswith("#") for link in found.links)


def test_links_lead_somewhere_and_headings_are_in_order(read):
    found = read(probes=[probe("paper", iso27001_2022=["A.7.10", "A.9.99"], status="fail")])
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links} <= set(found.ids)
    assert found.headings[0] == 1 and found.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(found.headings, found.headings[1:], strict=False))


def test_what_an_auditor_asks_for(read):
    text = read([*HOSTS, "ba-user-03"], probes=[probe("tenants", "fail", "ba-vpn-01", iso27017=["CLD.9.5.1"])]).text
    for words in (
        "Region epic", "INFN DataCloud", "2026-01-31 11:30 to 2026-01-31 12:00", "2 of 3 covered",
        "No evidence of 1 host: ba-user-03", "Changes of the clock are recorded", "rules: -w /etc/localtime",
        "the audit daemon does not run", "Ada <ada@example.org>", "One partition until the move", "2026-02-20",
        "19 days left", "seen: tenants", "which is not among the region's hosts", "1 of 4 passed", "a" * 64,
        "Policies for information security", "Only the technical part is assessed", "A small profile",
        "No live probe shows that a test virus is found",
    ):  # fmt: skip
        assert words in text, words


def test_texts_cannot_be_markup(assess):
    text = page.render(assess(probes=[{**probe("x"), "title": "<b>&", "observed": "<script>alert(1)</script>"}]))
    assert "&lt;none&gt; &amp; nothing" in text and "<script>" not in text and "&lt;b&gt;&amp;" in text


def test_nothing_open(read, folder):
    path = folder / HOSTS[0] / "evidence.json"
    path.write_text(path.read_text().replace('"failed"', '"compliant"').replace('"fail"', '"pass"'))
    text = read(HOSTS[:1]).text
    assert "No check of our own and no live probe failed" in text and "open points" not in text


def test_the_mark_tells_assessments_apart(assess):
    assert page.mark(assess()) in page.render(assess())
    assert page.mark(assess(probes=[probe("more")])) not in page.render(assess())
