#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Ceph cluster bootstrapped by cephadm."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_cluster
version_added: 0.1.0
short_description: Bootstrap a Ceph cluster with cephadm
description:
  - Makes sure that the cluster with the given id is bootstrapped on this host.
  - A bootstrap that was cut off (so before any OSD can have been made) is removed and done again.
  - A bootstrapped cluster that does not answer is never touched; the module fails and says so.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  fsid:
    description: The cluster's id, chosen by whoever describes it, so that it is known before it exists.
    type: str
    required: true
  mon_address:
    description: The address of the first monitor.
    type: str
    required: true
  image:
    description: The container image of the daemons.
    type: str
    required: true
  pull:
    description: Whether the image is pulled. Set to V(false) where it is on the host already.
    type: bool
    default: true
  single_host:
    description: Defaults that suit a cluster of one host (replicas on different OSDs, not on different hosts).
    type: bool
    default: false
  cluster_network:
    description: The network for replication, in CIDR notation.
    type: str
  ssh_user:
    description: The user as whom the orchestrator reaches the hosts.
    type: str
    default: root
  ssh_private_key:
    description: The orchestrator's private key in OpenSSH format.
    type: str
    required: true
  ssh_public_key:
    description: The public part, as in an authorized_keys file.
    type: str
    required: true
  registry:
    description: The login to the image's registry, where it wants one.
    type: dict
    suboptions:
      url:
        description: The registry's host name.
        type: str
        required: true
      username:
        description: The user.
        type: str
        required: true
      password:
        description: The password.
        type: str
        required: true
  cephadm_options:
    description: Options given to every cephadm call before its command.
    type: list
    elements: str
    default: []
  bootstrap_options:
    description: Further options of C(cephadm bootstrap).
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds that the bootstrap may take.
    type: int
    default: 900
extends_documentation_fragment:
  - infn.datacloud.core
"""

EXAMPLES = r"""
- name: The cluster of site cnaf
  infn.datacloud.ceph_cluster:
    fsid: 5b7fd2a5-3d2c-5c0a-9d9b-0d5a1c5b1c5f
    mon_address: 10.144.16.1
    image: quay.io/ceph/ceph:v18.2.7
    ssh_private_key: "{{ lookup('infn.datacloud.secret', 'ceph/cnaf/ssh', kind='ssh_key', part='private') }}"
    ssh_public_key: "{{ lookup('infn.datacloud.secret', 'ceph/cnaf/ssh', kind='ssh_key', part='public') }}"
"""

RETURN = r"""
state:
  description: The state the cluster was found in.
  returned: success
  type: str
  choices: [absent, partial, complete]
  sample: complete
"""

import contextlib
import fcntl
import json
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import (
    PATIENCE,
    Ceph,
    CephError,
    await_files,
    rados,
    rows,
)
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.bootstrap import (
    COMPLETE,
    DOWN,
    PARTIAL,
    bootstrap_command,
    state,
)

CEPH = Path("/var/lib/ceph")
CONF = Path("/etc/ceph/ceph.conf")


def mark(fsid):
    """The file that exists from the start of a bootstrap until its end."""
    return CEPH / f"bootstrap-{fsid}.unfinished"


@contextlib.contextmanager
def only_one(module):
    """Hold the host's bootstrap lock: a play that was killed leaves its module running here."""
    CEPH.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + module.params["timeout"]
    with (CEPH / f"bootstrap-{module.params['fsid']}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    module.fail_json(msg=f"cluster {module.params['fsid']}: another bootstrap does not come to an end")
                time.sleep(2)
        yield


def is_orchestrated(fsid):
    """Whether the cluster answers and its orchestrator lists this host."""
    if rados is None or not CONF.exists() or fsid not in CONF.read_text():
        return False
    keyring = CONF.with_name("ceph.client.admin.keyring")
    await_files([keyring], PATIENCE)
    limits = dict.fromkeys(("client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout"), "15")  # seconds
    settings = {"keyring": str(keyring), **limits}
    cluster = rados.Rados(name="client.admin", conffile=str(CONF), conf=settings)
    try:
        cluster.connect()
        hosts = rows(Ceph(cluster, timeout=60).mgr("orch host ls"), "orch host ls")
    except (rados.Error, CephError):
        return False
    finally:
        cluster.shutdown()
    return any(host["hostname"] == socket.gethostname() for host in hosts)


def read_state(module, cephadm):
    """The cluster's state on this host (see module_utils/ceph/bootstrap.py)."""
    fsid = module.params["fsid"]
    unfinished = mark(fsid).exists()
    # The quick answer first: cephadm ls takes seconds, and nearly always there is nothing to do.
    orchestrated = not unfinished and is_orchestrated(fsid)
    daemons = []
    if not (unfinished or orchestrated or cephadm is None):
        _code, out, _err = module.run_command([cephadm, "ls", "--no-detail"], check_rc=True)
        daemons = json.loads(out)
    return state(daemons, fsid, unfinished, orchestrated)


def run(module, command, what, **kwargs):
    """A cephadm call; its failure is told by its last lines, which carry the cause."""
    code, out, err = module.run_command(command, **kwargs)
    if code != 0:
        tail = " | ".join((err or out).strip().splitlines()[-8:])
        module.fail_json(msg=f"cluster {module.params['fsid']}: {what} ended with {code}: {tail}", rc=code)


def bootstrap(module, cephadm):
    """Bootstrap, with everything secret in files that only root reads and that go away afterwards."""
    secrets = {"ssh_private_key": module.params["ssh_private_key"].rstrip("\n") + "\n"}
    secrets["ssh_public_key"] = module.params["ssh_public_key"].rstrip("\n") + "\n"
    if module.params["registry"]:
        secrets["registry"] = json.dumps(module.params["registry"])
    folder = tempfile.mkdtemp(prefix="ceph-bootstrap-")  # mode 0700
    try:
        files = {}
        for name, content in secrets.items():
            files[name] = f"{folder}/{name}"
            descriptor = os.open(files[name], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(content)
        command = ["timeout", str(module.params["timeout"]), *bootstrap_command(cephadm, module.params, files)]
        run(module, command, "cephadm bootstrap")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def converge(module, cephadm):
    """Read the state and bootstrap where it is needed and this is no check."""
    fsid = module.params["fsid"]
    found = read_state(module, cephadm)
    if found == DOWN:
        module.fail_json(
            msg=f"cluster {fsid} has daemons on this host but does not answer: it is an outage, not a new cluster. "
            f"See 'systemctl list-units ceph-{fsid}*' and 'cephadm logs --fsid {fsid} --name mon.$(hostname)'"
        )
    changed = found != COMPLETE
    if changed and not module.check_mode:
        if found == PARTIAL:
            run(module, [cephadm, "rm-cluster", "--force", "--fsid", fsid], "cephadm rm-cluster")
            # rm-cluster can leave this folder behind, and bootstrap then takes it for a cluster.
            shutil.rmtree(CEPH / fsid, ignore_errors=True)
        mark(fsid).touch()
        bootstrap(module, cephadm)
        mark(fsid).unlink()
    module.exit_json(
        changed=changed,
        state=found,
        diff={"before": {"bootstrapped": not changed}, "after": {"bootstrapped": True}},
    )


def main():
    """Converge; alone on this host unless nothing is written anyway."""
    module = AnsibleModule(
        argument_spec={
            "fsid": {"type": "str", "required": True},
            "mon_address": {"type": "str", "required": True},
            "image": {"type": "str", "required": True},
            "pull": {"type": "bool", "default": True},
            "single_host": {"type": "bool", "default": False},
            "cluster_network": {"type": "str"},
            "ssh_user": {"type": "str", "default": "root"},
            "ssh_private_key": {"type": "str", "required": True, "no_log": True},
            "ssh_public_key": {"type": "str", "required": True},
            "registry": {
                "type": "dict",
                "options": {
                    "url": {"type": "str", "required": True},
                    "username": {"type": "str", "required": True},
                    "password": {"type": "str", "required": True, "no_log": True},
                },
            },
            "cephadm_options": {"type": "list", "elements": "str", "default": []},
            "bootstrap_options": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 900},
        },
        supports_check_mode=True,
    )
    cephadm = module.get_bin_path("cephadm", required=not module.check_mode, opt_dirs=["/usr/sbin"])
    if module.check_mode:
        converge(module, cephadm)
    with only_one(module):
        converge(module, cephadm)


if __name__ == "__main__":
    main()
