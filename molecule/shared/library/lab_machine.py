# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make or remove a virtual machine of the lab, and the OpenBao beside it if it needs one (see docs/lab.md)."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_machine import KeyServer, Machine, MachineImage
from ansible.module_utils.lab_podman import LabError


def main():
    """Bring both to the state asked for; return changed and changes (list of what was made or removed)."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
            "name": {"type": "str", "required": True},
            "suite": {"type": "str", "default": "trixie"},
            "memory": {"type": "int", "default": 1536},
            "cpus": {"type": "int", "default": 2},
            "disks": {"type": "list", "elements": "int", "default": []},
            "nvme": {"type": "list", "elements": "int", "default": []},
            "lifetime": {"type": "int", "default": 10800},
            "openbao_program": {"type": "path"},
            "openbao_token": {"type": "str", "no_log": True},
            "mirror": {"type": "str"},
            "sources": {"type": "path"},
            "directory": {"type": "path", "required": True},
        },
        required_if=[("state", "present", ["sources"])],
        required_together=[("openbao_program", "openbao_token")],
    )
    parameters = module.params
    directory = Path(parameters["directory"])
    machine, server = Machine(parameters["name"], directory), KeyServer(directory)
    try:
        if parameters["state"] == "absent":
            machine.remove()
            server.remove()
        else:
            if parameters["openbao_program"]:
                server.start(parameters["openbao_program"], parameters["openbao_token"], parameters["lifetime"])
            image = MachineImage(Path(parameters["sources"]), directory, parameters["suite"], parameters["mirror"])
            disks = [("virtio-blk-pci", "data", size) for size in parameters["disks"]]
            disks += [("nvme", "fast", size) for size in parameters["nvme"]]
            machine.start(image, parameters["memory"], parameters["cpus"], disks, parameters["lifetime"])
    except LabError as error:
        module.fail_json(msg=str(error))
    changes = machine.changes + server.changes
    module.exit_json(changed=bool(changes), changes=changes)


if __name__ == "__main__":
    main()
