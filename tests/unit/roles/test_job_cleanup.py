# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose processes and files role hpc_node's cleanup takes away, and whose it leaves."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "roles/hpc_node/files/job_cleanup.py"
UID = os.getuid()


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The program as a module, with a configuration and an empty /proc of its own."""
    spec = importlib.util.spec_from_file_location("job_cleanup_program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"first_uid": 0, "except": [], "paths": [str(tmp_path / "shm"), "/nowhere"]}))
    monkeypatch.setattr(module, "CONFIG", config)
    monkeypatch.setattr(module, "PROC", tmp_path / "proc")
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    monkeypatch.setattr(module, "name", lambda _uid: "alice")
    monkeypatch.setenv("SLURM_JOB_ID", "12")
    monkeypatch.setenv("SLURM_JOB_UID", str(UID))
    ipc = tmp_path / "proc" / "sysvipc"
    ipc.mkdir(parents=True)
    (ipc / "shm").write_text(
        "       key      shmid perms                  size  cpid  lpid nattch   uid   gid\n"
        f"         0          3  1600                 65536   900   901      2 {UID}  1000\n"
        "         0          4  1600                 65536   900   901      2 99999  1000\n"
    )
    (ipc / "sem").write_text("       key      semid perms      nsems   uid   gid\n")
    (ipc / "msg").write_text("       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid\n")
    (tmp_path / "shm").mkdir()
    return module


@pytest.fixture
def process(program, monkeypatch):
    """A function (number, control group, uid) that adds a process; a killed one goes."""

    def add(number, group, uid=UID, state="S"):
        folder = program.PROC / str(number)
        folder.mkdir()
        (folder / "status").write_text(f"Name:\tx\nState:\t{state} (x)\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")
        (folder / "cgroup").write_text(f"4:devices:{group}\n1:name=systemd:/init.scope\n")

    def kill(number, _signal):
        for name in ("status", "cgroup"):
            (program.PROC / str(number) / name).unlink()

    monkeypatch.setattr(program.os, "kill", kill)
    return add


@pytest.fixture
def removed(program, monkeypatch):
    """The System V objects that were removed."""
    calls = []
    monkeypatch.setattr(program.subprocess, "run", lambda argv, **_options: calls.append(argv))
    return calls


def alive(program):
    """The numbers of the processes that are there."""
    return sorted(int(path.parent.name) for path in program.PROC.glob("*/status"))


def test_a_last_job(program, process, removed, tmp_path) -> None:
    process(1, "/slurm/uid_1/job_12/step_0/task_0")
    process(2, "/user.slice")
    process(3, "/user.slice", uid=UID + 1)
    (tmp_path / "shm" / "segment").touch()
    (tmp_path / "shm" / "deep" / "er").mkdir(parents=True)
    assert program.main() == 0
    assert alive(program) == [3]
    assert list((tmp_path / "shm").iterdir()) == []
    assert removed == [["ipcrm", "--shmem-id", "3"]]


def test_another_job_keeps_its_processes_and_files(program, process, removed, tmp_path) -> None:
    process(1, "/slurm/uid_1/job_12")
    process(2, "/system.slice/slurmstepd.scope/job_123/step_0/user/task_0")
    (tmp_path / "shm" / "segment").touch()
    assert program.main() == 0
    assert alive(program) == [2] and removed == []
    assert (tmp_path / "shm" / "segment").exists()


def test_a_process_that_stays_is_told(program, process, removed, monkeypatch, capsys) -> None:
    process(1, "/slurm/uid_1/job_12")
    process(2, "/slurm/uid_1/job_12", state="Z")
    monkeypatch.setattr(program.os, "kill", lambda _number, _signal: None)
    assert program.main() == 1
    assert "cannot be killed: [1]" in capsys.readouterr().err


def test_links_are_removed_and_not_followed(program, removed, tmp_path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (tmp_path / "shm" / "link").symlink_to(kept)
    assert program.main() == 0
    assert not (tmp_path / "shm" / "link").is_symlink() and (kept / "file").exists()


@pytest.mark.parametrize("setting", [{"first_uid": UID + 1}, {"except": ["alice"]}])
def test_users_that_are_not_touched(program, process, removed, setting) -> None:
    process(1, "/slurm/uid_1/job_12")
    config = json.loads(program.CONFIG.read_text())
    program.CONFIG.write_text(json.dumps({**config, **setting}))
    assert program.main() == 0 and alive(program) == [1]


def test_without_a_job_nothing_is_done(program, monkeypatch, capsys) -> None:
    monkeypatch.delenv("SLURM_JOB_UID")
    assert program.main() == 2 and "SLURM_JOB_UID" in capsys.readouterr().err
