# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role disk_encryption: what it refuses, and what it plans from what it finds on the host."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

KEY, OLD = "k" * 40, "o" * 40
GOOD = {
    "name": "clinical-data",
    "device": "/dev/disk/by-id/virtio-0",
    "mount_point": "/srv/clinical-data",
    "secret": "disks/host/clinical",
    "key": KEY,
}
BLANK = {
    "exists": True,
    "device": "/dev/vdb",
    "contents": [],
    "mounted": [],
    "opened_as": "",
    "opened_type": "",
    "luks": {},
    "opens": [],
}
HEADER = {"version": 2, "uuid": "u-1", "label": "clinical-data", "epoch": 4, "keyslots": [0], "tokens": []}
OURS = {**BLANK, "contents": ["LUKS2"], "luks": HEADER, "opens": [True]}
URL = {"disk_encryption_openbao_url": "https://vault.example.org:8200"}
PLAY = """\
- hosts: localhost
  connection: local
  gather_facts: false
  vars_files: [ROLE/defaults/main.yml, ROLE/vars/main.yml]
  tasks:
    - ansible.builtin.copy:
        dest: TARGET/plan.json
        content: "{{ plan | to_json }}"
        mode: "0600"
      check_mode: false
      vars:
        plan:
          errors: "{{ __disk_encryption_errors }}"
          refusals: "{{ __disk_encryption_refusals }}"
          new: "{{ __disk_encryption_new }}"
          wiped: "{{ __disk_encryption_wiped }}"
          rekeyed: "{{ __disk_encryption_rekeyed }}"
          outdated: "{{ __disk_encryption_outdated }}"
          enrolled: "{{ __disk_encryption_enrolled }}"
          formatted: "{{ __disk_encryption_formatted }}"
          units: "{{ __disk_encryption_list | map(attribute='mount_unit') }}"
          crypttab: "{{ __disk_encryption_crypttab.values() | join('\\n') }}"
"""


@pytest.fixture
def plan(root, tmp_path):
    """What the role plans for these volumes (list) when it finds this on their devices (by name)."""

    def run(volumes: list[dict], found: dict | None = None, **variables) -> dict:
        text = PLAY.replace("ROLE", str(root / "roles" / "disk_encryption")).replace("TARGET", str(tmp_path))
        (tmp_path / "play.yml").write_text(text)
        devices = {volume["name"]: BLANK for volume in volumes} | (found or {})
        values = {"disk_encryption_volumes": volumes, "__disk_encryption_read": {"devices": devices}}
        values |= {"__disk_encryption_read_again": {}, **URL, **variables}
        (tmp_path / "vars.json").write_text(json.dumps(values))
        command = ["ansible-playbook", "-i", "localhost,", "-e", f"@{tmp_path}/vars.json", tmp_path / "play.yml"]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")}
        environment |= {"ANSIBLE_PYTHON_INTERPRETER": sys.executable}
        result = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads((tmp_path / "plan.json").read_text())

    return run


def test_blank_device(plan):
    found = plan([GOOD])
    assert found["errors"] == found["refusals"] == found["wiped"] == []
    assert found["new"] == found["formatted"] == ["clinical-data"]
    assert found["units"] == ["srv-clinical\\x2ddata.mount"]


def test_nothing_to_do_for_a_volume_that_is_ours(plan):
    found = plan([GOOD], {"clinical-data": {**OURS, "opened_as": "clinical-data", "opened_type": "ext4"}})
    assert not any(found[key] for key in ("errors", "refusals", "new", "wiped", "rekeyed", "outdated", "formatted"))
    assert found["crypttab"] == (
        "clinical-data UUID=u-1 /run/cryptsetup-keys.d/clinical-data.key luks,_netdev,nofail,keyfile-erase"
    )


def test_data_are_lost_only_where_the_device_is_named(plan):
    held = {"clinical-data": {**BLANK, "contents": ["ext4"]}}
    assert "holds data (ext4)" in plan([GOOD], held)["refusals"][0]
    assert plan([GOOD], held, disk_encryption_wipe=["/dev/disk/by-id/virtio-1"])["refusals"]
    found = plan([GOOD], held, disk_encryption_wipe=[GOOD["device"]])
    assert found["refusals"] == [] and found["wiped"] == ["clinical-data"]


def test_a_volume_that_a_key_opens_is_never_wiped(plan):
    found = plan([GOOD], {"clinical-data": OURS}, disk_encryption_wipe=[GOOD["device"]])
    assert not (found["wiped"] or found["new"] or found["refusals"])


def test_a_volume_that_no_key_opens_is_refused(plan):
    found = plan([GOOD], {"clinical-data": {**OURS, "opens": [False]}})
    assert "that no given key opens" in found["refusals"][0]


def test_a_device_in_use_is_never_wiped(plan):
    held = {"clinical-data": {**BLANK, "contents": ["ext4", "mounted on /home"], "mounted": ["/home"]}}
    assert "in use" in plan([GOOD], held, disk_encryption_wipe=[GOOD["device"]])["refusals"][0]


@pytest.mark.parametrize(
    ("opens", "rekeyed", "outdated"),
    [
        ([False, True], {"clinical-data": OLD}, [["clinical-data", 0]]),
        ([True, True], {}, [["clinical-data", 0]]),
        ([True, False], {}, []),
    ],
)
def test_rotation(plan, opens, rekeyed, outdated):
    found = plan([{**GOOD, "previous_keys": [OLD]}], {"clinical-data": {**OURS, "opens": opens}})
    assert (found["rekeyed"], found["outdated"]) == (rekeyed, outdated)


@pytest.mark.parametrize(
    ("tokens", "enrolled"),
    [
        ([], ["clinical-data"]),
        ([{"type": "systemd-tpm2", "tpm2-pcrs": [7]}], []),
        ([{"type": "systemd-tpm2", "tpm2-pcrs": [0, 7]}], ["clinical-data"]),
    ],
)
def test_tpm(plan, tokens, enrolled):
    found = {"clinical-data": {**OURS, "luks": {**HEADER, "tokens": tokens}}}
    planned = plan([{**GOOD, "key_source": "tpm"}], found)
    assert planned["enrolled"] == enrolled and "tpm2-device=auto" in planned["crypttab"]


def test_a_file_system_that_was_not_finished_is_made_again(plan):
    found = {"clinical-data": {**OURS, "luks": {**HEADER, "label": "unfinished:clinical-data"}}}
    assert plan([GOOD], found)["formatted"] == ["clinical-data"]


def test_another_file_system_is_refused(plan):
    found = {"clinical-data": {**OURS, "opened_as": "clinical-data", "opened_type": "LVM2_member"}}
    assert "holds LVM2_member" in plan([GOOD], found)["refusals"][0]


def test_every_impossible_volume_is_named(plan):
    volumes = [
        GOOD,
        {**GOOD, "name": "a b", "device": "/etc/passwd"},
        {**GOOD, "name": "two", "device": "/dev/vdc", "mount_point": "/srv/../etc", "key": "short"},
        {**GOOD, "name": "three", "device": "/dev/vdd", "mount_point": "/srv/3", "secret": ""},
        {**GOOD, "name": "four", "device": "/dev/vde", "mount_point": "/srv/4", "previous_keys": [KEY]},
    ]
    found = plan(volumes, disk_encryption_openbao_url="http://plain", disk_encryption_erase=["/dev/vdz"])
    said = "\n".join(found["errors"])
    for words in (
        "a b: its name",
        "a b: device is not",
        "two: mount_point",
        "two: key has fewer than 32",
        "three: secret",
        "four: key is one of previous_keys",
        "two have the mount_point /srv/clinical-data",
        "does not begin with https",
        "/dev/vdz is no volume with state absent",
    ):
        assert words in said
    assert KEY not in said
