# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An acceptance as one self-contained HTML page: no script, nothing loaded, light and dark, printable."""

from __future__ import annotations

from html import escape
from statistics import median

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance import plots, verdict
from ansible_collections.infn.datacloud.plugins.module_utils.acceptance.measures import MEASURES
from ansible_collections.infn.datacloud.plugins.module_utils.pages import frame
from ansible_collections.infn.datacloud.plugins.module_utils.pages.words import plain

# A status is never told by its colour alone: (class of the compliance report's style, sign and word).
STATES = {
    verdict.PASS: ("pass", "✓ passed"),
    verdict.FAIL: ("fail", "✕ failed"),
    verdict.MISSING: ("scanner", "○ missing"),
    verdict.SKIPPED: ("not_applicable", "· not applicable"),
}
FOOTER = (
    "Made by infn.datacloud.acceptance_report. The same for programs: <code>acceptance.json</code>, beside this\npage."
)
OWN_STYLE = """
.control > summary { grid-template-columns: 1rem 12rem minmax(6rem, 1fr) auto 9rem; }
.control > summary .ref { color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }
.inside svg { max-width: 46rem; margin: .8rem .9rem; }
.nodes .control:first-of-type { border-radius: .6rem .6rem 0 0; }
.nodes .control:last-of-type { border-radius: 0 0 .6rem .6rem; }
@media print { .control > summary { grid-template-columns: 12rem minmax(6rem, 1fr) auto 9rem; } }
"""


def render(document):
    """The page (text) of a document of verdict.evaluate()."""
    sections = (_short, _repairs, _whole, _measures, _nodes, _method)
    return frame.document(
        f"Acceptance of bubble {document['bubble']} · {document['federation']}",
        _cover(document),
        (section(document) for section in sections),
        FOOTER,
        OWN_STYLE + plots.STYLE,
    )


def _times(document):
    """When nodes were measured (sorted list of str)."""
    return sorted(node["measurement"]["time"] for node in document["nodes"].values() if node["measurement"])


def _cover(document):
    times = _times(document)
    measured = f"{frame.day(times[0])} to {frame.day(times[-1])} UTC" if times else "nothing yet"
    facts = (
        ("Site", document["site"]), ("Measured", measured),
        ("Nodes", f"{len(times)} of {len(document['nodes'])} measured"),
        ("Pools", ", ".join(dict.fromkeys(node["pool"] for node in document["nodes"].values()))),
    )  # fmt: skip
    links = (
        ("short", "Result"), ("repairs", "To repair"), ("whole", "The bubble as a whole"), ("measures", "Measures"),
        ("nodes", "Nodes"), ("method", "Method"),
    )  # fmt: skip
    return frame.cover(
        f"{document['federation']} · Acceptance report", f"Bubble {document['bubble']}", facts, links
    )  # fmt: skip


def _short(document):
    """The result at a glance."""
    nodes = document["nodes"].values()
    missing = sum(not node["measurement"] for node in nodes)
    good = sum(node["accepted"] for node in nodes)
    bad = len(nodes) - good - missing
    result = ("yes", "✓ Accepted") if document["accepted"] else ("no", "✕ Not accepted")
    shares = (("pass", good, "✓ accepted"), ("fail", bad, "✕ to repair"), ("not_assessed", missing, "○ not measured"))
    checks = [check for node in nodes for check in node["checks"]] + document["checks"]
    failed = sum(check["status"] in (verdict.FAIL, verdict.MISSING) for check in checks)
    tiles = (
        ("Nodes", len(nodes), f"{good} accepted"),
        ("Checks", sum(check["status"] != verdict.SKIPPED for check in checks), f"{failed} failed or missing"),
        ("Pools", len({node["pool"] for node in nodes}), ""),
    )
    return frame.section(
        "short",
        "Result",
        f'<p class="result {result[0]}">{result[1]}</p>\n{frame.share_bar(shares)}\n{frame.tiles(tiles)}',
    )


def _repairs(document):
    """What failed or is missing, by node, and what to do."""
    rows = [
        f'<tr><th scope="row">{escape(name) or "the bubble"}</th>{_cells(check)}<td>{escape(check["advice"])}</td></tr>'
        for name, checks in (("", document["checks"]), *((n, node["checks"]) for n, node in document["nodes"].items()))
        for check in checks
        if check["status"] in (verdict.FAIL, verdict.MISSING)
    ]
    shown = (
        frame.sheet(("Node", "Check", "Result", "Observed", "Wanted", "What to do"), rows)
        if rows
        else '<p class="empty">✓ Nothing. Every node passed every check.</p>'
    )
    return frame.section("repairs", "To repair", shown)


def _whole(document):
    """Checks of the fabric and whatever else is of no single node."""
    rows = [f"<tr>{_cells(check)}</tr>" for check in document["checks"]]
    shown = frame.sheet(("Check", "Result", "Observed", "Wanted"), rows) if rows else "<p>Nothing was looked at.</p>"
    return frame.section("whole", "The bubble as a whole", shown)


def _measures(document):
    """A plot a measure: every node on one axis."""
    groups = verdict.groups(document)
    figures = []
    for measure in MEASURES.values():
        pools = {pool: values for (name, pool), values in groups.items() if name == measure.name}
        if not pools:
            continue
        limits = {pool: verdict.threshold(document["thresholds"], measure.name, pool) for pool in pools}
        limits = {pool: limit for pool, limit in limits.items() if limit is not None}
        failed = {
            name
            for name, node in document["nodes"].items()
            for check in node["checks"]
            if check["check"] == measure.name and check["status"] == verdict.FAIL
        }
        better = "more is better" if measure.more else "less is better"
        figures.append(
            f"<figure><figcaption>{escape(measure.title)} <small>{escape(measure.unit)}, {better}</small></figcaption>"
            f"{plots.strip(measure, pools, limits, failed)}</figure>"
        )
    shown = f'<div class="plots">{"".join(figures)}</div>' if figures else "<p>Nothing was measured yet.</p>"
    said = """<p>Each node is a dot in the row of its pool, or a diamond where it is not good enough. The short line is
the median, the dashed one the threshold.</p>
"""
    return frame.section("measures", "Measures", said + shown)


def _nodes(document):
    """Every node with its plot and its checks, those to repair first and unfolded."""
    groups = verdict.groups(document)
    ordered = sorted(document["nodes"].items(), key=lambda item: item[1]["accepted"])
    shown = "".join(_node(name, node, groups) for name, node in ordered)
    return frame.section("nodes", "Nodes", f'<div class="nodes">{shown}</div>')


def _node(name, node, groups):
    measurement = node["measurement"]
    failed = {check["check"] for check in node["checks"] if check["status"] == verdict.FAIL}
    rows = []
    for measure in MEASURES.values():
        if measure.name not in measurement.get("numbers", {}):
            continue
        values = groups[measure.name, node["pool"]]
        middle = median(values.values())
        text = f"{verdict.number(values[name])} {measure.unit}"
        rows.append((measure.title, text, values[name] / middle if middle else 1, measure.name not in failed))
    plot = plots.bars(rows) if rows else ""
    checks = (f"<tr>{_cells(check)}</tr>" for check in node["checks"])
    table = frame.table(("Check", "Result", "Observed", "Wanted"), checks)
    about = "".join(f"<p class='soft'>{escape(plain(measurement['about']))}</p>" if measurement.get("about") else "")
    state = ("pass", "✓ accepted") if node["accepted"] else ("fail", "✕ to repair")
    if not measurement:
        state = ("scanner", "○ not measured")
    when = frame.day(measurement["time"]) if measurement else ""
    return (
        f'<details class="control" id="node-{escape(name)}"{"" if node["accepted"] else " open"}><summary>'
        f'<span class="ref">{escape(name)}</span><span class="name">{escape(node["pool"])}</span>'
        f'<span class="amount">{when}</span><span class="chip c-{state[0]}">{state[1]}</span></summary>'
        f'<div class="inside">{plot}{table}{about}</div></details>'
    )


def _method(document):
    """What the numbers mean."""
    thresholds = document["thresholds"]
    rows = (
        f"<tr><th scope='row'>{escape(_named(name))}</th><td class='number'>{verdict.number(value)}</td></tr>"
        for name, value in thresholds.items()
    )
    said = f"""<p>A number has to reach its threshold, where the site's description has one, and must not be far from
those of the other nodes of its pool. How far is its robust z-score: the distance to the median, divided by
{verdict.NORMAL} times the median absolute deviation, so that slow nodes do not move the limit. Beyond
{verdict.number(thresholds[verdict.OUTLIER_Z])} on the bad side a node fails, though never within
{verdict.number(thresholds[verdict.TOLERANCE])} % of the median, and only where at least {verdict.ENOUGH} nodes of its
pool were measured. HPL and STREAM are those of HPC Challenge on all cores of a node, storage is measured with fio, RDMA
with perftest and MPI with HPC Challenge, both from each node to its neighbour.</p>
{frame.sheet(("Threshold", "Value"), rows)}"""
    return frame.section("method", "Method", said)


def _named(name):
    """A threshold for people."""
    measure, _in, pool = name.partition("_in_")
    if measure not in MEASURES:
        return name.replace("_", " ").capitalize()
    about = MEASURES[measure]
    return f"{about.title}, {about.unit}{f', pool {pool}' if pool else ''}"


def _cells(check):
    """The cells of a check: what, result, observed, wanted."""
    kind, text = STATES[check["status"]]
    return (
        f'<td><strong>{escape(check["title"])}</strong></td><td><span class="chip c-{kind}">{text}</span></td>'
        f"<td>{escape(check['observed'])}</td><td>{escape(check['wanted'])}</td>"
    )
