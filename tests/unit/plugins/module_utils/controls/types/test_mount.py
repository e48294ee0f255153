# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mount: options now and at boot."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import MountEntry, Remount
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import mount

INFO = "30 20 0:5 / /dev/shm rw,nosuid,nodev shared:3 - tmpfs shm rw,size=64k\n"
FSTAB = "# static\nUUID=1 / ext4 errors=remount-ro 0 1\nshm /dev/shm tmpfs defaults,exec 0 0\n"


def judge(machine, **data):
    """The evaluation of one control."""
    return mount.evaluate({"data": {"path": "/dev/shm", "options": ["nodev", "noexec"], **data}}, machine.host())


def test_life(machine):
    assert judge(machine).state == "not_applicable"
    machine.write("/proc/self/mountinfo", INFO)
    seen = judge(machine)
    assert seen.observed == {"now": ["nodev"], "boot": None}
    assert Remount("/dev/shm", ("nodev", "noexec")) in seen.changes
    machine.write("/proc/self/mountinfo", INFO.replace("nosuid", "noexec"))
    machine.write("/etc/fstab", seen.changes[0].edit(FSTAB))
    assert judge(machine).state == "compliant"


def test_new_mount(machine):
    more = {"path": "/tmp", "source": "tmpfs", "type": "tmpfs"}
    seen = judge(machine, **more)
    assert Remount("/tmp", ("nodev", "noexec"), new=True) in seen.changes
    # What is in the folder would be hidden from those who use it.
    machine.write("/tmp/socket", "")
    seen = judge(machine, **more)
    assert [type(change) for change in seen.changes] == [MountEntry] and "next boot" in seen.remains


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (
            FSTAB,
            FSTAB.replace("shm /dev/shm tmpfs defaults,exec 0 0", "shm\t/dev/shm\ttmpfs\tdefaults,nodev,noexec\t0\t0"),
        ),
        (None, "shm\t/dev/shm\ttmpfs\tdefaults,nodev,noexec\t0\t0\n"),
        ("a /dev/shm tmpfs noexec,nodev", "a /dev/shm tmpfs noexec,nodev"),
        ("# end", "# end\nshm\t/dev/shm\ttmpfs\tdefaults,nodev,noexec\t0\t0\n"),
    ],
)
def test_entry(text, new):
    entry = MountEntry("/dev/shm", ("nodev", "noexec"), "shm", "tmpfs")
    assert entry.edit(text) == new and entry.edit(new) == new
