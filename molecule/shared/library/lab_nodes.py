# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make or remove the lab's network, package cache and nodes in one call (see docs/lab.md)."""

from __future__ import annotations

import os
from pathlib import Path

from ansible.module_utils import lab_host, lab_images
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_nodes import Lab
from ansible.module_utils.lab_podman import LabError, Podman


def main():
    """Bring the lab's part to the state asked for; return changed and changes (list of what was made or removed)."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "default": "present", "choices": ["network", "present", "absent", "purged"]},
            "name": {"type": "str", "required": True},
            "network": {"type": "str", "required": True},
            "nodes": {"type": "list", "elements": "dict", "default": []},
            "directory": {"type": "path", "required": True},
            "cache_directory": {"type": "path", "required": True},
        }
    )
    parameters = module.params
    directory = Path(parameters["directory"])
    lab = Lab(
        Podman(directory), parameters["name"], parameters["network"], directory, Path(parameters["cache_directory"])
    )
    try:
        if parameters["state"] in ("absent", "purged"):
            lab.remove()
            if parameters["state"] == "purged":
                lab.purge()
        else:
            lab.make_network()
            lab.make_cache(os.environ.get("http_proxy", ""))
            if parameters["state"] == "present":
                limits = lab_host.ulimits(lab_host.may_raise_limits(), lab_host.hard_limits())
                lab.make_nodes(
                    parameters["nodes"],
                    {
                        "/etc/containers/containers.conf": lab_host.node_containers_conf(limits),
                        "/etc/containers/storage.conf": lab_host.NODE_STORAGE_CONF,
                        "/etc/apt/apt.conf.d/92lab-mirror": lab_images.host_apt_options(),
                    },
                )
    except LabError as error:
        module.fail_json(msg=str(error), changes=lab.changes)
    for warning in lab.warnings:
        module.warn(warning)
    module.exit_json(changed=bool(lab.changes), changes=lab.changes)


if __name__ == "__main__":
    main()
