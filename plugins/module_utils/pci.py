# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PCI devices of this host, from sysfs: known without a driver and without pciutils."""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/sys/bus/pci/devices")


def devices(root=ROOT):
    """Every PCI device: a list of {address, vendor, device, device_class (int each), driver (str)}, by address.

    Source: Documentation/ABI/testing/sysfs-bus-pci of the kernel. The driver is empty where none is bound.
    """
    found = []
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        try:
            numbers = {name: int((path / name).read_text(), 16) for name in ("vendor", "device", "class")}
        except (OSError, ValueError):
            continue  # a device that goes away while it is read
        driver = path / "driver"
        found.append(
            {
                "address": path.name.lower(),
                "vendor": numbers["vendor"],
                "device": numbers["device"],
                "device_class": numbers["class"],
                "driver": driver.resolve().name if driver.exists() else "",
            }
        )
    return found


def address(text):
    """A PCI address as sysfs writes it ("0000:3b:00.0"), from any of "3b:00.0", "00000000:3B:00.0" and that itself."""
    parts = text.strip().lower().split(":")
    domain = parts[0] if len(parts) == 3 else "0"
    return f"{int(domain, 16):04x}:{parts[-2]}:{parts[-1]}"
