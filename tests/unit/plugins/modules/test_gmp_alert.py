# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_alert on what a real gvmd answered."""

from __future__ import annotations

import pytest

MODULE = "gmp_alert"


@pytest.mark.crud("gmp_alert")
def test_life(manager):
    mail = {
        "name": "severe", "comment": "ours", "condition": "Severity at least", "condition_data": {"severity": 7.5},
        "method": "Email", "method_data": {"to_address": "a@example.org", "from_address": "b@example.org", "notice": 1},
    }  # fmt: skip
    syslog = {"name": "log", "method": "Syslog", "method_data": {"submethod": "syslog"}}
    manager.life(MODULE, {"alerts": [mail, syslog]})
    done = manager.life(MODULE, {"alerts": [{**mail, "condition_data": {"severity": 9.0}, "active": False}, syslog]})
    assert done["operations"] == [{"action": "update", "key": "severe", "changes": ["active", "condition_data"]}]
    assert not manager.run(MODULE, {"alerts": [syslog]})["changed"]
    manager.life(MODULE, {"alerts": [syslog], "purge": True})
    assert manager.names("alert") == ["log"]


def test_what_is_secret_is_not_shown(manager):
    wanted = {"name": "get", "method": "HTTP Get", "method_secrets": {"URL": "https://example.org/?key=hidden"}}
    done = manager.life(MODULE, {"alerts": [wanted]})
    assert "hidden" not in str(done)
    other = {**wanted, "method_secrets": {"URL": "https://example.org/?key=another"}}
    done = manager.life(MODULE, {"alerts": [other]})
    assert done["operations"][0]["changes"] == ["method_secrets"] and "another" not in str(done)
