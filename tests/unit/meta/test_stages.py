# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test` counts its stages honestly, and leaves no node behind when it is interrupted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# Stand-ins for the real targets: unit fails, the scenario takes for ever, destroying its nodes leaves a mark.
MAKEFILE = """\
lint sanity docs molecule-quick:
\t@echo $@ >> ran
unit:
\t@echo unit >> ran; echo '  │ FAILED - RETRYING: [north]: Wait (2 retries left).'
\t@echo '  │ fatal: [north]: FAILED! => no disk'; exit 1
molecule-slow:
\t@echo $$$$ > pid; exec sleep 600
destroy-slow:
\t@echo destroyed >> ran
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with scripts/stages.py, the stand-ins and one scenario."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "stages.py", tmp_path / "scripts")
    (tmp_path / "Makefile").write_text(MAKEFILE)
    scenario(tmp_path, "quick")
    return tmp_path


def scenario(project: Path, name: str) -> None:
    """Add a Molecule scenario of this name."""
    directory = project / "molecule" / name
    directory.mkdir(parents=True)
    (directory / "molecule.yml").touch()


def test_a_failed_stage_is_counted_and_does_not_stop_the_others(project: Path) -> None:
    result = subprocess.run(
        [sys.executable, project / "scripts" / "stages.py"], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == "4 passed, 1 failed"
    assert "==> why unit failed\n  fatal: [north]: FAILED! => no disk\n" in result.stdout
    ran = (project / "ran").read_text().split()
    # The scenario runs beside the checks.
    assert sorted(ran) == ["docs", "lint", "molecule-quick", "sanity", "unit"]
    assert [stage for stage in ran if stage != "molecule-quick"] == ["lint", "unit", "sanity", "docs"]


def test_some_scenarios_run_in_the_second_lab_after_the_checks(project: Path) -> None:
    scenario(project, "scan")
    makefile = project / "Makefile"
    makefile.write_text(
        makefile.read_text().replace("molecule-quick:", "molecule-quick molecule-scan:")
        + "destroy-scan:\n\t@echo $@ >> ran\n"
    )
    second = project / "scripts" / "second-lab"
    second.write_text('#!/bin/sh\necho second-lab >> ran\nexec "$@"\n')
    second.chmod(0o755)
    command = [sys.executable, project / "scripts" / "stages.py"]
    subprocess.run(command, capture_output=True, timeout=60, check=False)
    ran = (project / "ran").read_text().split()
    assert [stage for stage in ran if stage != "molecule-quick"][-3:] == ["docs", "second-lab", "molecule-scan"]

    # One that failed is removed where it was; one that was named runs in the first lab.
    makefile.write_text(makefile.read_text().replace("molecule-scan:", "molecule-scan:\n\t@exit 1\nother:"))
    subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (project / "ran").read_text().split()[-3:] == ["second-lab", "second-lab", "destroy-scan"]
    subprocess.run([*command, "scan"], capture_output=True, timeout=60, check=False)
    assert (project / "ran").read_text().split()[-2:] == ["destroy-scan", "destroy-scan"]


def test_one_scenario_alone(project: Path) -> None:
    command = [sys.executable, project / "scripts" / "stages.py", "quick"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_scenarios_in_a_virtual_machine_run_only_when_named(project: Path) -> None:
    scenario(project, "quick_vm")
    makefile = project / "Makefile"
    makefile.write_text(makefile.read_text().replace("molecule-quick:", "molecule-quick molecule-quick_vm:"))
    subprocess.run([sys.executable, project / "scripts" / "stages.py"], capture_output=True, timeout=60, check=False)
    assert "molecule-quick_vm" not in (project / "ran").read_text()
    command = [sys.executable, project / "scripts" / "stages.py", "quick_vm"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_unknown_scenario_names_the_known_ones(project: Path) -> None:
    command = [sys.executable, project / "scripts" / "stages.py", "quik"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (2, "No scenario quik: there are quick.\n")


def test_interrupted_ends_both_lanes(project: Path) -> None:
    scenario(project, "slow")
    makefile = project / "Makefile"
    checks = "unit:\n\t@echo $$$$ > unit_pid; exec sleep 600\n"
    makefile.write_text(makefile.read_text().replace("unit:\n", "old:\n") + checks)
    stages = subprocess.Popen([sys.executable, project / "scripts" / "stages.py"], stdout=subprocess.PIPE, text=True)
    pids = [project / "pid", project / "unit_pid"]
    deadline = time.monotonic() + 30
    while not all(pid.exists() and pid.read_text().strip() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stages.send_signal(signal.SIGTERM)
    output, _unused = stages.communicate(timeout=60)
    assert output.splitlines()[-1] == "2 passed, 2 failed" and stages.returncode == 1
    assert "sanity" not in (project / "ran").read_text()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_ends_the_stage_and_destroys_its_nodes(project: Path, signum: signal.Signals) -> None:
    scenario(project, "slow")
    stages = subprocess.Popen(
        [sys.executable, project / "scripts" / "stages.py", "slow"], stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not ((project / "pid").exists() and (project / "pid").read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stages.send_signal(signum)
    output, _unused = stages.communicate(timeout=60)
    assert output.splitlines()[-1] == "0 passed, 1 failed" and stages.returncode == 1
    assert (project / "ran").read_text().split() == ["destroyed"]
    with pytest.raises(ProcessLookupError):
        os.kill(int((project / "pid").read_text()), 0)
