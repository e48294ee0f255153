# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_override on what a real gvmd answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

OID = "1.3.6.1.4.1.25623.1.0.990002"

MODULE = "gmp_override"


def override(**changes):
    """An override of what one test finds on two hosts."""
    return {
        "oid": OID,
        "hosts": ["10.0.0.2", "10.0.0.1"],
        "port": "22/tcp",
        "new_severity": 0.0,
        "text": "known",
        **changes,
    }


@pytest.mark.crud("gmp_override")
def test_life(manager):
    until = (manager.recording.now + timedelta(days=30)).date().isoformat()
    both = [override(until=until), {"oid": OID, "new_severity": -1.0, "text": "nothing", "severity": 5.0}]
    done = manager.life(MODULE, {"overrides": both})
    assert done["operations"][0]["key"] == f"{OID}/10.0.0.1,10.0.0.2/22/tcp"
    done = manager.life(MODULE, {"overrides": [override(text="known well", until="")]})
    assert done["operations"][0]["changes"] == ["text", "until"]
    manager.life(MODULE, {"overrides": [override(until="2020-01-01")]})
    done = manager.life(MODULE, {"overrides": [both[1]], "purge": True})
    assert [one["action"] for one in done["operations"]] == ["delete"]


@pytest.mark.crud("gmp_override")
def test_the_same_twice_is_refused_which_the_manager_takes(manager):
    for _time in range(2):
        manager.by_hand(
            f'<create_override><text>by hand</text><nvt oid="{OID}"/><hosts>10.0.0.1</hosts>'
            "<new_severity>0.0</new_severity></create_override>"
        )
    refused = manager.run(MODULE, {"overrides": [override(hosts=["10.0.0.1"], port="")]})
    assert refused["failed"] and "is there 2 times" in refused["msg"]
    manager.life(MODULE, {"overrides": [override()]})
    assert not manager.life(MODULE, {"overrides": [override()], "purge": True})["changed"]


def test_a_test_that_the_feed_has_not(manager):
    refused = manager.run(MODULE, {"overrides": [override(oid="1.2.3")]})
    assert refused["failed"] and "override 1.2.3/10.0.0.1,10.0.0.2/22/tcp: the manager answered" in refused["msg"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"port": "ssh"}, "port 'ssh' is not of the form"),
        ({"until": "31.12.2027"}, "is no date of the form"),
        ({"new_severity": 11.0}, "new_severity is from 0.0 to 10.0"),
        ({"hosts": ["?"]}, "hosts: '?' is no address"),
    ],
)
def test_nonsense_is_refused(run_module, changes, said):
    refused = run_module(MODULE, {**recorded.PARAMS, "overrides": [override(**changes)]})
    assert refused["failed"] and said in refused["msg"]
