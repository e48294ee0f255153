# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AIDE's configuration and its baseline."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Command
from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Host, Outcome
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import aide

DATA = {"rules": ["!/var/lib/containers", "/etc p+u+g+sha256"], "protected": ["/usr/sbin/auditctl"], "baseline": True}
CONFIG = aide.CONFIG["Debian"]


def judge(machine):
    """The evaluation of DATA."""
    return aide.evaluate({"data": DATA}, machine.host())


def commands(found):
    """The commands among the changes."""
    return [change.argv for change in found.changes if isinstance(change, Command)]


@pytest.fixture
def watched(machine):
    """A host on which all is set but the baseline."""
    machine.packages.add("aide")
    for change in judge(machine).changes:
        if hasattr(change, "edit"):
            machine.write(change.path, change.edit(None))
    return machine


def test_a_fresh_host_gets_all_of_it(machine):
    found = judge(machine)
    assert found.state == "different"
    assert commands(found) == [("systemctl", "start", "--no-block", aide.BASELINE)]
    text = next(change.text for change in found.changes if getattr(change, "path", "") == CONFIG)
    assert text.index("/usr/sbin/auditctl p+i+n") < text.index("!/var/lib/containers")


def test_nobody_waits_for_the_baseline(watched):
    assert judge(watched).observed["baseline"] == "missing"
    watched.units[aide.BASELINE] = {"load": "loaded", "enabled": "static", "active": "activating"}
    assert judge(watched).state == "compliant"
    watched.units[aide.BASELINE]["active"] = "failed"
    assert "journalctl" in judge(watched).remains
    watched.write(aide.DATABASE, "")
    found = judge(watched)
    assert (found.state, found.remains, commands(found)) == ("compliant", "", [])


def test_aide_judges_its_configuration():
    given = []

    def run(argv, data=""):
        given.append((argv[-1], data))
        return Outcome(17 if "bogus" in data else 0, "", "ERROR: unexpected character")

    host = Host(run=run)
    assert aide.check_config(host, CONFIG, "/etc p\n") == ""
    assert "unexpected character" in aide.check_config(host, CONFIG, "bogus\n")
    assert given == [("--config=-", "/etc p\n"), ("--config=-", "bogus\n")]
