# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: federation
short_description: Hosts, groups and variables from the description of a federation
version_added: 0.1.0
author:
  - INFN DataCloud (@infn-datacloud)
description:
  - Reads C(federation.yml) and the site files in the folder C(sites) beside it, one YAML file a site, checks them and
    derives hosts, groups, addresses and endpoints.
  - Every problem of every file is reported in one run, with file, line and key. Nothing is contacted.
  - The keys of both kinds of file are described in the collection's C(docs/federation.md).
  - A host's name and address depend only on its own site, pool and number. Adding or removing others changes nothing.
requirements:
  - jsonschema >= 4.18 on the control node
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - With O(cache=true) what is kept is the checked and resolved description. It is used as long as no file changes.
  - The file's other keys are the federation itself, among them C(name), C(domain), C(address_plan) and C(backbone).
options:
  plugin:
    description: Marks the file as the description of a federation.
    type: str
    required: true
    choices:
      - infn.datacloud.federation
"""

EXAMPLES = r"""
# inventories/example/federation.yml
plugin: infn.datacloud.federation
name: example
domain: datacloud.example.org
address_plan:
  storage: {offset: 256, size: 256}
  cpu: {offset: 1024, size: 1024}
backbone:
  realm: datacloud
  zonegroup: example
  master: north

# inventories/example/sites/north.yml
# ---
# name: north
# location: Trento
# contacts: [admins@north.example.org]
# tier: backbone
# network: 10.1.0.0/20
# pools:
#   - {kind: storage, count: 3}
#   - {kind: cpu, count: 16, hardware: {cores: 200, ram_gb: 1536}}
# services:
#   ceph: {pool: storage}
#   s3: {pool: storage}

# What this gives:
# ansible-inventory -i inventories/example/federation.yml --graph

# Groups and variables of one's own, as with any constructed inventory:
# groups:
#   big_memory: datacloud_hardware.ram_gb | default(0) > 1000
# keyed_groups:
#   - key: datacloud_hardware.interconnect | default('none')
#     prefix: interconnect
# compose:
#   rack: datacloud_site ~ '-' ~ datacloud_kind
"""

import hashlib
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation import shape
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import load, site_files
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Fill the inventory from a federation description."""

    NAME = "infn.datacloud.federation"

    def verify_file(self, path: str) -> bool:
        """Whether ``path`` is called federation.yml (or .yaml); its content is judged by ``parse``."""
        return super().verify_file(path) and Path(path).name in ("federation.yml", "federation.yaml")

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill ``inventory``. Raises AnsibleParserError with all problems of the description."""
        super().parse(inventory, loader, path, cache)
        if shape.JSONSCHEMA_ERROR:
            raise AnsibleParserError(
                "The Python package jsonschema is missing where Ansible runs: pip install -r requirements.txt"
            ) from shape.JSONSCHEMA_ERROR
        model = self._model(Path(path), cache)
        _fill(inventory, model)
        self._construct(model)

    def _model(self, path: Path, cache: bool) -> dict[str, Any]:
        try:
            model = load(path)
        except DescriptionError as error:
            count = len(error.problems)
            raise AnsibleParserError(
                f"{path.parent}: the federation description has {count} problem{'s' if count > 1 else ''}:\n{error}"
            ) from None
        self._read_config_data(str(path))
        return model

    def _construct(self, model: dict[str, Any]) -> None:
        wanted = {name: self.get_option(name) for name in ("compose", "groups", "keyed_groups")}
        if not any(wanted.values()):
            return
        strict = self.get_option("strict")
        for pool in model["pools"]:
            for host in pool["nodes"]:
                variables = self.inventory.hosts[host].get_vars()
                self._set_composite_vars(wanted["compose"], variables, host, strict=strict)
                variables = self.inventory.hosts[host].get_vars()
                self._add_host_to_composed_groups(wanted["groups"], variables, host, strict=strict)
                self._add_host_to_keyed_groups(wanted["keyed_groups"], variables, host, strict=strict)


def _fill(inventory: Any, model: dict[str, Any]) -> None:
    domain = model["federation"]["domain"]
    for pool in model["pools"]:
        for group in pool["groups"]:
            inventory.add_group(group)
        for host, address in pool["nodes"].items():
            inventory.add_host(host)
            for group in pool["groups"]:
                inventory.add_child(group, host)
            variables = {
                "ansible_host": address,
                "datacloud_address": address,
                "datacloud_fqdn": f"{host}.{domain}",
                "datacloud_site": pool["site"],
                "datacloud_region": pool["region"],
                "datacloud_pool": pool["name"],
                "datacloud_kind": pool["kind"],
                "datacloud_hardware": pool["hardware"],
                "datacloud_services": pool["services"],
            }
            for name, value in variables.items():
                inventory.set_variable(host, name, value)
    for group, hosts in model["groups"].items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_child(group, host)
    for cluster in model["ceph"].values():
        for host in cluster["hosts"]:
            inventory.set_variable(host, "datacloud_ceph", cluster)
    for name in ("federation", "sites", "endpoints", "backbone"):
        inventory.set_variable("all", f"datacloud_{name}", model[name])
    hosts = {}
    if model["federation"]["names"] == "hosts":
        hosts = {host: address for pool in model["pools"] for host, address in pool["nodes"].items()}
    inventory.set_variable("all", "datacloud_hosts", hosts)
