# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that speaks to a Ceph cluster: librados, JSON commands, bounded in time."""

from __future__ import annotations

import errno
import json
import time
import traceback
from pathlib import Path

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError, Backend, retry, run

try:
    import rados

    RADOS_ERROR = None
except ImportError:
    rados = None
    RADOS_ERROR = traceback.format_exc()

CONNECTION = {
    "conf": {"type": "path", "default": "/etc/ceph/ceph.conf"},
    "keyring": {"type": "path", "default": "/etc/ceph/ceph.client.admin.keyring", "no_log": False},
    "client": {"type": "str", "default": "client.admin"},
    "timeout": {"type": "int", "default": 120},
}

# Seconds to wait for configuration and keyring. After a bootstrap the orchestrator moves new ones here from /tmp; where
# that is another file system, mv removes the old file first (seen on Debian 13 with 18.2.7).
PATIENCE = 10

# What a manager answers while it starts or has just failed over; the command was not run (seen on 18.2.7).
STARTING = ("No handler found", "No orchestrator configured", "Module not found")
STARTING_CODES = (errno.EAGAIN, errno.ENOTCONN, errno.ETIMEDOUT)

HINTS = {
    errno.EPERM: "read the answer: the cluster guards this step with an option of its own",
    errno.EACCES: "check that the client's capabilities allow it",
    errno.EINVAL: "correct the value that the answer names",
    errno.ENOENT: "create what the answer names first",
    errno.ETIMEDOUT: "check with `ceph -s` that the monitors have a quorum and a manager is active",
}


class CephError(ApiError):
    """The cluster refused a command. code: positive errno; said: the cluster's own words."""

    def __init__(self, about, prefix, code, said):
        self.code, self.said = code, said
        name = errno.errorcode.get(code, str(code))
        hint = HINTS.get(code, "look into `ceph health detail` and the log of the manager")
        super().__init__(f"{about}: the cluster answered `{prefix}` with {name}: {_sentence(said)}; {hint}")


class Ceph:
    """A connected cluster.

    cluster: rados.Rados, connected. timeout: seconds for which a starting manager is waited for.
    """

    def __init__(self, cluster, timeout=120, sleep=time.sleep, clock=time.monotonic):
        self.cluster, self.timeout, self.sleep, self.clock = cluster, timeout, sleep, clock

    def mon(self, prefix, about="cluster", inbuf="", **arguments):
        """The monitors' answer to a command: parsed JSON, else text, else None."""
        return self._command(self.cluster.mon_command, prefix, about, inbuf, arguments)

    def mgr(self, prefix, about="cluster", inbuf="", **arguments):
        """The active manager's answer; waits for one that is just starting."""
        deadline = self.clock() + self.timeout

        def starting(error):
            return (
                isinstance(error, CephError)
                and (error.code in STARTING_CODES or any(text in error.said for text in STARTING))
                and self.clock() < deadline
            )

        return retry(
            lambda: self._command(self.cluster.mgr_command, prefix, about, inbuf, arguments),
            starting,
            tries=1000,
            longest=10.0,
            sleep=self.sleep,  # the deadline ends it
        )

    def close(self):
        """Leave the cluster."""
        self.cluster.shutdown()

    def _command(self, send, prefix, about, inbuf, arguments):
        request = json.dumps({"prefix": prefix, "format": "json", **arguments})
        try:
            code, answer, said = send(request, inbuf.encode())
        except rados.Error as error:
            code, answer, said = getattr(error, "errno", None) or errno.EIO, b"", str(error)
        if code:
            raise CephError(about, prefix, abs(code), said)
        text = answer.decode().strip()
        try:
            return json.loads(text) if text else None
        except ValueError:
            return text


class CephBackend(Backend):
    """A Backend with a cluster; without one (check mode before the cluster exists) nothing is there.

    module: AnsibleModule. ceph: Ceph or None.
    """

    def __init__(self, module, ceph):
        self.module, self.ceph, self.there = module, ceph, {}

    def prepare(self, desired):
        self.there = self.listing() if self.ceph else {}
        return self.wanted(desired)

    def read(self, desired):
        return self.there

    def listing(self):
        """The current objects, {key: object}."""
        raise NotImplementedError

    def wanted(self, desired):
        """The listed objects in the words of the listing."""
        return desired


def rows(answer, prefix):
    """A listing's rows; the orchestrator answers "No ... reported" in words even where JSON was asked."""
    if answer is None or (isinstance(answer, str) and answer.startswith("No ")):
        return []
    if isinstance(answer, list):
        return answer
    raise ApiError(f"cluster: the answer to `{prefix}` is not a list; is the cluster of release 17 or later?")


def connect(module):
    """The cluster named by the module's connection options; None in check mode where there is none yet."""
    params = module.params
    missing = _missing(params, patience=0 if module.check_mode else PATIENCE)
    if missing and module.check_mode:
        module.warn(f"{missing}; planned as if the cluster held nothing")
        return None
    if missing:
        module.fail_json(msg=missing)
    limit = str(params["timeout"])
    settings = {
        "keyring": params["keyring"],
        "client_mount_timeout": limit,
        "rados_mon_op_timeout": limit,  # also bounds commands to the manager
        "rados_osd_op_timeout": limit,
    }
    try:
        cluster = rados.Rados(name=params["client"], conffile=params["conf"], conf=settings)
        cluster.connect()
    except rados.Error as error:
        module.fail_json(
            msg=f"cluster of {params['conf']}: {params['client']} cannot connect: {error}; "
            f"check that the monitors named there run and that {params['keyring']} holds the client's key"
        )
    return Ceph(cluster, params["timeout"])


def execute(module, spec, backend):
    """Connect, run the object flow with backend(module, ceph), disconnect; ends the module."""
    ceph = connect(module)
    try:
        run(module, spec, backend(module, ceph))
    finally:
        if ceph:
            ceph.close()


def await_files(paths, patience):
    """The first of the paths that is still not there after so many seconds, or None."""
    deadline = time.monotonic() + patience
    while missing := next((path for path in paths if not Path(path).exists()), None):
        if time.monotonic() >= deadline:
            return missing
        time.sleep(0.2)
    return None


def _missing(params, patience):
    """What this host lacks to reach a cluster, as a sentence, or None."""
    if rados is None:
        return missing_required_lib("rados") + " Install the distribution's package python3-rados."
    missing = await_files((params["conf"], params["keyring"]), patience)
    return f"{missing} does not exist: bootstrap the cluster or copy the file to this host" if missing else None


def _sentence(said):
    """The cluster's words on one line; of a traceback only the last, which says what happened."""
    lines = [line.strip() for line in said.strip().splitlines() if line.strip()]
    if not lines:
        return "no explanation"
    if any(line.startswith("Traceback") for line in lines):
        return lines[-1].rstrip(".:")
    return " ".join(line for line in lines if not line.startswith("Warning:") or len(lines) == 1)[:500].rstrip(".:")
