# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Harden fresh nodes, each in another way, in one run: seconds, CPU and tasks side by side.

Ours is role hardening with profile epic. Beside it, where they are there: devsec.hardening's os and ssh roles (the
collection has to be installed) and the playbook that Debian's ssg-debian brings for CIS level 2 (--ssg: half an hour).
Every node is fresh, reached over SSH, and its sudo asks for a password; all of them are prepared alike. Exits 1 if a
bound is missed: only ratios within this run and numbers of tasks are bound, since other work shares the machine.
`make bench` runs it through the file `run` beside it.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import scan
from lab import BIN, ROOT, Lab
from node import Node

HERE = Path(__file__).resolve().parent
TASKS = 15
SECOND_RUN_IN_EMPTY_PLAYS = 4
FIRST_RUN_FASTER_THAN_SSG = 15
SSG = "/usr/share/scap-security-guide/ansible/debian{release}-playbook-cis_level2_server.yml"
# Not a file of its own: ansible-lint would want the collection. A container has no audit subsystem, and os_hardening
# stops where the daemon does not start.
DEVSEC = """---
- name: Hardening by devsec.hardening
  hosts: all
  become: true
  gather_facts: true
  vars:
    os_auditd_enabled: false
  roles:
    - role: devsec.hardening.os_hardening
    - role: devsec.hardening.ssh_hardening
"""
RECAP = re.compile(r"^\S+ +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+) +skipped=(\d+) .*ignored=(\d+)")


@dataclass
class Run:
    """One playbook on one node: seconds, CPU seconds, and the numbers of its recap."""

    what: str
    seconds: float
    cpu_controller: float
    cpu_node: float
    ok: int
    changed: int
    failed: int
    ignored: int


def measure(lab: Lab, node: Node, what: str, playbook: Path, *more: str) -> Run:
    """Run a playbook once. One that fails is measured all the same: the table shows it."""
    before = _controller_cpu(), node.cpu()
    begin = time.perf_counter()
    result = lab.playbook(playbook, node, *more)
    seconds = time.perf_counter() - begin
    after = _controller_cpu(), node.cpu()
    recap = next(filter(None, map(RECAP.match, result.stdout.splitlines())), None)
    if recap is None:
        raise RuntimeError(f"{what}: {result.stdout[-2000:]}{result.stderr[-2000:]}")
    ok, changed, unreachable, failed, _skipped, ignored = map(int, recap.groups())
    if failed or unreachable:
        print(f"{what} failed:\n{result.stdout[-3000:]}{result.stderr[-1000:]}", file=sys.stderr)
    cpu = after[0] - before[0], after[1] - before[1]
    run = Run(what, round(seconds, 1), round(cpu[0], 1), round(cpu[1], 1), ok, changed, failed + unreachable, ignored)
    print(_line(run), flush=True)
    return run


def _controller_cpu() -> float:
    """CPU seconds of the processes that this one started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _line(run: Run) -> str:
    numbers = f"{run.seconds:>9.1f}{run.cpu_controller:>12.1f}{run.cpu_node:>9.1f}"
    return f"{run.what:<34}{numbers}{run.ok:>7}{run.changed:>9}{run.failed:>8}{run.ignored:>9}"


def ours(lab: Lab, node: Node, turns: int) -> list[Run]:
    """Empty plays and our runs in turns, so that what else the machine does hits both."""
    runs = [measure(lab, node, "empty play with facts", HERE / "empty.yml") for _turn in range(turns)]
    runs.append(measure(lab, node, "ours, check", HERE / "ours.yml", "--check"))
    runs.append(measure(lab, node, "ours, first", HERE / "ours.yml"))
    for _turn in range(turns):
        runs.append(measure(lab, node, "empty play with facts", HERE / "empty.yml"))
        runs.append(measure(lab, node, "ours, second", HERE / "ours.yml"))
    runs.append(measure(lab, node, "ours, check after it", HERE / "ours.yml", "--check"))
    return runs


def peer(lab: Lab, node: Node, name: str, playbook: Path) -> list[Run]:
    """Another way of hardening, twice."""
    return [measure(lab, node, f"{name}, {which}", playbook) for which in ("first", "second")]


def ssg_playbook(node: Node, release: str) -> str:
    """The generated playbook. Without ignore_errors it stops at its first task that cannot work in a container."""
    text = node.root(f"cat {SSG.format(release=release)}\n")
    return text.replace("  hosts: all\n", "  hosts: all\n  become: true\n  ignore_errors: true\n", 1)


def has_devsec() -> bool:
    """Whether the collection devsec.hardening is installed where Ansible looks."""
    command = [BIN / "ansible-galaxy", "collection", "list", "--format", "json"]
    return "devsec.hardening" in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def middle(runs: list[Run], what: str) -> Run:
    """The run of that name with the median of the seconds."""
    those = sorted((run for run in runs if run.what == what), key=lambda run: run.seconds)
    median = statistics.median_low(run.seconds for run in those)
    return next(run for run in those if run.seconds == median)


def verdicts(runs: list[Run]) -> list[tuple[str, float, float, bool]]:
    """(what is bound, value, bound, whether it is kept) of everything that was measured."""
    empty, first, second = (middle(runs, name) for name in ("empty play with facts", "ours, first", "ours, second"))
    check = middle(runs, "ours, check")
    ratio = round(second.seconds / empty.seconds, 2)
    found = [
        ("tasks of a host", first.ok, TASKS, first.ok <= TASKS),
        ("failed in the first run", first.failed, 0, first.failed == 0),
        ("changed in the second run", second.changed, 0, second.changed == 0),
        ("second run / empty play", ratio, SECOND_RUN_IN_EMPTY_PLAYS, ratio <= SECOND_RUN_IN_EMPTY_PLAYS),
        ("changed by check minus by first run", check.changed - first.changed, 0, check.changed == first.changed),
    ]
    if any(run.what == "ssg, first" for run in runs):
        faster = round(middle(runs, "ssg, first").seconds / first.seconds, 1)
        bound = FIRST_RUN_FASTER_THAN_SSG
        found.append(("first run of ssg / ours", faster, bound, faster >= bound))
    return found


def main() -> int:
    """Measure, print, write, and return 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", choices=["trixie", "bookworm"], default="trixie")
    parser.add_argument("--ssg", action="store_true", help="also the playbook of ssg-debian (half an hour)")
    parser.add_argument("--scan", action="store_true", help="also what scanners say before and after (minutes a node)")
    parser.add_argument("--turns", type=int, default=3, help="how often the second run and the empty play are measured")
    parser.add_argument("--octet", type=int, default=155, help="the lab's network is 10.OCTET.0.0/16")
    parser.add_argument("--output", type=Path, default=ROOT / ".lab" / "benchmark-hardening.json")
    arguments = parser.parse_args()
    print(f"{'what':<34}{'seconds':>9}{'CPU control':>12}{'node':>9}{'ok':>7}{'changed':>9}{'failed':>8}{'ignored':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peers = ["devsec"] * has_devsec() + ["ssg"] * arguments.ssg
        with Lab(folder, arguments.suite, 1 + len(peers), arguments.octet) as lab:
            found = _measure(lab, arguments, peers)
    runs = found.pop("all")
    found["runs"] = [asdict(run) for run in runs]
    bounds = verdicts(runs)
    found["bounds"] = [dict(zip(("what", "value", "bound", "kept"), bound, strict=True)) for bound in bounds]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for what, value, bound, kept in bounds:
        print(f"{what:<40}{value:>8} against {bound:>4}{'' if kept else '  missed'}")
    return int(not all(kept for *_rest, kept in bounds))


def _measure(lab: Lab, arguments: argparse.Namespace, peers: list[str]) -> dict:
    """Prepare the nodes and run everything on them."""
    nodes = lab.nodes()
    for node in nodes:
        node.ask_for_password()
        node.root(scan.INSTALL)
    release = nodes[0].root(". /etc/os-release; echo $VERSION_ID\n").strip()
    found = {"date": time.strftime("%Y-%m-%d"), "release": release, "become": "sudo with a password"}
    scanned = {}
    if arguments.scan:
        scanned["fresh"] = scan.scan(nodes[0], network=False)
    found["all"] = ours(lab, nodes[0], arguments.turns)
    for name, node in zip(peers, nodes[1:], strict=True):
        playbook = lab.folder / f"{name}.yml"
        playbook.write_text(ssg_playbook(node, release) if name == "ssg" else DEVSEC, encoding="utf-8")
        found["all"] += peer(lab, node, name, playbook)
    if arguments.scan:
        scanned["ours"] = scan.scan(nodes[0])
        print(scan.summary(scanned["ours"], scanned["fresh"]))
        found["scans"] = scanned
    return found


if __name__ == "__main__":
    sys.exit(main())
