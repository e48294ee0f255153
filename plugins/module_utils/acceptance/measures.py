# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured of a node, in the order in which it is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A number that a benchmark finds: unit is for people, more says whether more of it is better."""

    name: str
    title: str
    unit: str
    more: bool = True


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("hpl_gflops", "HPL on all cores", "Gflop/s"),
        Measure("stream_triad_gb_s", "Memory, STREAM triad on all cores", "GB/s"),
        Measure("verbs_write_gbit_s", "RDMA write to the neighbour", "Gbit/s"),
        Measure("verbs_send_us", "RDMA send to the neighbour", "µs", more=False),
        Measure("mpi_bandwidth_gb_s", "MPI to the neighbour", "GB/s"),
        Measure("mpi_latency_us", "MPI latency to the neighbour", "µs", more=False),
        Measure("gpu_host_to_device_gb_s", "Slowest GPU, from the host", "GB/s"),
        Measure("gpu_device_to_host_gb_s", "Slowest GPU, to the host", "GB/s"),
        Measure("storage_write_mb_s", "Storage, writing", "MB/s"),
        Measure("storage_read_mb_s", "Storage, reading", "MB/s"),
        Measure("storage_read_iops", "Storage, random reads of 4 KiB", "1/s"),
    )
}
