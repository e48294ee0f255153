# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of scans, as gmp_report_info returns them, in the words of the federation."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.infn.datacloud.plugins.module_utils.compliance.inputs import parse_time, utc
from ansible_collections.infn.datacloud.plugins.module_utils.findings.model import InputError

DONE = "Done"
# gvmd gives errors that are of no single test the OID 0.
NO_TEST = ("", "0")


@dataclass(frozen=True)
class Scan:
    """The newest scan of a target.

    report: its id; status, start and end: as the manager says; problems: {host: why it was not scanned as a whole, ""
    where it was}; logged_in: hosts that it could log in to; failed_tests: (host, OID) of tests that ended with an
    error; found: {id: finding without the parts that come from a comparison}.
    """

    report: str
    status: str
    start: str
    end: str
    problems: dict
    logged_in: set
    failed_tests: set
    found: dict

    @property
    def time(self):
        """When it ended, as far as it did."""
        return self.end or self.start


def read(reports, scope, min_qod):
    """The scans {target: Scan} that reports (list of dicts) tell of; those of tasks that never ran are not in it.

    Findings are results with a score, of at least this quality of detection (percent). Raises InputError, which names
    every report that cannot be used.
    """
    scans, mistakes = {}, []
    for number, report in enumerate(reports, start=1):
        name = report.get("task") or f"number {number}"
        try:
            if report["task"] not in scope.targets:
                raise InputError("no target of the federation has this name")
            if report["task"] in scans:
                raise InputError("there are two of it")
            if report["id"]:
                scans[report["task"]] = _scan(report, scope, min_qod)
        except InputError as error:
            mistakes.append(f"report of task {name}: {error}")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            mistakes.append(f"report of task {name} is not what gmp_report_info returns: {error!r}")
    if mistakes:
        raise InputError("; ".join(mistakes))
    return scans


def _time(text):
    """A time of the manager as 2026-01-31T12:00:00Z, "" for none."""
    return utc(parse_time(text)) if text else ""


def _scan(report, scope, min_qod):
    target, status = report["task"], report["status"]
    start, end = _time(report["start"]), _time(report["end"])
    if not start:
        raise InputError("it does not say when the scan began")
    silent = "did not answer" if status == DONE else f"not reached before the scan was {status.lower()}"
    problems = {name: silent for name, host in scope.hosts.items() if host["target"] == target and not host["excluded"]}
    logged_in, failed_tests = set(), set()
    for host in report["hosts"]:
        name = scope.names.get(host["address"], host["address"])
        logins = host.get("authenticated") or {}
        refused = [protocol for protocol, worked in logins.items() if not worked]
        if any(logins.values()):
            logged_in.add(name)
        problems[name] = ""
        if status != DONE:
            problems[name] = f"the scan was {status.lower()}"
        elif not host["end"]:
            problems[name] = "the scan of it did not end"
        elif refused:
            problems[name] = f"its login over {' and '.join(refused)} was refused"
    for error in report["errors"]:
        text = " ".join(str(error["description"]).split())
        if not error["host"]:
            problems = {name: problem or text for name, problem in problems.items()}
            continue
        name = scope.names.get(error["host"], error["host"])
        if error["oid"] in NO_TEST:
            problems[name] = problems.get(name) or text
        else:
            failed_tests.add((name, error["oid"]))
    found = {}
    for result in report["results"]:
        finding = _finding(result, scope.names, min_qod)
        if finding and _grave(finding) > _grave(found.get(finding["id"])):
            found[finding["id"]] = finding
    return Scan(report["id"], status, start, end, problems, logged_in, failed_tests, found)


def _finding(result, names, min_qod):
    """A result as a finding, None where it is none."""
    score = float(result["severity"])
    original = float(result.get("original_severity", score))
    if max(score, original) <= 0 or result["qod"] < min_qod:
        return None
    host = names.get(result["host"], result["host"])
    override = ""
    if score <= 0:
        # Somebody told the manager that it is nothing: known, and accepted there.
        override = "a false positive" if score < 0 else "of no severity"
    return {
        "id": f"{host}:{result['port']}:{result['oid']}",
        "host": host,
        "address": result["host"],
        "port": result["port"],
        "cvss": score if score > 0 else original,
        "override": override,
        "name": result["name"],
        "oid": result["oid"],
        "cves": sorted(result["cves"]),
        "qod": result["qod"],
        "summary": result["summary"],
        "solution": result["solution"],
    }


def _grave(finding):
    """Which of two results of one test on one port counts; a manager gives one for each name of a host."""
    if finding is None:
        return (False, -1.0, "")
    return (not finding["override"], finding["cvss"], finding["name"])
