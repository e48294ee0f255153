# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scans of a federation's description mean in the words of Greenbone's manager (the gmp modules)."""

from __future__ import annotations

import hashlib
from typing import Any

# The manager's own scanner, which it has from the beginning.
OWN_SCANNER = "OpenVAS Default"


def objects(scans: dict[str, Any], federation: str) -> dict[str, Any]:
    """The lists that the gmp modules take, from ``datacloud_scans`` and the federation's name.

    ``port_lists``, ``schedules``, ``targets`` and ``tasks``; ``scanners``: host and address of those that do not run
    beside the manager; ``login``: the name of the credential that scanners log in with.

    A target, its schedule and its task have the same name. A port list is called by what is in it: the manager changes
    no ports of a list in use, so that other ports are another list.
    """
    login = f"{federation}: login"
    profiles = scans["profiles"]
    targets = {name: (about, profiles[about["profile"]]) for name, about in scans["targets"].items()}
    lists = {name: _port_list(profile) for name, (_target, profile) in targets.items()}
    elsewhere = {_scanner(scans, target["scanner"]) for target, _profile in targets.values()} - {OWN_SCANNER}
    return {
        "login": login,
        "port_lists": list({one["name"]: one for one in lists.values() if one}.values()),
        "scanners": [{"name": host, "host": scans["scanners"][host]["address"]} for host in sorted(elsewhere)],
        "schedules": [{"name": name, **target["schedule"]} for name, (target, _profile) in targets.items()],
        "targets": [
            {
                "name": name,
                "hosts": sorted(host["address"] for host in target["hosts"].values()),
                "port_list": lists[name]["name"] if lists[name] else profile["port_list"],
                "ssh_credential": login if profile["authenticated"] else "",
            }
            for name, (target, profile) in targets.items()
        ],
        "tasks": [
            {
                "name": name,
                "target": name,
                "schedule": name,
                "scanner": _scanner(scans, target["scanner"]),
                "config": profile["config"],
                "hosts_at_once": profile["hosts_at_once"],
                "checks_at_once": profile["checks_at_once"],
            }
            for name, (target, profile) in targets.items()
        ],
    }


def _port_list(profile: dict[str, Any]) -> dict[str, Any] | None:
    """The list of a profile with ports of its own; None where it names one of the feed."""
    if not profile["ports"]:
        return None
    digest = hashlib.sha256(",".join(profile["ports"]).encode()).hexdigest()[:8]
    return {"name": f"ports {digest}", "ranges": profile["ports"]}


def _scanner(scans: dict[str, Any], host: str | None) -> str:
    manager = scans["manager"]
    return OWN_SCANNER if host is None or (manager and host == manager["host"]) else host
