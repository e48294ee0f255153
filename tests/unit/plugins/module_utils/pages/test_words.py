# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values and counts in words."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.pages.words import number, plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        ({"a": 1, "b": [2, None]}, "a: 1; b: 2, not set"),
        ({"unit": {"active": False}, "none": []}, "unit: active no; none: none"),
        (["a\n b", {"c": 1}], "a b, c 1"),
    ],
)
def test_plain(value, text):
    assert plain(value) == text


def test_number():
    assert [number(count, "host") for count in (0, 1, 2)] == ["0 hosts", "1 host", "2 hosts"]
