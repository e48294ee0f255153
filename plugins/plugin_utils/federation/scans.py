# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scans for vulnerabilities: what is scanned, when, how thoroughly, by which scanner, and who owns what is found."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.documents import Document
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import Problem, did_you_mean

# Groups of hosts that scan; a play for them has no hosts where nobody scans.
GROUPS = ("greenbone_manager", "greenbone_scanner", "scan_login")
# What a profile that does not say otherwise is. Names of the config and the port list are those of Greenbone's feed;
# 20 hosts and 4 checks at once are gvmd's own defaults; 6.9 is the highest score that CVSS calls medium.
PROFILE = {
    "config": "Full and fast",
    "every": "week",
    "authenticated": False,
    "fail_above": 6.9,
    "hosts_at_once": 20,
    "checks_at_once": 4,
    "port_list": "All IANA assigned TCP",
    "ports": None,
}
WINDOW = {"start": "22:00", "hours": 6, "day": "sunday"}
# How often, the most often first.
EVERY = ("day", "week", "month")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Ports of GMP: GOS offers it over SSH on 22, over TLS on 9390 (Greenbone OS manual, "Enabling the GMP Protocol").
_PORTS = {"ssh": 22, "tls": 9390}
# At the begin of a window the manager starts the scan by itself; before it has, nobody else should.
_GRACE = timedelta(minutes=10)
# A schedule counts from a day that never changes, so that it is the same in every run. It is a Thursday.
_EPOCH = date(2026, 1, 1)


def resolve(
    federation: dict[str, Any], sites: list[dict[str, Any]], pools: list[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Everything that the scans of a federation need to know, by part.

    ``manager``: its ``site`` and ``host``, none where an appliance manages or the manager's pool was left out;
    ``appliance``: ``host``, ``transport`` and ``port``, if there is one; ``scanners``: by host ``site`` and
    ``address``; ``profiles`` by name, complete; ``targets`` by name, one for each network that has hosts to scan;
    ``accepted``: findings that somebody accepts, each with the ``site`` whose hosts it holds for.
    """
    scans = federation.get("scans")
    if not scans:
        return {}
    manager = next(({"site": p["site"], "host": next(iter(p["nodes"]))} for p in _running("scan_manager", pools)), None)
    scanners = {
        host: {"site": pool["site"], "address": address}
        for pool in _running("scanner", pools)
        for host, address in pool["nodes"].items()
    }
    profiles = {name: _profile(profile) for name, profile in scans["profiles"].items()}
    targets: dict[str, dict[str, Any]] = {}
    for site in sites:
        if "scans" in site:
            scanner = _scanner(site, manager, scanners)
            for target in _targets(federation, site, pools, profiles):
                targets[target["name"]] = {**target, "scanner": scanner}
    return {
        "manager": manager,
        "appliance": _appliance(scans.get("appliance")),
        "scanners": scanners,
        "profiles": profiles,
        "targets": targets,
        "accepted": [
            {"hosts": [f"{site['name']}-*"], **entry, "site": site["name"]}
            for site in sites
            for entry in site.get("scans", {}).get("accepted", [])
        ],
    }


def groups(scans: dict[str, Any]) -> dict[str, list[str]]:
    """The hosts of groups that are not all nodes of a pool.

    gvmd runs once, on the first node of its pool; scanners log in where the profile says so.
    """
    manager = scans.get("manager")
    login = {name for name, profile in scans.get("profiles", {}).items() if profile["authenticated"]}
    return {
        "greenbone_manager": [manager["host"]] if manager else [],
        "scan_login": [
            host
            for target in scans.get("targets", {}).values()
            if target["profile"] in login
            for host in target["hosts"]
        ],
    }


def _running(service: str, pools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [pool for pool in pools if service in pool["services"] and pool["nodes"]]


def _profile(profile: dict[str, Any]) -> dict[str, Any]:
    complete = {**PROFILE, **profile}
    if complete["ports"]:
        complete |= {"port_list": None, "ports": [str(port) for port in complete["ports"]]}
    return complete


def _appliance(appliance: dict[str, Any] | None) -> dict[str, Any] | None:
    return {"port": _PORTS[appliance["transport"]], **appliance} if appliance else None


def _scanner(site: dict[str, Any], manager: dict[str, Any] | None, scanners: dict[str, dict[str, Any]]) -> str | None:
    """The first scanner of the site that is named, of the site itself, or of the manager's; None without any."""
    wanted = [site["scans"].get("scanner", site["name"]), manager["site"] if manager else None]
    found = [host for place in wanted for host, scanner in scanners.items() if scanner["site"] == place]
    return found[0] if found else None


def _targets(
    federation: dict[str, Any], site: dict[str, Any], pools: list[dict[str, Any]], profiles: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """One target for each of the site's networks that has hosts to scan."""
    targets = []
    for region, about in {site["name"]: site, **site.get("regions", {})}.items():
        hosts = _hosts(federation, site, [p for p in pools if (p["site"], p["region"]) == (site["name"], region)])
        excluded = set(site["scans"].get("exclude", []))
        left_out = {host: h["address"] for host, h in hosts.items() if {host, h["address"]} & excluded}
        scanned = {host: owned for host, owned in hosts.items() if host not in left_out}
        if not scanned:
            continue
        own = about.get("scans", {})
        name = own.get("profile", site["scans"].get("profile", federation["scans"]["profile"]))
        window = {**WINDOW, **site["scans"].get("window", {}), **own.get("window", {})}
        targets.append(
            {
                "name": f"{federation['name']}: {site['name']} {region}",
                "site": site["name"],
                "region": region,
                "network": about["network"],
                "certified": bool(about.get("certifications")),
                "hosts": scanned,
                "excluded": left_out,
                "profile": name,
                "schedule": _schedule(profiles[name]["every"], window),
            }
        )
    return targets


def _hosts(federation: dict[str, Any], site: dict[str, Any], pools: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """By host: address, full name, and who owns what is found there: the host's owner, its pool's, or the site."""
    owners = site["scans"].get("owners", {})
    return {
        host: {
            "address": address,
            "fqdn": f"{host}.{federation['domain']}",
            "owner": owners.get(host, owners.get(pool["name"], ", ".join(site["contacts"]))),
        }
        for pool in pools
        for host, address in pool["nodes"].items()
    }


def _schedule(every: str, window: dict[str, Any]) -> dict[str, Any]:
    """When scans start (UTC) and how many minutes they may take, in the words of module gmp_schedule.

    A month is four weeks, so that scans stay on the day of the week that the site chose.
    """
    day = window["day"]
    weekly = every != "day"
    first = _EPOCH + timedelta(days=(_DAYS.index(day) - _EPOCH.weekday()) % 7) if weekly else _EPOCH
    return {
        "start": f"{first}T{window['start']}:00",
        "timezone": "UTC",
        "every": "week" if weekly else "day",
        "interval": 4 if every == "month" else 1,
        "weekdays": [day] if weekly else [],
        "duration": 60 * window["hours"],
    }


def due(
    targets: dict[str, dict[str, Any]], reports: list[dict[str, Any]], now: datetime, when: str = "due"
) -> list[str]:
    """The names of the targets whose scan is to be started now.

    ``reports``: what module gmp_report_info gave, at most one a target; only a scan that came to its end counts.
    ``when``: ``due`` for those whose window is open and that were not scanned in it yet; ``new`` also for those that
    were never scanned; ``all`` and ``none``.
    """
    done = [report for report in reports if report["status"] == "Done"]
    scanned = {report["task"]: datetime.fromisoformat(report["start"]) for report in done}
    return [name for name, target in targets.items() if _is_due(target["schedule"], scanned.get(name), now, when)]


def _is_due(schedule: dict[str, Any], scanned: datetime | None, now: datetime, when: str) -> bool:
    if when in ("all", "none"):
        return when == "all"
    if when == "new" and scanned is None:
        return True
    first = datetime.fromisoformat(schedule["start"]).replace(tzinfo=UTC)
    period = timedelta(**{f"{schedule['every']}s": schedule["interval"]})
    opened = first + (now - first) // period * period
    is_open = opened + _GRACE <= now < opened + timedelta(minutes=schedule["duration"])
    return is_open and (scanned is None or scanned < opened)


def check(
    federation: Document, sites: list[Document], hosts: dict[str, dict[str, tuple[str, str | None]]]
) -> Iterator[Problem]:
    """Every mistake in what the files say of scans that a schema cannot see.

    ``hosts`` has, by name of a site's file and host, the label of its pool and its address, if that is known.
    """
    scans = (federation.data or {}).get("scans")
    offered = {
        service: [
            site.data["name"] for site in sites if service in site.data.get("services", {}) and site.data.get("name")
        ]
        for service in ("scan_manager", "scanner")
    }
    if scans is not None:
        yield from _check_federation(federation, scans, offered)
    for site in sites:
        yield from _check_services(federation, site)
        about = site.data.get("scans")
        if about is not None:
            yield from _check_site(federation, site, about, offered)
            yield from _check_hosts(site, about, hosts[site.name])
            yield from _check_accepted(site, about, hosts[site.name])
        yield from _check_regions(federation, site)


def _check_federation(federation: Document, scans: dict, offered: dict[str, list[str]]) -> Iterator[Problem]:
    profiles = scans.get("profiles", {})
    yield from _check_profile(federation, federation, ("scans",), scans.get("profile"))
    for name, profile in profiles.items():
        path = ("scans", "profiles", name)
        if profile and profile.get("ports") and profile.get("port_list"):
            yield federation.problem(path, "says which ports and names a port list: one of them is enough")
        for index, ports in enumerate((profile or {}).get("ports", [])):
            numbers = [int(number) for number in str(ports or 1).rpartition(":")[2].split("-")]
            if not 1 <= numbers[0] <= numbers[-1] <= 65535:
                yield federation.problem((*path, "ports", index), f"{ports} is no range of ports from 1 to 65535")
    managers = offered["scan_manager"]
    if "appliance" in scans:
        for service, sites in offered.items():
            if sites:
                message = f"an appliance does all that, but {' and '.join(sorted(sites))} offers {service}"
                yield federation.problem(("scans", "appliance"), message)
    elif len(managers) > 1:
        message = f"{' and '.join(sorted(managers))} offer scan_manager: one manages the scans of all sites"
        yield federation.problem(("scans",), message)
    elif not managers and not federation.refused(("scans", "appliance")):
        yield federation.problem(
            ("scans",), "nobody manages the scans: no site offers scan_manager, and no appliance is named"
        )


def _check_services(federation: Document, site: Document) -> Iterator[Problem]:
    if federation.data is None or "scans" in federation.data or federation.refused(("scans",)):
        return
    for service in ("scan_manager", "scanner"):
        if service in site.data.get("services", {}):
            message = "federation.yml has no key 'scans', which says how scans are done"
            yield site.problem(("services", service), message)


def _check_profile(federation: Document, document: Document, path: tuple, name: str | None) -> Iterator[Problem]:
    scans = (federation.data or {}).get("scans")
    profiles = (scans or {}).get("profiles", {})
    if scans is not None and name and name not in profiles and not federation.refused(("scans", "profiles", name)):
        yield document.problem((*path, "profile"), f"there is no profile '{name}'{did_you_mean(name, profiles)}")


def _check_site(federation: Document, site: Document, about: dict, offered: dict[str, list[str]]) -> Iterator[Problem]:
    scans = (federation.data or {}).get("scans")
    if scans is None:
        if federation.data is not None and not federation.refused(("scans",)):
            yield site.problem(("scans",), "federation.yml has no key 'scans', which says how scans are done")
        return
    yield from _check_profile(federation, site, ("scans",), about.get("profile"))
    yield from _check_window(federation, site, ("scans",), about, about.get("profile"))
    wanted = about.get("scanner")
    if wanted and wanted not in offered["scanner"]:
        message = f"there is no site '{wanted}' that offers scanner{did_you_mean(wanted, offered['scanner'])}"
        yield site.problem(("scans", "scanner"), message)
        return
    near = {site.data.get("name"), *offered["scan_manager"], wanted}
    if offered["scan_manager"] and not near & set(offered["scanner"]):
        message = "nothing scans this site: it does not offer scanner, nor does the site of scan_manager"
        yield site.problem(("scans",), message + "; name one that does in scans.scanner")


def _check_window(
    federation: Document, site: Document, path: tuple, about: dict, profile: str | None
) -> Iterator[Problem]:
    scans = (federation.data or {}).get("scans", {})
    name = profile or scans.get("profile")
    if about.get("window", {}).get("day") and (scans.get("profiles", {}).get(name) or {}).get("every") == "day":
        message = f"profile '{name}' scans every day: a window for it has no day"
        yield site.problem((*path, "window", "day"), message)


def _check_hosts(site: Document, about: dict, hosts: dict[str, tuple[str, str | None]]) -> Iterator[Problem]:
    addresses = {address for _label, address in hosts.values()}
    # Where an address could not be told, the reason has been reported; it says nothing about this one.
    sure = None not in addresses
    for index, entry in enumerate(about.get("exclude", [])):
        if entry and entry not in hosts and entry not in addresses and (sure or entry[0].isalpha()):
            message = f"no host of this site has the name or address '{entry}'{did_you_mean(entry, hosts)}"
            yield site.problem(("scans", "exclude", index), message)
    known = {*hosts, *(label for label, _address in hosts.values())}
    for owned in about.get("owners", {}):
        if owned not in known:
            message = f"there is no pool or host '{owned}' here{did_you_mean(owned, known)}"
            yield site.problem(("scans", "owners", owned), message)


def _check_accepted(site: Document, about: dict, hosts: dict[str, tuple[str, str | None]]) -> Iterator[Problem]:
    for index, entry in enumerate(about.get("accepted", [])):
        path = ("scans", "accepted", index)
        entry = entry or {}
        named = [key for key in ("id", "oid", "cve") if key in entry or (*path, key) in site.lines]
        if entry and len(named) != 1:
            yield site.problem(
                path, f"says which finding by {' and '.join(named) or 'nothing'}: give one of id, oid, cve"
            )
        try:
            date.fromisoformat(entry.get("until") or "2000-01-01")
        except ValueError:
            yield site.problem((*path, "until"), f"there is no day {entry['until']}")
        for pattern in entry.get("hosts", []):
            if pattern and not fnmatch.filter(hosts, pattern):
                message = f"no host of this site is called '{pattern}'{did_you_mean(pattern, hosts)}"
                yield site.problem((*path, "hosts"), message)


def _check_regions(federation: Document, site: Document) -> Iterator[Problem]:
    """A certified region is scanned with a login, and more often than the rest of its site."""
    scans = (federation.data or {}).get("scans", {})
    about = site.data.get("scans")
    profiles = {
        name: {**PROFILE, **profile} for name, profile in scans.get("profiles", {}).items() if profile is not None
    }
    usual = (about or {}).get("profile") or scans.get("profile")
    if about is not None and site.data.get("certifications"):
        yield from _check_login(site, ("scans",), usual, profiles)
    for name, region in site.data.get("regions", {}).items():
        path = ("regions", name, "scans")
        own = (region or {}).get("scans")
        if own is not None and about is None and not site.refused(("scans",)):
            yield site.problem(path, "the site is not scanned at all: it has no key 'scans'")
        if about is None or not region or site.refused(path):
            continue
        yield from _check_profile(federation, site, path, (own or {}).get("profile"))
        profile = (own or {}).get("profile") or usual
        yield from _check_window(federation, site, path, own or {}, profile)
        if not region.get("certifications") or site.refused((*path, "profile")):
            continue
        if profile in profiles and profiles[profile]["authenticated"]:
            yield from _check_frequency(site, path, profile, usual, profiles)
        else:
            yield from _check_login(site, path, profile, profiles)


def _check_login(site: Document, path: tuple, name: str | None, profiles: dict[str, dict]) -> Iterator[Problem]:
    if name in profiles and not profiles[name]["authenticated"]:
        message = (
            f"is certified: its scans log in to the hosts (authenticated: true), which profile '{name}' does not say"
        )
        yield site.problem(path, message)


def _check_frequency(
    site: Document, path: tuple, name: str, usual: str | None, profiles: dict[str, dict]
) -> Iterator[Problem]:
    """Where a site is scanned every day, its region cannot be scanned more often than that."""
    often = EVERY.index(profiles[name]["every"])
    if usual in profiles and often > 0 and often >= EVERY.index(profiles[usual]["every"]):
        message = f"is certified: it must be scanned more often than its site, which profile '{name}' does not do"
        yield site.problem(path, message)
