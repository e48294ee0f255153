#!/usr/bin/python3
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take away what a job has left on this node, as /etc/datacloud-job-cleanup.json says.

Slurm's epilog runs it as root when a job has ended, with SLURM_JOB_ID and SLURM_JOB_UID in the environment
(slurm.schedmd.com/prolog_epilog.html). The user's processes outside of other jobs are killed. Where there is no other
job of that user here, shared memory, semaphores, message queues and files in the configured folders go as well.
Slurm itself is not asked: many nodes end a job at the same moment.
Exit code: 0 done, 1 something stayed, 2 it was not called as it should be.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

CONFIG = Path("/etc/datacloud-job-cleanup.json")
PROC = Path("/proc")
# How long killed processes may take to be gone, in seconds.
PATIENCE = 10
# slurmstepd's control groups: .../job_12/step_0/... in both versions (slurm.schedmd.com/cgroups.html).
JOB = re.compile(r"/job_(\d+)(?:/|$)", re.MULTILINE)


def name(uid: int) -> str:
    """A user's name, "" for none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def processes(uid: int) -> dict[int, str]:
    """The processes of a user as {number: the job whose they are, "" for none}."""
    found = {}
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            status = (folder / "status").read_text(encoding="utf-8")
            groups = (folder / "cgroup").read_text(encoding="utf-8")
        except OSError:
            continue  # it has ended
        # The real number is the first; a zombie needs its parent, not a signal.
        if f"\nUid:\t{uid}\t" not in status or "\nState:\tZ" in status:
            continue
        job = JOB.search(groups)
        found[int(folder.name)] = job[1] if job else ""
    return found


def kill(uid: int, job: str) -> tuple[bool, list[int]]:
    """Kill what a user runs outside of other jobs: (whether he has other jobs, processes that would not go)."""
    end = time.monotonic() + PATIENCE
    while True:
        found = processes(uid)
        others = any(owner not in ("", job) for owner in found.values())
        rest = [number for number, owner in found.items() if owner in ("", job)]
        if not rest or time.monotonic() > end:
            return others, rest
        for number in rest:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.1)


def remove_files(uid: int, folders: list[str]) -> list[str]:
    """Remove what a user owns right below the folders, and all in it: paths that stayed."""
    stayed = []
    for folder in folders:
        try:
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            continue
        for entry in entries:
            try:
                if entry.stat(follow_symlinks=False).st_uid != uid:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    # It follows no link, not even one that is put in its way meanwhile.
                    shutil.rmtree(entry.path)
                else:
                    Path(entry.path).unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                stayed.append(f"{entry.path}: {error.strerror}")
    return stayed


def remove_ipc(uid: int) -> None:
    """Remove a user's System V shared memory, semaphores and message queues."""
    for kind, option in (("shm", "--shmem-id"), ("sem", "--semaphore-id"), ("msg", "--queue-id")):
        head, *lines = (PROC / "sysvipc" / kind).read_text(encoding="utf-8").splitlines()
        columns = head.split()
        identifier, owner = columns.index(f"{kind}id" if kind != "msg" else "msqid"), columns.index("uid")
        for line in lines:
            fields = line.split()
            if int(fields[owner]) == uid:
                subprocess.run(["ipcrm", option, fields[identifier]], check=False)


def main() -> int:
    """Clean up after the job in the environment; the exit code."""
    config = json.loads(CONFIG.read_text(encoding="utf-8"))
    try:
        job, uid = os.environ["SLURM_JOB_ID"], int(os.environ["SLURM_JOB_UID"])
    except (KeyError, ValueError):
        print("SLURM_JOB_ID and SLURM_JOB_UID say after which job to clean up", file=sys.stderr)
        return 2
    if uid < config["first_uid"] or name(uid) in config["except"]:
        return 0
    others, stayed = kill(uid, job)
    if stayed:
        print(f"Processes of user {uid} that cannot be killed: {stayed}", file=sys.stderr)
        return 1
    if others:
        return 0
    remove_ipc(uid)
    files = remove_files(uid, config["paths"])
    for line in files:
        print(line, file=sys.stderr)
    return 1 if files else 0


if __name__ == "__main__":
    sys.exit(main())
