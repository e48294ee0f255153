# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the audit subsystem: the files that augenrules(8) joins, and what the kernel has loaded (auditctl(8))."""

from __future__ import annotations

import re

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import FileText
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import (
    COMPLIANT,
    DIFFERENT,
    Evaluation,
)
from ansible_collections.infn.datacloud.plugins.module_utils.controls.tree import tree

NAME = "audit_rules"
DATA = {
    "type": "object",
    "properties": {
        # The name of the file, which is also the order: "30-time", "99-finalize".
        "name": {"type": "string", "pattern": "^[0-9]{2}-[a-z0-9-]+$"},
        # Lines as auditctl takes them.
        "rules": {"type": "array", "items": {"type": "string", "pattern": "^-[^\\n]+$"}, "minItems": 1},
        # A rule more for every program of this host that runs with others' rights; the text is the rules' key.
        "privileged": {"type": "string", "pattern": "^[a-z0-9_-]+$"},
    },
    "required": ["name"],
    "anyOf": [{"required": ["rules"]}, {"required": ["privileged"]}],
    "additionalProperties": False,
}
FOLDER = "/etc/audit/rules.d"
HEADER = "# Managed by infn.datacloud.controls: a run of it writes this file anew."


def evaluate(control, host):
    """Compare the file; and, where the kernel's rules can be read, look for each key among them."""
    data = control["data"]
    path = f"{FOLDER}/{data['name']}.rules"
    text = "".join(f"{line}\n" for line in (HEADER, *(" ".join(rule.split()) for rule in data.get("rules", ()))))
    if "privileged" in data:
        text += _program_rules(tree(host).privileged, data["privileged"])
    change = FileText(path, text, 0o600, reload=("auditd",))
    wanted, observed = rules_of(text), rules_of(host.text(path) or "")
    state = COMPLIANT if host.text(path) == text else DIFFERENT
    loaded = host.once("audit_loaded", _loaded_keys, host)
    missing = sorted(keys_of(wanted) - loaded) if state == COMPLIANT and loaded is not None else []
    if not missing:
        return Evaluation(state, observed, wanted, changes=(change,))
    reason = f"the kernel has no rules with the key {', '.join(missing)}"
    if host.once("audit_locked", _locked, host):
        return Evaluation(DIFFERENT, observed, wanted, f"{reason} and takes no more (-e 2): start the host again")
    return Evaluation(DIFFERENT, observed, wanted, f"{reason}: look at the messages of `augenrules --load`")


def rules_of(text):
    """The rules of a file, without comments."""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def keys_of(rules):
    """The keys of rules (-k KEY or -F key=KEY)."""
    return {match for rule in rules for match in re.findall(r"(?:\s-k\s+|\bkey=)(\S+)", rule)}


def _program_rules(paths, key):
    """A rule for each program: that somebody who logged in (auid(8): not unset, not of the system) runs it."""
    who = "-F perm=x -F auid>=1000 -F auid!=unset"
    return "".join(f"-a always,exit -F path={path} {who} -k {key}\n" for path in sorted(paths) if " " not in path)


def _loaded_keys(host):
    """The keys of the kernel's rules; None where they cannot be read (a container, no audit subsystem)."""
    outcome = host.run(("auditctl", "-l"))
    return keys_of(outcome.out.splitlines()) if outcome.code == 0 else None


def _locked(host):
    """Whether the kernel refuses changes of the rules until its next start."""
    return bool(re.search(r"(?m)^enabled 2$", host.run(("auditctl", "-s")).out))
