# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role s3_mount: what it refuses before it does anything, and the files it writes."""

from __future__ import annotations

import configparser
import json
import os
import shlex
import subprocess
import sys

import pytest

GOOD = {
    "name": "virgo",
    "user": "alice",
    "endpoint_url": "https://s3.example.org",
    "role_arn": "arn:aws:iam:::role/datacloud/virgo",
    "bucket": "virgo",
    "mountpoint": "/home/alice/virgo",
    "token": {"path": "/home/alice/.token"},
}
RENDER = """\
- hosts: localhost
  connection: local
  gather_facts: false
  vars_files: [ROLE/defaults/main.yml, ROLE/vars/main.yml]
  tasks:
    - ansible.builtin.template:
        src: "ROLE/templates/mount.{{ kind }}.j2"
        dest: "TARGET/{{ item.name }}.{{ kind }}"
        mode: "0644"
      loop: "{{ __s3_mount_present }}"
"""
INPUT = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: infn.datacloud.s3_mount, tasks_from: input}
"""


@pytest.fixture
def play(root, tmp_path):
    """Run a play with these mounts on this machine: its exit status and what it said."""

    def run(text: str, mounts: list[dict], **variables) -> tuple[int, str]:
        (tmp_path / "play.yml").write_text(text)
        (tmp_path / "vars.json").write_text(json.dumps({"s3_mount_mounts": mounts, **variables}))
        command = ["ansible-playbook", "-i", "localhost,", "-e", f"@{tmp_path}/vars.json", tmp_path / "play.yml"]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")}
        environment |= {"ANSIBLE_PYTHON_INTERPRETER": sys.executable, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
        result = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return result.returncode, result.stdout + result.stderr

    return run


def test_every_impossible_mount_is_named(play):
    mounts = [
        GOOD,
        {**GOOD, "mountpoint": "/a/b"},
        {**GOOD, "name": "Upper", "mountpoint": "relative"},
        {**GOOD, "name": "up", "mountpoint": "/a/../b"},
        {**GOOD, "name": "clear", "endpoint_url": "http://s3.example.org"},
        {"name": "bare", "user": "alice", "mountpoint": "/bare"},
        {**GOOD, "name": "agent", "mountpoint": "/c", "token": {"source": "oidc-agent", "path": "/x"}},
        {**GOOD, "name": "lines", "mountpoint": "/d", "prefix": "a\n[other]", "rclone_options": ['"; rm']},
        {**GOOD, "name": "mask", "mountpoint": "/e", "umask": "77", "session_seconds": 60},
        {**GOOD, "name": "group", "mountpoint": "/f", "scope": "user", "group": "users"},
        {"name": "gone", "state": "absent", "user": "alice", "mountpoint": "/home/alice/virgo"},
    ]
    status, said = play(INPUT, mounts)
    assert status != 0
    expected = [
        "Upper: its name may have lower case letters, digits and hyphens only",
        "Upper: mountpoint is not an absolute path in its shortest form",
        "up: mountpoint is not an absolute path in its shortest form",
        "clear: endpoint_url does not begin with https://",
        "bare: endpoint_url is missing",
        "bare: role_arn is missing",
        "bare: bucket is missing",
        "bare: token.path is needed for tokens from file",
        "agent: token.account is needed for tokens from oidc-agent",
        "has characters that cannot be",
        "mask: umask is not octal",
        "mask: session_seconds is not from 900 to 43200",
        "group: a user's own unit cannot have a group",
        "two have the name virgo",
        "two have the mountpoint /home/alice/virgo",
    ]
    assert not [words for words in expected if words not in said], said
    assert "gone:" not in said


def test_good_mounts_are_not_refused(play):
    status, said = play(INPUT, [GOOD, {**GOOD, "name": "two", "mountpoint": "/two", "umask": None, "prefix": "a b/"}])
    assert status == 0, said


@pytest.fixture
def rendered(play, root, tmp_path):
    """Write the files of these mounts; return {file name: text}."""

    def run(mounts: list[dict], systemd: int = 257) -> dict[str, str]:
        target = tmp_path / "out"
        target.mkdir(exist_ok=True)
        text = RENDER.replace("ROLE", str(root / "roles" / "s3_mount")).replace("TARGET", str(target))
        for kind in ("conf", "service"):
            status, said = play(text, mounts, kind=kind, __s3_mount_systemd=systemd)
            assert status == 0, said
        return {path.name: path.read_text() for path in target.iterdir()}

    return run


def command_of(unit: str) -> list[str]:
    """The words of ExecStart, as systemd would split them."""
    text = unit.partition("ExecStart=")[2].replace("\\\n", " ").partition("\n")[0]
    return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(text)]


def test_files(rendered):
    odd = {
        **GOOD, "name": "odd", "scope": "user", "prefix": "/a b/100%/", "mountpoint": "/s3/$HOME of 50%", "uid": 0,
        "allow_other": True, "read_only": True, "rclone_options": ["--exclude=*.t mp"], "ca_file": "/etc/ca.pem",
        "token": {"source": "oidc-agent", "account": "virgo", "audience": "https://s3.example.org"},
    }  # fmt: skip
    files = rendered([GOOD, odd, {**GOOD, "name": "gone", "state": "absent"}])
    assert set(files) == {"virgo.conf", "virgo.service", "odd.conf", "odd.service"}

    words = command_of(files["odd.service"])
    assert words[:4] == ["/usr/bin/rclone", "mount", "s3:virgo/a b/100%", "/s3/$HOME of 50%"]
    assert {"--read-only", "--allow-other", "--exclude=*.t mp"} <= set(words)
    assert words[words.index("--uid") + 1] == "0" and "--gid" not in words
    assert "ConditionUser=alice" in files["odd.service"] and "\nUser=" not in files["odd.service"]
    assert "User=alice" in files["virgo.service"] and "RestartSteps=" in files["virgo.service"]

    config = configparser.ConfigParser(interpolation=None)
    config.read_string(files["odd.conf"])
    assert config["datacloud"]["token_account"] == "virgo" and "token_path" not in config["datacloud"]
    assert config["s3"]["profile"] == "credentials"
    assert config["credentials"]["credential_process"].endswith("s3_credentials.py /etc/datacloud/s3-mount/odd.conf")


def test_older_systemd_gets_no_keys_that_it_does_not_know(rendered):
    unit = rendered([GOOD], systemd=252)["virgo.service"]
    assert "RestartSteps" not in unit and "RestartSec=300" in unit
