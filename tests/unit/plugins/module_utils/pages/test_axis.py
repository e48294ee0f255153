# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Axes of plots."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.pages.axis import span, ticks


@pytest.mark.parametrize(("low", "high"), [(0, 1), (3100, 3125), (0.001, 0.002), (-5, 5), (1.4, 2)])
def test_ticks_are_round_and_inside(low, high):
    found = ticks(low, high)
    assert 2 <= len(found) <= 6 and low <= found[0] and found[-1] <= high + 1e-9


def test_a_value_that_all_have_has_an_axis():
    low, high = span([5.0, 5.0])
    assert low < 5 < high
    assert span([0.0]) == (0, 1)
