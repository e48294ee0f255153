# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings for other programs: CSV, and SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format")."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import quote

from ansible_collections.infn.datacloud.plugins.module_utils.findings import model

COLUMNS = (
    "id", "status", "severity", "cvss", "site", "region", "host", "address", "port", "owner", "name", "oid", "cves",
    "solution", "first_seen", "last_seen", "confirmed", "accepted_by", "accepted_reason", "accepted_until",
    "acceptance_over",
)  # fmt: skip
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# SARIF 2.1.0, 3.27.24 baselineState.
BASELINE = {model.NEW: "new", model.OPEN: "unchanged", model.ACCEPTED: "unchanged", model.FIXED: "absent"}
# SARIF 2.1.0, 3.27.10 level.
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def csv_text(document):
    """A row a finding, the gravest first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in _row(finding)] for finding in document["findings"])
    return text.getvalue()


def _row(finding):
    accepted = finding["accepted"] or finding["expired"] or {"by": "", "reason": "", "until": ""}
    return (
        finding["id"], finding["status"], finding["severity"], f"{finding['cvss']:.1f}", finding["site"],
        finding["region"], finding["host"], finding["address"], finding["port"], finding["owner"], finding["name"],
        finding["oid"], " ".join(finding["cves"]), finding["solution"], finding["first_seen"], finding["last_seen"],
        "yes" if finding["confirmed"] else "no", accepted["by"], accepted["reason"], accepted["until"],
        "yes" if finding["expired"] else "no",
    )  # fmt: skip


def _cell(text):
    return f"'{text}" if text.startswith(FORMULA) else text


def sarif_text(document):
    """All findings as a log of one run; fixed ones are absent, accepted ones are suppressed."""
    rules = {}
    for finding in document["findings"]:
        rules.setdefault(finding["oid"], finding)
    places = {oid: index for index, oid in enumerate(rules)}
    head = {
        "tool": {
            "driver": {
                "name": "Greenbone",
                "informationUri": "https://www.greenbone.net/",
                "rules": [_rule(finding) for finding in rules.values()],
            }
        },
        "automationDetails": {"id": f"infn.datacloud.scan_findings/{document['federation']}/"},
        "columnKind": "unicodeCodePoints",
        "properties": {"time": document["time"]},
    }
    results = (json.dumps(_result(finding, places), ensure_ascii=False) for finding in document["findings"])
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
    run = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "results": [\n' + ",\n".join(results) + "\n]}"
    return f'{{"$schema": "{schema}", "version": "2.1.0", "runs": [\n{run}\n]}}\n'


def _rule(finding):
    rule = {
        "id": finding["oid"],
        "shortDescription": {"text": finding["name"] or finding["oid"]},
        "defaultConfiguration": {"level": LEVELS[finding["severity"]]},
        # The score by which code scanning services sort.
        "properties": {"security-severity": f"{finding['cvss']:.1f}", "tags": ["security", *finding["cves"]]},
    }
    if finding["summary"]:
        rule["fullDescription"] = {"text": finding["summary"]}
    if finding["solution"]:
        rule["help"] = {"text": finding["solution"]}
    return rule


def _result(finding, places):
    """A finding; host and port stand in for a file, because tools want a place to show."""
    place = f"{finding['host']}/{finding['port']}"
    result = {
        "ruleId": finding["oid"],
        "ruleIndex": places[finding["oid"]],
        "kind": "fail",
        "level": LEVELS[finding["severity"]],
        "message": {"text": f"{finding['name'] or finding['oid']} on {finding['host']}, port {finding['port']}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": quote(place)}},
                "logicalLocations": [{"name": finding["host"], "fullyQualifiedName": place, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"finding/v1": finding["id"]},
        "baselineState": BASELINE[finding["status"]],
        "rank": round(finding["cvss"] * 10, 1),
        "provenance": {
            "firstDetectionTimeUtc": finding["first_seen"],
            "lastDetectionTimeUtc": finding["last_seen"],
        },
        "properties": {
            key: finding[key] for key in ("status", "site", "region", "owner", "address", "qod", "confirmed")
        },
    }
    if finding["accepted"]:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": model.waiver(finding["accepted"])}
        ]
    return result
