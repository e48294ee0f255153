# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the SSH server, with what sshd -T says on fresh nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Outcome
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import sshd

DROP_IN = "/etc/ssh/sshd_config.d/00-datacloud.conf"
MAIN = "/etc/ssh/sshd_config"


def judge(node, **options):
    """The evaluation of some options."""
    return sshd.evaluate({"data": {"options": options}}, node.host())


def test_an_option_is_set_in_the_drop_in_and_said_in_the_main_file(node, edited):
    found = judge(node, PermitRootLogin="no")
    assert (found.state, found.observed) == ("different", {"PermitRootLogin": "without-password"})
    assert edited(found, DROP_IN).splitlines()[1:] == ["PermitRootLogin no"]
    before, after = node.read(MAIN).splitlines(), edited(found, MAIN).splitlines()
    added = [line for line in after if line not in before]
    assert added == ["PermitRootLogin no"]
    assert after[after.index("PermitRootLogin no") - 1] == "#PermitRootLogin prohibit-password"


def test_what_is_in_effect_is_said_in_the_main_file_too(node, edited):
    found = judge(node, PermitEmptyPasswords="no")
    assert found.state == "different"
    assert "says nothing" in found.reason
    node.write(MAIN, edited(found, MAIN))
    assert judge(node, PermitEmptyPasswords="no").state == "compliant"


def test_values_are_compared_as_sshd_writes_them(node):
    found = judge(node, PermitRootLogin="prohibit-password", LoginGraceTime="2m", MaxAuthTries=6, X11Forwarding="YES")
    assert found.observed == found.wanted


def test_algorithms_that_this_openssh_does_not_know_are_left_out(node, edited):
    found = judge(node, KexAlgorithms=["mlkem768x25519-sha256", "sntrup761x25519-sha512", "curve25519-sha256"])
    new = {"trixie": "mlkem768x25519-sha256,", "bookworm": ""}[node.release]
    assert found.wanted == {"KexAlgorithms": f"{new}sntrup761x25519-sha512,curve25519-sha256"}
    assert f"KexAlgorithms {new}sntrup761x25519-sha512,curve25519-sha256" in edited(found, DROP_IN)


def test_options_that_this_openssh_does_not_know_are_not_applicable(node):
    found = judge(node, PerSourcePenalties="yes")
    assert found.state == {"trixie": "different", "bookworm": "not_applicable"}[node.release]
    assert judge(node, NoSuchOption="yes").state == "not_applicable"


def test_without_a_server_nothing_applies(machine):
    assert judge(machine, PermitRootLogin="no").state == "not_applicable"


def test_the_main_option_stays_above_match_blocks_and_is_there_once():
    option = sshd.MainOption(MAIN, "X11Forwarding", "no")
    text = "Port 22\nx11forwarding yes\nX11Forwarding yes\nMatch User joe\n X11Forwarding yes\n"
    assert option.edit(text) == text.replace("x11forwarding yes\nX11Forwarding yes\n", "X11Forwarding no\n")
    assert option.edit("Port 22\nMatch all\n") == "Port 22\nX11Forwarding no\nMatch all\n"
    assert option.edit(option.edit("Port 22\n")) == "Port 22\nX11Forwarding no\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"AllowGroups": ["operators"]}, "change AllowGroups"),
        ({"DenyGroups": ["bin", "admin"]}, "change DenyGroups"),
        ({"AllowUsers": "joe"}, "change AllowUsers"),
        ({"PasswordAuthentication": "no"}, "no authorized key"),
    ],
)
def test_whoever_is_logged_in_is_not_locked_out(node, monkeypatch, options, words):
    monkeypatch.setenv("SUDO_USER", "admin")
    found = judge(node, **options)
    assert (found.state, found.changes) == ("different", ())
    assert words in found.reason


def test_root_does_not_forbid_its_own_login(node, monkeypatch):
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
    found = judge(node, PermitRootLogin="no")
    assert found.changes == ()
    assert "log in as another user" in found.reason


def test_with_a_key_passwords_can_go(node, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "admin")
    node.write("/home/admin/.ssh/authorized_keys", "ssh-ed25519 AAAA\n")
    assert judge(node, PasswordAuthentication="no", AllowGroups=["admin"]).changes


def test_a_match_block_with_another_value_is_told(node, edited):
    node.write(MAIN, edited(judge(node, StrictModes="yes"), MAIN) + "Match User joe\n    StrictModes no\n")
    found = judge(node, StrictModes="yes")
    assert found.state == "compliant"
    assert "Match block" in found.reason


def test_the_whole_configuration_is_checked_with_the_new_text(node):
    seen = {}

    def check(argv):
        folder = argv[3].rpartition("/")[0]
        for name in ("sshd_config", "sshd_config.d/00-datacloud.conf", "sshd_config.d/50-site.conf"):
            seen[name] = Path(folder, name).read_text()
        assert f"Include {folder}/sshd_config.d/*.conf" in seen["sshd_config"]
        return Outcome(255, "", "line 1: Bad configuration option: Port22")

    node.write("/etc/ssh/sshd_config.d/50-site.conf", "Port 2222\n")
    node.programs["sshd"] = check
    words = sshd.check_syntax(node.host(), DROP_IN, "Port22\n")
    assert words == "line 1: Bad configuration option: Port22"
    assert seen["sshd_config.d/00-datacloud.conf"] == "Port22\n"
    assert seen["sshd_config.d/50-site.conf"] == "Port 2222\n"
