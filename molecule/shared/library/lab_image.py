# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the images of the lab that are missing or whose sources changed (see docs/lab.md)."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_images import Images
from ansible.module_utils.lab_podman import LabError, Podman


def main():
    """Make one kind of image; return changed."""
    module = AnsibleModule(
        argument_spec={
            "kind": {"type": "str", "required": True, "choices": ["node", "cache", "ceph", "iam"]},
            "suites": {"type": "list", "elements": "str", "default": ["trixie"]},
            "version": {"type": "str"},
            "package": {"type": "path"},
            "apt_proxy": {"type": "str", "default": ""},
            "mirror": {"type": "str"},
            "sources": {"type": "path", "required": True},
            "directory": {"type": "path", "required": True},
            "cache_directory": {"type": "path", "required": True},
        },
        required_if=[("kind", "ceph", ["version"]), ("kind", "iam", ["version", "package"])],
    )
    parameters = module.params
    directory, cache_directory = Path(parameters["directory"]), Path(parameters["cache_directory"])
    images = Images(
        Podman(directory),
        Podman(directory, root=cache_directory / "imagestore"),
        Path(parameters["sources"]),
        cache_directory,
        parameters["mirror"] or None,
    )
    try:
        if parameters["kind"] == "node":
            changed = sum(images.node(suite)[1] for suite in parameters["suites"]) > 0
        else:
            content, changed = images.node(parameters["suites"][0])
            suite, version, apt_proxy = parameters["suites"][0], parameters["version"], parameters["apt_proxy"]
            if parameters["kind"] == "cache":
                changed |= images.package_cache(content, suite)
            elif parameters["kind"] == "ceph":
                changed |= images.ceph(version, content, apt_proxy, suite)
            else:
                changed |= images.iam(version, Path(parameters["package"]), content, apt_proxy, suite)
    except LabError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
