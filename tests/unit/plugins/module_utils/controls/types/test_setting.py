# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""setting: keys in somebody else's file."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import setting


@pytest.mark.parametrize(
    ("text", "values", "state"),
    [
        ("KEY 1\n", {"KEY": 1}, "compliant"),
        ("KEY\t 1 \n", {"KEY": "1"}, "compliant"),
        ("KEY 2\n", {"KEY": 1}, "different"),
        ("#KEY 1\n", {"KEY": 1}, "different"),
        ("KEY 1\nKEY 1\n", {"KEY": 1}, "different"),
        ("#KEY 1\n", {"KEY": None}, "compliant"),
        ("KEY 1\n", {"KEY": None}, "different"),
        ("KEY\n", {"KEY": ""}, "compliant"),
        (None, {"KEY": 1}, "different"),
        (None, {"KEY": None}, "compliant"),
    ],
)
def test_states(machine, text, values, state):
    if text is not None:
        machine.write("/etc/x.conf", text)
    assert setting.evaluate({"data": {"path": "/etc/x.conf", "values": values}}, machine.host()).state == state
