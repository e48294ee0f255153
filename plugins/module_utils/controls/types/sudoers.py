# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults of sudo, and that sudo asks for a password (sudoers(5)). Every file is checked by visudo(8) first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Fragment, Setting
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import (
    COMPLIANT,
    DIFFERENT,
    Evaluation,
    not_applicable,
)

NAME = "sudoers"
DATA = {
    "type": "object",
    "properties": {
        # What follows the word Defaults: "use_pty", "logfile=/var/log/sudo.log", "timestamp_timeout=15".
        "defaults": {
            "type": "array",
            "items": {"type": "string", "pattern": "^!?[a-z_]+([+-]?=[^\\n]+)?$"},
            "minItems": 1,
        },
        # NOPASSWD is taken away from accounts that have a password.
        "no_nopasswd": {"type": "boolean"},
    },
    "minProperties": 1,
    "additionalProperties": False,
}
MAIN = "/etc/sudoers"
DROP_IN = "/etc/sudoers.d/zz-datacloud"
VALIDATE = ("visudo", "-cf", "%s")
TAG = re.compile(r"\bNOPASSWD\s*:\s*")


@dataclass(frozen=True)
class PasswordAsked(Setting):
    """No line of a sudoers file says NOPASSWD any more."""

    def edit(self, text):
        if text is None:
            return None
        return "\n".join(line if line.lstrip().startswith("#") else TAG.sub("", line) for line in text.split("\n"))


def evaluate(control, host):
    """Compare the Defaults in effect, and look for rules that ask for no password."""
    if host.text(MAIN) is None:
        return not_applicable("there is no sudo")
    data = control["data"]
    files = sudoers_files(host)
    observed, wanted, changes, reason = {}, {}, [], ""
    in_effect = defaults_of("\n".join(host.text(path) or "" for path in files))
    for entry in data.get("defaults", ()):
        name, value = _split(entry)
        observed[name], wanted[name] = in_effect.get(name, False), value
        key = f"Defaults {'' if value else '!'}{name}"
        changes.append(Fragment(DROP_IN, key, f"Defaults {entry}", 0o440, validate=VALIDATE))
    if data.get("no_nopasswd"):
        rules = {path: nopasswd_rules(host.text(path) or "") for path in files}
        observed["NOPASSWD"] = [f"{path}: {line}" for path, lines in rules.items() for line in lines]
        wanted["NOPASSWD"] = []
        stranded = sorted({name for lines in rules.values() for line in lines for name in _stranded(host, line)})
        if stranded:
            reason = f"without NOPASSWD {', '.join(stranded)} could not use sudo: set a password for it first"
        else:
            named = [path for path, lines in rules.items() if lines]
            changes += [PasswordAsked(path, "NOPASSWD", "", absent=True, validate=VALIDATE) for path in named]
    state = COMPLIANT if observed == wanted else DIFFERENT
    if reason and any(observed[name] != wanted[name] for name in wanted if name != "NOPASSWD"):
        return Evaluation(state, observed, wanted, changes=tuple(changes), remains=reason)
    return Evaluation(state, observed, wanted, reason, changes=() if reason else tuple(changes))


def sudoers_files(host):
    """The files that sudo reads, in its order (the folder of @includedir; names with a dot or ~ are left out)."""
    files = [MAIN]
    for folder in re.findall(r"(?m)^[@#]includedir\s+(\S+)", host.text(MAIN) or ""):
        names = [name for name in host.listing(folder) if "." not in name and not name.endswith("~")]
        files += [f"{folder}/{name}" for name in names]
    return files


def defaults_of(text):
    """{name: value or True or False} of the Defaults that hold for everybody; the last one wins (sudoers(5))."""
    found = {}
    for line in _joined(text):
        match = re.match(r"\s*Defaults\s+(.*)", line)
        for entry in _entries(match[1]) if match else ():
            name, value = _split(entry)
            found[name] = value
    return found


def nopasswd_rules(text):
    """The rules of a sudoers file that ask for no password, with single blanks."""
    lines = [" ".join(line.split()) for line in _joined(text) if not line.lstrip().startswith("#")]
    return [line for line in lines if TAG.search(line)]


def _joined(text):
    """Lines, those that end with a backslash joined with the next one."""
    return re.sub(r"\\\n", " ", text).split("\n")


def _entries(text):
    """The parts between commas, those in quotes left whole."""
    return [part.strip() for part in re.findall(r'(?:[^,"]|"[^"]*")+', text) if part.strip()]


def _split(entry):
    """("use_pty", True), ("use_pty", False) for !use_pty, or ("logfile", "/var/log/sudo.log")."""
    name, mark, value = entry.partition("=")
    if mark:
        return name.strip(" +-"), value.strip().strip('"')
    return entry.strip("! "), not entry.strip().startswith("!")


def _stranded(host, rule):
    """The accounts of a NOPASSWD rule that have no password to give; those of a directory service count as such."""
    states = {user.name: user.password for user in host.users()}
    names = set()
    for who in rule.split()[0].split(","):
        if who.startswith("%"):
            group = next((group for group in host.groups() if group.name == who[1:]), None)
            if group:
                names |= {user.name for user in host.users() if user.gid == group.gid} | set(group.members)
        elif who not in ("ALL", "root"):
            names.add(who)
    return {name for name in names if states.get(name) != "set"}
