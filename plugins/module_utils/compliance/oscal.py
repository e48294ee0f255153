# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An assessment as OSCAL 1.2.1 assessment-results (https://pages.nist.gov/OSCAL, JSON).

An observation is a check on all its hosts, a finding is a control, a risk is what somebody accepted. UUIDs are made of
names (RFC 9562, version 5), so that the same assessment is the same document, and a host or a check keeps its UUID.
"""

from __future__ import annotations

import hashlib
import json
import uuid

from ansible_collections.infn.datacloud.plugins.module_utils.compliance import assessment as model
from ansible_collections.infn.datacloud.plugins.module_utils.compliance.inputs import utc
from ansible_collections.infn.datacloud.plugins.module_utils.compliance.standards import STANDARDS
from ansible_collections.infn.datacloud.plugins.module_utils.pages.words import number, plain

VERSION = "1.2.1"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/infn-datacloud/infn.datacloud/compliance")
# Where the names of our own properties are defined.
PROPERTIES = "https://github.com/infn-datacloud/infn.datacloud/compliance"
DIGEST = "assessment-digest"
METHODS = {model.CONTROLS: "EXAMINE", model.PROBE: "TEST", model.SCANNER: "EXAMINE"}
SOURCES = {
    model.CONTROLS: "infn.datacloud.controls",
    model.PROBE: "live probe",
    model.SCANNER: "OpenSCAP",
}


def document(assessment):
    """The document (dict)."""
    writer = _Writer(assessment)
    found = writer.document()
    # The UUID of a document is that of its content.
    text = json.dumps(found, sort_keys=True)
    found["assessment-results"]["uuid"] = str(uuid.uuid5(NAMESPACE, hashlib.sha256(text.encode()).hexdigest()))
    return found


def digest_of(found):
    """What assessment a document (dict) is of, and when it was made: (digest, text of the time); two "" if unknown."""
    try:
        metadata = found["assessment-results"]["metadata"]
        (digest,) = (item["value"] for item in metadata["props"] if item["name"] == DIGEST)
        return digest, metadata["last-modified"]
    except (KeyError, TypeError, ValueError):
        return "", ""


class _Writer:
    """Writes one assessment."""

    def __init__(self, assessment):
        self.assessment = assessment
        self.risks = self._risks()

    def uuid(self, *names):
        """The UUID of something of this region."""
        return str(uuid.uuid5(NAMESPACE, json.dumps([self.assessment.federation, self.assessment.region, *names])))

    def document(self):
        """All of it; its own UUID is put in by the caller."""
        found = self.assessment
        states = found.states()
        organisation = self.uuid("organisation")
        assessed = sum(states.values()) - states[model.OUTSIDE] - states[model.GAP]
        result = {
            "uuid": self.uuid("result", utc(found.end)),
            "title": f"Region {found.region}",
            "description": (
                f"{number(len(found.checks), 'check')} on {number(len(found.hosts), 'host')}: "
                f"{number(assessed, 'control')} assessed, {states[model.OPEN] + states[model.SCANNER_OPEN]} with open "
                "points."
            ),
            "start": utc(found.start),
            "end": utc(found.end),
            "local-definitions": {"inventory-items": [self._host(name) for name in found.hosts]},
            "reviewed-controls": self._reviewed(),
            "observations": [self._observation(check) for check in found.checks],
            "findings": [
                self._finding(finding)
                for finding in found.findings
                if finding.state not in (model.OUTSIDE, model.GAP)
            ],
        }  # fmt: skip
        if found.missing:
            result["remarks"] = f"No evidence of {', '.join(found.missing)}."
        if self.risks:
            result["risks"] = list(self.risks.values())
        for name in ("observations", "findings"):
            if not result[name]:
                del result[name]
        back_matter = [self._plan(), *(self._resource(name) for name in self._scanned())]
        return {
            "assessment-results": {
                "uuid": "",
                "metadata": {
                    "title": f"Compliance of region {found.region} of {found.federation}",
                    "last-modified": utc(found.end),
                    "version": utc(found.end),
                    "oscal-version": VERSION,
                    "props": [_prop(DIGEST, found.digest())],
                    "roles": [{"id": "provider", "title": "Provider of the region"}],
                    "parties": [{"uuid": organisation, "type": "organization", "name": found.federation}],
                    "responsible-parties": [{"role-id": "provider", "party-uuids": [organisation]}],
                },
                "import-ap": {"href": f"#{self.uuid('plan')}"},
                "results": [result],
                "back-matter": {"resources": back_matter},
            }
        }

    def _scanned(self):
        """The hosts that have a scan."""
        return [name for name, evidence in self.assessment.hosts.items() if evidence.get("openscap")]

    def _plan(self):
        """What was to be assessed, which OSCAL demands a reference to."""
        return {
            "uuid": self.uuid("plan"),
            "title": "What is assessed",
            "description": "The controls of infn.datacloud.hardening's catalog, the rules of scap-security-guide's "
            "profile, and the live probes of the region's services.",
            "rlinks": [{"href": PROPERTIES}],
        }

    def _host(self, name):
        """A host of the region."""
        evidence = self.assessment.hosts[name]
        system = {key: value for key, value in evidence["system"].items() if value}
        props = [_prop(key, value) for key, value in sorted(system.items())]
        return {
            "uuid": self.uuid("host", name),
            "description": f"Host {name}",
            "props": [{"name": "asset-id", "value": name}, *props, _prop("collected", evidence["collected"])],
        }

    def _resource(self, name):
        """The file of a host's scan, by its hash."""
        arf = self.assessment.hosts[name]["openscap"]["arf"]
        return {
            "uuid": self.uuid("arf", name),
            "title": f"OpenSCAP scan of {name} (ARF, gzip)",
            "rlinks": [
                {
                    "href": f"{name}/{arf['file']}",
                    "media-type": "application/gzip",
                    "hashes": [{"algorithm": "SHA-256", "value": arf["sha256"]}],
                }
            ],
        }

    def _reviewed(self):
        """Which controls were assessed, and which were not and why."""
        selections = []
        for standard in STANDARDS:
            chosen = {}
            for finding in self.assessment.findings:
                if finding.standard is standard:
                    chosen.setdefault(_reviewed_as(finding), []).append({"control-id": _control(finding)})
            for text, controls in chosen.items():
                selections.append({"description": f"{standard.name}: {text}", _CHOSEN: controls})
        # A selection says what was assessed; what was not is told in remarks.
        assessed = [item for item in selections if item["description"].endswith(_ASSESSED)]
        left = [item for item in selections if item not in assessed]
        if not assessed:
            assessed = [{"include-all": {}, "exclude-controls": [one for item in left for one in item[_CHOSEN]]}]
            return {"control-selections": assessed, "remarks": "Nothing was assessed."}
        remarks = "\n\n".join(
            f"{item['description']}: {', '.join(control['control-id'] for control in item[_CHOSEN])}" for item in left
        )
        return {"control-selections": assessed, "remarks": remarks}

    def _observation(self, check):
        """A check and what it found on every host."""
        times = [outcome.time for outcome in check.outcomes]
        counts = ((status, check.count(status)) for status in model.STATUSES)
        found = {
            "uuid": self.uuid("check", check.source, check.id),
            "title": _line(check.title),
            "description": "; ".join(f"{status}: {count}" for status, count in counts if count),
            "props": [_prop("source", SOURCES[check.source]), _prop("check-id", check.id)],
            "methods": [METHODS[check.source]],
            "types": ["control-objective"],
            "subjects": [self._subject(outcome) for outcome in check.outcomes],
            "collected": utc(max(times)),
        }
        if check.source == model.SCANNER:
            found["relevant-evidence"] = [
                {"href": f"#{self.uuid('arf', outcome.host)}", "description": f"The scan of {outcome.host}"}
                for outcome in check.outcomes
            ]
        return found

    def _subject(self, outcome):
        """What was found on one host; one that is not of the region is a component outside of it."""
        known = outcome.host in self.assessment.hosts
        props = [_prop("status", outcome.status.replace("_", "-"))]
        for name in ("observed", "wanted"):
            text = plain(getattr(outcome, name))
            if text:
                props.append(_prop(name, text))
        found = {
            "subject-uuid": self.uuid("host", outcome.host),
            "type": "inventory-item" if known else "resource",
            "title": outcome.host,
            "props": props,
        }
        if outcome.reason:
            found["remarks"] = plain(outcome.reason)
        return found

    def _risks(self):
        """{(owner, reason, expires, check): risk}: a risk is one waiver of one check, on all its hosts."""
        risks = {}
        for check, outcome in self.assessment.waivers():
            waiver = {name: plain(outcome.waiver.get(name)) for name in ("owner", "reason", "expires")}
            accepted = outcome.status == model.WAIVED
            key = (check.source, check.id, *waiver.values(), accepted)
            risk = risks.setdefault(
                key,
                {
                    "uuid": self.uuid("waiver", *key),
                    "title": f"Waived: {_line(check.title)}",
                    "description": f"{SOURCES[check.source]} {check.id}",
                    "statement": waiver["reason"],
                    "props": [_prop("owner", waiver["owner"])],
                    "status": "deviation-approved" if accepted else "open",
                    "deadline": f"{waiver['expires']}T00:00:00Z",
                    "related-observations": [{"observation-uuid": self.uuid("check", check.source, check.id)}],
                },
            )
            risk["props"].append(_prop("host", outcome.host))
        return risks

    def _finding(self, finding):
        """A control. What was waived is a deviation, so that the control is not satisfied, for another reason than
        failure."""
        state, reason = {
            model.SATISFIED: ("satisfied", "pass"),
            model.WAIVERS: ("not-satisfied", "other"),
        }.get(finding.state, ("not-satisfied", "fail"))
        counts = {status: sum(check.count(status) for check in finding.checks) for status in model.STATUSES}
        text = ", ".join(f"{status.replace('_', ' ')} {count}" for status, count in counts.items() if count)
        mine = {(check.source, check.id) for check in finding.checks}
        found = {
            "uuid": self.uuid("finding", _control(finding)),
            "title": f"{finding.standard.name} {finding.control.id}: {finding.control.title}",
            "description": f"{number(len(finding.checks), 'check')}; results on hosts: {text}.",
            "target": {
                "type": "objective-id",
                "target-id": _control(finding),
                "status": {"state": state, "reason": reason},
            },
            "related-observations": [
                {"observation-uuid": self.uuid("check", check.source, check.id)} for check in finding.checks
            ],
        }
        remarks = []
        if finding.control.kind != "technical":
            remarks.append("Only the technical part of this control is assessed.")
        if finding.missing:
            remarks.append(f"No live probe shows that {finding.missing}.")
        if remarks:
            found["remarks"] = " ".join(remarks)
        risks = [{"risk-uuid": risk["uuid"]} for key, risk in self.risks.items() if key[:2] in mine]
        if risks:
            found["related-risks"] = risks
        return found


_ASSESSED = "assessed on the hosts"
_CHOSEN = "include-controls"


def _reviewed_as(finding):
    """In which group of reviewed controls a finding stands."""
    if finding.state == model.OUTSIDE:
        return "not assessed, because documents, people or premises answer for them"
    return "not assessed, because no check speaks to them" if finding.state == model.GAP else _ASSESSED


def _control(finding):
    """The identifier of a control among those of all standards, such as iso27001_A.8.5."""
    return f"{finding.standard.prefix}_{finding.control.id}"


def _prop(name, value):
    """A property of ours."""
    return {"name": name, "ns": PROPERTIES, "value": _line(value)}


def _line(value):
    """A text in one line that is not empty, as titles and values of properties must be."""
    return plain(value) or "-"
