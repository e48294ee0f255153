# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether findings stop a rollout."""

from __future__ import annotations

from datetime import date, timedelta

from ansible_collections.infn.datacloud.plugins.module_utils.findings import model, waivers


def evaluate(document, today, sites=(), hosts=(), fail_above=None, require_scan=False, max_age=0):
    """What a gate says of a document of compare(): lists of lines in a dict.

    ``failures``: findings above the limit that nobody accepts, and with require_scan also what is in not_scanned;
    ``accepted``: findings above the limit that somebody accepts; ``expired``: those of the failures that were accepted
    until a day; ``not_scanned``: hosts that the newest scan did not look at as a whole, or none within max_age days
    (0: any).

    sites and hosts limit what is looked at, where there are any; fail_above (CVSS) stands in for the profiles' limits.
    Raises InputError for a site or host that nobody knows.
    """
    asked = _asked(document, set(sites), set(hosts))
    found = {"failures": [], "accepted": [], "expired": [], "not_scanned": []}
    for finding in document["findings"]:
        limit = document["targets"][finding["target"]]["fail_above"] if fail_above is None else fail_above
        if finding["host"] not in asked or finding["status"] == model.FIXED or finding["cvss"] <= limit:
            continue
        accepted = finding["accepted"]
        over = accepted if accepted and waivers.expired(accepted, today) else finding["expired"]
        text = model.line(finding)
        if accepted and not over:
            found["accepted"].append(f"{text} {model.waiver(accepted)}")
            continue
        if over:
            text += f" was {model.waiver(over)}; this is over"
            found["expired"].append(text)
        if not finding["confirmed"]:
            text += "; the newest scan could not look"
        found["failures"].append(text)
    oldest = (date.fromisoformat(today) - timedelta(days=max_age)).isoformat() if max_age else ""
    for name in asked:
        host = document["hosts"][name]
        reason = host["problem"]
        if not reason and host["last_scan"] < oldest:
            reason = f"more than {max_age} days ago"
        if reason:
            found["not_scanned"].append(f"{name}: {reason}; last scanned {host['last_scan'][:10] or 'never'}")
    if require_scan:
        found["failures"] += [f"not scanned: {text}" for text in found["not_scanned"]]
    return found


def _asked(document, sites, hosts):
    """The hosts (dict, so that they stay in order) that a gate is about."""
    known_sites = {target["site"] for target in document["targets"].values()}
    unknown = [f"site {name}" for name in sorted(sites - known_sites)]
    unknown += [f"host {name}" for name in sorted(hosts - set(document["hosts"]))]
    if unknown:
        raise model.InputError(f"nothing is known of {', '.join(unknown)}: scan first, or see the names")
    return {
        name: None
        for name, host in document["hosts"].items()
        if (not sites or host["site"] in sites) and (not hosts or name in hosts)
    }
