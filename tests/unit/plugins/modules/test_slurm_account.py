# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""slurm_account: QoS, accounts and users, in few commands."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.slurm import api
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.slurm.fake_slurm import Slurm

READS = 4
FIRST = {
    "cluster": "hpc",
    "qos": [{
        "name": "big", "priority": "5", "flags": ["DenyOnLimit"], "max_tres_per_user": "mem=2G,cpu=4",
        "grp_wall": "2-00:00:00", "usage_factor": "2",
    }],
    "accounts": [
        {"name": "child", "parent": "physics", "qos": ["big"], "default_qos": "big", "grp_tres": "gres/gpu=1"},
        {"name": "Physics", "description": "All of physics", "fairshare": "20"},
    ],
    "users": [
        {"name": "alice", "accounts": ["child", "physics"], "default_account": "physics", "max_jobs": "3"},
        {"name": "bob", "accounts": ["child"], "admin_level": "Operator"},
    ],
}  # fmt: skip


@pytest.fixture
def slurm(monkeypatch):
    """A cluster with what Slurm itself makes."""
    double = Slurm()
    monkeypatch.setattr(api, "run", double.run)
    return double


@pytest.fixture
def life(slurm, run_module):
    """Check, run, check again and run again: the first two agree, the last two change nothing."""

    def live(params):
        before = slurm.state()
        foreseen = run_module("slurm_account", params, check=True)
        assert slurm.state() == before, "check mode wrote something"
        done = run_module("slurm_account", params)
        assert not done.get("failed"), done
        assert {key: foreseen[key] for key in ("changed", "operations", "diff")} == {
            key: done[key] for key in ("changed", "operations", "diff")
        }
        for check in (True, False):
            again = run_module("slurm_account", params, check=check)
            assert not again.get("failed") and not again["changed"], again
        return done

    return live


@pytest.mark.crud("slurm_account")
def test_life(slurm, life):
    done = life(FIRST)
    assert [item["key"] for item in done["operations"]] == [
        "qos/big", "account/physics", "account/child", "member/physics/alice", "member/child/alice",
        "member/child/bob", "user/alice", "user/bob",
    ]  # fmt: skip
    assert slurm.users["alice"]["DefaultAccount"] == "physics" and slurm.users["bob"]["AdminLevel"] == "Operator"
    assert slurm.associations["child", ""]["ParentName"] == "physics"

    life({
        "cluster": "hpc",
        "qos": [{"name": "big", "priority": "0", "flags": [], "max_tres_per_user": "cpu=8", "grp_wall": ""}],
        "accounts": [{"name": "child", "qos": ["normal", "big"], "default_qos": "", "grp_tres": ""}],
        "users": [
            {"name": "alice", "accounts": ["child", "physics"], "default_account": "child", "max_jobs": ""},
            {"name": "bob", "state": "absent"},
        ],
    })  # fmt: skip
    assert slurm.qos["big"]["MaxTRESPU"] == "cpu=8" and slurm.associations["child", ""]["GrpTRES"] == ""
    assert slurm.users["alice"]["DefaultAccount"] == "child" and "bob" not in slurm.users

    life({"cluster": "hpc", "purge": True})
    assert set(slurm.accounts) == {"root"} and set(slurm.qos) == {"normal"} and set(slurm.users) == {"root"}


def test_purge_leaves_what_others_made(slurm, run_module):
    slurm.accounts["theirs"] = {"Descr": "theirs", "Org": "physics"}
    slurm.associations["theirs", ""] = {"ParentName": "root", "Share": "1"}
    slurm.associations["theirs", "carol"] = {"ParentName": "", "Share": "1"}
    slurm.users["carol"] = {"DefaultAccount": "theirs", "AdminLevel": "None"}
    run_module("slurm_account", FIRST)
    done = run_module("slurm_account", {"cluster": "hpc", "purge": True})
    assert not done.get("failed"), done
    assert set(slurm.accounts) == {"root", "theirs"} and "carol" in slurm.users


def test_five_thousand_users_are_one_listing_and_only_the_changes(slurm, run_module):
    users = [{"name": f"user{number:04}", "accounts": ["virgo"], "max_jobs": "10"} for number in range(5000)]
    params = {"cluster": "hpc", "accounts": [{"name": "virgo"}], "users": users}
    done = run_module("slurm_account", params)
    assert done["changed"] and len(slurm.users) == 5001
    # What is read before and after, the account, and a thousand users in each command.
    assert len(slurm.calls) == 2 * READS + 1 + 5
    assert max(len(word) for call in slurm.calls for word in call) < 128 * 1024

    slurm.calls.clear()
    assert not run_module("slurm_account", params)["changed"]
    assert len(slurm.calls) == READS

    slurm.calls.clear()
    users[4321] |= {"max_jobs": "20"}
    users[17] |= {"accounts": ["virgo"], "admin_level": "Operator"}
    done = run_module("slurm_account", params)
    assert [item["key"] for item in done["operations"]] == ["member/virgo/user4321", "user/user0017"]
    assert len(slurm.calls) == 2 * READS + 2


def test_all_that_is_wrong_is_told_at_once(slurm, run_module):
    done = run_module("slurm_account", {
        "cluster": "hpc",
        "accounts": [{"name": "a b"}, {"name": "c", "qos": ["normal"], "default_qos": "long"}],
        "users": [{"name": "alice"}, {"name": "bob", "accounts": ["c"], "default_account": "d"}],
    })  # fmt: skip
    assert done["failed"] and not slurm.calls
    for text in ("'a b'", "default QoS long", "alice: needs accounts", "default account d"):
        assert text in done["msg"]


def test_accounts_below_each_other_are_refused(slurm, run_module):
    accounts = [{"name": "a", "parent": "b"}, {"name": "b", "parent": "a"}]
    done = run_module("slurm_account", {"cluster": "hpc", "accounts": accounts})
    assert done["failed"] and "account a, b: each is below another" in done["msg"]


def test_before_accounting_is_there_check_mode_plans_from_nothing(slurm, run_module):
    slurm.away = True
    done = run_module("slurm_account", FIRST, check=True)
    assert done["changed"] and "held nothing yet" in done["warnings"][0]
    done = run_module("slurm_account", FIRST)
    assert done["failed"] and "Unable to contact" in done["msg"]
