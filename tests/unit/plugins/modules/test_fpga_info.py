# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fpga_info: what it reads of a host with a card, and of one without."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils import pci
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.fpga.xbmgmt import OLD

BDF = "0000:3b:00.0"


@pytest.fixture
def bus(monkeypatch):
    """The devices on the PCI bus: one card."""
    found = [{"address": BDF, "vendor": 0x10EE, "device": 1, "device_class": 0x120000, "driver": "xclmgmt"}]
    monkeypatch.setattr(pci, "devices", lambda: found)
    return found


def test_well(fpgas, bus):
    found = fpgas.run("fpga_info", {"count": 1, "model": "u250", "refuse": True})
    assert not found.get("failed") and not found["changed"] and found["problems"] == []
    assert found["cards"][BDF]["shell"] == OLD and found["cards"][BDF]["sc_version"] == "4.6.20"


def test_no_card_at_all(fpgas, bus):
    bus.clear()
    fpgas.tool.cards.clear()
    found = fpgas.run("fpga_info", {"count": 1, "refuse": True})
    assert found["failed"] and "0 of 1 FPGA cards are on the PCI bus" in found["msg"] and found["cards"] == {}
    assert not fpgas.run("fpga_info", {}).get("failed")


def test_no_tools(fpgas, bus):
    found = fpgas.run("fpga_info", {"executable": "no-such-program"})
    assert not found["tools"] and found["problems"][0]["check"] == "tools"


def test_a_card_that_is_not_ready_is_not_asked_further(fpgas, bus):
    fpgas.tool.cards[BDF]["ready"] = "false"
    assert fpgas.run("fpga_info", {})["problems"][0]["check"] == "ready"
    assert not [words for words in fpgas.tool.calls if "platform" in words]
