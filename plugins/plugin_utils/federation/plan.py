# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A resolved federation as text for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.services import SERVICES


def plan(model: dict[str, Any]) -> str:
    """The tables of sites, pools, hosts, services, bubbles, scans and totals of a model (see ``resolve.resolve``)."""
    federation = model["federation"]
    head = (
        f"{federation['title']}: {_count(len(model['sites']), 'site')}, {_count(len(model['hosts']), 'host')}, "
        f"domain {federation['domain']}"
    )
    parts = [_sites, _pools, _hosts, _services, _bubbles, _scans, _totals]
    return "\n\n".join([head, *(part(model) for part in parts)])


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Aligned columns, numbers to the right, under a title; no line ends in spaces."""
    rows = [list(row) for row in rows]
    if not rows:
        return f"{title}\n  none"
    columns = list(columns)
    widths = [max(len(str(cell)) for cell in cells) for cells in zip(columns, *rows, strict=True)]
    numbers = [all(isinstance(cell, int) for cell in cells) for cells in zip(*rows, strict=True)]
    lines = [title]
    for row in [columns, *rows]:
        cells = [
            str(cell).rjust(width) if number else str(cell).ljust(width)
            for cell, width, number in zip(row, widths, numbers, strict=True)
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def _words(items: Iterable[str]) -> str:
    return ", ".join(items) or "-"


def _sites(model: dict[str, Any]) -> str:
    rows = []
    for name, site in model["sites"].items():
        for region, about in site["regions"].items():
            nodes = sum(len(p["nodes"]) for p in model["pools"] if p["site"] == name and p["region"] == region)
            certified = _words(about["certifications"])
            rows.append((name, region, site["tier"], site["location"], about["network"], nodes, certified))
    return _table("SITES", ("site", "region", "tier", "location", "network", "nodes", "certifications"), rows)


def _pools(model: dict[str, Any]) -> str:
    rows = []
    for pool in model["pools"]:
        addresses = list(pool["nodes"].values())
        between = f"{addresses[0]} - {addresses[-1]}" if len(addresses) > 1 else _words(addresses)
        hardware = _words(f"{key} {_value(value)}" for key, value in pool["hardware"].items())
        rows.append((pool["site"], pool["name"], pool["kind"], len(pool["nodes"]), between, hardware))
    return _table("POOLS", ("site", "pool", "kind", "nodes", "addresses", "hardware"), rows)


def _value(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


def _hosts(model: dict[str, Any]) -> str:
    domain = model["federation"]["domain"]
    rows = [
        (host, address, f"{host}.{domain}", _words(pool["services"]))
        for pool in model["pools"]
        for host, address in pool["nodes"].items()
    ]
    return _table("HOSTS", ("host", "address", "full name", "services"), rows)


def _services(model: dict[str, Any]) -> str:
    run_by = {
        (service, pool["site"]): f"{_count(len(pool['nodes']), 'node')} of pool {pool['name']}"
        for pool in model["pools"]
        for service in pool["services"]
    }
    endpoints = {
        (service, site): endpoint for service, sites in model["endpoints"].items() for site, endpoint in sites.items()
    }
    rows = []
    for service, site in sorted(run_by.keys() | endpoints.keys()):
        endpoint = endpoints.get((service, site), {"url": "-", "title": SERVICES[service].title})
        rows.append((service, site, endpoint["url"], run_by.get((service, site), "the site itself"), endpoint["title"]))
    return _table("SERVICES", ("service", "site", "endpoint", "run by", "what it is"), rows)


def _bubbles(model: dict[str, Any]) -> str:
    rows = []
    for name, bubble in model["bubbles"].items():
        partitions = _words(f"{pool} ({len(hosts)})" for pool, hosts in bubble["pools"].items())
        keys = _words(f"{partition} {about['key']}" for partition, about in bubble["fabric"].items())
        rows.append((name, bubble["site"], _words(bubble["controllers"]), _words(bubble["login"]), partitions, keys))
    return _table("BUBBLES", ("bubble", "site", "controllers", "login", "partitions", "fabric"), rows)


def _scans(model: dict[str, Any]) -> str:
    rows = []
    otherwise = "appliance" if model["scans"].get("appliance") else "-"
    for name, target in model["scans"].get("targets", {}).items():
        schedule, profile = target["schedule"], model["scans"]["profiles"][target["profile"]]
        start = " ".join([*schedule["weekdays"], schedule["start"][11:16], "UTC"])
        how = f"{target['profile']}{', with a login' if profile['authenticated'] else ''}"
        when = f"every {profile['every']}, {start}, {schedule['duration'] // 60} h"
        rows.append((name, len(target["hosts"]), _words(target["excluded"]), how, when, target["scanner"] or otherwise))
    return _table("SCANS", ("target", "hosts", "left out", "profile", "when", "scanner"), rows)


def _totals(model: dict[str, Any]) -> str:
    rows = []
    for kind, total in model["totals"].items():
        nodes, announced = total["nodes"], total["announced"]
        note = ""
        if announced not in (None, nodes):
            note = "the announced total differs from what the sites add up to; the sites count"
        rows.append((kind, nodes, "-" if announced is None else str(announced), note))
    rows.append(("all", len(model["hosts"]), "-", ""))
    return _table("TOTALS", ("kind", "nodes", "announced", ""), rows)
