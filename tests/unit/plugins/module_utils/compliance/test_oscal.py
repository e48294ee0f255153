# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OSCAL document, as compliance-trestle reads it."""

from __future__ import annotations

import json
import subprocess
from argparse import Namespace

from trestle.common import const
from trestle.core.validator_factory import validator_factory
from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import Model

from ansible_collections.infn.datacloud.plugins.module_utils.compliance import oscal
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.compliance.region import HOSTS, probe


def document(assessment):
    """The document (dict), after trestle has found nothing wrong with it."""
    found = oscal.document(assessment)
    validate(found)
    return found["assessment-results"]


def validate(found):
    """Raise where the document is not what OSCAL says."""
    model = Model.model_validate(json.loads(json.dumps(found))).assessment_results
    assert found["assessment-results"]["metadata"]["oscal-version"] == OSCAL_VERSION
    for mode in (const.VAL_MODE_DUPLICATES, const.VAL_MODE_REFS):
        assert validator_factory.get(Namespace(mode=mode)).model_is_valid(model, True), mode


def result(found):
    """Its one result."""
    (only,) = found["results"]
    return only


def test_valid_with_everything(assess):
    probes = [probe("tenants", "fail", "ba-vpn-01", iso27017=["CLD.9.5.1"], iso27018=["A.99.9"])]
    waivers = [{"control": "two", "owner": "Ada", "reason": "Later", "expires": "2026-03-01", "hosts": ["*-01"]}]
    found = document(assess([*HOSTS, "ba-user-03"], probes=probes, waivers=waivers))
    assert result(found)["remarks"] == "No evidence of ba-user-03."
    assert len(result(found)["risks"]) == 2


def test_valid_for_the_command(assess, tmp_path):
    """As whoever gets the document checks it."""
    (tmp_path / ".trestle").mkdir()
    path = tmp_path / "assessment-results" / "epic" / "assessment-results.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(oscal.document(assess())))
    command = ["trestle", "validate", "--file", path]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_valid_with_next_to_nothing(assess, folder):
    text = json.dumps({"format": 1, "host": HOSTS[0], "collected": "2026-01-31T12:00:00Z", "system": {}, "probes": [],
                       "controls": None, "openscap": None})  # fmt: skip
    (folder / HOSTS[0] / "evidence.json").write_text(text)
    found = document(assess(HOSTS[:1]))
    assert "observations" not in result(found) and "findings" not in result(found)


def test_findings_follow_the_states(assess):
    found = result(document(assess()))
    status = {item["target"]["target-id"]: item["target"]["status"] for item in found["findings"]}
    assert status["iso27001_A.8.5"] == {"state": "satisfied", "reason": "pass"}
    assert status["iso27001_A.8.15"] == {"state": "not-satisfied", "reason": "fail"}
    assert status["iso27001_A.8.3"] == {"state": "not-satisfied", "reason": "other"}
    assert "iso27001_A.6.1" not in status and "iso27001_A.8.7" not in status
    reviewed = [item["control-id"] for part in found["reviewed-controls"]["control-selections"]
                for item in part["include-controls"]]  # fmt: skip
    assert sorted(reviewed) == sorted(status)
    assert "iso27001_A.6.1" in found["reviewed-controls"]["remarks"]


def test_an_observation_is_a_check_on_all_hosts(assess):
    found = result(document(assess()))
    (audit,) = [item for item in found["observations"] if item["title"] == "Changes of the clock are recorded"]
    first, second = audit["subjects"]
    assert (first["title"], second["title"]) == tuple(HOSTS)
    assert {item["name"]: item["value"] for item in first["props"]} == {
        "status": "fail", "observed": "rules: <none> & nothing", "wanted": "rules: -w /etc/localtime",
    }  # fmt: skip
    assert first["remarks"] == "the audit daemon does not run" and audit["description"] == "fail: 1; pass: 1"


def test_the_scans_are_there_by_their_hash(assess):
    found = document(assess())
    scans = [item for item in found["back-matter"]["resources"] if "ARF" in item["title"]]
    assert [item["rlinks"][0]["href"] for item in scans] == [f"{host}/arf-0123456789abcdef.xml.gz" for host in HOSTS]
    assert scans[0]["rlinks"][0]["hashes"] == [{"algorithm": "SHA-256", "value": "a" * 64}]


def test_the_same_evidence_gives_the_same_document(assess):
    assert oscal.document(assess()) == oscal.document(assess())
    other = oscal.document(assess(probes=[probe("more")]))
    assert other["assessment-results"]["uuid"] != oscal.document(assess())["assessment-results"]["uuid"]
    names = [{item["title"]: item["uuid"] for item in result(found["assessment-results"])["observations"]}
             for found in (other, oscal.document(assess()))]  # fmt: skip
    assert names[0].items() > names[1].items(), "what was there keeps its UUID"
