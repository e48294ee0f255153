# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole file that is ours, or that is not there."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import FileRemoved, FileText
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared
from ansible_collections.infn.datacloud.plugins.module_utils.controls.reloads import SCHEMA as RELOAD

NAME = "text"
TEXT = {"type": "string", "minLength": 1}
WORDS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
DATA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "pattern": "^/"},
        # null: there is no such file.
        "text": {"type": ["string", "null"]},
        "mode": {"type": "string", "pattern": "^[0-7]{4}$"},
        "owner": TEXT,
        "group": TEXT,
        "validate": WORDS,
        "reload": RELOAD,
    },
    "required": ["path", "text"],
    "additionalProperties": False,
}


def evaluate(control, host):
    """Compare text, mode and owner. Owner and mode are told only where they differ, the text is in the diff."""
    data = control["data"]
    if data["text"] is None:
        removed = FileRemoved(data["path"], reload=tuple(data.get("reload", ())))
        observed = {"text": "present" if host.stat(data["path"]) else "absent"}
        return compared(observed, {"text": "absent"}, [removed])
    change = FileText(
        data["path"], data["text"], int(data.get("mode", "0644"), 8), data.get("owner", "root"),
        data.get("group", "root"), tuple(data.get("validate", ())) or None, tuple(data.get("reload", ())),
    )  # fmt: skip
    found = host.stat(change.path)
    wanted = {"text": "as given", "mode": f"{change.mode:04o}", "owner": change.owner, "group": change.group}
    observed = {"text": "absent"}
    if found:
        text = "as given" if host.text(change.path) == change.text else "different"
        observed = {"text": text, "mode": f"{found.mode:04o}", "owner": found.owner, "group": found.group}
    return compared(observed, wanted, [change])
