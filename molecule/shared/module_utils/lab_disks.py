# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loop devices of the lab: sparse files below .lab/disks attached on the host, whose loop devices all nodes share."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.module_utils.lab_podman import LabError, run

# Low numbers are taken by whatever the host itself mounts; a range of our own keeps ours the same after a reboot.
FIRST_NUMBER = 100


def attached():
    """Return {backing file (Path): loop device (str)} of the host's loop devices."""
    listing = run(["losetup", "--json", "--list", "--output", "NAME,BACK-FILE"]).strip()
    devices = json.loads(listing)["loopdevices"] if listing else []
    return {
        Path(device["back-file"].removesuffix(" (deleted)")): device["name"]
        for device in devices
        if device["back-file"]
    }


def attach(folder, wanted, remembered):
    """Attach a file for each wanted disk in folder (Path); return ({disk: loop device}, whether anything was done).

    wanted maps the disk's name to its size in GB (int); remembered maps it to the loop device it had before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    current = attached()
    devices, changed = {}, False
    for name, size in wanted.items():
        path = folder / f"{name}.img"
        if not path.exists():
            with path.open("wb") as handle:
                handle.truncate(size * 1024**3)
            changed = True
        if path not in current:
            taken = set(current.values())
            reserved = set(remembered.values()) - {remembered.get(name)}
            current[path] = _attach_one(path, remembered.get(name), taken | reserved)
            changed = True
        devices[name] = current[path]
    return devices, changed


def _attach_one(path, preferred, avoid):
    candidates = [preferred] if preferred and preferred not in avoid else []
    candidates += [f"/dev/loop{number}" for number in range(FIRST_NUMBER, FIRST_NUMBER + 64)]
    for device in candidates:
        if device in avoid:
            continue
        try:
            run(["losetup", device, str(path)])
            return device
        except LabError as error:
            if "busy" not in str(error).lower():
                raise
    raise LabError(f"No free loop device was found for {path}.")


def detach(folder):
    """Detach every loop device whose file lies in folder (Path); return the devices."""
    ours = [device for path, device in attached().items() if path.parent == folder]
    for device in ours:
        run(["losetup", "--detach", device])
    return ours
