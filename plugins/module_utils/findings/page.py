# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of a federation as one self-contained HTML page."""

from __future__ import annotations

from html import escape

from ansible_collections.infn.datacloud.plugins.module_utils.findings import model, trend
from ansible_collections.infn.datacloud.plugins.module_utils.pages import frame
from ansible_collections.infn.datacloud.plugins.module_utils.pages.words import number

# A page that a browser opens at once: all the rest is in the files beside it.
MOST_TESTS, MOST_HOSTS, MOST_ROWS = 400, 25, 500
# So many tests above their limit are unfolded; more than that is no reading.
UNFOLDED = 5
REST = "<p class='soft'>And {} more: see <code>findings.csv</code>.</p>"
SIGNS = {"critical": "◆", "high": "▲", "medium": "△", "low": "○"}
OWN_STYLE = """
.c-critical { color: var(--card); background: var(--bar-critical); } .c-high { color: var(--bad);
    background: var(--bad-wash); }
.c-medium { color: var(--warn); background: var(--warn-wash); } .c-low { color: var(--note);
    background: var(--note-wash); }
.control > summary { grid-template-columns: 1rem 8.2rem minmax(10rem, 1fr) auto auto; gap: 0 .8rem; }
.control > summary .chip { justify-self: start; } .control > summary .stops { justify-self: end; }
.tests > .control:first-of-type { border-radius: .6rem .6rem 0 0; }
.tests > .control:last-of-type { border-radius: 0 0 .6rem .6rem; }
.tests > .control:only-of-type { border-radius: .6rem; }
.inside tbody th { width: auto; min-width: 9rem; } .inside td:nth-child(4) { width: auto; }
.many td, .many th { padding-left: .5rem; padding-right: .5rem; min-width: 0; }
.many thead th { white-space: normal; } .many tbody th { min-width: 11rem; }
.many td.number, .many thead th:nth-child(n + 2) { text-align: right; }
td.zero { color: var(--soft); } td.what { min-width: 11rem; overflow-wrap: break-word; }
#short .legend { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
@media (max-width: 46rem) {
  .control > summary { grid-template-columns: 1rem minmax(0, 1fr) auto; }
  .control > summary .name { grid-column: 2 / -1; grid-row: 2; } .control > summary .amount { grid-row: 3; }
  .control > summary .amount { grid-column: 2; } .control > summary .chip.kind { grid-column: 2 / -1; grid-row: 1; }
  .control > summary .stops { grid-column: 3; grid-row: 3; }
}
@media print { .control > summary { grid-template-columns: 8.2rem minmax(10rem, 1fr) auto auto; } }
"""


def render(document, runs):
    """The page (text) of a document of compare() and the runs of its history."""
    sections = (_short, _trend, _owners, _tests, _accepted, _fixed, _missed, _method)
    return frame.document(
        f"Findings of {document['federation']}",
        _cover(document),
        (section(document, runs) for section in sections),
        "Made by infn.datacloud.scan_findings. The same for programs, beside this page: <code>findings.json</code>, "
        "<code>findings.csv</code> and <code>findings.sarif</code>.",
        trend.STYLE + OWN_STYLE,
    )


def _is_open(finding):
    return finding["status"] in (model.NEW, model.OPEN)


def _stops(document, finding):
    """Whether a finding is above the limit of its profile."""
    return _is_open(finding) and finding["cvss"] > document["targets"][finding["target"]]["fail_above"]


def _cover(document, *_rest):
    hosts = document["hosts"].values()
    scanned = [target for target in document["targets"].values() if target["report"]]
    times = sorted(target["end"] or target["start"] for target in scanned)
    facts = (
        ("Scanned", f"{frame.day(times[0])} to {frame.day(times[-1])} UTC" if times else "nothing yet"),
        ("Sites", ", ".join(dict.fromkeys(target["site"] for target in document["targets"].values()))),
        ("Hosts", f"{sum(not host['problem'] for host in hosts)} of {len(hosts)} scanned as a whole"),
    )
    links = (
        ("short", "Result"), ("trend", "Trend"), ("owners", "Sites and owners"), ("findings", "Findings"),
        ("accepted", "Accepted"), ("fixed", "Fixed"), ("missed", "Not scanned"), ("method", "Method"),
    )  # fmt: skip
    return frame.cover(f"{document['federation']} · Scan for vulnerabilities", "Findings", facts, links)


def _short(document, _runs):
    findings = document["findings"]
    stopping = sum(_stops(document, finding) for finding in findings)
    left = [finding for finding in findings if _is_open(finding)]
    states = {state: sum(finding["status"] == state for finding in findings) for state in model.STATES}
    over = sum(bool(finding["expired"]) for finding in findings)
    missed = sum(bool(host["problem"]) for host in document["hosts"].values())
    if stopping:
        result = ("no", f"✕ {number(stopping, 'finding')} above the limit")
    elif not document["time"]:
        result = ("no", "○ Nothing was scanned yet")
    else:
        result = ("yes", "✓ No finding above the limit")
    shares = [
        (word, sum(finding["severity"] == word for finding in left), f"{SIGNS[word]} {word}")
        for word in model.SEVERITIES
    ]
    tiles = (
        ("Open findings", len(left), f"{states[model.NEW]} new"),
        ("Fixed", states[model.FIXED], "since the scan before"),
        ("Accepted", states[model.ACCEPTED], f"{over} more are over" if over else "until a day"),
        ("Hosts", len(document["hosts"]), f"{missed} not scanned" if missed else "all scanned"),
    )
    words = f'<p class="result {result[0]}">{result[1]}</p>'
    warning = ""
    if missed:
        what = "is" if missed == 1 else "are"
        warning = (
            f'<p class="warning">{number(missed, "host")} {what} not scanned as a whole, '
            '<a href="#missed">listed below</a>. What was found there before stays open.</p>'
        )
    return frame.section("short", "Result", f"{words}\n{warning}\n{frame.share_bar(shares)}\n{frame.tiles(tiles)}")


def _trend(_document, runs):
    if not runs:
        return frame.section("trend", "Trend", "<p>Nothing was scanned yet.</p>")
    words = (*model.SEVERITIES, model.NEW, model.FIXED, model.ACCEPTED, "not_scanned")
    rows = (
        f"<tr><th scope='row'>{frame.day(run['time'])}</th>{''.join(_count(run[word]) for word in words)}</tr>"
        for run in reversed(runs[-trend.MOST :])
    )
    heads = ("Scan (UTC)", *(word.replace("_", " ").capitalize() for word in words))
    return frame.section(
        "trend",
        "Trend",
        f'<div class="plots">{trend.stacked(runs)}{trend.moved(runs)}</div>\n'
        f'<details class="fold many"><summary>The numbers</summary>{frame.table(heads, rows)}</details>',
    )


def _count(value):
    return f'<td class="number{"" if value else " zero"}">{value}</td>'


def _owners(document, _runs):
    """A row for each site, region and owner, those with the gravest first."""
    groups = {}
    for host in document["hosts"].values():
        group = groups.setdefault((host["site"], host["region"], host["owner"]), {"hosts": 0, "missed": 0, "last": ""})
        group["hosts"] += 1
        group["missed"] += bool(host["problem"])
        group["last"] = max(group["last"], host["last_scan"])
    for finding in document["findings"]:
        group = groups[finding["site"], finding["region"], finding["owner"]]
        word = finding["severity"] if _is_open(finding) else finding["status"]
        group[word] = group.get(word, 0) + 1
        group["stops"] = group.get("stops", 0) + _stops(document, finding)
    words = (*model.SEVERITIES, model.ACCEPTED, model.FIXED)
    ordered = sorted(groups.items(), key=lambda item: ([-item[1].get(word, 0) for word in model.SEVERITIES], item[0]))
    rows = []
    for (site, region, owner), group in ordered:
        where = escape(site) + (f" <span class='soft'>{escape(region)}</span>" if region != site else "")
        sign = f'<span class="chip c-fail">✕ {group["stops"]}</span>' if group.get("stops") else "✓ none"
        hosts = f"{group['hosts'] - group['missed']} of {group['hosts']}"
        counted = "".join(_count(group.get(word, 0)) for word in words)
        rows.append(
            f'<tr><th scope="row">{where}<span class="id">{escape(owner) or "nobody"}</span></th>'
            f'<td class="number">{hosts}</td><td class="number">{sign}</td>{counted}'
            f'<td class="number">{frame.day(group["last"]) or "never"}</td></tr>'
        )
    heads = (
        "Site, region, owner", "Hosts scanned", "Above the limit", *(word.capitalize() for word in words),
        "Last scan (UTC)",
    )  # fmt: skip
    return frame.section("owners", "Sites and owners", f'<div class="many">{frame.sheet(heads, rows)}</div>')


def _tests(document, _runs):
    """What is open: a part for each test, with the hosts where it found something."""
    tests = {}
    for finding in document["findings"]:
        if _is_open(finding):
            tests.setdefault(finding["oid"], []).append(finding)
    if not tests:
        text = "✓ Nothing is open." if document["time"] else "Nothing was scanned yet."
        return frame.section("findings", "Findings", f'<p class="empty">{text}</p>')
    # Findings are sorted, so the first of a test is its gravest.
    ordered = sorted(tests.values(), key=lambda found: (-found[0]["cvss"], -len(found), found[0]["oid"]))
    stopping = [sum(_stops(document, finding) for finding in found) for found in ordered]
    unfold = sum(map(bool, stopping)) <= UNFOLDED
    parts = [
        _test(document, found, stops, stops and unfold)
        for found, stops in zip(ordered[:MOST_TESTS], stopping, strict=False)
    ]
    rest = REST.format(number(len(ordered) - MOST_TESTS, "test")) if len(ordered) > MOST_TESTS else ""
    said = "<p>What a test found, the gravest first, and on which hosts.</p>"
    return frame.section("findings", "Findings", f'{said}<div class="tests">{"".join(parts)}</div>{rest}')


def _test(document, found, stops, unfolded):
    first = found[0]
    hosts = len({finding["host"] for finding in found})
    new = sum(finding["status"] == model.NEW for finding in found)
    amount = number(hosts, "host") + (f", {new} new" if new else "")
    rows = (_host_row(document, finding) for finding in found[:MOST_HOSTS])
    table = frame.table(("Host", "Port", "Owner", "State", "First seen", "Last seen"), rows)
    rest = REST.format(number(len(found) - MOST_HOSTS, "finding")) if len(found) > MOST_HOSTS else ""
    cves = ", ".join(first["cves"][:12]) + (f" and {len(first['cves']) - 12} more" if len(first["cves"]) > 12 else "")
    texts = "".join(
        f"<p><strong>{word}:</strong> {escape(text)}</p>"
        for word, text in (("Summary", first["summary"]), ("Solution", first["solution"]), ("CVE", cves))
        if text
    )
    limit = f'<span class="chip c-fail">✕ {stops} above the limit</span>' if stops else ""
    return (
        f'<details class="control"{" open" if unfolded else ""}><summary>{_chip(first)}'
        f'<span class="name">{escape(first["name"] or first["oid"])}</span><span class="amount">{amount}</span>'
        f'<span class="stops">{limit}</span></summary><div class="inside">{texts}{table}{rest}'
        f'<p class="id">Test {escape(first["oid"])}</p></div></details>'
    )


def _chip(finding):
    word = finding["severity"]
    return f'<span class="chip kind c-{word}">{SIGNS[word]} {word} {finding["cvss"]:.1f}</span>'


def _host_row(document, finding):
    state = "new" if finding["status"] == model.NEW else "open"
    if not finding["confirmed"]:
        state += f"<br><span class='soft'>not looked at: {escape(_reason(document, finding))}</span>"
    if finding["expired"]:
        state += f"<br><span class='chip c-scanner'>acceptance ended {escape(finding['expired']['until'])}</span>"
    return (
        f'<tr><th scope="row">{escape(finding["host"])}<span class="id">{_site(finding)}</span></th>'
        f"<td>{escape(finding['port'])}</td><td>{escape(finding['owner']) or 'nobody'}</td><td>{state}</td>"
        f'<td class="number">{finding["first_seen"][:10]}</td><td class="number">{finding["last_seen"][:10]}</td></tr>'
    )


def _reason(document, finding):
    """Why the newest scan could not look at a finding."""
    return document["hosts"][finding["host"]]["problem"] or "its test failed, or no login"


def _site(finding):
    place = finding["site"] if finding["region"] in ("", finding["site"]) else f"{finding['site']} {finding['region']}"
    return escape(place if finding["host"] == finding["address"] else f"{place} · {finding['address']}")


def _what(finding):
    """The cells of a finding's score, host and test."""
    return (
        f'<td>{_chip(finding)}</td><th scope="row">{escape(finding["host"])}<span class="id">{_site(finding)} · '
        f"{escape(finding['port'])}</span></th><td class='what'>{escape(finding['name'] or finding['oid'])}</td>"
    )


def _accepted(document, _runs):
    """Findings that somebody accepts, and acceptances that are over or of nothing."""
    kept = [finding for finding in document["findings"] if finding["accepted"]]
    over = [finding for finding in document["findings"] if finding["expired"]]
    kept.sort(key=lambda finding: finding["accepted"]["until"] or "9999")
    rows = [_accepted_row(finding, finding["accepted"], "c-waived", "◇ accepted") for finding in kept]
    ended = [_accepted_row(finding, finding["expired"], "c-scanner", "✕ over") for finding in over]
    listed = [*ended, *rows]
    heads = ("Severity", "Host", "Finding", "Accepted by", "Reason", "Until", "State")
    shown = frame.sheet(heads, listed[:MOST_ROWS]) if listed else "<p>Nobody has accepted a finding.</p>"
    if over:
        text = f"{number(len(over), 'acceptance')} {'is' if len(over) == 1 else 'are'} over"
        shown = f'<p class="warning">{text}: these findings count again.</p>\n{shown}'
    if len(listed) > MOST_ROWS:
        shown += REST.format(len(listed) - MOST_ROWS)
    if document["unused"]:
        items = "".join(f"<li>{escape(text)}</li>" for text in document["unused"])
        shown += f"<h3>Accepted, but not found</h3><p>They can leave the site's file.</p><ul>{items}</ul>"
    return frame.section("accepted", "Accepted", shown)


def _accepted_row(finding, accepted, kind, text):
    return (
        f"<tr>{_what(finding)}<td>{escape(accepted['by'])}</td><td>{escape(accepted['reason'])}</td>"
        f'<td class="number">{escape(accepted["until"]) or "no end"}</td>'
        f'<td><span class="chip {kind}">{text}</span></td></tr>'
    )


def _fixed(document, _runs):
    found = [finding for finding in document["findings"] if finding["status"] == model.FIXED]
    rows = (
        f"<tr>{_what(finding)}<td>{escape(finding['owner']) or 'nobody'}</td>"
        f'<td class="number">{finding["first_seen"][:10]}</td><td class="number">{finding["fixed_seen"][:10]}</td></tr>'
        for finding in found[:MOST_ROWS]
    )
    heads = ("Severity", "Host", "Finding", "Owner", "First seen", "Seen fixed")
    shown = frame.sheet(heads, rows) if found else "<p>The newest scans found nothing fixed.</p>"
    if len(found) > MOST_ROWS:
        shown += REST.format(len(found) - MOST_ROWS)
    return frame.section("fixed", "Fixed since the scan before", shown)


def _missed(document, _runs):
    """Hosts that the newest scan did not look at as a whole, with what stays open there."""
    counts = {}
    for finding in document["findings"]:
        if _is_open(finding):
            counts[finding["host"]] = counts.get(finding["host"], 0) + 1
    missed = [(name, host) for name, host in document["hosts"].items() if host["problem"]]
    rows = (
        f'<tr><th scope="row">{escape(name)}<span class="id">{escape(host["address"])}</span></th>'
        f"<td>{escape(host['site'])}</td><td>{escape(host['owner']) or 'nobody'}</td>"
        f'<td>{escape(host["problem"])}</td><td class="number">{frame.day(host["last_scan"]) or "never"}</td>'
        f"{_count(counts.get(name, 0))}</tr>"
        for name, host in missed[:MOST_ROWS]
    )
    heads = ("Host", "Site", "Owner", "Why", "Last scanned as a whole (UTC)", "Open findings")
    shown = frame.sheet(heads, rows) if missed else '<p class="empty">✓ Every host was scanned as a whole.</p>'
    if len(missed) > MOST_ROWS:
        shown += REST.format(f"{len(missed) - MOST_ROWS} hosts").replace("findings.csv", "findings.json")
    return frame.section("missed", "Hosts not scanned", shown)


def _method(document, _runs):
    rows = (
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(target["profile"])}</td>'
        f'<td class="number">{target["fail_above"]:.1f}</td><td>{escape(target["status"]) or "never scanned"}</td>'
        f'<td class="number">{frame.day(target["start"])}</td><td class="number">{frame.day(target["end"])}</td></tr>'
        for name, target in document["targets"].items()
    )
    said = """<p>A finding is a host, a port and a test. It is new where the newest scan was the first to see it, and
fixed where that scan looked at its host as a whole and did not see it any more. A host that did not answer, a scan that
was stopped and a login that was refused make nothing fixed. Who owns a finding, and what is accepted by whom until
when, is what the site's file says; the last day of an acceptance counts. The limit is the CVSS score of the profile:
above it a finding that nobody accepts stops onboarding and rolling upgrades.</p>
"""
    heads = ("Target", "Profile", "Limit", "Newest scan", "Begun (UTC)", "Ended (UTC)")
    return frame.section("method", "Method", said + frame.sheet(heads, rows))
