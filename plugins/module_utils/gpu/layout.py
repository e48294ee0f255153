# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where MIG instances go: which may stay, which must go, and where the new ones start. Pure.

Source: NVIDIA Multi-Instance GPU User Guide, "GPU Instance Placement": an instance of a profile may begin only at the
slots that `nvidia-smi mig -lgipp` names and occupies `size` of them.
"""

from __future__ import annotations

from collections import Counter


def split(current, wanted):
    """Which of the instances stay: (kept, surplus, missing).

    current: instances as smi.instances lists them, each with whole (bool: it has its one compute instance); one that is
    not whole never stays. wanted: profile names. kept and surplus are instances, missing is profile names.
    """
    left = Counter(wanted)
    kept, surplus = [], []
    for instance in sorted(current, key=lambda item: item["start"]):
        if instance["whole"] and left[instance["profile"]] > 0:
            left[instance["profile"]] -= 1
            kept.append(instance)
        else:
            surplus.append(instance)
    return kept, surplus, sorted(left.elements())


def arrange(missing, profiles, placements, taken=()):
    """Where each of the missing profiles starts: a list of (profile id, start), None where they do not all fit.

    missing: profile names, profiles: {name: {id, ...}}, placements: {profile id: {starts, size}},
    taken: instances that stay, each with start and size. The largest are placed first.
    """
    occupied = {slot for item in taken for slot in range(item["start"], item["start"] + item["size"])}
    limits = Counter({name: profile["total"] for name, profile in profiles.items()})
    limits.subtract(Counter(item["profile"] for item in taken))
    limits.subtract(Counter(missing))
    if any(count < 0 for count in limits.values()):
        return None
    order = sorted((profiles[name]["id"] for name in missing), key=lambda number: -placements[number]["size"])
    return _fit(order, placements, occupied)


def _fit(order, placements, occupied):
    if not order:
        return []
    size = placements[order[0]]["size"]
    for start in placements[order[0]]["starts"]:
        slots = set(range(start, start + size))
        if slots & occupied:
            continue
        rest = _fit(order[1:], placements, occupied | slots)
        if rest is not None:
            return [(order[0], start), *rest]
    return None
