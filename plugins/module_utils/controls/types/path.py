# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode and owner of files and folders."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Attributes
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import (
    COMPLIANT,
    DIFFERENT,
    Evaluation,
    not_applicable,
)

NAME = "path"
TEXT = {"type": "string", "minLength": 1}
MODE = {"type": "string", "pattern": "^[0-7]{4}$"}
DATA = {
    "type": "object",
    "properties": {
        "paths": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "path": {"type": "string", "pattern": "^/"},
                    "mode": MODE,
                    "owner": TEXT,
                    "group": TEXT,
                    "at_most": {"type": "boolean"},
                    "kind": {"enum": ["file", "directory"]},
                    "glob": {"type": "boolean"},
                },
                "required": ["path"],
                "anyOf": [{"required": ["mode"]}, {"required": ["owner"]}, {"required": ["group"]}],
                "additionalProperties": False,
            },
        }
    },
    "required": ["paths"],
    "additionalProperties": False,
}


def evaluate(control, host):
    """Compare what exists; a path that does not exist has no wrong mode. Links are left out: they have none either."""
    observed, wanted, changes = {}, {}, []
    different = False
    for entry in control["data"]["paths"]:
        for path in host.glob(entry["path"]) if entry.get("glob") else [entry["path"]]:
            found = host.stat(path)
            if found is None or found.kind != entry.get("kind", found.kind) or found.kind == "link":
                continue
            mode = int(entry["mode"], 8) if "mode" in entry else None
            change = Attributes(path, mode, entry.get("owner"), entry.get("group"), entry.get("at_most", False))
            changes.append(change)
            observed[path] = f"{found.owner}:{found.group} {found.mode:04o}"
            wanted[path] = _words(change)
            different |= wanted_mode(found.mode, change) != found.mode or not owned(found, change)
    if not changes:
        return not_applicable("nothing of it exists")
    return Evaluation(DIFFERENT if different else COMPLIANT, observed, wanted, changes=tuple(changes))


def wanted_mode(mode, change):
    """The mode (int) that the Attributes make of a mode."""
    if change.mode is None:
        return mode
    return mode & change.mode if change.at_most else change.mode


def owned(found, change):
    """Whether owner and group are as the Attributes want them."""
    return change.owner in (None, found.owner) and change.group in (None, found.group)


def _words(change):
    mode = "" if change.mode is None else f" {'at most ' if change.at_most else ''}{change.mode:04o}"
    return f"{change.owner or '*'}:{change.group or '*'}{mode}"
