#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a compute node is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: hpc_benchmark
version_added: 0.1.0
short_description: How fast a compute node is
description:
  - Runs benchmarks on this host and returns numbers. HPL and STREAM are those of HPC Challenge (C(hpcc)) on all cores,
    storage is measured with C(fio), the network with C(perftest) against a neighbour that runs the other side, GPUs
    with C(nvbandwidth) and C(dcgmi diag) where these are installed.
  - A benchmark that fails does not fail the task. It is named in RV(errors), and the others are run.
  - In check mode nothing is run, because a benchmark takes the host for itself.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  compute:
    description: Whether to run HPL and STREAM.
    type: bool
    default: true
  processes:
    description: Processes of HPL and STREAM; as many as there are cores if not given.
    type: int
  memory_mb:
    description: MiB of memory for each process's part of HPL's matrix. Time grows with its power of 1.5.
    type: int
    default: 256
  storage:
    description: Where to measure storage. Nothing is measured if not given.
    type: dict
    suboptions:
      path:
        description: A folder on it. The file C(datacloud-benchmark-HOST) in it is written, read and removed.
        type: path
        required: true
      size_mb:
        description: Size of the file in MiB; more than a cache on the way holds.
        type: int
        default: 1024
      seconds:
        description: How long to read in random places.
        type: int
        default: 10
      direct:
        description: Whether to go around the host's own cache. Not every file system can (tmpfs).
        type: bool
        default: true
  verbs:
    description: Whom to measure RDMA with. Nothing is measured if not given.
    type: dict
    suboptions:
      peer:
        description: Address of a host that runs C(ib_write_bw) and C(ib_send_lat) without a peer.
        type: str
        required: true
      device:
        description: The RDMA device; the first one if not given.
        type: str
      write_port:
        description: TCP port of C(ib_write_bw) on the peer.
        type: int
        default: 18515
      send_port:
        description: TCP port of C(ib_send_lat) on the peer.
        type: int
        default: 18516
  gpu:
    description: Whether to measure GPUs.
    type: bool
    default: false
  gpu_level:
    description: The level of C(dcgmi diag), from V(1) (seconds) to V(4) (hours).
    type: int
    default: 1
  job:
    description: Slurm jobs to run, on a host where users submit. None are run if not given.
    type: dict
    suboptions:
      nodes:
        description: The node that the jobs are to prove, and a neighbour for a job of MPI on both.
        type: list
        elements: str
        required: true
      gpus:
        description: GPUs of the first node. One job asks for one of them, one for all, and each has to see just these.
        type: int
        default: 0
      partition:
        description: The partition; Slurm's default if not given.
        type: str
      mpi:
        description: How Slurm starts MPI.
        type: str
        default: pmix
  timeout:
    description: Seconds that each benchmark may take.
    type: int
    default: 1800
attributes:
  check_mode:
    support: full
    description: Nothing is run in check mode.
  diff_mode:
    support: N/A
    description: Nothing is changed.
requirements:
  - hpcc and mpirun for O(compute), fio for O(storage), perftest for O(verbs), srun for O(job) and hpcc on its nodes
"""

EXAMPLES = r"""
- name: How fast this node is
  infn.datacloud.hpc_benchmark:
    memory_mb: 512
    storage:
      path: /scratch
  register: benchmark

- name: Jobs on a node and its neighbour
  infn.datacloud.hpc_benchmark:
    compute: false
    job:
      nodes: [ba-gpu-01, ba-gpu-02]
      gpus: 4
      partition: acceptance

- name: A small run
  infn.datacloud.hpc_benchmark:
    processes: 2
    memory_mb: 16
"""

RETURN = r"""
numbers:
  description: The numbers by the names of the measures.
  returned: success
  type: dict
  sample: {hpl_gflops: 75.6, stream_triad_gb_s: 40.4, storage_write_mb_s: 345.9}
errors:
  description: What could not be measured, a sentence each by the name of the benchmark.
  returned: success
  type: dict
  sample: {storage: "fio said: /scratch is not a directory"}
skipped_benchmarks:
  description: What this host has not the programs or the devices for, a reason each by the name of the benchmark.
  returned: success
  type: dict
  sample: {gpu_bandwidth: nvbandwidth is not installed}
checks:
  description: What has no number, each with check, title, ok, observed, wanted and advice.
  returned: success
  type: list
  elements: dict
  sample:
    - check: gpu_job_1
      title: Job that asks for 1 GPU
      ok: true
      observed: sees /dev/nvidia0
      wanted: 1 GPU
      advice: ""
about:
  description: How it was measured.
  returned: success
  type: dict
  sample: {processes: 2, matrix: 8064, seconds: 12}
"""

import json
import os
import re
import tempfile
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance import benchmark

CPUS = Path("/sys/devices/system/cpu")
DEVICES = Path("/sys/class/infiniband")
# mpirun refuses root otherwise; numerical libraries would start threads of their own in each process.
ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
# The input of hpcc is the first argument. Only the first process has something to tell.
MPI_JOB = """
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf %s "$1" > hpccinf.txt
hpcc >&2
test "$SLURM_PROCID" != 0 || cat hpccoutf.txt
"""
# A GPU that a job may not use cannot be opened.
GPU_JOB = """
for device in /dev/nvidia[0-9]*; do
  if (: < "$device") 2>/dev/null; then echo "$device"; fi
done
"""
# MiB of a matrix for which only the network counts.
MPI_MEMORY = 16


def cores():
    """How many cores this process may run on (int): threads of one core count once."""
    found = set()
    for number in os.sched_getaffinity(0):
        topology = CPUS / f"cpu{number}" / "topology"
        try:
            found.add(tuple((topology / name).read_text() for name in ("physical_package_id", "core_id")))
        except OSError:
            found.add(number)
    return len(found)


def said(output, error):
    """The line that says why, in what a program printed (str): one that has such a word, else the first."""
    lines = [line.strip() for line in (error + "\n" + output).splitlines() if any(map(str.isalpha, line))]
    return next(
        (line for line in lines if re.search("fail|error|not ", line, re.IGNORECASE)), (lines or ["nothing"])[0]
    )


class Benchmarks:
    """The benchmarks of one host, and what came of them."""

    def __init__(self, module):
        self.module, self.params = module, module.params
        self.numbers, self.errors, self.skipped, self.about, self.checks = {}, {}, {}, {}, []

    def run(self, name, argv, folder=None):
        """Standard output (str) of a program, or None after its failure was noted under a name."""
        if not self.module.get_bin_path(argv[0]):
            self.errors[name] = f"{argv[0]} is not installed"
            return None
        limit = self.params["timeout"]
        status, output, error = self.module.run_command(
            ["timeout", "--kill-after=10", str(limit), *argv], cwd=folder, environ_update=ENVIRONMENT
        )
        # timeout(1): 124 when it had to end the program, 137 when it had to kill it.
        if status in (124, 137):
            self.errors[name] = f"{argv[0]} took more than {limit} s"
        elif status:
            self.errors[name] = f"{argv[0]} ended with {status} and said: {said(output, error)}"
        else:
            return output
        return None

    def keep(self, name, values, *args):
        """Note what a function makes of a benchmark's output, or that it makes nothing of it."""
        try:
            self.numbers.update(values(*args))
        except (ValueError, KeyError, TypeError) as error:
            self.errors[name] = str(error) if isinstance(error, ValueError) else f"the output has no {error}"

    def compute(self):
        """HPL and STREAM."""
        processes = self.params["processes"] or cores()
        memory = processes * self.params["memory_mb"]
        with tempfile.TemporaryDirectory(prefix="datacloud-benchmark-") as folder:
            (Path(folder) / "hpccinf.txt").write_text(benchmark.hpcc_input(processes, memory), encoding="utf-8")
            start = time.monotonic()
            argv = ["mpirun", "-np", str(processes), "--bind-to", "core", "--map-by", "core", "hpcc"]
            if self.run("compute", argv, folder) is None:
                return
            self.about.update(
                processes=processes, matrix=benchmark.matrix_size(memory), seconds=round(time.monotonic() - start)
            )
            result = Path(folder) / "hpccoutf.txt"
            text = result.read_text(encoding="utf-8") if result.exists() else ""
        self.keep("compute", lambda: benchmark.node_values(benchmark.hpcc_summary(text)))

    def storage(self):
        """Throughput of a file system."""
        about = self.params["storage"]
        name = f"datacloud-benchmark-{os.uname().nodename}"
        options = benchmark.fio_options(about["path"], name, about["size_mb"], about["seconds"], about["direct"])
        try:
            output = self.run("storage", ["fio", *options])
        finally:
            (Path(about["path"]) / name).unlink(missing_ok=True)
        if output is not None:
            # Warnings come before the document.
            self.keep("storage", lambda: benchmark.fio_values(json.loads(output[output.index("{") :])))

    def verbs(self):
        """RDMA to a neighbour."""
        if not DEVICES.is_dir() or not any(DEVICES.iterdir()):
            self.skipped["verbs"] = "there is no RDMA device"
            return
        about = self.params["verbs"]
        device = ["--ib-dev", about["device"]] if about["device"] else []
        output = self.run(
            "verbs_write",
            ["ib_write_bw", *device, "--report_gbits", "-F", "-p", str(about["write_port"]), about["peer"]],
        )
        if output is not None:
            self.keep("verbs_write", lambda: {"verbs_write_gbit_s": benchmark.verbs_bandwidth(output)})
        latency = self.run("verbs_send", ["ib_send_lat", *device, "-F", "-p", str(about["send_port"]), about["peer"]])
        if latency is not None:
            self.keep("verbs_send", lambda: {"verbs_send_us": benchmark.verbs_latency(latency)})

    def gpu(self):
        """Bandwidth to GPUs, and their own diagnosis."""
        if self.module.get_bin_path("nvbandwidth"):
            tests = ["-t", "host_to_device_memcpy_ce", "-t", "device_to_host_memcpy_ce"]
            output = self.run("gpu_bandwidth", ["nvbandwidth", "-j", *tests])
            if output is not None:
                self.keep("gpu_bandwidth", lambda: benchmark.gpu_values(json.loads(output)))
        else:
            self.skipped["gpu_bandwidth"] = "nvbandwidth is not installed"
        if self.module.get_bin_path("dcgmi"):
            # dcgmi-diag(1): its exit status tells whether a test failed.
            if self.run("gpu_diagnosis", ["dcgmi", "diag", "-r", str(self.params["gpu_level"])]) is not None:
                self.about["gpu_diagnosis"] = f"level {self.params['gpu_level']} passed"
        else:
            self.skipped["gpu_diagnosis"] = "dcgmi is not installed"

    def srun(self, nodes, *options):
        """The beginning of a command that runs on nodes with a process each."""
        partition = self.params["job"]["partition"]
        return [
            "srun", "--quiet", "--job-name=datacloud-acceptance", "--chdir=/tmp", "--kill-on-bad-exit",
            f"--nodes={len(nodes)}", f"--ntasks={len(nodes)}", "--ntasks-per-node=1", f"--nodelist={','.join(nodes)}",
            *([f"--partition={partition}"] if partition else []), *options,
        ]  # fmt: skip

    def job(self):
        """Jobs of Slurm: MPI between two nodes, and GPUs."""
        about = self.params["job"]
        if len(about["nodes"]) < 2:
            self.skipped["mpi_job"] = "there is no other node"
        else:
            argv = self.srun(about["nodes"][:2], f"--mpi={about['mpi']}", "--exclusive")
            output = self.run("mpi_job", [*argv, "sh", "-c", MPI_JOB, "sh", benchmark.hpcc_input(2, MPI_MEMORY)])
            if output is not None:
                self.keep("mpi_job", lambda: benchmark.pair_values(benchmark.hpcc_summary(output)))
        for count in sorted({1, about["gpus"]} if about["gpus"] else ()):
            name = f"gpu_job_{count}"
            argv = self.srun(about["nodes"][:1], f"--gres=gpu:{count}")
            output = self.run(name, [*argv, "sh", "-c", GPU_JOB])
            if output is not None:
                self.checks.append(benchmark.gpu_check(name, count, output.split()))


def main():
    """Run the benchmarks that are asked for."""
    module = AnsibleModule(
        argument_spec={
            "compute": {"type": "bool", "default": True},
            "processes": {"type": "int"},
            "memory_mb": {"type": "int", "default": 256},
            "storage": {
                "type": "dict",
                "options": {
                    "path": {"type": "path", "required": True},
                    "size_mb": {"type": "int", "default": 1024},
                    "seconds": {"type": "int", "default": 10},
                    "direct": {"type": "bool", "default": True},
                },
            },
            "verbs": {
                "type": "dict",
                "options": {
                    "peer": {"type": "str", "required": True},
                    "device": {"type": "str"},
                    "write_port": {"type": "int", "default": 18515},
                    "send_port": {"type": "int", "default": 18516},
                },
            },
            "gpu": {"type": "bool", "default": False},
            "gpu_level": {"type": "int", "default": 1},
            "job": {
                "type": "dict",
                "options": {
                    "nodes": {"type": "list", "elements": "str", "required": True},
                    "gpus": {"type": "int", "default": 0},
                    "partition": {"type": "str"},
                    "mpi": {"type": "str", "default": "pmix"},
                },
            },
            "timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    benchmarks = Benchmarks(module)
    if not module.check_mode:
        for name in ("compute", "storage", "verbs", "gpu", "job"):
            if module.params[name]:
                getattr(benchmarks, name)()
    module.exit_json(
        changed=False,
        numbers=benchmarks.numbers,
        errors=benchmarks.errors,
        skipped_benchmarks=benchmarks.skipped,
        about=benchmarks.about,
        checks=benchmarks.checks,
    )


if __name__ == "__main__":
    main()
