# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that are installed, and packages that are not."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Package
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared

NAME = "package"
NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}
DATA = {
    "type": "object",
    "properties": {"present": NAMES, "absent": NAMES},
    "minProperties": 1,
    "additionalProperties": False,
}


def evaluate(control, host):
    """Compare with the list of installed packages."""
    data = control["data"]
    wanted = {**dict.fromkeys(data.get("absent", []), False), **dict.fromkeys(data.get("present", []), True)}
    installed = host.packages()
    observed = {name: name in installed for name in wanted}
    return compared(
        _words(observed), _words(wanted), [Package(name, present) for name, present in sorted(wanted.items())]
    )


def _words(states):
    return {name: "installed" if present else "absent" for name, present in sorted(states.items())}
