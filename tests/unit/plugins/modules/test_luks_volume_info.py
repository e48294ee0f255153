# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""luks_volume_info: what it asks, and that keys go to cryptsetup on its standard input only."""

from __future__ import annotations

import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils import luks
from ansible_collections.infn.datacloud.plugins.modules import luks_volume_info as module_file

KEY = "correct horse battery staple"


class Host:
    """A file that stands for a block device, and what the commands say of it."""

    def __init__(self, path):
        self.path, self.calls, self.signatures, self.good = path, [], [], KEY
        self.device = {"name": "vdb", "type": "disk", "fstype": None, "mountpoints": [None]}

    def run_command(self, argv, data=None, **_options):
        self.calls.append((argv, data))
        if "lsblk" in argv[0]:
            return 0, json.dumps({"blockdevices": [self.device]}), ""
        if "wipefs" in argv[0]:
            return 0, json.dumps({"signatures": self.signatures}) if self.signatures else "", ""
        return (0 if data == self.good else 2), "", ""


@pytest.fixture
def host(tmp_path, monkeypatch):
    path = tmp_path / "vdb"
    path.write_bytes(bytes(8192))
    made = Host(path)
    monkeypatch.setattr(module_file.Path, "is_block_device", lambda _self: True)
    return made


def read(host, keys=()):
    module = type("Module", (), {"run_command": lambda _self, argv, **o: host.run_command(argv, **o)})()
    return module_file.read(module, str(host.path), list(keys), "/usr/sbin/cryptsetup")


def test_blank(host):
    found = read(host, [KEY])
    assert found["exists"] and found["contents"] == [] and found["luks"] == {} and found["opens"] == []


def test_absent(tmp_path):
    assert module_file.read(None, str(tmp_path / "none"), [], None) == module_file.NOTHING


def test_keys_are_tried_on_standard_input(host, monkeypatch):
    monkeypatch.setattr(luks, "read_header", lambda _head: {"version": 2, "uuid": "u"})
    assert read(host, ["wrong", KEY])["opens"] == [False, True]
    assert not [argv for argv, _data in host.calls if KEY in argv]


def test_open_and_mounted(host, monkeypatch):
    monkeypatch.setattr(luks, "read_header", lambda _head: {"version": 2, "uuid": "u"})
    host.device["children"] = [{"name": "data", "type": "crypt", "fstype": "ext4", "mountpoints": ["/srv/data"]}]
    found = read(host)
    assert (found["opened_as"], found["opened_type"], found["mounted"]) == ("data", "ext4", ["/srv/data"])


def test_what_is_on_it_is_named(host):
    host.signatures = [{"type": "gpt"}, {"type": "PMBR"}]
    assert read(host)["contents"] == ["gpt", "PMBR"]
