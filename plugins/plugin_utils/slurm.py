# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure functions behind Slurm's configuration: nodes and partitions of a bubble, lines, and what is wrong with them."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby

# "cpu-001" is prefix, number and suffix to Slurm, which writes a row of such hosts as cpu-[001-500] (hostlist(3)).
NUMBERED = re.compile(r"^(.*?)(\d+)(\D*)$")
# One word of a hostlist: text, then brackets with ranges, then text.
RANGES = re.compile(r"^([^\[\]]*)\[([0-9,-]+)\](.*)$")
NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")
# What the system needs for itself, in MB, besides 2 %: a node with less memory than slurm.conf says is refused, and
# the kernel's own part changes a little with every kernel.
SYSTEM_MEMORY = 512
MEMORY_STEP = 256


def hostlist(names: list[str]) -> str:
    """The names as Slurm's own short form, sorted: cpu-[01-20],gpu-01."""
    rows, plain = {}, []
    for name in sorted(set(names)):
        found = NUMBERED.match(name)
        if found:
            prefix, digits, suffix = found.groups()
            rows.setdefault((prefix, len(digits), suffix), []).append(int(digits))
        else:
            plain.append(name)
    for (prefix, width, suffix), numbers in rows.items():
        parts = []
        for _key, run in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0]):
            members = [number for _index, number in run]
            parts.append(
                f"{members[0]:0{width}}" if len(members) == 1 else f"{members[0]:0{width}}-{members[-1]:0{width}}"
            )
        ranges = ",".join(parts)
        plain.append(f"{prefix}[{ranges}]{suffix}" if len(numbers) > 1 else f"{prefix}{ranges}{suffix}")
    return ",".join(sorted(plain))


def expand(text: str) -> list[str]:
    """The names of a hostlist with at most one pair of brackets a word."""
    names = []
    for word in re.split(r",(?![^\[]*\])", text):
        found = RANGES.match(word)
        if not found:
            names.append(word)
            continue
        prefix, ranges, suffix = found.groups()
        for part in ranges.split(","):
            first, _dash, last = part.partition("-")
            names.extend(
                f"{prefix}{number:0{len(first)}}{suffix}" for number in range(int(first), int(last or first) + 1)
            )
    return [name for name in names if name]


def nodes(bubble: dict, facts: dict | None = None) -> list[dict]:
    """The nodes of a bubble as role slurm takes them, by name.

    bubble: {nodes: {host: {address, pool, hardware}}}. facts: {host: the host's ansible_facts with the subset
    hardware}; where a host has none, the description's hardware counts.
    """
    return [_node(host, about, (facts or {}).get(host)) for host, about in sorted(bubble["nodes"].items())]


def _node(host: str, about: dict, facts: object) -> dict:
    hardware = about.get("hardware") or {}
    node = {"name": host, "address": about["address"], "gres": _gres(hardware), "features": [about["pool"]]}
    if hardware.get("interconnect"):
        node["features"].append(hardware["interconnect"])
    # Jobs that ask for nothing special go where there is nothing special.
    node["weight"] = 100 if node["gres"] else 1
    # What a host does not know comes as an undefined value.
    found = facts if isinstance(facts, dict) else {}
    if found.get("processor_vcpus"):
        node |= {
            "cpus": int(found["processor_vcpus"]),
            "sockets": int(found["processor_count"]),
            "cores_per_socket": int(found["processor_cores"]),
            "threads_per_core": int(found["processor_threads_per_core"]),
        }
        if node["sockets"] * node["cores_per_socket"] * node["threads_per_core"] != node["cpus"]:
            # A machine of which only a part is this host's: how it is made up says nothing.
            node = {key: node[key] for key in node if key not in ("sockets", "cores_per_socket", "threads_per_core")}
    elif hardware.get("cores"):
        node["cpus"] = hardware["cores"]
    memory = found.get("memtotal_mb") or hardware.get("ram_gb", 0) * 1024
    if memory:
        node["memory_mb"] = max(0, int(memory * 0.98 - SYSTEM_MEMORY) // MEMORY_STEP * MEMORY_STEP)
    return node


def _gres(hardware: dict) -> list[dict]:
    """GPUs are files, so that control groups can deny them; FPGAs are only counted."""
    found = []
    if hardware.get("gpus"):
        count = hardware["gpus"]
        found.append({
            "name": "gpu", "count": count, "type": _word(hardware.get("gpu_model")),
            "files": [f"/dev/nvidia{number}" for number in range(count)],
        })  # fmt: skip
    if hardware.get("fpgas"):
        found.append({"name": "fpga", "count": hardware["fpgas"], "type": _word(hardware.get("fpga_model"))})
    return found


def _word(text: str | None) -> str:
    """A model as a type of GRES: H100 SXM5 80GB is h100_sxm5_80gb."""
    return re.sub(r"[^a-z0-9]+", "_", (text or "").lower()).strip("_")


def partitions(bubble: dict) -> list[dict]:
    """A partition for each pool of a bubble; the first without GPUs or FPGAs is the default one."""
    pools = bubble["pools"]
    plain = [pool for pool, hosts in pools.items() if not any(_gres(_hardware(bubble, host)) for host in hosts)]
    default = (plain or list(pools))[:1]
    return [{"name": pool, "nodes": sorted(hosts), "default": [pool] == default} for pool, hosts in pools.items()]


def _hardware(bubble: dict, host: str) -> dict:
    return bubble["nodes"][host].get("hardware") or {}


def node_line(node: dict) -> str:
    """A node's line of slurm.conf."""
    words = [f"NodeName={node['name']}", f"NodeAddr={node.get('address') or node['name']}", f"CPUs={node['cpus']}"]
    for option, key in (
        ("sockets", "Sockets"), ("cores_per_socket", "CoresPerSocket"), ("threads_per_core", "ThreadsPerCore"),
        ("memory_mb", "RealMemory"),
    ):  # fmt: skip
        if node.get(option):
            words.append(f"{key}={node[option]}")
    if node.get("gres"):
        words.append("Gres=" + ",".join(_gres_words(item) for item in node["gres"]))
    if node.get("features"):
        words.append("Features=" + ",".join(node["features"]))
    words.append(f"Weight={node.get('weight') or 1}")
    return " ".join(words)


def _gres_words(item: dict) -> str:
    return ":".join(str(part) for part in (item["name"], item.get("type"), item["count"]) if part)


def gres_lines(wanted: list[dict]) -> list[str]:
    """The lines of gres.conf, one for all nodes that are alike."""
    alike: dict[tuple, list[str]] = {}
    for node in wanted:
        for item in node.get("gres") or []:
            key = (item["name"], item.get("type") or "", item["count"], tuple(item.get("files") or ()))
            alike.setdefault(key, []).append(node["name"])
    lines = []
    for (name, kind, count, files), names in sorted(alike.items()):
        words = [f"NodeName={hostlist(names)}", f"Name={name}"]
        words += [f"Type={kind}"] if kind else []
        words.append(f"File={hostlist(list(files))}" if files else f"Count={count}")
        lines.append(" ".join(words))
    return lines


def changed_nodes(before: str, after: str) -> list[str]:
    """The nodes that both texts (slurm.conf and gres.conf) or only the first one define, and not alike, sorted."""
    old, new = _definitions(before), _definitions(after)
    return sorted(name for name, lines in old.items() if lines != new.get(name))


def _definitions(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("NodeName="):
            first, _space, rest = line.partition(" ")
            for name in expand(first.removeprefix("NodeName=")):
                found.setdefault(name, []).append(rest.strip())
    return {name: sorted(lines) for name, lines in found.items()}


def problems(wanted: list[dict], parts: list[dict] | None = None, topology: list[dict] | None = None) -> list[str]:
    """Everything that is wrong with nodes, partitions and switches, each in one sentence."""
    names = {node["name"] for node in wanted}
    found = []
    for what, values in (
        ("node", [node["name"] for node in wanted]),
        ("address", [node["address"] for node in wanted if node.get("address")]),
        ("partition", [part["name"] for part in parts or []]),
        ("switch", [switch["switch"] for switch in topology or []]),
    ):
        found += [f"{what} {value} is there {count} times" for value, count in Counter(values).items() if count > 1]
    for node in wanted:
        found += _node_problems(node)
    for part in parts or []:
        found += [
            f"partition {part['name']}: there is no node {name}" for name in part["nodes"] if name not in names
        ]  # fmt: skip
        if not part["nodes"]:
            found.append(f"partition {part['name']} has no nodes")
    if sum(bool(part.get("default")) for part in parts or []) > 1:
        found.append("more than one partition is the default")
    return found + _topology_problems(topology or [], names)


def _node_problems(node: dict) -> list[str]:
    name, found = node["name"], []
    if not NAME.match(name):
        found.append(f"node {name!r}: a name has letters, digits, '.', '_' and '-'")
    for option, what in (("cpus", "processors are"), ("memory_mb", "memory is")):
        if not node.get(option):
            found.append(
                f"node {name}: its {what} not known; gather its facts (subset hardware), or give hardware.cores "
                "and hardware.ram_gb of its pool"
            )
    for item in node.get("gres") or []:
        files = item.get("files")
        if files and len(files) != item["count"]:
            found.append(f"node {name}: {item['count']} of GRES {item['name']} but {len(files)} files")
    return found


def _topology_problems(topology: list[dict], names: set[str]) -> list[str]:
    found = []
    switches = {switch["switch"] for switch in topology}
    leaves = Counter(name for switch in topology for name in switch.get("nodes") or [])
    for switch in topology:
        about = f"switch {switch['switch']}"
        if bool(switch.get("nodes")) == bool(switch.get("switches")):
            found.append(f"{about}: needs nodes or switches below it, one of the two")
        found += [f"{about}: there is no node {name}" for name in switch.get("nodes") or [] if name not in names]
        found += [
            f"{about}: there is no switch {name}" for name in switch.get("switches") or [] if name not in switches
        ]
    found += [f"node {name} hangs at {count} switches" for name, count in leaves.items() if count > 1]
    if topology:
        found += [f"node {name} hangs at no switch" for name in sorted(names - set(leaves))]
    return found


def accounting(hpc: dict) -> dict:
    """The federation's accounts and qualities of service (``datacloud_hpc``) as module slurm_account takes them."""
    return {
        "qos": [
            _given(
                name=name,
                priority=qos.get("priority"),
                max_wall_per_job=qos.get("max_wall"),
                max_jobs_per_user=qos.get("max_jobs_per_user"),
                max_tres_per_user=_tres(qos.get("max_tres_per_user")),
            )
            for name, qos in hpc["qos"].items()
        ],
        "accounts": [
            _given(
                name=name,
                parent=account.get("parent"),
                # sacctmgr asks for a description of every account.
                description=account.get("title", account["group"]),
                fairshare=account.get("fairshare"),
                qos=account.get("qos"),
                default_qos=next(iter(account.get("qos", [])), None),
                grp_tres=_tres(account.get("max_tres")),
            )
            for name, account in hpc["accounts"].items()
        ],
    }


def _given(**fields: object) -> dict:
    """Only what is said; numbers as the text that sacctmgr takes."""
    return {key: str(value) if isinstance(value, int) else value for key, value in fields.items() if value is not None}


def _tres(resources: dict | None) -> str | None:
    """Resources as Slurm writes them: cpu=4,gres/gpu=1."""
    return None if resources is None else ",".join(f"{name}={count}" for name, count in sorted(resources.items()))
