# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AIDE: what it watches, and the baseline that it compares with (aide.conf(5)).

The configuration is wholly ours: Debian's own (aide-common) is some two hundred files, which take long to install. The
first baseline takes minutes of a disk's time: a unit of its own builds it, and no run waits for that.
"""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Command, FileText, Package
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared
from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import NOT_INSTALLED

NAME = "aide"
LINES = {"type": "array", "items": {"type": "string", "pattern": "^[^\\n]+$"}, "minItems": 1}
DATA = {
    "type": "object",
    "properties": {
        # Lines of aide.conf: "Content = p+u+g+sha512" (a group), "/etc Content" (watched), "!/etc/mtab" (left out).
        "rules": LINES,
        # Programs that are watched with everything that AIDE can tell about a file.
        "protected": {"type": "array", "items": {"type": "string", "pattern": "^/[^\\s]+$"}},
        "baseline": {"type": "boolean"},
    },
    "required": ["rules"],
    "additionalProperties": False,
}
CONFIG = {"Debian": "/etc/aide/aide.conf", "EL": "/etc/aide.conf"}
DATABASE, NEW = "/var/lib/aide/aide.db", "/var/lib/aide/aide.db.new"
BASELINE = "datacloud-aide-baseline.service"
BASELINE_PATH = f"/etc/systemd/system/{BASELINE}"
ALL = "p+i+n+u+g+s+b+acl+selinux+xattrs+sha512"
HEADER = f"""\
# Managed by infn.datacloud.controls: a run of it writes this file anew.
database_in=file:{DATABASE}
database_out=file:{NEW}
report_url=stdout
"""
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
StateDirectory=aide
StateDirectoryMode=0700
ExecStart=/usr/bin/env aide --init --config={config}
ExecStart=/usr/bin/env mv {new} {database}
TimeoutStartSec=infinity
"""


def units(data):
    """The units that will be asked for."""
    return [BASELINE]


def evaluate(control, host):
    """Compare the package and the configuration; start the baseline where there is none."""
    data = control["data"]
    config = CONFIG.get(host.release()[2], CONFIG["Debian"])
    text = config_text(data)
    observed, wanted = {"installed": "aide" in host.packages()}, {"installed": True}
    observed["rules"], wanted["rules"] = _lines(host.text(config)), _lines(text)
    changes = [Package("aide"), FileText(config, text, 0o600, validate=check_config)]
    remains = ""
    if data.get("baseline"):
        unit = BASELINE_TEXT.format(database=DATABASE, new=NEW, config=config)
        changes.append(FileText(BASELINE_PATH, unit, reload=("systemd",)))
        building = host.unit(BASELINE).active in ("activating", "active", "reloading")
        there = host.stat(DATABASE) is not None
        observed["baseline"], wanted["baseline"] = "there" if there or building else "missing", "there"
        observed["unit"], wanted["unit"] = host.text(BASELINE_PATH) == unit, True
        if not there and not building:
            changes.append(Command(("systemctl", "start", "--no-block", BASELINE)))
            if host.unit(BASELINE).active == "failed":
                remains = f"the baseline was not built: see `journalctl -u {BASELINE}`"
    return compared(observed, wanted, changes, remains=remains)


def config_text(data):
    """The text of aide.conf; of several rules for a path the first one that AIDE reads counts."""
    protected = [f"{path} {ALL}" for path in data.get("protected", ())]
    return HEADER + "".join(f"{line}\n" for line in (*protected, *data["rules"]))


def check_config(host, path, text):
    """What `aide --config-check` says of its configuration; "" where it accepts it, None where there is no aide."""
    outcome = host.run(("aide", "--config-check", "--config=-"), data=text)
    if outcome.code == NOT_INSTALLED:
        return None
    return f"aide refuses the new {path}: {outcome.words}" if outcome.code else ""


def _lines(text):
    return [line for line in (text or "").splitlines() if line.strip() and not line.startswith("#")]
