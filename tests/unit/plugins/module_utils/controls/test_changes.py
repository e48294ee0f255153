# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations: fragments that make a file, and what contradicts what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import (
    HEADER,
    Attributes,
    FileRemoved,
    FileText,
    Fragment,
    Setting,
    Unit,
    contradictions,
    lines_of,
)

LINES = st.dictionaries(st.sampled_from(["a", "a.b", "a-b", "b", "net.x"]), st.sampled_from(["0", "1", "yes"]))


def fragments(values):
    """A fragment a key."""
    return [Fragment("/etc/x.conf", key, f"{key} = {value}") for key, value in values.items()]


def edited(text, changes):
    """The text after all of them."""
    for change in changes:
        text = change.edit(text)
    return text


@given(LINES, LINES)
def test_fragments(first, second):
    old = edited(None, fragments(first)) if first else None
    new = edited(old, fragments(second)) if second else old
    assert lines_of(new) == sorted(f"{key} = {value}" for key, value in {**first, **second}.items())
    # In whatever order, and again, they make the same file.
    assert edited(new, reversed(fragments(second))) == new
    assert not second or new.split("\n")[0] == HEADER


def test_a_key_is_a_word_of_its_own():
    text = edited(
        None, [Fragment("/x", "install usb", "install usb /bin/false"), Fragment("/x", "install us", "install us a")]
    )
    assert lines_of(text) == ["install us a", "install usb /bin/false"]


def test_no_contradictions():
    claims = [
        ("one", Setting("/etc/x", "a", "1")), ("two", Setting("/etc/x", "b", "1")),
        ("three", Setting("/etc/x", "a", "1")),
        ("four", Setting("/etc/x", "a", "2", section="s")), ("five", Attributes("/etc/x", 0o600)),
        ("six", Attributes("/etc/x", 0o640, at_most=True)), ("seven", Unit("x.service", enabled=True)),
        ("eight", Unit("x.service", active=False)),
    ]  # fmt: skip
    assert contradictions(claims) == []


def test_contradictions():
    pairs = [
        (Setting("/etc/x", "a", "1"), Setting("/etc/x", "a", "", absent=True)),
        (Setting("/etc/x", "a", "1"), FileText("/etc/x", "a 1\n")),
        (FileText("/etc/x", ""), FileRemoved("/etc/x")),
        (FileText("/etc/x", "", 0o600), FileText("/etc/x", "", 0o644)),
        (Fragment("/etc/x", "a", "a 1"), Fragment("/etc/x", "a", "a 2")),
        (Attributes("/etc/x", 0o644), Attributes("/etc/x", 0o600, at_most=True)),
        (Unit("x.service", masked=True), Unit("x.service", masked=False)),
    ]
    for one, two in pairs:
        (sentence,) = contradictions([("first", one), ("second", two)])
        assert sentence.startswith("first and second contradict each other on ") and "x" in sentence
