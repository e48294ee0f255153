# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cards on the bus, and what is wrong with them."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.fpga import cards

WANTED = {"count": 1, "model": ""}
ALVEO = {"address": "0000:3b:00.0", "vendor": "xilinx", "drivers": ["xclmgmt", "xocl"]}
GOOD = {"shell": "xilinx_u250_shell_4_1", "board": "ALVEO U250 PQ", "ready": True, "factory": False}


def host(**changes):
    """A host with one card in good order."""
    found = {"hardware": [ALVEO], "dkms": [], "kernels": ["6.12"], "tools": True, "cards": {ALVEO["address"]: GOOD}}
    return {**found, **changes}


def test_hardware():
    device = {"vendor": 0x10EE, "device": 0x5004, "device_class": 0x120000, "driver": "xclmgmt"}
    found = cards.hardware(
        [
            {**device, "address": "0000:3b:00.0"},
            {**device, "address": "0000:3b:00.1", "driver": "xocl"},
            {**device, "address": "0000:5e:00.0", "vendor": 0x8086, "driver": ""},
            {**device, "address": "0000:00:1f.0", "vendor": 0x8086, "device_class": 0x060100},
        ]
    )
    assert found == [ALVEO, {"address": "0000:5e:00.0", "vendor": "intel", "drivers": []}]


@pytest.mark.parametrize(
    ("changes", "check", "severity", "words"),
    [
        ({"hardware": []}, "count", "error", "0 of 1 FPGA cards are on the PCI bus"),
        ({"tools": False, "cards": {}}, "tools", "error", "xbmgmt is not"),
        ({"cards": {}}, "driver", "error", "bound to xclmgmt, xocl and unknown to XRT"),
        ({"cards": {}, "hardware": [{**ALVEO, "drivers": []}]}, "driver", "error", "without a driver"),
        ({"cards": {ALVEO["address"]: {**GOOD, "ready": False}}}, "ready", "error", "is not ready"),
        ({"cards": {ALVEO["address"]: {**GOOD, "factory": True}}}, "shell", "warning", "factory image"),
        ({"hardware": [{**ALVEO, "vendor": "intel", "drivers": []}]}, "driver", "error", "has no driver"),
        (
            {"dkms": [{"module": "xrt", "version": "2.18", "kernel": "", "state": "added", "warning": ""}]},
            "dkms",
            "error",
            "xrt/2.18 is not built for kernel 6.12",
        ),
    ],
)
def test_problems(changes, check, severity, words):
    (problem,) = cards.problems(host(**changes), WANTED)
    assert (problem["check"], problem["severity"]) == (check, severity) and words in problem["message"]
    assert problem["sentence"].endswith(f"{problem['advice']}.")


def test_nothing_wrong():
    assert cards.problems(host(), {"count": 1, "model": "U250"}) == []
    assert cards.problems(host(hardware=[], cards={}, tools=False), {"count": None, "model": ""}) == []


def test_another_model():
    (problem,) = cards.problems(host(), {"count": 1, "model": "u55c"})
    assert problem["check"] == "model" and "not u55c" in problem["message"]
