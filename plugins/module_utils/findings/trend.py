# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How findings went over time, as inline SVG that is readable without colours."""

from __future__ import annotations

import itertools
from html import escape

from ansible_collections.infn.datacloud.plugins.module_utils.compliance.inputs import parse_time
from ansible_collections.infn.datacloud.plugins.module_utils.findings import model
from ansible_collections.infn.datacloud.plugins.module_utils.pages import frame
from ansible_collections.infn.datacloud.plugins.module_utils.pages.axis import ticks
from ansible_collections.infn.datacloud.plugins.module_utils.pages.words import number

WIDTH, HEIGHT = 560, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 12, 30
# Left of the first run and right of the last; also the widest bar.
ROOM = 28
# As many of the newest scans as a plot shows without its bars growing together.
MOST = 120
STYLE = """
:root { --bar-critical: #8d1650; }
@media (prefers-color-scheme: dark) { :root { --bar-critical: #f08abf; } }
@media print { :root { --bar-critical: #8d1650; } }
.f-critical { fill: var(--bar-critical); background: var(--bar-critical); }
.f-high { fill: var(--bar-bad); background: var(--bar-bad); }
.f-medium { fill: var(--bar-warn); background: var(--bar-warn); }
.f-low { fill: var(--bar-note); background: var(--bar-note); }
.f-fixed { fill: var(--bar-good); background: var(--bar-good); }
.f-new { fill: var(--bar-bad); background: var(--bar-bad); }
svg .area { stroke: var(--card); stroke-width: 1.5px; } svg .hit { fill: transparent; }
svg .hit:hover { fill: var(--ink); fill-opacity: .08; } svg .zero { stroke: var(--soft); }
.key { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: .4rem 0 0;
    font-size: .88rem; color: var(--soft); }
.key i { display: inline-block; width: .75rem; height: .75rem; border-radius: .2rem; margin-right: .4rem; }
.key b { color: var(--ink); font-variant-numeric: tabular-nums; }
"""


def stacked(runs):
    """A figure of the open findings of each scan (list of history's runs), by severity, one upon another."""
    runs = runs[-MOST:]
    at, _wide = _columns(runs)
    most = max(max(sum(run[word] for word in model.SEVERITIES) for run in runs), 1)

    def y(value):
        return round(HEIGHT - BOTTOM - value / most * (HEIGHT - BOTTOM - TOP), 1)

    parts = _grid([(y(tick), f"{tick:g}") for tick in _whole(ticks(0, most))]) + _dates(runs, at)
    below = [0] * len(runs)
    # The gravest at the bottom, where heights compare best.
    for word in model.SEVERITIES:
        above = [base + run[word] for base, run in zip(below, runs, strict=True)]
        if any(run[word] for run in runs):
            if len(runs) == 1:
                parts.append(
                    f'<rect class="area f-{word}" x="{at[0] - 20}" y="{y(above[0])}" width="40" '
                    f'height="{round(y(below[0]) - y(above[0]), 1)}"/>'
                )
            else:
                upper = " ".join(f"{x},{y(value)}" for x, value in zip(at, above, strict=True))
                lower = " ".join(f"{x},{y(value)}" for x, value in reversed(list(zip(at, below, strict=True))))
                parts.append(f'<polygon class="area f-{word}" points="{upper} {lower}"/>')
        below = above
    parts += _hits(runs, at, lambda run: ", ".join(f"{run[word]} {word}" for word in model.SEVERITIES))
    last = runs[-1]
    key = [(word, last[word], word) for word in reversed(model.SEVERITIES)]
    counts = ", ".join(f"{count} {word}" for word, count, _name in key)
    said = f"Open findings in {number(len(runs), 'scan')}, at last {counts}"
    return _figure("Open findings", "from above: low to critical", said, parts, key)


def moved(runs):
    """A figure of what each scan found anew (upwards) and found fixed (downwards).

    To the very first scan all is new, which would hide what the others found.
    """
    runs = (runs[1:] or runs)[-MOST:]
    at, width = _columns(runs)
    top = max(1, *(run[model.NEW] for run in runs))
    down = max(1, *(run[model.FIXED] for run in runs))

    def y(value):
        return round(TOP + (top - value) / (top + down) * (HEIGHT - BOTTOM - TOP), 1)

    marks = _whole(ticks(-down, top))
    parts = _grid([(y(tick), f"{abs(tick):g}") for tick in marks]) + _dates(runs, at)
    for x, run in zip(at, runs, strict=True):
        for word, high, low in ((model.NEW, run[model.NEW], 0), (model.FIXED, 0, -run[model.FIXED])):
            if high != low:
                parts.append(
                    f'<rect class="f-{word}" x="{round(x - width / 2, 1)}" y="{y(high)}" width="{round(width, 1)}" '
                    f'height="{round(y(low) - y(high), 1)}"/>'
                )
    parts.append(f'<line class="zero" x1="{LEFT}" y1="{y(0)}" x2="{WIDTH - RIGHT}" y2="{y(0)}"/>')
    parts += _hits(runs, at, lambda run: f"{run[model.NEW]} new, {run[model.FIXED]} fixed")
    last = runs[-1]
    key = [(model.NEW, last[model.NEW], "new"), (model.FIXED, last[model.FIXED], "fixed")]
    said = f"New and fixed findings in {number(len(runs), 'scan')}, at last {key[0][1]} new and {key[1][1]} fixed"
    return _figure("New and fixed", "up and down, after the first scan", said, parts, key)


def _columns(runs):
    """Where each run stands by its time (list of x), and how wide a bar may be so that none hides another."""
    times = [parse_time(run["time"]).timestamp() for run in runs]
    left, right = LEFT + ROOM, WIDTH - RIGHT - ROOM
    if times[-1] <= times[0]:
        at = [round(left + (right - left) * (n + 1) / (len(runs) + 1), 1) for n in range(len(runs))]
    else:
        at = [round(left + (time - times[0]) / (times[-1] - times[0]) * (right - left), 1) for time in times]
    gap = min((after - before for before, after in itertools.pairwise(at)), default=ROOM)
    return at, min(max(gap * 0.7, 2), ROOM)


def _whole(found):
    return [tick for tick in found if tick == int(tick)]


def _grid(marks):
    return [
        f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>'
        f'<text x="{LEFT - 8}" y="{y + 5}" text-anchor="end">{text}</text>'
        for y, text in marks
    ]


def _dates(runs, at):
    """When the first run was and when the last: the day, or the time where both are of one day."""
    first, last = runs[0]["time"], runs[-1]["time"]
    if len(runs) == 1:
        return [f'<text x="{at[0]}" y="{HEIGHT - 8}" text-anchor="middle">{escape(first[:10])}</text>']
    texts = (first[11:16], last[11:16]) if first[:10] == last[:10] else (first[:10], last[:10])
    return [
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(texts[0])}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{escape(texts[1])}</text>',
    ]


def _hits(runs, at, text):
    """Places that tell the numbers of a run to a pointer: each reaches half the way to the next."""
    edges = [LEFT, *((before + after) / 2 for before, after in itertools.pairwise(at)), WIDTH - RIGHT]
    return [
        f'<rect class="hit" x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" height="{HEIGHT - BOTTOM - TOP}">'
        f"<title>{frame.day(run['time'])}: {escape(text(run))}</title></rect>"
        for (left, right), run in zip(itertools.pairwise(edges), runs, strict=True)
    ]


def _figure(title, about, said, parts, key):
    items = "".join(f'<li><i class="f-{kind}"></i><b>{count}</b> {text}</li>' for kind, count, text in key)
    return (
        f"<figure><figcaption>{title} <small>{about}</small></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said)}">{"".join(parts)}</svg>'
        f'<ul class="key">{items}</ul></figure>'
    )
