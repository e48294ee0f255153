# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools of infiniband-diags print, as data, and what is wrong with a fabric. Pure.

The formats are those of ibstat(8), ibnetdiscover(8) with --ports, iblinkinfo(8) with --line, ibqueryerrors(8),
sminfo(8) and smpquery(8) of rdma-core 39 to 56. GUIDs are "0x" and 16 hexadecimal digits.
"""

from __future__ import annotations

import re

# What a lane signals, as iblinkinfo prints it (Gbit/s), and the name of that speed.
SPEEDS = {
    "2.5": "SDR",
    "5.0": "DDR",
    "10.0": "QDR",
    "10.0 (FDR10)": "FDR10",
    "14.0625": "FDR",
    "25.78125": "EDR",
    "53.125": "HDR",
    "106.25": "NDR",
    "212.5": "XDR",
}
# Slowest first.
SPEED_ORDER = tuple(SPEEDS.values())
KINDS = {"CA": "ca", "SW": "switch", "RT": "router"}
# Counters that grow only when something is wrong; a busy or just restarted link counts waits, discards and downs too.
ERROR_COUNTERS = (
    "SymbolErrorCounter",
    "LinkErrorRecoveryCounter",
    "LinkDownedCounter",
    "PortRcvErrors",
    "PortRcvRemotePhysicalErrors",
    "LocalLinkIntegrityErrors",
    "ExcessiveBufferOverrunErrors",
)

_GUID = re.compile(r"0x[0-9a-fA-F]{1,16}")
_DEVICE = re.compile(r"^CA '(?P<device>[^']+)'$")
_PORT = re.compile(r"^\s*Port (?P<number>\d+):$")
_PAIR = re.compile(r"^\s+(?P<name>[^:]+): (?P<value>.+)$")
_DISCOVERED = re.compile(r"^(?P<kind>CA|SW|RT)\s+(?P<lid>\d+)\s+(?P<port>\d+) (?P<guid>0x[0-9a-f]+) ")
_LINK = re.compile(
    r'^(?P<guid>0x[0-9a-f]+) "(?P<name>[^"]*)"\s+(?P<lid>\d+)\s+(?P<port>\d+)\[[^\]]*\] ==\((?P<link>.*?)\)==>'
    r"\s+(?:(?P<peer_guid>0x[0-9a-f]+)\s+(?P<peer_lid>\d+)\s+(?P<peer_port>\d+))?\[[^\]]*\] "
    r'"(?P<peer_name>[^"]*)" \((?P<hints>.*)\)\s*$'
)
_ACTIVE = re.compile(
    r"(?P<width>\d+)X\s+(?P<speed>[0-9.]+) Gbps(?P<fdr10> \(FDR10\))?\s+(?P<state>\w+)/\s*(?P<phy>\w+)"
)
_WIDER = re.compile(r"Could be (\d+)X")
_FASTER = re.compile(r"Could be (FDR10|[0-9.]+(?= Gbps))")
_COUNTED = re.compile(r"^\s+GUID (?P<guid>0x[0-9a-f]+) port (?P<port>\d+): (?P<counters>\[.*\])")
_COUNTER = re.compile(r"\[(\w+) == (\d+)")
_MANAGER = re.compile(r"sm lid (\d+) sm guid (0x[0-9a-f]+), activity count \d+ priority (\d+) state \d+ SMINFO_(\w+)")
_KEYS = re.compile(r"^\s*\d+: ((?:0x[0-9a-f]{4}\s*)+)$")


def canonical(guid):
    """A GUID (str such as 0x100003) with all its digits. Raises ValueError where it is none."""
    value = int(guid, 16) if _GUID.fullmatch(guid) else 0
    if not value:
        raise ValueError(f"{guid} is no GUID, which is 0x and up to 16 hexadecimal digits")
    return f"0x{value:016x}"


def local_ports(text):
    """The ports of this host (list of dict) in the output of ibstat."""
    ports, device = [], ""
    for line in text.splitlines():
        if found := _DEVICE.match(line.strip()):
            device = found["device"]
        elif found := _PORT.match(line):
            ports.append({"device": device, "port": int(found["number"])})
        elif ports and ports[-1]["device"] == device and (found := _PAIR.match(line)):
            ports[-1][found["name"].lower().replace(" ", "_")] = found["value"].strip()
    return [
        {
            "device": port["device"],
            "port": port["port"],
            "guid": canonical(port["port_guid"]),
            "state": port.get("state", ""),
            "physical_state": port.get("physical_state", ""),
            "rate": int(float(port.get("rate", "0").split()[0])),
            "lid": int(port.get("base_lid", "0"), 0),
            "sm_lid": int(port.get("sm_lid", "0"), 0),
        }
        for port in ports
        # RoCE and Omni-Path adapters are listed too.
        if port.get("link_layer", "InfiniBand") in ("InfiniBand", "IB") and int(port.get("port_guid", "0"), 16)
    ]


def ports(text):
    """The connected ports of the fabric, {guid: {kind, lid}}, in the output of ibnetdiscover --ports.

    A channel adapter has a GUID for each port, a switch has one for all.
    """
    found = (_DISCOVERED.match(line) for line in text.splitlines())
    return {canonical(item["guid"]): {"kind": KINDS[item["kind"]], "lid": int(item["lid"])} for item in found if item}


def links(text, kinds):
    """(nodes, links) in the output of iblinkinfo --line; kinds: what `ports` found.

    nodes: list of {guid, name, kind}. links: list of {ends, width, speed, state, physical_state, wider, faster}, each
    cable once; ends: two of {guid, name, port}; wider and faster: what both ends could do, or None. A port without a
    cable is no link.
    """
    nodes, cables = {}, {}
    for line in text.splitlines():
        match = _LINK.match(line)
        if not match:
            continue
        here = {"guid": canonical(match["guid"]), "name": match["name"].strip(), "port": int(match["port"])}
        kind = kinds.get(here["guid"], {}).get("kind", "ca")
        nodes[here["guid"]] = {"guid": here["guid"], "name": here["name"], "kind": kind}
        active = _ACTIVE.search(match["link"])
        if not active or not match["peer_guid"]:
            continue
        there = {
            "guid": canonical(match["peer_guid"]),
            "name": match["peer_name"].strip(),
            "port": int(match["peer_port"]),
        }
        ends = sorted((here, there), key=lambda end: (end["name"], end["guid"], end["port"]))
        wider, faster = _WIDER.search(match["hints"]), _FASTER.search(match["hints"])
        cables[tuple((end["guid"], end["port"]) for end in ends)] = {
            "ends": ends,
            "width": int(active["width"]),
            "speed": _speed(active["speed"] + (active["fdr10"] or "")),
            "state": active["state"],
            "physical_state": active["phy"],
            "wider": int(wider[1]) if wider else None,
            "faster": _speed(faster[1]) if faster else None,
        }
    order = sorted(cables.values(), key=lambda link: [(end["name"], end["guid"], end["port"]) for end in link["ends"]])
    return sorted(nodes.values(), key=lambda node: (node["name"], node["guid"])), order


def counters(text):
    """The counters that are not 0, {(guid, port): {counter: value}}, in the output of ibqueryerrors."""
    found = (_COUNTED.match(line) for line in text.splitlines())
    return {
        (canonical(item["guid"]), int(item["port"])): {name: int(value) for name, value in _COUNTER.findall(item[3])}
        for item in found
        if item
    }


def grown(before, after):
    """What counters counted between two readings; one that was cleared in between counts from 0."""
    result = {}
    for where, values in after.items():
        old = before.get(where, {})
        more = {name: value - old.get(name, 0) for name, value in values.items() if value > old.get(name, 0)}
        less = {name: value for name, value in values.items() if 0 < value < old.get(name, 0)}
        if more or less:
            result[where] = {**more, **less}
    return result


def manager(text):
    """The master subnet manager, {lid, guid, priority, state}, in the output of sminfo; None without one."""
    found = _MANAGER.search(text)
    if not found:
        return None
    return {
        "lid": int(found[1]),
        "guid": canonical(found[2]),
        "priority": int(found[3]),
        "state": found[4].lower(),
    }


def partition_keys(text):
    """The P_Keys of a port ({int}) in the output of smpquery PKeyTable."""
    rows = (_KEYS.match(line) for line in text.splitlines())
    return {int(key, 16) for row in rows if row for key in row[1].split()} - {0}


def port_problems(found, wanted, master):
    """What keeps this host from having as many ports in use as wanted (list of str).

    found: see `local_ports`; master: see `manager`.
    """
    if sum(port["state"] == "Active" for port in found) >= wanted:
        if not wanted or (master and master["state"] == "master"):
            return []
        state = f"the one of lid {master['lid']} is on {master['state']}" if master else "none answers"
        return [f"no subnet manager is at work ({state}): see opensm and its log on the hosts that run it"]
    if len(found) < wanted:
        return [
            f"{len(found)} of {wanted} InfiniBand ports are there: see that every adapter is seated and not set to "
            "Ethernet (lspci, ibstat), and that its driver is loaded (lsmod, dmesg)"
        ]
    problems = []
    for port in found:
        where = f"port {port['port']} of {port['device']}"
        if port["physical_state"] != "LinkUp":
            problems.append(f"{where} is {port['physical_state']}: check its cable and the port of the switch")
        elif port["state"] != "Active":
            problems.append(
                f"{where} is {port['state']}: it waits for a subnet manager; see that opensm runs in the fabric"
            )
    return problems


def link_problems(found, width=None, speed=None):
    """What is wrong with links (list of str).

    width: lanes, speed: a name of SPEED_ORDER, that every link must have at least; without it, what both ends can do.
    """
    problems = []
    for link in found:
        where = " - ".join(f"{end['name'] or end['guid']} port {end['port']}" for end in link["ends"])
        if (link["state"], link["physical_state"]) != ("Active", "LinkUp"):
            problems.append(f"{where}: {link['state']}/{link['physical_state']} instead of Active/LinkUp")
        wanted = width or link["wider"]
        if wanted and link["width"] < wanted:
            problems.append(f"{where}: {link['width']}X instead of {wanted}X")
        wanted = speed or link["faster"]
        if wanted and _slower(link["speed"], wanted):
            problems.append(f"{where}: {link['speed']} instead of {wanted}")
    return problems


def counter_problems(found, names, seconds, checked=ERROR_COUNTERS):
    """What was counted (see `grown`) in a window of seconds and must not be (list of str); names: {guid: name}."""
    return [
        f"{names.get(guid) or guid} port {port}: {counter} grew by {values[counter]} in {seconds} s"
        for (guid, port), values in sorted(found.items())
        for counter in checked
        if values.get(counter)
    ]


def _speed(text):
    return text if text in SPEED_ORDER else SPEEDS.get(text, f"{text} Gbps")


def _slower(speed, wanted):
    """A speed that has no name here is newer than all that have."""
    return speed in SPEED_ORDER and wanted in SPEED_ORDER and SPEED_ORDER.index(speed) < SPEED_ORDER.index(wanted)
