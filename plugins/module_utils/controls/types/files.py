# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the system (tree.py) that run with others' rights, that everybody may write, or that nobody owns."""

from __future__ import annotations

import fnmatch

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Attributes
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import COMPLIANT, DIFFERENT, Evaluation
from ansible_collections.infn.datacloud.plugins.module_utils.controls.tree import tree

NAME = "files"
DATA = {
    "type": "object",
    "properties": {
        "check": {"enum": ["suid", "world_writable", "unowned", "sticky"]},
        # Paths or shell patterns that are as they should be.
        "allowed": {"type": "array", "items": {"type": "string", "pattern": "^/"}},
    },
    "required": ["check"],
    "additionalProperties": False,
}
# Somebody has to judge these: what they are for cannot be seen on the host.
ADVICE = {
    "suid": "remove these programs or their bits, or allow them in the control's parameters",
    "unowned": "give these files an owner, or remove them",
}


def evaluate(control, host):
    """List what is not allowed. World-writable files lose that bit, folders get the sticky one."""
    check, allowed = control["data"]["check"], control["data"].get("allowed", ())
    found = [path for path in _found(host, check) if not any(fnmatch.fnmatchcase(path, entry) for entry in allowed)]
    if check == "suid":
        found = foreign(host, found)
    state = DIFFERENT if found else COMPLIANT
    changes = []
    if check in ("world_writable", "sticky"):
        for path in found:
            mode = host.stat(path).mode
            changes.append(Attributes(path, mode & ~0o002 if check == "world_writable" else mode | 0o1000))
    reason = ADVICE.get(check, "") if found else ""
    return Evaluation(state, found, [], reason, tuple(changes))


def foreign(host, paths):
    """Those of the paths that no installed package has brought."""
    if not paths:
        return []
    if host.release()[2] == "EL":
        outcome = host.run(("rpm", "--query", "--file", "--queryformat", "", "--", *paths))
        return [path for path in paths if f"file {path} is not owned by any package" in outcome.out]
    # With merged /usr the packages' lists still name some files by their old place.
    names = {path: {path, path.removeprefix("/usr")} for path in paths}
    outcome = host.run(("dpkg-query", "--search", *sorted(set().union(*names.values()))))
    owned = {line.rpartition(": ")[2] for line in outcome.out.splitlines()}
    # A diversion's line names the package's file too ("diversion by A from: PATH").
    return [path for path in paths if not names[path] & owned]


def _found(host, check):
    found = tree(host)
    if check == "suid":
        return list(found.privileged)
    return {"world_writable": found.world_writable, "unowned": found.unowned, "sticky": found.not_sticky}[check]
