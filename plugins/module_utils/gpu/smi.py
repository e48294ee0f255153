# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nvidia-smi prints, as data.

Sources: nvidia-smi(1) (-q -x, mig, nvlink, "RETURN VALUE") and the NVIDIA Multi-Instance GPU User Guide (the tables of
`nvidia-smi mig`). Everything here is pure; api.py runs the command.
"""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

from ansible_collections.infn.datacloud.plugins.module_utils import pci

# nvidia-smi(1), "RETURN VALUE", and nvmlReturn_t of nvml.h, whose numbers nvidia-smi ends with.
NO_DRIVER, NO_LIBRARY, LOST, MISMATCH, NOT_FOUND = 9, 12, 15, 18, 6
MEANINGS = {
    NO_DRIVER: "the NVIDIA driver is not loaded",
    NO_LIBRARY: "the NVML library of the driver is missing",
    LOST: "a GPU has fallen off the bus",
    MISMATCH: "the loaded kernel module and the installed libraries are of different driver versions",
}
NONE = ("", "N/A", "[N/A]", "None", "No")

# | 0  MIG 1g.10gb+me  20  13  6:1 |
INSTANCE = re.compile(r"^\|\s*(\d+)\s+MIG (\S+)\s+(\d+)\s+(\d+)\s+(\d+):(\d+)\s*\|$", re.MULTILINE)
# | 0  13  MIG 1g.10gb  0  0  0:1 |, where older drivers print no placement.
COMPUTE = re.compile(r"^\|\s*(\d+)\s+(\d+)\s+MIG (\S+)\s+(\d+)\s+(\d+)(?:\s+(\d+):(\d+))?\s*\|$", re.MULTILINE)
# | 0  MIG 1g.10gb  19  7/7  9.75  No  16  1  0 |
PROFILE = re.compile(r"^\|\s*(\d+)\s+MIG (\S+)\s+(\d+)\s+(\d+)/(\d+)\s", re.MULTILINE)
# GPU  0 Profile ID 19 Placements: {0,1,2,3,4,5,6}:1
PLACEMENT = re.compile(r"^GPU\s+(\d+) Profile ID\s+(\d+) Placements?\s*:\s*\{([\d,]*)\}:(\d+)", re.MULTILINE)
LINK = re.compile(r"^\s+Link (\d+):\s+(\S.*?)\s*$")


def query(text):
    """What `nvidia-smi -q -x` says: {driver_version, cuda_version, gpus: [...]} with the GPUs in nvidia-smi's order.

    Raises ValueError where the text is no such document.
    """
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  (written by the driver's own program on this host)
    except ElementTree.ParseError as error:
        raise ValueError(f"nvidia-smi -q -x printed no XML: {error}") from error
    return {
        "driver_version": _text(root, "driver_version"),
        "cuda_version": _text(root, "cuda_version"),
        "gpus": [_gpu(index, node) for index, node in enumerate(root.findall("gpu"))],
    }


def _gpu(index, node):
    width = "pci/pci_gpu_link_info/link_widths"
    minor = _number(node, "minor_number")
    reasons = node.findall("clocks_event_reasons/*") + node.findall("clocks_throttle_reasons/*")
    return {
        "index": index,
        "name": _text(node, "product_name"),
        "uuid": _text(node, "uuid"),
        "serial": _text(node, "serial"),
        "address": pci.address(_text(node, "pci/pci_bus_id") or node.get("id", "0:0:0.0")),
        "device": "" if minor is None else f"/dev/nvidia{minor}",
        "memory_mb": _number(node, "fb_memory_usage/total"),
        "persistence": _text(node, "persistence_mode") == "Enabled",
        "ecc": {"Enabled": True, "Disabled": False}.get(_text(node, "ecc_mode/current_ecc")),
        "ecc_pending": {"Enabled": True, "Disabled": False}.get(_text(node, "ecc_mode/pending_ecc")),
        "ecc_errors": _errors(node, "ecc_errors/volatile"),
        "ecc_errors_ever": _errors(node, "ecc_errors/aggregate"),
        "remap_pending": _text(node, "remapped_rows/remapped_row_pending") == "Yes",
        "remap_failure": _text(node, "remapped_rows/remapped_row_failure") == "Yes",
        "mig": _text(node, "mig_mode/current_mig").lower(),
        "mig_pending": _text(node, "mig_mode/pending_mig").lower(),
        "link_width": _number(node, f"{width}/current_link_width"),
        "link_width_max": _number(node, f"{width}/max_link_width"),
        "fabric": _text(node, "fabric/state"),
        "clock_mhz": _number(node, "clocks/sm_clock"),
        "clock_max_mhz": _number(node, "max_clocks/sm_clock"),
        "slowed_by": sorted(
            reason.tag.split("_reason_")[1]
            for reason in reasons
            if "_reason_hw_" in reason.tag and (reason.text or "").strip() == "Active"
        ),
        "temperature": _number(node, "temperature/gpu_temp"),
        "processes": [
            {
                "pid": _number(process, "pid"),
                "name": _text(process, "process_name"),
                "instance": _number(process, "gpu_instance_id"),
            }
            for process in node.findall("processes/process_info")
        ],
    }


def _text(node, path):
    """The element's text, empty where it is absent or says that there is no value."""
    value = (node.findtext(path) or "").strip()
    return "" if value in NONE else value


def _number(node, path):
    """The number that the element begins with ("81559 MiB", "16x"), None where there is none."""
    found = re.match(r"\d+", node.findtext(path, "").strip())
    return int(found.group()) if found else None


def _errors(node, path):
    """How many uncorrectable memory errors were counted, None where the GPU does not count."""
    counters = node.find(path)
    numbers = [
        int(counter.text)
        for counter in (counters if counters is not None else ())
        if "uncorrectable" in counter.tag and (counter.text or "").strip().isdigit()
    ]
    return sum(numbers) if numbers else None


def instances(text):
    """What `nvidia-smi mig -lgi` lists: [{gpu, profile, profile_id, id, start, size}]."""
    names = ("gpu", "profile", "profile_id", "id", "start", "size")
    return [_row(names, found.groups()) for found in INSTANCE.finditer(text)]


def compute_instances(text):
    """What `nvidia-smi mig -lci` lists: [{gpu, instance, profile, profile_id, id}]."""
    names = ("gpu", "instance", "profile", "profile_id", "id")
    return [_row(names, found.groups()[:5]) for found in COMPUTE.finditer(text)]


def profiles(text):
    """What `nvidia-smi mig -lgip` lists: {gpu: {profile: {id, free, total}}}."""
    found = {}
    for gpu, name, number, free, total in (match.groups() for match in PROFILE.finditer(text)):
        found.setdefault(int(gpu), {})[name] = {"id": int(number), "free": int(free), "total": int(total)}
    return found


def placements(text):
    """What `nvidia-smi mig -lgipp` lists: {gpu: {profile id: {starts: [...], size}}}."""
    found = {}
    for gpu, number, starts, size in (match.groups() for match in PLACEMENT.finditer(text)):
        entry = {"starts": [int(start) for start in starts.split(",") if start], "size": int(size)}
        found.setdefault(int(gpu), {})[int(number)] = entry
    return found


def links(text):
    """What `nvidia-smi nvlink --status` says: {GPU index: {up, down}}, counts of NVLinks."""
    found, current = {}, None
    for line in text.splitlines():
        head = re.match(r"GPU (\d+):", line)
        if head:
            current = found.setdefault(int(head.group(1)), {"up": 0, "down": 0})
        link = LINK.match(line)
        if link and current is not None:
            current["up" if link.group(2).endswith("GB/s") else "down"] += 1
    return found


def _row(names, values):
    return {name: value if name == "profile" else int(value) for name, value in zip(names, values, strict=True)}


def kind(name):
    """The model of a GPU in one short word, as Slurm's GRES types are written: "NVIDIA H100 80GB HBM3" is "h100".

    The first word with a digit that is no amount of memory; the whole name in hyphens where there is none.
    """
    words = [word for word in re.split(r"[^A-Za-z0-9]+", name) if word]
    for word in words:
        if re.search(r"\d", word) and not re.fullmatch(r"\d+GB?", word, re.IGNORECASE):
            return word.lower()
    return "-".join(words).lower()


def gres(gpus):
    """The GPUs as Slurm's generic resources: [{name, type, count, files}], GPUs of one type together."""
    found = {}
    for gpu in gpus:
        found.setdefault(kind(gpu["name"]), []).append(gpu["device"])
    return [
        {"name": "gpu", "type": name, "count": len(files), "files": [path for path in files if path]}
        for name, files in found.items()
    ]


def multiset(names):
    """A list of profile names in words: "2x 1g.10gb, 3g.40gb"."""
    counted = Counter(names)
    return ", ".join(f"{count}x {name}" if count > 1 else name for name, count in sorted(counted.items())) or "none"
