# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of fresh nodes, and of one on which much is wrong."""

from __future__ import annotations

import time

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import accounts

TODAY = int(time.time() // 86400)
AGES = {"maximum": 365, "minimum": 1, "warning": 7, "inactive": 45}


def judge(node, check, **data):
    """The evaluation of one check."""
    return accounts.evaluate({"data": {"check": check, **data}}, node.host())


def account(node, name, uid, gid, *, password="!", ages=":::::"):
    """One more account, as lines of passwd and shadow."""
    node.write("/etc/passwd", node.read("/etc/passwd") + f"{name}:x:{uid}:{gid}::/home/{name}:/bin/bash\n")
    node.write("/etc/shadow", node.read("/etc/shadow") + f"{name}:{password}:{ages}:\n")


@pytest.mark.parametrize(
    "check", sorted(set(accounts.CHECKS) - {"home_owners", "shell_timeout", "password_ages", "known_groups"})
)
def test_a_fresh_node_is_fine(node, check):
    assert judge(node, check).state == "compliant"


def test_empty_passwords_are_locked(node):
    account(node, "eve", 1001, 1000, password="")
    found = judge(node, "no_empty_passwords")
    assert [(change.argv, change.undo) for change in found.changes] == [
        (("passwd", "--lock", "eve"), ("passwd", "--delete", "eve"))
    ]
    node.write("/etc/passwd", node.read("/etc/passwd") + "old:hash:1002:1000::/:/bin/sh\n")
    assert "pwconv" in judge(node, "no_empty_passwords").remains


def test_numbers_and_names_are_unique(node):
    account(node, "toor", 0, 0)
    account(node, "admin", 1005, 1000)
    found = judge(node, "unique_ids")
    assert found.observed == ["/etc/passwd: name admin", "/etc/passwd: number 0"]
    assert found.changes == ()
    assert judge(node, "root_only_uid0").observed == ["user toor"]


def test_groups_exist_and_nobody_is_in_shadow(node):
    account(node, "eve", 1001, 4711)
    node.write("/etc/group", node.read("/etc/group").replace("shadow:x:42:", "shadow:x:42:eve"))
    found = judge(node, "known_groups")
    assert any("eve is in group 4711" in line for line in found.observed)
    assert "eve is a member of shadow" in found.observed


def test_system_accounts_have_neither_shell_nor_password(node):
    account(node, "postgres", 105, 1000, password="$y$x")
    found = judge(node, "system_accounts_locked")
    assert found.observed == {"postgres": ["/bin/bash", "password"]}
    assert [change.undo for change in found.changes] == [
        ("usermod", "--shell", "/bin/bash", "postgres"), ("passwd", "--unlock", "postgres")
    ]  # fmt: skip
    assert judge(node, "system_accounts_locked", allowed=["postgres"]).state == "compliant"


def test_homes(node):
    node.write("/home/admin/file", "")
    (node.folder / "home/admin").chmod(0o755)
    found = judge(node, "home_modes")
    assert found.observed == {"/home/admin": "0755"}
    assert all(change.at_most for change in found.changes)
    assert judge(node, "home_modes", mode="0755").state == "compliant"
    owners = judge(node, "home_owners")
    assert owners.wanted == {"/home/admin": "admin"}
    account(node, "eve", 1001, 1000)
    assert "make homes for eve" in judge(node, "home_owners").remains


def test_dot_files(node):
    node.write("/home/admin/.bash_history", "", 0o644)
    node.write("/home/admin/.profile", "", 0o750)
    node.write("/home/admin/.netrc", "", 0o600)
    node.write("/home/admin/data", "", 0o666)
    found = judge(node, "dot_files")
    limits = {change.path: change.mode for change in found.changes}
    assert limits == {"/home/admin/.bash_history": 0o600, "/home/admin/.profile": 0o740}
    assert "/home/admin/.netrc" in found.remains


def test_ages_are_set_and_can_be_taken_back(node):
    account(node, "eve", 1001, 1000, password="$y$x", ages=f"{TODAY}:0:99999:7::")
    (change,) = judge(node, "password_ages", **AGES).changes
    assert change.argv == ("chage", "--maxdays", "365", "--mindays", "1", "--inactive", "45", "eve")
    assert change.undo == ("chage", "--maxdays", "99999", "--mindays", "0", "--inactive", "-1", "eve")


@pytest.mark.parametrize(
    ("changed", "words"), [(TODAY - 400, "older than 365"), (0, "older than 365"), (TODAY + 9, "future")]
)
def test_nobody_is_locked_out_by_the_age_of_a_password(node, changed, words):
    account(node, "eve", 1001, 1000, password="$y$x", ages=f"{changed}:0:99999:7::")
    found = judge(node, "password_ages", **AGES)
    assert found.changes == ()
    assert words in found.reason


def test_accounts_without_a_password_have_no_ages(node):
    assert judge(node, "password_ages", **AGES).state == "compliant"


def test_the_path_of_root(node):
    node.write("/etc/login.defs", "ENV_SUPATH\tPATH=/usr/sbin:.:/opt/bin\n")
    node.write("/opt/bin/x", "")
    (node.folder / "opt/bin").chmod(0o775)
    found = judge(node, "root_path")
    assert set(found.observed) >= {".", "/opt/bin"}
    assert "ENV_SUPATH" in found.remains


def test_lines_of_nis(node):
    node.write("/etc/passwd", node.read("/etc/passwd") + "+::::::\n")
    assert judge(node, "legacy_entries").observed == ["/etc/passwd"]


def test_shells_end_by_themselves(node):
    found = judge(node, "shell_timeout", seconds=600)
    (change,) = found.changes
    assert "  typeset -xr TMOUT=600\n" in change.text
    node.write(change.path, change.text)
    assert judge(node, "shell_timeout", seconds=600).state == "compliant"
