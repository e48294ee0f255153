# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of its own for one run: fresh nodes beside any other lab of this machine, made by molecule/shared."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from node import Node

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NAME = "bench-hardening"
# The octet can be another one where a lab of that network is there already.
NETWORK = "10.{octet}.0.0/16"
FEDERATION = """---
plugin: infn.datacloud.federation
name: lab
title: Nodes to measure hardening on
domain: lab.datacloud.test
names: hosts
address_plan:
  user: {{offset: 16, size: 240}}
"""
SITE = """---
name: bench
title: Nodes to measure hardening on
location: here
contacts: [root@localhost]
tier: satellite
network: 10.{octet}.16.0/20
pools:
  - {{kind: user, count: {count}}}
services: {{}}
"""
SETTINGS = """---
lab_name: {name}
lab_network: {network}
lab_root: {root}
lab_directory: {directory}
lab_suite: {suite}
lab_memory: 1g
lab_disks: []
lab_volumes: []
"""


class Lab:
    """The nodes of a run; use it as a context manager, which removes them at the end."""

    def __init__(self, folder: Path, suite: str, count: int, octet: int):
        """folder: an empty one of this run; suite: trixie or bookworm; count: how many nodes; octet: of the network."""
        self.folder = folder
        self.inventory = folder / "inventory" / "federation.yml"
        (folder / "inventory" / "sites").mkdir(parents=True)
        variables = folder / "inventory" / "group_vars" / "all"
        variables.mkdir(parents=True)
        settings = {"name": NAME, "network": NETWORK.format(octet=octet), "root": ROOT / ".lab", "directory": folder}
        # The lab's own way of making and reaching nodes; the second file wins by its name.
        shutil.copy(ROOT / "inventories" / "lab" / "group_vars" / "all" / "lab.yml", variables / "lab.yml")
        (variables / "measure.yml").write_text(SETTINGS.format(suite=suite, **settings), encoding="utf-8")
        self.inventory.write_text(FEDERATION.format(), encoding="utf-8")
        site = SITE.format(octet=octet, count=count)
        (folder / "inventory" / "sites" / "bench.yml").write_text(site, encoding="utf-8")
        self.environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_HOME": str(folder / "ansible"),
            # Facts are gathered in every run: each of them pays for its own.
            "ANSIBLE_CACHE_PLUGIN": "memory",
            "ANSIBLE_NOCOLOR": "1",
        }

    def __enter__(self) -> Lab:
        try:
            self._shared("create.yml")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._shared("destroy.yml")

    def nodes(self) -> list[Node]:
        """The nodes, in their order."""
        command = [BIN / "ansible-inventory", "-i", self.inventory, "--list"]
        result = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True)
        hosts = json.loads(result.stdout)["_meta"]["hostvars"]
        return [Node(name, hosts[name]["ansible_host"], self.folder) for name in sorted(hosts)]

    def playbook(self, path: Path, node: Node, *more: str, timeout: float = 3600) -> subprocess.CompletedProcess[str]:
        """Run a playbook on one node, with sudo's password; the caller looks at the return code."""
        command = [BIN / "ansible-playbook", "-i", self.inventory, "--limit", node.name]
        command += ["--become-password-file", node.password_file, path, *more]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=timeout, check=False
        )

    def _shared(self, name: str) -> None:
        command = [BIN / "ansible-playbook", "-i", self.inventory, ROOT / "molecule" / "shared" / name]
        result = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"{name}: {result.stdout[-3000:]}{result.stderr[-1000:]}")
