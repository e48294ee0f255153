# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_user on what a real gvmd answered."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

MODULE = "gmp_user"


@pytest.mark.crud("gmp_user")
def test_life(manager):
    user = {
        "name": "rec-looker",
        "comment": "ours",
        "password": "first",
        "roles": ["Observer"],
        "hosts": ["10.0.0.1"],
        "hosts_allow": True,
    }
    done = manager.life(MODULE, {"users": [user]})
    assert "first" not in str(done)
    done = manager.life(MODULE, {"users": [{"name": "rec-looker", "password": "second"}]})
    assert done["operations"][0]["changes"] == ["password"]
    # What is not given stays, though the manager empties what a request leaves out.
    assert not manager.run(MODULE, {"users": [{**user, "password": "second"}]})["changed"]
    manager.life(
        MODULE, {"users": [{"name": "rec-looker", "roles": ["User", "Observer"], "hosts": [], "hosts_allow": False}]}
    )
    refused = manager.run(MODULE, {"users": [{"name": "rec-looker", "roles": ["Emperor"]}]})
    assert refused["failed"] and "role Emperor (of user rec-looker) is not there" in refused["msg"]
    manager.life(MODULE, {"users": [{"name": "rec-looker", "state": "absent"}]})


def test_nobody_removes_themselves(manager):
    refused = manager.run(MODULE, {"users": [{"name": recorded.USER, "state": "absent"}]})
    assert refused["failed"] and "it is who speaks to the manager here" in refused["msg"]
