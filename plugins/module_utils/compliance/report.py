# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the files of a report where they are not what they should be."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils.compliance import assessment as model
from ansible_collections.infn.datacloud.plugins.module_utils.compliance import inputs, oscal, page
from ansible_collections.infn.datacloud.plugins.module_utils.pages import files


def make(params, check_mode):
    """What the module returns (dict), with `warnings`; writes the files unless in check mode.

    Raises InputError for evidence, probes and waivers that cannot be used, and OSError.
    """
    folder = Path(params["folder"])
    paths = {
        "oscal": Path(params["oscal"] or folder / "assessment-results.json"),
        "html": Path(params["html"] or folder / "report.html"),
    }
    hosts, missing = inputs.hosts(folder, params["hosts"])
    if not hosts and check_mode:
        return _nothing_yet(params, paths)
    assessment = model.assess(
        params["region"], params["federation"], params["sites"], params["hosts"], hosts, missing, params["probes"],
        params["waivers"],
    )  # fmt: skip
    texts = {
        "oscal": json.dumps(oscal.document(assessment), indent=2, ensure_ascii=False) + "\n",
        "html": page.render(assessment),
    }
    before = {name: files.text(path) for name, path in paths.items()}
    changed = before != texts and not _still_good(before, assessment, params["renew_after"])
    if changed and not check_mode:
        for name, path in paths.items():
            files.write(path, texts[name])
    lines = [_point(check) for check in assessment.open_points()]
    return {
        **{name: str(path) for name, path in paths.items()},
        "changed": changed,
        "date": inputs.utc(assessment.end),
        "states": assessment.states(),
        "open_points": lines,
        "missing": missing,
        "diff": {
            "before_header": str(paths["oscal"]), "after_header": str(paths["oscal"]),
            "before": _summary(before["oscal"]) if changed else "",
            "after": _summary(texts["oscal"]) if changed else "",
        },
        "warnings": [f"{name} has no evidence in {folder}" for name in missing],
    }  # fmt: skip


def _nothing_yet(params, paths):
    """The result of check mode before any evidence was collected: the files will be made."""
    return {
        **{name: str(path) for name, path in paths.items()},
        "changed": not all(path.exists() for path in paths.values()),
        "date": "",
        "states": {},
        "open_points": [],
        "missing": sorted(set(params["hosts"])),
        "diff": {"before": "", "after": ""},
        "warnings": [f"{params['folder']} has no evidence yet, so that nobody can say what the report would be"],
    }


def _still_good(before, assessment, renew_after):
    """Whether the files that are there are of the same assessment, and young enough."""
    if not before["html"] or page.mark(assessment) not in before["html"]:
        return False
    try:
        found = json.loads(before["oscal"])
    except ValueError:
        return False
    digest, date = oscal.digest_of(found)
    if digest != assessment.digest():
        return False
    age = (assessment.end - inputs.parse_time(date)).total_seconds()
    return 0 <= age < renew_after


def _point(check):
    """A check that failed, in a line."""
    hosts = ", ".join(outcome.host for outcome in check.outcomes if outcome.status == model.FAIL)
    return f"{oscal.SOURCES[check.source]} {check.id}: {check.title} ({hosts})"


def _summary(text):
    """What of a document tells a person whether something has changed: a line a finding and a subject."""
    try:
        (result,) = json.loads(text)["assessment-results"]["results"]
    except (ValueError, KeyError, TypeError):
        return ""
    lines = [f"{item['title']}: {item['target']['status']['state']}" for item in result.get("findings", [])]
    for observation in result.get("observations", []):
        name = next(item["value"] for item in observation["props"] if item["name"] == "check-id")
        for subject in observation["subjects"]:
            status = next(item["value"] for item in subject["props"] if item["name"] == "status")
            lines.append(f"{name}: {subject['title']}: {status}")
    return "\n".join(lines) + "\n"
