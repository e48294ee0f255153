#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The FPGA cards of a host, and what is wrong with them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fpga_info
version_added: 0.1.0
short_description: FPGA cards, their shells, and what is wrong with them
description:
  - Reads the PCI bus, C(dkms) and, for AMD's Alveo cards, C(xbmgmt), and says in sentences what is not as it should be
    and what to do. Nothing is changed.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  count:
    description: How many cards the host must have; not looked at if not given.
    type: int
  model:
    description: What the shell or the board's name of every Alveo card must hold, for example V(u250).
    type: str
    default: ''
  kernels:
    description:
      - The kernels that DKMS must have installed XRT's driver for.
      - If empty, the running one and the one that was installed last, which the next boot takes.
    type: list
    elements: str
    default: []
  refuse:
    description: Fail where there is a problem that is an error, naming all of them.
    type: bool
    default: false
  executable:
    description: Name or path of C(xbmgmt).
    type: str
    default: xbmgmt
extends_documentation_fragment:
  - infn.datacloud.core.info
"""

EXAMPLES = r"""
- name: Two Alveo U250 in good order
  infn.datacloud.fpga_info:
    count: 2
    model: u250
    refuse: true
"""

RETURN = r"""
hardware:
  description: The cards on the PCI bus.
  returned: always
  type: list
  elements: dict
  sample:
    - {address: "0000:3b:00.0", vendor: xilinx, drivers: [xclmgmt, xocl]}
cards:
  description: By address, what XRT knows of its cards.
  returned: always
  type: dict
  sample:
    "0000:3b:00.0":
      shell: xilinx_u250_gen3x16_xdma_shell_4_1
      ready: true
      sc_version: 4.6.20
      board: ALVEO U250 PQ
tools:
  description: Whether C(xbmgmt) is installed.
  returned: always
  type: bool
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
      description: V(error) where no job may use the cards, else V(warning).
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
"""


from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import dkms, pci
from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.plugins.module_utils.fpga import cards
from ansible_collections.infn.datacloud.plugins.module_utils.fpga.api import Xbmgmt


def read(module):
    """All that the module returns, but what it makes of it."""
    commands = Xbmgmt(module, module.params["executable"])
    dkms_path = module.get_bin_path("dkms", opt_dirs=["/usr/sbin", "/sbin"])
    return {
        "hardware": cards.hardware(pci.devices()),
        "dkms": dkms.parse(module.run_command([dkms_path, "status"])[1]) if dkms_path else [],
        "kernels": module.params["kernels"] or dkms.kernels(),
        "tools": bool(commands.path),
        "cards": commands.cards() if commands.path else {},
    }


def main():
    """Read, judge, and refuse where that is asked."""
    module = AnsibleModule(
        argument_spec={
            "count": {"type": "int"},
            "model": {"type": "str", "default": ""},
            "kernels": {"type": "list", "elements": "str", "default": []},
            "refuse": {"type": "bool", "default": False},
            "executable": {"type": "str", "default": "xbmgmt"},
        },
        supports_check_mode=True,
    )
    try:
        found = read(module)
    except ApiError as error:
        module.fail_json(msg=str(error))
    found["problems"] = cards.problems(found, module.params)
    errors = [item["sentence"] for item in found["problems"] if item["severity"] == "error"]
    if module.params["refuse"] and errors:
        module.fail_json(msg=" ".join(errors), **found)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
