# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What findings are: their states, how grave they are, and the scope that says whose they are."""

from __future__ import annotations

from dataclasses import dataclass

FORMAT = 1  # of findings.json and history.json
NEW, OPEN, ACCEPTED, FIXED = "new", "open", "accepted", "fixed"
STATES = (NEW, OPEN, ACCEPTED, FIXED)
# The least CVSS score of each, the gravest first (FIRST, CVSS v3.1 and v4.0, "Qualitative Severity Rating Scale").
SEVERITIES = {"critical": 9.0, "high": 7.0, "medium": 4.0, "low": 0.1}
EXCLUDED = "excluded by the site's description"
NEVER = "never scanned"


class InputError(Exception):
    """What was given cannot be used; the text says why."""


def severity(cvss):
    """The word for a CVSS score above 0."""
    return next((word for word, least in SEVERITIES.items() if cvss >= least), "low")


def order(finding):
    """Sorts findings, the gravest first."""
    return (-finding["cvss"], finding["host"], finding["port"], finding["oid"])


def line(finding):
    """A finding in one line."""
    about = [*finding["cves"][:3], f"owner {finding['owner'] or 'unknown'}", f"since {finding['first_seen'][:10]}"]
    if len(finding["cves"]) > 3:
        about.insert(3, f"{len(finding['cves']) - 3} more CVEs")
    return (
        f"{finding['severity']} {finding['cvss']:.1f} {finding['host']} {finding['port']}: {finding['name']} "
        f"({', '.join(about)}) [{finding['id']}]"
    )


def waiver(accepted):
    """Who accepted a finding, why and until when, in a few words; accepted: {by, reason, until}."""
    until = f" until {accepted['until']}" if accepted["until"] else ""
    return f"accepted by {accepted['by']}{until}: {accepted['reason']}"


@dataclass(frozen=True)
class Scope:
    """What is scanned: targets {name: {site, region, profile, fail_above, authenticated}}, hosts {name: {address, site,
    region, target, owner, excluded}}, and names {address: name}."""

    targets: dict
    hosts: dict
    names: dict

    def host(self, name, target):
        """What is known of a host; one that is not in the description belongs to the target that it was found in."""
        if name in self.hosts:
            return {**self.hosts[name], "known": True}
        about = self.targets[target]
        place = {"site": about["site"], "region": about["region"], "target": target, "owner": about["owner"]}
        return {"address": name, **place, "excluded": False, "known": False}


def scope(targets, profiles):
    """The scope (Scope) of what the inventory says: its datacloud_scans.targets and .profiles. Raises InputError."""
    found, hosts, names = {}, {}, {}
    for name, target in targets.items():
        if target["profile"] not in profiles:
            raise InputError(f"target {name}: there is no profile {target['profile']}")
        profile = profiles[target["profile"]]
        found[name] = {
            "site": target["site"],
            "region": target["region"],
            "profile": target["profile"],
            "fail_above": float(profile["fail_above"]),
            "owner": next((host["owner"] for host in target["hosts"].values()), ""),
        }
        excluded = {host: {"address": address, "owner": ""} for host, address in target.get("excluded", {}).items()}
        for host, about in {**excluded, **target["hosts"]}.items():
            if host in hosts or about["address"] in names:
                other = hosts[names.get(about["address"], host)]["target"]
                raise InputError(f"host {host} ({about['address']}) is in target {name} and in {other}: one scans it")
            names[about["address"]] = host
            hosts[host] = {
                "address": about["address"], "site": target["site"], "region": target["region"], "target": name,
                "owner": about["owner"] or found[name]["owner"], "excluded": host not in target["hosts"],
            }  # fmt: skip
    return Scope(found, hosts, names)
