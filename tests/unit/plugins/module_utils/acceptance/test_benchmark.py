# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What benchmarks are given, and what their recorded output means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance import benchmark

RECORDED = Path(__file__).parent / "recorded"


def recorded(name):
    """A file that a program wrote."""
    return (RECORDED / name).read_text()


@pytest.mark.parametrize(
    ("processes", "expected"), [(1, (1, 1)), (2, (1, 2)), (12, (3, 4)), (7, (1, 7)), (128, (8, 16))]
)
def test_grid(processes, expected):
    assert benchmark.grid(processes) == expected


def test_matrix_fills_the_memory_in_whole_blocks():
    size = benchmark.matrix_size(1024)
    assert size % benchmark.BLOCK == 0
    assert 0.9 * 2**30 < 8 * size * size <= 2**30
    assert benchmark.matrix_size(1) == benchmark.SMALLEST


def test_input_has_the_lines_that_hpcc_counts_on():
    lines = benchmark.hpcc_input(6, 96).splitlines()
    assert [line.split()[0] for line in lines[4:12]] == [
        "1",
        str(benchmark.matrix_size(96)),
        "1",
        "192",
        "0",
        "1",
        "2",
        "3",
    ]
    assert "separator" in lines[31] and len(lines) == 36


def test_summary():
    summary = benchmark.hpcc_summary(recorded("hpccoutf.txt"))
    assert benchmark.node_values(summary) == {"hpl_gflops": 75.596, "stream_triad_gb_s": 40.42}
    assert benchmark.pair_values(summary) == {"mpi_bandwidth_gb_s": 16.583, "mpi_latency_us": 0.133}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("End of Summary section.", "", "its end"), ("Success=1", "Success=0", "its own check")],
)
def test_results_that_are_none(old, new, message):
    with pytest.raises(ValueError, match=message):
        benchmark.hpcc_summary(recorded("hpccoutf.txt").replace(old, new))


def test_fio():
    document = json.loads(recorded("fio.json"))
    assert benchmark.fio_values(document) == {
        "storage_write_mb_s": 345.922, "storage_read_mb_s": 972.592, "storage_read_iops": 10734.1,
    }  # fmt: skip
    document["jobs"][1]["error"] = 5
    with pytest.raises(ValueError, match="fio failed to read: error 5"):
        benchmark.fio_values(document)


def test_fio_options_are_for_one_file():
    options = benchmark.fio_options("/scratch", "probe", 64, 2, False)
    assert "--directory=/scratch" in options and "--filename=probe" in options and "--direct=0" in options


# The tables as perftest's binaries print them (Debian 13, perftest 25).
WRITE = """ #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]
 65536      5000             97.41              96.93              0.184879
---------------------------------------------------------------------------------------
"""
SEND = """ #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]    t_stdev[usec]   99% percentile[usec]   99.9% percentile[usec]
 2       1000          0.96           3.31         1.02                1.03        0.05             1.13                    3.31
---------------------------------------------------------------------------------------
"""  # noqa: E501


def test_verbs():
    assert benchmark.verbs_bandwidth(WRITE) == 96.93
    assert benchmark.verbs_latency(SEND) == 1.02
    with pytest.raises(ValueError, match="no result"):
        benchmark.verbs_bandwidth("Couldn't connect to 10.0.0.1:18515\n")


def bandwidth(**other):
    """What nvbandwidth writes of two GPUs."""
    tests = {"host_to_device_memcpy_ce": ["55.1", "54.9"], "device_to_host_memcpy_ce": ["53.0", "N/A"]}
    cases = [
        {"name": name, "status": "Passed", "bandwidth_matrix": [row], "sum": 1, "bandwidth_description": "GB/s"}
        for name, row in tests.items()
    ]
    cases[0].update(other)
    return {"nvbandwidth": {"testcases": cases}}


def test_gpus():
    assert benchmark.gpu_values(bandwidth()) == {"gpu_host_to_device_gb_s": 54.9, "gpu_device_to_host_gb_s": 53.0}
    with pytest.raises(ValueError, match="ended with Waived"):
        benchmark.gpu_values(bandwidth(status="Waived"))
    with pytest.raises(ValueError, match="CUDA_ERROR"):
        benchmark.gpu_values({"nvbandwidth": {"error": "CUDA_ERROR_NO_DEVICE"}})


def test_gpu_jobs():
    assert benchmark.gpu_check("gpu_job_1", 1, ["/dev/nvidia0"])["ok"]
    seen = benchmark.gpu_check("gpu_job_1", 1, ["/dev/nvidia0", "/dev/nvidia1"])
    assert not seen["ok"] and "ConstrainDevices" in seen["advice"] and seen["observed"].endswith("/dev/nvidia1")
