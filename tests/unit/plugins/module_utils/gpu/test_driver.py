# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a driver or its GPUs is found, told in one sentence, and so is what to do."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.gpu import driver

KERNEL = "6.12.48+deb13-amd64"
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (dvs-builder@U16)\n"
CLOSED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01  Tue Apr  8 12:41:17 UTC 2025\nGCC version: 14\n"
WANTED = {"count": 2, "model": "", "ecc": None, "persistence": False}


def gpu(index, **changes):
    """A GPU in good order."""
    return {
        "index": index, "name": "NVIDIA H100 80GB HBM3", "address": f"0000:{index:02x}:00.0", "ecc": True,
        "ecc_pending": True, "ecc_errors": 0, "remap_pending": False, "remap_failure": False, "persistence": True,
        "mig": "disabled", "mig_pending": "disabled", "slowed_by": [], "link_width": 16, "link_width_max": 16,
        "fabric": "", **changes,
    }  # fmt: skip


def host(**changes):
    """A host with two GPUs in good order."""
    return {
        "hardware": {"gpus": ["0000:00:00.0", "0000:01:00.0"], "switches": [], "nouveau": False},
        "dkms": [
            {"module": "nvidia-current", "version": "550.163.01", "kernel": KERNEL, "state": "installed", "warning": ""}
        ],
        "kernels": [KERNEL],
        "driver": {"loaded": "550.163.01", "installed": "550.163.01"},
        "smi_status": 0,
        "smi_said": "",
        "gpus": [gpu(0), gpu(1)],
        "links": {"0": {"up": 18, "down": 0}},
        **changes,
    }


def only(problems):
    """The one problem there is."""
    (problem,) = problems
    return problem


@pytest.mark.parametrize(("text", "version", "is_open"), [(OPEN, "550.54.15", True), (CLOSED, "550.163.01", False)])
def test_loaded(text, version, is_open):
    assert driver.loaded(text) == {"version": version, "open": is_open}
    assert driver.loaded("") == {"version": "", "open": False}


def test_hardware():
    card = {"vendor": 0x10DE, "address": "a", "device": 0x2330, "device_class": 0x030200, "driver": "nouveau"}
    switch = {**card, "address": "b", "device_class": 0x068000, "driver": ""}
    sound = {**card, "address": "c", "device_class": 0x040300, "driver": "snd_hda_intel"}
    network = {**card, "address": "d", "vendor": 0x15B3, "device_class": 0x020700}
    found = driver.hardware([card, switch, sound, network])
    assert found == {"gpus": ["a"], "switches": ["b"], "nouveau": True}


def test_nothing_wrong():
    assert driver.problems(host(), {**WANTED, "ecc": True, "persistence": True, "model": "h100"}) == []


@pytest.mark.parametrize("state", ["added", "built"])
def test_half_configured_dkms(state):
    entry = {"module": "nvidia-current", "version": "550.163.01", "kernel": KERNEL, "state": state, "warning": ""}
    if state == "added":
        entry["kernel"] = ""
    problem = only(driver.problems(host(dkms=[entry]), WANTED))
    assert problem["check"] == "dkms" and problem["severity"] == "error" and KERNEL in problem["message"]
    assert "not installed" in problem["message"] and "make.log" in problem["advice"]
    assert ("is built for" in problem["message"]) == (state == "built")


def test_a_new_kernel_without_its_module_is_found_before_it_boots():
    new = "6.12.57+deb13-amd64"
    problem = only(driver.problems(host(kernels=[KERNEL, new]), WANTED))
    assert f"not built for kernel {new}" in problem["message"]
    assert f"dkms install nvidia-current/550.163.01 -k {new}" in problem["advice"]


def test_module_that_dkms_doubts():
    entry = {**host()["dkms"][0], "warning": "WARNING! Diff between built and installed module!"}
    assert only(driver.problems(host(dkms=[entry]), WANTED))["severity"] == "warning"


def test_a_driver_without_dkms_is_no_fault():
    assert driver.problems(host(dkms=[]), WANTED) == []


@pytest.mark.parametrize(
    ("changes", "check", "words"),
    [
        ({"smi_status": 9, "smi_said": "NVIDIA-SMI has failed"}, "driver", "not loaded (2 GPUs on the PCI bus)"),
        ({"smi_status": None}, "driver", "2 GPUs are on the PCI bus, but there is no nvidia-smi"),
        (
            {"smi_status": 18, "smi_said": "Failed to initialize NVML: Driver/library version mismatch"},
            "mismatch",
            "of different driver versions: 550.163.01 is loaded",
        ),
        ({"smi_status": 15, "smi_said": "Unable to determine the device handle"}, "driver", "fallen off the bus"),
        ({"smi_status": 14, "smi_said": "infoROM is corrupted"}, "driver", "ended with 14: infoROM is corrupted"),
    ],
)
def test_nvidia_smi_does_not_answer(changes, check, words):
    problem = only(driver.problems(host(gpus=[], **changes), WANTED))
    assert problem["check"] == check and words in problem["message"] and problem["severity"] == "error"
    assert problem["sentence"] == f"{problem['message']}. What to do: {problem['advice']}."
    assert problem["reboot"] == (check == "mismatch")


def test_nouveau_keeps_the_driver_out():
    hardware = {"gpus": ["0000:00:00.0"], "switches": [], "nouveau": True}
    problem = only(driver.problems(host(gpus=[], smi_status=9, hardware=hardware), WANTED))
    assert "nouveau has the GPUs" in problem["message"] and problem["reboot"]


@pytest.mark.parametrize("status", [None, 9])
def test_no_gpu_at_all(status):
    empty = host(gpus=[], dkms=[], smi_status=status, hardware={"gpus": [], "switches": [], "nouveau": False})
    assert only(driver.problems(empty, WANTED))["check"] == "hardware"
    assert driver.problems(empty, {**WANTED, "count": None}) == driver.problems(empty, {**WANTED, "count": 0}) == []


def test_a_gpu_is_missing():
    problem = only(driver.problems(host(gpus=[gpu(0)]), {**WANTED, "count": None}))
    assert problem["message"] == "1 of 2 GPUs answer, 2 on the PCI bus"
    assert only(driver.problems(host(), {**WANTED, "count": 4}))["message"].startswith("2 of 4 GPUs")


@pytest.mark.parametrize(
    ("changes", "check", "severity", "reboot"),
    [
        ({"remap_failure": True}, "ecc", "error", False),
        ({"remap_pending": True}, "ecc", "error", True),
        ({"ecc_errors": 3}, "ecc", "error", False),
        ({"ecc": False, "ecc_pending": False}, "ecc", "error", False),
        ({"ecc": False, "ecc_pending": True}, "ecc", "error", True),
        ({"persistence": False}, "persistence", "warning", False),
        ({"mig_pending": "enabled"}, "mig", "warning", True),
        ({"slowed_by": ["hw_slowdown"]}, "clocks", "warning", False),
        ({"link_width": 8}, "pcie", "warning", False),
        ({"name": "NVIDIA A30"}, "model", "error", False),
    ],
)
def test_a_gpu_that_answers_and_is_not_well(changes, check, severity, reboot):
    wanted = {**WANTED, "ecc": True, "persistence": True, "model": "H100"}
    problem = only(driver.problems(host(gpus=[gpu(0), gpu(1, **changes)]), wanted))
    assert (problem["check"], problem["severity"], problem["reboot"]) == (check, severity, reboot)
    assert "GPU 1" in problem["message"]
    assert driver.reboot_reasons([problem]) == ([problem["message"]] if reboot else [])


def test_fabric_and_links():
    hardware = {"gpus": ["0000:00:00.0", "0000:01:00.0"], "switches": ["0000:05:00.0"], "nouveau": False}
    sick = host(hardware=hardware, gpus=[gpu(0, fabric="In Progress"), gpu(1)], links={"1": {"up": 16, "down": 2}})
    assert [item["check"] for item in driver.problems(sick, WANTED)] == ["fabric", "nvlink"]


def test_another_version_is_installed_than_is_loaded():
    problem = only(driver.problems(host(driver={"loaded": "550.54.15", "installed": "550.163.01"}), WANTED))
    assert problem["check"] == "mismatch" and problem["reboot"] and problem["severity"] == "warning"
