# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import os
import subprocess

import pytest
from ansible.module_utils import lab_machine, lab_process
from ansible.module_utils.lab_podman import LabError


def test_a_process_is_known_by_number_and_start(tmp_path):
    process = lab_process.Process(tmp_path, "sleeper")
    process.start(["sleep", "60"], 60)
    assert process.pid() and process.stop() and process.pid() is None
    assert not process.stop()


def test_a_number_that_is_another_process_by_now_is_not_ours(tmp_path):
    process = lab_process.Process(tmp_path, "other")
    process.pid_file.write_text(f"{os.getpid()} 1\n")
    assert process.pid() is None and not process.stop()


def test_a_process_ends_with_all_that_it_started(tmp_path):
    process = lab_process.Process(tmp_path, "family")
    process.start(["sh", "-c", f"sleep 61 & echo $! > {tmp_path}/child; wait"], 60)
    child = (tmp_path / "child").read_text().strip()
    process.stop()
    assert lab_process.start_ticks(child) == ""


def test_its_life_is_bounded(tmp_path):
    process = lab_process.Process(tmp_path, "bounded")
    process.start(["sleep", "60"], 1)
    subprocess.run(["sleep", "1.5"], check=True)
    assert process.pid() is None


def test_what_ends_at_once_is_told(tmp_path):
    with pytest.raises(LabError, match="no such luck"):
        lab_process.Process(tmp_path, "broken").start(["sh", "-c", "echo no such luck >&2; exit 1"], 60)


def test_credential_writes_files_before_services_start():
    text = lab_machine.credential([("/etc/key", "0600", "root", "private\n")])
    name, content = text.split("=", 1)
    assert name == "io.systemd.credential.binary:tmpfiles.extra"
    lines = base64.b64decode(content).decode().splitlines()
    assert lines[1] == f"f+~ /etc/key 0600 root root - {base64.b64encode(b'private' + bytes([10])).decode()}"


def test_command_holds_no_secret_and_listens_on_loopback_only(tmp_path):
    machine = lab_machine.Machine("vm", tmp_path)
    image = lab_machine.MachineImage(tmp_path, tmp_path, "trixie", "http://mirror/debian")
    command = " ".join(machine._command(image, 1024, 2, [], 2222))
    assert "hostfwd=tcp:127.0.0.1:2222-:22" in command and "kvm" not in command
    assert f"path={tmp_path}/machines/vm/credential" in command


def test_remove_touches_only_its_folder(tmp_path):
    machine = lab_machine.Machine("vm", tmp_path)
    machine.folder.mkdir(parents=True)
    (tmp_path / "machines" / "other").mkdir()
    machine.remove()
    assert not machine.folder.exists() and (tmp_path / "machines" / "other").exists()
