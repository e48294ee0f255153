# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""unit: enabled, active, masked."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import unit


def judge(machine, states, **more):
    """The evaluation of one control on a unit."""
    return unit.evaluate({"data": {"units": {"x.service": states}, **more}}, machine.host())


@pytest.mark.parametrize(
    ("load", "enabled", "active", "states", "state"),
    [
        ("loaded", "enabled", "active", {"enabled": True, "active": True}, "compliant"),
        ("loaded", "disabled", "active", {"enabled": True}, "different"),
        ("loaded", "static", "active", {"enabled": True}, "compliant"),
        ("loaded", "static", "inactive", {"enabled": False}, "compliant"),
        ("loaded", "enabled", "failed", {"active": True}, "different"),
        ("loaded", "enabled", "failed", {"active": False}, "compliant"),
        ("masked", "enabled", "inactive", {"masked": True}, "compliant"),
        ("masked", "enabled", "inactive", {"enabled": True}, "different"),
        # What is masked while it runs goes on running.
        ("masked", "enabled", "active", {"masked": True}, "different"),
        ("loaded", "enabled", "inactive", {"masked": True}, "different"),
    ],
)
def test_states(machine, load, enabled, active, states, state):
    machine.units["x.service"] = {"load": load, "enabled": enabled, "active": active}
    assert judge(machine, states).state == state


def test_absent(machine):
    assert judge(machine, {"enabled": True}).state == "not_applicable"
    assert judge(machine, {"enabled": False}, if_present=False).state == "compliant"
    assert judge(machine, {"masked": True}, if_present=False).state == "different"


def test_all_units_are_read_in_one_call(machine):
    host = machine.host()
    host.expect_units(["a.service", "b.service"])
    assert host.unit("b.service").load == host.unit("a.service").load == "not-found"
    assert len(machine.calls) == 1


def test_without_systemd(machine):
    machine.programs["systemctl"] = lambda argv: machine.run(("nosuch",))
    assert judge(machine, {"enabled": True}).state == "not_applicable"
