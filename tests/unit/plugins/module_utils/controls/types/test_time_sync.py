# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chrony and the clock."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Outcome
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import time_sync

# chronyc -c tracking of a node without a time server, and of one with.
LOST = "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.0,1.0,0.0,Not synchronised\n"
FOUND = "C0000201,192.0.2.1,3,1795000000.1,-0.000123456,0.000001,0.00002,1.2,0.0,0.1,0.01,0.001,64.2,Normal\n"
RUNNING = {"load": "loaded", "enabled": "enabled", "active": "active"}


def judge(machine, **data):
    """The evaluation of one control."""
    return time_sync.evaluate({"data": data}, machine.host())


@pytest.fixture
def synced(machine):
    """A host on which chrony runs, beside another daemon."""
    machine.packages.add("chrony")
    machine.units = {"chrony.service": dict(RUNNING), "systemd-timesyncd.service": dict(RUNNING)}
    machine.write("/etc/chrony/chrony.conf", "pool 2.debian.pool.ntp.org iburst\nsourcedir /etc/chrony/sources.d\n")
    machine.programs["chronyc"] = lambda argv: Outcome(0, FOUND, "")
    return machine


def test_a_fresh_host_gets_chrony(machine):
    found = judge(machine, one_daemon=True)
    assert found.state == "different"
    assert [change.claims() for change in found.changes] == [
        {("package", "chrony"): True},
        {("unit", "chrony.service", "enabled"): True, ("unit", "chrony.service", "active"): True},
    ]


def test_other_daemons_are_masked(synced):
    assert judge(synced).state == "compliant"
    found = judge(synced, one_daemon=True)
    assert found.observed["systemd-timesyncd.service"] == {"masked": False}
    assert found.changes[-1].masked
    synced.units["systemd-timesyncd.service"] = {"load": "masked", "enabled": "masked", "active": "inactive"}
    assert judge(synced, one_daemon=True).state == "compliant"


def test_servers_that_chrony_does_not_know_are_added(synced):
    synced.write("/etc/chrony/sources.d/site.sources", "server ntp1.example.org iburst\n")
    found = judge(synced, servers=["ntp1.example.org", "ntp2.example.org"])
    (change,) = [change for change in found.changes if hasattr(change, "edit")]
    assert change.edit("pool x\n") == "pool x\nserver ntp2.example.org iburst\n"


def test_the_offset(synced):
    assert judge(synced).reason == "the clock is 0.000123 s off"
    assert judge(synced, maximum_offset=0.5).state == "compliant"
    assert "off" in judge(synced, maximum_offset=0.00001).remains
    synced.programs["chronyc"] = lambda argv: Outcome(0, LOST, "")
    assert judge(synced, maximum_offset=0.5).state == "compliant"
    assert "not found the time" in judge(synced).reason
    assert time_sync.parse_tracking("") is None
