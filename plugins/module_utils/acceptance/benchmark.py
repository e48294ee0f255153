# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What benchmarks of a compute node are given, and what their output means: pure functions."""

from __future__ import annotations

import math
import re

# Columns of the blocks that HPL works on; what OpenBLAS does well with on x86 and Arm.
BLOCK = 192
# hpcc does everything else from this size of the matrix on (HPCC, "Runtime configuration").
SMALLEST = 1000
# Lines of hpccinf.txt after the process grid, as /usr/share/doc/hpcc/examples/_hpccinf.txt has them: (value, meaning).
TUNING = (
    ("16.0", "threshold"), ("1", "# of panel fact"), ("2", "PFACTs"), ("1", "# of recursive stopping criterium"),
    ("4", "NBMINs"), ("1", "# of panels in recursion"), ("2", "NDIVs"), ("1", "# of recursive panel fact"),
    ("1", "RFACTs"), ("1", "# of broadcast"), ("1", "BCASTs"), ("1", "# of lookahead depth"), ("1", "DEPTHs"),
    ("2", "SWAP"), ("64", "swapping threshold"), ("0", "L1 transposed"), ("0", "U transposed"), ("1", "Equilibration"),
    ("8", "memory alignment in double"), ("", "separator"), ("0", "more sizes of PTRANS"), ("0", "sizes"),
    ("0", "more blocks of PTRANS"), ("0", "blocks"),
)  # fmt: skip
LATENCY_COLUMNS = ("bytes", "iterations", "min", "max", "typical", "average", "deviation", "p99", "p999")


def grid(processes):
    """The grid (rows, columns) of so many processes that is nearest to a square, with no more rows than columns."""
    rows = next(rows for rows in range(math.isqrt(processes), 0, -1) if processes % rows == 0)
    return rows, processes // rows


def matrix_size(memory_mb):
    """The order of the matrix of doubles that fills so much memory (MiB), a multiple of BLOCK."""
    return max(math.isqrt(memory_mb * 1024 * 1024 // 8) // BLOCK * BLOCK, SMALLEST)


def hpcc_input(processes, memory_mb):
    """The text of hpccinf.txt for so many processes and so much memory (MiB) for the matrix."""
    rows, columns = grid(processes)
    lines = [
        "HPLinpack benchmark input file", "infn.datacloud.hpc_benchmark", "HPL.out output file name", "8 device out",
        "1 # of problem sizes (N)", f"{matrix_size(memory_mb)} Ns", "1 # of NBs", f"{BLOCK} NBs",
        "0 PMAP process mapping", "1 # of process grids (P x Q)", f"{rows} Ps", f"{columns} Qs",
        *(f"{value} {meaning}" for value, meaning in TUNING),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def hpcc_summary(text):
    """The summary of hpccoutf.txt as {name: text}. Raises ValueError where hpcc did not end well."""
    _before, begun, rest = text.partition("Begin of Summary section.")
    summary, ended, _after = rest.partition("End of Summary section.")
    if not begun or not ended:
        raise ValueError("hpcc did not come to its end")
    found = dict(re.findall(r"^(\w+)=(.*)$", summary, re.MULTILINE))
    if found.get("Success") != "1":
        raise ValueError("results of hpcc are wrong: its own check failed")
    return found


def node_values(summary):
    """The measures of one node: HPL over all processes, and STREAM triad while all of them run it."""
    processes = int(summary["CommWorldProcs"])
    return {
        "hpl_gflops": round(float(summary["HPL_Tflops"]) * 1000, 3),
        "stream_triad_gb_s": round(float(summary["StarSTREAM_Triad"]) * processes, 3),
    }


def pair_values(summary):
    """The measures of MPI between two nodes with a process each."""
    return {
        "mpi_bandwidth_gb_s": round(float(summary["AvgPingPongBandwidth_GBytes"]), 3),
        "mpi_latency_us": round(float(summary["AvgPingPongLatency_usec"]), 3),
    }


def gpu_check(name, count, seen):
    """The check (dict) of a job that asked for so many GPUs and could open these devices (list of str)."""
    ok = len(seen) == count
    noun = "GPU" if count == 1 else "GPUs"
    return {
        "check": name,
        "title": f"Job that asks for {count} {noun}",
        "ok": ok,
        "observed": f"sees {', '.join(seen) or 'none'}",
        "wanted": f"{count} {noun}",
        "advice": "" if ok else "look at gres.conf, and at ConstrainDevices in cgroup.conf",
    }


def fio_options(path, name, size_mb, seconds, direct):
    """The arguments of fio(1) that write a file, read it, and read it in random places."""
    return [
        "--output-format=json", f"--directory={path}", f"--filename={name}", f"--size={size_mb}M",
        "--ioengine=psync", f"--direct={int(direct)}",
        "--name=write", "--rw=write", "--bs=1M", "--end_fsync=1",
        "--name=read", "--stonewall", "--rw=read", "--bs=1M",
        "--name=random", "--stonewall", "--rw=randread", "--bs=4k", "--time_based", f"--runtime={seconds}",
    ]  # fmt: skip


def fio_values(document):
    """The measures in what fio wrote as JSON. Raises ValueError where one of its jobs failed."""
    jobs = {job["jobname"]: job for job in document["jobs"]}
    failed = sorted(name for name, job in jobs.items() if job["error"])
    if failed:
        raise ValueError(f"fio failed to {' and to '.join(failed)}: error {jobs[failed[0]]['error']}")
    return {
        "storage_write_mb_s": round(jobs["write"]["write"]["bw_bytes"] / 1e6, 3),
        "storage_read_mb_s": round(jobs["read"]["read"]["bw_bytes"] / 1e6, 3),
        "storage_read_iops": round(jobs["random"]["read"]["iops"], 1),
    }


def _row(text, columns):
    """The numbers of the last row of perftest's table that has so many columns. Raises ValueError without one."""
    for line in reversed(text.splitlines()):
        fields = line.split()
        if len(fields) >= columns and fields[0].isdigit():
            return [float(field) for field in fields[:columns]]
    raise ValueError("perftest printed no result")


def verbs_bandwidth(text):
    """Gbit/s in the output of `ib_write_bw --report_gbits`: the average."""
    return round(_row(text, 4)[3], 3)


def verbs_latency(text):
    """Microseconds in the output of `ib_send_lat`: the typical value, one way."""
    return round(_row(text, len(LATENCY_COLUMNS))[LATENCY_COLUMNS.index("typical")], 3)


def gpu_values(document):
    """The measures in what `nvbandwidth -j` wrote (its json_output.cpp): those of the slowest GPU, in GB/s.

    Raises ValueError where a test did not pass.
    """
    report = document["nvbandwidth"]
    if "error" in report:
        raise ValueError(f"nvbandwidth failed: {report['error']}")
    names = {
        "host_to_device_memcpy_ce": "gpu_host_to_device_gb_s",
        "device_to_host_memcpy_ce": "gpu_device_to_host_gb_s",
    }
    values = {}
    for test in report["testcases"]:
        if test["status"] != "Passed":
            raise ValueError(f"nvbandwidth's {test['name']} ended with {test['status']}")
        numbers = [float(field) for row in test["bandwidth_matrix"] for field in row if field != "N/A"]
        values[names[test["name"]]] = round(min(numbers), 3)
    return values
