# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_fs_probe: a round trip that leaves nothing behind, also where it fails."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from ansible.module_utils.basic import AnsibleModule

PROBE = {"filesystems": ["datacloud"], "size": 4096}


class FileSystem:
    """What ceph-fuse and umount do with a folder: the files of `store` come and go with the mount."""

    def __init__(self, folder):
        self.store, self.calls = folder, []
        self.refused_mounts, self.refused_unmounts, self.spoil = 0, 0, False
        self.store.mkdir()

    def run_command(self, module, command, **_options):
        """AnsibleModule.run_command."""
        assert command[:2] == ["timeout", str(module.params["timeout"])], "every step is bounded in time"
        program, folder = command[2], Path(command[-1])
        self.calls.append(command[2:])
        source, target = {"ceph-fuse": (self.store, folder), "umount": (folder, self.store)}[program]
        if program == "ceph-fuse" and self.refused_mounts:
            self.refused_mounts -= 1
            return 1, "", "ceph-fuse[7]: starting ceph client\nceph mount failed with (110) Connection timed out\n"
        if program == "umount" and self.refused_unmounts:
            self.refused_unmounts -= 1
            return 32, "", "umount: target is busy.\n"
        for path in list(source.iterdir()):
            shutil.move(path, target / path.name)
            if self.spoil and program == "umount":
                (target / path.name).write_bytes(b"other")
        return 0, "", ""

    def programs(self):
        """The names of the programs that were run."""
        return [command[0] for command in self.calls]


@pytest.fixture
def filesystem(tmp_path, monkeypatch):
    """A file system behind doubles of ceph-fuse and umount; pauses only turn a clock."""
    filesystem = FileSystem(tmp_path / "store")

    def run_command(module, *given, **options):
        return filesystem.run_command(module, *given, **options)

    monkeypatch.setattr(AnsibleModule, "run_command", run_command)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: sum(now))
    monkeypatch.setattr(time, "sleep", now.append)
    return filesystem


def leftovers(tmp_path):
    """What the probe left in the file system and among the temporary files."""
    return [*(tmp_path / "store").iterdir(), *(tmp_path / "tmp").glob("ceph-fs-probe-*")]


def test_round_trip(filesystem, run_module, tmp_path):
    result = run_module("ceph_fs_probe", {**PROBE, "client": "reader"})
    assert not result.get("failed") and not result["changed"] and list(result["probes"]) == ["datacloud"]
    assert filesystem.programs() == ["ceph-fuse", "umount"] * 2, "the file is read through a new mount"
    mounted = " ".join(filesystem.calls[0])
    assert "--name client.reader" in mounted and "--client_fs datacloud" in mounted
    assert not leftovers(tmp_path)


def test_each_file_system_in_turn(filesystem, run_module, tmp_path):
    result = run_module("ceph_fs_probe", {**PROBE, "filesystems": ["first", "second"]})
    assert list(result["probes"]) == ["first", "second"] and len(filesystem.calls) == 8
    assert not leftovers(tmp_path)


def test_check_mode_mounts_nothing(filesystem, run_module, tmp_path):
    result = run_module("ceph_fs_probe", PROBE, check=True)
    assert not result.get("failed") and not result["changed"] and result["probes"] == {}
    assert not filesystem.calls and not leftovers(tmp_path)


def test_a_metadata_server_that_is_just_starting_is_waited_for(filesystem, run_module, tmp_path):
    filesystem.refused_mounts = 3
    assert not run_module("ceph_fs_probe", PROBE).get("failed")
    assert filesystem.programs() == ["ceph-fuse"] * 4 + ["umount", "ceph-fuse", "umount"]
    assert not leftovers(tmp_path)


def test_a_mount_that_never_succeeds(filesystem, run_module, tmp_path):
    filesystem.refused_mounts = 1000
    result = run_module("ceph_fs_probe", {**PROBE, "timeout": 10})
    assert result["failed"]
    assert result["msg"] == (
        "file system datacloud: ceph-fuse ended with 1: ceph mount failed with (110) Connection timed out"
    )
    assert len(filesystem.calls) == 6, "ten seconds, a try every two"
    assert not leftovers(tmp_path)


def test_a_mount_that_stays_is_told_and_its_files_are_not_touched(filesystem, run_module, tmp_path):
    filesystem.refused_unmounts = 1
    result = run_module("ceph_fs_probe", PROBE)
    assert result["failed"] and "umount ended with 32: umount: target is busy." in result["msg"]
    (folder,) = leftovers(tmp_path)
    assert len(list(folder.iterdir())) == 1


def test_what_is_not_kept_is_told(filesystem, run_module, tmp_path):
    filesystem.spoil = True
    result = run_module("ceph_fs_probe", PROBE)
    assert result["failed"] and "differs from what was written" in result["msg"]
    assert not leftovers(tmp_path)


def test_a_full_file_system(filesystem, run_module, tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = run_module("ceph_fs_probe", PROBE)
    assert result["failed"] and "file system datacloud" in result["msg"] and "No space left" in result["msg"]
    assert filesystem.programs() == ["ceph-fuse", "umount"] and not leftovers(tmp_path)
