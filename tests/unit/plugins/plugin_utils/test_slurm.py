# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bubble means for Slurm: nodes, partitions, lines, changes and mistakes."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.plugin_utils import slurm

FACTS = {
    "processor_vcpus": 64, "processor_count": 2, "processor_cores": 16, "processor_threads_per_core": 2,
    "memtotal_mb": 515000,
}  # fmt: skip
BUBBLE = {
    "nodes": {
        "gpu-01": {
            "address": "192.0.2.2", "pool": "gpu",
            "hardware": {"cores": 96, "ram_gb": 1024, "gpus": 4, "gpu_model": "NVIDIA H100 80GB"},
        },
        "cpu-01": {
            "address": "192.0.2.1", "pool": "cpu",
            "hardware": {"cores": 32, "ram_gb": 256, "interconnect": "infiniband"},
        },
    },
    "pools": {"gpu": ["gpu-01"], "cpu": ["cpu-01"]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["cpu-01", "cpu-02", "cpu-03", "gpu-01"], "cpu-[01-03],gpu-01"),
        (["n9", "n10", "n11", "n1"], "n[1,9],n[10-11]"),
        (["a", "b"], "a,b"),
        (["/dev/nvidia0", "/dev/nvidia1"], "/dev/nvidia[0-1]"),
        (["r1-n1x", "r1-n2x", "r2-n1x"], "r1-n[1-2]x,r2-n1x"),
        ([], ""),
    ],
)
def test_hostlist(names, text):
    assert slurm.hostlist(names) == text
    assert sorted(slurm.expand(text)) == sorted(names)


def test_facts_count_where_there_are_any():
    cpu, gpu = slurm.nodes(BUBBLE, {"cpu-01": FACTS})
    assert slurm.node_line(cpu) == (
        "NodeName=cpu-01 NodeAddr=192.0.2.1 CPUs=64 Sockets=2 CoresPerSocket=16 ThreadsPerCore=2 RealMemory=504064 "
        "Features=cpu,infiniband Weight=1"
    )
    assert slurm.node_line(gpu) == (
        "NodeName=gpu-01 NodeAddr=192.0.2.2 CPUs=96 RealMemory=1027072 Gres=gpu:nvidia_h100_80gb:4 Features=gpu "
        "Weight=100"
    )


def test_a_part_of_a_machine_has_processors_but_no_sockets():
    (node,) = slurm.nodes({"nodes": {"vm": {"address": "192.0.2.9", "pool": "cpu"}}}, {
        "vm": {**FACTS, "processor_vcpus": 6}
    })  # fmt: skip
    assert node["cpus"] == 6 and "sockets" not in node


def test_the_kernels_own_memory_does_not_change_a_node():
    lines = {
        slurm.node_line(slurm.nodes(BUBBLE, {"cpu-01": {**FACTS, "memtotal_mb": memory}})[0])
        for memory in (515000, 515003, 515040)
    }
    assert len(lines) == 1


def test_partitions_are_pools_and_the_plain_one_is_the_default():
    assert slurm.partitions(BUBBLE) == [
        {"name": "gpu", "nodes": ["gpu-01"], "default": False},
        {"name": "cpu", "nodes": ["cpu-01"], "default": True},
    ]


def test_gres_lines_are_one_for_nodes_that_are_alike():
    gpus = {"name": "gpu", "type": "h100", "count": 2, "files": ["/dev/a0", "/dev/a1"]}
    nodes = [{"name": f"gpu-{number:02}", "gres": [gpus]} for number in (1, 2, 3)]
    nodes += [{"name": "fpga-01", "gres": [{"name": "fpga", "count": 1}]}, {"name": "cpu-01"}]
    assert slurm.gres_lines(nodes) == [
        "NodeName=fpga-01 Name=fpga Count=1",
        "NodeName=gpu-[01-03] Name=gpu Type=h100 File=/dev/a[0-1]",
    ]


def test_changed_nodes():
    before = "ClusterName=a\nNodeName=a CPUs=2\nNodeName=b CPUs=2\nNodeName=c CPUs=2\nNodeName=[b-c] Name=gpu"
    before = before.replace("[b-c]", "n[1-2]") + "\nNodeName=n1 CPUs=4\nNodeName=n2 CPUs=4"
    after = "NodeName=a CPUs=2\nNodeName=b CPUs=4\nNodeName=d CPUs=2\nNodeName=n1 CPUs=4\nNodeName=n2 CPUs=4\n"
    after += "NodeName=n1 Name=gpu\nNodeName=n2 Name=gpu Count=3"
    assert slurm.changed_nodes(before, after) == ["b", "c", "n2"]
    assert slurm.changed_nodes("", after) == []


def test_everything_that_is_wrong_is_told():
    nodes = [
        {"name": "a", "address": "192.0.2.1", "cpus": 2, "memory_mb": 1000},
        {"name": "a", "address": "192.0.2.1"},
        {"name": "b c", "cpus": 2, "memory_mb": 1, "gres": [{"name": "gpu", "count": 2, "files": ["/dev/x"]}]},
    ]
    parts = [{"name": "p", "nodes": ["z"], "default": True}, {"name": "q", "nodes": [], "default": True}]
    switches = [{"switch": "s", "nodes": ["y"], "switches": ["t"]}, {"switch": "u"}]
    said = "\n".join(slurm.problems(nodes, parts, switches))
    for text in (
        "node a is there 2 times", "address 192.0.2.1 is there 2 times", "node a: its processors are not known",
        "node a: its memory is not known", "'b c'", "2 of GRES gpu but 1 files", "there is no node z",
        "partition q has no nodes", "more than one partition is the default", "there is no node y",
        "there is no switch t", "switch u: needs nodes or switches", "node a hangs at no switch",
    ):  # fmt: skip
        assert text in said, text
    assert slurm.problems(slurm.nodes(BUBBLE), slurm.partitions(BUBBLE)) == []
