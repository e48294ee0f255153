# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the stages of `make test` one after the other and count them: stages.py [SCENARIO].

A failed stage does not stop the later ones. At the end stand the lines in which a failed stage said why, and last of
all "N passed, N failed"; the exit status is 0 only when nothing failed. A Molecule scenario that did not pass has its
nodes removed, also after an interruption.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = ("lint", "unit", "sanity", "docs")
# Scenarios whose names end so run only when they are named: an emulated machine is slow.
OPT_IN = "_vm"
# How Ansible, pytest and the linters begin to say what is wrong; how many lines are kept, follow, and are shown.
REASON = re.compile(r"fatal: \[|FAILED!|^FAILED |^ERROR|\[ERROR\]|^E  |Error: ")
KEPT, FOLLOWING, SHOWN = 20000, 10, 80


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """A signal asked us to end."""


def handle(handler: object) -> None:
    """Set what the signals that would end us do."""
    for signum in SIGNALS:
        signal.signal(signum, handler)


def interrupt(signum: int, _frame: object) -> None:
    """Turn the first signal into an exception, so that the clean-up runs; further ones do not disturb it."""
    handle(signal.SIG_IGN)
    raise Interrupted(signal.Signals(signum).name)


def run(command: list[str], said: deque[str]) -> int:
    """Run a command in a process group of its own; when interrupted, end the whole group. Returns its status.

    What it says is passed on and put in ``said``.
    """
    # A signal that comes while the command is being started must not leave it running unknown to us.
    early: list[int] = []
    handle(lambda signum, _frame: early.append(signum))
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        handle(interrupt)
        if early:
            interrupt(early[0], None)
        for line in process.stdout:
            print(line, end="", flush=True)
            said.append(line)
        return process.wait()
    except Interrupted:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise


def reasons(said: deque[str]) -> list[str]:
    """The last lines in which a stage says what is wrong, each with what follows it."""
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip(" │\n") for line in said]
    shown = {
        number
        for start, line in enumerate(plain)
        if REASON.search(line)
        for number in range(start, min(start + FOLLOWING, len(plain)))
    }
    return [plain[number] for number in sorted(shown) if plain[number]][-SHOWN:]


def main(arguments: list[str]) -> int:
    """Run all stages, or only the named scenario's, and print the summary."""
    scenarios = sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))
    if arguments:
        unknown = sorted(set(arguments) - set(scenarios))
        if unknown:
            print(f"No scenario {', '.join(unknown)}: there are {', '.join(scenarios)}.", file=sys.stderr)
            return 2
        stages = {f"molecule {name}": ["make", "--silent", f"molecule-{name}"] for name in arguments}
    else:
        stages = {name: ["make", "--silent", name] for name in CHECKS}
        ordinary = [name for name in scenarios if not name.endswith(OPT_IN)]
        stages |= {f"molecule {name}": ["make", "--silent", f"molecule-{name}"] for name in ordinary}

    handle(interrupt)
    results: list[tuple[str, bool, float]] = []
    why: dict[str, list[str]] = {}
    try:
        for name, command in stages.items():
            print(f"\n==> {name}", flush=True)
            start = time.monotonic()
            said: deque[str] = deque(maxlen=KEPT)
            passed = run(command, said) == 0
            results.append((name, passed, time.monotonic() - start))
            if not passed:
                why[name] = reasons(said)
    except Interrupted as reason:
        print(f"\nInterrupted ({reason}) in {name}.", file=sys.stderr, flush=True)
        results.append((name, False, time.monotonic() - start))

    handle(signal.SIG_IGN)
    for name, passed, _seconds in results:
        if name.startswith("molecule ") and not passed:
            scenario = name.removeprefix("molecule ")
            command = ["make", "--silent", f"destroy-{scenario}"]
            subprocess.run(command, cwd=ROOT, start_new_session=True, check=False)

    for name, lines in why.items():
        print(f"\n==> why {name} failed", *lines, sep="\n  ")
    failed = sum(1 for _name, passed, _seconds in results if not passed)
    print()
    for name, passed, seconds in results:
        print(f"{'passed' if passed else 'FAILED'}  {seconds:7.1f} s  {name}")
    print(f"{len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
