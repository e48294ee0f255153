#!/usr/bin/python3
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look after a compute node for Slurm: take it out of service when something of it is gone, and back when it is there.

Slurm runs it every few minutes (HealthCheckProgram). Settings: the JSON file below. Only what it drained itself is
given back.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

SETTINGS = "/etc/datacloud-slurm-health.json"
MARK = "health: "


def complaints(settings: dict) -> list[str]:
    """What is wrong with the node, in a few words each."""
    found = [f"no {device}" for device in settings["devices"] if not Path(device).exists()]
    found += [f"{mount} is not mounted" for mount in settings["mounts"] if not Path(mount).is_mount()]
    for path, most in settings["disks"].items():
        try:
            about = os.statvfs(path)
        except OSError as error:
            found.append(f"{path}: {error.strerror}")
            continue
        if about.f_blocks and 100 * (1 - about.f_bavail / about.f_blocks) > most:
            found.append(f"{path} is full")
        if about.f_flag & os.ST_RDONLY:
            found.append(f"{path} is read-only")
    return found


def state_of(node: str) -> tuple[bool, str]:
    """Whether the node is drained, and the reason."""
    line = subprocess.run(
        ["scontrol", "--oneliner", "show", "node", node], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    state = re.search(r"\sState=(\S+)", line)
    reason = re.search(r"\sReason=(.*?)(?:\s*\[\S+@\S+\]|\s+\w+=|\s*$)", line)
    return bool(state and "DRAIN" in state[1]), reason[1] if reason else ""


def update(node: str, *words: str) -> None:
    """Tell the controller."""
    subprocess.run(["scontrol", "update", f"NodeName={node}", *words], timeout=30, check=True)


def main() -> int:
    """Compare and, where it differs, tell the controller."""
    settings = json.loads(Path(SETTINGS).read_text(encoding="utf-8"))
    node = settings["node"]
    wrong = complaints(settings)
    drained, reason = state_of(node)
    if wrong and (not drained or (reason.startswith(MARK) and reason != MARK + ", ".join(wrong))):
        update(node, "State=DRAIN", f"Reason={MARK}{', '.join(wrong)}")
    elif not wrong and drained and reason.startswith(MARK):
        update(node, "State=RESUME")
    print("; ".join(wrong) or "in order")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
