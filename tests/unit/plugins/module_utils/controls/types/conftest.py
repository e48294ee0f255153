# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was recorded on Debian nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Outcome

RECORDED = Path(__file__).with_name("recorded")
RELEASES = {"trixie": "13", "bookworm": "12"}
FILES = ("passwd", "group", "shadow", "pam.d/common-auth", "pam.d/common-account", "pam.d/common-password", "pam.d/su")


@pytest.fixture(params=sorted(RELEASES))
def node(request, machine):
    """A fresh Debian node: its accounts, PAM files and SSH server."""
    folder = RECORDED / request.param
    machine.write("/etc/os-release", f'ID=debian\nVERSION_ID="{RELEASES[request.param]}"\n')
    for name in FILES:
        machine.write(f"/etc/{name}", (folder / name).read_text())
    machine.write("/etc/ssh/sshd_config", (folder / "sshd_config").read_text())
    machine.write("/usr/sbin/sshd", "")
    machine.write("/usr/share/pam-configs/unix", (folder / "unix.pam-config").read_text())
    machine.write("/usr/lib/x86_64-linux-gnu/security/pam_wheel.so", "")
    machine.programs["sshd"] = lambda argv: Outcome(0, (folder / "sshd-T.txt").read_text(), "")
    machine.programs["ssh"] = lambda argv: Outcome(0, (folder / f"ssh-Q-{argv[2]}.txt").read_text(), "")
    machine.release = request.param
    return machine


@pytest.fixture
def edited(node):
    """What a file would be after the changes of an evaluation: edited(evaluation, path)."""

    def edit(evaluation, path):
        text = node.read(path)
        for change in evaluation.changes:
            if getattr(change, "path", None) == path and hasattr(change, "edit"):
                text = change.edit(text)
        return text

    return edit
