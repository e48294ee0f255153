# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of the lab that outlive the play that starts them, for a bounded time, and are known by their pid file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from ansible.module_utils.lab_podman import LabError


def start_ticks(pid):
    """Return when the process started, in clock ticks since boot (str), or "" if there is none (proc(5), field 22)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def free_port():
    """Return a TCP port (int) of the loopback address that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A process that one pid file stands for. Its number alone could be another's by now: its start is kept too."""

    def __init__(self, folder, name):
        """folder (Path) gets NAME.pid and NAME.log."""
        self.pid_file = folder / f"{name}.pid"
        self.log = folder / f"{name}.log"
        self.name = name

    def pid(self):
        """Return the number (int) of the process if it runs, else None."""
        try:
            pid, started = self.pid_file.read_text(encoding="ascii").split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if started and start_ticks(pid) == started else None

    def start(self, argv, lifetime, env=None):
        """Start argv (list of str) in a session of its own; timeout(1) ends it after lifetime seconds at the latest."""
        with self.log.open("ab") as log:
            try:
                process = subprocess.Popen(
                    ["timeout", "--kill-after=10", str(lifetime), *argv],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    cwd=self.log.parent,
                    env={**os.environ, **(env or {})},
                )
            except FileNotFoundError as error:
                raise LabError(f"The command timeout is not installed on this machine: {error}.") from error
        self.pid_file.write_text(f"{process.pid} {start_ticks(process.pid)}\n", encoding="ascii")
        time.sleep(0.3)
        if process.poll() is not None:
            raise LabError(f"{argv[0]} ended at once: {self.tail()}")

    def tail(self):
        """Return the end of the log (str)."""
        return self.log.read_text(encoding="utf-8", errors="replace").strip()[-800:] if self.log.exists() else ""

    def stop(self, seconds=15):
        """End the process and everything in its session; return whether there was one."""
        pid = self.pid()
        if pid:
            for signum, wait in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5)):
                try:
                    os.killpg(pid, signum)
                except ProcessLookupError:
                    break
                deadline = time.monotonic() + wait
                while self.pid() and time.monotonic() < deadline:
                    time.sleep(0.1)
                if not self.pid():
                    break
        self.pid_file.unlink(missing_ok=True)
        return pid is not None
