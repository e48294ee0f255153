# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""path: mode and owner of what exists."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import path


def judge(machine, **entry):
    """The evaluation of one control on one path."""
    return path.evaluate({"data": {"paths": [{"path": "/etc/file", **entry}]}}, machine.host())


@pytest.mark.parametrize(
    ("mode", "wanted", "at_most", "state"),
    [
        (0o640, "0640", False, "compliant"),
        (0o600, "0640", False, "different"),
        (0o600, "0640", True, "compliant"),
        (0o644, "0640", True, "different"),
        (0o4711, "0755", True, "different"),
    ],
)
def test_modes(machine, mode, wanted, at_most, state):
    machine.write("/etc/file", "", mode)
    assert judge(machine, mode=wanted, at_most=at_most).state == state


def test_owner(machine):
    machine.write("/etc/file", "")
    assert judge(machine, owner="root", group="root").state == "compliant"
    seen = judge(machine, owner="daemon")
    assert seen.state == "different" and seen.wanted == {"/etc/file": "daemon:*"}


def test_absent_link_and_kind(machine):
    assert judge(machine, mode="0600").state == "not_applicable"
    machine.write("/etc/other", "")
    (machine.folder / "etc/file").symlink_to("other")
    assert judge(machine, mode="0600").state == "not_applicable"
    (machine.folder / "etc/file").unlink()
    machine.write("/etc/file", "")
    assert judge(machine, mode="0600", kind="directory").state == "not_applicable"
    assert judge(machine, mode="0600", kind="file").state == "different"


def test_glob(machine):
    for name in ("one.log", "two.log", ".hidden.log", "other"):
        machine.write(f"/var/log/{name}", "", 0o644)
    seen = judge(machine, path="/var/log/*.log", glob=True, mode="0640", at_most=True)
    assert sorted(seen.observed) == ["/var/log/one.log", "/var/log/two.log"]
