# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""text: a file of ours, or none."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import text


def judge(machine, **data):
    """The evaluation of one control."""
    return text.evaluate({"data": {"path": "/etc/motd", "text": "Hello\n", **data}}, machine.host())


def test_life(machine):
    assert judge(machine).observed == {"text": "absent"}
    machine.write("/etc/motd", "Hello\n")
    assert judge(machine).state == "compliant"
    assert judge(machine, mode="0600").observed["mode"] == "0644"
    machine.write("/etc/motd", "Bye\n")
    assert judge(machine).observed["text"] == "different"


def test_removed(machine):
    assert judge(machine, text=None).state == "compliant"
    machine.write("/etc/motd", "")
    assert judge(machine, text=None).state == "different"
