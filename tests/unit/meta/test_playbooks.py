# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook is readable by Ansible with the lab's and with the real federation's inventory."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOKS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "playbooks").glob("*.yml"))
INVENTORIES = ("inventories/lab/federation.yml", "inventories/datacloud/federation.yml")


def test_there_are_playbooks() -> None:
    assert "playbooks/site.yml" in PLAYBOOKS


@pytest.mark.parametrize("inventory", INVENTORIES)
@pytest.mark.parametrize("mode", ["--syntax-check", "--list-tasks"])
def test_playbooks_load(mode: str, inventory: str) -> None:
    assert (ROOT / inventory).is_file()
    result = subprocess.run(
        ["ansible-playbook", mode, "--inventory", inventory, *PLAYBOOKS],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "[WARNING]" not in result.stderr and "[DEPRECATION" not in result.stderr, result.stderr
    assert not [name for name in PLAYBOOKS if f"playbook: {name}" not in result.stdout]
