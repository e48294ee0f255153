# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare `ansible-inventory --list` of a federation description with the same content as plain static YAML.

Prints a table and exits 1 if a bound is missed. Only ratios within one run count: both sides are measured in turns, so
that what else the machine does hits both. `make bench` runs it through the file `run` beside it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from synthetic import write

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
os.environ["ANSIBLE_CONFIG"] = str(ROOT / "ansible.cfg")

# Reads and checks a description, and prints the seconds of the second time (the first one imports jsonschema).
VALIDATE = """
import sys, time
from pathlib import Path
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import load
load(Path(sys.argv[1]))
begin = time.process_time()
load(Path(sys.argv[1]))
print(time.process_time() - begin)
"""


@dataclass
class Result:
    """One line of the table: two durations in seconds and the most that the first may be of the second."""

    what: str
    ours: float
    other: float
    bound: float

    @property
    def ratio(self) -> float:
        """Ours divided by the other."""
        return self.ours / self.other


def _list(source: Path) -> float:
    """Seconds that `ansible-inventory --list` takes."""
    command = [BIN / "ansible-inventory", "-i", source, "--list", "--output", os.devnull]
    begin = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True)
    return time.perf_counter() - begin


def _static(source: Path, folder: Path) -> Path:
    """The same hosts, groups and variables as a plain YAML inventory."""
    static = folder / f"{source.parent.name}-static.yml"
    command = [BIN / "ansible-inventory", "-i", source, "--list", "--yaml", "--export", "--output", static]
    subprocess.run(command, cwd=ROOT, check=True)
    return static


def _compare(what: str, source: Path, folder: Path, repetitions: int, bound: float) -> Result:
    static = _static(source, folder)
    pairs = [(_list(source), _list(static)) for _turn in range(repetitions)]
    ours, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Result(what, ours, other, bound)


def _validation(folder: Path) -> Result:
    """Reading and checking 10,000 hosts against four times 2,500: linear means a ratio of about 1."""
    sources = {hosts: write(folder / f"validate-{hosts}", hosts) for hosts in (2_500, 10_000)}
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".ansible" / "collections")}
    seconds: dict[int, list[float]] = {hosts: [] for hosts in sources}
    for _turn in range(5):
        for hosts, source in sources.items():
            command = [sys.executable, "-c", VALIDATE, source]
            result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            seconds[hosts].append(float(result.stdout))
    return Result("validation of 10,000 hosts / 4 x 2,500", min(seconds[10_000]), 4 * min(seconds[2_500]), 1.5)


def main() -> int:
    """Measure, print, and return 1 if a bound is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        real = ROOT / "inventories" / "datacloud" / "federation.yml"
        results = [
            _compare("inventories/datacloud / static YAML", real, folder, 7, 1.1),
            _compare("10,000 hosts / static YAML", write(folder / "large", 10_000), folder, 3, 0.3),
            _validation(folder),
        ]
    print(f"{'what':<42}{'seconds':>9}{'against':>9}{'ratio':>8}{'bound':>8}")
    for result in results:
        verdict = "" if result.ratio <= result.bound else "  missed"
        print(
            f"{result.what:<42}{result.ours:>9.2f}{result.other:>9.2f}{result.ratio:>8.2f}{result.bound:>8.2f}{verdict}"
        )
    return int(any(result.ratio > result.bound for result in results))


if __name__ == "__main__":
    sys.exit(main())
