# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for nvidia-smi refuses what it does not know, as the real one does."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

STAND_IN = Path(__file__).resolve().parents[3] / "molecule" / "shared" / "files" / "nvidia-smi"


def run(path, *words, **state):
    """(exit status, output) of the stand-in on a host with one GPU."""
    gpu = {
        "name": "NVIDIA H100 80GB HBM3", "uuid": "GPU-0", "bus": "00000000:3B:00.0", "minor": 0, "mig": "enabled",
        "mig_pending": "enabled", "processes": [], "instances": [],
    }  # fmt: skip
    path.write_text(json.dumps({"driver": "550.163.01", "gpus": [gpu], **state}))
    done = subprocess.run(
        [STAND_IN, *words],
        env={**os.environ, "LAB_GPUS": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "words",
    [["--query-gpu=name"], ["mig", "-cgi", "19"], ["mig", "--help"], ["-i", "0", "-pl", "300"], [], ["-q"]],
)
def test_unknown_arguments(tmp_path, words):
    status, said = run(tmp_path / "gpus", *words)
    assert (status, said.startswith("Invalid combination of input arguments")) == (2, True)


def test_known_ones(tmp_path):
    assert run(tmp_path / "gpus", "-L") == (0, "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-0)\n")
    assert run(tmp_path / "gpus", "mig", "-lgi") == (6, "No GPU instances found: Not Found\n")
    assert run(tmp_path / "gpus", "-q", "-x", status=9, said="NVIDIA-SMI has failed")[0] == 9
