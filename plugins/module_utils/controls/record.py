# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs have changed, so that it can be taken back."""

from __future__ import annotations

import json
import os
import re
import time

from ansible_collections.infn.datacloud.plugins.module_utils.controls.steps import Step

FOLDER = "/var/lib/datacloud/controls"
NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?\.json")


class Record:
    """The steps of one run with the states before, on the disk before the first of them is done."""

    def __init__(self, host):
        self.folder = host.real(FOLDER)
        self.steps = []
        self.path = None

    def add(self, steps):
        """Remember steps that are about to be done, in their order."""
        if not steps:
            return
        self.steps += steps
        if self.path is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o755)
            self.folder.chmod(0o700)
            self.path = self._new_path()
        kept = [
            {
                "kind": step.kind,
                "target": step.target,
                "before": step.before,
                "after": step.after,
                "reload": step.reload,
            }
            for step in self.steps
        ]
        write_private(self.path, json.dumps({"version": 1, "steps": kept}))

    def _new_path(self):
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        names = [f"{now}.json", *[f"{now}-{number}.json" for number in range(2, 100)]]
        return next(path for path in (self.folder / name for name in names) if not path.exists())


def recorded(host):
    """The recorded runs that were not taken back, newest first: [(path, steps in the order of their doing)]."""
    folder = host.real(FOLDER)
    paths = [path for path in folder.iterdir() if NAME.fullmatch(path.name)] if folder.is_dir() else []
    runs = []
    for path in sorted(paths, key=_age, reverse=True):
        steps = json.loads(path.read_text(encoding="utf-8"))["steps"]
        runs.append((path, [Step(**step) for step in steps]))
    return runs


def put_away(path):
    """A record whose run was taken back."""
    folder = path.parent / "undone"
    folder.mkdir(mode=0o700, exist_ok=True)
    path.rename(folder / path.name)


def write_private(path, text):
    """Replace a file that only root reads, in one go."""
    new = path.with_name(f".{path.name}.new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _age(path):
    """Sorts the second record of one second after its first."""
    moment, _mark, number = path.stem.partition("-")
    return moment, int(number or 1)
