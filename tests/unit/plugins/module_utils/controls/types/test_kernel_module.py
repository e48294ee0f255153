# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kernel_module: the drop-in, and what is loaded."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import ModuleUnloaded
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import kernel_module


def judge(machine):
    """The evaluation of one control."""
    return kernel_module.evaluate({"data": {"modules": ["usb-storage"]}}, machine.host())


def test_life(machine):
    seen = judge(machine)
    assert seen.state == "different" and seen.observed == {"usb-storage": {"denied": False, "loaded": False}}
    machine.write("/etc/modprobe.d/datacloud.conf", "blacklist usb-storage\ninstall usb-storage /bin/false\n")
    assert judge(machine).state == "compliant"


def test_loaded(machine):
    machine.write("/proc/modules", "usb_storage 90112 0 - Live 0x0\n")
    seen = judge(machine)
    assert ModuleUnloaded("usb_storage") in seen.changes and not seen.remains
    machine.write("/proc/modules", "usb_storage 90112 1 uas, Live 0x0\n")
    seen = judge(machine)
    assert ModuleUnloaded("usb_storage") not in seen.changes and "usb-storage" in seen.remains


def test_a_container_does_not_unload_its_hosts_modules(machine):
    machine.write("/proc/modules", "usb_storage 90112 0 - Live 0x0\n")
    machine.write("/run/systemd/container", "podman")
    seen = judge(machine)
    assert not [change for change in seen.changes if isinstance(change, ModuleUnloaded)]
