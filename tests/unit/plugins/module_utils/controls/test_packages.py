# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages: lists that are fresh enough, and EL's programs."""

from __future__ import annotations

import os

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Outcome
from ansible_collections.infn.datacloud.plugins.module_utils.controls.packages import set_packages


def updates(machine):
    """How often the lists were fetched."""
    return sum(call.endswith(" update") for call in machine.calls)


def test_fresh_lists_are_used(machine):
    machine.repository = {"chrony": {}}
    assert set_packages(machine.host(), {"chrony": True}) == {} and updates(machine) == 0
    assert "chrony" in machine.packages


@pytest.mark.parametrize("old", [True, False])
def test_stale_or_missing_lists_are_fetched(machine, old):
    machine.repository = {"chrony": {}}
    if old:
        os.utime(machine.folder / "var/lib/apt/lists", (1, 1))
    else:
        (machine.folder / "var/lib/apt/lists/mirror_InRelease").unlink()
    assert set_packages(machine.host(), {"chrony": True}) == {} and updates(machine) == 1


def test_a_removal_needs_no_lists(machine):
    os.utime(machine.folder / "var/lib/apt/lists", (1, 1))
    machine.packages.add("telnet")
    assert set_packages(machine.host(), {"telnet": False}) == {} and updates(machine) == 0


def test_unknown_package_is_looked_for_once_more(machine):
    failed = set_packages(machine.host(), {"nosuch": True})
    assert "nosuch" in failed["nosuch"] and updates(machine) == 1


@pytest.mark.parametrize("wanted", [{"chrony": True}, {"chrony": True, "telnet": False}])
def test_what_stands_in_the_way_is_not_removed(machine, wanted):
    machine.packages |= {"ntpsec", "telnet"}
    machine.repository = {"chrony": {}}
    machine.conflicts = {"chrony": "ntpsec"}
    assert "remove" in set_packages(machine.host(), wanted)["chrony"]
    assert "ntpsec" in machine.packages and "chrony" not in machine.packages
    assert set_packages(machine.host(), {"chrony": True, "ntpsec": False}) == {}


def test_el(machine):
    machine.write("/etc/os-release", "ID=rocky\nID_LIKE=rhel\nVERSION_ID=9\n")
    machine.programs = {
        "dnf": lambda argv: Outcome(1, "", "no match") if "nosuch" in argv else Outcome(0, "", ""),
        "rpm": lambda argv: Outcome(1, "", "needed by ceph") if "libpw" in argv else Outcome(0, "", ""),
    }
    assert set_packages(machine.host(), {"chrony": True, "telnet": False}) == {}
    assert [call.split()[0] for call in machine.calls] == ["rpm", "dnf", "dnf"]
    assert set_packages(machine.host(), {"nosuch": True}) == {"nosuch": "dnf: no match"}
    machine.calls.clear()
    assert set_packages(machine.host(), {"libpw": False}) == {"libpw": "rpm: needed by ceph"}
    assert not [call for call in machine.calls if call.startswith("dnf")]
