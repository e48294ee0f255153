# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of audit rules, and what a kernel says of them."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Outcome
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import audit_rules

PATH = "/etc/audit/rules.d/30-time.rules"
DATA = {
    "name": "30-time",
    "rules": ["-a always,exit  -F arch=b64 -S adjtimex -k time", "-w /etc/localtime -p wa -F key=time"],
}
# auditctl -l writes rules in a form of its own.
LOADED = "-a always,exit -F arch=b64 -S adjtimex -F key=time\n-w /etc/localtime -p wa -k time\n"


def judge(machine, data=None):
    """The evaluation of one control."""
    return audit_rules.evaluate({"data": data or DATA}, machine.host())


@pytest.fixture
def audited(machine):
    """A host on which the rules are in place."""
    (change,) = judge(machine).changes
    machine.write(PATH, change.text, change.mode)
    return machine


def test_the_file_is_only_for_root(machine):
    found = judge(machine)
    (change,) = found.changes
    assert (found.state, change.path, change.mode, change.reload) == ("different", PATH, 0o600, ("auditd",))
    assert "-a always,exit -F arch=b64 -S adjtimex -k time\n" in change.text


def test_where_the_kernel_tells_nothing_the_file_counts(audited):
    assert judge(audited).state == "compliant"
    audited.programs["auditctl"] = lambda argv: Outcome(255, "", "Error sending rule list data request")
    assert judge(audited).state == "compliant"


def test_the_kernel_must_have_the_keys(audited):
    audited.programs["auditctl"] = lambda argv: Outcome(0, LOADED if argv[1] == "-l" else "enabled 1\n", "")
    assert judge(audited).state == "compliant"
    audited.programs["auditctl"] = lambda argv: Outcome(0, "No rules\n" if argv[1] == "-l" else "enabled 2\n", "")
    found = judge(audited)
    assert (found.state, found.changes) == ("different", ())
    assert "start the host again" in found.reason


def test_every_program_with_others_rights_has_a_rule(machine):
    machine.write("/usr/bin/su", "", 0o4755)
    machine.write("/opt/with blank", "", 0o4755)
    (change,) = judge(machine, {"name": "31-programs", "privileged": "privileged"}).changes
    rule = "-a always,exit -F path=/usr/bin/su -F perm=x -F auid>=1000 -F auid!=unset -k privileged"
    assert audit_rules.rules_of(change.text) == [rule]
    assert audit_rules.keys_of([rule]) == {"privileged"}
