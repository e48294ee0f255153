# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From checked files to what they mean: hosts, groups, addresses and endpoints."""

from __future__ import annotations

import uuid
from typing import Any

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation import addresses, bubbles, scans
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.meaning import label, nodes
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.services import (
    FEDERATION_WIDE,
    SERVICES,
    mon_count,
)


def resolve(federation: dict[str, Any], sites: list[dict[str, Any]]) -> dict[str, Any]:
    """The model of a federation: plain data that can be cached and printed as JSON.

    Its keys: ``federation``, ``sites``, ``pools`` (each with its nodes, groups and services), ``hosts`` (address by
    name), ``groups`` (those that only some nodes of a pool join), ``endpoints``, ``ceph`` (by site), ``backbone``,
    ``identity``, ``bubbles`` (see ``bubbles.resolve``), ``scans`` (see ``scans.resolve``), ``hpc`` and ``totals`` (by
    kind: what the sites add up to, and what was announced).
    """
    sites = sorted(sites, key=lambda site: site["name"])
    pools = [pool for site in sites for pool in _pools(federation, site)]
    scanned = scans.resolve(federation, sites, pools)
    endpoints = _endpoints(federation, sites, pools)
    ceph = {
        pool["site"]: _ceph(federation, pool, site)
        for site in sites
        for pool in pools
        if pool["site"] == site["name"] and "ceph" in pool["services"]
    }
    clusters = {
        name: bubble for site in sites for name, bubble in bubbles.resolve(site, pools, ceph.get(site["name"])).items()
    }
    return {
        "federation": {
            "name": federation["name"],
            "title": federation.get("title", federation["name"]),
            "domain": federation["domain"],
            "names": federation.get("names", "dns"),
        },
        "sites": {site["name"]: _site(site, pools) for site in sites},
        "pools": pools,
        "hosts": {host: address for pool in pools for host, address in pool["nodes"].items()},
        "groups": {
            **_ceph_groups(ceph, federation),
            **_token_groups(ceph, endpoints),
            **_certified(sites, pools),
            **bubbles.groups(clusters),
            **scans.groups(scanned),
        },
        "endpoints": endpoints,
        "ceph": ceph,
        "backbone": _backbone(federation, endpoints, ceph),
        "identity": _identity(federation, endpoints),
        "bubbles": clusters,
        "scans": scanned,
        "hpc": {"qos": {}, "accounts": {}, **federation.get("hpc", {})},
        "totals": _totals(federation.get("announced_totals", {}), pools),
    }


def _site(site: dict[str, Any], pools: list[dict[str, Any]]) -> dict[str, Any]:
    regions = {site["name"]: site, **site.get("regions", {})}
    return {
        "name": site["name"],
        "title": site.get("title", site["name"]),
        "location": site["location"],
        "tier": site.get("tier", "satellite"),
        "contacts": site["contacts"],
        "certifications": site.get("certifications", []),
        "services": sorted(site.get("services", {})),
        "networks": [region["network"] for region in regions.values()],
        "regions": {
            name: {
                "network": region["network"],
                "certifications": region.get("certifications", []),
                "tenants": _tenants(site["name"], name, region, pools),
            }
            for name, region in regions.items()
        },
        "waivers": site.get("waivers", []),
    }


def _tenants(site: str, region: str, about: dict[str, Any], pools: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Who has nodes of their own in a region, reached through the VPN only: the network of their VPN and the nodes."""
    return {
        name: {
            "title": tenant.get("title", name),
            "vpn_network": tenant["vpn_network"],
            "hosts": {
                host: address
                for pool in pools
                if (pool["site"], pool["region"], pool["tenant"]) == (site, region, name)
                for host, address in pool["nodes"].items()
            },
        }
        for name, tenant in about.get("tenants", {}).items()
    }


def _certified(sites: list[dict[str, Any]], pools: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The hosts that a certification such as ISO/IEC 27001 covers, and those of them whose site has a log server."""
    certified = {
        (site["name"], name)
        for site in sites
        for name, region in {site["name"]: site, **site.get("regions", {})}.items()
        if region.get("certifications")
    }
    covered = [pool for pool in pools if (pool["site"], pool["region"]) in certified]
    logged = {site["name"] for site in sites if "pool" in site.get("services", {}).get("log_server", {})}
    return {
        "certified": [host for pool in covered for host in pool["nodes"]],
        "log_forwarding": [host for pool in covered if pool["site"] in logged for host in pool["nodes"]],
    }


def _pools(federation: dict[str, Any], site: dict[str, Any]) -> list[dict[str, Any]]:
    regions = {None: site, **site.get("regions", {})}
    return [_pool(federation, site, pool, regions[pool.get("region")]["network"]) for pool in site.get("pools", [])]


def _pool(federation: dict[str, Any], site: dict[str, Any], pool: dict[str, Any], cidr: str) -> dict[str, Any]:
    name = label(pool)
    network = addresses.network(cidr)
    block = federation["address_plan"][pool.get("block", pool["kind"])]
    region = pool.get("region", site["name"])
    services = sorted(s for s, service in site.get("services", {}).items() if service.get("pool") == name)
    groups = [
        f"site_{site['name']}",
        f"pool_{pool['kind']}",
        f"region_{region}",
        f"tier_{site.get('tier', 'satellite')}",
    ]
    groups += [group for service in services for group in SERVICES[service].groups]
    if pool.get("tenant"):
        groups += ["tenant", f"tenant_{pool['tenant']}"]
    return {
        "site": site["name"],
        "region": region,
        "tenant": pool.get("tenant"),
        "name": name,
        "kind": pool["kind"],
        "network": cidr,
        "hardware": pool.get("hardware", federation.get("hardware", {}).get(pool["kind"], {})),
        "services": services,
        # Ansible's group names are identifiers: site mi-bi is group site_mi_bi.
        "groups": [group.replace("-", "_") for group in groups],
        "nodes": {
            f"{site['name']}-{name}-{number:02d}": addresses.address(network, block, number) for number in nodes(pool)
        },
    }


def _endpoints(federation: dict, sites: list[dict], pools: list[dict]) -> dict[str, dict[str, dict[str, Any]]]:
    by_place = {(pool["site"], pool["name"]): pool for pool in pools}
    endpoints: dict[str, dict[str, dict[str, Any]]] = {}
    for site in sites:
        for name, service in sorted(site.get("services", {}).items()):
            known = SERVICES[name]
            if known.label is None:
                continue
            pool = by_place.get((site["name"], service.get("pool")))
            host = service.get("host", f"{known.label}.{site['name']}.{federation['domain']}")
            port = service.get("port", _port(federation, name) if pool else known.port)
            endpoints.setdefault(name, {})[site["name"]] = {
                "title": service.get("title", known.title),
                "url": f"https://{host}" + ("" if port == 443 else f":{port}"),
                "host": host,
                "port": port,
                "hosts": list(pool["nodes"]) if pool else [],
                "addresses": list(pool["nodes"].values()) if pool else [],
            }
    return endpoints


def _port(federation: dict[str, Any], service: str) -> int:
    if service == "s3":
        return federation.get("backbone", {}).get("rgw_port", SERVICES["s3"].port)
    return SERVICES[service].port


def _ceph(federation: dict[str, Any], pool: dict[str, Any], site: dict[str, Any]) -> dict[str, Any]:
    hosts = list(pool["nodes"])
    return {
        "site": pool["site"],
        # The same for ever, and known before the cluster exists.
        "fsid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"ceph.{pool['site']}.{federation['domain']}")),
        "public_network": pool["network"],
        "bootstrap": hosts[0],
        "hosts": pool["nodes"],
        "mon_hosts": hosts[: mon_count(len(hosts))],
        # One active and one standby, as Ceph's documentation recommends for both.
        "mgr_hosts": hosts[:2],
        "mds_hosts": hosts[:2] if "cephfs" in pool["services"] else [],
        "osd_hosts": hosts,
        "rgw_hosts": hosts if "s3" in pool["services"] else [],
    }


def _token_groups(ceph: dict[str, dict[str, Any]], endpoints: dict) -> dict[str, list[str]]:
    """Which hosts of the object store take keys from OpenBao, and which open it to tokens."""
    gateways = [host for cluster in ceph.values() for host in cluster["rgw_hosts"]]
    bootstraps = [cluster["bootstrap"] for cluster in ceph.values() if cluster["rgw_hosts"]]
    return {
        "openbao_agent": gateways if "vault" in endpoints else [],
        "rgw_access": bootstraps if "iam" in endpoints else [],
    }


def _ceph_groups(ceph: dict[str, dict[str, Any]], federation: dict[str, Any]) -> dict[str, list[str]]:
    master = federation.get("backbone", {}).get("master")
    groups: dict[str, list[str]] = {"zone_master": [ceph[master]["bootstrap"]]} if master in ceph else {}
    for cluster in ceph.values():
        groups.setdefault("ceph_bootstrap", []).append(cluster["bootstrap"])
        for kind in ("mon", "mgr", "mds"):
            groups.setdefault(f"ceph_{kind}", []).extend(cluster[f"{kind}_hosts"])
    return groups


def _backbone(federation: dict, endpoints: dict, ceph: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if "backbone" not in federation:
        return {}
    backbone = federation["backbone"]
    return {
        "realm": backbone["realm"],
        "zonegroup": backbone["zonegroup"],
        "master": backbone["master"],
        "rgw_port": _port(federation, "s3"),
        "audience": backbone.get("audience", f"https://s3.{federation['domain']}"),
        "buckets": {
            name: {"encryption": bucket.get("encryption", "sse-s3") if "vault" in endpoints else "none"}
            for name, bucket in federation.get("buckets", {}).items()
        },
        "access": [{"prefix": "", **grant} for grant in federation.get("access", [])],
        "zones": {
            site: {
                "zone": site,
                "master": site == backbone["master"],
                "endpoints": [endpoints["s3"][site]["url"]],
                "bootstrap": cluster["bootstrap"],
            }
            for site, cluster in ceph.items()
        },
    }


def _identity(federation: dict, endpoints: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Who says who people are (``iam``), and who keeps secrets and keys (``vault``): site and url, or None."""
    chosen = federation.get("identity", {})
    identity: dict[str, Any] = {
        "groups_claim": chosen.get("groups_claim", "wlcg.groups"),
        "operators": chosen.get("operators"),
    }
    for service in FEDERATION_WIDE:
        offered = endpoints.get(service, {})
        site = chosen.get(service, next(iter(offered), None))
        identity[service] = {"site": site, "url": offered[site]["url"]} if site in offered else None
    return identity


def _totals(announced: dict[str, int], pools: list[dict[str, Any]]) -> dict[str, dict[str, int | None]]:
    kinds = sorted({pool["kind"] for pool in pools} | announced.keys())
    return {
        kind: {
            "nodes": sum(len(pool["nodes"]) for pool in pools if pool["kind"] == kind),
            "announced": announced.get(kind),
        }
        for kind in kinds
    }
