# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chrony keeps the time, and nothing else does (chrony.conf(5), chronyc(1))."""

from __future__ import annotations

import re

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Package, Setting, Unit
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared

NAME = "time_sync"
DATA = {
    "type": "object",
    "properties": {
        # Servers that chrony must know, among others.
        "servers": {"type": "array", "items": {"type": "string", "pattern": "^[^\\s]+$"}},
        # Other daemons that set the clock are masked.
        "one_daemon": {"type": "boolean"},
        # In seconds. Without it the offset is only reported.
        "maximum_offset": {"type": "number", "exclusiveMinimum": 0},
    },
    "additionalProperties": False,
}
OTHERS = ("systemd-timesyncd.service", "ntpsec.service", "ntp.service", "openntpd.service")


def units(data):
    """The units that will be asked for."""
    return ["chrony.service", "chronyd.service", *OTHERS]


def evaluate(control, host):
    """Compare the daemons and chrony's servers; report what chrony says of the clock."""
    data, el = control["data"], host.release()[2] == "EL"
    name, path = ("chronyd.service", "/etc/chrony.conf") if el else ("chrony.service", "/etc/chrony/chrony.conf")
    unit = host.unit(name)
    observed = {
        "chrony": {
            "installed": "chrony" in host.packages(),
            "enabled": unit.enabled == "enabled",
            "active": unit.active in ("active", "activating", "reloading"),
        }
    }
    wanted = {"chrony": {"installed": True, "enabled": True, "active": True}}
    changes = [Package("chrony"), Unit(name, enabled=True, active=True)]
    known = servers_of("\n".join(host.text(file) or "" for file in (path, *_more(host))))
    for server in data.get("servers", ()):
        observed[server], wanted[server] = server in known, True
        if server not in known:
            changes.append(Setting(path, f"server {server}", "iburst", reload=("chrony",)))
    for other in OTHERS if data.get("one_daemon") else ():
        found = host.unit(other)
        if found.load != "not-found":
            observed[other] = {"masked": found.load == "masked" or found.enabled.startswith("masked")}
            wanted[other] = {"masked": True}
            changes.append(Unit(other, enabled=False, active=False, masked=True))
    offset = host.once("chrony_offset", _offset, host) if observed["chrony"]["active"] else None
    reason = "chrony has not found the time yet" if offset is None else f"the clock is {offset:.6f} s off"
    limit = data.get("maximum_offset")
    if limit is not None and offset is not None:
        observed["offset"], wanted["offset"] = (
            f"at most {limit} s" if offset <= limit else f"{offset} s",
            f"at most {limit} s",
        )
    remains = reason if observed.get("offset") != wanted.get("offset") else ""
    return compared(observed, wanted, changes, reason=reason, remains=remains)


def servers_of(text):
    """The names of the servers and pools of chrony's configuration."""
    return set(re.findall(r"(?m)^\s*(?:server|pool|peer)\s+(\S+)", text))


def _more(host):
    """The files that Debian's chrony.conf includes."""
    return [*host.glob("/etc/chrony/conf.d/*.conf"), *host.glob("/etc/chrony/sources.d/*.sources")]


def _offset(host):
    """How far the clock is off in seconds, None while chrony does not know."""
    return parse_tracking(host.run(("chronyc", "-c", "tracking")).out)


def parse_tracking(text):
    """Field 5 (system time) of `chronyc -c tracking`, unless field 14 says that the clock is not synchronised."""
    fields = text.strip().split(",")
    return abs(float(fields[4])) if len(fields) == 14 and fields[13] != "Not synchronised" else None
