# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_device_info: what is on a device, and the refusal to lose it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.module_utils.basic import AnsibleModule

FSID = "5b7fd2a5-3d2c-5c0a-9d9b-0d5a1c5b1c5f"
OTHER = "11111111-2222-3333-4444-555555555555"
SIZE = 8192


class Devices:
    """Files that stand for block devices, and what lsblk, blkid and lvs say of them."""

    def __init__(self, folder):
        self.folder, self.lsblk, self.blkid, self.lvs = folder, {}, {}, {}

    def add(self, name, head=b"", lsblk=None, blkid=(2, ""), lvs=""):
        """A device; returns its path (str)."""
        path = self.folder / name
        path.write_bytes(head.ljust(SIZE, b"\0"))
        self.lsblk[str(path)] = {"name": name, "fstype": None, "pttype": None, "mountpoints": [None], **(lsblk or {})}
        self.blkid[str(path)], self.lvs[str(path)] = blkid, lvs
        return str(path)

    def run_command(self, _module, command, check_rc=False):
        """AnsibleModule.run_command."""
        if command[0] == "lsblk":
            assert check_rc and "--json" in command
            return 0, json.dumps({"blockdevices": [self.lsblk[command[-1]]]}), ""
        if command[0] == "blkid":
            return (*self.blkid[command[-1]], "")
        assert command[0] == "lvs", command
        (path,) = [path for path in self.lvs if f"devices=~^{path}[(]" in command]
        return 0, self.lvs[path], ""


@pytest.fixture
def devices(tmp_path, monkeypatch):
    """An empty set of devices on a host that has LVM."""
    devices = Devices(tmp_path)

    def run_command(module, *given, **options):
        return devices.run_command(module, *given, **options)

    monkeypatch.setattr(AnsibleModule, "run_command", run_command)
    monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda self, name, **_options: f"/usr/sbin/{name}")
    monkeypatch.setattr(Path, "is_block_device", lambda self: str(self) in devices.lsblk)
    return devices


def label(fsid):
    """The start of an OSD's device."""
    return b"bluestore block device\n" + f"{OTHER}\n\x02ceph_fsid\x24{fsid}".encode()


@pytest.mark.parametrize(
    ("device", "state", "reason"),
    [
        ({}, "blank", "is blank"),
        ({"head": label(FSID)}, "ours", "is an OSD of this cluster"),
        ({"head": label("2" * 36)}, "foreign", "is an OSD of another Ceph cluster"),
        ({"lvs": f"  ceph.type=block,ceph.cluster_fsid={FSID}\n"}, "ours", "is an OSD of this cluster (LVM)"),
        ({"lvs": "  backup\n"}, "data", "carries LVM volumes that are not this cluster's"),
        ({"lsblk": {"mountpoints": ["/srv"]}}, "data", "is mounted on /srv"),
        ({"lsblk": {"children": [{"name": "sdb1"}]}}, "data", "has partitions or volumes (sdb1)"),
        ({"lsblk": {"fstype": "xfs"}}, "data", "holds xfs"),
        # lsblk knows nothing on a host without udev; blkid has read the device.
        ({"blkid": (0, "DEVNAME=/dev/x\nTYPE=ext4\n")}, "data", "holds ext4"),
        ({"blkid": (0, "PTTYPE=gpt\n")}, "data", "has a partition table (gpt)"),
    ],
)
def test_states(devices, run_module, device, state, reason):
    path = devices.add("sdb", **device)
    before = Path(path).read_bytes()
    for check in (False, True):
        result = run_module("ceph_device_info", {"devices": [path], "fsid": FSID}, check=check)
        assert not result.get("failed") and not result["changed"]
        assert result["devices"] == {path: {"state": state, "reason": reason, "size": SIZE}}
    assert Path(path).read_bytes() == before

    guarded = run_module("ceph_device_info", {"devices": [path], "fsid": FSID, "refuse_data": True})
    assert bool(guarded.get("failed")) == (state not in ("blank", "ours"))
    if guarded.get("failed"):
        assert f"{path} {reason}" in guarded["msg"] and guarded["devices"] == result["devices"]


def test_the_refusal_names_every_device(devices, run_module, tmp_path):
    bad = [devices.add("sdb", lsblk={"fstype": "xfs"}), str(tmp_path / "absent"), devices.add("sdd", head=label(OTHER))]
    good = devices.add("sdc")
    result = run_module("ceph_device_info", {"devices": [*bad, good], "fsid": FSID, "refuse_data": True})
    assert result["failed"] and result["msg"].startswith("3 device(s) cannot become OSDs")
    assert all(path in result["msg"] for path in bad) and good not in result["msg"]
    assert f"{bad[1]} is not a block device of this host" in result["msg"]


def test_links_are_followed(devices, run_module, tmp_path):
    target = devices.add("sdb", head=label(FSID))
    link = tmp_path / "by-id"
    link.symlink_to(target)
    result = run_module("ceph_device_info", {"devices": [str(link)], "fsid": FSID})
    assert result["devices"][str(link)]["state"] == "ours"


def test_what_blkid_cannot_tell_is_not_called_blank(devices, run_module):
    path = devices.add("sdb", blkid=(8, ""))
    result = run_module("ceph_device_info", {"devices": [path], "fsid": FSID})
    assert result["failed"] and path in result["msg"] and "ended with 8" in result["msg"]


def test_a_host_without_lvm(devices, run_module, monkeypatch):
    path = devices.add("sdb", lvs="never asked")
    monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda self, name, **_options: None)
    result = run_module("ceph_device_info", {"devices": [path], "fsid": FSID})
    assert result["devices"][path]["state"] == "blank"
