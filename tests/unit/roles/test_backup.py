# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of role backup: what it picks, how it restores, and what it says when something is wrong."""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "roles/backup/files/backup.py"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The program as a module, with its folders below tmp_path and a repository that copies files."""
    spec = importlib.util.spec_from_file_location("backup_program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "STATE", tmp_path / "state")
    monkeypatch.setattr(module, "Repository", lambda config: Copies(module, tmp_path / "repository"))
    return module


class Copies:
    """A repository that keeps plain copies, by the commands of restic that the program uses."""

    def __init__(self, module, folder: Path) -> None:
        self.module, self.folder, self.forgot = module, folder, False

    def make(self) -> bool:
        return False

    def lines(self, *arguments: str):
        for path in sorted(self.folder.rglob("*")):
            kind = "dir" if path.is_dir() else "file"
            yield json.dumps({"type": kind, "path": "/" + str(path.relative_to(self.folder))})

    def run(self, command: str, *arguments: str, accept=(0,)) -> str:
        if command == "backup":
            for path in map(Path, arguments[arguments.index("--") + 1 :]):
                files = [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]
                for file in files:
                    target = self.folder / str(file).lstrip("/")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, target)
            summary = {"snapshot_id": "abc", "total_files_processed": 1, "total_bytes_processed": 1, "data_added": 1}
            return json.dumps(summary) + "\n"
        if command == "restore":
            target = Path(arguments[arguments.index("--target") + 1])
            shutil.copytree(self.folder, target, dirs_exist_ok=True)
        return ""


@pytest.fixture
def config(tmp_path):
    """A configuration with one set: a folder with two files, and a dump."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "one").write_text("1")
    (data / "two").write_text("2")
    return {
        "host": "h",
        "repository": "/r",
        "ca_file": "",
        "keep": {"daily": 7},
        "check_files": 10,
        "check_size": 1000,
        "sets": [{"name": "s", "paths": [str(data)], "dumps": [{"name": "d.txt", "command": "echo dump"}]}],
    }


def test_backup_and_check(program, config) -> None:
    assert program.run(config)["result"] == "ok"
    status = program.check(config)
    assert (status["result"], status["sets"]["s"]["files"]) == ("ok", 3)
    assert program.record("h", status)["status"] == "pass"
    assert not list((program.STATE / "dumps/s").iterdir())


def test_a_file_that_is_not_restored_as_it_was(program, config, tmp_path) -> None:
    program.run(config)
    copy = tmp_path / "repository" / str(tmp_path / "data/one").lstrip("/")
    copy.write_text("other")
    status = program.check(config)
    assert status["result"] == "failed"
    assert str(tmp_path / "data/one") in status["errors"][0]
    assert program.record("h", status)["status"] == "fail"


def test_a_dump_that_fails(program, config) -> None:
    config["sets"][0]["dumps"][0]["command"] = "echo half | cat; false | true"
    status = program.run(config)
    assert status["result"] == "failed"
    assert "dump d.txt" in status["errors"][0]
    assert not (program.STATE / "sample.json").exists()


def test_a_path_that_is_not_there(program, config) -> None:
    config["sets"][0]["paths"].append("/not/there")
    assert "not there: /not/there" in program.run(config)["errors"][0]


def test_no_backup_yet(program, config) -> None:
    assert program.check(config)["result"] == "failed"


def test_only_what_did_not_change_is_picked(program, tmp_path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    assert program.hashes([str(file)], 5, 10, time.time() + 1)
    assert not program.hashes([str(file)], 5, 10, time.time() - 60)
    assert not program.hashes([str(file)], 5, 0, time.time() + 1)
    assert not program.hashes([str(file)], 0, 10, time.time() + 1)


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("/srv/backup", ""),
        ("s3:https://s3.example.org/b", ""),
        ("sftp:me@host:/backup", "me@host -s sftp"),
        ("sftp://me@host:2222//backup", "-p 2222"),
    ],
)
def test_sftp(program, repository, expected) -> None:
    options = program.sftp_command(repository, Path("/etc/x"))
    assert bool(options) == bool(expected)
    assert not options or (expected in options[1] and "StrictHostKeyChecking=yes" in options[1])
