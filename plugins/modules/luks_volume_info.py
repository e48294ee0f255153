#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices hold, and which keys open them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: luks_volume_info
version_added: 0.1.0
short_description: What devices hold, and which keys open them
description:
  - Reads block devices and tells everything on them that must not be overwritten, what their LUKS2 headers say and
    which of the given keys open them. Nothing is changed.
  - The headers are read without C(cryptsetup), so that they are known in check mode on a fresh host; keys are only
    tried where it is installed. Keys are handed to it on its standard input.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  devices:
    description: The block devices, each once.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the answer calls the device.
        type: str
        required: true
      device:
        description: Its path.
        type: path
        required: true
      keys:
        description: Keys to try.
        type: list
        elements: str
        default: []
attributes:
  check_mode:
    support: full
    description: Nothing is changed.
  diff_mode:
    support: none
    description: Nothing is changed.
requirements:
  - lsblk and wipefs of util-linux 2.37 or later
"""

EXAMPLES = r"""
- name: What the disks hold
  infn.datacloud.luks_volume_info:
    devices:
      - name: clinical
        device: /dev/disk/by-id/virtio-data-0
        keys: ["{{ lookup('infn.datacloud.secret', 'disks/' ~ inventory_hostname ~ '/clinical') }}"]
  register: disks
"""

RETURN = r"""
devices:
  description: By their names, the devices.
  returned: success
  type: dict
  contains:
    exists:
      description: Whether the path is a block device.
      type: bool
    device:
      description: The path with all links resolved.
      type: str
    contents:
      description: What would be lost, in words; empty for a blank device.
      type: list
      elements: str
    mounted:
      description: Where the device, or what is made of it, is mounted.
      type: list
      elements: str
    opened_as:
      description: The name under which it is open.
      type: str
    opened_type:
      description: The file system or other signature in the open volume.
      type: str
    luks:
      description: Version, and for LUKS2 uuid, label, epoch, keyslots and tokens, of the header; empty without one.
      type: dict
    opens:
      description: For each key whether it opens the device; empty where C(cryptsetup) is not installed.
      type: list
      elements: bool
"""

import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import luks

NOTHING = {
    "exists": False,
    "device": "",
    "contents": [],
    "mounted": [],
    "opened_as": "",
    "opened_type": "",
    "luks": {},
    "opens": [],
}


def run_json(module, argv):
    """Run a command (list of str) and return what its JSON output says; {} when it prints nothing."""
    _status, output, _error = module.run_command(argv, check_rc=True)
    return json.loads(output) if output.strip() else {}


def opens(module, cryptsetup, device, key):
    """Return whether a key (str) opens a device (str). The key goes to cryptsetup(8) on its standard input."""
    argv = [cryptsetup, "open", "--test-passphrase", "--batch-mode", "--key-file", "-", device]
    status, _output, error = module.run_command(argv, data=key, binary_data=True)
    # cryptsetup(8), "RETURN CODES": 2 is a wrong key.
    if status not in (0, 2):
        module.fail_json(msg=f"cryptsetup could not try a key on {device}: {error.strip()}")
    return status == 0


def read(module, path, keys, cryptsetup):
    """Return what is known of one device."""
    if not Path(path).is_block_device():
        return NOTHING
    real = str(Path(path).resolve())
    columns = "NAME,TYPE,FSTYPE,MOUNTPOINTS"
    device = run_json(module, ["lsblk", "--json", "--output", columns, real])["blockdevices"][0]
    signatures = run_json(module, ["wipefs", "--no-act", "--json", real]).get("signatures") or []
    with Path(real).open("rb") as handle:
        head = handle.read(luks.HEAD_SIZE)
    header = luks.read_header(head) or {}
    name = luks.opened_as(device)
    entries = luks.tree(device)
    return {
        "exists": True,
        "device": real,
        "contents": luks.contents(device, signatures, header, not head.strip(b"\0")),
        "mounted": [point for entry in entries for point in entry.get("mountpoints") or [] if point],
        "opened_as": name,
        "opened_type": next((entry["fstype"] or "" for entry in entries if name and entry["name"] == name), ""),
        "luks": header,
        "opens": [opens(module, cryptsetup, real, key) for key in keys] if header and cryptsetup else [],
    }


def main():
    """Read all devices and return them."""
    device = {
        "name": {"type": "str", "required": True},
        "device": {"type": "path", "required": True},
        "keys": {"type": "list", "elements": "str", "default": [], "no_log": True},
    }
    module = AnsibleModule(
        argument_spec={"devices": {"type": "list", "elements": "dict", "required": True, "options": device}},
        supports_check_mode=True,
    )
    cryptsetup = module.get_bin_path("cryptsetup", opt_dirs=["/usr/sbin", "/sbin"])
    answer = {item["name"]: read(module, item["device"], item["keys"], cryptsetup) for item in module.params["devices"]}
    module.exit_json(changed=False, devices=answer)


if __name__ == "__main__":
    main()
