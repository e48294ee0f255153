# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import collections
import json
import os
import subprocess
import sys
from pathlib import Path

import compare_changes
import interrupt
import pytest

SHARED = Path(compare_changes.__file__).parent
PLAY = """---
- name: Example
  hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
    - name: Honest
      ansible.builtin.copy: {content: one, dest: "{{ folder }}/honest"}
      notify: React
    - name: Silent in check mode
      ansible.builtin.shell: {cmd: "touch {{ folder }}/silent"}
    - name: Loud in check mode
      ansible.builtin.debug: {msg: "never changes"}
      changed_when: ansible_check_mode
  handlers:
    - name: React
      ansible.builtin.copy: {content: two, dest: "{{ folder }}/handled"}
"""
SLOW = """---
- name: Slow
  hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
    - name: First
      ansible.builtin.meta: noop
    - name: Second
      ansible.builtin.command: {argv: [sleep, "60"]}
"""


@pytest.fixture
def playbook(tmp_path):
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "slow.yml").write_text(SLOW)

    def run(name, *arguments):
        record = tmp_path / f"{name}.jsonl"
        subprocess.run(
            [
                str(Path(sys.executable).parent / "ansible-playbook"),
                "-i",
                "localhost,",
                str(tmp_path / "play.yml"),
                "-e",
                f"folder={tmp_path}",
                *arguments,
            ],
            env={
                **os.environ,
                "RECORD_CHANGES": str(record),
                "ANSIBLE_CALLBACK_PLUGINS": str(SHARED / "callback_plugins"),
            },
            check=True,
            capture_output=True,
            timeout=120,
        )
        return record

    return run


def test_a_check_run_that_lies_is_told_apart_from_an_honest_one(playbook, capsys):
    check, real, again = playbook("check", "--check"), playbook("real"), playbook("again", "--check")

    assert compare_changes.main([str(check), str(real)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" [")[0] for line in lines] == [
        "localhost: Loud in check mode",
        "localhost: Silent in check mode",
    ]

    events = [json.loads(line) for line in real.read_text().splitlines()]
    handlers = [event for event in events if event["event"] == "result" and event["handler"]]
    assert [(event["task"], event["changed"]) for event in handlers] == [("React", True)]

    assert compare_changes.main([str(again), str(again)]) == 0
    assert "agree on 1 changes" in capsys.readouterr().out


def record(path, *events):
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return str(path)


def result(**different):
    return {
        "event": "result",
        "status": "ok",
        "host": "a",
        "changed": True,
        "play": "p",
        "task": "t",
        "path": "f:1",
        "handler": False,
        **different,
    }


def test_hosts_and_repetitions_count(tmp_path, capsys):
    check = record(tmp_path / "check", result(), result(host="b"))
    real = record(tmp_path / "real", result(), result(), result(host="b", changed=False))
    assert compare_changes.main([check, real]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "b: t [p; f:1]: check mode said it would change, the real run did not",
        "a: t [p; f:1]: changed although check mode did not say so",
    ]


@pytest.mark.parametrize("events", [[], [result(status="failed")], [result(status="unreachable")]])
def test_a_run_that_failed_or_never_began_proves_nothing(tmp_path, events):
    good = record(tmp_path / "good", result())
    assert compare_changes.main([good, record(tmp_path / "bad", *events)]) == 2


def interrupted(tmp_path, *options):
    ansible = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", str(tmp_path / "slow.yml")]
    return interrupt.main([*options, "--", *ansible])


def test_a_run_is_killed_in_the_chosen_task(playbook, tmp_path, capfd):
    assert interrupted(tmp_path, "--seed", "1", "--first", "2", "--last", "2") == 0
    assert 'Killed in "Second" (--seed 1).' in capfd.readouterr().out


def test_a_run_that_ends_before_is_reported(tmp_path, capfd):
    assert interrupt.main(["--first", "5", "--last", "5", "--", "true"]) == 3
    assert "ended before task 5" in capfd.readouterr().out


def test_the_same_seed_makes_the_same_choice(tmp_path, capfd):
    tasks = [{"event": "task", "task": f"t{number}"} for number in range(40)]
    like = record(tmp_path / "like", *tasks)
    for _run in range(2):
        interrupt.main(["--seed", "7", "--like", like, "--", "true"])
    first, _killed, second, _killed = capfd.readouterr().out.splitlines()
    assert first == second
    assert "of 40" in first


def test_a_repeated_installation_may_be_one_on_another_host():
    repeated = ("north", "Logs", "Install rsyslog", "install.yml:2")
    needed = ("south", "Logs", "Install rsyslog", "install.yml:2")
    check, real = collections.Counter([repeated, needed]), collections.Counter([needed])
    assert compare_changes.without_repeated(check, real, ["Install rsyslog"]) == collections.Counter([needed])
    assert compare_changes.without_repeated(check, real, []) == check


def test_plays_that_nobody_foresees_are_left_out():
    changes = collections.Counter(
        [("north", "Later", "Controls", "c.yml:2"), ("north", "First", "Controls", "c.yml:2")]
    )
    assert list(compare_changes.without_play(changes, ["Later"])) == [("north", "First", "Controls", "c.yml:2")]
