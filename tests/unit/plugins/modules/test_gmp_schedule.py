# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_schedule on what a real gvmd answered."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

PORTS = "Lab: SSH and well-known web ports"

MODULE = "gmp_schedule"


def schedule(**changes):
    """A schedule of one Saturday night."""
    return {"name": "night", "start": "2027-01-02T22:00", **changes}


@pytest.mark.crud("gmp_schedule")
def test_life(manager):
    weekly = schedule(comment="ours", every="week", weekdays=["sunday", "saturday"], duration=360)
    manager.life(MODULE, {"schedules": [weekly]})
    manager.life(MODULE, {"schedules": [schedule(every="month", interval=2, duration=30)]})
    done = manager.life(MODULE, {"schedules": [schedule(every="month", interval=2, duration=30, comment="more")]})
    assert done["operations"][0]["changes"] == ["comment"]
    manager.life(MODULE, {"schedules": [schedule()]})
    manager.life(MODULE, {"schedules": [{"name": "night", "state": "absent"}]})


@pytest.mark.crud("gmp_schedule")
def test_a_calendar_that_the_manager_writes_anew_is_the_same(manager):
    # With a time zone it puts a history of summer times before the event, each with a DTSTART and an RRULE.
    rome = schedule(timezone="Europe/Rome", every="day", duration=90)
    manager.life(MODULE, {"schedules": [rome, schedule(name="utc", every="hour", interval=6)]})
    done = manager.life(MODULE, {"schedules": [{**rome, "timezone": "UTC"}]})
    assert done["operations"][0]["changes"] == ["timezone"]


def test_a_time_of_day_keeps_its_day(manager):
    wanted = schedule(start="22:00", every="week", weekdays=["saturday"])
    done = manager.life(MODULE, {"schedules": [wanted]})
    start = datetime.fromisoformat(done["diff"]["after"]["night"]["start"])
    assert start.weekday() == 5 and start.hour == 22
    manager.recording.now += timedelta(days=30)
    assert not manager.run(MODULE, {"schedules": [wanted]})["changed"]
    done = manager.life(MODULE, {"schedules": [{**wanted, "start": "23:00"}]})
    assert done["operations"][0]["changes"] == ["start"]


def test_one_that_a_task_has_stays(manager):
    manager.done(MODULE, {"schedules": [schedule()]})
    manager.done("gmp_target", {"targets": [{"name": "one", "hosts": ["10.0.0.1"], "port_list": PORTS}]})
    task = {"name": "one", "target": "one", "config": "Full and fast", "schedule": "night"}
    manager.done("gmp_task", {"tasks": [task]})
    refused = manager.run(MODULE, {"schedules": [], "purge": True})
    assert refused["failed"] and "schedule night is in use by task one" in refused["msg"]
    manager.life(MODULE, {"schedules": [schedule(duration=60)]})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": "25:00"}, "is neither HH:MM nor"),
        ({"start": "2027-01-02"}, "is neither HH:MM nor"),
        ({"timezone": "Mars/Olympus"}, "time zone 'Mars/Olympus' is not known"),
        ({"weekdays": ["monday"]}, "weekdays go with every=week"),
        ({"interval": 0}, "interval counts from 1"),
    ],
)
def test_nonsense_is_refused(run_module, changes, said):
    refused = run_module(MODULE, {**recorded.PARAMS, "schedules": [schedule(**changes)]})
    assert refused["failed"] and said in refused["msg"]
