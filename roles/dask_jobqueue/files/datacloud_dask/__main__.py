# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Try it: a cluster of two workers computes something, and who has not its certificate is refused.

Prints one object of JSON. Exit code: 0 all is well, or Slurm has no room for the workers now; 1 otherwise.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import ssl
import subprocess
import sys

import dask.bag
from distributed import Client, TimeoutError
from distributed.comm import connect
from distributed.security import Security

from datacloud_dask import SLURMCluster

# Why Slurm lets a job wait without anything being wrong (squeue's %r).
BUSY = {"None", "Resources", "Priority", "ReqNodeNotAvail", "Reservation"}


def steps(number: int) -> int:
    """How many steps of Collatz lead from a number to 1."""
    count = 0
    while number != 1:
        number = 3 * number + 1 if number % 2 else number // 2
        count += 1
    return count


def place() -> dict[str, str]:
    """Where a worker runs: node, job, user and account as Slurm names them in a job's environment."""
    names = {"node": "SLURMD_NODENAME", "job": "SLURM_JOB_ID", "user": "SLURM_JOB_USER", "account": "SLURM_JOB_ACCOUNT"}
    return {name: os.environ.get(variable, "") for name, variable in names.items()}


def strangers(authority: str | None) -> dict[str, tuple[str, dict]]:
    """Those who must be refused: (protocol, arguments of a connection) of each.

    authority: the certificate, as PEM, by which the cluster is known; None for one without encryption.
    """
    anonymous = ssl.create_default_context(cadata=authority)
    # Certificates of Dask name no hosts.
    anonymous.check_hostname = False
    plain = {"require_encryption": False, "extra_conn_args": {}}
    return {
        "without encryption": ("tcp", {"ssl_context": None, **plain}),
        "without a certificate": ("tls", {"ssl_context": anonymous, **plain}),
        "with another cluster's certificate": ("tls", Security.temporary().get_connection_args("client")),
    }


async def admitted(addresses: list[str], authority: str | None) -> list[str]:
    """Which strangers are let in, and where. Those with the right certificate are the client and the workers."""
    found = []
    for address in addresses:
        place_of = address.partition("://")[2]
        for name, (protocol, arguments) in strangers(authority).items():
            try:
                comm = await connect(f"{protocol}://{place_of}", timeout=5, **arguments)
            except (OSError, TimeoutError):
                continue
            comm.abort()
            found.append(f"{name} at {address}")
            # One that takes this for Dask's own protocol might take TLS's first bytes for the length of a message.
            break
    return found


def waiting(cluster: SLURMCluster) -> set[str]:
    """Why jobs of a cluster wait; empty if some have begun, or have ended already."""
    jobs = [worker.job_id for worker in cluster.workers.values() if worker.job_id]
    argv = ["squeue", "--noheader", "--format=%T %r", f"--jobs={','.join(jobs)}"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines() if jobs else []
    if len(lines) < len(jobs) or not all(line.startswith("PENDING ") for line in lines):
        return set()
    return {line.split(maxsplit=1)[1].strip("()").split(",")[0] for line in lines}


def attempt(options: dict, timeout: int) -> tuple[int, dict]:
    """Do it: exit code and what happened."""
    with SLURMCluster(**options) as cluster, Client(cluster) as client:
        cluster.scale(jobs=2)
        try:
            client.wait_for_workers(2, timeout=timeout)
        except TimeoutError:
            reasons = waiting(cluster)
            if reasons and reasons <= BUSY:
                return 0, {"busy": f"no room for two workers within {timeout} s: {', '.join(sorted(reasons))}"}
            return 1, {"error": f"two workers did not come within {timeout} s; `sacct` and `squeue` say what became "
                       "of their jobs", "waiting": sorted(reasons)}  # fmt: skip
        numbers = range(1, 5001)
        # Counted in parts on the workers, which then exchange their parts.
        answer = dict(dask.bag.from_sequence(numbers, npartitions=8).map(steps).frequencies(split_every=2).compute())
        everybody = [cluster.scheduler_address, *client.scheduler_info()["workers"]]
        let_in = client.sync(admitted, everybody, client.security.get_tls_config_for_role("client")["ca_file"])
        report = {
            "right": answer == collections.Counter(map(steps, numbers)),
            "workers": sorted(client.run(place).values(), key=lambda worker: worker["job"]),
            "let_in": let_in,
        }
    return 0 if report["right"] and not let_in else 1, report


def main() -> int:
    """Read the words of the command."""
    parser = argparse.ArgumentParser(prog="python -m datacloud_dask", description=__doc__.partition("\n")[0])
    parser.add_argument("--partition", help="where the workers' jobs go; the profile's without")
    parser.add_argument("--timeout", type=int, default=120, help="seconds that two workers are waited for")
    words = parser.parse_args()
    options = {"cores": 1, "processes": 1, "memory": "400 MiB", "walltime": "00:05:00", "job_name": "dask-probe"}
    code, report = attempt(options | ({"queue": words.partition} if words.partition else {}), words.timeout)
    print(json.dumps(report))
    return code


if __name__ == "__main__":
    sys.exit(main())
