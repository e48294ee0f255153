# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What scans found, compared with what was known before."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.findings import model

OVERRIDE = "an override in Greenbone"
# What every finding of a document has.
KEYS = {
    "id", "status", "severity", "cvss", "host", "address", "site", "region", "owner", "port", "name", "oid", "cves",
    "qod", "summary", "solution", "override", "accepted", "expired", "confirmed", "logged_in", "target", "first_seen",
    "last_seen", "first_report", "fixed_report", "fixed_seen",
}  # fmt: skip


def compare(before, federation, scope, scans, waivers):
    """The document that becomes findings.json, the findings of hosts that left, and warnings (list of str).

    before: the earlier document ({} for none); scope: model.Scope; scans: {target: reports.Scan} of this run, in which
    targets may be missing; waivers: Waivers.

    A finding is new where the newest scan of its target was the first to see it, and fixed where that scan looked at
    its host as a whole and did not see it any more. Nothing else makes it fixed: a host that did not answer, a scan
    that was stopped, a login or a test that failed leave it as it was. So the same scans give the same document.
    """
    known = before.get("targets", {})
    late = {name for name, scan in scans.items() if name in known and scan.start < known[name]["start"]}
    scans = {name: scan for name, scan in scans.items() if name not in late}
    targets = {name: _target(about, scans.get(name), known.get(name)) for name, about in scope.targets.items()}
    hosts = _hosts(before.get("hosts", {}), scope, scans)
    findings, left = _findings(before.get("findings", []), hosts, targets, scans)
    for finding in findings:
        _judge(finding, hosts[finding["host"]], targets[finding["target"]]["report"], waivers)
    findings.sort(key=model.order)
    inhabited = {finding["host"] for finding in findings}
    document = {
        "format": model.FORMAT,
        "federation": federation,
        "time": max((target["end"] or target["start"] for target in targets.values()), default=""),
        "targets": targets,
        "hosts": {name: host for name, host in hosts.items() if host["known"] or name in inhabited},
        "unused": waivers.unused(),
        "findings": findings,
    }
    warnings = [f"the report of task {name} is older than what is known, and was passed over" for name in sorted(late)]
    return document, left, warnings


def _target(about, scan, earlier):
    """A target with its newest scan."""
    if scan:
        newest = {"report": scan.report, "status": scan.status, "start": scan.start, "end": scan.end}
    else:
        newest = {key: (earlier or {}).get(key, "") for key in ("report", "status", "start", "end")}
    return {**about, **newest}


def _hosts(before, scope, scans):
    """Every host {name: about} of the description, and others that have or had findings, with its last whole scan."""
    places = {name: host["target"] for name, host in scope.hosts.items()}
    known = {*scope.hosts, *scope.names}
    places |= {name: host["target"] for name, host in before.items() if name not in known and not host["known"]}
    for target, scan in scans.items():
        places |= {finding["host"]: target for finding in scan.found.values() if finding["host"] not in places}
    hosts = {}
    for name, target in places.items():
        if target not in scope.targets:
            continue
        about = scope.host(name, target)
        earlier = before.get(name, {"last_scan": "", "problem": model.NEVER})
        last, problem = earlier["last_scan"], earlier["problem"]
        if about.pop("excluded"):
            problem = model.EXCLUDED
        elif target in scans:
            problem = scans[target].problems.get(name, "did not answer")
            last = last if problem else scans[target].time
        elif problem == model.EXCLUDED:
            problem = "" if last else model.NEVER
        hosts[name] = {**about, "last_scan": last, "problem": problem}
    return hosts


def _findings(before, hosts, targets, scans):
    """The findings (list) of hosts that are still there, and those (list) of hosts that left."""
    found = {key: (target, finding) for target, scan in scans.items() for key, finding in scan.found.items()}
    kept, left = [], []
    for earlier in before:
        target, now = found.pop(earlier["id"], (None, None))
        if now:
            again = earlier["status"] == model.FIXED and earlier["fixed_report"] != scans[target].report
            kept.append(_seen(now, target, scans[target], None if again else earlier))
        elif earlier["host"] not in hosts:
            left.append(earlier)
        elif earlier["status"] == model.FIXED:
            # Told once: until the next scan of its target.
            if targets.get(earlier["target"], {}).get("report") == earlier["fixed_report"]:
                kept.append(earlier)
        else:
            kept.append(_unseen(earlier, hosts[earlier["host"]], scans))
    kept += [_seen(now, target, scans[target], None) for target, now in found.values()]
    return kept, left


def _seen(now, target, scan, earlier):
    """A finding that a scan saw; earlier: what was known of it, None where it is new."""
    return {
        **now,
        "status": model.OPEN,
        "target": target,
        "confirmed": True,
        "logged_in": now["host"] in scan.logged_in,
        "first_seen": earlier["first_seen"] if earlier else scan.time,
        "last_seen": scan.time,
        "first_report": earlier["first_report"] if earlier else scan.report,
        "fixed_report": "",
        "fixed_seen": "",
    }


def _unseen(finding, host, scans):
    """A finding that no scan of this run saw: fixed only where one could have seen it."""
    target = host["target"]
    finding = {**finding, "target": target}
    scan = scans.get(target)
    if scan is None:
        return finding
    blind = (
        host["problem"]
        or (finding["host"], finding["oid"]) in scan.failed_tests
        or (finding["logged_in"] and finding["host"] not in scan.logged_in)
    )
    if blind:
        return {**finding, "confirmed": False}
    fixed = {"fixed_report": scan.report, "fixed_seen": scan.time}
    return {**finding, "status": model.FIXED, "confirmed": True, "accepted": None, "expired": None, **fixed}


def _judge(finding, host, report, waivers):
    """Fill in what follows from the description of today: whose it is, and whether somebody accepts it."""
    finding.update({key: host[key] for key in ("address", "site", "region", "owner")})
    finding["severity"] = model.severity(finding["cvss"])
    if finding["status"] == model.FIXED:
        return
    accepted, over = waivers.find(finding)
    if finding["override"] and not accepted:
        accepted, over = {"by": OVERRIDE, "reason": finding["override"], "until": ""}, None
    finding["accepted"], finding["expired"] = accepted, over
    finding["status"] = model.NEW if finding["first_report"] == report else model.OPEN
    if accepted:
        finding["status"] = model.ACCEPTED
