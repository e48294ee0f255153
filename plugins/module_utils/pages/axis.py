# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Axes of plots."""

from __future__ import annotations

import math


def ticks(low, high, wanted=5):
    """Round numbers from low to high (list of float), about so many."""
    step = 10 ** math.floor(math.log10((high - low) / wanted))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= wanted)
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step) + 1)]


def span(numbers):
    """The axis (low, high) that shows numbers with room at both ends."""
    low, high = min(numbers), max(numbers)
    room = (high - low) * 0.08 or abs(high) * 0.08 or 1
    return max(low - room, 0) if low >= 0 else low - room, high + room
