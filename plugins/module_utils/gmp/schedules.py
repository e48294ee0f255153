# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules between our words and iCalendar (RFC 5545).

The manager writes the calendar it is given anew (own PRODID, UID, time zones), so that the texts never compare: what
counts is DTSTART, DURATION and RRULE.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

FREQUENCIES = {"once": None, "hour": "HOURLY", "day": "DAILY", "week": "WEEKLY", "month": "MONTHLY"}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOCK = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")
LENGTH = re.compile(r"^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")


def moment(text):
    """A start (datetime without time zone) of our words; None for a time of day. Raises ValueError."""
    if CLOCK.match(text):
        return None
    found = datetime.fromisoformat(text)
    if found.tzinfo or "T" not in text.replace(" ", "T"):
        raise ValueError(text)
    return found.replace(microsecond=0)


def complaints(wanted):
    """What is wrong with a wanted schedule (list of str)."""
    subject, said = f"schedule {wanted['name']}", []
    try:
        moment(wanted["start"])
    except ValueError:
        said.append(f"{subject}: start '{wanted['start']}' is neither HH:MM nor YYYY-MM-DDTHH:MM; correct it")
    try:
        ZoneInfo(wanted["timezone"])
    except (KeyError, ValueError, OSError):
        said.append(f"{subject}: time zone '{wanted['timezone']}' is not known; use UTC or a name like Europe/Rome")
    if wanted["weekdays"] and wanted["every"] != "week":
        said.append(f"{subject}: weekdays go with every=week only")
    if wanted["interval"] < 1 or wanted["duration"] < 0:
        said.append(f"{subject}: interval counts from 1, duration is 0 or more minutes")
    return said


def settled(wanted, there, now):
    """The wanted schedule with a full start: a time of day keeps the day that is there, else gets the next one.

    there: the schedule as it is (view) or None. now: aware datetime.
    """
    if moment(wanted["start"]) is not None:
        return {**wanted, "start": moment(wanted["start"]).isoformat()}
    days = [WEEKDAYS.index(day) for day in wanted["weekdays"]]
    if there is not None and there["start"]:
        kept = datetime.fromisoformat(there["start"])
        if kept.strftime("%H:%M:%S") == f"{wanted['start']}:00" and (not days or kept.weekday() in days):
            return {**wanted, "start": there["start"]}
    today = now.astimezone(ZoneInfo(wanted["timezone"])).replace(tzinfo=None)
    hour, minute = (int(part) for part in wanted["start"].split(":"))
    start = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
    while start <= today or (days and start.weekday() not in days):
        start += timedelta(days=1)
    return {**wanted, "start": start.isoformat()}


def calendar(wanted):
    """The iCalendar text (str) of a settled schedule."""
    stamp = moment(wanted["start"]).strftime("%Y%m%dT%H%M%S")
    start = f"DTSTART:{stamp}Z" if wanted["timezone"] == "UTC" else f"DTSTART;TZID={wanted['timezone']}:{stamp}"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//infn.datacloud//EN", "BEGIN:VEVENT", start]
    if wanted["duration"]:
        lines.append(f"DURATION:PT{wanted['duration']}M")
    frequency = FREQUENCIES[wanted["every"]]
    if frequency:
        rule = [f"FREQ={frequency}"]
        if wanted["interval"] > 1:
            rule.append(f"INTERVAL={wanted['interval']}")
        if wanted["weekdays"]:
            rule.append("BYDAY=" + ",".join(DAYS[WEEKDAYS.index(day)] for day in ordered(wanted["weekdays"])))
        lines.append("RRULE:" + ";".join(rule))
    return "\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR", ""])


def parsed(text, zone):
    """The fields (dict) of the manager's iCalendar text; zone: the schedule's own time zone (str).

    A rule that our words do not have (BYMONTHDAY, COUNT ...) gives every=other, which differs from all of them.
    """
    event = re.sub(r"\r?\n[ \t]", "", text or "").partition("BEGIN:VEVENT")[2].partition("END:VEVENT")[0]
    found = {"start": "", "every": "once", "interval": 1, "weekdays": [], "duration": 0, "timezone": zone or "UTC"}
    for line in event.splitlines():
        name, _colon, value = line.strip().partition(":")
        if name.startswith("DTSTART"):
            found["start"] = datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S").isoformat()
            if value.endswith("Z"):
                found["timezone"] = "UTC"
        elif name.startswith("DURATION"):
            found["duration"] = _minutes(value)
        elif name.startswith("RRULE"):
            found.update(_rule(value))
    return found


def ordered(weekdays):
    """The week's days in the order of the week, each once."""
    return sorted(set(weekdays), key=WEEKDAYS.index)


def _minutes(value):
    parts = LENGTH.match(value)
    if not parts:
        return -1
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return ((weeks * 7 + days) * 24 + hours) * 60 + minutes + seconds // 60


def _rule(value):
    rule = dict(part.partition("=")[::2] for part in value.upper().split(";"))
    names = {frequency: name for name, frequency in FREQUENCIES.items() if frequency}
    days = [day for day in rule.pop("BYDAY", "").split(",") if day]
    found = {"every": names.get(rule.pop("FREQ", ""), "other"), "interval": int(rule.pop("INTERVAL", 1))}
    rule.pop("WKST", None)
    if rule or not set(days) <= set(DAYS):
        found["every"] = "other"
    else:
        found["weekdays"] = ordered(WEEKDAYS[DAYS.index(day)] for day in days)
    return found
