# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this machine able to run the lab, and which Podman settings does it need?"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import resource
import shutil
from pathlib import Path

from ansible.module_utils.lab_podman import run

# A node reads the images that the lab made from a folder of the host, and stores its own on its volume.
NODE_STORAGE_CONF = """# Podman inside a test node.
[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
[storage.options]
additionalimagestores = ["/var/lib/lab-images"]
"""
COMMANDS = {
    "podman": "podman",
    "mmdebstrap": "mmdebstrap",
    "losetup": "mount",
    "ssh-keygen": "openssh-client",
    "ip": "iproute2",
    "tar": "tar",
    "iptables": "iptables",
}
HELPERS = {
    "netavark": ("netavark", ("/usr/lib/podman/netavark", "/usr/libexec/podman/netavark")),
    "aardvark-dns": ("aardvark-dns", ("/usr/lib/podman/aardvark-dns", "/usr/libexec/podman/aardvark-dns")),
}
CAP_SYS_RESOURCE = 24
# Buildah starts a build step with 32768 processes at most and cannot go above without that capability.
MAX_PROCESSES = 30000
# Kept free for the control node itself, in MB.
RESERVED_MEMORY = 700


def parse_os_release(text):
    """Return the NAME=value lines of os-release(5) as a dict of str."""
    return {key: value.strip("\"'") for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)}


def megabytes(size):
    """Return a Podman memory size such as '3g' or '512m' (str) in MB (int)."""
    number, unit = re.fullmatch(r"(\d+)([gm])", size.lower()).groups()
    return int(number) * (1024 if unit == "g" else 1)


def overlapping(network, addresses, routes, own):
    """Return 'NETWORK on INTERFACE' of the first other network that overlaps ours, or None.

    network is ours (CIDR str); addresses and routes are the lists of `ip -json addr` and `ip -json route`;
    own are the interface names of the lab itself.
    """
    ours = ipaddress.ip_network(network)
    used = [
        (item["ifname"], f"{entry['local']}/{entry['prefixlen']}")
        for item in addresses
        for entry in item.get("addr_info", [])
        if entry.get("family") == "inet"
    ]
    used += [(item.get("dev", ""), item["dst"]) for item in routes if item["dst"] != "default" and item.get("dev")]
    for interface, cidr in used:
        if interface not in own and ours.overlaps(ipaddress.ip_network(cidr, strict=False)):
            return f"{cidr} on {interface}"
    return None


def missing(network, memory, disk, directory, own_interfaces, existing):
    """Return what this machine lacks for the lab, as sentences (list of str).

    memory: sum of the nodes' limits in MB; disk: free space needed in GB for a new lab; own_interfaces: bridges of
    an already existing lab network; existing: the lab is there, so its disk space is already spent.
    """
    problems = []
    if os.geteuid() != 0:
        problems.append("The lab needs root: run it as root or with sudo.")
    system = parse_os_release(Path("/etc/os-release").read_text(encoding="utf-8"))
    if system.get("ID") != "debian" or system.get("VERSION_ID") not in ("12", "13"):
        problems.append(
            f"This machine runs {system.get('PRETTY_NAME', 'an unknown system')}; the lab is made for Debian 12 or 13."
        )
    packages = {package for command, package in COMMANDS.items() if not installed(command)}
    packages |= {package for package, paths in HELPERS.values() if not any(Path(path).exists() for path in paths)}
    runtime = "runc" if hybrid_cgroups() else "crun"
    if not installed(runtime):
        packages.add(runtime)
    if packages:
        problems.append(f"Packages are missing: apt-get install {' '.join(sorted(packages))}.")
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    if total < memory + RESERVED_MEMORY:
        problems.append(f"The lab needs {memory + RESERVED_MEMORY} MB of memory; this machine has {total} MB.")
    free = shutil.disk_usage(directory).free // 1024**3
    if not existing and free < disk:
        problems.append(f"The lab needs {disk} GB free at {directory}; there are {free} GB.")
    if installed("ip"):
        clash = overlapping(
            network,
            json.loads(run(["ip", "-json", "addr"]) or "[]"),
            json.loads(run(["ip", "-json", "route"]) or "[]"),
            own_interfaces,
        )
        if clash:
            problems.append(f"The lab's address range {network} is already in use here: {clash}.")
    return problems


def installed(command):
    """Return whether the command (str) is in the PATH."""
    return shutil.which(command) is not None


def hybrid_cgroups():
    """Return whether the host's cgroups are not the unified (v2) ones; crun refuses the mixed kind."""
    return not Path("/sys/fs/cgroup/cgroup.controllers").exists()


def may_raise_limits():
    """Return whether this process holds CAP_SYS_RESOURCE, without which Podman's default ulimits fail."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE).group(1)
    return bool(int(effective, 16) >> CAP_SYS_RESOURCE & 1)


def ulimits(may_raise, limits):
    """Return the ulimits that containers must be given explicitly (list of str), empty where Podman's own work.

    limits maps nofile and nproc to this process's hard limits (int; -1 is unlimited).
    """
    if may_raise:
        return []
    return [f"{name}={hard}:{hard}" for name, hard in sorted(limits.items()) if hard != resource.RLIM_INFINITY]


def hard_limits():
    """Return this process's hard limits of open files and processes, as far as a build step has them (dict of int)."""
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    return {
        "nofile": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        "nproc": processes if processes == resource.RLIM_INFINITY else min(processes, MAX_PROCESSES),
    }


def containers_conf(hybrid, limits):
    """Return the text of the lab's containers.conf(5) for a host with such cgroups and ulimits."""
    containers = [f"default_ulimits = {json.dumps(limits)}"] if limits else []
    engine = ['runtime = "runc"', 'env = ["PODMAN_IGNORE_CGROUPSV1_WARNING=1"]'] if hybrid else []
    return "\n".join(
        [
            "# Written by the lab; used through CONTAINERS_CONF, so that the host's own stays as it is.",
            "[containers]",
            *containers,
            "[engine]",
            *engine,
            "",
        ]
    )


def node_containers_conf(limits):
    """Return the text of a node's own containers.conf: Podman inside a container.

    runc fails inside a node's systemd, and Podman's systemd cgroup manager has no delegated cgroup there.
    """
    containers = [f"default_ulimits = {json.dumps(limits)}"] if limits else []
    return "\n".join(
        [
            "# Podman inside a test node.",
            "[containers]",
            *containers,
            "[engine]",
            'cgroup_manager = "cgroupfs"',
            'runtime = "crun"',
            'env = ["PODMAN_IGNORE_CGROUPSV1_WARNING=1"]',
            "",
        ]
    )
