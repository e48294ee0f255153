# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, ports, calendars, comments and dates, without a manager."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.module_utils.gmp import hosts, objects, schedules


@pytest.mark.parametrize(
    ("given_", "one"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.7/29", "10.0.0.0/29"),
        ("10.0.0.7/32", "10.0.0.7"),
        ("10.0.0.1-9", "10.0.0.1-10.0.0.9"),
        ("10.0.0.1 - 10.0.1.9".replace(" ", ""), "10.0.0.1-10.0.1.9"),
        ("10.0.0.1-1", "10.0.0.1"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("2001:db8::1-ff", "2001:db8::1-2001:db8::ff"),
        ("Host-1.Example.org.", "host-1.example.org"),
    ],
)
def test_hosts_have_one_spelling(given_, one):
    assert hosts.host(given_) == one


@pytest.mark.parametrize(
    "bad", ["", "not a host!", "10.0.0.256", "10.0.0.1/33", "10.0.0.9-1", "a..b", "-a", "a,b", "x" * 64]
)
def test_what_is_no_host(bad):
    with pytest.raises(ValueError, match="is no address"):
        hosts.host(bad)


@given(st.lists(st.ip_addresses().map(str)))
def test_a_list_of_hosts_is_the_same_when_read_again(values):
    once = hosts.hosts(values)
    assert hosts.hosts(once) == once and hosts.hosts(reversed(values)) == once


@given(st.lists(st.tuples(st.sampled_from("TU"), st.integers(1, 65535), st.integers(0, 99))))
def test_ports_are_merged_and_none_is_lost(parts):
    texts = [f"{kind}:{first}-{min(65535, first + length)}" for kind, first, length in parts]
    merged = objects.ranges(texts)
    wanted = {(kind, port) for kind, first, length in parts for port in range(first, min(65535, first + length) + 1)}
    assert {(kind, port) for kind, first, last in merged for port in range(first, last + 1)} == wanted
    assert objects.ranges([objects.range_text(one) for one in merged]) == merged


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"])), st.sampled_from(["", "0a1b2c"]), st.booleans())
def test_a_comment_comes_back(comment, secret, mark):
    assert objects.unnoted(objects.noted(comment, mark, secret)) == (comment, secret, mark)


def test_the_print_of_a_secret_is_its_own():
    one = objects.secret_print("a", ["x"])
    assert len(one) == 6 and one == objects.secret_print("a", ["x"])
    assert len({one, objects.secret_print("a", ["y"]), objects.secret_print("b", ["x"])}) == 3


NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def schedule(**changes):
    """A wanted schedule with all its fields."""
    return {
        "name": "s", "start": "22:00", "timezone": "UTC", "every": "day", "interval": 1, "weekdays": [], "duration": 0,
        **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({}, "2026-11-23T22:00:00"),
        ({"start": "11:00"}, "2026-11-24T11:00:00"),
        ({"every": "week", "weekdays": ["monday"], "start": "11:00"}, "2026-11-30T11:00:00"),
        ({"start": "12:30", "timezone": "Europe/Rome"}, "2026-11-24T12:30:00"),
        ({"start": "2026-01-01T01:02"}, "2026-01-01T01:02:00"),
    ],
)
def test_the_next_such_time(changes, start):
    assert schedules.settled(schedule(**changes), None, NOW)["start"] == start


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"every": "once", "duration": 90},
        {"every": "week", "interval": 2, "weekdays": ["tuesday", "sunday"]},
        {"every": "month", "timezone": "Europe/Rome"},
        {"every": "hour", "interval": 6},
    ],
)
def test_a_calendar_comes_back(changes):
    wanted = schedules.settled(schedule(**changes), None, NOW)
    found = schedules.parsed(schedules.calendar(wanted), wanted["timezone"])
    assert found == {name: wanted[name] for name in found}


@pytest.mark.parametrize(
    "rule", ["FREQ=MONTHLY;BYMONTHDAY=3", "FREQ=DAILY;COUNT=3", "FREQ=YEARLY", "FREQ=MONTHLY;BYDAY=1MO"]
)
def test_a_rule_that_we_have_no_words_for_is_another_one(rule):
    text = f"BEGIN:VEVENT\r\nDTSTART:20260101T000000Z\r\nRRULE:{rule}\r\nEND:VEVENT"
    assert schedules.parsed(text, "UTC")["every"] == "other"


@pytest.mark.parametrize(
    ("until", "active", "days"), [("", True, -1), ("2026-11-30", True, 7), ("2026-11-23", True, 0), ("", False, 0)]
)
def test_how_long_an_override_holds(until, active, days):
    today = date(2026, 11, 23)
    settled = objects.override_settled({"until": until, "active": active}, today)
    assert objects.override_days(settled, today) == days
