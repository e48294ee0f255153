# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings that somebody accepts until a day."""

from __future__ import annotations

import fnmatch
import re
from datetime import date

from ansible_collections.infn.datacloud.plugins.module_utils.findings.model import InputError

KINDS = ("id", "oid", "cve")


class Waivers:
    """Accepted findings: each with one of id, oid and cve, hosts (patterns), site, owner, reason and until."""

    def __init__(self, accepted, today):
        """today: such as 2026-01-31. Raises InputError, which names every entry that cannot be used."""
        self.today, self.entries, self.used, self.index = today, accepted, set(), {}
        mistakes = []
        for number, entry in enumerate(accepted):
            named = [kind for kind in KINDS if entry.get(kind)]
            if len(named) != 1:
                mistakes.append(f"accepted finding {number + 1} is named by {' and '.join(named) or 'nothing'}")
                continue
            try:
                date.fromisoformat(entry["until"])
            except ValueError:
                mistakes.append(f"accepted finding {entry[named[0]]}: there is no day {entry['until']}")
            patterns = re.compile("|".join(fnmatch.translate(pattern) for pattern in entry.get("hosts") or ["*"]))
            self.index.setdefault((named[0], _key(entry[named[0]])), []).append((number, patterns))
        if mistakes:
            raise InputError("; ".join(mistakes))

    def find(self, finding):
        """The entry that accepts a finding as {by, reason, until}, and the one that did; None each for none.

        Of several the one that ends last counts. It lasts through its last day.
        """
        keys = [("id", finding["id"]), ("oid", finding["oid"]), *(("cve", cve) for cve in finding["cves"])]
        fitting = [
            number
            for kind, key in keys
            for number, patterns in self.index.get((kind, _key(key)), ())
            if self.entries[number].get("site") in (None, "", finding["site"])
            # An id names its host itself.
            and (kind == "id" or patterns.match(finding["host"]) or patterns.match(finding["address"]))
        ]
        self.used.update(fitting)
        if not fitting:
            return None, None
        entry = self.entries[max(fitting, key=lambda number: (self.entries[number]["until"], -number))]
        found = {"by": entry["owner"], "reason": entry["reason"], "until": entry["until"]}
        return (None, found) if expired(found, self.today) else (found, None)

    def unused(self):
        """The entries that accepted nothing, each in a few words."""
        return [
            f"{next(entry[kind] for kind in KINDS if entry.get(kind))} at {entry.get('site') or 'all sites'}, "
            f"by {entry['owner']} until {entry['until']}"
            for number, entry in enumerate(self.entries)
            if number not in self.used
        ]


def expired(accepted, today):
    """Whether {by, reason, until} is over; what a manager's own override accepts has no end here."""
    return bool(accepted["until"]) and accepted["until"] < today


def _key(text):
    return text.casefold()
