#!/usr/bin/python3
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Back up this host with restic, as /etc/datacloud-backup/ says, and check that the backup can be restored.

Usage: datacloud-backup run              back up every set; the first time, make the repository
       datacloud-backup check [--probe]  restore the sample that the last backup picked, and compare SHA-256 hashes
       datacloud-backup restic ARG...    restic on the repository: snapshots, ls latest, restore latest --target DIR ...

The outcome goes to the journal and to /var/lib/datacloud/backup/{status,check}.json; with --probe also to
/var/lib/datacloud/probes/backup.json, for the evidence. Exit code: 0, or 1 when something failed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path("/etc/datacloud-backup")
STATE = Path("/var/lib/datacloud/backup")
PROBE = Path("/var/lib/datacloud/probes/backup.json")
# What restic's patterns would read as something else.
SPECIAL = set("*?[]\\$!\n")


class Failed(Exception):
    """Something that the operator has to know, in one sentence."""


def now() -> str:
    """The time, ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def write(path: Path, content: dict) -> None:
    """Replace a file of JSON that only root may read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content, indent=2), encoding="utf-8")
    new.chmod(0o600)
    new.replace(path)


def environment(folder: Path) -> dict[str, str]:
    """What restic gets: the credentials and the password, and nothing of whoever runs this that could change it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RESTIC_", "AWS_"))}
    credentials = json.loads((folder / "credentials.json").read_text(encoding="utf-8"))
    return {**inherited, "RESTIC_CACHE_DIR": "/var/cache/datacloud-backup", **credentials}


def sftp_command(repository: str, folder: Path) -> list[str]:
    """Options that make restic log in with our key, and only to the server that is known."""
    if not repository.startswith("sftp:"):
        return []
    host = repository.split(":", 1)[1].lstrip("/")
    host = host.split("/", 1)[0] if repository.startswith("sftp://") else host.split(":", 1)[0]
    ssh = f"ssh -i {folder}/ssh_key -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes"
    if ":" in host:
        host, port = host.rsplit(":", 1)
        ssh += f" -p {port}"
    return ["-o", f"sftp.command={ssh} -o UserKnownHostsFile={folder}/known_hosts {host} -s sftp"]


class Repository:
    """restic on one repository."""

    def __init__(self, config: dict, folder: Path = FOLDER) -> None:
        self.environment = environment(folder)
        self.options = ["--repo", config["repository"], *sftp_command(config["repository"], folder)]
        if config["ca_file"]:
            self.options += ["--cacert", config["ca_file"]]

    def run(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> str:
        """Run restic and return what it writes; raise Failed with its own words when it ends with another code."""
        done = subprocess.run(
            ["restic", *self.options, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode not in accept:
            raise Failed(f"restic {arguments[0]}: {done.stderr.strip()[-500:] or f'it ended with {done.returncode}'}")
        return done.stdout

    def lines(self, *arguments: str) -> Iterator[str]:
        """Run restic and return what it writes line by line; raise Failed when it ends with another code than 0."""
        command = ["restic", *self.options, *arguments]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as process:
            yield from process.stdout
        if process.returncode:
            raise Failed(f"restic {arguments[0]} ended with {process.returncode}")

    def make(self) -> bool:
        """Make the repository unless it is there, and say whether it was made.

        A repository that cannot be reached, or not with this password, is not one that is missing.
        """
        try:
            self.run("cat", "config")
        except Failed as error:
            words = str(error).lower()
            if not any(
                sign in words for sign in ("does not exist", "no such file", "is there a repository", "not exist")
            ):
                raise
            self.run("init")
            return True
        return False


def digest(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    value = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            value.update(block)
    return value.hexdigest()


def files_in(repository: Repository, snapshot: str, count: int) -> list[str]:
    """Up to count regular files of a snapshot, picked at random while they are listed."""
    picked: list[str] = []
    seen = 0
    for line in repository.lines("ls", "--json", snapshot):
        node = json.loads(line)
        if node.get("type") != "file" or SPECIAL & set(node["path"]):
            continue
        seen += 1
        if len(picked) < count:
            picked.append(node["path"])
        elif (place := random.randrange(seen)) < count:  # noqa: S311
            picked[place] = node["path"]
    return picked


def hashes(paths: list[str], count: int, size: int, since: float) -> dict[str, str]:
    """The SHA-256 of up to count files with up to size bytes together: path -> hexadecimal.

    Only of those that have not changed since that time (seconds since 1970), so that they are what was backed up.
    """
    found: dict[str, str] = {}
    for name in paths:
        path = Path(name)
        try:
            status = path.lstat()
            if len(found) < count and path.is_file() and status.st_ctime <= since and status.st_size <= size:
                found[name] = digest(path)
                size -= status.st_size
        except OSError:
            continue
    return found


def dump(entry: dict, folder: Path) -> Path:
    """Run a dump's command and return the file with its output."""
    target = folder / entry["name"]
    with target.open("wb") as output:
        # pipefail: half a dump is none.
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", entry["command"]], stdout=output, stderr=subprocess.PIPE, check=False
        )
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()[-500:]
        raise Failed(f"dump {entry['name']}: {words or f'its command ended with {done.returncode}'}")
    return target


def back_up(config: dict, repository: Repository, entry: dict, folder: Path) -> tuple[dict, dict]:
    """Back up one set; return its status, and its sample for the check."""
    dumps = [dump(item, folder) for item in entry.get("dumps") or []]
    paths = [Path(path) for path in entry.get("paths") or []]
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise Failed(f"not there: {', '.join(missing)}")
    excludes = [option for pattern in entry.get("excludes") or [] for option in ("--exclude", pattern)]
    started = time.time()
    # 3: some files could not be read, or vanished.
    answer = repository.run(
        "backup", "--json", "--quiet", "--host", config["host"], "--tag", entry["name"],
        *excludes, "--", *map(str, paths + dumps), accept=(0, 3),
    )  # fmt: skip
    summary = json.loads(answer.strip().splitlines()[-1])
    # The dumps first; of the others more than needed, as some will have changed or be too large.
    candidates = [*map(str, dumps), *files_in(repository, summary["snapshot_id"], config["check_files"] * 5)]
    sample = hashes(list(dict.fromkeys(candidates)), config["check_files"], config["check_size"], started)
    status = {
        "snapshot": summary["snapshot_id"],
        "files": summary["total_files_processed"],
        "bytes": summary["total_bytes_processed"],
        "bytes_added": summary["data_added"],
    }
    return status, {"snapshot": summary["snapshot_id"], "files": sample}


def run(config: dict) -> dict:
    """Back up every set, take away what need not be kept, and return the status."""
    status: dict = {"started": now(), "sets": {}, "errors": []}
    samples = {}
    repository = Repository(config)
    try:
        status["made_repository"] = repository.make()
        # Locks of runs that are no more.
        repository.run("unlock")
        for entry in config["sets"]:
            # The same path every time, so that restic finds the dumps of last time.
            folder = STATE / "dumps" / entry["name"]
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                status["sets"][entry["name"]], samples[entry["name"]] = back_up(config, repository, entry, folder)
            except Failed as error:
                status["errors"].append(f"{entry['name']}: {error}")
            finally:
                for path in folder.iterdir():
                    path.unlink()
        keep = [f"--keep-{unit}={count}" for unit, count in config["keep"].items()]
        if keep and not status["errors"]:
            repository.run("forget", "--prune", "--host", config["host"], "--group-by", "host,tags", *keep)
    except Failed as error:
        status["errors"].append(str(error))
    status["finished"] = now()
    status["result"] = "failed" if status["errors"] else "ok"
    if status["result"] == "ok":
        write(STATE / "sample.json", samples)
    write(STATE / "status.json", status)
    return status


def check(config: dict) -> dict:
    """Restore the sample of the newest backup, compare it, and return the status."""
    started = time.monotonic()
    status: dict = {"time": now(), "sets": {}, "errors": []}
    try:
        samples = json.loads((STATE / "sample.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        samples = {}
        status["errors"].append("no backup has been made yet")
    repository = Repository(config)
    for name, sample in samples.items():
        with tempfile.TemporaryDirectory() as folder:
            includes = [option for path in sample["files"] for option in ("--include", path)]
            different = []
            try:
                if includes:
                    repository.run("restore", sample["snapshot"], "--target", folder, *includes)
                else:
                    status["errors"].append(f"{name}: the backup has no file that could be compared")
            except Failed as error:
                status["errors"].append(f"{name}: {error}")
            else:
                for path, value in sample["files"].items():
                    restored = Path(folder) / path.lstrip("/")
                    if not restored.is_file() or digest(restored) != value:
                        different.append(path)
        if different:
            status["errors"].append(f"{name}: not restored as they were: {', '.join(different[:10])}")
        status["sets"][name] = {"snapshot": sample["snapshot"], "files": len(sample["files"]) - len(different)}
    status["seconds"] = round(time.monotonic() - started, 1)
    status["result"] = "failed" if status["errors"] else "ok"
    write(STATE / "check.json", status)
    return status


def record(host: str, status: dict) -> dict:
    """The outcome of a check, for the evidence."""
    passed = status["result"] == "ok"
    files = sum(item["files"] for item in status["sets"].values())
    snapshots = ", ".join(item["snapshot"][:8] for item in status["sets"].values())
    return {
        "id": PROBE.stem,
        "title": "The newest backup can be restored: hashes of a sample are compared",
        "iso27001_2022": ["A.8.13"],
        "host": host,
        "status": "pass" if passed else "fail",
        "observed": f"{files} files of snapshot {snapshots} restored, with the hashes they had"
        if passed
        else "; ".join(status["errors"]),
        "time": now(),
    }


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code."""
    os.umask(0o077)
    action = arguments[0] if arguments else ""
    if action not in ("run", "check", "restic"):
        print(__doc__)
        return 2
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    if action == "restic":
        repository = Repository(config)
        return subprocess.run(
            ["restic", *repository.options, *arguments[1:]], env=repository.environment, check=False
        ).returncode
    status = run(config) if action == "run" else check(config)
    if action == "check" and "--probe" in arguments:
        write(PROBE, record(config["host"], status))
    # systemd reads the priority in front of a line.
    for error in status["errors"]:
        print(f"<3>{error}")
    for name, result in status["sets"].items():
        print(f"<6>{action} {name}: snapshot {result['snapshot'][:8]}, {result['files']} files")
    return 0 if status["result"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
