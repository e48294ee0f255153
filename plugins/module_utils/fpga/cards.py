# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The FPGA cards of a host, and whether they are in order. Pure, from what fpga_info has read."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils import dkms

# PCI vendors of cards: AMD (Xilinx) and Intel, whose cards are known by their class alone.
XILINX, INTEL = 0x10EE, 0x8086
ACCELERATOR = 0x1200


def hardware(devices):
    """The cards among pci.devices(), functions of one slot together: [{address, vendor, drivers}].

    address is that of the first function, which manages the card.
    """
    slots = {}
    for item in devices:
        ours = item["vendor"] == XILINX or (item["vendor"] == INTEL and item["device_class"] >> 8 == ACCELERATOR)
        if ours:
            slots.setdefault(item["address"].rpartition(".")[0], []).append(item)
    return [
        {
            "address": functions[0]["address"],
            "vendor": "xilinx" if functions[0]["vendor"] == XILINX else "intel",
            "drivers": sorted({item["driver"] for item in functions if item["driver"]}),
        }
        for functions in slots.values()
    ]


def problems(found, wanted):
    """What is wrong, errors first: a list of {check, severity, message, advice, sentence}.

    found: {hardware, dkms, kernels, tools (bool), cards ({address: ...})}; wanted: {count (int or None), model (str)}.
    """
    result = [
        _problem("dkms", message, advice, "error" if error else "warning")
        for message, advice, error in dkms.unfinished(found["dkms"], "xrt", found["kernels"])
    ]
    there = found["hardware"]
    if wanted["count"] is not None and len(there) < wanted["count"]:
        result.append(
            _problem(
                "count",
                f"{len(there)} of {wanted['count']} FPGA cards are on the PCI bus",
                "correct the hardware in the site's description, or look after card, riser and power",
            )
        )
    for item in there:
        if item["vendor"] == "xilinx":
            result += _xilinx(item, found, wanted)
        elif not item["drivers"]:
            message = f"the FPGA card {item['address']} has no driver"
            result.append(_problem("driver", message, "install OPAE's driver, or a kernel that has dfl-pci"))
    return sorted(result, key=lambda item: item["severity"] != "error")


def _problem(check, message, advice, severity="error"):
    return {
        "check": check,
        "severity": severity,
        "message": message,
        "advice": advice,
        "sentence": f"{message}. What to do: {advice}.",
    }


def _xilinx(item, found, wanted):
    """What is wrong with one card that XRT manages."""
    which = f"the FPGA card {item['address']}"
    card = found["cards"].get(item["address"])
    if not found["tools"]:
        yield _problem("tools", f"{which} is there, but xbmgmt is not", "set fpga_xrt, or install XRT's tools")
    elif card is None:
        driver = f"bound to {', '.join(item['drivers'])}" if item["drivers"] else "without a driver"
        yield _problem("driver", f"{which} is {driver} and unknown to XRT", "install XRT's driver and load xclmgmt")
    elif not card["ready"]:
        yield _problem(
            "ready", f"{which} ({card['shell']}) is not ready", "read dmesg for lines with xclmgmt; reset it"
        )
    elif card.get("factory"):
        message = f"{which} runs its factory image {card['shell']}"
        yield _problem("shell", message, "name a shell for it in fpga_shells and the card in fpga_flash", "warning")
    elif wanted["model"] and wanted["model"].lower() not in f"{card['shell']} {card.get('board', '')}".lower():
        message = f"{which} is {card['shell']}, not {wanted['model']}"
        yield _problem("model", message, "correct the hardware in the site's description")
