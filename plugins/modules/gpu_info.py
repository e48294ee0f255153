#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The GPUs of a host, their driver, and what is wrong with them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gpu_info
version_added: 0.1.0
short_description: NVIDIA GPUs, their driver, and what is wrong with them
description:
  - Reads the PCI bus, C(dkms), the loaded kernel module and C(nvidia-smi), and says in sentences what is not as it
    should be and what to do. Nothing is changed.
  - That a driver's package is installed says nothing. This module looks at whether DKMS has it installed for the
    kernels that count, whether it is loaded, and whether its parts are of one version.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  count:
    description: How many GPUs the host must have; if not given, as many as are on the PCI bus.
    type: int
  model:
    description: What the name of every GPU must hold, for example V(H100).
    type: str
    default: ''
  ecc:
    description: Whether the memory's error correction must be on; not looked at if not given.
    type: bool
  persistence:
    description: Whether persistence mode must be on.
    type: bool
    default: false
  kernels:
    description:
      - The kernels that DKMS must have installed the driver for.
      - If empty, the running one and the one that was installed last, which the next boot takes.
    type: list
    elements: str
    default: []
  refuse:
    description: Fail where there is a problem that is an error, naming all of them.
    type: bool
    default: false
  executable:
    description: Name or path of C(nvidia-smi).
    type: str
    default: nvidia-smi
extends_documentation_fragment:
  - infn.datacloud.core.info
"""

EXAMPLES = r"""
- name: Four H100 in good order
  infn.datacloud.gpu_info:
    count: 4
    model: H100
    ecc: true
    persistence: true
    refuse: true
"""

RETURN = r"""
gpus:
  description: The GPUs that answer, in the order of C(nvidia-smi); sizes in MiB, clocks in MHz, temperature in Celsius.
  returned: always
  type: list
  elements: dict
  sample:
    - index: 0
      name: NVIDIA H100 80GB HBM3
      uuid: GPU-4fb0a9f2-7d4c-4b0e-9b3f-0d5a1c5b1c5f
      address: "0000:3b:00.0"
      device: /dev/nvidia0
      memory_mb: 81559
      mig: disabled
gres:
  description: The GPUs as Slurm's generic resources.
  returned: always
  type: list
  elements: dict
  sample:
    - {name: gpu, type: h100, count: 1, files: [/dev/nvidia0]}
instances:
  description: The MIG instances.
  returned: always
  type: list
  elements: dict
  sample:
    - {gpu: 0, profile: 1g.10gb, profile_id: 19, id: 7, start: 0, size: 1}
hardware:
  description: What is on the PCI bus.
  returned: always
  type: dict
  contains:
    gpus:
      description: Addresses of the GPUs.
      type: list
      elements: str
    switches:
      description: Addresses of the NVSwitches; with one the host needs the fabric manager.
      type: list
      elements: str
    nouveau:
      description: Whether the free driver nouveau has a GPU.
      type: bool
driver:
  description: Versions of the driver, empty where unknown.
  returned: always
  type: dict
  contains:
    answers:
      description: The version that C(nvidia-smi) tells.
      type: str
    loaded:
      description: The version of the loaded kernel module.
      type: str
    installed:
      description: The version of the kernel module on the disk, for the running kernel.
      type: str
    open:
      description: Whether the loaded kernel module is the open one.
      type: bool
    cuda:
      description: The newest CUDA that the driver can run.
      type: str
dkms:
  description: What C(dkms status) lists.
  returned: always
  type: list
  elements: dict
kernels:
  description: The kernels that were looked at.
  returned: always
  type: list
  elements: str
links:
  description: By index of the GPU, how many NVLinks are up and down.
  returned: always
  type: dict
smi_status:
  description: What C(nvidia-smi) ended with; nothing where it is not installed.
  returned: always
  type: int
smi_said:
  description: What it said where it did not end with 0.
  returned: always
  type: str
problems:
  description: What is wrong, errors first.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: What was looked at.
      type: str
    severity:
      description: V(error) where no job may use the GPUs, else V(warning).
      type: str
    message:
      description: What is wrong.
      type: str
    advice:
      description: What to do.
      type: str
    sentence:
      description: Both together.
      type: str
    reboot:
      description: Whether a reboot clears it.
      type: bool
reboot_needed:
  description: Whether a reboot clears some of the problems.
  returned: always
  type: bool
reboot_reasons:
  description: Which ones, a sentence each.
  returned: always
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import dkms, pci
from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.plugins.module_utils.gpu import driver, smi
from ansible_collections.infn.datacloud.plugins.module_utils.gpu.api import NoDriver, Smi

LOADED = Path("/proc/driver/nvidia/version")
# What the module is called by NVIDIA, and by Debian's two packages.
NAMES = ("nvidia", "nvidia-current-open", "nvidia-current")


def output(module, name, *words):
    """Standard output of a program (str), empty where it is not installed or fails."""
    path = module.get_bin_path(name, opt_dirs=["/usr/sbin", "/sbin"])
    if not path:
        return ""
    status, out, _error = module.run_command([path, *words])
    return "" if status else out


def read_driver(module):
    """What is known of the driver without nvidia-smi."""
    running = driver.loaded(LOADED.read_text(encoding="utf-8") if LOADED.exists() else "")
    installed = next(filter(None, (output(module, "modinfo", "-F", "version", name).strip() for name in NAMES)), "")
    return {"loaded": running["version"], "open": running["open"], "installed": installed, "answers": "", "cuda": ""}


def read(module):
    """All that the module returns, but what it makes of it."""
    params = module.params
    found = {
        "hardware": driver.hardware(pci.devices()),
        "dkms": dkms.parse(output(module, "dkms", "status")),
        "kernels": params["kernels"] or dkms.kernels(),
        "driver": read_driver(module),
        "smi_status": None,
        "smi_said": "",
        "gpus": [],
        "instances": [],
        "links": {},
    }
    commands = Smi(module, params["executable"])
    try:
        found["smi_status"], out = commands.run("-q", "-x")
    except NoDriver:
        return found
    if found["smi_status"]:
        found["smi_said"] = out
        return found
    try:
        answer = smi.query(out)
    except ValueError as error:
        raise ApiError(str(error)) from error
    found["gpus"] = answer["gpus"]
    found["driver"].update(answers=answer["driver_version"], cuda=answer["cuda_version"])
    if any(gpu["mig"] == "enabled" for gpu in answer["gpus"]):
        found["instances"] = smi.instances(commands.text("mig", "-lgi", empty=(smi.NOT_FOUND,)))
    status, out = commands.run("nvlink", "--status")
    # Cards without NVLink make it fail, or print nothing.
    found["links"] = {str(index): link for index, link in smi.links(out).items()} if status == 0 else {}
    return found


def main():
    """Read, judge, and refuse where that is asked."""
    module = AnsibleModule(
        argument_spec={
            "count": {"type": "int"},
            "model": {"type": "str", "default": ""},
            "ecc": {"type": "bool"},
            "persistence": {"type": "bool", "default": False},
            "kernels": {"type": "list", "elements": "str", "default": []},
            "refuse": {"type": "bool", "default": False},
            "executable": {"type": "str", "default": "nvidia-smi"},
        },
        supports_check_mode=True,
    )
    try:
        found = read(module)
    except ApiError as error:
        module.fail_json(msg=str(error))
    problems = driver.problems(found, module.params)
    reasons = driver.reboot_reasons(problems)
    result = {
        **found,
        "gres": smi.gres(found["gpus"]),
        "problems": problems,
        "reboot_needed": bool(reasons),
        "reboot_reasons": reasons,
    }
    errors = [item["sentence"] for item in problems if item["severity"] == "error"]
    if module.params["refuse"] and errors:
        module.fail_json(msg=" ".join(errors), **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
