# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys in a file that belongs to somebody else."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Setting
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared
from ansible_collections.infn.datacloud.plugins.module_utils.controls.reloads import SCHEMA as RELOAD
from ansible_collections.infn.datacloud.plugins.module_utils.controls.settings import get_key

NAME = "setting"
WORDS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
DATA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "pattern": "^/"},
        # null: no such line; an empty text: the key alone (a flag).
        "values": {
            "type": "object",
            "additionalProperties": {"type": ["string", "integer", "null"]},
            "minProperties": 1,
        },
        "separator": {"enum": [" ", "\t", " = ", "="]},
        "section": {"type": "string"},
        "validate": WORDS,
        "reload": RELOAD,
    },
    "required": ["path", "values"],
    "additionalProperties": False,
}


def evaluate(control, host):
    """Compare the active lines of each key; more than one line of a key is different too."""
    data = control["data"]
    text = host.text(data["path"])
    separator, section = data.get("separator", " "), data.get("section")
    more = {"validate": tuple(data.get("validate", ())) or None, "reload": tuple(data.get("reload", ()))}
    observed, wanted, changes = {}, {}, []
    for key, value in sorted(data["values"].items()):
        lines = get_key(text or "", key, separator, section)
        observed[key] = (lines[0] if len(lines) == 1 else lines) if lines else None
        wanted[key] = None if value is None else str(value)
        changes.append(Setting(data["path"], key, wanted[key] or "", separator, section, absent=value is None, **more))
    return compared(observed, wanted, changes)
