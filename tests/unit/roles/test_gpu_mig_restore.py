# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What divides the GPUs after a boot does it as they were, and leaves alone what is divided."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STAND_IN = ROOT / "molecule" / "shared" / "files"
PROGRAM = ROOT / "roles" / "gpu" / "templates" / "mig-restore.sh.j2"


@pytest.fixture
def host(tmp_path):
    """A host whose second GPU is to be divided; its state after a boot (dict) and a function that runs the program."""
    config = tmp_path / "mig.conf"
    config.write_text("# Ansible managed\nGPU-1 14:0,19:2,9:4\n")
    program = tmp_path / "restore"
    program.write_text(PROGRAM.read_text().replace("{{ __gpu_mig_config }}", str(config)))
    gpu = {"name": "NVIDIA H100 80GB HBM3", "mig": "disabled", "mig_pending": "disabled"}
    cards = [{**gpu, "uuid": f"GPU-{number}", "bus": f"{number}", "minor": number} for number in (0, 1)]
    state = tmp_path / "gpus.json"
    state.write_text(
        json.dumps({"driver": "1", "gpus": [{**card, "processes": [], "instances": []} for card in cards]})
    )
    environment = {**os.environ, "PATH": f"{STAND_IN}:{os.environ['PATH']}", "LAB_GPUS": str(state)}

    def run():
        subprocess.run(["sh", str(program)], env=environment, check=True, timeout=60)
        return json.loads(state.read_text())["gpus"]

    return run


def test_divides_as_it_was_and_only_once(host):
    first, second = host()
    assert first["mig"] == "disabled" and second["mig"] == "enabled"
    assert {item["start"]: item["profile"] for item in second["instances"]} == {
        0: "2g.20gb",
        2: "1g.10gb",
        4: "3g.40gb",
    }
    assert host() == [first, second]
