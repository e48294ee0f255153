# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""package: installed or not."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Package
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import package


def test_life(machine):
    control = {"data": {"present": ["chrony"], "absent": ["telnet"]}}
    machine.packages |= {"telnet"}
    seen = package.evaluate(control, machine.host())
    assert seen.state == "different" and seen.observed == {"chrony": "absent", "telnet": "installed"}
    assert seen.changes == (Package("chrony"), Package("telnet", False))
    machine.packages = {"chrony"}
    assert package.evaluate(control, machine.host()).state == "compliant"
