# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ib_partition: checked before it is written, seen in the fabric after, taken back where opensm does not like it."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.infiniband import opensm
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.infiniband import fake_fabric
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.infiniband.fake_fabric import guid

DEFAULT = {
    "name": "Default",
    "key": "0x7fff",
    "members": [{"guid": "ALL", "membership": "limited"}, {"guid": "SELF"}],
}
VIRGO = {"name": "virgo", "key": "0x0102", "members": [{"guid": guid(2), "name": "node-2"}]}
LIGO = {"name": "ligo", "key": "0x0103", "members": [{"guid": guid(3), "name": "node-3", "membership": "limited"}]}


class Fabric:
    """The module on a fabric in memory."""

    def __init__(self, fabric, run_module, log):
        self.fabric, self.run_module, self.log = fabric, run_module, log

    @property
    def text(self):
        return self.fabric.path.read_text() if self.fabric.path.exists() else None

    def run(self, partitions, check=False, **options):
        self.fabric.calls.clear()
        own = {"path": str(self.fabric.path), "log_files": [str(self.log.with_name("opensm*.log"))], "timeout": 1}
        return self.run_module("ib_partition", {"partitions": partitions, **own, **options}, check)

    def life(self, partitions, **options):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        before = self.text
        foreseen = self.run(partitions, check=True, **options)
        assert not foreseen.get("failed"), foreseen
        assert self.text == before and "HUP" not in self.fabric.calls, "check mode wrote something"
        done = self.run(partitions, **options)
        assert not done.get("failed"), done
        assert self.fabric.calls.count("HUP") == 1
        keys = ("changed", "operations", "diff")
        assert {key: foreseen[key] for key in keys} == {key: done[key] for key in keys}
        for check in (True, False):
            again = self.run(partitions, check=check, **options)
            assert not again.get("failed") and not again["changed"], again
            assert "HUP" not in self.fabric.calls
        return done


@pytest.fixture
def opensm_host(tmp_path, run_module, monkeypatch):
    log = tmp_path / "opensm.0x1.log"
    fabric = fake_fabric.Fabric(tmp_path / "partitions.conf", log)
    return Fabric(fake_fabric.use(fabric, monkeypatch, opensm), run_module, log)


@pytest.mark.crud("ib_partition")
def test_life(opensm_host):
    keys = opensm_host.fabric.keys
    done = opensm_host.life([DEFAULT, VIRGO])
    assert [item["action"] for item in done["operations"]] == ["create", "create"]
    assert keys == {guid(1): {0xFFFF}, guid(2): {0x7FFF, 0x8102}, guid(3): {0x7FFF}}
    assert done["master"] and done["checked_ports"] == 3

    done = opensm_host.life([{**VIRGO, "membership": "limited"}, LIGO])
    assert done["operations"] == [
        {"action": "update", "key": "virgo", "changes": ["members"]},
        {"action": "create", "key": "ligo", "changes": ["name", "key", "ipoib", "members"]},
    ]
    assert keys[guid(2)] == {0x7FFF, 0x0102} and keys[guid(3)] == {0x7FFF, 0x0103}

    done = opensm_host.life([{"name": "ligo", "state": "absent"}])
    assert keys[guid(3)] == {0x7FFF}
    done = opensm_host.life([DEFAULT, LIGO], purge=True)
    assert keys[guid(2)] == {0x7FFF} and keys[guid(3)] == {0x7FFF, 0x0103}


def test_mistakes_are_refused_before_anything_is_written(opensm_host):
    opensm_host.run([DEFAULT, VIRGO])
    before = opensm_host.text
    wrong = [{**VIRGO, "key": "0x8102"}, {**LIGO, "members": [{"guid": "nobody"}]}]
    for check in (True, False):
        result = opensm_host.run(wrong, check=check)
        assert result["failed"] and "key 0x8102" in result["msg"] and "nobody is neither" in result["msg"]
    assert opensm_host.text == before and "HUP" not in opensm_host.fabric.calls


def test_a_file_that_opensm_refuses_is_taken_back(opensm_host):
    opensm_host.run([DEFAULT, VIRGO])
    before = opensm_host.text
    opensm_host.fabric.refuses = True
    result = opensm_host.run([LIGO])
    assert result["failed"] and "does not accept" in result["msg"] and "line 7: bad PortGUID" in result["msg"]
    assert opensm_host.text == before and opensm_host.fabric.calls.count("HUP") == 2


def test_the_first_file_is_taken_back_too(opensm_host):
    opensm_host.fabric.refuses = True
    assert opensm_host.run([VIRGO])["failed"]
    assert opensm_host.text is None


def test_ports_that_do_not_get_their_keys_are_named(opensm_host):
    opensm_host.run([DEFAULT])
    opensm_host.fabric.deaf = True
    result = opensm_host.run([VIRGO])
    assert result["failed"] and f"{guid(2)} has 0x7fff instead of 0x7fff, 0x8102" in result["msg"]


def test_what_a_broken_file_did_to_the_fabric_is_found(opensm_host):
    """The file is right again, but opensm has not read it since: every port is in everything."""
    opensm_host.run([DEFAULT, VIRGO])
    right = opensm_host.text
    opensm_host.fabric.path.write_text("Default=0x7fff : ALL=limited, SELF=full\n;\n")
    opensm_host.fabric.reload()
    opensm_host.fabric.path.write_text(right)
    assert opensm_host.fabric.keys[guid(3)] == {0xFFFF}
    done = opensm_host.life([DEFAULT, VIRGO])
    assert {item["key"] for item in done["operations"]} == {"Default", "virgo"}
    assert opensm_host.fabric.keys[guid(3)] == {0x7FFF}


def test_a_key_that_somebody_added_goes(opensm_host):
    opensm_host.run([DEFAULT, VIRGO])
    opensm_host.fabric.keys[guid(3)].add(0x8102)
    done = opensm_host.life([DEFAULT, VIRGO], purge=True)
    assert done["operations"] == [{"action": "update", "key": "virgo", "changes": ["members"]}]
    opensm_host.fabric.keys[guid(3)].add(0x8105)
    done = opensm_host.life([DEFAULT, VIRGO], purge=True)
    assert done["operations"] == [{"action": "delete", "key": "P_Key 0x0105", "changes": []}]
    assert opensm_host.fabric.keys[guid(3)] == {0x7FFF}


def test_a_file_of_somebody_else_is_kept_aside(opensm_host):
    opensm_host.fabric.path.write_text("Default=0x7fff, ipoib : ALL=full, mgid=ff12::1;\n")
    done = opensm_host.run([DEFAULT])
    assert done["changed"] and "written anew" in done["warnings"][0]
    backups = [path for path in opensm_host.fabric.path.parent.iterdir() if path.name.endswith("~")]
    assert len(backups) == 1 and "mgid" in backups[0].read_text()


def test_the_standby_has_the_file_only(opensm_host):
    opensm_host.fabric.here, keys = guid(2), dict(opensm_host.fabric.keys)
    done = opensm_host.life([DEFAULT, VIRGO])
    assert not done["master"] and opensm_host.fabric.keys == keys


def test_a_master_that_another_one_calls_so_is_none(opensm_host):
    """After a handover that was not finished, both say that somebody else is the master."""
    opensm_host.fabric.master_state = "STANDBY"
    assert not opensm_host.run([DEFAULT, VIRGO])["master"]


@pytest.mark.parametrize("check", [True, False])
def test_where_opensm_does_not_run(opensm_host, check):
    opensm_host.fabric.running = opensm_host.fabric.installed = False
    done = opensm_host.run([DEFAULT, VIRGO], check=check)
    assert done["changed"] and not [call for call in opensm_host.fabric.calls if call != "HUP"]


def test_without_the_tools(opensm_host):
    opensm_host.fabric.installed = False
    result = opensm_host.run([DEFAULT])
    assert result["failed"] and "install the package infiniband-diags" in result["msg"]


def test_hosts_by_name(opensm_host):
    opensm_host.run([VIRGO])
    given = {**VIRGO, "members": [{"name": "node-2"}, {"name": "node-9"}]}
    done = opensm_host.run([given])
    assert not done["changed"] and done["unknown_hosts"] == ["node-9"] and "node-9" in done["warnings"][0]


def test_members_that_are_away_are_told(opensm_host):
    away = {"guid": "0x00000000deadbeef", "name": "node-9"}
    done = opensm_host.life([{**VIRGO, "members": [*VIRGO["members"], away]}])
    assert done["absent_ports"] == [away]


def test_work_does_not_grow_with_partitions(opensm_host):
    many = [{"name": f"t{number}", "key": str(number), "members": [{"guid": guid(2)}]} for number in range(1, 101)]
    opensm_host.fabric.smpquery = lambda *_arguments: "   0: 0x7fff " + "0x0000 " * 7
    opensm_host.run(many, check=True)
    # One listing of the ports, and each of the three asked once.
    assert [call.split()[0] for call in opensm_host.fabric.calls] == ["sminfo", "ibstat", "ibnetdiscover"]


def test_a_run_without_changes_asks_each_port_once(opensm_host):
    opensm_host.run([DEFAULT, VIRGO])
    assert not opensm_host.run([DEFAULT, VIRGO], check=True)["changed"]
    tools = [call.split()[0] for call in opensm_host.fabric.calls]
    assert tools == ["sminfo", "ibstat", "ibnetdiscover", "smpquery", "smpquery", "smpquery"]
