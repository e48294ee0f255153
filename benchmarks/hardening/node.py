# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node of the lab as the measurements reach it: over SSH, as an administrator whose sudo asks for a password."""

from __future__ import annotations

import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

LOGIN = "admin"

# Runs as root while sudo still asks for nothing: afterwards it asks for the password on standard input. The account
# gets it first, so that an interruption locks nobody out.
ASK = """
set -eu
read -r password
printf '%s:%s\\n' "$1" "$password" | chpasswd
printf '%s ALL=(ALL:ALL) ALL\\n' "$1" > /etc/sudoers.d/.admin
chmod 0440 /etc/sudoers.d/.admin
mv /etc/sudoers.d/.admin /etc/sudoers.d/admin
"""


@dataclass
class Node:
    """Where a node is and how one logs in there; directory is the lab's (it holds ssh/ and the password)."""

    name: str
    address: str
    directory: Path

    @property
    def password_file(self) -> Path:
        """The file with the password of sudo (0600), made on first use."""
        path = self.directory / "ssh" / "sudo-password"
        if not path.exists():
            path.touch(0o600)
            path.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
        return path

    def ssh(self, *command: str, stdin: str = "", timeout: float = 1800) -> subprocess.CompletedProcess[str]:
        """Run a command there; the caller looks at its return code."""
        options = {
            "UserKnownHostsFile": str(self.directory / "ssh" / "known_hosts"),
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
        }
        argv = ["ssh", "-i", str(self.directory / "ssh" / "id_ed25519")]
        argv += [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        return subprocess.run(
            [*argv, f"{LOGIN}@{self.address}", *command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def ask_for_password(self) -> None:
        """Give the login a password and have sudo ask for it, as on a real host; again it changes nothing."""
        if self.ssh("sudo", "-n", "true").returncode != 0:
            return
        password = self.password_file.read_text(encoding="utf-8")
        # The script comes as an argument since standard input carries the password.
        self._checked(self.ssh("sudo", "sh", "-c", _quoted(ASK), "sh", LOGIN, stdin=password))

    def root(self, script: str, timeout: float = 1800) -> str:
        """Run a shell script as root through sudo with the password; return what it printed, raise if it failed."""
        password = self.password_file.read_text(encoding="utf-8")
        command = ("sudo", "-S", "-k", "-p", "''", "bash", "-s")
        return self._checked(self.ssh(*command, stdin=password + script, timeout=timeout))

    def cpu(self) -> float:
        """Seconds of CPU that everything on the node has used so far (its control group, cgroups v1 or v2)."""
        text = self.root(
            "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null ||"
            " awk '/^usage_usec/ {print $2 * 1000}' /sys/fs/cgroup/cpu.stat\n"
        )
        return float(text) / 1e9

    def _checked(self, result: subprocess.CompletedProcess[str]) -> str:
        if result.returncode != 0:
            raise RuntimeError(f"{self.name}: exit {result.returncode}: {(result.stderr or result.stdout)[-2000:]}")
        return result.stdout


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"
