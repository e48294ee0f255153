# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records every task start and result of a run as JSON lines in the file that RECORD_CHANGES names."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible import context
from ansible.playbook.handler import Handler
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: record_changes
type: notification
short_description: Records what a run changed
description:
  - Writes one JSON object a line for each task start and each result, as they happen, so that a killed run leaves
    what it did until then. molecule/shared/compare_changes.py and interrupt.py read it.
  - Does nothing unless the environment variable E(RECORD_CHANGES) names the file to write, or a folder, in which each
    playbook then has its own files C(PLAYBOOK-check.jsonl) and C(PLAYBOOK-run.jsonl).
version_added: 0.1.0
author: INFN DataCloud
"""


class CallbackModule(CallbackBase):
    """Writes {"event": "task"|"result", ...} lines; tasks are known by play, role, name and place in the files."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record_changes"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.disabled = not os.environ.get("RECORD_CHANGES")
        self.play, self.file = "", None

    def _write(self, **event):
        self.file.write(json.dumps(event) + "\n")

    def _task(self, task):
        path = task.get_path()
        return {
            "play": self.play,
            "task": task.get_name(),
            "path": os.path.relpath(path) if path else "",
            "handler": isinstance(task, Handler),
        }

    def _result(self, result, status):
        self._write(
            event="result",
            status=status,
            host=result.host.get_name(),
            changed=bool(result.result.get("changed")),
            **self._task(result.task),
        )

    def v2_playbook_on_start(self, playbook):
        path = Path(os.environ["RECORD_CHANGES"])
        if path.is_dir():
            mode = "check" if context.CLIARGS.get("check") else "run"
            path = path / f"{Path(playbook._file_name).stem}-{mode}.jsonl"
        # Line-buffered: the file is read while the run goes on, and the run may be killed at any moment.
        self.file = path.open("w", encoding="utf-8", buffering=1)

    def v2_playbook_on_play_start(self, play):
        self.play = play.get_name()

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._write(event="task", **self._task(task))

    def v2_playbook_on_handler_task_start(self, task):
        self._write(event="task", **self._task(task))

    def v2_runner_on_ok(self, result):
        self._result(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result):
        self._result(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self._result(result, "unreachable")
