# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Did check mode tell the truth? Compares the records of a check run and of the real run after it.

Usage: compare_changes.py CHECK REAL, both written by callback_plugins/record_changes.py. Prints each (host, task) that
changed in one and not in the other, handlers included; exits 1 when there is any, 2 when a record cannot be used.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys


def read(lines):
    """Return (Counter of the changes, list of the failures) of a record given as an iterable of JSON lines.

    A change is known by host, play, task name and the task's place in the files; one that happens twice counts twice.
    """
    changes, failures, results = collections.Counter(), [], 0
    for line in lines:
        event = json.loads(line)
        if event["event"] != "result":
            continue
        results += 1
        if event["changed"]:
            changes[(event["host"], event["play"], event["task"], event["path"])] += 1
        if event["status"] in ("failed", "unreachable"):
            failures.append(f"{event['host']}: {event['task']} ({event['path']}) {event['status']}")
    if not results:
        failures.append("the record holds no result: did the run start?")
    return changes, failures


def differences(check, real):
    """Return one line for each change that only one of the two runs reported (both Counters as read() returns)."""
    lines = []
    for run, more, less in (
        ("check mode said it would change, the real run did not", check, real),
        ("changed although check mode did not say so", real, check),
    ):
        lines += [f"{host}: {task} [{play}; {path}]: {run}" for host, play, task, path in sorted(more - less)]
    return lines


def without_repeated(check, real, tasks):
    """The changes of a check run without those that the tasks named (list of str) then did not make in the real run.

    Check mode installs nothing, so a package that two roles of a run ask for is missing to both of them.
    """
    return collections.Counter(
        {change: min(count, real[change]) if change[2] in tasks else count for change, count in check.items()}
    )


def without_play(changes, plays):
    """The changes without those of the plays named (list of str), whose work depends on what the run itself brings."""
    return collections.Counter({change: count for change, count in changes.items() if change[1] not in plays})


def main(arguments=None):
    """Compare the two records named on the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("check", type=argparse.FileType("r", encoding="utf-8"))
    parser.add_argument("real", type=argparse.FileType("r", encoding="utf-8"))
    parser.add_argument("--repeated", action="append", default=[], help="task that repeats an earlier task of the run")
    parser.add_argument("--unforeseen", action="append", default=[], help="play that depends on what the run brings")
    options = parser.parse_args(arguments)
    runs, failures = [], []
    for record in (options.check, options.real):
        with record:
            changes, failed = read(record)
        runs.append(without_play(changes, options.unforeseen))
        failures += [f"{record.name}: {failure}" for failure in failed]
    if failures:
        print("\n".join(failures))
        return 2
    runs[0] = without_repeated(*runs, options.repeated)
    different = differences(*runs)
    print("\n".join(different) or f"Check mode and the real run agree on {sum(runs[1].values())} changes.")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
