# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AIDE: what it watches, and the baseline that it compares with (aide.conf(5)).

The first baseline takes minutes of a disk's time: a unit of its own builds it, and no run waits for that.
"""

from __future__ import annotations

import re

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import (
    Command,
    FileText,
    Package,
    Setting,
)
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared
from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import NOT_INSTALLED

NAME = "aide"
LINES = {"type": "array", "items": {"type": "string", "pattern": "^[^\\n]+$"}}
DATA = {
    "type": "object",
    "properties": {
        # Lines of aide.conf: "!/var/lib/containers" (left out), "/srv/keys Full" (watched).
        "rules": LINES,
        # Programs that are watched with everything that AIDE can tell about a file.
        "protected": {"type": "array", "items": {"type": "string", "pattern": "^/[^\\s]+$"}},
        "baseline": {"type": "boolean"},
    },
    "additionalProperties": False,
}
CONFIG = {"Debian": "/etc/aide/aide.conf", "EL": "/etc/aide.conf"}
# Debian's main file reads names without dots only.
DROP_IN = "/etc/aide/aide.conf.d/70_aide_datacloud"
BASELINE = "datacloud-aide-baseline.service"
BASELINE_PATH = f"/etc/systemd/system/{BASELINE}"
ALL = "p+i+n+u+g+s+b+acl+selinux+xattrs+sha512"
HEADER = "# Managed by infn.datacloud.controls: a run of it writes this file anew."
BASELINE_TEXT = """\
# Managed by infn.datacloud.controls: a run of it writes this file anew.
[Unit]
Description=Build AIDE's first baseline
ConditionPathExists=!{database}

[Service]
Type=oneshot
Nice=19
IOSchedulingClass=idle
CPUWeight=idle
UMask=0077
ExecStart=/usr/bin/env aide --init --config={config}
ExecStart=/usr/bin/env mv {new} {database}
TimeoutStartSec=infinity
"""


def units(data):
    """The units that will be asked for."""
    return [BASELINE]


def evaluate(control, host):
    """Compare the package and the rules; start the baseline where there is none."""
    data, el = control["data"], host.release()[2] == "EL"
    config = CONFIG["EL" if el else "Debian"]
    text = host.text(config) or ""
    observed, wanted = {"installed": "aide" in host.packages()}, {"installed": True}
    changes = [Package("aide")] if el else [Package("aide"), Package("aide-common")]
    if data.get("rules") and not el:
        rules = "".join(f"{line}\n" for line in (HEADER, *data["rules"]))
        observed["rules"], wanted["rules"] = _lines(host.text(DROP_IN)), _lines(rules)
        changes.append(FileText(DROP_IN, rules, validate=check_config))
    for path in data.get("protected", ()):
        found = re.findall(rf"(?m)^{re.escape(path)}\s+(\S+)\s*$", text)
        observed[path], wanted[path] = (found[0] if len(found) == 1 else found or None), ALL
        # In the main file: of several rules for a path the first one that AIDE reads counts.
        changes.append(Setting(config, path, ALL, validate=check_config))
    remains = ""
    if data.get("baseline"):
        database, new = databases(text)
        unit = BASELINE_TEXT.format(database=database, new=new, config=config)
        changes.append(FileText(BASELINE_PATH, unit, reload=("systemd",)))
        building = host.unit(BASELINE).active in ("activating", "active", "reloading")
        there = host.stat(database) is not None
        observed["baseline"], wanted["baseline"] = "there" if there or building else "missing", "there"
        observed["unit"], wanted["unit"] = host.text(BASELINE_PATH) == unit, True
        if not there and not building:
            changes.append(Command(("systemctl", "start", "--no-block", BASELINE)))
            if host.unit(BASELINE).active == "failed":
                remains = f"the baseline was not built: see `journalctl -u {BASELINE}`"
    return compared(observed, wanted, changes, remains=remains)


def databases(text):
    """The paths of the database that a check reads, and of a new one (database_in and database_out, as file: URLs)."""
    folders = dict(re.findall(r"(?m)^@@define\s+(\S+)\s+(\S+)", text))
    found = []
    for names, default in (
        ("database_in|database", "/var/lib/aide/aide.db"),
        ("database_out", "/var/lib/aide/aide.db.new"),
    ):
        match = re.search(rf"(?m)^(?:{names})\s*=\s*file:(\S+)", text)
        path = match[1] if match else default
        found.append(re.sub(r"@@\{(\w+)\}", lambda name: folders.get(name[1], ""), path))
    return tuple(found)


def check_config(host, path, text):
    """What `aide --config-check` says against these rules: "" where it accepts them, None where it is not installed."""
    main = f"{host.text(CONFIG['Debian'])}\n{text}" if path == DROP_IN else text
    outcome = host.run(("aide", "--config-check", "--config=-"), data=main)
    if outcome.code == NOT_INSTALLED:
        return None
    return f"aide refuses the new {path}: {outcome.words}" if outcome.code else ""


def _lines(text):
    return [line for line in (text or "").splitlines() if line.strip() and not line.startswith("#")]
