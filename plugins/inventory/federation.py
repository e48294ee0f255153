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
  pools:
    description:
      - Take only pools of these kinds or names, and the services that run on them; the whole description is checked all
        the same. For rehearsing a part of a federation, such as its storage alone, on few machines.
      - A master site and an issuer of tokens that are left out are then missing for those that stay.
    type: list
    elements: str
    env:
      - name: DATACLOUD_POOLS
    ini:
      - section: datacloud
        key: pools
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

import json
from pathlib import Path
from typing import Any, NoReturn

from ansible.errors import AnsibleError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.template import trust_as_template

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation import bubbles, load, scans
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.services import SERVICES

# What Ansible's commands exit with where an inventory cannot be parsed (ansible.errors.ExitCode.PARSER_ERROR).
PARSER_ERROR = 4
# Tables that grow with the federation. As plain variables of `all`, ansible-inventory would print them once a host,
# 10,000 times in a large federation: they are looked up when something uses them.
TABLES = ("sites", "endpoints", "hosts", "bubbles", "scans")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Fill the inventory from a federation description."""

    NAME = "infn.datacloud.federation"
    # No value of a description can be a template: the schemas refuse the marks of one.
    trusted_by_default = True

    def verify_file(self, path: str) -> bool:
        """Whether ``path`` is a federation.yml (or .yaml) or a site file; the content is judged by ``parse``."""
        return super().verify_file(path) and (Path(path).name in load.NAMES or load.is_site_file(Path(path)))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill ``inventory``, or end the run with all problems of the description.

        Raises SystemExit, not AnsibleParserError: after an error Ansible hands the file to the next inventory plugin,
        and ``yaml`` takes a file without the key ``plugin``, ``ini`` an empty one, for an inventory without hosts. A
        play would then do nothing and end well.
        """
        if load.is_site_file(Path(path)):
            self._refuse(
                f"{path} is a part of a federation description: name its federation.yml, not a folder or a site."
            )
        super().parse(inventory, loader, path, cache)
        try:
            model = self._model(Path(path), cache)
        except DescriptionError as error:
            count = "1 problem" if len(error.problems) == 1 else f"{len(error.problems)} problems"
            what = f"The federation description in {Path(path).parent} has {count}:"
            self._refuse(f"{what}\n{error}")
        _fill(inventory, model, path)
        self._construct(model)

    def _refuse(self, message: str) -> NoReturn:
        self.display.error(message, wrap_text=False)
        raise SystemExit(PARSER_ERROR)

    def _model(self, path: Path, cache: bool) -> dict[str, Any]:
        """The resolved description: from the cache if that is on and no file has changed, else from the files."""
        # Ansible's own reader has no bounds, so it gets the file only when ours found it readable.
        load.check_readable(path)
        try:
            self._read_config_data(str(path))
        except AnsibleError:
            # An option of Ansible's own has a wrong value. The schema says so too, together with all else.
            load.load(path)
            raise
        pools = self.get_option("pools")
        if not self.get_option("cache"):
            return load.load(path, pools)
        key = self.get_cache_key(str(path))
        digest = load.digest(path, pools)
        kept = self._cache.get(key) if cache else None
        if kept and kept["digest"] == digest:
            return load.remember(path, kept["model"])
        model = load.load(path, pools)
        self._cache[key] = {"digest": digest, "model": model}
        return model

    def _construct(self, model: dict[str, Any]) -> None:
        compose, groups, keyed_groups = (self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        if not (compose or groups or keyed_groups):
            return
        strict = self.get_option("strict")
        for pool in model["pools"]:
            for host in pool["nodes"]:
                self._set_composite_vars(compose, self.inventory.hosts[host].get_vars(), host, strict=strict)
                variables = self.inventory.hosts[host].get_vars()
                self._add_host_to_composed_groups(groups, variables, host, strict=strict)
                self._add_host_to_keyed_groups(keyed_groups, variables, host, strict=strict)


def _fill(inventory: Any, model: dict[str, Any], path: str) -> None:
    domain = model["federation"]["domain"]
    # Also those of services that nobody offers: a play for them has no hosts then, instead of an unknown pattern.
    offered = [group for service in SERVICES.values() for group in service.groups]
    for group in ("tenant", *bubbles.GROUPS, *scans.GROUPS, *offered):
        inventory.add_group(group)
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
                "datacloud_tenant": pool["tenant"],
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
    for name, bubble in model["bubbles"].items():
        for host in bubbles.hosts(bubble):
            inventory.set_variable(host, "datacloud_bubble", name)
    for cluster in model["ceph"].values():
        for host in cluster["hosts"]:
            inventory.set_variable(host, "datacloud_ceph", cluster)
    inventory.set_variable("all", "datacloud_federation", {**model["federation"], "file": path})
    # Where lookup infn.datacloud.secret looks, whatever other sources the inventory has.
    inventory.set_variable("all", "datacloud_secret_store", str(Path(path).parent / "secrets"))
    inventory.set_variable("all", "datacloud_backbone", model["backbone"])
    inventory.set_variable("all", "datacloud_identity", model["identity"])
    inventory.set_variable("all", "datacloud_hpc", model["hpc"])
    for table in TABLES:
        expression = f"lookup('infn.datacloud.federation', {json.dumps(path)}, table='{table}')"
        # Marked here: where another source was parsed before this one, `trusted_by_default` comes too late.
        inventory.set_variable("all", f"datacloud_{table}", trust_as_template(f"{{{{ {expression} }}}}"))
