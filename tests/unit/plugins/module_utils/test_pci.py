# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PCI bus of a host."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils import pci


def test_devices(tmp_path):
    folder = tmp_path / "0000:3B:00.0"
    folder.mkdir()
    for name, value in {"vendor": "0x10de", "device": "0x2330", "class": "0x030200"}.items():
        (folder / name).write_text(f"{value}\n")
    (tmp_path / "nvidia").mkdir()
    (folder / "driver").symlink_to(tmp_path / "nvidia")
    (tmp_path / "0000:3c:00.0").mkdir()
    assert pci.devices(tmp_path) == [
        {"address": "0000:3b:00.0", "vendor": 0x10DE, "device": 0x2330, "device_class": 0x030200, "driver": "nvidia"}
    ]
    assert pci.devices(tmp_path / "absent") == []


@pytest.mark.parametrize("text", ["3b:00.0", "0000:3B:00.0", "00000000:3B:00.0"])
def test_address(text):
    assert pci.address(text) == "0000:3b:00.0"
