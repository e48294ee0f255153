#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write shells to FPGA cards."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fpga_shell
version_added: 0.1.0
short_description: Write shells to Alveo cards
description:
  - Brings the shell of each card to the one that is listed, with C(xbmgmt program).
  - A card that differs is written only where O(flash) names it, from an image whose checksum is as given; else the
    module fails before it touches any card. What was on the card before and after is kept in O(record_directory).
  - A platform image runs once the machine was without power. Until then nothing is written again, and
    RV(power_cycle_needed) says so.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  cards:
    description: The cards.
    type: list
    elements: dict
    required: true
    suboptions:
      bdf:
        description: PCI address of the card's management function.
        type: str
        required: true
      shell:
        description: Name of the shell (VBNV) that the card shall run.
        type: str
        required: true
      part:
        description:
          - What the image is written as. V(platform) is the base image, V(all) the satellite controller's too, and
            V(partition) the shell partition of a platform in two stages, which runs at once.
        type: str
        choices: [all, platform, partition]
        default: platform
      image:
        description: Path of the image (xsabin or mcs) on the host.
        type: path
        required: true
      checksum:
        description: SHA-256 of the image, in hexadecimal, with or without C(sha256:) in front.
        type: str
        required: true
  flash:
    description: PCI addresses of the cards that may be written now.
    type: list
    elements: str
    default: []
  record_directory:
    description: Where the records are kept.
    type: path
    default: /var/lib/datacloud/fpga
  executable:
    description: Name or path of C(xbmgmt).
    type: str
    default: xbmgmt
extends_documentation_fragment:
  - infn.datacloud.core
"""

EXAMPLES = r"""
- name: The shell of one card
  infn.datacloud.fpga_shell:
    cards:
      - bdf: "0000:3b:00.0"
        shell: xilinx_u250_gen3x16_xdma_shell_4_1
        image: /opt/xilinx/firmware/u250/gen3x16-xdma/base/partition.xsabin
        checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    flash: ["0000:3b:00.0"]
"""

RETURN = r"""
operations:
  description: What was done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: V(update).
      type: str
    key:
      description: PCI address of the card.
      type: str
    changes:
      description: Names of the fields that differ.
      type: list
      elements: str
  sample:
    - action: update
      key: "0000:3b:00.0"
      changes: [shell]
power_cycle_needed:
  description: Whether a shell that was written runs only once the machine was without power.
  returned: success, but not in check mode
  type: bool
power_cycle_reasons:
  description: Which ones, a sentence each.
  returned: success, but not in check mode
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.core import run
from ansible_collections.infn.datacloud.plugins.module_utils.fpga.api import Xbmgmt
from ansible_collections.infn.datacloud.plugins.module_utils.fpga.shell import CARD, ShellBackend

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def main():
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            **CARD.argument_spec(),
            "flash": {"type": "list", "elements": "str", "default": []},
            "record_directory": {"type": "path", "default": "/var/lib/datacloud/fpga"},
            "executable": {"type": "str", "default": "xbmgmt"},
        },
        supports_check_mode=True,
    )
    commands = Xbmgmt(module, module.params["executable"])
    boot_id = BOOT_ID.read_text(encoding="utf-8").strip()
    run(module, CARD, ShellBackend(commands, module.params, module, boot_id))


if __name__ == "__main__":
    main()
