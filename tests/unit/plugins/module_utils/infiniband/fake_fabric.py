# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fabric of one switch with opensm and the tools of infiniband-diags, in memory.

The tools print what the real ones print (recorded/). opensm reads its file line by line as the real one does, drops all
of it at a mistake, and gives every port its P_Keys at once.
"""

from __future__ import annotations

SWITCH = "0x0000000000200000"


def guid(number):
    """The GUID of host number 1, 2, ..."""
    return f"0x{number:016x}"


def opensm_reads(text):
    """{key: {member: full}} of a file. Raises ValueError where opensm says PARSE ERROR."""
    keys, key = {}, None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        line, end, _rest = line.partition(";")
        if not line.strip():
            raise ValueError(f"PARSE ERROR: line {number}: no partition definition found")
        if key is None:
            head, colon, line = line.partition(":")
            if not colon:
                raise ValueError(f"PARSE ERROR: line {number}: no partition definition found")
            key = int(head.partition(",")[0].partition("=")[2], 0)
            keys.setdefault(key, {})
        for item in filter(str.strip, line.split(",")):
            member, _equals, membership = (part.strip() for part in item.partition("="))
            if member not in ("ALL", "ALL_CAS", "ALL_SWITCHES", "ALL_ROUTERS", "SELF") and not int(member, 0):
                raise ValueError(f"PARSE ERROR: line {number}: bad PortGUID")
            full = "full".startswith(membership) if membership else False
            keys[key][member] = keys[key].get(member, False) or full
        if end:
            key = None
    return keys


class Fabric:
    """Hosts 1 to `hosts` with a port each; opensm runs on host 1, where the modules run, and on host 2."""

    def __init__(self, path, log, hosts=3):
        self.path, self.log = path, log
        self.hosts = {guid(number): f"node-{number}" for number in range(1, hosts + 1)}
        self.master, self.here, self.running, self.installed = guid(1), guid(1), True, True
        self.master_state = "MASTER"
        self.keys = {host: {0xFFFF} for host in self.hosts}
        self.speeds, self.counters, self.states = {}, {}, {}
        self.calls, self.refuses, self.deaf = [], False, False
        log.write_text("old PARSE ERROR: line 1\n")

    def reload(self):
        """What SIGHUP does."""
        self.calls.append("HUP")
        if not self.running or self.here != self.master or self.deaf:
            return
        try:
            if self.refuses:
                raise ValueError("PARSE ERROR: line 7: bad PortGUID")
            keys = opensm_reads(self.path.read_text()) if self.path.exists() else {0x7FFF: {"ALL": True}}
        except ValueError as error:
            with self.log.open("a") as handle:
                handle.write(f"Nov 23 05:44:55 074309 [279F26C0] 0x01 -> parse_part_conf: {error}\n")
            keys = {0x7FFF: {"ALL": True}}
        keys.setdefault(0x7FFF, {"ALL": False})
        for host in self.hosts:
            self.keys[host] = set()
            for key, members in keys.items():
                names = {host, "ALL", "ALL_CAS"} | ({"SELF"} if host == self.master else set())
                found = [full for member, full in members.items() if self.same(member) in names]
                if found:
                    full = any(found) or (key == 0x7FFF and host == self.master)
                    self.keys[host].add(key | 0x8000 if full else key)

    @staticmethod
    def same(member):
        """A member with all the digits of its GUID."""
        return guid(int(member, 16)) if member.startswith("0x") else member

    def run(self, argv):
        """(status, output, error) of a tool."""
        name = argv[0].rsplit("/", 1)[-1]
        self.calls.append(" ".join([name, *argv[1:]]))
        return 0, getattr(self, name)(*argv[1:]), ""

    def ibstat(self):
        if self.here not in self.hosts:
            return ""
        number = int(self.here, 16)
        state, physical = self.states.get(self.here, ("Active", "LinkUp"))
        return (
            f"CA 'mlx5_0'\n\tCA type: MT4123\n\tNumber of ports: 1\n\tPort 1:\n\t\tState: {state}\n"
            f"\t\tPhysical state: {physical}\n\t\tRate: 100\n\t\tBase lid: {number}\n\t\tLMC: 0\n\t\tSM lid: 1\n"
            f"\t\tPort GUID: {self.here}\n\t\tLink layer: InfiniBand\n"
        )

    def sminfo(self):
        if not self.master:
            return "sminfo: iberror: failed: query\n"
        lid = int(self.master, 16)
        state = f"priority 14 state 3 SMINFO_{self.master_state}"
        return f"sminfo: sm lid {lid} sm guid {self.master}, activity count 291 {state}\n"

    def ibnetdiscover(self, _option):
        lines = [f"SW   100 36 {SWITCH} 4x SDR                                    'leaf1'"]
        for number, (host, name) in enumerate(self.hosts.items(), 1):
            lines.append(f"CA {number:5} {1:2} {host} 4x EDR - SW   100 {number:2} {SWITCH} ( '{name}' - 'leaf1' )")
            lines.append(f"SW   100 {number:2} {SWITCH} 4x EDR - CA {number:5} {1:2} {host} ( 'leaf1' - '{name}' )")
        return "\n".join([*lines, ""])

    def iblinkinfo(self, _option):
        down = "(                Down/ Polling)==>             [  ]"
        lines = [f'{SWITCH} "   leaf1"    100   36[  ] =={down} "" ( )']
        for number, (host, name) in enumerate(self.hosts.items(), 1):
            link, hints = self.speeds.get(host, (" 4X      25.78125 Gbps Active/  LinkUp", " "))
            ends = (f"{number:6} {1:4}[  ]", f"{100:6} {number:4}[  ]")
            lines.append(f'{host} "  {name}" {ends[0]} ==({link})==>  {SWITCH} {ends[1]} "leaf1" ({hints})')
            lines.append(f'{SWITCH} "   leaf1" {ends[1]} ==({link})==>  {host} {ends[0]} "{name}" ({hints})')
        return "\n".join([*lines, ""])

    def ibqueryerrors(self, *_options):
        lines = []
        for (host, port), values in self.counters.items():
            told = " ".join(f"[{counter} == {value}]" for counter, value in values.items())
            lines += [f'Errors for "{self.hosts.get(host, "leaf1")}"', f"   GUID {host} port {port}: {told}"]
        return "\n".join([*lines, "", "## Summary: 4 nodes checked, 0 bad nodes found", ""])

    def smpquery(self, _option, _query, lid):
        keys = sorted(self.keys[guid(int(lid))])
        row = " ".join(f"0x{key:04x}" for key in [*keys, *[0] * (8 - len(keys))])
        return f"   0: {row}\n   8: {' '.join(['0x0000'] * 8)}\n64 pkeys capacity for this port\n"


def use(fabric, monkeypatch, opensm):
    """Let modules run on a fabric; opensm: the module of that name."""
    from ansible.module_utils.basic import AnsibleModule

    def find(_self, name, *_options, **_more):
        return f"/usr/sbin/{name}" if fabric.installed and hasattr(fabric, name) else None

    monkeypatch.setattr(AnsibleModule, "get_bin_path", find)
    monkeypatch.setattr(AnsibleModule, "run_command", lambda _self, argv, **_options: fabric.run(argv))
    monkeypatch.setattr(opensm, "processes", lambda: [1234] if fabric.running else [])
    monkeypatch.setattr(opensm, "reload", fabric.reload)
    monkeypatch.setattr(opensm.time, "sleep", lambda _seconds: None)
    return fabric
