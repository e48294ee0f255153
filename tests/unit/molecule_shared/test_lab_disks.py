# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils import lab_disks
from ansible.module_utils.lab_podman import LabError


class Losetup:
    """The host's loop devices: {device: file}."""

    def __init__(self, devices):
        self.devices = devices

    def attached(self):
        return {path: device for device, path in self.devices.items()}

    def run(self, argv):
        if argv[1] == "--detach":
            del self.devices[argv[2]]
        elif argv[1] in self.devices:
            raise LabError("failed to set up loop device: Device or resource busy")
        else:
            self.devices[argv[1]] = lab_disks.Path(argv[2])


@pytest.fixture
def losetup(monkeypatch, tmp_path):
    fake = Losetup({"/dev/loop0": tmp_path / "elsewhere" / "other.img"})
    monkeypatch.setattr(lab_disks, "attached", fake.attached)
    monkeypatch.setattr(lab_disks, "run", fake.run)
    return fake


def test_new_disks_are_sparse_files_on_numbers_of_our_own(losetup, tmp_path):
    devices, changed = lab_disks.attach(tmp_path, {"a-0": 20, "a-1": 20}, {})
    assert (devices, changed) == ({"a-0": "/dev/loop100", "a-1": "/dev/loop101"}, True)
    assert (tmp_path / "a-0.img").stat().st_size == 20 * 1024**3
    assert (tmp_path / "a-0.img").stat().st_blocks == 0


def test_attached_disks_are_left_alone(losetup, tmp_path):
    devices, _changed = lab_disks.attach(tmp_path, {"a-0": 1}, {})
    assert lab_disks.attach(tmp_path, {"a-0": 1}, devices) == (devices, False)


def test_after_a_reboot_each_disk_gets_its_old_device_whatever_the_order(losetup, tmp_path):
    before = {"a-0": "/dev/loop101", "a-1": "/dev/loop100"}
    assert lab_disks.attach(tmp_path, {"a-0": 1, "a-1": 1}, before) == (before, True)


def test_a_device_that_another_took_is_not_touched(losetup, tmp_path):
    losetup.devices["/dev/loop100"] = tmp_path / "elsewhere" / "thief.img"
    devices, _changed = lab_disks.attach(tmp_path, {"a-0": 1}, {"a-0": "/dev/loop100"})
    assert devices == {"a-0": "/dev/loop101"}
    assert losetup.devices["/dev/loop100"] == tmp_path / "elsewhere" / "thief.img"


def test_only_devices_on_our_files_are_detached(losetup, tmp_path):
    lab_disks.attach(tmp_path, {"a-0": 1}, {})
    assert lab_disks.detach(tmp_path) == ["/dev/loop100"]
    assert losetup.devices == {"/dev/loop0": tmp_path / "elsewhere" / "other.img"}
