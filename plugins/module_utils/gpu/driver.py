# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host's GPUs and their driver are in order: pure, from what gpu_info has read.

Sources: dkms(8) (status), /proc/driver/nvidia/version, nvidia-smi(1), and NVIDIA's guides "Fabric Manager" and "GPU
Memory Error Management".
"""

from __future__ import annotations

import re

from ansible_collections.infn.datacloud.plugins.module_utils import dkms
from ansible_collections.infn.datacloud.plugins.module_utils.gpu import smi

NVIDIA = 0x10DE
# PCI classes (upper bytes of the class code): VGA and 3D controllers, and what NVSwitches say that they are.
GPU_CLASSES, SWITCH_CLASS = (0x0300, 0x0302), 0x0680


def loaded(text):
    """The version of the loaded kernel module by /proc/driver/nvidia/version, and whether it is the open one."""
    first = text.partition("\n")[0]
    found = re.search(r"\s(\d+\.\d+(?:\.\d+)?)\s", first)
    return {"version": found.group(1) if found else "", "open": "Open Kernel Module" in first}


def hardware(devices):
    """The NVIDIA devices among pci.devices(): {gpus: [address], switches: [address], nouveau: bool}."""
    ours = [item for item in devices if item["vendor"] == NVIDIA]
    gpus = [item for item in ours if item["device_class"] >> 8 in GPU_CLASSES]
    return {
        "gpus": [item["address"] for item in gpus],
        "switches": [item["address"] for item in ours if item["device_class"] >> 8 == SWITCH_CLASS],
        "nouveau": any(item["driver"] == "nouveau" for item in gpus),
    }


def problems(found, wanted):
    """What is wrong, worst first: a list of {check, severity, message, advice, sentence, reboot}.

    found: what gpu_info returns (hardware, dkms, kernels, driver, smi_status, smi_said, gpus, links).
    wanted: {count (int or None), model (str), ecc, persistence (bool or None)}. Severity is error (the host must not
    take jobs) or warning; reboot says that a reboot clears it.
    """
    built = [*_built(found)]
    answered = found["smi_status"] == 0
    if not answered and not found["hardware"]["gpus"] and not wanted["count"]:
        return built  # none there, none asked for
    rest = [*_counted(found, wanted), *_healthy(found, wanted)] if answered else [_silent(found)]
    return sorted([*built, *rest], key=lambda item: item["severity"] != "error")


def _problem(check, message, advice, severity="error", reboot=False):
    return {
        "check": check,
        "severity": severity,
        "message": message,
        "advice": advice,
        "sentence": f"{message}. What to do: {advice}.",
        "reboot": reboot,
    }


def _built(found):
    """What is wrong with the kernel module that DKMS makes, kernel by kernel."""
    for message, advice, error in dkms.unfinished(found["dkms"], "nvidia", found["kernels"]):
        yield _problem("dkms", message, advice, "error" if error else "warning")


def _silent(found):
    """Why nvidia-smi does not answer."""
    status, said = found["smi_status"], found["smi_said"].strip().splitlines()
    first = said[0] if said else ""
    there = len(found["hardware"]["gpus"])
    if status == smi.MISMATCH:
        return _problem(
            "mismatch",
            f"{smi.MEANINGS[status]}: {found['driver']['loaded'] or 'an older one'} is loaded ({first})",
            "reboot the node, or stop what uses the GPUs and reload the nvidia modules",
            reboot=True,
        )
    if not there and status in (None, smi.NO_DRIVER):
        return _problem(
            "hardware",
            "there is no NVIDIA GPU on the PCI bus",
            "correct the hardware in the site's description, or look after card, riser and power",
        )
    if status is None:
        message = f"{there} GPUs are on the PCI bus, but there is no nvidia-smi"
        return _problem("driver", message, "set gpu_driver, or install the driver's tools")
    if status == smi.NO_DRIVER:
        nouveau = "; nouveau has the GPUs" if found["hardware"]["nouveau"] else ""
        advice = "reboot the node" if nouveau else "modprobe nvidia, and read what dmesg says; or reboot the node"
        message = f"{smi.MEANINGS[status]} ({there} GPUs on the PCI bus{nouveau})"
        return _problem("driver", message, advice, reboot=bool(nouveau))
    meaning = smi.MEANINGS.get(status, f"nvidia-smi ended with {status}")
    return _problem("driver", f"{meaning}: {first}", "read dmesg for lines with NVRM and Xid; reboot the node")


def _counted(found, wanted):
    """Whether all GPUs that should be there are, and are what they should be."""
    seen, bus = len(found["gpus"]), len(found["hardware"]["gpus"])
    count = bus if wanted["count"] is None else wanted["count"]
    if seen < count:
        where = f", {bus} on the PCI bus" if bus else ""
        yield _problem(
            "count",
            f"{seen} of {count} GPUs answer{where}",
            "read dmesg for lines with NVRM and Xid; reseat or replace the card that is missing",
        )
    for gpu in found["gpus"]:
        if wanted["model"] and wanted["model"].lower() not in gpu["name"].lower():
            yield _problem(
                "model",
                f"GPU {gpu['index']} is a {gpu['name']}, not a {wanted['model']}",
                "correct the hardware in the site's description",
            )
    on_disk, running = found["driver"]["installed"], found["driver"]["loaded"]
    if on_disk and running and on_disk != running:
        yield _problem(
            "mismatch",
            f"driver {running} is loaded, {on_disk} is installed",
            "reboot the node",
            "warning",
            reboot=True,
        )


def _healthy(found, wanted):
    """What is wrong with the GPUs that answer."""
    for gpu in found["gpus"]:
        which = f"GPU {gpu['index']} ({gpu['address']})"
        if gpu["remap_failure"]:
            yield _problem("ecc", f"{which}: a row of its memory could not be remapped", "have the card replaced")
        if gpu["remap_pending"]:
            message = f"{which}: rows of its memory wait to be remapped"
            yield _problem("ecc", message, "reboot the node", reboot=True)
        if gpu["ecc_errors"]:
            message = f"{which}: {gpu['ecc_errors']} uncorrectable memory errors since the driver was loaded"
            yield _problem("ecc", message, "reboot the node; have the card replaced if they come again")
        if wanted["ecc"] is not None and gpu["ecc"] is not None and gpu["ecc"] != wanted["ecc"]:
            state, word = ("off", 1) if wanted["ecc"] else ("on", 0)
            pending = gpu["ecc_pending"] == wanted["ecc"]
            advice = "reboot the node" if pending else f"nvidia-smi -i {gpu['index']} -e {word}, then reboot the node"
            yield _problem("ecc", f"{which}: ECC is {state}", advice, reboot=pending)
        if wanted["persistence"] and not gpu["persistence"]:
            yield _problem("persistence", f"{which}: persistence mode is off", "start nvidia-persistenced", "warning")
        if gpu["mig"] != gpu["mig_pending"]:
            message = f"{which}: MIG mode is {gpu['mig']} until the next reset"
            yield _problem("mig", message, "reboot the node", "warning", reboot=True)
        if gpu["slowed_by"]:
            message = f"{which}: its clocks are held down by the hardware ({', '.join(gpu['slowed_by'])})"
            yield _problem("clocks", message, "look after power and cooling", "warning")
        if gpu["link_width"] and gpu["link_width_max"] and gpu["link_width"] < gpu["link_width_max"]:
            message = f"{which}: PCIe with {gpu['link_width']} of {gpu['link_width_max']} lanes"
            yield _problem("pcie", message, "reseat the card or its riser", "warning")
        if found["hardware"]["switches"] and gpu["fabric"] and gpu["fabric"] != "Completed":
            message = f"{which}: the NVLink fabric is {gpu['fabric']}"
            yield _problem("fabric", message, "look at nvidia-fabricmanager, which must be of the driver's version")
        down = found["links"].get(str(gpu["index"]), {}).get("down", 0)
        if down:
            yield _problem(
                "nvlink", f"{which}: {down} NVLinks are down", "look after bridge, baseboard and fabric manager"
            )


def reboot_reasons(problems):
    """The messages of those problems that a reboot clears."""
    return [item["message"] for item in problems if item["reboot"]]
