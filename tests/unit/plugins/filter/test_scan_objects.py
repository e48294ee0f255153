# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter scan_objects, loaded as Ansible loads it, with the lab's description."""

from __future__ import annotations

import copy

import pytest
from ansible.plugins.loader import filter_loader

from ansible_collections.infn.datacloud.plugins.module_utils.gmp import objects as gmp
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import load


@pytest.fixture
def scan_objects():
    """The filter's function."""
    return filter_loader.get("infn.datacloud.scan_objects").j2_function


@pytest.fixture
def scans(root):
    """The lab's ``datacloud_scans``."""
    return copy.deepcopy(load(root / "inventories" / "lab" / "federation.yml")["scans"])


def test_every_target_has_its_schedule_and_its_task(scans, scan_objects):
    found = scan_objects(scans, "lab")
    names = ["lab: ba ba", "lab: cnaf cnaf", "lab: cnaf epic"]
    for kind in ("targets", "schedules", "tasks"):
        assert [one["name"] for one in found[kind]] == names
    assert all(task["name"] == task["target"] == task["schedule"] for task in found["tasks"])
    assert {task["scanner"] for task in found["tasks"]} == {"OpenVAS Default"}
    epic = found["targets"][2]
    assert epic["hosts"] == ["10.144.50.49", "10.144.50.65"]
    assert [target["ssh_credential"] for target in found["targets"]] == ["", "", "lab: login"]


def test_profiles_with_the_same_ports_share_a_list(scans, scan_objects):
    found = scan_objects(scans, "lab")
    [ports] = found["port_lists"]
    assert ports["ranges"] == ["22", "23", "443", "8443"]
    assert {target["port_list"] for target in found["targets"]} == {ports["name"]}
    scans["profiles"]["standard"]["ports"] = ["22"]
    other = scan_objects(scans, "lab")
    assert len(other["port_lists"]) == 2
    assert other["targets"][2]["port_list"] == ports["name"] != other["targets"][0]["port_list"]


def test_a_list_of_the_feed_is_only_named(scans, scan_objects):
    for profile in scans["profiles"].values():
        profile |= {"ports": None, "port_list": "All IANA assigned TCP"}
    found = scan_objects(scans, "lab")
    assert found["port_lists"] == []
    assert {target["port_list"] for target in found["targets"]} == {"All IANA assigned TCP"}


def test_a_scanner_elsewhere_is_named(scans, scan_objects):
    scans["scanners"]["ba-scanner-01"] = {"site": "ba", "address": "10.144.34.161"}
    scans["scanners"]["ba-scanner-02"] = {"site": "ba", "address": "10.144.34.162"}
    scans["targets"]["lab: ba ba"]["scanner"] = "ba-scanner-01"
    found = scan_objects(scans, "lab")
    assert found["scanners"] == [{"name": "ba-scanner-01", "host": "10.144.34.161"}]
    assert [task["scanner"] for task in found["tasks"]] == ["ba-scanner-01", "OpenVAS Default", "OpenVAS Default"]


def test_an_appliance_scans_with_its_own(scans, scan_objects):
    scans |= {"manager": None, "scanners": {}, "appliance": {"host": "gmp.example.org", "transport": "ssh", "port": 22}}
    for target in scans["targets"].values():
        target["scanner"] = None
    found = scan_objects(scans, "lab")
    assert found["scanners"] == []
    assert {task["scanner"] for task in found["tasks"]} == {"OpenVAS Default"}


def test_the_modules_know_every_word(scans, scan_objects):
    found = scan_objects(scans, "lab")
    specs = {
        "port_lists": gmp.PORT_LIST,
        "schedules": gmp.SCHEDULE,
        "targets": gmp.TARGET,
        "tasks": gmp.TASK,
    }
    for kind, spec in specs.items():
        assert {word for one in found[kind] for word in one} <= {field.name for field in spec.fields}
