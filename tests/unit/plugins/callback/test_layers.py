# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""layers: what a run prints, seen from outside, and how it writes times."""

from __future__ import annotations

import os
import re
import subprocess
import time

import pytest

from ansible_collections.infn.datacloud.plugins.callback.layers import clock

PLAYBOOK = """
- name: Base | first play
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Message
      ansible.builtin.debug:
        msg: "for\\npeople"
- name: Base | second play
  hosts: localhost
  gather_facts: false
  tasks: []
- name: Backbone | only play
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Quiet
      ansible.builtin.assert:
        that: wanted | default(true)
        fail_msg: this is why
"""


@pytest.fixture
def play(tmp_path, root):
    """A function (extra arguments, **environment) -> (exit code, the lines of the run's output)."""
    (tmp_path / "play.yml").write_text(PLAYBOOK)
    (tmp_path / "inventory.yml").write_text("all: {hosts: {localhost: {ansible_connection: local}}}\n")

    def run(*arguments, **environment):
        done = subprocess.run(
            ["ansible-playbook", "-i", tmp_path / "inventory.yml", tmp_path / "play.yml", *arguments],
            cwd=root, capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, "ANSIBLE_CALLBACKS_ENABLED": "infn.datacloud.layers", **environment},
        )  # fmt: skip
        return done.returncode, [*done.stdout.splitlines(), *done.stderr.splitlines()]

    return run


def layers(lines):
    """The lines of the plugin, without their times."""
    return [re.sub(r"\b\d+s\b", "T", line[10:]) for line in lines if re.match(r"\[ *\w+\] ", line)]


def test_each_layer_once_with_its_end(play):
    code, lines = play(ANSIBLE_DISPLAY_OK_HOSTS="false")
    assert code == 0
    assert layers(lines) == ["Base: begin", "Base: end, T", "Backbone: begin", "Backbone: end, T", "total"]
    assert lines[-1].endswith("total")
    # The message as it is, and nothing of what else was ok.
    assert lines[lines.index("for") + 1] == "people"
    assert not [line for line in lines if "TASK" in line or line.startswith("ok:")]


def test_messages_are_not_shown_twice(play):
    _code, lines = play(ANSIBLE_DISPLAY_OK_HOSTS="true")
    assert "for" not in lines and [line.strip() for line in lines].count("people") == 1


def test_failures_are_shown_in_full(play):
    code, lines = play("-e", '{"wanted": false}', ANSIBLE_DISPLAY_OK_HOSTS="false")
    assert code == 2 and "this is why" in "\n".join(lines)
    assert layers(lines)[-2:] == ["Backbone: end, T", "total"]


def test_times_count_from_where_the_work_began(play):
    _code, lines = play(DATACLOUD_STARTED=str(time.time() - 3600))
    assert re.fullmatch(r"\[1h00m\d\ds\] total", lines[-1])


def test_off_unless_enabled(play):
    assert layers(play(ANSIBLE_CALLBACKS_ENABLED="")[1]) == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.9, "59s"), (60, "1m00s"), (192, "3m12s"), (3661, "1h01m01s")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text
