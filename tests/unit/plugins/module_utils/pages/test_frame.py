# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pages have in common."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.pages import frame


def test_texts_are_escaped_and_nothing_is_loaded():
    evil = "<img src=x>"
    head = frame.cover(evil, evil, [("Site", evil), ("Nothing", "")], [("short", "Result")])
    text = frame.document(evil, head, [frame.section("short", "Result", "<p>good</p>")], "made", description=evil)
    assert "<img" not in text and "<script" not in text and "Nothing" not in text
    assert "default-src 'none'" in text and '<section id="short" aria-labelledby="short-title">' in text


def test_a_share_of_nothing_has_no_place_in_the_bar():
    text = frame.share_bar([("pass", 3, "✓ good"), ("fail", 0, "✕ bad")])
    assert text.count("flex:") == 1 and "good: 3, bad: 0" in text


def test_numbers_tables_and_times():
    assert "<dd>12\u202f345 <small>of all</small></dd>" in frame.tiles([("Hosts", 12345, "of all")])
    assert frame.table(["<A>"], ["<tr></tr>"], "all").count("&lt;A&gt;") == 1
    assert frame.sheet(["A"], []).startswith('<div class="sheet">')
    assert frame.day("2026-01-31T12:00:00Z") == "2026-01-31 12:00"
