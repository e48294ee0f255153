# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gpu_info: what it reads, and that it refuses what is not well. The texts are tested with module_utils/gpu."""

from __future__ import annotations

import os

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import pci

CARD = {"vendor": 0x10DE, "device": 0x2330, "device_class": 0x030200, "driver": "nvidia"}


@pytest.fixture
def host(gpus, monkeypatch, tmp_path):
    """The host of the stand-in, with two cards on its bus and what dkms and modinfo say of it."""
    said = {"dkms": "", "modinfo": "550.163.01\n"}
    monkeypatch.setattr(pci, "devices", lambda: [{**CARD, "address": f"0000:{bus}:00.0"} for bus in ("3b", "d8")])
    for name in said:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/{name}\n")
        program.chmod(0o755)
        (tmp_path / name).write_text(said[name])
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    gpus.folder = tmp_path
    return gpus


def test_well(host):
    found = host.run("gpu_info", {"count": 2, "model": "H100", "ecc": True, "persistence": True, "refuse": True})
    assert not found.get("failed"), found["msg"]
    assert not found["changed"] and found["problems"] == [] and not found["reboot_needed"]
    assert found["gres"] == [{"name": "gpu", "type": "h100", "count": 2, "files": ["/dev/nvidia0", "/dev/nvidia1"]}]
    assert found["driver"]["answers"] == found["driver"]["installed"] == "550.163.01"
    assert found["links"]["0"] == {"up": 18, "down": 0} and len(found["hardware"]["gpus"]) == 2


def test_instances(host):
    host.run("gpu_mig", {"gpus": [{"gpu": "1", "instances": ["3g.40gb", "3g.40gb"]}]})
    found = host.run("gpu_info", {})
    assert [(item["gpu"], item["profile"], item["start"]) for item in found["instances"]] == [
        (1, "3g.40gb", 0), (1, "3g.40gb", 4),
    ]  # fmt: skip


def test_refuses_with_every_reason_and_what_was_found(host):
    (host.folder / "dkms").write_text("nvidia-current/550.163.01: added\n")
    host.broken(9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")
    found = host.run("gpu_info", {"count": 2, "refuse": True, "kernels": ["6.12.48+deb13-amd64"]})
    assert found["failed"] and found["smi_status"] == 9 and found["gpus"] == []
    assert "nvidia-current/550.163.01 is not built for kernel 6.12.48+deb13-amd64" in found["msg"]
    assert "the NVIDIA driver is not loaded (2 GPUs on the PCI bus)" in found["msg"]
    assert [item["check"] for item in found["problems"]] == ["dkms", "driver"]
    assert not host.run("gpu_info", {"count": 2}).get("failed")


def test_another_kernel_module_than_libraries(host):
    host.broken(18, "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.163")
    found = host.run("gpu_info", {})
    assert found["reboot_needed"] and found["problems"][0]["check"] == "mismatch"


def test_no_nvidia_smi(host):
    found = host.run("gpu_info", {"executable": "no-such-program"})
    assert found["smi_status"] is None and found["problems"][0]["check"] == "driver"


def test_it_never_waits_for_ever(host, monkeypatch):
    real = AnsibleModule.run_command

    def run_command(self, argv, **options):
        return (124, "", "") if argv[:2] == ["timeout", "120"] else real(self, argv, **options)

    monkeypatch.setattr(AnsibleModule, "run_command", run_command)
    assert "no answer within 120 s" in host.run("gpu_info", {})["msg"]
