# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools print is understood, and what is wrong with a fabric is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.infiniband import fabric

RECORDED = Path(__file__).parent / "recorded"
LEAF, GPU = "0x0000000000200000", "0x0000000000100003"
LINK = {
    "ends": [{"name": "a", "guid": GPU, "port": 1}, {"name": "leaf1", "guid": LEAF, "port": 2}],
    "width": 4,
    "speed": "EDR",
    "state": "Active",
    "physical_state": "LinkUp",
    "wider": None,
    "faster": None,
}


def recorded(name):
    return (RECORDED / f"{name}.txt").read_text()


def line(link, hints=" "):
    return f'{GPU} "  a"      4    1[  ] ==({link})==>  {LEAF}      2    2[  ] "leaf1" ({hints})'


def test_local_ports():
    assert fabric.local_ports(recorded("ibstat")) == [
        {
            "device": "ibsim0",
            "port": 1,
            "guid": GPU,
            "state": "Active",
            "physical_state": "LinkUp",
            "rate": 104,
            "lid": 4,
            "sm_lid": 5,
        }
    ]


def test_adapters_of_ethernet_have_no_ports():
    ethernet = recorded("ibstat").replace("Link layer: IB", "Link layer: Ethernet")
    both = fabric.local_ports(ethernet + recorded("ibstat").replace("ibsim0", "mlx5_1"))
    assert [port["device"] for port in both] == ["mlx5_1"]
    assert fabric.local_ports("") == []


def test_a_recorded_fabric():
    ports = fabric.ports(recorded("ibnetdiscover"))
    assert {port["kind"] for port in ports.values()} == {"ca", "switch"}
    assert ports[GPU] == {"kind": "ca", "lid": 4}
    nodes, links = fabric.links(recorded("iblinkinfo"), ports)
    assert [(node["name"], node["kind"]) for node in nodes] == [
        ("ba-compute-01", "ca"),
        ("ba-gpu-01", "ca"),
        ("ba-hpc-01", "ca"),
        ("leaf1", "switch"),
        ("spine1", "switch"),
    ]
    # Three hosts and two cables between the switches, each once although both ends tell it.
    assert len(links) == 5
    assert [(end["name"], end["port"]) for end in links[-1]["ends"]] == [("leaf1", 36), ("spine1", 2)]
    assert {(link["width"], link["speed"], link["state"]) for link in links} == {(4, "EDR", "Active")}
    assert fabric.counters(recorded("ibqueryerrors")) == {}
    assert fabric.partition_keys(recorded("smpquery")) == {0x7FFF, 0x8102, 0x8103}
    expected = {"lid": 5, "guid": "0x0000000000100005", "priority": 14, "state": "master"}
    assert fabric.manager(recorded("sminfo")) == expected
    assert fabric.manager("sminfo: iberror: failed: query") is None


@pytest.mark.parametrize(
    ("active", "speed"),
    [
        (" 4X           2.5 Gbps Active/  LinkUp", "SDR"),
        (" 4X          10.0 Gbps Active/  LinkUp", "QDR"),
        (" 4X          10.0 Gbps (FDR10) Active/  LinkUp", "FDR10"),
        (" 4X       14.0625 Gbps Active/  LinkUp", "FDR"),
        (" 4X        53.125 Gbps Active/  LinkUp", "HDR"),
        (" 4X        106.25 Gbps Active/  LinkUp", "NDR"),
        (" 4X         999.0 Gbps Active/  LinkUp", "999.0 Gbps"),
    ],
)
def test_speeds(active, speed):
    _nodes, (link,) = fabric.links(line(active), {})
    assert link["speed"] == speed


def test_links_below_what_they_could_be():
    _nodes, links = fabric.links(line(" 1X          10.0 Gbps Active/  LinkUp", "Could be 4X Could be 53.125 Gbps"), {})
    assert fabric.link_problems(links) == [
        "a port 1 - leaf1 port 2: 1X instead of 4X",
        "a port 1 - leaf1 port 2: QDR instead of HDR",
    ]
    # What is demanded counts instead.
    assert fabric.link_problems(links, width=1, speed="QDR") == []


def test_links_below_what_they_must_be():
    assert fabric.link_problems([LINK], width=4, speed="EDR") == []
    assert fabric.link_problems([{**LINK, "speed": "999.0 Gbps"}], speed="NDR") == []
    assert fabric.link_problems([LINK], width=8, speed="HDR") == [
        "a port 1 - leaf1 port 2: 4X instead of 8X",
        "a port 1 - leaf1 port 2: EDR instead of HDR",
    ]
    assert fabric.link_problems([{**LINK, "state": "Initialize"}]) == [
        "a port 1 - leaf1 port 2: Initialize/LinkUp instead of Active/LinkUp"
    ]


def test_counters():
    text = (
        'Errors for "a"\n'
        "   GUID 0x100003 port ALL: [SymbolErrorCounter == 9]\n"
        "   GUID 0x100003 port 1: [SymbolErrorCounter == 7] [PortXmitWait == 334 (1.2KB)]\n"
    )
    assert fabric.counters(text) == {(GPU, 1): {"SymbolErrorCounter": 7, "PortXmitWait": 334}}


def test_growth():
    before = {(GPU, 1): {"SymbolErrorCounter": 7, "PortRcvErrors": 5, "PortXmitWait": 1}}
    after = {(GPU, 1): {"SymbolErrorCounter": 9, "PortRcvErrors": 2, "PortXmitWait": 1}}
    grown = fabric.grown(before, after)
    assert grown == {(GPU, 1): {"SymbolErrorCounter": 2, "PortRcvErrors": 2}}
    assert fabric.counter_problems(grown, {GPU: "a"}, 60) == [
        "a port 1: SymbolErrorCounter grew by 2 in 60 s",
        "a port 1: PortRcvErrors grew by 2 in 60 s",
    ]
    # A busy link waits; that is no error.
    assert fabric.counter_problems({(GPU, 1): {"PortXmitWait": 9}}, {}, 60) == []
    assert fabric.grown(before, before) == {}


def test_what_a_host_lacks():
    master = {"lid": 1, "state": "master"}
    port = {"device": "mlx5_0", "port": 1, "state": "Active", "physical_state": "LinkUp"}
    assert fabric.port_problems([port], 1, master) == []
    assert fabric.port_problems([], 0, None) == []
    assert "0 of 1 InfiniBand ports are there" in fabric.port_problems([], 1, None)[0]
    down = {**port, "state": "Down", "physical_state": "Polling"}
    assert fabric.port_problems([port, down], 1, master) == []
    assert fabric.port_problems([port, down], 2, master) == [
        "port 1 of mlx5_0 is Polling: check its cable and the port of the switch"
    ]
    waits = {**port, "state": "Initializing"}
    assert "waits for a subnet manager" in fabric.port_problems([waits], 1, None)[0]
    assert "(none answers)" in fabric.port_problems([port], 1, None)[0]
    assert "(the one of lid 1 is on standby)" in fabric.port_problems([port], 1, {"lid": 1, "state": "standby"})[0]
