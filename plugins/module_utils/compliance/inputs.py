# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what role evidence brought to the control node, and check what was given beside it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

FORMAT = 1  # of evidence.json, as roles/evidence/files/collect_evidence.py writes it
PROBE_STATUSES = ("pass", "fail", "not_assessed")


class InputError(Exception):
    """What was given cannot be used; `errors` are sentences, all of them."""

    def __init__(self, errors):
        super().__init__("; ".join(errors))
        self.errors = errors


def parse_time(text):
    """A time (aware, UTC) from ISO 8601 such as 2026-01-31T12:00:00Z; ValueError."""
    found = datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found.astimezone(datetime.timezone(datetime.timedelta(0))).replace(microsecond=0)


def utc(moment):
    """The text 2026-01-31T12:00:00Z of a time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def hosts(folder, names):
    """The evidence of the named hosts: ({host: evidence}, [hosts that have none]). Raises InputError."""
    found, missing, errors = {}, [], []
    for name in sorted(set(names)):
        path = Path(folder) / name / "evidence.json"
        if not path.is_file():
            missing.append(name)
            continue
        try:
            evidence = json.loads(path.read_text(encoding="utf-8"))
            if evidence["format"] != FORMAT:
                raise ValueError(f"format {evidence['format']}, not {FORMAT}")
            parse_time(evidence["collected"])
        except (ValueError, KeyError, TypeError) as error:
            errors.append(f"{path} is not evidence: {error!s}")
            continue
        errors.extend(f"{path}: {sentence}" for probe in evidence["probes"] for sentence in probe_errors(probe))
        found[name] = evidence
    if errors:
        raise InputError(errors)
    return found, missing


def probe_errors(probe):
    """What is wrong with a probe, in sentences."""
    name = probe.get("id") or "a probe without id"
    wrong = [f"{name} has no {key}" for key in ("id", "title", "host", "status", "time") if not probe.get(key)]
    if "observed" not in probe:
        wrong.append(f"{name} has no observed")
    if probe.get("status") and probe["status"] not in PROBE_STATUSES:
        wrong.append(f"{name}: status is {probe['status']}, not one of {', '.join(PROBE_STATUSES)}")
    try:
        parse_time(probe.get("time"))
    except ValueError:
        wrong.append(f"{name}: {probe.get('time')} is no time such as 2026-01-31T12:00:00Z")
    return wrong


def waiver_errors(waiver):
    """What is wrong with a waiver, in sentences."""
    try:
        datetime.date.fromisoformat(str(waiver["expires"]))
    except ValueError:
        return [f"the waiver of {waiver['control']}: {waiver['expires']} is no date such as 2026-01-31"]
    return []
