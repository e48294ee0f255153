# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plots as inline SVG, in the colours of the page and readable without colours."""

from __future__ import annotations

from html import escape

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance.verdict import number
from ansible_collections.infn.datacloud.plugins.module_utils.pages.axis import span, ticks

WIDTH = 560
LEFT, RIGHT = 90, 24
ROW = 54
# Dots of one row are spread over so many heights, so that nodes that are alike do not hide each other.
LANES = (0, -7, 7, -14, 14)
# A node's bar ends here, as a share of the median of its pool.
LONGEST = 1.5
STYLE = """
svg .limit { stroke: var(--bar-bad); stroke-width: 2; stroke-dasharray: 6 4; }
svg .good { fill: var(--bar-good); } svg .bad { fill: var(--bar-bad); } svg .dot { stroke: var(--card); }
svg .track { fill: var(--wash); }
"""


def strip(measure, pools, limits, failed):
    """All nodes on one axis, a row a pool.

    measure: Measure; pools: {pool: {node: number}}; limits: {pool: number} of those that have a threshold; failed:
    nodes whose number is not good enough.
    """
    low, high = span([value for values in pools.values() for value in values.values()] + list(limits.values()))

    def x(value):
        return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    bottom = ROW * len(pools) + 6
    parts = []
    for tick in ticks(low, high):
        parts.append(f'<line class="grid" x1="{x(tick)}" y1="4" x2="{x(tick)}" y2="{bottom}"/>')
        parts.append(f'<text x="{x(tick)}" y="{bottom + 20}" text-anchor="middle">{number(tick)}</text>')
    for index, (pool, values) in enumerate(pools.items()):
        y = ROW * index + ROW / 2 + 4
        parts.append(f'<text class="who" x="0" y="{y + 5}">{escape(pool)}</text>')
        if pool in limits:
            at = x(limits[pool])
            parts.append(
                f'<line class="limit" x1="{at}" y1="{y - 24}" x2="{at}" y2="{y + 24}">'
                f"<title>threshold {number(limits[pool])} {escape(measure.unit)}</title></line>"
            )
        ordered = sorted(values.values())
        at = x((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2)
        parts.append(
            f'<line class="middle" x1="{at}" y1="{y - 18}" x2="{at}" y2="{y + 18}"><title>median</title></line>'
        )
        parts += [
            _dot(x(value), y + LANES[place % len(LANES)], f"{node}: {number(value)} {measure.unit}", node in failed)
            for place, (node, value) in enumerate(sorted(values.items(), key=lambda item: item[1]))
        ]
        # As many names as can be read.
        for place, node in enumerate(sorted(failed & set(values))[:2]):
            anchor = "end" if x(values[node]) > WIDTH * 0.7 else "start"
            offset = -10 if anchor == "end" else 10
            parts.append(
                f'<text class="who" x="{x(values[node]) + offset}" y="{y - 12 + place * 28}" '
                f'text-anchor="{anchor}">{escape(node)}</text>'
            )
    said = f"{measure.title} of {sum(len(values) for values in pools.values())} nodes, {len(failed)} of them not good"
    return (
        f'<svg viewBox="0 0 {WIDTH} {bottom + 28}" role="img" aria-label="{escape(said)}">{"".join(parts)}</svg>'
    )  # fmt: skip


def _dot(x, y, title, bad):
    """A node: a circle, or a diamond where it is not good enough."""
    shape = (
        f'<path class="dot bad" d="M{x} {y - 8}l8 8l-8 8l-8 -8z">'
        if bad
        else f'<circle class="dot good" cx="{x}" cy="{y}" r="5.5">'
    )
    return f"{shape}<title>{escape(title)}</title></{'path' if bad else 'circle'}>"


def bars(rows):
    """One node against the median of its pool: rows of (title, text of the value, ratio to the median, good)."""
    left, right, height = 280, 130, 28
    wide = 760
    length = wide - left - right
    middle = round(left + length / LONGEST, 1)
    parts = []
    for index, (title, text, ratio, good) in enumerate(rows):
        y = index * height + 4
        width = round(min(ratio, LONGEST) / LONGEST * length, 1)
        parts.append(f'<text x="0" y="{y + 15}">{escape(title)}</text>')
        parts.append(f'<rect class="track" x="{left}" y="{y + 3}" width="{length}" height="15" rx="3"/>')
        parts.append(
            f'<rect class="{"good" if good else "bad"}" x="{left}" y="{y + 3}" width="{width}" height="15" rx="3"/>'
        )
        sign = "" if good else "✕ "
        parts.append(f'<text class="who" x="{left + length + 12}" y="{y + 15}">{sign}{escape(text)}</text>')
    end = len(rows) * height + 4
    parts.append(f'<line class="middle" x1="{middle}" y1="2" x2="{middle}" y2="{end}"/>')
    parts.append(f'<text x="{middle}" y="{end + 16}" text-anchor="middle">median of the pool</text>')
    return (
        f'<svg viewBox="0 0 {wide} {end + 22}" role="img" aria-label="This node against its pool">'
        f"{''.join(parts)}</svg>"
    )
