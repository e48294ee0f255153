# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_target on what a real gvmd answered."""

from __future__ import annotations

import pytest

PORTS, CONFIG = "Lab: SSH and well-known web ports", "Full and fast"

MODULE = "gmp_target"


def target(**changes):
    """A target."""
    return {"name": "site", "hosts": ["10.0.0.1", "10.0.0.2"], "port_list": PORTS, **changes}


@pytest.fixture
def busy(manager):
    """A manager with a target that a task has, to which a report was imported; a function that makes such a task."""

    def make(name, alterable=True):
        manager.done(MODULE, {"targets": [target(comment="ours", exclude_hosts=["10.0.0.9"])]})
        manager.done(
            "gmp_task", {"tasks": [{"name": name, "target": "site", "config": CONFIG, "alterable": alterable}]}
        )
        task = manager.by_hand(f'<get_tasks filter="name={name} rows=-1" usage_type="scan"/>').find("task").get("id")
        manager.by_hand(f'<start_task task_id="{task}"/>')
        manager.done("gmp_scan", {"tasks": [name], "state": "stopped", "wait": True, "wait_timeout": 120})
        return task

    return make


@pytest.mark.crud("gmp_target")
def test_life(manager):
    manager.done(
        "gmp_credential", {"credentials": [{"name": "scan", "type": "password", "login": "a", "password": "b"}]}
    )
    full = target(
        comment="ours", hosts=["10.0.0.2", "10.0.0.1", "10.1.0.0/30", "10.2.0.1-9", "Host.example.org", "2001:DB8::1"],
        exclude_hosts=["10.0.0.2"], alive_test="Consider Alive", ssh_credential="scan", ssh_port=2222,
        allow_simultaneous_ips=False, reverse_lookup_only=True, reverse_lookup_unify=True,
    )  # fmt: skip
    manager.life(MODULE, {"targets": [full]})
    done = manager.life(
        MODULE, {"targets": [target(exclude_hosts=["10.0.0.1"], ssh_credential="", alive_test="ICMP Ping")]}
    )
    assert done["operations"][0]["changes"] == ["hosts", "exclude_hosts", "alive_test", "ssh_credential"]
    # What comes with the hosts stays when only they change.
    done = manager.life(MODULE, {"targets": [target(hosts=["10.0.0.1", "10.0.0.3"])]})
    assert done["diff"]["after"]["site"]["exclude_hosts"] == ["10.0.0.1"]
    assert not manager.run(MODULE, {"targets": [target(hosts=["10.0.0.3", "10.0.0.1"], exclude_hosts=["10.0.0.1"])]})[
        "changed"
    ]
    manager.life(MODULE, {"targets": [target(exclude_hosts=[])]})
    manager.life(MODULE, {"targets": [{"name": "site", "state": "absent"}]})


@pytest.mark.crud("gmp_target")
def test_hosts_of_one_in_use_change_by_another_in_its_place(manager, busy):
    task = busy("scan")
    done = manager.life(MODULE, {"targets": [target(hosts=["10.0.0.3"])]})
    assert [(one["action"], one["changes"]) for one in done["operations"]] == [("update", ["hosts"])]
    assert done["diff"]["after"]["site"]["exclude_hosts"] == ["10.0.0.9"]
    assert manager.names("target") == ["site"]
    there = manager.by_hand(f'<get_tasks task_id="{task}" details="1" usage_type="scan"/>').find("task")
    assert there.findtext("target/name") == "site" and int(there.find("report_count").text) == 1
    again = manager.run(MODULE, {"targets": [], "purge": True})
    assert again["failed"] and "target site is in use by task scan" in again["msg"]


def test_what_an_interrupted_replacement_left_goes(manager):
    manager.done(
        MODULE, {"targets": [target(), target(name="site (replaced 0123abcd)"), target(name="x (replaced 0123abcd)")]}
    )
    done = manager.life(MODULE, {"targets": [target()]})
    assert [(one["action"], one["key"]) for one in done["operations"]] == [("delete", "site (replaced 0123abcd)")]


def test_one_behind_a_task_that_is_not_alterable_is_refused(manager, busy):
    busy("fixed", alterable=False)
    for check in (True, False):
        refused = manager.run(MODULE, {"targets": [target(name="new"), target(hosts=["10.0.0.3"])]}, check=check)
        assert refused["failed"] and "target site: hosts can't change, as task fixed is not alterable" in refused["msg"]
        assert not manager.recording.writes()
    # What the manager changes in use too.
    manager.life(MODULE, {"targets": [target(comment="else", alive_test="ICMP Ping")]})


def test_a_host_that_is_none_is_refused_here_as_the_manager_takes_it(manager):
    request = ('<create_target><name>site</name><hosts>not a host!</hosts><port_list id="{}"/></create_target>').format(
        manager.by_hand("<get_port_lists/>").find("port_list").get("id")
    )
    assert manager.by_hand(request).get("status") == "201"
    refused = manager.run(
        MODULE, {"targets": [target(hosts=["not a host!", "10.0.0.300", "10.0.0.9-1"], exclude_hosts=["a b"])]}
    )
    assert refused["failed"] and refused["msg"].count("is no address, network, range") == 4
    assert not manager.recording.requests
    manager.life(MODULE, {"targets": [target()]})


def test_what_it_names_must_be_there(manager):
    wanted = {"targets": [target(port_list="none", ssh_credential="nobody")]}
    refused = manager.run(MODULE, wanted)
    assert refused["failed"]
    assert "port list none (of target site) is not there" in refused["msg"]
    assert "credential nobody (of target site) is not there" in refused["msg"]
    foreseen = manager.run(MODULE, wanted, check=True)
    assert foreseen["changed"] and len(foreseen["warnings"]) == 2
