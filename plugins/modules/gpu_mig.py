#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Divide NVIDIA GPUs into instances."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gpu_mig
version_added: 0.1.0
short_description: Divide NVIDIA GPUs into MIG instances
description:
  - Brings the MIG mode and the GPU instances of this host's GPUs to the state that is listed. Each GPU instance gets
    one compute instance that spans it.
  - Instances that are wanted and there stay as they are. Only where the new ones do not fit beside them are all made
    anew.
  - Nothing is taken from a running process; the module waits for O(drain_timeout) and then fails with the processes.
  - A mode that takes effect only after a reset is set and told in RV(reboot_needed); the instances are made by the run
    after that.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  gpus:
    description: The GPUs.
    type: list
    elements: dict
    required: true
    suboptions:
      gpu:
        description: Index, UUID or PCI address of the GPU, or V(all).
        type: str
        required: true
      mode:
        description:
          - Whether the GPU can be divided. With O(gpus[].instances) it is enabled if not given; V(disabled) removes all
            instances.
        type: str
        choices: [enabled, disabled]
      instances:
        description: The profiles of its instances, by name, one entry for each instance; their order is of no matter.
        type: list
        elements: str
  drain_timeout:
    description: Seconds to wait for processes that use what has to go.
    type: int
    default: 0
  drain_command:
    description:
      - A program with its arguments that keeps new jobs away, run before the first GPU is touched that may be in use.
        One that is not installed yet is passed over with a warning.
    type: list
    elements: str
    default: []
  resume_command:
    description: A program with its arguments that lets jobs in again, run once everything was changed.
    type: list
    elements: str
    default: []
  reset:
    description: Reset a GPU whose new mode waits for that, if no process uses it.
    type: bool
    default: false
  executable:
    description: Name or path of C(nvidia-smi).
    type: str
    default: nvidia-smi
requirements:
  - nvidia-smi and a driver that knows MIG
extends_documentation_fragment:
  - infn.datacloud.core
"""

EXAMPLES = r"""
- name: Two small, one middle and one large instance on every GPU
  infn.datacloud.gpu_mig:
    gpus:
      - gpu: all
        instances: [1g.10gb, 1g.10gb, 2g.20gb, 3g.40gb]

- name: The first GPU whole, the second divided, after its jobs have ended
  infn.datacloud.gpu_mig:
    gpus:
      - gpu: "0"
        mode: disabled
      - gpu: "1"
        instances: [3g.40gb, 3g.40gb]
    drain_timeout: 3600
    reset: true
"""

RETURN = r"""
operations:
  description: What was done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: V(update); V(create) in check mode on a host that has no driver yet.
      type: str
    key:
      description: Index of the GPU.
      type: str
    changes:
      description: Names of the fields that differ.
      type: list
      elements: str
  sample:
    - action: update
      key: "0"
      changes: [mode, instances]
reboot_needed:
  description: Whether a mode waits for a reset of its GPU.
  returned: success
  type: bool
reboot_reasons:
  description: Which ones, a sentence each.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.core import run
from ansible_collections.infn.datacloud.plugins.module_utils.gpu.api import Smi
from ansible_collections.infn.datacloud.plugins.module_utils.gpu.mig import GPU, MigBackend


def main():
    """Entry point of the module."""
    words = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            **GPU.argument_spec(),
            "drain_timeout": {"type": "int", "default": 0},
            "drain_command": words,
            "resume_command": words,
            "reset": {"type": "bool", "default": False},
            "executable": {"type": "str", "default": "nvidia-smi"},
        },
        supports_check_mode=True,
    )
    run(module, GPU, MigBackend(Smi(module, module.params["executable"]), module.params, module))


if __name__ == "__main__":
    main()
