#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file written to a CephFS and read back through a new mount."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_fs_probe
version_added: 0.1.0
short_description: Prove that a CephFS takes and keeps a file
description:
  - Mounts each file system with ceph-fuse, writes a file of random bytes, unmounts, mounts again, reads the file back,
    compares it, removes it and unmounts.
  - Leaves nothing behind, so it never reports a change; in check mode it does nothing.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  filesystems:
    description: Names of the file systems.
    type: list
    elements: str
    required: true
  client:
    description: The cephx client that mounts.
    type: str
    default: admin
  size:
    description: Bytes written.
    type: int
    default: 1048576
  timeout:
    description: Seconds that each step may take.
    type: int
    default: 60
extends_documentation_fragment:
  - infn.datacloud.core.info
"""

EXAMPLES = r"""
- name: The file system of the backbone keeps what is written
  infn.datacloud.ceph_fs_probe:
    filesystems: [datacloud]
"""

RETURN = r"""
probes:
  description: Seconds each file system took.
  returned: success
  type: dict
  sample: {datacloud: 1.9}
"""

import contextlib
import os
import secrets
import tempfile
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def run(module, name, what, command, until=0.0):
    """Carry out one step, again and again until the given moment (monotonic seconds); its failure is the module's."""
    command = ["timeout", str(module.params["timeout"]), *command]
    code, out, err = module.run_command(command)
    while code != 0 and time.monotonic() < until:
        time.sleep(2)
        code, out, err = module.run_command(command)
    if code != 0:
        tail = (err or out).strip().splitlines()[-1:]
        module.fail_json(msg=f"file system {name}: {what} ended with {code}: {' '.join(tail)}")


@contextlib.contextmanager
def mounted(module, name):
    """A folder of its own on which the file system is mounted for as long as the block lasts."""
    client, timeout = module.params["client"], module.params["timeout"]
    folder = Path(tempfile.mkdtemp(prefix=f"ceph-fs-probe-{name}-"))
    command = ["ceph-fuse", "--name", f"client.{client}", "--client_mount_timeout", str(timeout)]
    command += ["--client_fs", name, str(folder)]
    try:
        # The metadata server of a new file system takes some seconds to become active; until then mounting fails.
        run(module, name, "ceph-fuse", command, until=time.monotonic() + timeout)
        try:
            yield folder
        finally:
            run(module, name, "umount", ["umount", str(folder)])
    finally:
        # Never more than the empty folder: what could not be unmounted stays, with its files.
        with contextlib.suppress(OSError):
            folder.rmdir()


def write(path, content):
    """Write a file through to the cluster; where that fails, leave none behind."""
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def probe(module, name):
    """Seconds that one file system took; fails the module if it does not keep what is written."""
    start = time.monotonic()
    content = secrets.token_bytes(module.params["size"])
    file_name = f".probe-{secrets.token_hex(8)}"
    try:
        with mounted(module, name) as folder:
            write(folder / file_name, content)
        with mounted(module, name) as folder:
            kept = (folder / file_name).read_bytes() == content
            (folder / file_name).unlink()
    except OSError as error:
        module.fail_json(
            msg=f"file system {name}: it did not take or give back a file: {error}; see ceph health detail"
        )
    if not kept:
        module.fail_json(msg=f"file system {name}: what was read back differs from what was written")
    return round(time.monotonic() - start, 2)


def main():
    """Probe each file system in turn."""
    module = AnsibleModule(
        argument_spec={
            "filesystems": {"type": "list", "elements": "str", "required": True},
            "client": {"type": "str", "default": "admin"},
            "size": {"type": "int", "default": 1048576},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=False, probes={}, msg="nothing is probed in check mode")
    module.exit_json(changed=False, probes={name: probe(module, name) for name in module.params["filesystems"]})


if __name__ == "__main__":
    main()
