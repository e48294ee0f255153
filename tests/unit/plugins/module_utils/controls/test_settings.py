# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings: one key changes, nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.module_utils.controls.settings import get_key, set_key

KEYS = st.sampled_from(["minlen", "PASS_MAX_DAYS", "a.b", "x"])
VALUES = st.text("abc123./:-_", min_size=1, max_size=8)
SEPARATORS = st.sampled_from([" ", " = ", "=", "\t"])
NOISE = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20)


@st.composite
def texts(draw):
    """(text, separator): lines of keys, commented keys, sections and anything else."""
    separator = draw(SEPARATORS)
    known = st.builds(
        lambda key, value, lead: f"{lead}{key}{separator}{value}", KEYS, VALUES, st.sampled_from(["", " ", "#", "# "])
    )
    line = st.one_of(known, NOISE, st.sampled_from(["", "[one]", "[two]", "# minlen is long"]))
    end = draw(st.sampled_from(["\n", ""]))
    return "\n".join(draw(st.lists(line, max_size=8))) + end, separator


def others(text, key, separator):
    """The lines that are no active lines of the key, without the line ends at the end of the text."""
    found = [line for line in text.split("\n") if not get_key(line, key, separator)]
    while found and found[-1] == "":
        found.pop()
    return found


@given(texts(), KEYS, VALUES)
def test_set(text, key, value):
    text, separator = text
    new = set_key(text, key, value, separator)
    assert get_key(new, key, separator) == [value]
    assert others(new, key, separator) == others(text, key, separator)
    assert set_key(new, key, value, separator) == new


@given(texts(), KEYS)
def test_remove(text, key):
    text, separator = text
    new = set_key(text, key, None, separator)
    assert get_key(new, key, separator) == []
    assert others(new, key, separator) == others(text, key, separator)


@given(texts(), VALUES, VALUES)
def test_two_keys_do_not_meet(text, one, two):
    text, separator = text
    new = set_key(set_key(text, "minlen", one, separator), "x", two, separator)
    assert get_key(new, "minlen", separator) == [one]
    assert get_key(new, "x", separator) == [two]


@given(texts(), KEYS, VALUES, st.sampled_from(["one", "two", "three"]))
def test_sections_do_not_meet(text, key, value, section):
    text, separator = text
    new = set_key(text, key, value, separator, section)
    assert get_key(new, key, separator, section) == [value]
    for other in {"one", "two", "three"} - {section}:
        assert get_key(new, key, separator, other) == get_key(text, key, separator, other)
    assert set_key(new, key, value, separator, section) == new


@pytest.mark.parametrize(
    ("text", "key", "value", "separator", "new"),
    [
        ("PASS_MAX_DAYS\t99999\n", "PASS_MAX_DAYS", "365", " ", "PASS_MAX_DAYS 365\n"),
        ("PASS_MAX_DAYS\t365\n", "PASS_MAX_DAYS", "365", " ", "PASS_MAX_DAYS\t365\n"),
        ("# minlen = 8\nrest = 1\n", "minlen", "14", " = ", "# minlen = 8\nminlen = 14\nrest = 1\n"),
        ("# UMASK is a mask,\n# of bits\n", "UMASK", "027", " ", "# UMASK is a mask,\n# of bits\nUMASK 027\n"),
        ("#UMASK 022\nX 1\n", "UMASK", "027", " ", "#UMASK 022\nUMASK 027\nX 1\n"),
        ("a = 1\nb = 2\na = 3\n", "a", "1", " = ", "a = 1\nb = 2\n"),
        ("no end", "a", "1", "=", "no end\na=1\n"),
        ("", "a", "1", "=", "a=1\n"),
        ("# audit\n", "even_deny_root", "", " = ", "# audit\neven_deny_root\n"),
        ("minlength = 1\n", "minlen", "2", " = ", "minlength = 1\nminlen = 2\n"),
    ],
)
def test_examples(text, key, value, separator, new):
    assert set_key(text, key, value, separator) == new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (
            "[Journal]\n#Storage=auto\n\n[Other]\nStorage=x\n",
            "[Journal]\n#Storage=auto\nStorage=none\n\n[Other]\nStorage=x\n",
        ),
        ("[Other]\nA=1\n", "[Other]\nA=1\n[Journal]\nStorage=none\n"),
        ("[Journal]\nA=1\n\n[Other]\n", "[Journal]\nA=1\nStorage=none\n\n[Other]\n"),
    ],
)
def test_section_examples(text, new):
    assert set_key(text, "Storage", "none", "=", "Journal") == new
