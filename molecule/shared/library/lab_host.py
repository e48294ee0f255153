# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that this machine can run the lab, and write the lab's own Podman settings (see docs/lab.md)."""

from __future__ import annotations

import os
from pathlib import Path

from ansible.module_utils import lab_host
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_nodes import Lab
from ansible.module_utils.lab_podman import LabError, Podman, write_file


def main():
    """Fail with one sentence for each thing that is missing; otherwise return changed."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "network": {"type": "str", "required": True},
            "directory": {"type": "path", "required": True},
            "memory": {"type": "list", "elements": "str", "required": True},
            "disk": {"type": "int", "default": 20},
        }
    )
    parameters = module.params
    directory = Path(parameters["directory"])
    directory.mkdir(parents=True, exist_ok=True)
    limits = lab_host.ulimits(lab_host.may_raise_limits(), lab_host.hard_limits())
    try:
        changed = write_file(directory / "containers.conf", lab_host.containers_conf(lab_host.hybrid_cgroups(), limits))
        lab = Lab(Podman(directory), parameters["name"], parameters["network"], directory, directory)
        bridges = lab.bridges() if os.geteuid() == 0 and lab_host.installed("podman") else []
        problems = lab_host.missing(
            parameters["network"],
            sum(map(lab_host.megabytes, parameters["memory"])),
            parameters["disk"],
            directory,
            bridges,
            bool(bridges),
        )
    except LabError as error:
        module.fail_json(msg=str(error))
    if problems:
        module.fail_json(msg=" ".join(problems))
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
