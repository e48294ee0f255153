# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd units: enabled, active, masked."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Unit
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared, not_applicable

NAME = "unit"
STATE = {
    "type": "object",
    "properties": {name: {"type": "boolean"} for name in ("enabled", "active", "masked")},
    "minProperties": 1,
    "additionalProperties": False,
}
DATA = {
    "type": "object",
    "properties": {
        # The whole name with its suffix: a pattern would meet units that nobody thought of.
        "units": {
            "type": "object",
            "propertyNames": {"pattern": r"^[A-Za-z0-9:_.@\\-]+\.[a-z]+$"},
            "additionalProperties": STATE,
            "minProperties": 1,
        },
        "if_present": {"type": "boolean"},
    },
    "required": ["units"],
    "additionalProperties": False,
}
# A unit without an [Install] section cannot be enabled: others start it (systemctl(1), is-enabled).
ENABLED = ("enabled", "enabled-runtime", "static", "alias", "generated", "linked")
DISABLED = ("enabled", "enabled-runtime")


def units(data):
    """The units that will be asked for."""
    return list(data["units"])


def evaluate(control, host):
    """Compare with what systemctl show says; units that are not there are fine unless if_present is false."""
    data = control["data"]
    observed, wanted, changes = {}, {}, []
    for name, states in sorted(data["units"].items()):
        unit = host.unit(name)
        if unit.load == "not-found" and data.get("if_present", True):
            continue
        # systemctl(1): a masked unit that runs goes on running.
        states = {"active": False, **states} if states.get("masked") else states
        masked = unit.load == "masked" or unit.enabled.startswith("masked")
        seen = {
            "enabled": unit.enabled in (ENABLED if states.get("enabled") else DISABLED) and not masked,
            "active": unit.active in ("active", "activating", "reloading"),
            "masked": masked,
        }
        observed[name] = {what: seen[what] for what in states}
        wanted[name] = dict(states)
        changes.append(Unit(name, **states))
    if not wanted:
        return not_applicable("there is no such unit", wanted=data["units"])
    return compared(observed, wanted, changes)
