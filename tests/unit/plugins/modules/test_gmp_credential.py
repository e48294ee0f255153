# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_credential on what a real gvmd answered."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

PORTS = "Lab: SSH and well-known web ports"
KEYS = [(recorded.HERE.parent / f"key_{number}").read_text(encoding="utf-8") for number in (1, 2)]

MODULE = "gmp_credential"


def credential(**changes):
    """A credential with a password."""
    return {"name": "scan", "type": "password", "login": "scan", "password": "first", **changes}


@pytest.mark.crud("gmp_credential")
def test_life(manager):
    done = manager.life(MODULE, {"credentials": [credential(comment="ours")]})
    assert "first" not in str(done)
    # The manager never gives it back, and yet another one is seen.
    done = manager.life(MODULE, {"credentials": [credential(password="second")]})
    assert done["operations"] == [{"action": "update", "key": "scan", "changes": ["password"]}]
    assert "second" not in str(done) and done["diff"]["after"]["scan"]["comment"] == "ours"
    manager.life(MODULE, {"credentials": [credential(password="second", login="root")]})
    assert not manager.run(
        MODULE, {"credentials": [{"name": "scan", "type": "password", "login": "root", "password": "second"}]}
    )["changed"]
    manager.life(MODULE, {"credentials": [{"name": "scan", "state": "absent"}]})


@pytest.mark.crud("gmp_credential")
def test_keys(manager):
    key = {"name": "key", "type": "ssh_key", "login": "scan", "private_key": KEYS[0]}
    snmp = {
        "name": "snmp", "type": "snmp", "login": "monitor", "password": "one", "community": "two",
        "auth_algorithm": "sha1", "privacy_algorithm": "aes", "privacy_password": "three",
    }  # fmt: skip
    manager.life(MODULE, {"credentials": [key, snmp]})
    done = manager.life(MODULE, {"credentials": [{**key, "private_key": KEYS[1]}, snmp]})
    assert done["operations"] == [{"action": "update", "key": "key", "changes": ["private_key"]}]
    assert "PRIVATE KEY" not in str(done)


def test_the_type_stays_unless_it_is_made_anew(manager):
    manager.done(MODULE, {"credentials": [credential()]})
    other = {"credentials": [{"name": "scan", "type": "password_only", "password": "my-other-one"}]}
    refused = manager.run(MODULE, other)
    assert refused["failed"] and "type is 'password' and cannot become 'password_only'" in refused["msg"]
    done = manager.done(MODULE, {**other, "recreate": True})
    assert done["operations"][0]["action"] == "recreate"


def test_one_made_by_hand_gets_its_print_at_the_first_run(manager):
    manager.by_hand(
        "<create_credential><name>scan</name><comment>by hand</comment><type>up</type><login>scan</login>"
        "<password>first</password></create_credential>"
    )
    done = manager.life(MODULE, {"credentials": [credential()]})
    assert done["operations"][0]["changes"] == ["password"]
    assert not manager.done(MODULE, {"credentials": [], "purge": True})["changed"]


def test_what_is_in_use_stays(manager):
    manager.done(MODULE, {"credentials": [credential()]})
    target = {"name": "one", "hosts": ["10.0.0.1"], "port_list": PORTS, "ssh_credential": "scan"}
    manager.done("gmp_target", {"targets": [target]})
    refused = manager.run(MODULE, {"credentials": [{"name": "scan", "state": "absent"}]})
    assert (
        refused["failed"] and "credential scan is in use by one; remove or change what uses it first" in refused["msg"]
    )
    manager.life(MODULE, {"credentials": [credential(password="second")]})


def test_what_a_type_needs(run_module):
    refused = run_module(
        MODULE, {**recorded.PARAMS, "credentials": [{"name": "x", "type": "ssh_key", "login": "scan"}]}
    )
    assert refused["failed"] and refused["msg"] == "credential x: type ssh_key needs private_key"
