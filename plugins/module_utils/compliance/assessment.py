# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From evidence to an assessment: which checks speak to which control, and what follows from them.

Pure: it reads nothing and knows no file format. Everything is in a fixed order, so that the same evidence gives the
same assessment.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase

from ansible_collections.infn.datacloud.plugins.module_utils.compliance import crosswalk, inputs
from ansible_collections.infn.datacloud.plugins.module_utils.compliance.standards import (
    EXPECTED_PROBES,
    PARTLY,
    STANDARDS,
    TECHNICAL,
)

# Where a check comes from, in the order of a report.
CONTROLS, PROBE, SCANNER = "controls", "probe", "openscap"
# What a check found on a host. `not_assessed`: it could not be done.
PASS, FAIL, WAIVED, NOT_APPLICABLE, NOT_ASSESSED = "pass", "fail", "waived", "not_applicable", "not_assessed"
STATUSES = (FAIL, NOT_ASSESSED, WAIVED, PASS, NOT_APPLICABLE)
ENGINE = {"compliant": PASS, "remediated": PASS, "failed": FAIL, "waived": WAIVED, "not_applicable": NOT_APPLICABLE}
XCCDF = {"pass": PASS, "fixed": PASS, "fail": FAIL, "error": NOT_ASSESSED, "unknown": NOT_ASSESSED,
         "notchecked": NOT_ASSESSED, "informational": NOT_APPLICABLE, "notapplicable": NOT_APPLICABLE}  # fmt: skip

# What follows for a control, from the most urgent to the least.
OPEN, GAP, SCANNER_OPEN, WAIVERS, SATISFIED, OUTSIDE = "open", "gap", "scanner", "waivers", "satisfied", "outside"
STATES = (OPEN, GAP, SCANNER_OPEN, WAIVERS, SATISFIED, OUTSIDE)


@dataclass(frozen=True)
class Outcome:
    """What a check found on one host."""

    host: str
    status: str
    time: datetime
    observed: object = None
    wanted: object = None
    reason: str = ""
    waiver: dict | None = None


@dataclass
class Check:
    """One thing that was looked at, on all hosts."""

    id: str
    source: str
    title: str
    references: dict = field(default_factory=dict)  # {standard: (control, ...)}
    severity: str = ""
    outcomes: list = field(default_factory=list)

    def count(self, *statuses):
        """On how many hosts it had one of these statuses."""
        return sum(outcome.status in statuses for outcome in self.outcomes)

    @property
    def status(self):
        """The status that weighs most among its hosts."""
        return min((outcome.status for outcome in self.outcomes), key=STATUSES.index)


@dataclass
class Finding:
    """A control of a standard with its checks."""

    standard: object
    control: object
    checks: list
    state: str = OUTSIDE
    missing: str = ""  # the live probe that is expected and that nobody made

    def own(self):
        """The checks that are ours: controls and probes."""
        return [check for check in self.checks if check.source != SCANNER]

    def scanner(self):
        """The scanner's rules."""
        return [check for check in self.checks if check.source == SCANNER]


@dataclass
class Assessment:
    """All that a report says."""

    region: str
    federation: str
    sites: list
    start: datetime
    end: datetime
    hosts: dict  # {name: evidence}
    missing: list  # hosts without evidence
    checks: list
    findings: list

    def waivers(self):
        """[(check, outcome)] of what was waived, and of what failed although somebody had waived it."""
        return [
            (check, outcome)
            for check in self.checks
            for outcome in check.outcomes
            if outcome.waiver and outcome.status in (WAIVED, FAIL)
        ]

    def open_points(self):
        """The checks that failed somewhere."""
        return [check for check in self.checks if check.count(FAIL)]

    def states(self, standard=None):
        """{state: number of controls}, of one standard or of all."""
        found = dict.fromkeys(STATES, 0)
        for finding in self.findings:
            if standard in (None, finding.standard.key):
                found[finding.state] += 1
        return found

    def essence(self):
        """What makes this assessment another one, as lines; times and observed values do not."""
        lines = [f"host {name}: no evidence" for name in self.missing]
        for name, evidence in self.hosts.items():
            scan = evidence.get("openscap")
            lines.append(f"host {name}: {evidence['system'].get('name', '')}")
            if scan:
                lines.append(f"host {name}: {scan['profile']} of {scan['datastream']['sha256']}")
        for check in self.checks:
            for outcome in check.outcomes:
                waiver = f" {json.dumps(outcome.waiver, sort_keys=True)}" if outcome.waiver else ""
                lines.append(f"{check.source} {check.id}: {outcome.host}: {outcome.status}{waiver}")
        return lines

    def digest(self):
        """The SHA-256 of the essence and of what stands around it."""
        text = json.dumps([self.region, self.federation, self.sites, self.essence()])
        return hashlib.sha256(text.encode()).hexdigest()


def assess(region, federation, sites, names, hosts, missing, probes=(), waivers=()):
    """The assessment of a region: `hosts` and `missing` as inputs.hosts() gives them, probes of the control node, and
    waivers of probes and scanner's rules ({control, owner, reason, expires, hosts}). Raises InputError.
    """
    errors = [sentence for probe in probes for sentence in inputs.probe_errors(probe)]
    errors += [sentence for waiver in waivers for sentence in inputs.waiver_errors(waiver)]
    if not hosts:
        errors.append(f"no host of region {region} has evidence: run infn.datacloud.evidence on {', '.join(names)}")
    if errors:
        raise inputs.InputError(errors)
    checks = {}
    for name, evidence in hosts.items():
        collected = inputs.parse_time(evidence["collected"])
        _take_controls(checks, name, evidence.get("controls"), collected)
        _take_scan(checks, name, evidence.get("openscap"))
    for probe in [*(probe for evidence in hosts.values() for probe in evidence["probes"]), *probes]:
        _take_probe(checks, probe)
    times = [outcome.time for check in checks.values() for outcome in check.outcomes]
    times += [inputs.parse_time(evidence["collected"]) for evidence in hosts.values()]
    end = max(times)
    _waive(checks.values(), waivers, end.date())
    order = (CONTROLS, PROBE, SCANNER)
    listed = sorted(checks.values(), key=lambda check: (order.index(check.source), check.id))
    for check in listed:
        check.outcomes.sort(key=lambda outcome: outcome.host)
    return Assessment(region, federation, sorted(sites), min(times), end, hosts, missing, listed, _findings(listed))


def _check(checks, source, name, title, references, severity=""):
    """The check of that name, made where it is the first time."""
    known = checks.setdefault((source, name), Check(name, source, title, severity=severity))
    for standard in STANDARDS:
        listed = {*known.references.get(standard.key, ()), *(references.get(standard.key) or ())}
        if listed:
            known.references[standard.key] = tuple(sorted(listed, key=natural))
    return known


def _take_controls(checks, host, controls, collected):
    """The engine's results on a host."""
    if not controls:
        return
    time = inputs.parse_time(controls["time"]) if controls.get("time") else collected
    for item in controls["results"]:
        check = _check(checks, CONTROLS, item["id"], item.get("title") or item["id"], item.get("references") or {})
        check.outcomes.append(
            Outcome(
                host, ENGINE.get(item["status"], NOT_ASSESSED), time, item.get("observed"), item.get("wanted"),
                item.get("reason") or "", item.get("waiver"),
            )
        )  # fmt: skip


def _take_probe(checks, probe):
    """One live probe."""
    check = _check(checks, PROBE, probe["id"], probe["title"], probe)
    check.outcomes.append(
        Outcome(probe["host"], probe["status"], inputs.parse_time(probe["time"]), probe["observed"])
    )  # fmt: skip


def _take_scan(checks, host, scan):
    """The scanner's rules on a host. Their references name controls by the dozen, so that only technical ones count."""
    if not scan:
        return
    time = inputs.parse_time(scan["time"])
    for rule in scan["rules"]:
        name = rule["id"].removeprefix("xccdf_org.ssgproject.content_rule_")
        listed = [control for control in crosswalk.to_2022(rule["iso27001_2013"]) if control in _TECHNICAL]
        check = _check(checks, SCANNER, name, rule["title"] or name, {"iso27001_2022": listed}, rule["severity"])
        check.outcomes.append(Outcome(host, XCCDF.get(rule["result"], NOT_ASSESSED), time, reason=rule["result"]))


def _waive(checks, waivers, today):
    """Put waivers on what failed. An expired one counts for nothing; controls come with theirs."""
    for check in checks:
        if check.source == CONTROLS:
            continue
        mine = [waiver for waiver in waivers if fnmatchcase(check.id, waiver["control"])]
        check.outcomes = [_waived(outcome, mine, today) for outcome in check.outcomes]


def _waived(outcome, waivers, today):
    """The outcome with the waiver that is for it and lasts longest, if there is one."""
    fitting = [
        waiver
        for waiver in waivers
        if any(fnmatchcase(outcome.host, pattern) for pattern in waiver.get("hosts") or ["*"])
    ]
    if outcome.status != FAIL or not fitting:
        return outcome
    waiver = max(fitting, key=lambda waiver: str(waiver["expires"]))
    note = {key: str(waiver[key]) for key in ("owner", "reason", "expires")}
    if note["expires"] < today.isoformat():
        return replace(outcome, reason="the waiver has expired", waiver=note)
    return replace(outcome, status=WAIVED, waiver=note)


def _findings(checks):
    """A finding for every control of every standard, and for controls that checks name and our lists do not have."""
    found = []
    for standard in STANDARDS:
        known = {control.id for control in standard.controls}
        named = {name for check in checks for name in check.references.get(standard.key, ())}
        unknown = [
            standard.controls[0]._replace(id=name, title="Not in our list", kind=PARTLY, theme="Further references")
            for name in sorted(named - known, key=natural)
        ]
        for control in (*standard.controls, *unknown):
            mine = [check for check in checks if control.id in check.references.get(standard.key, ())]
            finding = Finding(standard, control, mine)
            finding.state = _state(control, finding)
            expected = EXPECTED_PROBES.get(control.id, "")
            if expected and not any(check.source == PROBE and check.count(PASS, FAIL) for check in mine):
                finding.missing = expected
            found.append(finding)
    return found


def _state(control, finding):
    """What follows for a control from its checks."""
    if control.kind not in (TECHNICAL, PARTLY):
        return OUTSIDE
    looked = [check for check in finding.checks if check.count(PASS, FAIL, WAIVED)]
    if not looked:
        return GAP if control.kind == TECHNICAL else OUTSIDE
    if any(check.count(FAIL) for check in finding.own()):
        return OPEN
    if any(check.count(FAIL) for check in finding.scanner()):
        return SCANNER_OPEN
    return WAIVERS if any(check.count(WAIVED) for check in looked) else SATISFIED


def natural(text):
    """A sort key that puts A.5.9 before A.5.10."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in text.split(".")]


_TECHNICAL = {control.id for control in STANDARDS[0].controls if control.kind == TECHNICAL}
