# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_task on what a real gvmd answered."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

PORTS, CONFIG = "Lab: SSH and well-known web ports", "Full and fast"

MODULE = "gmp_task"


def task(**changes):
    """A task."""
    return {"name": "scan", "target": "one", "config": CONFIG, **changes}


@pytest.fixture
def ready(manager):
    """A manager with what tasks need."""
    targets = [{"name": name, "hosts": ["10.0.0.1"], "port_list": PORTS} for name in ("one", "two")]
    manager.done("gmp_target", {"targets": targets})
    manager.done("gmp_schedule", {"schedules": [{"name": "night", "start": "2027-01-02T22:00"}]})
    manager.done("gmp_alert", {"alerts": [{"name": name, "method": "Syslog"} for name in ("a", "b")]})
    return manager


@pytest.mark.crud("gmp_task")
def test_life(ready):
    full = task(
        comment="ours", schedule="night", schedule_periods=3, alerts=["b", "a"], hosts_at_once=4, checks_at_once=2,
        in_assets=False, keep_reports=5,
    )  # fmt: skip
    ready.life(MODULE, {"tasks": [full]})
    done = ready.life(MODULE, {"tasks": [task(target="two", schedule="", alerts=[], hosts_at_once=3, keep_reports=0)]})
    assert done["operations"][0]["changes"] == ["target", "schedule", "alerts", "hosts_at_once", "keep_reports"]
    assert done["diff"]["after"]["scan"]["checks_at_once"] == 2
    ready.life(MODULE, {"tasks": [task(target="two", alterable=False)]})
    ready.life(MODULE, {"tasks": [{"name": "scan", "state": "absent"}]})


@pytest.mark.crud("gmp_task")
def test_purge_and_names_that_several_have(ready):
    ready.done(MODULE, {"tasks": [task(), task(name="old")]})
    ids = {
        kind: next(one.get("id") for one in ready.by_hand(f"<get_{kind}s/>").findall(kind))
        for kind in ("config", "target", "scanner")
    }
    parts = "".join(f'<{kind} id="{uuid}"/>' for kind, uuid in ids.items())
    ready.by_hand(f"<create_task><name>theirs</name><usage_type>scan</usage_type>{parts}</create_task>")
    ready.life(MODULE, {"tasks": [task()], "purge": True})
    assert ready.names("task", usage_type="scan") == ["scan", "theirs"]
    # The manager takes a second one of the same name.
    ready.by_hand(f"<create_task><name>scan</name><usage_type>scan</usage_type>{parts}</create_task>")
    refused = ready.run(MODULE, {"tasks": [task()]})
    assert refused["failed"] and "task scan is there 2 times" in refused["msg"]
    for module, params in (("gmp_scan", {}), ("gmp_report_info", {})):
        refused = ready.run(module, {"tasks": ["scan"], **params})
        assert refused["failed"] and "have this name" in refused["msg"]


def test_one_with_reports_changes_only_where_it_is_alterable(ready):
    tasks = [task(), task(name="fixed", alterable=False)]
    ready.done(MODULE, {"tasks": tasks})
    ready.done("gmp_scan", {"tasks": ["scan", "fixed"]})
    refused = ready.run(MODULE, {"tasks": [task(target="two")]})
    assert refused["failed"] and "target can't change while a scan is under way" in refused["msg"]
    refused = ready.run(MODULE, {"tasks": [{"name": "scan", "state": "absent"}]})
    assert refused["failed"] and "a scan is under way; stop it first" in refused["msg"]
    ready.done("gmp_scan", {"tasks": ["scan", "fixed"], "state": "stopped", "wait": True, "wait_timeout": 120})
    ready.life(MODULE, {"tasks": [task(target="two")]})
    other = {"tasks": [task(name="fixed", target="two", alterable=False)]}
    refused = ready.run(MODULE, other)
    assert refused["failed"] and "target can't change, as the task is not alterable and has reports" in refused["msg"]


def test_what_it_names_must_be_there(manager):
    refused = manager.run(MODULE, {"tasks": [task(schedule="never")]})
    assert refused["failed"]
    assert "target one (of task scan) is not there; schedule never (of task scan) is not there" in refused["msg"]


@pytest.mark.parametrize(
    "changes", [{"hosts_at_once": 0}, {"checks_at_once": -1}, {"keep_reports": 1}, {"schedule_periods": -1}]
)
def test_nonsense_is_refused(run_module, changes):
    refused = run_module(MODULE, {**recorded.PARAMS, "tasks": [task(**changes)]})
    assert refused["failed"] and refused["msg"].startswith(f"task scan: {next(iter(changes))}")
