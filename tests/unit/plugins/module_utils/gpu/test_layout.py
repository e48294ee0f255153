# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where MIG instances go on an H100 80GB."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.gpu import layout

TOTALS = {"1g.10gb": (19, 7), "1g.20gb": (15, 4), "2g.20gb": (14, 3), "3g.40gb": (9, 2), "4g.40gb": (5, 1)}
PROFILES = {name: {"id": number, "free": 0, "total": total} for name, (number, total) in TOTALS.items()}
PLACEMENTS = {
    19: {"starts": [0, 1, 2, 3, 4, 5, 6], "size": 1},
    15: {"starts": [0, 2, 4, 6], "size": 2},
    14: {"starts": [0, 2, 4], "size": 2},
    9: {"starts": [0, 4], "size": 4},
    5: {"starts": [0], "size": 4},
}


def instance(profile, start, number=1, whole=True):
    """An instance as smi.instances lists it."""
    size = PLACEMENTS[PROFILES[profile]["id"]]["size"]
    return {"profile": profile, "id": number, "start": start, "size": size, "whole": whole}


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        # The large one must leave the slots in front to the others.
        (["1g.10gb", "1g.10gb", "2g.20gb", "3g.40gb"], [(9, 4), (14, 0), (19, 2), (19, 3)]),
        (["3g.40gb", "4g.40gb"], [(9, 4), (5, 0)]),
        (["1g.10gb"] * 7, [(19, slot) for slot in range(7)]),
        (["1g.10gb"] * 8, None),
        (["3g.40gb", "3g.40gb", "1g.10gb"], None),
        (["4g.40gb", "4g.40gb"], None),
        ([], []),
    ],
)
def test_arrange(wanted, places):
    assert layout.arrange(wanted, PROFILES, PLACEMENTS) == places


def test_what_stays_is_in_the_way():
    taken = [instance("1g.10gb", 5)]
    assert layout.arrange(["3g.40gb"], PROFILES, PLACEMENTS, taken) == [(9, 0)]
    assert layout.arrange(["3g.40gb", "2g.20gb"], PROFILES, PLACEMENTS, taken) is None


def test_split():
    there = [instance("3g.40gb", 4, 2), instance("1g.10gb", 0, 7), instance("1g.10gb", 1, 8)]
    kept, surplus, missing = layout.split(there, ["1g.10gb", "2g.20gb"])
    assert [item["id"] for item in kept] == [7] and [item["id"] for item in surplus] == [8, 2]
    assert missing == ["2g.20gb"]


def test_an_instance_without_its_compute_instance_does_not_stay():
    kept, surplus, missing = layout.split([instance("1g.10gb", 0, whole=False)], ["1g.10gb"])
    assert not kept and len(surplus) == 1 and missing == ["1g.10gb"]
