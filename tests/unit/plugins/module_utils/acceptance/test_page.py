# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of an acceptance: complete, well formed, and harmless whatever the names are."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance import page, verdict
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.acceptance import cluster
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.acceptance.test_verdict import evaluate

VOID = {"meta", "br", "line", "rect"}


class Balance(HTMLParser):
    """Fails where an element is closed that is not open."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """One that closes itself."""

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def parse(text):
    """See that a page's elements match."""
    parser = Balance()
    parser.feed(text)
    assert parser.open == []


def test_page_says_what_the_document_says():
    document = evaluate(hpl_gflops=3000)
    text = page.render(document)
    parse(text)
    assert "✕ Not accepted" in text and "<script" not in text and "http" not in text.replace("http-equiv", "")
    for name in document["nodes"]:
        assert f'id="node-{name}"' in text
    assert text.count("<figure>") == 4 and 'class="limit"' in text
    assert 'class="dot bad"' in text


def test_an_accepted_bubble_and_one_without_measurements():
    nodes = {"a": {"pool": "cpu"}}
    good = page.render(evaluate([cluster.measurement("x-cpu-1", 1) | {"node": "a"}], nodes))
    assert "✓ Accepted" in good and "✓ Nothing." in good
    empty = page.render(evaluate([], nodes))
    parse(empty)
    assert "Nothing was measured yet" in empty and "○ not measured" in empty


def test_names_and_texts_are_escaped():
    evil = "<img src=x onerror=alert(1)>"
    item = cluster.measurement("x-cpu-1", 1, errors={"storage": evil}, about={"cpu": evil}) | {"node": evil}
    document = verdict.evaluate(
        {"bubble": evil, "site": evil, "federation": evil}, {evil: {"pool": evil}},
        {evil: {"skipped": {}, "checks": [], **item}}, [], {},
    )  # fmt: skip
    assert "<img" not in page.render(document)


def test_five_hundred_nodes_in_a_moment():
    items = [cluster.measurement(f"ba-cpu-{number:03d}", number) for number in range(500)]
    nodes = {item["node"]: {"pool": "cpu"} for item in items}
    start = time.monotonic()
    text = page.render(evaluate(items, nodes))
    assert time.monotonic() - start < 10
    assert len(re.findall('class="dot', text)) == 4 * 500 and len(text) < 5_000_000
