# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An acceptance as one self-contained HTML page: no script, nothing loaded, light and dark, printable."""

from __future__ import annotations

from html import escape
from statistics import median

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance import plots, verdict
from ansible_collections.infn.datacloud.plugins.module_utils.acceptance.measures import MEASURES
from ansible_collections.infn.datacloud.plugins.module_utils.compliance.style import STYLE
from ansible_collections.infn.datacloud.plugins.module_utils.compliance.words import plain

# A status is never told by its colour alone: (class of the compliance report's style, sign and word).
STATES = {
    verdict.PASS: ("pass", "✓ passed"),
    verdict.FAIL: ("fail", "✕ failed"),
    verdict.MISSING: ("scanner", "○ missing"),
    verdict.SKIPPED: ("not_applicable", "· not applicable"),
}
OWN_STYLE = """
.result { display: inline-block; border-radius: .6rem; padding: .35rem 1rem; font-size: 1.2rem; font-weight: 650; }
.result.yes { color: var(--good); background: var(--good-wash); }
.result.no { color: var(--bad); background: var(--bad-wash); }
.control > summary { grid-template-columns: 1rem 12rem minmax(6rem, 1fr) auto 9rem; }
.control > summary .ref { color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }
.inside svg { max-width: 46rem; margin: .8rem .9rem; }
.nodes .control:first-of-type { border-radius: .6rem .6rem 0 0; }
.nodes .control:last-of-type { border-radius: 0 0 .6rem .6rem; }
@media print { .control > summary { grid-template-columns: 12rem minmax(6rem, 1fr) auto 9rem; } }
"""


def render(document):
    """The page (text) of a document of verdict.evaluate()."""
    title = f"Acceptance of bubble {document['bubble']}"
    body = "\n".join(section(document) for section in (_short, _repairs, _whole, _measures, _nodes, _method))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>{escape(title)} · {escape(document["federation"])}</title>
<style>{STYLE}{OWN_STYLE}{plots.STYLE}</style>
</head>
<body>
<a class="skip" href="#short">To the result</a>
{_cover(document)}
<main>
{body}
</main>
<footer><p>Made by infn.datacloud.acceptance_report. The same for programs: <code>acceptance.json</code>, beside this
page.</p></footer>
</body>
</html>
"""


def _times(document):
    """When nodes were measured (sorted list of str)."""
    return sorted(node["measurement"]["time"] for node in document["nodes"].values() if node["measurement"])


def _day(text):
    """A time as 2026-01-31 12:00."""
    return text[:16].replace("T", " ")


def _cover(document):
    times = _times(document)
    measured = f"{_day(times[0])} to {_day(times[-1])} UTC" if times else "nothing yet"
    facts = (
        ("Site", document["site"]), ("Measured", measured),
        ("Nodes", f"{len(times)} of {len(document['nodes'])} measured"),
        ("Pools", ", ".join(dict.fromkeys(node["pool"] for node in document["nodes"].values()))),
    )  # fmt: skip
    links = (
        ("short", "Result"), ("repairs", "To repair"), ("whole", "The bubble as a whole"), ("measures", "Measures"),
        ("nodes", "Nodes"), ("method", "Method"),
    )  # fmt: skip
    listed = "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>" for name, text in facts)
    return f"""<header class="cover"><div class="cover-inner">
<p class="eyebrow">{escape(document["federation"])} · Acceptance report</p>
<h1>Bubble {escape(document["bubble"])}</h1>
<dl class="facts">{listed}</dl>
<nav aria-label="Parts of this report">{"".join(f'<a href="#{name}">{text}</a>' for name, text in links)}</nav>
</div></header>"""


def _short(document):
    """The result at a glance."""
    nodes = document["nodes"].values()
    missing = sum(not node["measurement"] for node in nodes)
    good = sum(node["accepted"] for node in nodes)
    bad = len(nodes) - good - missing
    result = ("yes", "✓ Accepted") if document["accepted"] else ("no", "✕ Not accepted")
    shares = (("pass", good, "✓ accepted"), ("fail", bad, "✕ to repair"), ("not_assessed", missing, "○ not measured"))
    segments = "".join(f'<span class="f-{name}" style="flex:{count}"></span>' for name, count, _text in shares if count)
    legend = "".join(
        f'<li><i class="f-{name}"></i><b>{count}</b><span>{text}</span></li>' for name, count, text in shares
    )
    said = ", ".join(f"{text[2:]}: {count}" for _name, count, text in shares)
    checks = [check for node in nodes for check in node["checks"]] + document["checks"]
    failed = sum(check["status"] in (verdict.FAIL, verdict.MISSING) for check in checks)
    tiles = (
        ("Nodes", len(nodes), f"{good} accepted"),
        ("Checks", sum(check["status"] != verdict.SKIPPED for check in checks), f"{failed} failed or missing"),
        ("Pools", len({node["pool"] for node in nodes}), ""),
    )
    shown = "".join(
        f"<div><dt>{name}</dt><dd>{count:,} <small>{text}</small></dd></div>".replace(",", "\u202f")
        for name, count, text in tiles
    )
    return f"""<section id="short" aria-labelledby="short-title">
<h2 id="short-title">Result</h2>
<p class="result {result[0]}">{result[1]}</p>
<div class="bar" role="img" aria-label="{escape(said)}">{segments}</div>
<ul class="legend">{legend}</ul>
<dl class="tiles">{shown}</dl>
</section>"""


def _repairs(document):
    """What failed or is missing, by node, and what to do."""
    rows = [
        f'<tr><th scope="row">{escape(name) or "the bubble"}</th>{_cells(check)}<td>{escape(check["advice"])}</td></tr>'
        for name, checks in (("", document["checks"]), *((n, node["checks"]) for n, node in document["nodes"].items()))
        for check in checks
        if check["status"] in (verdict.FAIL, verdict.MISSING)
    ]
    shown = (
        _sheet(("Node", "Check", "Result", "Observed", "Wanted", "What to do"), rows)
        if rows
        else '<p class="empty">✓ Nothing. Every node passed every check.</p>'
    )
    return f"""<section id="repairs" aria-labelledby="repairs-title">
<h2 id="repairs-title">To repair</h2>
{shown}
</section>"""


def _whole(document):
    """Checks of the fabric and whatever else is of no single node."""
    rows = [f"<tr>{_cells(check)}</tr>" for check in document["checks"]]
    shown = _sheet(("Check", "Result", "Observed", "Wanted"), rows) if rows else "<p>Nothing was looked at.</p>"
    return f"""<section id="whole" aria-labelledby="whole-title">
<h2 id="whole-title">The bubble as a whole</h2>
{shown}
</section>"""


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
    return f"""<section id="measures" aria-labelledby="measures-title">
<h2 id="measures-title">Measures</h2>
<p>Each node is a dot in the row of its pool, or a diamond where it is not good enough. The short line is the median,
the dashed one the threshold.</p>
{shown}
</section>"""


def _nodes(document):
    """Every node with its plot and its checks, those to repair first and unfolded."""
    groups = verdict.groups(document)
    ordered = sorted(document["nodes"].items(), key=lambda item: item[1]["accepted"])
    shown = "".join(_node(name, node, groups) for name, node in ordered)
    return f"""<section id="nodes" aria-labelledby="nodes-title">
<h2 id="nodes-title">Nodes</h2>
<div class="nodes">{shown}</div>
</section>"""


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
    checks = "".join(f"<tr>{_cells(check)}</tr>" for check in node["checks"])
    about = "".join(f"<p class='soft'>{escape(plain(measurement['about']))}</p>" if measurement.get("about") else "")
    state = ("pass", "✓ accepted") if node["accepted"] else ("fail", "✕ to repair")
    if not measurement:
        state = ("scanner", "○ not measured")
    when = _day(measurement["time"]) if measurement else ""
    return (
        f'<details class="control" id="node-{escape(name)}"{"" if node["accepted"] else " open"}><summary>'
        f'<span class="ref">{escape(name)}</span><span class="name">{escape(node["pool"])}</span>'
        f'<span class="amount">{when}</span><span class="chip c-{state[0]}">{state[1]}</span></summary>'
        f'<div class="inside">{plot}{_table(("Check", "Result", "Observed", "Wanted"), checks)}{about}</div></details>'
    )


def _method(document):
    """What the numbers mean."""
    thresholds = document["thresholds"]
    rows = "".join(
        f"<tr><th scope='row'>{escape(_named(name))}</th><td class='number'>{verdict.number(value)}</td></tr>"
        for name, value in thresholds.items()
    )
    return f"""<section id="method" aria-labelledby="method-title">
<h2 id="method-title">Method</h2>
<p>A number has to reach its threshold, where the site's description has one, and must not be far from those of the
other nodes of its pool. How far is its robust z-score: the distance to the median, divided by {verdict.NORMAL} times
the median absolute deviation, so that slow nodes do not move the limit. Beyond
{verdict.number(thresholds[verdict.OUTLIER_Z])} on the bad side a node fails, though never within
{verdict.number(thresholds[verdict.TOLERANCE])} % of the median, and only where at least {verdict.ENOUGH} nodes of its
pool were measured. HPL and STREAM are those of HPC Challenge on all cores of a node, storage is measured with fio, RDMA
with perftest and MPI with HPC Challenge, both from each node to its neighbour.</p>
<div class="sheet">{_table(("Threshold", "Value"), rows)}</div>
</section>"""


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


def _table(heads, rows):
    """A table; rows are HTML."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _sheet(heads, rows):
    """A table on a sheet of its own."""
    return f'<div class="sheet">{_table(heads, "".join(rows))}</div>'
