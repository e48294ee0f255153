# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel modules that are never loaded."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import (
    Fragment,
    ModuleUnloaded,
    lines_of,
)
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared

NAME = "kernel_module"
DATA = {
    "type": "object",
    "properties": {
        "modules": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
            "minItems": 1,
            "uniqueItems": True,
        }
    },
    "required": ["modules"],
    "additionalProperties": False,
}
PATH = "/etc/modprobe.d/datacloud.conf"


def evaluate(control, host):
    """Compare our drop-in and the loaded modules; in a container only the drop-in, the kernel is not the node's."""
    present = set(lines_of(host.text(PATH)))
    loaded = {} if host.container() else host.modules()
    observed, wanted, changes, used = {}, {}, [], []
    for name in sorted(control["data"]["modules"]):
        # blacklist keeps it from being loaded for a device, install from being loaded by name (modprobe.d(5)).
        lines = [f"blacklist {name}", f"install {name} /bin/false"]
        known = name.replace("-", "_")
        observed[name] = {"denied": present.issuperset(lines), "loaded": known in loaded}
        wanted[name] = {"denied": True, "loaded": False}
        changes += [Fragment(PATH, f"blacklist {name}", lines[0]), Fragment(PATH, f"install {name}", lines[1])]
        if loaded.get(known):
            used.append(name)
        elif known in loaded:
            changes.append(ModuleUnloaded(known))
    remains = f"in use, gone after the next boot: {', '.join(used)}" if used else ""
    return compared(observed, wanted, changes, remains=remains)
