# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of findings: read, made anew, and written where they are not what they should be."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils.findings import compare, export, model, page, reports
from ansible_collections.infn.datacloud.plugins.module_utils.findings.waivers import Waivers
from ansible_collections.infn.datacloud.plugins.module_utils.pages import files

# Of a long list the result tells the first; all of it is in the files.
MOST = 50


def make(params, check_mode):
    """What module scan_findings returns (dict), with `warnings`; writes the files unless in check mode.

    Raises InputError where what was given or a file that is there cannot be used (then nothing is written), and
    OSError.
    """
    folder = Path(params["folder"])
    paths = {
        "csv": folder / "findings.csv",
        "sarif": folder / "findings.sarif",
        "html": folder / "findings.html",
        "history": folder / "history.json",
        # The last one: a run that is killed before it leaves what the next run is compared with as it was.
        "json": folder / "findings.json",
    }
    texts_before = {name: files.text(path) for name, path in paths.items()}
    before = document(paths["json"], params["federation"])
    runs = history(paths["history"], params["federation"])
    scope = model.scope(params["targets"], params["profiles"])
    waivers = Waivers(params["accepted"], params["today"])
    scans = reports.read(params["reports"], scope, params["min_qod"])
    after, left, warnings = compare.compare(before, params["federation"], scope, scans, waivers)
    runs = remember(runs, after)
    texts = {
        "csv": export.csv_text(after),
        "sarif": export.sarif_text(after),
        "html": page.render(after, runs),
        "history": _listing({"format": model.FORMAT, "federation": params["federation"]}, runs=runs),
        "json": dump(after),
    }
    changed = texts != texts_before
    if changed and not check_mode:
        for name, path in paths.items():
            if texts[name] != texts_before[name]:
                files.write(path, texts[name])
    return {
        **{name: str(path) for name, path in paths.items()},
        "changed": changed,
        **_told(after, left),
        "diff": _diff(before, after, paths["json"]),
        "warnings": warnings,
    }


def dump(found):
    """A document as JSON with a line for each host and each finding: it can be compared by lines, and is quick to
    write."""
    head = {key: value for key, value in found.items() if key not in ("hosts", "findings")}
    return _listing(head, hosts=found["hosts"], findings=found["findings"])


def _listing(head, **lists):
    parts = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    for key, items in lists.items():
        if isinstance(items, dict):
            lines = (f"{json.dumps(name)}: {json.dumps(item, ensure_ascii=False)}" for name, item in items.items())
            opened, closed = "{}"
        else:
            lines = (json.dumps(item, ensure_ascii=False) for item in items)
            opened, closed = "[]"
        parts.append(f'"{key}": {opened}\n' + ",\n".join(lines) + f"\n{closed}")
    return "{" + ",\n".join(parts) + "}\n"


def document(path, federation=None):
    """The document in findings.json; {} where there is no file. Raises InputError where it is damaged or another's."""
    found = _load(path, federation, {"time": str, "targets": dict, "hosts": dict, "findings": list})
    for number, finding in enumerate(found.get("findings", []), start=1):
        if not isinstance(finding, dict) or not finding.keys() >= compare.KEYS:
            raise _damaged(path, f"finding {number} is not whole")
    for name, host in found.get("hosts", {}).items():
        if not isinstance(host, dict) or not host.keys() >= {"site", "target", "known", "last_scan", "problem"}:
            raise _damaged(path, f"host {name} is not whole")
    return found


def history(path, federation):
    """The runs (list) in history.json; [] where there is no file. Raises InputError as document() does."""
    runs = _load(path, federation, {"runs": list}).get("runs", [])
    if not all(isinstance(run, dict) and {"time", "scans", *model.SEVERITIES} <= run.keys() for run in runs):
        raise _damaged(path, "a run is not whole")
    return runs


def _load(path, federation, keys):
    text = files.text(path)
    if not text:
        if path.exists():
            raise _damaged(path, "it is empty")
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise _damaged(path, error) from error
    if not isinstance(found, dict) or found.get("format") != model.FORMAT:
        raise _damaged(path, f"it is not of format {model.FORMAT}")
    if federation is not None and found.get("federation") != federation:
        raise model.InputError(
            f"{path} is of federation {found.get('federation')}, not {federation}: give another folder"
        )
    for key, kind in keys.items():
        if not isinstance(found.get(key), kind):
            raise _damaged(path, f"it has no {key}")
    return found


def _damaged(path, why):
    return model.InputError(
        f"{path} is damaged ({why}). It holds what was known of findings, so it was left as it is and nothing was "
        "written: put back a good copy, or move it away to begin anew"
    )


def remember(runs, found):
    """The runs with this one: in place of the last where it tells of the same scans."""
    if not found["time"]:
        return runs
    newest = "\n".join(f"{name}\t{target['report']}" for name, target in sorted(found["targets"].items()))
    run = {
        "time": found["time"],
        "scans": hashlib.sha256(newest.encode()).hexdigest()[:16],
        **dict.fromkeys(model.SEVERITIES, 0),
        **dict.fromkeys((model.NEW, model.ACCEPTED, model.FIXED), 0),
        "not_scanned": sum(bool(host["problem"]) for host in found["hosts"].values()),
    }
    for finding in found["findings"]:
        if finding["status"] in (model.NEW, model.OPEN):
            run[finding["severity"]] += 1
        if finding["status"] != model.OPEN:
            run[finding["status"]] += 1
    earlier = runs[:-1] if runs and runs[-1]["scans"] == run["scans"] else runs
    return [*earlier, run]


def _told(after, left):
    """What a result says of a document."""
    findings = after["findings"]
    counts = dict.fromkeys((*model.STATES, *model.SEVERITIES), 0)
    for finding in findings:
        counts[finding["status"]] += 1
        if finding["status"] in (model.NEW, model.OPEN):
            counts[finding["severity"]] += 1
    listed = {
        "new": [model.line(finding) for finding in findings if finding["status"] == model.NEW],
        "fixed": [model.line(finding) for finding in findings if finding["status"] == model.FIXED],
        "expired": [
            f"{model.line(finding)} was {model.waiver(finding['expired'])}; this is over"
            for finding in findings
            if finding["expired"]
        ],
        "left": [model.line(finding) for finding in left],
    }
    missed = [
        f"{name}: {host['problem']}; last scanned {host['last_scan'][:10] or 'never'}"
        for name, host in after["hosts"].items()
        if host["problem"]
    ]
    summary = [
        f"{counts['new'] + counts['open']} open findings ("
        + ", ".join(f"{counts[word]} {word}" for word in model.SEVERITIES)
        + f"), {counts['new']} of them new; {counts['fixed']} fixed, {counts['accepted']} accepted",
        *_some("new", listed["new"]),
        *_some("fixed", listed["fixed"]),
        *_some("acceptance is over", listed["expired"]),
        *_some("its host left the federation", listed["left"]),
        *_some("not scanned", missed),
        *_some("acceptance of nothing", after["unused"]),
    ]
    return {
        "counts": counts,
        **{name: _first(lines) for name, lines in listed.items()},
        "not_scanned": missed,
        "unused": after["unused"],
        "summary": summary,
    }


def _first(lines):
    more = len(lines) - MOST
    return [*lines[:MOST], f"and {more} more"] if more > 0 else lines


def _some(word, lines):
    return [f"{word}: {text}" for text in _first(lines)]


def _diff(before, after, path):
    """The findings that changed, a line each."""
    old = {finding["id"]: _state(finding) for finding in before.get("findings", [])}
    new = {finding["id"]: _state(finding) for finding in after["findings"]}
    changed = sorted(key for key in {**old, **new} if old.get(key) != new.get(key))
    return {
        "before_header": str(path),
        "after_header": str(path),
        "before": "".join(f"{old[key]}\n" for key in changed if key in old),
        "after": "".join(f"{new[key]}\n" for key in changed if key in new),
    }


def _state(finding):
    accepted = f", {model.waiver(finding['accepted'])}" if finding["accepted"] else ""
    over = f", was {model.waiver(finding['expired'])}" if finding["expired"] else ""
    unsure = "" if finding["confirmed"] else ", not looked at"
    return f"{finding['id']}: {finding['status']} {finding['severity']} {finding['cvss']:.1f}{accepted}{over}{unsure}"
