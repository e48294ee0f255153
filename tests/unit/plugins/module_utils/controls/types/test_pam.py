# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PAM, with the files of fresh nodes, and with what pam-auth-update made there of our profiles."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Command, contradictions
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import pam

PROFILES = "/usr/share/pam-configs"
UNIX = {"module": "pam_unix", "arguments": ["yescrypt"], "without": ["nullok"]}
HISTORY = {"module": "pam_pwhistory", "arguments": ["remember=24", "enforce_for_root"]}
SU = {"service": "su", "type": "auth", "module": "pam_wheel", "arguments": ["use_uid", "group=sugroup"]}
# Made by pam-auth-update --package on a node of each release (they are the same).
AUTH = """\
auth	required	pam_faillock.so preauth
auth	[success=3 default=ignore]	pam_unix.so try_first_pass
auth	[default=die]	pam_faillock.so authfail
auth	sufficient	pam_faillock.so authsucc
auth	requisite			pam_deny.so
auth	required			pam_permit.so
"""
ACCOUNT = """\
account	required	pam_faillock.so
account	[success=1 new_authtok_reqd=done default=ignore]	pam_unix.so
account	requisite			pam_deny.so
account	required			pam_permit.so
"""
PASSWORD = """\
password	requisite			pam_pwquality.so retry=3
password	requisite	pam_pwhistory.so try_first_pass use_authtok remember=24 enforce_for_root
password	[success=1 default=ignore]	pam_unix.so obscure use_authtok try_first_pass yescrypt
password	requisite			pam_deny.so
password	required			pam_permit.so
"""


def judge(node, data):
    """The evaluation of one control."""
    return pam.evaluate({"data": data}, node.host())


@pytest.fixture
def hardened(node):
    """A node on which pam-auth-update has made the files of our profiles."""
    for name, text in (("auth", AUTH), ("account", ACCOUNT), ("password", PASSWORD)):
        node.write(f"/etc/pam.d/common-{name}", text)
    return node


@pytest.mark.parametrize("data", [{"module": "pam_faillock"}, UNIX, HISTORY, {"module": "pam_pwquality"}, SU])
def test_a_fresh_node_differs(node, data):
    found = judge(node, data)
    assert found.state == "different"
    assert found.changes


@pytest.mark.parametrize("data", [{"module": "pam_faillock"}, UNIX, HISTORY, {"module": "pam_pwquality"}])
def test_what_pam_auth_update_makes_of_the_profiles_is_compliant(hardened, data):
    found = judge(hardened, data)
    assert (found.state, found.observed) == ("compliant", found.wanted)


def test_a_module_in_the_wrong_role_is_not_taken_for_another(hardened):
    hardened.write("/etc/pam.d/common-account", ACCOUNT.replace("required\tpam_faillock", "optional\tpam_faillock"))
    found = judge(hardened, {"module": "pam_faillock"})
    assert found.observed["common-account"] == "optional"
    assert found.wanted["common-account"] == "required"


def test_other_values_and_forbidden_arguments_are_seen(hardened):
    hardened.write("/etc/pam.d/common-password", PASSWORD.replace("remember=24", "remember=5"))
    assert "remember=5" in judge(hardened, HISTORY).observed["common-password"]
    hardened.write("/etc/pam.d/common-auth", AUTH.replace("try_first_pass", "nullok try_first_pass"))
    assert "nullok" in judge(hardened, UNIX).observed["common-auth"]


def test_a_password_that_fails_is_counted_after_all_other_modules(node, edited):
    found = judge(node, {"module": "pam_faillock"})
    count = edited(found, f"{PROFILES}/datacloud-faillock-count")
    assert "Priority: 0\n" in count
    assert count.index("authfail") < count.index("authsucc")
    assert "Priority: 1024\n" in edited(found, f"{PROFILES}/datacloud-faillock-refuse")


def test_the_profile_of_unix_is_the_distributions_with_other_arguments(node, edited):
    ours = edited(judge(node, UNIX), f"{PROFILES}/datacloud-unix")
    assert "Conflicts: unix\n" in ours
    assert "nullok" not in ours
    original = node.read(f"{PROFILES}/unix")
    kept = [line for line in original.replace(" nullok", "").splitlines() if line[0] == "\t"]
    assert [line for line in ours.splitlines() if line[:1] == "\t"] == kept


def test_several_controls_share_a_profile(node, edited):
    one = judge(node, {"module": "pam_unix", "without": ["nullok"]})
    other = judge(node, {"module": "pam_unix", "arguments": ["rounds=9"]})
    assert contradictions([("one", change) for change in one.changes] + [("other", c) for c in other.changes]) == []
    node.write(f"{PROFILES}/datacloud-unix", edited(one, f"{PROFILES}/datacloud-unix"))
    text = edited(other, f"{PROFILES}/datacloud-unix")
    assert "rounds=9" in text
    assert "nullok" not in text


def test_arguments_that_contradict_are_found(node):
    few, many = (judge(node, {"module": "pam_pwhistory", "arguments": [f"remember={n}"]}).changes for n in (5, 24))
    assert len(contradictions([("few", change) for change in few] + [("many", change) for change in many])) == 1


def test_arguments_are_put_once_where_they_belong(node, edited):
    path = f"{PROFILES}/datacloud-pwhistory"
    text = edited(judge(node, HISTORY), path)
    node.write(path, text)
    assert text.count("remember=24") == 2
    assert edited(judge(node, HISTORY), path) == text
    again = edited(judge(node, {"module": "pam_pwhistory", "arguments": ["remember=30"]}), path)
    assert again.count("remember=30") == 2
    assert "remember=24" not in again


def test_pwquality_comes_with_its_own_profile(node):
    assert [change.name for change in judge(node, {"module": "pam_pwquality"}).changes] == ["libpam-pwquality"]


def test_su_gets_its_line_below_root_and_its_group(node, edited):
    found = judge(node, SU)
    line = "auth required pam_wheel.so use_uid group=sugroup"
    lines = [entry for entry in edited(found, "/etc/pam.d/su").splitlines() if entry and entry[0] != "#"]
    assert lines[1] == line
    assert "pam_rootok.so" in lines[0]
    assert [change.argv for change in found.changes if isinstance(change, Command)] == [
        ("groupadd", "--system", "sugroup")
    ]
    node.write("/etc/pam.d/su", edited(found, "/etc/pam.d/su"))
    assert judge(node, SU).state == "different"
    node.write("/etc/group", node.read("/etc/group") + "sugroup:x:300:\n")
    assert judge(node, SU).state == "compliant"


def test_no_line_for_a_module_that_is_not_there(node):
    found = judge(node, {"service": "su", "type": "auth", "module": "pam_none"})
    assert found.changes == ()
    assert "would refuse everybody" in found.reason


def test_authselect_is_left_alone(machine):
    machine.write("/etc/os-release", 'ID=rocky\nID_LIKE="rhel fedora"\nVERSION_ID="9.4"\n')
    assert judge(machine, UNIX).state == "not_applicable"


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("auth [a=1  b=die] /lib/security/pam_unix.so nullok # x", ("auth", "[a=1 b=die]", "pam_unix", ("nullok",))),
        ("-session optional pam_systemd.so", ("session", "optional", "pam_systemd", ())),
        ("@include common-auth", ("@include", "", "common-auth", ())),
        ("# auth required pam_x.so", None),
        ("", None),
    ],
)  # fmt: skip
def test_lines(line, entry):
    assert pam.parse_line(line) == entry
