# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV and SARIF: what programs read has to be what they expect."""

from __future__ import annotations

import csv
import io
import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.findings import export
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab

# SARIF 2.1.0 (OASIS standard, section 3 and its JSON schema): of each kind of object that is written, the properties
# that it must have, and those of the rest that it may have and are used here.
OBJECTS = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"results", "automationDetails", "columnKind", "properties"}),
    "tool": ({"driver"}, set()),
    "driver": ({"name"}, {"informationUri", "rules"}),
    "rule": ({"id"}, {"shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"}),
    "result": (
        {"message"},
        {
            "ruleId", "ruleIndex", "kind", "level", "locations", "partialFingerprints", "baselineState", "rank",
            "provenance", "properties", "suppressions",
        },
    ),
    "location": (set(), {"physicalLocation", "logicalLocations"}),
    "suppression": ({"kind"}, {"status", "justification"}),
    "text": ({"text"}, set()),
}  # fmt: skip
LEVELS = {"none", "note", "warning", "error"}


@pytest.fixture
def document():
    """A finding of each status."""
    life = lab.Life()
    accepted = [lab.waiver(oid=lab.OID + "3")]
    life.run(lab.report(results=[lab.result(number=number) for number in (1, 2, 3)]), accepted=accepted)
    results = [lab.result(), lab.result(number=3), lab.result("cnaf-scanner-01", 4, 3.1, name="=cmd()", solution="")]
    return life.run(lab.report(day=2, results=results), accepted=accepted)


def shaped(kind, found):
    """See that an object has what it must and nothing that it may not."""
    needed, allowed = OBJECTS[kind]
    assert needed <= found.keys() <= needed | allowed, (kind, found)
    return found


def check(log):
    """See that a log is SARIF 2.1.0; gives its results."""
    assert shaped("log", log)["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = shaped("driver", shaped("tool", shaped("run", run)["tool"])["driver"])
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        shaped("rule", rule)
        for key in ("shortDescription", "fullDescription", "help"):
            assert key not in rule or shaped("text", rule[key])["text"]
        assert (
            rule["defaultConfiguration"]["level"] in LEVELS and 0 < float(rule["properties"]["security-severity"]) <= 10
        )
        assert len(set(rule["properties"]["tags"])) == len(rule["properties"]["tags"])
    for result in run["results"]:
        shaped("result", result)
        shaped("text", result["message"])
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["kind"] == "fail" and result["level"] in LEVELS
        assert result["baselineState"] in {"new", "unchanged", "updated", "absent"} and 0 <= result["rank"] <= 100
        for location in result["locations"]:
            shaped("location", location)
            assert " " not in location["physicalLocation"]["artifactLocation"]["uri"]
        for suppression in result.get("suppressions", []):
            shaped("suppression", suppression)
            assert suppression["kind"] in {"inSource", "external"}
            assert suppression["status"] in {"accepted", "underReview", "rejected"}
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
        assert set(result["provenance"]) <= {"firstDetectionTimeUtc", "lastDetectionTimeUtc"}
        assert all(time.endswith("Z") for time in result["provenance"].values())
    return run["results"]


def test_sarif(document):
    results = check(json.loads(export.sarif_text(document)))
    states = {result["ruleId"][-1]: (result["baselineState"], "suppressions" in result) for result in results}
    assert states == {"1": ("unchanged", False), "2": ("absent", False), "3": ("unchanged", True), "4": ("new", False)}
    assert results[0]["partialFingerprints"] == {"finding/v1": document["findings"][0]["id"]}
    assert next(r for r in results if r["ruleId"][-1] == "4")["level"] == "note"


def test_nothing_found_is_sarif_too():
    assert check(json.loads(export.sarif_text(lab.Life().run()))) == []
    assert export.csv_text(lab.Life().run()).count("\n") == 1


def test_csv(document):
    rows = list(csv.DictReader(io.StringIO(export.csv_text(document))))
    assert [row["status"] for row in rows] == ["open", "fixed", "accepted", "new"]
    assert (rows[2]["accepted_by"], rows[2]["accepted_until"], rows[2]["acceptance_over"]) == (
        "Ada",
        "2026-03-01",
        "no",
    )
    assert rows[0]["owner"] == "Ada <ada@cnaf.test>" and rows[0]["cves"] == "CVE-2026-0001"


def test_a_spreadsheet_computes_nothing(document):
    assert [row["name"] for row in csv.DictReader(io.StringIO(export.csv_text(document)))][-1] == "'=cmd()"
