# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the files of an acceptance where they are not what they should be."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance import page, verdict
from ansible_collections.infn.datacloud.plugins.module_utils.pages import files


def make(params, check_mode):
    """What the module returns (dict); writes the files unless in check mode. Raises InputError and OSError."""
    folder = Path(params["folder"])
    paths = {"json": folder / "acceptance.json", "html": folder / "acceptance.html"}
    before = {name: files.text(path) for name, path in paths.items()}
    nodes = {node["name"]: {"pool": node["pool"]} for node in params["nodes"]}
    strangers = sorted({item["node"] for item in params["measurements"]} - set(nodes))
    if strangers:
        raise verdict.InputError(f"{', '.join(strangers)} is measured but no node of bubble {params['bubble']}")
    earlier = _document(before["json"], paths["json"])
    checks = earlier.get("bubble_checks", []) if params["checks"] is None else params["checks"]
    about = {name: params[name] for name in ("bubble", "site", "federation")}
    measurements = verdict.merge(earlier, nodes, params["measurements"])
    document = verdict.evaluate(about, nodes, measurements, checks, params["thresholds"])
    document["bubble_checks"] = checks
    texts = {
        "json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "html": page.render(document),
    }
    changed = texts != before
    if changed and not check_mode:
        for name, path in paths.items():
            files.write(path, texts[name])
    failures = verdict.failures(document)
    return {
        **{name: str(path) for name, path in paths.items()},
        "changed": changed,
        "accepted": document["accepted"],
        "failures": {name: lines for name, lines in failures.items() if name},
        "bubble_failures": failures.get("", []),
        "summary": [
            f"Bubble {params['bubble']} is {'accepted' if document['accepted'] else 'NOT accepted'}",
            *(f"{name or params['bubble']}: {line}" for name, lines in failures.items() for line in lines),
        ],
        "diff": {
            "before_header": str(paths["json"]), "after_header": str(paths["json"]),
            "before": _lines(earlier), "after": _lines(document),
        },
    }  # fmt: skip


def _document(text, path):
    """The earlier document; {} where there is none or it is of another format."""
    if not text:
        return {}
    try:
        found = json.loads(text)
        return found if found["format"] == verdict.FORMAT else {}
    except (ValueError, KeyError, TypeError) as error:
        raise verdict.InputError(f"{path} is not what this module writes ({error}): move it away") from error


def _lines(document):
    """What of a document tells a person whether something has changed: a line a check."""
    if not document:
        return ""
    listed = {"bubble": document["checks"], **{name: node["checks"] for name, node in document["nodes"].items()}}
    return "".join(
        f"{name}: {check['title']}: {check['status']}: {check['observed']}\n"
        for name, checks in listed.items()
        for check in checks
    )
