# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback plugin: the progress of a run by layers."""

from __future__ import annotations

DOCUMENTATION = """
name: layers
type: aggregate
author: INFN DataCloud (@infn-datacloud)
version_added: 0.1.0
short_description: The progress of a run by layers, with the time
description:
  - Prints a line at the beginning and at the end of each layer, with the time since the run began.
  - Plays are called C(Layer | what it does); plays that follow each other with the same first part are one layer.
  - Where the default callback is told not to show hosts that are ok, the messages of M(ansible.builtin.debug) would not
    be shown either. This plugin then prints them, as plain text.
requirements:
  - Enable it in C(callbacks_enabled) of ansible.cfg or in the environment as C(ANSIBLE_CALLBACKS_ENABLED).
options:
  started:
    description:
      - When the work began of which this run is a part, in seconds since 1970. Times count from there.
    type: float
    env:
      - name: DATACLOUD_STARTED
"""

import time

from ansible.constants import config
from ansible.plugins.callback import CallbackBase


def clock(seconds: float) -> str:
    """A duration as people read it: 7s, 3m12s, 1h02m03s."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m{seconds:02d}s"
    return f"{minutes}m{seconds:02d}s" if minutes else f"{seconds}s"


class CallbackModule(CallbackBase):
    """Prints where the run is; all state is the layer that is being worked on."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "infn.datacloud.layers"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.started = time.time()
        self.layer = None
        self.entered = self.started
        self.several = False
        self.show_messages = False

    def set_options(self, *args, **kwargs):
        """Also looks whether somebody else shows the messages of debug."""
        super().set_options(*args, **kwargs)
        self.started = self.get_option("started") or self.started
        self.show_messages = not config.get_config_value(
            "display_ok_hosts", plugin_type="callback", plugin_name="default"
        )

    def _say(self, text):
        self._display.display(f"[{clock(time.time() - self.started):>7}] {text}", color="bright blue")

    def _leave(self):
        if self.layer is not None:
            self._say(f"{self.layer}: end, {clock(time.time() - self.entered)}")

    def v2_playbook_on_play_start(self, play):
        layer = play.get_name().partition("|")[0].strip()
        if layer == self.layer:
            return
        self._leave()
        self.several = self.layer is not None
        self.layer, self.entered = layer, time.time()
        self._say(f"{layer}: begin")

    def v2_runner_on_ok(self, result):
        message = result.result.get("msg")
        if self.show_messages and result.task.action in ("debug", "ansible.builtin.debug") and message:
            self._display.display("\n" + (message if isinstance(message, str) else self._dump_results(message)))

    def v2_playbook_on_stats(self, stats):
        self._leave()
        if self.several:
            self._say("total")
        self.layer, self.several = None, False
