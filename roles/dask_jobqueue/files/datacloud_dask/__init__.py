# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dask's workers as Slurm jobs: SLURMCluster() needs no arguments and speaks TLS only.

The scheduler runs where the cluster is made, in a notebook for example. dask-jobqueue submits a job for each worker,
and would leave the certificates' files in a folder that all hosts share. Here they go with the job's script instead, by
sbatch's standard input: Slurm shows a script to its owner and to administrators only (slurm.schedmd.com/scontrol.html,
write batch_script), and slurmd keeps it 0700. In the job they are in the environment, which is the owner's as well.
They are made for one cluster and worth nothing after it.

What is not given comes from /etc/dask: section jobqueue.slurm as dask-jobqueue has it, and of ours, datacloud-dask:
ports (LOW:HIGH, for schedulers and workers), scheduler-host (an address, or null), output (a pattern of sbatch's).
"""

from __future__ import annotations

import contextlib
import random
import shlex
import socket
import tempfile

import dask.config
import dask_jobqueue
from dask_jobqueue.slurm import SLURMJob as PlainJob
from distributed.security import Security

# Imported for what it does.
from . import tls  # noqa: F401

# The line of a job's script after which the certificates come when it is submitted.
MARK = "# Certificates of this cluster: known to its owner only, so not shown here."


def free_port(ports: str) -> int:
    """A port that nobody has, out of LOW:HIGH. Tried in no order, as others look for theirs at the same time."""
    low, high = (int(part) for part in ports.split(":"))
    for port in random.sample(range(low, high + 1), high - low + 1):
        with socket.socket() as probe, contextlib.suppress(OSError):
            # As servers do: connections of the past are no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("", port))
            return port
    raise OSError(f"no port of {ports} (datacloud-dask.ports in /etc/dask) is free on this host")


def exports(security: Security) -> str:
    """Lines of shell that give a worker its certificates, under the names by which Dask reads its configuration."""
    config = security.get_tls_config_for_role("worker")
    values = {
        "REQUIRE_ENCRYPTION": "True",
        "TLS__CA_FILE": config["ca_file"],
        "TLS__WORKER__CERT": config["cert"],
        "TLS__WORKER__KEY": config["key"],
    }
    return "\n".join(f"export DASK_DISTRIBUTED__COMM__{name}={shlex.quote(value)}" for name, value in values.items())


class SLURMJob(PlainJob):
    """A worker."""

    def __init__(self, *args, security: Security, local_directory: str | None = None, **options) -> None:
        config = f"jobqueue.{options.get('config_name') or self.config_name}"
        parent = local_directory or dask.config.get(f"{config}.local-directory", None) or "/tmp"  # noqa: S108
        # The parent class would name the certificates' files in the worker's arguments.
        super().__init__(*args, local_directory='"$scratch"', **options)
        self._security = security
        self._job_script_prologue = [
            # Names in a folder of everybody's must not be known before: who makes it first, owns it.
            f'scratch=$(mktemp --directory "{parent}/dask-XXXXXXXX") || exit 1',
            "trap 'rm -rf \"$scratch\"' EXIT",
            MARK,
            *self._job_script_prologue,
        ]

    @contextlib.contextmanager
    def job_file(self):
        """What is submitted, as a file that has no name."""
        with tempfile.TemporaryFile("w+") as script:
            script.write(self.job_script().replace(MARK, exports(self._security), 1))
            script.seek(0)
            yield script

    async def _submit_job(self, script):
        return await self._call(shlex.split(self.submit_command), stdin=script)


class SLURMCluster(dask_jobqueue.SLURMCluster):
    """A cluster of Dask whose workers are Slurm jobs: the options of dask_jobqueue.SLURMCluster, but for security.

    Options that are lists or dictionaries are added to what is set here, and win.
    """

    job_cls = SLURMJob

    def __init__(
        self,
        n_workers: int = 0,
        *,
        security: bool | None = None,
        scheduler_options: dict | None = None,
        worker_extra_args: list[str] | None = None,
        job_extra_directives: list[str] | None = None,
        **options,
    ) -> None:
        if security not in (None, True):
            raise ValueError("security: a cluster makes its own certificates; another Security cannot be given")
        config = f"jobqueue.{options.get('config_name') or self.job_cls.config_name}"
        ours = dask.config.get("datacloud-dask")
        # Web pages would be open to everybody who reaches the host; what they show is asked of the client.
        scheduler = {"port": free_port(ours["ports"]), "dashboard": False, "dashboard_address": "127.0.0.1:0"}
        # The scheduler imports from its folder first, so that must be in nobody else's.
        self._scratch = tempfile.TemporaryDirectory(prefix="dask-")
        scheduler["local_directory"] = self._scratch.name
        if ours["scheduler-host"]:
            scheduler["host"] = ours["scheduler-host"]
        if scheduler_options is None:
            scheduler_options = dask.config.get(f"{config}.scheduler-options", {})
        if worker_extra_args is None:
            worker_extra_args = dask.config.get(f"{config}.worker-extra-args", [])
        if job_extra_directives is None:
            job_extra_directives = dask.config.get(f"{config}.job-extra-directives", [])
        super().__init__(
            n_workers,
            security=Security.temporary(),
            scheduler_options=scheduler | scheduler_options,
            worker_extra_args=[
                "--worker-port", ours["ports"], "--nanny-port", ours["ports"],
                "--no-dashboard", "--preload", "datacloud_dask.tls", "--preload-nanny", "datacloud_dask.tls",
                *worker_extra_args,
            ],
            # Where the cluster is made, may be no folder of the node's.
            job_extra_directives=["--chdir=/tmp", f"--output={ours['output']}", *job_extra_directives],
            **options,
        )  # fmt: skip

    def _get_worker_security(self, security: Security) -> Security:
        """As it is: the parent class writes it into files."""
        return security
