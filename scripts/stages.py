# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the stages of `make test` one after the other and count them: stages.py [SCENARIO].

A failed stage does not stop the later ones. The last line is "N passed, N failed"; the exit status is 0 only when
nothing failed. A Molecule scenario that did not pass has its nodes removed, also after an interruption.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = ("lint", "unit", "sanity", "docs")


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


def run(command: list[str]) -> int:
    """Run a command in a process group of its own; when interrupted, end the whole group. Returns its status."""
    # A signal that comes while the command is being started must not leave it running unknown to us.
    early: list[int] = []
    handle(lambda signum, _frame: early.append(signum))
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        handle(interrupt)
        if early:
            interrupt(early[0], None)
        return process.wait()
    except Interrupted:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise


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
        stages |= {f"molecule {name}": ["make", "--silent", f"molecule-{name}"] for name in scenarios}

    handle(interrupt)
    results: list[tuple[str, bool, float]] = []
    try:
        for name, command in stages.items():
            print(f"\n==> {name}", flush=True)
            start = time.monotonic()
            passed = run(command) == 0
            results.append((name, passed, time.monotonic() - start))
    except Interrupted as reason:
        print(f"\nInterrupted ({reason}) in {name}.", file=sys.stderr, flush=True)
        results.append((name, False, time.monotonic() - start))

    handle(signal.SIG_IGN)
    for name, passed, _seconds in results:
        if name.startswith("molecule ") and not passed:
            scenario = name.removeprefix("molecule ")
            command = ["make", "--silent", f"destroy-{scenario}"]
            subprocess.run(command, cwd=ROOT, start_new_session=True, check=False)

    failed = sum(1 for _name, passed, _seconds in results if not passed)
    print()
    for name, passed, seconds in results:
        print(f"{'passed' if passed else 'FAILED'}  {seconds:7.1f} s  {name}")
    print(f"{len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
