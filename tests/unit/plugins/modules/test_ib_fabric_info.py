# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ib_fabric_info: what it asks, what it tells, and that it changes nothing."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.infiniband import opensm
from ansible_collections.infn.datacloud.plugins.modules import ib_fabric_info
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.infiniband import fake_fabric
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.infiniband.fake_fabric import guid


@pytest.fixture
def fabric(tmp_path, monkeypatch):
    made = fake_fabric.Fabric(tmp_path / "partitions.conf", tmp_path / "opensm.log")
    monkeypatch.setattr(ib_fabric_info.time, "sleep", lambda _seconds: None)
    return fake_fabric.use(made, monkeypatch, opensm)


def run(run_module, check=False, **params):
    return run_module("ib_fabric_info", params, check)


def test_local(fabric, run_module):
    found = run(run_module)
    assert [port["guid"] for port in found["ports"]] == [guid(1)] and found["manager"]["state"] == "master"
    assert not found["changed"] and found["problems"] == []
    assert fabric.calls == ["ibstat", "sminfo"]


def test_a_host_without_an_adapter(fabric, run_module):
    fabric.here = "none"
    found = run(run_module)
    assert found["ports"] == [] and found["problems"] == []
    assert "seated" in run(run_module, active=1)["problems"][0]


def test_a_port_is_waited_for(fabric, run_module, monkeypatch):
    fabric.states[guid(1)] = ("Initializing", "LinkUp")
    assert "waits for a subnet manager" in run(run_module, active=1, timeout=3)["problems"][0]
    assert fabric.calls.count("ibstat") == 4

    def later(_seconds):
        fabric.states.clear()

    monkeypatch.setattr(ib_fabric_info.time, "sleep", later)
    monkeypatch.setattr(ib_fabric_info.gather, "__defaults__", (later,))
    assert run(run_module, active=1, timeout=3)["problems"] == []


def test_links(fabric, run_module):
    found = run(run_module, gather=["links"], width=4, speed="EDR", expected=[{"guid": guid(2), "name": "node-2"}])
    assert found["problems"] == [] and len(found["links"]) == 3 and len(found["nodes"]) == 4
    assert fabric.calls == ["ibnetdiscover --ports", "iblinkinfo --line"]


def test_problems(fabric, run_module):
    fabric.speeds[guid(2)] = (" 2X      25.78125 Gbps Active/  LinkUp", "Could be 4X")
    found = run(run_module, gather=["links"], expected=[{"guid": "0x9", "name": "node-9"}, {"guid": "0xa"}])
    assert found["problems"] == [
        "port 0x9 of node-9 is not in the fabric",
        "port 0xa is not in the fabric",
        "leaf1 port 2 - node-2 port 1: 2X instead of 4X",
    ]


def test_errors_of_a_window(fabric, run_module, monkeypatch):
    fabric.counters[(guid(3), 1)] = {"SymbolErrorCounter": 5, "PortXmitWait": 900}
    found = run(run_module, gather=["errors"])
    assert found["problems"] == [] and found["growth"] == []
    counted = {"guid": guid(3), "name": "node-3", "port": 1}
    assert found["counters"] == [{**counted, "counters": {"SymbolErrorCounter": 5, "PortXmitWait": 900}}]

    def later(_seconds):
        fabric.counters[(guid(3), 1)] = {"SymbolErrorCounter": 8, "PortXmitWait": 950}

    monkeypatch.setattr(ib_fabric_info.gather, "__defaults__", (later,))
    found = run(run_module, gather=["errors"], window=30)
    assert found["problems"] == ["node-3 port 1: SymbolErrorCounter grew by 3 in 30 s"]
    assert found["growth"] == [{**counted, "counters": {"SymbolErrorCounter": 3, "PortXmitWait": 50}}]
    assert not [call for call in fabric.calls if "clear" in call or "-k" in call or "-K" in call]


def test_keys(fabric, run_module):
    fabric.keys[guid(2)] = {0x7FFF, 0x8102}
    found = run(run_module, gather=["pkeys"])
    assert found["pkeys"] == {guid(1): ["0xffff"], guid(2): ["0x7fff", "0x8102"], guid(3): ["0xffff"]}


def test_before_the_tools_are_there(fabric, run_module):
    fabric.installed = False
    found = run(run_module, check=True)
    assert not found.get("failed") and found["ports"] == []
    assert "install the package infiniband-diags" in run(run_module)["msg"]


def test_a_tool_that_fails_is_quoted(fabric, run_module, monkeypatch):
    monkeypatch.setattr(fabric, "run", lambda _argv: (255, "", "ibwarn: one\nibpanic: no port\n"))
    result = run(run_module, gather=["links"])
    assert result["failed"] and result["msg"] == "ibnetdiscover --ports ended with 255: ibpanic: no port"


def test_a_guid_that_is_none(fabric, run_module):
    result = run(run_module, expected=[{"guid": "node-1"}])
    assert result["failed"] and "node-1 is no GUID" in result["msg"]
