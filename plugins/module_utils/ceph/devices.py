# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a block device, judged from its first bytes and from what the kernel and LVM say of it.

Pure functions: the module reads, these decide.
Sources: src/os/bluestore/bluestore_types.h (the label: the line "bluestore block device", the OSD's
uuid, then an encoded map with the key ceph_fsid), lsblk(8) --json, the LVM tags of ceph-volume lvm.
"""

from __future__ import annotations

BLUESTORE_MAGIC = b"bluestore block device\n"

BLANK, OURS, FOREIGN, DATA, MISSING = "blank", "ours", "foreign", "data", "missing"


def judge(head, lsblk, lv_tags, fsid):
    """The state of a device and the reason for it.

    head: the device's first 4096 bytes, or None where it does not exist or is no block device.
    lsblk: the device's record of `lsblk --json --output fstype,pttype,mountpoints,type` (dict with
    children), lv_tags: LVM tags of the logical volumes on it (list of str), fsid: our cluster (str).
    Returns (state, reason): one of the constants above and a clause for people.
    """
    if head is None:
        return MISSING, "is not a block device of this host"
    if head.startswith(BLUESTORE_MAGIC):
        if fsid.encode() in head:
            return OURS, "is an OSD of this cluster"
        return FOREIGN, "is an OSD of another Ceph cluster"
    if lv_tags:
        if any(f"ceph.cluster_fsid={fsid}" in tags.split(",") for tags in lv_tags):
            return OURS, "is an OSD of this cluster (LVM)"
        return DATA, "carries LVM volumes that are not this cluster's"
    mounts = [mount for node in _tree(lsblk) for mount in node.get("mountpoints") or [] if mount]
    if mounts:
        return DATA, f"is mounted on {', '.join(sorted(mounts))}"
    if lsblk.get("children"):
        return DATA, f"has partitions or volumes ({', '.join(child['name'] for child in lsblk['children'])})"
    if lsblk.get("pttype"):
        return DATA, f"has a partition table ({lsblk['pttype']})"
    if lsblk.get("fstype"):
        return DATA, f"holds {lsblk['fstype']}"
    return BLANK, "is blank"


def _tree(node):
    """The node and all that is stacked on it."""
    yield node
    for child in node.get("children") or []:
        yield from _tree(child)


def refusal(states):
    """One sentence naming every device that must not become an OSD, or None.

    states: {path: {"state": ..., "reason": ...}}
    """
    bad = [f"{path} {state['reason']}" for path, state in states.items() if state["state"] not in (BLANK, OURS)]
    if not bad:
        return None
    return (
        f"{len(bad)} device(s) cannot become OSDs: {'; '.join(bad)}. Name other devices, or, if the data is to be "
        "lost, wipe them by hand first (wipefs --all DEVICE, or ceph orch device zap HOST DEVICE --force)"
    )
