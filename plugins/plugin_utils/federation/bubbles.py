# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HPC bubbles: which nodes make up a site's cluster, its fabric and its partitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Groups of hosts that a bubble fills; a play for them has no hosts where there is no bubble.
GROUPS = (
    "slurm",
    "slurm_controller",
    "slurm_login",
    "slurm_node",
    "hpc_node",
    "infiniband",
    "subnet_manager",
    "gpu_node",
    "fpga_node",
)


def pools_of(bubble: dict[str, Any]) -> Iterator[tuple[tuple, str]]:
    """Where a bubble names a pool, and which: (path inside the bubble, label of the pool)."""
    for key in ("controller", "login"):
        if bubble.get(key):
            yield (key,), bubble[key]
    for key in ("nodes", "storage"):
        for index, pool in enumerate(bubble.get(key, [])):
            if pool:
                yield (key, index), pool


def resolve(
    site: dict[str, Any], pools: list[dict[str, Any]], ceph: dict[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """The bubbles of a site by name: their hosts by part, with addresses and hardware.

    ``controllers``, ``login`` and ``storage`` are addresses by host; ``nodes`` has ``address``, ``pool`` and
    ``hardware`` by host; ``pools`` the hosts of each pool of nodes; ``fabric`` the InfiniBand partitions with their
    ``key`` and ``hosts``; ``subnet_managers`` the hosts that run one, the first choice first; ``filesystem`` where the
    CephFS of the site is mounted, with ``mountpoint``, ``fsid`` and the addresses of its ``monitors``. A pool that was
    left out (a slice of the federation) has no hosts, and a Ceph cluster that was left out, no file system.

    ceph: the site's Ceph cluster, None where it has none.
    """
    mine = {pool["name"]: pool for pool in pools if pool["site"] == site["name"]}
    return {name: _bubble(site["name"], bubble, mine, ceph) for name, bubble in site.get("bubbles", {}).items()}


def _bubble(
    site: str, bubble: dict[str, Any], pools: dict[str, dict[str, Any]], ceph: dict[str, Any] | None
) -> dict[str, Any]:
    def hosts(label: str | None) -> dict[str, str]:
        return pools[label]["nodes"] if label in pools else {}

    pools_and_hosts = {label: list(pool["nodes"]) for label, pool in pools.items()}
    pools_and_hosts |= {host: [host] for pool in pools.values() for host in pool["nodes"]}
    members = {label: hosts(label) for label in bubble["nodes"] if label in pools}
    attached = [host for _path, label in pools_of(bubble) if _attached(pools.get(label)) for host in hosts(label)]
    return {
        "site": site,
        "controllers": hosts(bubble["controller"]),
        "login": hosts(bubble.get("login", bubble["controller"])),
        "storage": {host: address for label in bubble.get("storage", []) for host, address in hosts(label).items()},
        "nodes": {
            host: {"address": address, "pool": label, "hardware": pools[label]["hardware"]}
            for label, nodes in members.items()
            for host, address in nodes.items()
        },
        "pools": {label: list(nodes) for label, nodes in members.items()},
        "infiniband": attached,
        # One at work and one that takes over; InfiniBand's specification has the others wait too, but more add nothing.
        "subnet_managers": attached[:2],
        "fabric": {
            name: {
                "key": partition["key"],
                "hosts": [host for member in partition["nodes"] for host in pools_and_hosts.get(member, [])],
            }
            for name, partition in bubble.get("fabric", {}).items()
        },
        "filesystem": _filesystem(bubble, ceph),
        "acceptance": bubble.get("acceptance", {}),
    }


def _filesystem(bubble: dict[str, Any], ceph: dict[str, Any] | None) -> dict[str, Any]:
    if not (ceph and ceph["mds_hosts"] and "filesystem" in bubble):
        return {}
    return {
        "mountpoint": bubble["filesystem"]["mountpoint"],
        "fsid": ceph["fsid"],
        "monitors": [ceph["hosts"][host] for host in ceph["mon_hosts"]],
    }


def _attached(pool: dict[str, Any] | None) -> bool:
    return pool is not None and pool["hardware"].get("interconnect") == "infiniband"


def groups(bubbles: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """The hosts of each group that bubbles fill."""
    filled: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name, bubble in bubbles.items():
        nodes = bubble["nodes"]
        filled["slurm"] += {**bubble["controllers"], **bubble["login"], **nodes}
        filled["slurm_controller"] += bubble["controllers"]
        filled["slurm_login"] += bubble["login"]
        filled["slurm_node"] += nodes
        filled["hpc_node"] += nodes
        filled["infiniband"] += bubble["infiniband"]
        filled["subnet_manager"] += bubble["subnet_managers"]
        filled["gpu_node"] += [host for host, node in nodes.items() if node["hardware"].get("gpus")]
        filled["fpga_node"] += [host for host, node in nodes.items() if node["hardware"].get("fpgas")]
        filled[f"bubble_{name.replace('-', '_')}"] = hosts(bubble)
    return filled


def hosts(bubble: dict[str, Any]) -> list[str]:
    """Every host of a bubble once."""
    return list({**bubble["controllers"], **bubble["login"], **bubble["nodes"], **bubble["storage"]})
