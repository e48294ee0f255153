# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the stages of `make test` and count them: stages.py [SCENARIO].

Two lanes run side by side: in one the checks and then some scenarios, in a second lab; in the other the remaining
scenarios. A failed stage does not stop the later ones.
At the end stand the lines in which a failed stage said why, and last of all "N passed, N failed"; the exit status is 0
only when nothing failed. A Molecule scenario that did not pass has its nodes removed, also after an interruption.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = ("lint", "unit", "sanity", "docs")
# Scenarios whose names end so run only when they are named: an emulated machine is slow.
OPT_IN = "_vm"
# Scenarios that run in the second lab, after the checks: both lanes then take about as long.
SECOND_LAB = ("hpc", "scan")
# How Ansible, pytest and the linters begin to say what is wrong; how many lines are kept, follow, and are shown.
REASON = re.compile(r"fatal: \[|FAILED!|^FAILED (?!- RETRYING)|^ERROR|\[ERROR\]|^E  |Error: ")
KEPT, FOLLOWING, SHOWN = 20000, 10, 80


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def handle(handler: object) -> None:
    """Set what the signals that would end us do."""
    for signum in SIGNALS:
        signal.signal(signum, handler)


class Lane(threading.Thread):
    """Stages one after the other, beside another lane. What they say is shown as it comes, or when each is done."""

    def __init__(self, stages: dict[str, list[str]], *, live: bool) -> None:
        super().__init__(daemon=True)
        self.stages = stages
        self.live = live
        # Of each stage that has ended: its name, whether it passed, its seconds; and what those that failed said.
        self.results: list[tuple[str, bool, float]] = []
        self.why: dict[str, list[str]] = {}
        self.lock = threading.Lock()
        self.stopped = False
        self.process: subprocess.Popen[str] | None = None

    def run(self) -> None:
        """Run the stages until there is none left, or the lane is stopped."""
        for name, command in self.stages.items():
            start = time.monotonic()
            said: deque[str] = deque(maxlen=KEPT)
            show = print if self.live else _nothing
            show(f"\n==> {name}", flush=True)
            # Stopped now or later: a command that is being started must not be left running unknown to us.
            with self.lock:
                if self.stopped:
                    return
                self.process = _start(command)
            for line in self.process.stdout:
                show(line, end="", flush=True)
                said.append(line)
            passed = self.process.wait() == 0 and not self.stopped
            if not self.live:
                print(f"\n==> {name}\n{''.join(said)}", end="", flush=True)
            self.results.append((name, passed, time.monotonic() - start))
            if not passed:
                self.why[name] = reasons(said)
                # Said here and once more at the end: of a long output often only a part is kept.
                tell(name, self.why[name])
            if self.stopped:
                return

    def stop(self) -> None:
        """End the stage that is running, with all its processes, and start no other."""
        with self.lock:
            self.stopped = True
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.join()


def _nothing(*_words: object, **_options: object) -> None:
    """Show nothing yet."""


def _start(command: list[str]) -> subprocess.Popen[str]:
    """Start a command in a process group of its own."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


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


def tell(name: str, lines: list[str]) -> None:
    """Show why a stage failed."""
    print(f"\n==> why {name} failed", *lines, sep="\n  ", flush=True)


def main(arguments: list[str]) -> int:
    """Run all stages, or only the named scenario's, and print the summary."""
    scenarios = sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))
    if arguments:
        unknown = sorted(set(arguments) - set(scenarios))
        if unknown:
            print(f"No scenario {', '.join(unknown)}: there are {', '.join(scenarios)}.", file=sys.stderr)
            return 2
    checks = {} if arguments else {name: ["make", "--silent", name] for name in CHECKS}
    chosen = arguments or [name for name in scenarios if not name.endswith(OPT_IN)]

    # Scenarios wait for their nodes half of the time, so two cores are enough for two lanes. A scenario that was named
    # runs in the first lab, where somebody can look at it.
    second = [name for name in chosen if name in SECOND_LAB and not arguments]
    labs = {name: ["scripts/second-lab"] if name in second else [] for name in chosen}
    stages = {name: {f"molecule {name}": [*lab, "make", "--silent", f"molecule-{name}"]} for name, lab in labs.items()}
    lanes = [
        Lane(checks | {key: value for name in second for key, value in stages[name].items()}, live=False),
        Lane({key: value for name in chosen if name not in second for key, value in stages[name].items()}, live=True),
    ]
    # A signal is only noted: an exception out of its handler could leave a lock of threading taken for ever.
    signals: list[int] = []
    handle(lambda signum, _frame: signals.append(signum))
    for lane in lanes:
        lane.start()
    while not signals and any(lane.is_alive() for lane in lanes):
        time.sleep(0.2)
    # Further ones do not disturb the clean-up.
    handle(signal.SIG_IGN)
    if signals:
        print(f"\nInterrupted ({signal.Signals(signals[0]).name}).", file=sys.stderr, flush=True)
        for lane in lanes:
            lane.stop()

    results = [result for lane in lanes for result in lane.results]
    why = {name: lines for lane in lanes for name, lines in lane.why.items()}
    for name, passed, _seconds in results:
        if name.startswith("molecule ") and not passed:
            scenario = name.removeprefix("molecule ")
            command = [*labs[scenario], "make", "--silent", f"destroy-{scenario}"]
            subprocess.run(command, cwd=ROOT, start_new_session=True, check=False)

    for name, lines in why.items():
        tell(name, lines)
    failed = sum(1 for _name, passed, _seconds in results if not passed)
    print()
    for name, passed, seconds in results:
        print(f"{'passed' if passed else 'FAILED'}  {seconds:7.1f} s  {name}")
    print(f"{len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
