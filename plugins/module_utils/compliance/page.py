# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An assessment as one self-contained HTML page that an auditor reads, prints and files: no script, nothing loaded."""

from __future__ import annotations

from html import escape

from ansible_collections.infn.datacloud.plugins.module_utils.compliance import assessment as model
from ansible_collections.infn.datacloud.plugins.module_utils.compliance.inputs import utc
from ansible_collections.infn.datacloud.plugins.module_utils.compliance.standards import PARTLY, STANDARDS
from ansible_collections.infn.datacloud.plugins.module_utils.pages import frame
from ansible_collections.infn.datacloud.plugins.module_utils.pages.words import number, plain

LAYOUT = 1  # another number makes every report anew
# A status is never told by its colour alone: (sign and word, what it means).
STATES = {
    model.SATISFIED: ("✓ Satisfied", "Every check that speaks to the control passed on every host."),
    model.WAIVERS: ("◇ With waivers", "Every check passed but for deviations that an owner has accepted until a date."),
    model.SCANNER_OPEN: (
        "◐ Scanner disagrees",
        "Our own checks passed or were waived, rules of the independent scanner failed, listed at the control.",
    ),
    model.OPEN: ("✕ Open points", "A check of our own or a live probe failed. Something is to be done."),
    model.GAP: ("○ No evidence", "Hosts could answer, but no check speaks to the control or none could be made."),
    model.OUTSIDE: (
        "· Not assessed",
        "Documents, contracts, people or premises answer for the control. The region's owner has to show it otherwise.",
    ),
}
RESULTS = {
    model.PASS: "✓ passed",
    model.FAIL: "✕ failed",
    model.WAIVED: "◇ waived",
    model.NOT_APPLICABLE: "· not applicable",
    model.NOT_ASSESSED: "○ not assessed",
}
RESULT_HEADS = ("Check", "Result", "Hosts", "Observed", "Wanted, reason")
BAR = (model.SATISFIED, model.WAIVERS, model.SCANNER_OPEN, model.OPEN, model.GAP)


def mark(assessment):
    """What a page of this assessment and layout holds and no other."""
    return f"assessment {assessment.digest()} layout {LAYOUT}"


def render(assessment):
    """The page (text)."""
    sections = (_short, _open_points, _waivers, _coverage, _controls, _outside, _method)
    footer = f"""
Made by infn.datacloud.compliance_report from the evidence of {number(len(assessment.hosts), "host")}. Identifiers of
controls are those of the standards; their titles are our own short words, and the standards themselves say what is
demanded. Digest of the assessment: <code>{assessment.digest()}</code>"""
    return frame.document(
        f"Compliance of region {assessment.region} · {assessment.federation}",
        _cover(assessment),
        (section(assessment) for section in sections),
        footer,
        skip="To the results",
        description=mark(assessment),
    )


def _cover(assessment):
    """The head of the page."""
    sites = ", ".join(assessment.sites)
    facts = [
        ("Evidence from", f"{_day(assessment.start)} to {_day(assessment.end)}"),
        ("Sites", sites),
        ("Hosts", f"{len(assessment.hosts)} of {len(assessment.hosts) + len(assessment.missing)} covered"),
        ("Standards", ", ".join(standard.name.removeprefix("ISO/IEC ") for standard in STANDARDS)),
    ]
    links = (
        ("short", "In short"), ("open", "Open points"), ("waivers", "Waivers"), ("coverage", "Coverage"),
        ("controls", "Controls"), ("outside", "Not assessed"), ("method", "Method and evidence"),
    )  # fmt: skip
    return frame.cover(
        f"{assessment.federation} · Compliance report", f"Region {assessment.region}", facts, links
    )  # fmt: skip


def _short(assessment):
    """The result at a glance."""
    states = assessment.states()
    able = sum(states[state] for state in BAR)
    good = states[model.SATISFIED] + states[model.WAIVERS]
    own = [check for check in assessment.checks if check.source != model.SCANNER]
    failed = sum(bool(check.count(model.FAIL)) for check in own)
    first = (
        f"Of {number(able, 'control')} that hosts and services can answer for, <strong>{good}</strong> "
        f"{'holds' if good == 1 else 'hold'}"
        + (f", {states[model.WAIVERS]} of them with accepted deviations" if states[model.WAIVERS] else "")
        + "."
    )
    rest = []
    if states[model.OPEN]:
        rest.append(f"<strong>{states[model.OPEN]}</strong> {_have(states[model.OPEN])} open points")
    if states[model.SCANNER_OPEN]:
        rest.append(f"at {states[model.SCANNER_OPEN]} only the independent scanner disagrees")
    if states[model.GAP]:
        rest.append(f"for {states[model.GAP]} there is no evidence")
    second = f" {_sentence(rest)}" if rest else ""
    outside = (
        f" {states[model.OUTSIDE]} more are organisational or physical and are not assessed here."
        if states[model.OUTSIDE]
        else ""
    )
    shown = [state for state in BAR if states[state]]
    segments = "".join(f'<span class="f-{state}" style="flex:{states[state]}"></span>' for state in shown)
    said = ", ".join(f"{STATES[state][0][2:]}: {states[state]}" for state in shown)
    legend = "".join(
        f'<li><i class="f-{state}"></i><b>{states[state]}</b><span>{STATES[state][0]}</span></li>'
        for state in (*BAR, model.OUTSIDE)
    )
    outcomes = sum(len(check.outcomes) for check in assessment.checks)
    waived = sum(check.count(model.WAIVED) for check in assessment.checks)
    tiles = [
        ("Own checks", len(own), f"{failed} failed" if failed else "none failed"),
        ("Scanner's rules", len(assessment.checks) - len(own), _scan_share(assessment)),
        ("Results on hosts", outcomes, ""),
        ("Waivers in use", waived, ""),
    ]
    missing = (
        f'<p class="warning">No evidence of {number(len(assessment.missing), "host")}: '
        f"{escape(', '.join(assessment.missing))}. What follows says nothing about them.</p>"
        if assessment.missing
        else ""
    )
    return f"""<section id="short" aria-labelledby="short-title">
<h2 id="short-title">In short</h2>
<p class="verdict">{first}{second}{outside}</p>
{missing}
<div class="bar" role="img" aria-label="{escape(said)}">{segments}</div>
<ul class="legend">{legend}</ul>
{frame.tiles(tiles)}
</section>"""


def _scan_share(assessment):
    """How many of the scanner's applicable results passed."""
    counts = [evidence["openscap"]["counts"] for evidence in assessment.hosts.values() if evidence.get("openscap")]
    applicable = sum(item["applicable"] for item in counts)
    if not applicable:
        return "no scan"
    return f"{100 * sum(item['passed'] for item in counts) / applicable:.0f} % passed"


def _open_points(assessment):
    """What failed, our own checks first."""
    own = [check for check in assessment.open_points() if check.source != model.SCANNER]
    rules = [check for check in assessment.open_points() if check.source == model.SCANNER]
    if own:
        shown = frame.sheet(
            ("Check", "Hosts", "Observed", "Wanted, reason", "Controls"),
            (
                _open_row(assessment, check, group)
                for check in own
                for group in _groups(check)
                if group[0].status == model.FAIL
            ),
            "What failed, on which hosts, and what is wanted instead.",
        )
    else:
        shown = '<p class="empty">✓ No check of our own and no live probe failed.</p>'
    if rules:
        order = {"high": 0, "medium": 1, "low": 2}
        rules.sort(key=lambda check: (order.get(check.severity, 3), check.id))
        table = frame.sheet(
            ("Rule", "Severity", "Failed on", "Controls"),
            (
                f"<tr>{_name(check)}<td>{escape(check.severity)}</td><td>{_hosts(assessment, check)}</td>"
                f"<td>{_references(check)}</td></tr>"
                for check in rules
            ),
            "Rules of the profile that failed, the gravest first. Names are those of SCAP Security Guide.",
        )
        shown += (
            f'<details class="fold"><summary><strong>The independent scanner: {number(len(rules), "rule")} failed'
            f"</strong></summary>{table}</details>"
        )
    return f"""<section id="open" aria-labelledby="open-title">
<h2 id="open-title">Open points</h2>
{shown}
</section>"""


def _open_row(assessment, check, group):
    """A failed check on the hosts that saw the same."""
    outcome = group[0]
    why = _lines(_value(outcome.wanted), escape(plain(outcome.reason)))
    return (
        f"<tr>{_name(check)}<td>{_who(assessment, group)}</td><td>{_value(outcome.observed)}</td><td>{why}</td>"
        f"<td>{_references(check)}</td></tr>"
    )


def _waivers(assessment):
    """Deviations that somebody accepted."""
    groups = {}
    for check, outcome in assessment.waivers():
        key = tuple(plain(outcome.waiver.get(name)) for name in ("owner", "reason", "expires"))
        groups.setdefault((key[2], check.source, check.id, key, outcome.status), []).append((check, outcome))
    rows = []
    for (expires, _source, _id, (owner, reason, _date), status), members in sorted(groups.items()):
        check = members[0][0]
        left = _days_left(expires, assessment.end)
        if status != model.WAIVED:
            mood = '<span class="chip c-fail">✕ expired</span>'
        elif left is not None and left <= 30:
            mood = f'<span class="chip c-scanner">{number(left, "day")} left</span>'
        else:
            mood = ""
        rows.append(
            f"<tr>{_name(check)}<td>{_who(assessment, [outcome for _check, outcome in members])}</td>"
            f"<td>{escape(owner)}</td><td>{escape(reason)}</td>"
            f'<td class="number">{escape(expires)}<br>{mood}</td><td>{_references(check)}</td></tr>'
        )
    shown = (
        frame.sheet(
            ("Check", "Hosts", "Owner", "Reason", "Until", "Controls"),
            rows,
            "Deviations that their owners have accepted, the first to end at the top.",
        )
        if rows
        else "<p>No deviation is accepted in this region.</p>"
    )
    return f"""<section id="waivers" aria-labelledby="waivers-title">
<h2 id="waivers-title">Waivers</h2>
{shown}
</section>"""


def _coverage(assessment):
    """What was looked at on which host."""
    rows = []
    for name, evidence in assessment.hosts.items():
        own = _tally(assessment, name, model.CONTROLS)
        probes = _tally(assessment, name, model.PROBE)
        scan = evidence.get("openscap")
        if scan:
            profile = scan.get("profile_title") or scan["profile"]
            scanned = (
                f"{scan['counts']['passed']} of {scan['counts']['applicable']} passed"
                f'<span class="id">{escape(profile)}, content {escape(scan.get("version", ""))}</span>'
            )
        else:
            scanned = '<span class="chip c-gap">○ no scan</span>'
        system = evidence["system"]
        rows.append(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(system.get("name", ""))}'
            f'<span class="id">{escape(system.get("kernel", ""))}</span></td><td>{own}</td><td>{scanned}</td>'
            f'<td>{probes}</td><td class="number">{escape(_day(evidence["collected"]))}</td></tr>'
        )
    rows += [
        f'<tr><th scope="row">{escape(name)}</th>'
        '<td colspan="5"><span class="chip c-fail">✕ no evidence</span></td></tr>'
        for name in assessment.missing
    ]
    seen = {outcome.host for check in assessment.checks for outcome in check.outcomes}
    outside = sorted(seen - set(assessment.hosts))
    more = (
        f"<p>Live probes also looked at {escape(', '.join(outside))}, which {'is' if len(outside) == 1 else 'are'} not "
        "among the region's hosts.</p>"
        if outside
        else ""
    )
    table = frame.sheet(
        ("Host", "System", "Own controls", "Independent scan", "Live probes", "Collected (UTC)"),
        rows,
        f"{len(assessment.hosts)} of {number(len(assessment.hosts) + len(assessment.missing), 'host')} have evidence.",
    )
    return f"""<section id="coverage" aria-labelledby="coverage-title">
<h2 id="coverage-title">Coverage</h2>
{table}
{more}</section>"""


def _tally(assessment, host, source):
    """The results of a host's checks of one source, in words."""
    found = dict.fromkeys(model.STATUSES, 0)
    for check in assessment.checks:
        if check.source == source:
            for outcome in check.outcomes:
                if outcome.host == host:
                    found[outcome.status] += 1
    words = [
        f"{found[status]} {text[2:]}"
        for status, text in RESULTS.items()
        if found[status] and status != model.NOT_APPLICABLE
    ]
    if not any(found.values()):
        return '<span class="chip c-gap">○ none</span>'
    rest = found[model.NOT_APPLICABLE]
    return ", ".join(words) + (f'<span class="id">{rest} not applicable</span>' if rest else "")


def _controls(assessment):
    """Every control that hosts can answer for, with its checks."""
    choices = (
        ("all", "All"), ("open", "Open or disputed"), ("waivers", "With waivers"), ("gap", "Lacking evidence"),
    )  # fmt: skip
    radios = "".join(
        f'<label><input type="radio" name="show" id="show-{name}"{" checked" if name == "all" else ""}>{text}</label>'
        for name, text in choices
    )
    parts = []
    for standard in STANDARDS:
        themes = {}
        for finding in assessment.findings:
            if finding.standard is standard and finding.state != model.OUTSIDE:
                themes.setdefault(finding.control.theme, []).append(finding)
        parts.append(f"<h3>{escape(standard.name)} <span class='soft'>· {escape(standard.subject)}</span></h3>")
        if not themes:
            parts.append("<p>No control of it is assessed.</p>")
        for theme, findings in themes.items():
            heading = f"<h4>{escape(theme)}</h4>" if len(themes) > 1 else ""
            parts.append(
                f'<div class="theme">{heading}{"".join(_control(assessment, finding) for finding in findings)}</div>'
            )
    rest = [check for check in assessment.checks if check.source != model.SCANNER and not check.references]
    if rest:
        rows = [_result_row(assessment, check, group) for check in rest for group in _groups(check)]
        parts.append("<h3>Checks that speak to no control of these standards</h3>")
        parts.append(
            f'<details class="fold"><summary>{number(len(rest), "check")}</summary>'
            f"{frame.table(RESULT_HEADS, rows)}</details>"
        )
    return f"""<section id="controls" aria-labelledby="controls-title">
<h2 id="controls-title">Controls</h2>
<p>Each control unfolds to the checks that speak to it, what they observed on which hosts, and what was wanted.</p>
<fieldset><legend>Show</legend>{radios}</fieldset>
{"".join(parts)}
</section>"""


def _control(assessment, finding):
    """One control, folded."""
    control = finding.control
    own, rules = finding.own(), finding.scanner()
    amount = [number(len(own), "check")] if own or not rules else []
    if rules:
        amount.append(number(len(rules), "rule"))
    classes = ["control", f"s-{finding.state}"]
    if any(check.count(model.WAIVED) for check in finding.checks):
        classes.append("waived")
    if finding.missing:
        classes.append("lacking")
    inside = []
    if control.kind == PARTLY:
        inside.append("<p class='soft'>Only the technical part is assessed; rules and reviews are shown otherwise.</p>")
    if finding.missing:
        inside.append(f"<p>○ No live probe shows that {escape(finding.missing)}.</p>")
    if own:
        rows = [_result_row(assessment, check, group) for check in own for group in _groups(check)]
        inside.append(frame.table(RESULT_HEADS, rows))
    if rules:
        inside.append(_rules(assessment, rules))
    if not finding.checks:
        inside.append("<p>No check speaks to this control.</p>")
    return (
        f'<details class="{" ".join(classes)}" id="{_anchor(finding.standard.key, control.id)}"><summary>'
        f'<span class="ref">{escape(control.id)}</span><span class="name">{escape(control.title)}</span>'
        f'<span class="amount">{" · ".join(amount)}</span>'
        f'<span class="chip c-{finding.state}">{STATES[finding.state][0]}</span></summary>'
        f'<div class="inside">{"".join(inside)}</div></details>'
    )


def _result_row(assessment, check, group):
    """A check on the hosts that saw the same."""
    outcome = group[0]
    observed, wanted = _value(outcome.observed), _value(outcome.wanted)
    texts = ["the same" if wanted and wanted == observed else wanted, escape(plain(outcome.reason))]
    if outcome.waiver:
        waiver = {name: plain(outcome.waiver.get(name)) for name in ("owner", "reason", "expires")}
        texts.append(escape(f"{waiver['reason']} ({waiver['owner']}, until {waiver['expires']})"))
    dim = ' class="dim"' if outcome.status == model.NOT_APPLICABLE else ""
    return (
        f'<tr{dim}>{_name(check)}<td><span class="chip c-{outcome.status}">{RESULTS[outcome.status]}</span></td>'
        f"<td>{_who(assessment, group)}</td><td>{observed}</td><td>{_lines(*texts)}</td></tr>"
    )


def _rules(assessment, rules):
    """The scanner's rules of a control: what failed in full, what passed folded."""
    failed = [check for check in rules if check.count(model.FAIL)]
    waived = [check for check in rules if check.count(model.WAIVED) and check not in failed]
    passed = [check for check in rules if check.count(model.PASS) and check not in failed and check not in waived]
    rest = len(rules) - len(failed) - len(waived) - len(passed)
    words = [
        f"{len(listed)} {word}"
        for listed, word in ((passed, "passed"), (failed, "failed"), (waived, "waived"))
        if listed
    ]
    if rest:
        words.append(f"{rest} not applicable")
    shown = f"<p><strong>Independent scanner:</strong> {', '.join(words)}.</p>"
    if failed:
        listed = "".join(
            f"<li>✕ {escape(check.title)} <span class='soft'>({_hosts(assessment, check)})</span></li>"
            for check in failed
        )
        shown += f"<ul class='rules failed'>{listed}</ul>"
    if passed:
        listed = "".join(f"<li>{escape(check.title)}</li>" for check in passed)
        shown += (
            f"<details><summary>What passed ({len(passed)})</summary><ul class='rules'>{listed}</ul></details>"
        )  # fmt: skip
    return shown


def _outside(assessment):
    """Controls that hosts cannot answer for."""
    parts = []
    for standard in STANDARDS:
        findings = [
            finding
            for finding in assessment.findings
            if finding.standard is standard and finding.state == model.OUTSIDE
        ]
        if findings:
            items = "".join(
                f'<li id="{_anchor(standard.key, finding.control.id)}">'
                f'<span class="ref">{escape(finding.control.id)}</span>'
                f"<span>{escape(finding.control.title)}{_supported(finding)}</span></li>"
                for finding in findings
            )
            parts.append(f"<h3>{escape(standard.name)}</h3><ul class='outside'>{items}</ul>")
    return f"""<section id="outside" aria-labelledby="outside-title">
<h2 id="outside-title">Not assessed</h2>
<p>{STATES[model.OUTSIDE][1]} Nothing in this report says that these controls are in place, or that they are not.</p>
{"".join(parts)}
</section>"""


def _supported(finding):
    """That checks support a control which they cannot answer for."""
    own = finding.own()
    return f" <span class='soft'>({number(len(own), 'check')} in support)</span>" if own else ""


def _method(assessment):
    """How it was assessed, what words mean, and how to check that evidence is what it was."""
    meanings = "".join(
        f'<dt><span class="chip c-{state}">{name}</span></dt><dd>{text}</dd>' for state, (name, text) in STATES.items()
    )
    rows = []
    for name, evidence in assessment.hosts.items():
        scan = evidence.get("openscap")
        if scan:
            rows.append(
                f'<tr><th scope="row">{escape(name)}</th>'
                f"<td><code>{escape(name)}/{escape(scan['arf']['file'])}</code></td>"
                f"<td><code>{escape(scan['arf']['sha256'])}</code></td><td>{escape(scan['scanner'])}"
                f'<span class="id">datastream {escape(scan["datastream"]["sha256"])}</span></td>'
                f'<td class="number">{escape(_day(scan["time"]))}</td></tr>'
            )
    files = (
        frame.sheet(
            ("Host", "File", "SHA-256", "Scanner, content", "Scanned (UTC)"),
            rows,
            "The scans as the scanner wrote them (ARF, compressed), beside this report. Check one with sha256sum.",
        )
        if rows
        else "<p>No host has a scan.</p>"
    )
    return f"""<section id="method" aria-labelledby="method-title">
<h2 id="method-title">Method and evidence</h2>
<p>Three sources speak here. <strong>Own controls</strong> compare what a host is set to with what the catalog of
infn.datacloud.hardening wants; each names the controls that it serves. <strong>Live probes</strong> try what should
work and what should be refused. An <strong>independent scanner</strong>, OpenSCAP with SCAP Security Guide, looks at
the same hosts with rules that are not ours. They refer to ISO/IEC 27001:2013 and are carried over to 2022 by the
correspondence in ISO/IEC 27002:2022, broadly, and only to technical controls. A failed rule of the
scanner is therefore shown apart from a failed check of our own.</p>
<dl class="meaning">{meanings}</dl>
<h3>Raw evidence</h3>
{files}
</section>"""


def _value(value):
    """A value as HTML: a dictionary of a few entries has a line for each."""
    if isinstance(value, dict) and 1 < len(value) <= 8:
        return "<br>".join(escape(plain({key: item})) for key, item in value.items())
    return escape(plain(value))


def _lines(first, *rest):
    """Texts below each other, all but the first in a softer colour; they are HTML."""
    return "<br>".join([*filter(None, [first]), *(f'<span class="soft">{text}</span>' for text in rest if text)])


def _name(check):
    """The cell that names a check."""
    return f'<th scope="row">{escape(check.title)}<span class="id">{escape(check.id)}</span></th>'


def _groups(check):
    """The outcomes of a check, those with the same words together, the gravest first."""
    groups = {}
    for outcome in check.outcomes:
        waiver = plain(outcome.waiver) if outcome.waiver else ""
        key = (outcome.status, plain(outcome.observed), plain(outcome.wanted), plain(outcome.reason), waiver)
        groups.setdefault(key, []).append(outcome)
    return sorted(groups.values(), key=lambda group: model.STATUSES.index(group[0].status))


def _who(assessment, group):
    """The hosts of outcomes, in a word where it is all of them and they are many."""
    if len(group) > 2 and {outcome.host for outcome in group} == set(assessment.hosts):
        return f'<span class="host">all {len(group)} hosts</span>'
    return ", ".join(f'<span class="host">{escape(outcome.host)}</span>' for outcome in group)


def _hosts(assessment, check):
    """The hosts on which a check failed."""
    return _who(assessment, [outcome for outcome in check.outcomes if outcome.status == model.FAIL])


def _references(check):
    """Links to the controls that a check speaks to."""
    links = []
    for standard in STANDARDS:
        for control in check.references.get(standard.key, ()):
            short = control if standard is STANDARDS[0] else f"{standard.prefix.removeprefix('iso')} {control}"
            links.append(f'<a href="#{_anchor(standard.key, control)}">{escape(short)}</a>')
    return f'<span class="refs">{" ".join(links)}</span>'


def _anchor(standard, control):
    """The anchor of a control."""
    return escape(f"{standard}-{control}")


def _day(moment):
    """A time as 2026-01-31 12:00, in UTC."""
    text = moment if isinstance(moment, str) else utc(moment)
    return text[:16].replace("T", " ")


def _days_left(expires, end):
    """Days from the newest evidence to a date; None where it is no date."""
    try:
        return (end.fromisoformat(f"{expires}T00:00:00+00:00") - end).days
    except ValueError:
        return None


def _have(count):
    """The verb for so many."""
    return "has" if count == 1 else "have"


def _sentence(parts):
    """Parts as one sentence."""
    text = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{text[0].upper()}{text[1:]}."
