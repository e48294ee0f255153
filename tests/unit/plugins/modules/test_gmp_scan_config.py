# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_scan_config on what a real gvmd answered."""

from __future__ import annotations

import pytest

BASE, PORTS = "Full and fast", "Lab: SSH and well-known web ports"

MODULE = "gmp_scan_config"


@pytest.mark.crud("gmp_scan_config")
def test_life(manager):
    gentle = {
        "name": "gentle",
        "comment": "ours",
        "base": BASE,
        "preferences": {"checks_read_timeout": 9, "safe_checks": True},
    }
    manager.life(MODULE, {"scan_configs": [gentle]})
    wanted = {**gentle, "preferences": {"checks_read_timeout": 7}}
    done = manager.life(MODULE, {"scan_configs": [wanted]})
    assert done["operations"] == [{"action": "update", "key": "gentle", "changes": ["preferences"]}]
    done = manager.life(MODULE, {"scan_configs": [{"name": "gentle", "comment": "more"}]})
    assert done["operations"][0]["changes"] == ["comment"]
    manager.life(MODULE, {"scan_configs": [{"name": "gentle", "state": "absent"}]})


@pytest.mark.crud("gmp_scan_config")
def test_families(manager):
    config = manager.by_hand(f'<get_configs filter="name=&quot;{BASE}&quot;" details="1"/>').find("config")
    names = [one.findtext("name") for one in config.findall("families/family")]
    assert len(names) > 1
    few = {"name": "few", "base": BASE, "families": [{"name": names[0]}]}
    manager.life(MODULE, {"scan_configs": [few]})
    nvts = manager.by_hand(f'<get_nvts config_id="{config.get("id")}" family="{names[1]}" details="0"/>').findall("nvt")
    one = {"name": names[1], "growing": False, "oids": [nvts[0].get("oid")]}
    manager.life(MODULE, {"scan_configs": [{**few, "families": [{"name": names[0]}, one]}]})


def test_one_of_the_feed_stays_as_it_is(manager):
    refused = manager.run(MODULE, {"scan_configs": [{"name": BASE, "comment": "mine"}]})
    # It belongs to another user here, so a new one of its name would be made.
    assert refused["failed"] and "a new one needs base" in refused["msg"]


def test_one_in_use_changes_by_another_in_its_place(manager):
    gentle = {"name": "gentle", "base": BASE, "preferences": {"checks_read_timeout": 9}}
    manager.done(MODULE, {"scan_configs": [gentle]})
    manager.done("gmp_target", {"targets": [{"name": "one", "hosts": ["10.0.0.1"], "port_list": PORTS}]})
    manager.done("gmp_task", {"tasks": [{"name": "one", "target": "one", "config": "gentle"}]})
    manager.life(MODULE, {"scan_configs": [{**gentle, "preferences": {"checks_read_timeout": 8}}]})
    assert manager.names("config") == ["gentle"]
    refused = manager.run(MODULE, {"scan_configs": [], "purge": True})
    assert refused["failed"] and "scan config gentle is in use by task one" in refused["msg"]
