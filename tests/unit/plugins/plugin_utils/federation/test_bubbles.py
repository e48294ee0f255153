# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a valid description of an HPC bubble means, and what is refused."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import load
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError

NORTH = "sites/north.yml"
BUBBLE = """\
  - {kind: gpu, count: 2, hardware: {gpus: 4, gpu_model: h100, interconnect: infiniband}}
  - {kind: fpga, count: 1, hardware: {fpgas: 1, interconnect: infiniband}}
  - {kind: head, count: 1, hardware: {interconnect: infiniband}}
bubbles:
  trento:
    controller: head
    nodes: [cpu, gpu, fpga]
    storage: [storage]
    filesystem: {mountpoint: /data}
    fabric:
      virgo: {key: "0x0102", nodes: [gpu, north-fpga-01]}
    acceptance: {stream_gbs: 200}
services:
  cephfs: {pool: storage}
"""
ACCOUNTS = """\
hpc:
  qos: {normal: {priority: 10, max_wall: "1-00:00:00"}}
  accounts:
    virgo: {group: /virgo, qos: [normal]}
    virgo-online: {group: /virgo/online, parent: virgo, max_tres: {gres/gpu: 4}}
"""


@pytest.fixture
def bubble(description):
    """The description with a bubble at site north."""
    description.change(
        "federation.yml",
        "  cpu:",
        "  gpu: {offset: 512, size: 16}\n  fpga: {offset: 528, size: 16}\n  head: {offset: 544, size: 16}\n  cpu:",
    )
    description.change(NORTH, "services:\n", BUBBLE)
    return description


def test_a_bubble_has_its_parts_with_addresses_and_hardware(bubble):
    model = load(bubble.path)
    trento = model["bubbles"]["trento"]
    assert trento["site"] == "north"
    assert trento["controllers"] == trento["login"] == {"north-head-01": "10.1.2.33"}
    assert list(trento["storage"]) == ["north-storage-01", "north-storage-02", "north-storage-03"]
    assert trento["nodes"]["north-gpu-02"] == {
        "address": "10.1.2.2",
        "pool": "gpu",
        "hardware": {"gpus": 4, "gpu_model": "h100", "interconnect": "infiniband"},
    }
    assert trento["pools"]["cpu"] == ["north-cpu-01", "north-cpu-02"]
    assert trento["fabric"] == {"virgo": {"key": "0x0102", "hosts": ["north-gpu-01", "north-gpu-02", "north-fpga-01"]}}
    assert trento["acceptance"] == {"stream_gbs": 200}
    assert trento["filesystem"] == {
        "mountpoint": "/data",
        "fsid": model["ceph"]["north"]["fsid"],
        "monitors": list(trento["storage"].values()),
    }


def test_its_hosts_are_in_the_groups_of_what_they_are(bubble):
    groups = load(bubble.path)["groups"]
    assert groups["slurm_controller"] == groups["slurm_login"] == ["north-head-01"]
    assert groups["slurm_node"] == groups["hpc_node"]
    assert groups["slurm"] == groups["slurm_controller"] + groups["slurm_node"]
    assert groups["slurm_node"] == ["north-cpu-01", "north-cpu-02", "north-gpu-01", "north-gpu-02", "north-fpga-01"]
    assert groups["infiniband"] == ["north-head-01", "north-gpu-01", "north-gpu-02", "north-fpga-01"]
    assert groups["subnet_manager"] == ["north-head-01", "north-gpu-01"]
    assert groups["gpu_node"] == ["north-gpu-01", "north-gpu-02"]
    assert groups["fpga_node"] == ["north-fpga-01"]
    assert len(groups["bubble_trento"]) == 9


def test_a_slice_of_a_bubble_has_the_hosts_that_are_left(bubble):
    trento = load(bubble.path, ["head", "fpga"])["bubbles"]["trento"]
    assert trento["pools"] == {"fpga": ["north-fpga-01"]}
    assert trento["filesystem"] == {}
    assert trento["fabric"]["virgo"]["hosts"] == ["north-fpga-01"]
    assert trento["subnet_managers"] == ["north-head-01", "north-fpga-01"]


def test_accounts_and_qualities_of_service_are_the_federation_s(bubble):
    assert load(bubble.path)["hpc"] == {"qos": {}, "accounts": {}}
    bubble.change("federation.yml", "backbone:", ACCOUNTS + "backbone:")
    hpc = load(bubble.path)["hpc"]
    assert hpc["qos"]["normal"] == {"priority": 10, "max_wall": "1-00:00:00"}
    assert hpc["accounts"]["virgo-online"] == {
        "group": "/virgo/online",
        "parent": "virgo",
        "max_tres": {"gres/gpu": 4},
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (NORTH, "controller: head", "controller: hed", "controller: there is no pool 'hed'"),
        (NORTH, "[cpu, gpu, fpga]", "[]", "bubbles.trento.nodes: must be a list of at least one pool"),
        (NORTH, "fpga-01]", "fpga-07]", "bubbles.trento.fabric.virgo.nodes[1]: the bubble has no pool or host"),
        (NORTH, '"0x0102"', '"0x8102"', "bubbles.trento.fabric.virgo.key: must be a partition key"),
        (NORTH, '"0x0102"', "0x0102", "bubbles.trento.fabric.virgo.key: must be a partition key"),
        (NORTH, '"0x0102"', '"0x7fff"', "bubbles.trento.fabric.virgo.key: must be a partition key"),
        (
            NORTH,
            "    acceptance:",
            '      ligo: {key: "0x0102", nodes: [cpu]}\n    acceptance:',
            "bubbles.trento.fabric.ligo.key: partition 'virgo' has the key 0x0102 already",
        ),
        (
            NORTH,
            "services:\n",
            "  second: {controller: head, nodes: [gpu]}\nservices:\n",
            "bubbles.second.nodes[0]: pool 'gpu' belongs to bubble 'trento' already",
        ),
        (NORTH, "/data}", "data}", "bubbles.trento.filesystem.mountpoint: must be an absolute path"),
        (
            NORTH,
            "  cephfs: {pool: storage}\n",
            "",
            "bubbles.trento.filesystem: the site does not offer the service 'cephfs'",
        ),
        ("federation.yml", "parent: virgo", "parent: vrgo", "virgo-online.parent: there is no account 'vrgo'"),
        ("federation.yml", "qos: [normal]", "qos: [long]", "accounts.virgo.qos[0]: there is no quality"),
        ("federation.yml", '"1-00:00:00"', "24", 'hpc.qos.normal.max_wall: must be a time such as "12:00:00"'),
        ("federation.yml", "group: /virgo,", "group: virgo,", "accounts.virgo.group: must be the path of an IAM"),
    ],
)
def test_a_mistake_gives_one_line(bubble, file, old, new, problem):
    bubble.change("federation.yml", "backbone:", ACCOUNTS + "backbone:")
    bubble.change(file, old, new)
    with pytest.raises(DescriptionError) as error:
        load(bubble.path)
    lines = str(error.value).splitlines()
    assert any(f"{file}:" in line and problem in line for line in lines)
