# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_port_list on what a real gvmd answered."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.gmp import api
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

MODULE = "gmp_port_list"


@pytest.mark.crud("gmp_port_list")
def test_life(manager):
    lists = [
        {"name": "web", "comment": "ours", "ranges": ["T:443", "T:80-90", "T:85-95"]},
        {"name": "ntp", "ranges": ["U:123"]},
    ]
    manager.life(MODULE, {"port_lists": lists})
    assert not manager.run(MODULE, {"port_lists": [{"name": "web", "ranges": ["80-95", "tcp:443"]}]})["changed"]
    # Without its name in the request the manager would empty it.
    done = manager.life(
        MODULE, {"port_lists": [{"name": "web", "comment": "more", "ranges": ["443-444", "T:22", "U:53"]}]}
    )
    assert done["operations"] == [{"action": "update", "key": "web", "changes": ["comment", "ranges"]}]
    assert done["diff"]["before"]["web"] == {"name": "web", "comment": "ours", "ranges": ["T:80-95", "T:443"]}
    manager.life(MODULE, {"port_lists": [{"name": "web", "state": "absent"}, {"name": "never", "state": "absent"}]})
    assert manager.names("port_list") == ["ntp"]


@pytest.mark.crud("gmp_port_list")
def test_purge_keeps_what_others_made(manager):
    manager.by_hand("<create_port_list><name>theirs</name><port_range>T:1</port_range></create_port_list>")
    lists = [{"name": f"ours {number}", "ranges": [f"T:{number}"]} for number in (1, 2)]
    manager.done(MODULE, {"port_lists": lists})
    adopted = manager.life(MODULE, {"port_lists": [{"name": "theirs", "ranges": ["T:2"]}]})
    assert adopted["operations"][0]["action"] == "update"
    done = manager.life(MODULE, {"port_lists": lists[:1], "purge": True})
    assert [(one["action"], one["key"]) for one in done["operations"]] == [("delete", "ours 2")]
    assert manager.names("port_list") == ["ours 1", "theirs"]


def test_more_than_a_page_is_read_to_its_end(manager, monkeypatch):
    lists = [{"name": f"list {number:02}", "ranges": [f"T:{number}"]} for number in range(1, 24)]
    manager.done(MODULE, {"port_lists": lists})
    # As a manager with more than "Max Rows Per Page" of them would answer.
    monkeypatch.setattr(api, "ROWS", 10)
    assert not manager.run(MODULE, {"port_lists": lists})["changed"]
    assert manager.recording.requests.count("get_port_lists") == 3


def test_ports_of_a_list_in_use_are_refused_before_anything_is_written(manager):
    manager.done(MODULE, {"port_lists": [{"name": "used", "ranges": ["T:22"]}]})
    target = {"name": "one", "hosts": ["10.0.0.1"], "port_list": "used"}
    manager.done("gmp_target", {"targets": [target]})
    manager.done("gmp_task", {"tasks": [{"name": "one", "target": "one", "config": "Full and fast"}]})
    lists = [{"name": "new", "ranges": ["T:1"]}, {"name": "used", "ranges": ["T:23"]}]
    for check in (True, False):
        refused = manager.run(MODULE, {"port_lists": lists}, check=check)
        assert refused["failed"] and "target one uses it; make a port list of another name" in refused["msg"]
        assert not manager.recording.writes()
    manager.life(MODULE, {"port_lists": [{"name": "used", "comment": "allowed", "ranges": ["T:22"]}]})
    refused = manager.run(MODULE, {"port_lists": [{"name": "used", "state": "absent"}]})
    assert refused["failed"] and "port list used is in use by target one" in refused["msg"]


@pytest.mark.parametrize("ranges", [["T:0"], ["T:9-8"], ["80,443"], ["S:22"], []])
def test_nonsense_is_refused(run_module, ranges):
    refused = run_module(MODULE, {**recorded.PARAMS, "port_lists": [{"name": "bad", "ranges": ranges}]})
    assert refused["failed"] and refused["msg"].startswith("port list bad: ")
