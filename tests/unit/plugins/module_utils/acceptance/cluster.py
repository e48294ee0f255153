# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bubble of CPU and GPU nodes as an acceptance measures it, one of them slow."""

from __future__ import annotations

TIME = "2026-01-31T12:00:00Z"
NODES = [{"name": f"ba-cpu-{number:02d}", "pool": "cpu"} for number in range(1, 9)]
NODES += [{"name": f"ba-gpu-{number:02d}", "pool": "gpu"} for number in range(1, 4)]
SLOW = "ba-cpu-05"


def measurement(name, number, **other):
    """What is measured of a node; a different number for each."""
    pool = name.split("-")[1]
    factor = (1 if pool == "cpu" else 1.2) * (0.7 if name == SLOW else 1) * (1 + number % 5 / 500)
    values = {
        "hpl_gflops": 3120 * factor,
        "stream_triad_gb_s": 310 * factor,
        "mpi_latency_us": 1.4 / (1 + number % 3 / 300),
        "storage_read_mb_s": 5100 + number % 4 * 20,
    }
    return {"node": name, "time": TIME, "numbers": values, **other}


def measurements(**other):
    """Those of all nodes."""
    return [measurement(node["name"], number, **other) for number, node in enumerate(NODES)]
