# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What xbmgmt says about cards, as data. Pure.

Source: the reports of XRT 2.25 (`xbmgmt examine --format JSON`, host and platform), in which every value is a text and
an empty list is an empty text.
"""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils import pci


def devices(report):
    """The cards of the report "host": {address: {shell, ready}}."""
    listed = report.get("system", {}).get("host", {}).get("devices") or []
    return {
        pci.address(item["bdf"]): {"shell": item.get("vbnv", ""), "ready": item.get("is_ready") == "true"}
        for item in listed
    }


def platform(report):
    """The card of the report "platform": what it runs, what it is, and which shells the host has for it."""
    found = next((item["platform"] for item in report.get("devices") or [] if "platform" in item), {})
    shell = found.get("current_shell") or {}
    properties = found.get("device_properties") or {}
    return {
        "shell": shell.get("vbnv", ""),
        "shell_id": shell.get("logic-uuid") or shell.get("id", ""),
        "sc_version": shell.get("sc_version", ""),
        "board": properties.get("board_name", ""),
        "serial": (found.get("hardware") or {}).get("serial_num", ""),
        "factory": "GOLDEN" in shell.get("vbnv", ""),
        "partitions": [item.get("vbnv", "") for item in found.get("current_partitions") or []],
        "installed": [item.get("vbnv", "") for item in found.get("available_shells") or []],
    }
