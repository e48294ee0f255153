# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook and kills it at a random task, so that a scenario can prove that it may be started again.

Usage: interrupt.py [--seed N] [--first N] [--last N | --like RECORD] -- ansible-playbook ...
The task is chosen between the first and the last number of task starts; --like takes the last one from the record of
a whole run (callback_plugins/record_changes.py). Exits 0 when the run was killed, 3 when it ended before.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHARED = Path(__file__).resolve().parent


def started(path):
    """Return the names of the tasks that the record at path says were started, oldest first."""
    names = []
    with Path(path).open(encoding="utf-8") as record:
        for line in record:
            if not line.endswith("\n"):
                break
            event = json.loads(line)
            if event["event"] == "task":
                names.append(event["task"])
    return names


def run_and_kill(command, number, delay, record):
    """Run command (list of str) until its record shows the number-th task start, wait delay seconds, kill its group.

    Return the name of the task it was killed in, or None when it ended first.
    """
    plugins = os.pathsep.join(
        filter(None, [str(SHARED / "callback_plugins"), os.environ.get("ANSIBLE_CALLBACK_PLUGINS")])
    )
    environment = {**os.environ, "RECORD_CHANGES": record, "ANSIBLE_CALLBACK_PLUGINS": plugins}
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        try:
            while process.poll() is None and len(started(record)) < number:
                time.sleep(0.05)
            if process.poll() is None:
                time.sleep(delay)
            if process.poll() is not None:
                return None
            return started(record)[-1]
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def main(arguments=None):
    """Choose the task, run and kill; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=None, help="repeat the choice of an earlier run")
    parser.add_argument("--first", type=int, default=1)
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--last", type=int, default=50)
    end.add_argument("--like", help="record of a whole run")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    choice = random.Random(seed)  # noqa: S311
    last = len(started(options.like)) if options.like else options.last
    number = choice.randint(options.first, max(options.first, last))
    delay = choice.random()
    print(f"Killing at task {number} of {last}, {delay:.2f} s after its start (--seed {seed}).", flush=True)
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as record:
        task = run_and_kill(options.command, number, delay, record.name)
    print(f'Killed in "{task}" (--seed {seed}).' if task else f"The run ended before task {number} (--seed {seed}).")
    return 0 if task else 3


if __name__ == "__main__":
    sys.exit(main())
