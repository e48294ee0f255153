# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes: whether they take jobs, why not, and waiting until their jobs have ended."""

from __future__ import annotations

import re
import subprocess
import time

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.slurm import api

# Nodes that carry it were drained by this collection, and are given back by it; what others drained is theirs.
MARK = "datacloud: "
STATES = ("available", "drained", "down")
NODE = core.Spec(
    "node",
    "nodes",
    (
        core.Field("name", required=True, identity=True),
        core.Field("state", choices=STATES, required=True),
        core.Field("reason"),
    ),
    removable=False,
)
# The words of `scontrol update State=`.
WORDS = {"available": "RESUME", "drained": "DRAIN", "down": "DOWN"}
PAUSE = 2  # seconds between two looks at nodes that are waited for
PER_COMMAND = 500  # names in one command

FIELD = re.compile(r"(?:^|\s)(NodeName|State|Reason|SlurmdStartTime)=(.*?)(?=\s+[A-Za-z]+=|$)")
REASON = re.compile(r"^(.*?)(?:\s*\[\S+@\S+\])?$")


def parse(text):
    """{name: {state, reason, busy, started, words}} of `scontrol --oneliner show node`.

    busy: whether jobs are on it. started: when its daemon started, in Slurm's words. words: Slurm's own state.
    """
    found = {}
    for line in text.splitlines():
        values = {key: value.strip() for key, value in FIELD.findall(line)}
        if "NodeName" not in values:
            continue
        words = values.get("State", "UNKNOWN").replace("*", "").split("+")
        state = "drained" if "DRAIN" in words else "down" if words[0] in ("DOWN", "UNKNOWN") else "available"
        found[values["NodeName"]] = {
            "name": values["NodeName"],
            "state": state,
            "reason": REASON.match(values.get("Reason", "")).group(1),
            "busy": words[0] in ("ALLOCATED", "MIXED") or "COMPLETING" in words,
            "started": values.get("SlurmdStartTime", "None"),
            "words": "+".join(words),
        }
    return found


class NodeBackend(core.Backend):
    """Reads all nodes with one command and changes all that are alike with one."""

    def __init__(self, module, clock=time.monotonic, sleep=time.sleep):
        self.module, self.clock, self.sleep = module, clock, sleep
        self.there, self.groups, self.wanted = {}, {}, []

    def prepare(self, desired):
        self.there = self._listing()
        names = {wanted["name"] for wanted in desired}
        self.wanted = [self._prepared(wanted) for wanted in desired if self._known(wanted)]
        release = self.module.params["release"]
        if release:
            self.wanted += [
                {"name": name, "state": "available"}
                for name, node in sorted(self.there.items())
                if node["reason"] == MARK + release and node["state"] == "drained" and name not in names
            ]
        return self.wanted

    def _known(self, wanted):
        """Nodes that the controller does not know run no jobs, so they are empty; but they can't be put to work."""
        if wanted["name"] in self.there:
            return True
        if wanted["state"] == "available" and not self.module.check_mode:
            raise core.SpecError(f"node {wanted['name']} is not in the cluster's configuration; add it there first")
        self.module.warn(f"Node {wanted['name']} is not known to the controller and was left out")
        return False

    def _prepared(self, wanted):
        there = self.there[wanted["name"]]
        if wanted["state"] == "available":
            return {"name": wanted["name"], "state": "available"}
        if there["state"] == wanted["state"] and not there["reason"].startswith(MARK):
            # Somebody else's reason stays, and so does the drain when ours is over.
            return {"name": wanted["name"], "state": wanted["state"]}
        return {**wanted, "reason": MARK + (wanted.get("reason") or "no reason given")}

    def _listing(self):
        try:
            return parse(api.run("nodes", ["scontrol", "--oneliner", "show", "node"]))
        except api.Absent as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"Planned as if there were no nodes yet: {error}")
            return {}

    def read(self, desired):
        return {name: {key: node[key] for key in ("name", "state", "reason")} for name, node in self.there.items()}

    def batches(self, operations):
        """One batch for all; those that are alike are carried out with the first of them."""
        alike = {}
        for operation in operations:
            alike.setdefault((operation.after["state"], operation.after.get("reason")), []).append(operation)
        for members in alike.values():
            for start in range(0, len(members), PER_COMMAND):
                part = members[start : start + PER_COMMAND]
                self.groups[part[0].key] = [item.key for item in part]
        return [operations]

    def apply(self, operation):
        names = self.groups.get(operation.key)
        if not names:
            return
        argv = ["scontrol", "update", "NodeName=" + ",".join(names), "State=" + WORDS[operation.after["state"]]]
        if operation.after["state"] != "available":
            argv.append(f"Reason={operation.after['reason']}")
        # A node that is away is not resumed, and need not be: it comes back by itself.
        passing = ("Invalid node state specified",) if operation.after["state"] == "available" else ()
        api.run(f"node {','.join(names)[:100]}", argv, passing)

    def finish(self, operations):
        drained = [wanted["name"] for wanted in self.wanted if wanted["state"] == "drained"]
        unit = self.module.params["restart"]
        if drained and self.module.params["wait"]:
            self._wait(
                drained, lambda node: not node["busy"], "still run jobs", "wait for them, or cancel them (squeue -w)"
            )
        if not unit:
            return None
        name = self.module.params["nodes"][0]["name"]
        started = self.there.get(name, {}).get("started")
        # run_command knows no time limit, and Slurm's commands wait for minutes where no controller answers.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            ["systemctl", "restart", "--no-block", unit], capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise core.ApiError(f"node {name}: {unit} was not started anew: {done.stderr.strip()}")
        if drained:
            self._wait(
                drained, lambda node: node["started"] not in (started, "None"), f"did not come back with {unit}",
                f"look into `journalctl -u {unit}`",
            )  # fmt: skip
            ours = [name for name, node in self._listing().items() if name in drained and self._is_ours(node)]
            if ours:
                api.run(f"node {ours[0]}", ["scontrol", "update", "NodeName=" + ",".join(ours), "State=RESUME"])
        return {"changed": True, "restarted": unit}

    def _is_ours(self, node):
        return node["state"] == "drained" and node["reason"].startswith(MARK)

    def _wait(self, names, ready, complaint, advice):
        """Until all are ready; what is left when the time is over is named.

        A controller that starts anew meanwhile is waited for; and on a node the commands know no controller while its
        slurmd starts anew, as they have their configuration from it.
        """
        end = self.clock() + self.module.params["timeout"]
        while True:
            try:
                there = self._listing()
            except api.Absent:
                if self.clock() >= end:
                    raise
                self.sleep(PAUSE)
                continue
            left = [name for name in names if name in there and not ready(there[name])]
            if not left:
                return
            if self.clock() >= end:
                raise core.ApiError(
                    f"node {', '.join(left[:20])}: {complaint} after {self.module.params['timeout']} s; {advice}, then "
                    "run again: what was drained stays so until then"
                )
            self.sleep(PAUSE)
