# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what a JSON Schema cannot: names, references, networks and blocks of all files together."""

from __future__ import annotations

import fnmatch
from datetime import date
from typing import Any

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation import addresses, bubbles, scans
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.documents import Document
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import Problem, did_you_mean
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.services import FEDERATION_WIDE, SERVICES

# A host name is one DNS label (RFC 1035: 63 characters), and the node's number needs a hyphen and up to 5 digits.
MAX_PREFIX = 57


def label(pool: dict[str, Any]) -> str:
    """What a pool is called inside its site: its name, or else its kind, behind its region if it has one."""
    name = pool.get("name") or pool["kind"]
    return f"{pool['region']}-{name}" if pool.get("region") else name


def nodes(pool: dict[str, Any]) -> list[int]:
    """The numbers of the pool's nodes: 1 to count without those in absent."""
    absent = set(pool.get("absent", ()))
    return [number for number in range(1, pool["count"] + 1) if number not in absent]


def check(federation: Document, sites: list[Document]) -> list[Problem]:
    """All problems of meaning. Values that are missing or were refused before are passed over, not reported again."""
    return _Meaning(federation, sites).check()


class _Meaning:
    def __init__(self, federation: Document, sites: list[Document]) -> None:
        self.federation = federation
        self.sites = sites
        self.plan: dict[str, dict] = {
            name: block
            for name, block in (federation.data or {}).get("address_plan", {}).items()
            if block and "offset" in block and "size" in block
        }
        self.problems: list[Problem] = []
        self.names: dict[str, Document] = {}
        self.tenants: dict[str, str] = {}
        self.bubbles: dict[str, str] = {}

    def check(self) -> list[Problem]:
        self._plan()
        self._site_names()
        self._networks()
        prefixes: dict[str, str] = {}
        for site in self.sites:
            self._regions(site)
            self._pools(site, prefixes)
            self._services(site)
            self._waivers(site)
            self._bubbles(site)
        self._backbone()
        self._identity()
        self._access()
        self._accounts()
        hosts = {site.name: self._hosts(site) for site in self.sites}
        self.problems += scans.check(self.federation, self.sites, hosts)
        return self.problems

    def _say(self, document: Document, path: tuple, message: str) -> None:
        self.problems.append(document.problem(path, message))

    def _plan(self) -> None:
        spans = [(b["offset"], b["offset"] + b["size"] - 1, name) for name, b in self.plan.items()]
        for later, earlier in addresses.overlaps(spans):
            self._say(self.federation, ("address_plan", later), f"block '{later}' overlaps block '{earlier}'")
        for key in ("hardware", "announced_totals"):
            for kind in (self.federation.data or {}).get(key, {}):
                if self.plan and kind not in self.plan:
                    message = f"the address plan has no block '{kind}'{did_you_mean(kind, self.plan)}"
                    self._say(self.federation, (key, kind), message)

    def _site_names(self) -> None:
        for site in self.sites:
            name = site.data.get("name")
            if not name:
                continue
            first = self.names.setdefault(name, site)
            if first is not site:
                where = f"{first.name}:{first.line(('name',))}"
                self._say(site, ("name",), f"site '{name}' is there twice, first in {where}")

    def _networks(self) -> None:
        spans: dict[int, list] = {4: [], 6: []}
        for site in self.sites:
            paths = [("network",)]
            for name, region in site.data.get("regions", {}).items():
                if region:
                    paths.append(("regions", name, "network"))
                    tenants = [tenant for tenant, about in region.get("tenants", {}).items() if about]
                    paths += [("regions", name, "tenants", tenant, "vpn_network") for tenant in tenants]
            for path in paths:
                network = self._network(site, path)
                if network:
                    first = int(network.network_address)
                    last = int(network.broadcast_address)
                    spans[network.version].append((first, last, (site, path, network)))
        for version in spans.values():
            for (site, path, network), (other, where, earlier) in addresses.overlaps(version):
                at = f"{other.name}:{other.line(where)}"
                self._say(site, path, f"network {network} overlaps {earlier} of {at}")

    def _network(self, site: Document, path: tuple) -> addresses.Network | None:
        text: Any = site.data
        for step in path:
            text = text.get(step) or {}
        if not text:
            return None
        try:
            return addresses.network(text)
        except ValueError as error:
            # The value was judged by its shape before: it is short text. Reported once, where the site's turn comes.
            problem = site.problem(path, f"'{text}' {error}")
            if problem not in self.problems:
                self.problems.append(problem)
            return None

    def _regions(self, site: Document) -> None:
        for name, region in site.data.get("regions", {}).items():
            if name in self.names:
                self._say(site, ("regions", name), f"region '{name}' has the name of a site")
            for tenant in (region or {}).get("tenants", {}):
                path = ("regions", name, "tenants", tenant)
                first = self.tenants.setdefault(tenant, f"{site.name}:{site.line(path)}")
                if first != f"{site.name}:{site.line(path)}":
                    self._say(site, path, f"tenant '{tenant}' is there twice, first in {first}")
                if "vpn" not in site.data.get("services", {}) and not site.refused(("services",)):
                    self._say(site, path, "a tenant is reached through a VPN: services.vpn is missing")

    def _hosts(self, site: Document) -> dict[str, tuple[str, str | None]]:
        """By host of a site: the label of its pool, and its address where that can be told."""
        hosts: dict[str, tuple[str, str | None]] = {}
        for pool in site.data.get("pools", []):
            if not (pool and pool.get("kind") and "count" in pool and site.data.get("name")):
                continue
            region = pool.get("region")
            known = region is None or region in site.data.get("regions", {})
            network = self._network(site, ("regions", region, "network") if region else ("network",)) if known else None
            block = self.plan.get(pool.get("block") or pool["kind"])
            placed = network and block and addresses.fits(block, network)
            for number in nodes(pool):
                address = addresses.address(network, block, number) if placed else None
                hosts[f"{site.data['name']}-{label(pool)}-{number:02d}"] = (label(pool), address)
        return hosts

    def _waivers(self, site: Document) -> None:
        hosts = self._hosts(site)
        for index, waiver in enumerate(site.data.get("waivers", [])):
            path = ("waivers", index)
            try:
                date.fromisoformat((waiver or {}).get("expires") or "2000-01-01")
            except ValueError:
                self._say(site, (*path, "expires"), f"there is no day {waiver['expires']}")
            for pattern in (waiver or {}).get("hosts", []):
                if pattern and not fnmatch.filter(hosts, pattern):
                    message = f"no host of this site is called '{pattern}'{did_you_mean(pattern, hosts)}"
                    self._say(site, (*path, "hosts"), message)

    def _pools(self, site: Document, prefixes: dict[str, str]) -> None:
        blocks: dict[tuple, int] = {}
        for index, pool in enumerate(site.data.get("pools", [])):
            if pool and pool.get("kind"):
                path = ("pools", index)
                self._pool_name(site, path, pool, prefixes)
                self._pool_numbers(site, path, pool)
                if self._pool_region(site, path, pool):
                    self._pool_block(site, path, pool, blocks)

    def _pool_name(self, site: Document, path: tuple, pool: dict, prefixes: dict[str, str]) -> None:
        if not site.data.get("name"):
            return
        prefix = f"{site.data['name']}-{label(pool)}"
        here = f"{site.name}:{site.line(path)}"
        first = prefixes.setdefault(prefix, here)
        if first != here:
            message = f"nodes called {prefix}-NN are there twice, first in {first}; give one of the pools a name"
            self._say(site, path, message)
        if len(prefix) > MAX_PREFIX:
            self._say(site, path, f"the node name {prefix}-NN is too long: at most {MAX_PREFIX} characters before -NN")

    def _pool_numbers(self, site: Document, path: tuple, pool: dict) -> None:
        for number in pool.get("absent", []):
            if number and "count" in pool and number > pool["count"]:
                message = f"node {number} cannot be absent: the pool's nodes are 1 to {pool['count']}"
                self._say(site, (*path, "absent"), message)

    def _pool_region(self, site: Document, path: tuple, pool: dict) -> bool:
        region = pool.get("region")
        regions = site.data.get("regions", {})
        if region is None or region in regions:
            self._pool_tenant(site, path, pool, (regions.get(region) or {}).get("tenants", {}))
            return True
        self._say(site, (*path, "region"), f"there is no region '{region}' here{did_you_mean(region, regions)}")
        return False

    def _pool_tenant(self, site: Document, path: tuple, pool: dict, tenants: dict) -> None:
        tenant = pool.get("tenant")
        if tenant and tenant not in tenants:
            message = f"there is no tenant '{tenant}' in the pool's region{did_you_mean(tenant, tenants)}"
            self._say(site, (*path, "tenant"), message)

    def _pool_block(self, site: Document, path: tuple, pool: dict, blocks: dict[tuple, int]) -> None:
        if not self.plan:
            return
        name = pool.get("block") or pool["kind"]
        key = "block" if pool.get("block") else "kind"
        block = self.plan.get(name)
        if block is None and ("address_plan", name) in self.federation.lines:
            return
        if block is None:
            message = f"the address plan of federation.yml has no block '{name}'{did_you_mean(name, self.plan)}"
            self._say(site, (*path, key), message)
            return
        region = pool.get("region")
        first = blocks.setdefault((region, name), path[1])
        if first != path[1]:
            message = (
                f"shares the address block '{name}' with pools[{first}]; name another block of the address plan: "
                "block: <name>"
            )
            self._say(site, path, message)
        network = self._network(site, ("regions", region, "network") if region else ("network",))
        if network and not addresses.fits(block, network):
            end = block["offset"] + block["size"]
            message = f"block '{name}' ends at address {end} of its network, but {network} has {network.num_addresses}"
            self._say(site, path, message)
        if pool.get("count", 0) > addresses.capacity(block):
            message = f"{pool['count']} nodes do not fit in block '{name}', which has room for "
            self._say(site, (*path, "count"), message + str(addresses.capacity(block)))

    def _services(self, site: Document) -> None:
        services = site.data.get("services", {})
        pools = {label(pool): pool for pool in site.data.get("pools", []) if pool and pool.get("kind")}
        for name, service in services.items():
            path = ("services", name)
            if name not in SERVICES:
                self._say(site, path, f"there is no service '{name}'{did_you_mean(name, SERVICES)}")
            else:
                self._service(site, path, service, pools)

    def _service(self, site: Document, path: tuple, service: dict, pools: dict[str, dict]) -> None:
        name = path[1]
        known = SERVICES[name]
        pool = service.get("pool")
        if pool is None:
            if known.label is None:
                self._say(site, (*path, "pool"), f"this key is missing: which pool's nodes run the {known.title}")
            return
        if pool not in pools:
            self._say(site, (*path, "pool"), f"there is no pool '{pool}' here{did_you_mean(pool, pools)}")
        elif "count" in pools[pool] and not nodes(pools[pool]):
            self._say(site, (*path, "pool"), f"pool '{pool}' has no nodes")
        needed = site.data["services"].get(known.needs, {}).get("pool")
        if known.needs and needed != pool and not site.refused(("services", known.needs)):
            self._say(site, path, f"{name} needs the service '{known.needs}' on the same pool")
        if name == "ceph" and site.data.get("tier") != "backbone":
            self._say(site, path, "a Ceph cluster of the federation stands at a backbone site: set tier: backbone")

    def _bubbles(self, site: Document) -> None:
        pools = {label(pool): pool for pool in site.data.get("pools", []) if pool and pool.get("kind")}
        used: dict[str, str] = {}
        for name, bubble in site.data.get("bubbles", {}).items():
            path = ("bubbles", name)
            here = f"{site.name}:{site.line(path)}"
            first = self.bubbles.setdefault(name, here)
            if first != here:
                self._say(site, path, f"bubble '{name}' is there twice, first in {first}")
            for inner, pool in bubbles.pools_of(bubble or {}):
                if pool not in pools:
                    message = f"there is no pool '{pool}' here{did_you_mean(pool, pools)}"
                    self._say(site, (*path, *inner), message)
                elif used.setdefault(pool, name) != name:
                    message = f"pool '{pool}' belongs to bubble '{used[pool]}' already"
                    self._say(site, (*path, *inner), message)
            if (bubble or {}).get("filesystem") and "cephfs" not in site.data.get("services", {}):
                self._say(site, (*path, "filesystem"), "the site does not offer the service 'cephfs'")
            self._fabric(site, path, bubble or {}, pools)

    def _fabric(self, site: Document, path: tuple, bubble: dict, pools: dict[str, dict]) -> None:
        labels = {pool for _inner, pool in bubbles.pools_of(bubble)} & pools.keys()
        members = labels | {
            f"{site.data.get('name')}-{name}-{number:02d}"
            for name in labels
            if "count" in pools[name]
            for number in nodes(pools[name])
        }
        keys: dict[int, str] = {}
        for name, partition in bubble.get("fabric", {}).items():
            here = (*path, "fabric", name)
            for index, member in enumerate((partition or {}).get("nodes", [])):
                if member and member not in members:
                    message = f"the bubble has no pool or host '{member}'{did_you_mean(member, members)}"
                    self._say(site, (*here, "nodes", index), message)
            key = (partition or {}).get("key")
            if key and keys.setdefault(int(key, 16), name) != name:
                message = f"partition '{keys[int(key, 16)]}' has the key {key} already"
                self._say(site, (*here, "key"), message)

    def _accounts(self) -> None:
        hpc = (self.federation.data or {}).get("hpc", {})
        qos, accounts = hpc.get("qos", {}), hpc.get("accounts", {})
        for name, account in accounts.items():
            path = ("hpc", "accounts", name)
            parent = (account or {}).get("parent")
            if parent and parent not in accounts:
                message = f"there is no account '{parent}'{did_you_mean(parent, accounts)}"
                self._say(self.federation, (*path, "parent"), message)
            for index, used in enumerate((account or {}).get("qos", [])):
                if used and used not in qos and not self.federation.refused(("hpc", "qos", used)):
                    message = f"there is no quality of service '{used}'{did_you_mean(used, qos)}"
                    self._say(self.federation, (*path, "qos", index), message)

    def _backbone(self) -> None:
        backbone = (self.federation.data or {}).get("backbone")
        for site in self.sites:
            if site.data.get("tier") != "backbone":
                continue
            for service in ("ceph", "s3"):
                path = ("services", service)
                if "pool" not in site.data.get("services", {}).get(service, {}) and not site.refused(path):
                    message = f"a backbone site runs {service} on a pool: services.{service}.pool is missing"
                    self._say(site, ("tier",), message)
            if self.federation.data is not None and backbone is None and not self.federation.refused(("backbone",)):
                self._say(site, ("tier",), "is backbone, but federation.yml has no key 'backbone'")
        master = (backbone or {}).get("master")
        if not master:
            return
        path = ("backbone", "master")
        if master not in self.names:
            self._say(self.federation, path, f"there is no site '{master}'{did_you_mean(master, self.names)}")
        elif self.names[master].data.get("tier") != "backbone":
            self._say(self.federation, path, f"site '{master}' is no backbone site, so it holds no zone")

    def _identity(self) -> None:
        """The sites whose IAM and OpenBao serve the whole federation: named, or the only one of their kind."""
        identity = (self.federation.data or {}).get("identity", {})
        for service in FEDERATION_WIDE:
            path = ("identity", service)
            offered = [
                site.data["name"]
                for site in self.sites
                if service in site.data.get("services", {}) and site.data.get("name")
            ]
            site = identity.get(service)
            if site is None and len(offered) > 1 and not self.federation.refused(path):
                message = f"{' and '.join(sorted(offered))} offer {service}: say which one serves the whole federation"
                self._say(self.federation, path, message)
            elif site is not None and site not in offered:
                message = f"there is no site '{site}' that offers {service}{did_you_mean(site, offered)}"
                self._say(self.federation, path, message)

    def _access(self) -> None:
        federation = self.federation.data or {}
        buckets = federation.get("buckets", {})
        for name, bucket in buckets.items():
            if bucket and bucket.get("encryption") == "sse-kms" and not self._offered("vault"):
                message = "sse-kms takes a key in OpenBao, but no site offers the service 'vault'"
                self._say(self.federation, ("buckets", name, "encryption"), message)
        if federation.get("access") and not self._offered("iam"):
            self._say(self.federation, ("access",), "members of groups are known by an IAM, but no site offers 'iam'")
        if (buckets or federation.get("access")) and "backbone" not in federation:
            key = "buckets" if buckets else "access"
            if not self.federation.refused(("backbone",)):
                self._say(self.federation, (key,), "there is no object store: federation.yml has no key 'backbone'")
        seen: dict[tuple, int] = {}
        for index, grant in enumerate(federation.get("access", [])):
            if not grant or not grant.get("bucket") or not grant.get("group"):
                continue
            path = ("access", index)
            if grant["bucket"] not in buckets and not self.federation.refused(("buckets", grant["bucket"])):
                message = f"there is no bucket '{grant['bucket']}'{did_you_mean(grant['bucket'], buckets)}"
                self._say(self.federation, (*path, "bucket"), message)
            first = seen.setdefault((grant["group"], grant["bucket"], grant.get("prefix")), index)
            if first != index:
                self._say(self.federation, path, f"says again what access[{first}] says: write all rights in one")

    def _offered(self, service: str) -> bool:
        return any(service in site.data.get("services", {}) for site in self.sites)
