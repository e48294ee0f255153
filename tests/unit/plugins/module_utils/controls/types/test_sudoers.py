# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sudo's files: what is in effect, and who would be left without sudo."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import sudoers

MAIN = """\
Defaults	env_reset, mail_badpass
Defaults	secure_path="/usr/sbin:/usr/bin, x"
root	ALL=(ALL:ALL) ALL
%sudo	ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
"""
RULE = "admin ALL=(ALL:ALL) NOPASSWD: ALL\n"


@pytest.fixture
def sudo(node):
    """A node whose administrator gives no password."""
    node.write("/etc/sudoers", MAIN, 0o440)
    node.write("/etc/sudoers.d/admin", RULE, 0o440)
    node.write("/etc/sudoers.d/notes.txt", "x ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    return node


def judge(node, **data):
    """The evaluation of one control."""
    return sudoers.evaluate({"data": data}, node.host())


def give_password(node):
    """admin gets one."""
    node.write("/etc/shadow", node.read("/etc/shadow").replace("admin:!", "admin:$y$x"))


def test_defaults_go_to_a_file_that_is_read_last(sudo, edited):
    found = judge(sudo, defaults=["use_pty", "logfile=/var/log/sudo.log"])
    assert found.observed == {"use_pty": False, "logfile": False}
    text = edited(found, "/etc/sudoers.d/zz-datacloud")
    assert text.splitlines()[1:] == ["Defaults logfile=/var/log/sudo.log", "Defaults use_pty"]
    sudo.write("/etc/sudoers.d/zz-datacloud", text)
    assert judge(sudo, defaults=["use_pty", "logfile=/var/log/sudo.log"]).state == "compliant"


def test_without_a_password_nopasswd_stays(sudo):
    found = judge(sudo, no_nopasswd=True)
    assert found.changes == ()
    assert found.observed == {"NOPASSWD": ["/etc/sudoers.d/admin: admin ALL=(ALL:ALL) NOPASSWD: ALL"]}
    assert "admin could not use sudo" in found.reason


def test_with_a_password_nopasswd_goes(sudo, edited):
    give_password(sudo)
    found = judge(sudo, no_nopasswd=True)
    assert edited(found, "/etc/sudoers.d/admin") == "admin ALL=(ALL:ALL) ALL\n"
    assert all(change.validate == ("visudo", "-cf", "%s") for change in found.changes)


def test_the_rest_of_a_control_is_set_where_nopasswd_stays(sudo):
    found = judge(sudo, no_nopasswd=True, defaults=["use_pty"])
    assert "admin could not use sudo" in found.remains
    assert [change.key for change in found.changes] == ["Defaults use_pty"]


@pytest.mark.parametrize("who", ["%admin", "admin,root", "stranger"])
def test_groups_lists_and_unknown_accounts(sudo, who):
    sudo.write("/etc/sudoers.d/admin", f"{who} ALL=(ALL) \\\n NOPASSWD: ALL\n")
    assert judge(sudo, no_nopasswd=True).changes == ()


def test_the_last_default_wins_and_those_of_one_user_do_not_count():
    text = 'Defaults use_pty\nDefaults !use_pty, passwd_tries = 2\nDefaults:joe logfile="/x"\nDefaults a="b, c"\n'
    assert sudoers.defaults_of(text) == {"use_pty": False, "passwd_tries": "2", "a": "b, c"}


def test_without_sudo_nothing_applies(machine):
    assert judge(machine, no_nopasswd=True).state == "not_applicable"
