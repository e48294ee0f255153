# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a mount point, at the next boot and now."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import MountEntry, Remount, fstab_entry
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared, not_applicable

NAME = "mount"
DATA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "pattern": "^/"},
        "options": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[^,\\s]+$"},
            "minItems": 1,
            "uniqueItems": True,
        },
        # Mounted from here where nothing is mounted.
        "source": {"type": "string"},
        "type": {"type": "string"},
    },
    "required": ["path", "options"],
    "dependentRequired": {"source": ["type"], "type": ["source"]},
    "additionalProperties": False,
}
FSTAB = "/etc/fstab"


def evaluate(control, host):
    """Compare the live options and those of the line in /etc/fstab.

    A mount that has no line there (systemd's own tmp.mount, /dev/shm) gets one: systemd.mount(5) and
    systemd-remount-fs.service(8) let it overrule the built-in one.
    """
    data = control["data"]
    path, options = data["path"], tuple(data["options"])
    mount = host.mounts().get(path)
    if mount is None and "source" not in data:
        return not_applicable("it is not a mount point of its own")
    entry = fstab_entry(host.text(FSTAB) or "", path)
    seen = {
        "now": sorted(set(options) & mount.options) if mount else None,
        "boot": sorted(set(options) & set(entry[3].split(","))) if entry else None,
    }
    wanted = {"now": sorted(options), "boot": sorted(options)}
    source, kind = (mount.source, mount.type) if mount else (data["source"], data["type"])
    changes = [MountEntry(path, options, source, kind)]
    remains = ""
    if mount:
        changes.append(Remount(path, options))
    elif [name for name in host.listing(path) if not name.startswith("systemd-private-")]:
        remains = f"{path} is not empty, and a mount would hide what is in it: it is mounted at the next boot"
    else:
        changes.append(Remount(path, options, new=True))
    return compared(seen, wanted, changes, remains=remains)
