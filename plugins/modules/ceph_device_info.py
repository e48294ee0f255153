#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the devices that are to become OSDs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_device_info
version_added: 0.1.0
short_description: Tell blank devices from devices with data
description:
  - Reads the first bytes of each named device and what the kernel and LVM know of it, and says whether it is blank,
    an OSD of this cluster, an OSD of another cluster, or in use for something else.
  - Writes nothing. With O(refuse_data=true) it is the guard in front of the creation of OSDs.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  devices:
    description: Paths of the devices. Links are followed.
    type: list
    elements: path
    required: true
  fsid:
    description: The id of the cluster whose OSDs are welcome.
    type: str
    required: true
  refuse_data:
    description: Fail, naming every device that is neither blank nor an OSD of this cluster.
    type: bool
    default: false
extends_documentation_fragment:
  - infn.datacloud.core.info
"""

EXAMPLES = r"""
- name: The disks are blank or already ours
  infn.datacloud.ceph_device_info:
    devices: [/dev/sdb, /dev/sdc]
    fsid: 5b7fd2a5-3d2c-5c0a-9d9b-0d5a1c5b1c5f
    refuse_data: true
"""

RETURN = r"""
devices:
  description: What is on each device.
  returned: success
  type: dict
  sample:
    /dev/sdb: {state: blank, reason: is blank, size: 20000000000}
    /dev/sdc: {state: ours, reason: is an OSD of this cluster, size: 20000000000}
"""

import json
import os
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.devices import judge, refusal


def read_device(module, path, fsid):
    """The state of one device as the module returns it."""
    real = Path(path).resolve()
    if not real.is_block_device():
        state, reason = judge(None, {}, [], fsid)
        return {"state": state, "reason": reason, "size": 0}
    with real.open("rb") as device:
        head = device.read(4096)
        size = device.seek(0, os.SEEK_END)
    columns = "name,fstype,pttype,mountpoints,type"
    _code, out, _err = module.run_command(["lsblk", "--json", "--output", columns, str(real)], check_rc=True)
    lsblk = json.loads(out)["blockdevices"][0]
    # lsblk asks udev for signatures, which a host without udevd (or with a stale database) does not have: blkid
    # reads the device itself; it ends with 2 where it finds nothing.
    code, out, _err = module.run_command(["blkid", "--probe", "--output", "export", str(real)])
    if code == 0:
        probe = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        lsblk["fstype"] = lsblk.get("fstype") or probe.get("TYPE")
        lsblk["pttype"] = lsblk.get("pttype") or probe.get("PTTYPE")
    elif code != 2:
        module.fail_json(msg=f"{path}: blkid cannot tell what is on it (it ended with {code}); it is not safe to use")
    state, reason = judge(head, lsblk, _lv_tags(module, real), fsid)
    return {"state": state, "reason": reason, "size": size}


def _lv_tags(module, real):
    """The tags of the logical volumes that lie on the device; none where LVM is not installed."""
    if not module.get_bin_path("lvs"):
        return []
    command = ["lvs", "--noheadings", "--options", "lv_tags", "--select", f"devices=~^{real}[(]"]
    code, out, _err = module.run_command(command)
    return [line.strip() for line in out.splitlines() if line.strip()] if code == 0 else []


def main():
    """Read, judge, and refuse where that is asked."""
    module = AnsibleModule(
        argument_spec={
            "devices": {"type": "list", "elements": "path", "required": True},
            "fsid": {"type": "str", "required": True},
            "refuse_data": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    states = {path: read_device(module, path, module.params["fsid"]) for path in module.params["devices"]}
    sentence = refusal(states) if module.params["refuse_data"] else None
    if sentence:
        module.fail_json(msg=sentence, devices=states)
    module.exit_json(changed=False, devices=states)


if __name__ == "__main__":
    main()
