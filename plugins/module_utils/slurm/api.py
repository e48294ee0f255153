# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that runs Slurm's commands."""

from __future__ import annotations

import shutil
import subprocess

from ansible_collections.infn.datacloud.plugins.module_utils import core

# What the commands say while a daemon is away or just starting.
AWAY = (
    "Unable to contact slurm controller", "Unable to contact slurm", "Connection refused", "Unable to connect",
    "Transport endpoint is not connected", "Could not establish a configuration source", "Zero Bytes were transmitted",
)  # fmt: skip
COMMAND_TIMEOUT = 300  # seconds for one command; ordinarily Slurm's own MessageTimeout ends it before


class Absent(core.ApiError):
    """Slurm is not installed here, or its daemon does not answer."""


def run(about, argv, passing=()):
    """The standard output of a command.

    about: the object, for messages. passing: texts; a failure that says one of them is none (the output is given).
    Raises Absent where nobody answers and ApiError for other failures.
    """
    if not shutil.which(argv[0]):
        raise Absent(f"{argv[0]} is not installed here; install Slurm's client commands (slurm-client)")
    shown = " ".join(argv)[:200]
    try:
        # run_command knows no time limit, and Slurm's commands wait for minutes where no controller answers.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            argv, capture_output=True, text=True, timeout=COMMAND_TIMEOUT, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        raise Absent(f"{about}: `{shown}` did not end in {COMMAND_TIMEOUT} s; is Slurm's daemon running?") from None
    if done.returncode == 0:
        return done.stdout
    said = " ".join((done.stderr + " " + done.stdout).split())
    if any(text in said for text in passing):
        return done.stdout
    if any(text in said for text in AWAY):
        raise Absent(f"{about}: `{shown}`: {said[:300]}; see whether slurmctld, slurmdbd and munge run and are reached")
    raise core.ApiError(f"{about}: `{shown}` failed: {said[:500] or 'no explanation'}; correct what it names")
