# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""slurm_node: drains, waits and gives back; what others drained stays theirs."""

from __future__ import annotations

import subprocess
from functools import partial

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.slurm import api, nodes
from ansible_collections.infn.datacloud.plugins.modules import slurm_node
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.slurm.fake_slurm import Slurm

READ = ["scontrol", "--oneliner", "show", "node"]


@pytest.fixture
def slurm(monkeypatch):
    """Three idle nodes; jobs end when time passes, which only pauses let it."""
    double = Slurm()
    double.nodes = {f"gpu-{number:02}": {"State": "IDLE"} for number in (1, 2, 3)}
    double.time = 0
    double.ends = {}

    def sleep(seconds):
        double.time += seconds
        for name, end in double.ends.items():
            if double.time >= end:
                double.nodes[name]["State"] = double.nodes[name]["State"].replace("MIXED", "IDLE")

    monkeypatch.setattr(api, "run", double.run)
    backend = partial(nodes.NodeBackend, clock=lambda: double.time, sleep=sleep)
    monkeypatch.setattr(slurm_node, "NodeBackend", backend)
    return double


def drained(*names, reason="new cables"):
    """The option nodes for some nodes that shall be empty."""
    return [{"name": name, "state": "drained", "reason": reason} for name in names]


@pytest.mark.crud("slurm_node")
def test_life(slurm, run_module):
    wanted = {"nodes": drained("gpu-01", "gpu-02")}
    foreseen = run_module("slurm_node", wanted, check=True)
    assert slurm.nodes["gpu-01"]["State"] == "IDLE"
    slurm.calls.clear()
    done = run_module("slurm_node", wanted)
    assert done["operations"] == foreseen["operations"] and done["diff"] == foreseen["diff"]
    assert [call[2] for call in slurm.calls if call[1] == "update"] == ["NodeName=gpu-01,gpu-02"]
    assert slurm.nodes["gpu-02"] == {"State": "IDLE+DRAIN", "Reason": "datacloud: new cables"}
    for check in (True, False):
        assert not run_module("slurm_node", wanted, check=check)["changed"]

    back = {"release": "new cables"}
    foreseen = run_module("slurm_node", back, check=True)
    done = run_module("slurm_node", back)
    assert done["operations"] == foreseen["operations"] and len(done["operations"]) == 2
    assert slurm.nodes["gpu-01"]["State"] == "IDLE"
    for check in (True, False):
        assert not run_module("slurm_node", back, check=check)["changed"]


def test_jobs_end_first(slurm, run_module):
    slurm.nodes["gpu-01"]["State"] = "MIXED"
    slurm.ends["gpu-01"] = 60
    done = run_module("slurm_node", {"nodes": drained("gpu-01"), "timeout": 100})
    assert not done.get("failed") and slurm.time == 60


def test_jobs_that_do_not_end_are_told_of(slurm, run_module):
    slurm.nodes["gpu-01"]["State"] = "MIXED"
    done = run_module("slurm_node", {"nodes": drained("gpu-01", "gpu-02"), "timeout": 10})
    assert done["failed"] and "node gpu-01: still run jobs after 10 s" in done["msg"] and done["changed"]
    assert "gpu-02" not in done["msg"] and slurm.nodes["gpu-01"]["State"] == "MIXED+DRAIN"
    done = run_module("slurm_node", {"nodes": drained("gpu-01"), "wait": False})
    assert not done.get("failed") and not done["changed"]


def test_what_an_administrator_drained_stays_his(slurm, run_module):
    slurm.nodes["gpu-01"] = {"State": "IDLE+DRAIN", "Reason": "fan is broken"}
    assert not run_module("slurm_node", {"nodes": drained("gpu-01")})["changed"]
    assert not run_module("slurm_node", {"release": "new cables"})["changed"]
    assert slurm.nodes["gpu-01"]["Reason"] == "fan is broken"
    done = run_module("slurm_node", {"nodes": [{"name": "gpu-01", "state": "available"}]})
    assert done["changed"] and slurm.nodes["gpu-01"]["State"] == "IDLE"


def test_release_leaves_other_reasons(slurm, run_module):
    run_module("slurm_node", {"nodes": drained("gpu-01") + drained("gpu-02", reason="other")})
    run_module("slurm_node", {"release": "other"})
    assert slurm.nodes["gpu-01"]["State"] == "IDLE+DRAIN" and slurm.nodes["gpu-02"]["State"] == "IDLE"


def test_restart_happens_on_an_empty_node_and_gives_it_back(slurm, run_module, monkeypatch):
    slurm.nodes["gpu-01"]["State"] = "MIXED"
    slurm.ends["gpu-01"] = 20

    def systemctl(argv, **_options):
        assert slurm.nodes["gpu-01"]["State"] == "IDLE+DRAIN"
        slurm.nodes["gpu-01"]["started"] = "2026-11-24T00:00:00"
        return subprocess.CompletedProcess(argv, 0, "", "")

    monkeypatch.setattr(nodes.subprocess, "run", systemctl)
    done = run_module("slurm_node", {"nodes": drained("gpu-01"), "restart": "slurmd.service"})
    assert done["changed"] and done["restarted"] == "slurmd.service" and slurm.nodes["gpu-01"]["State"] == "IDLE"


def test_a_controller_that_is_away_for_a_while_is_waited_for(slurm, run_module, monkeypatch):
    def systemctl(argv, **_options):
        slurm.away = True
        slurm.nodes["gpu-01"]["started"] = "2026-11-24T00:00:00"
        return subprocess.CompletedProcess(argv, 0, "", "")

    def sleep(seconds):
        slurm.time += seconds
        slurm.away = slurm.time < 10

    monkeypatch.setattr(nodes.subprocess, "run", systemctl)
    monkeypatch.setattr(slurm_node, "NodeBackend", partial(nodes.NodeBackend, clock=lambda: slurm.time, sleep=sleep))
    done = run_module("slurm_node", {"nodes": drained("gpu-01"), "restart": "slurmd.service", "timeout": 60})
    assert not done.get("failed"), done
    assert slurm.time == 10 and slurm.nodes["gpu-01"]["State"] == "IDLE"


def test_restart_needs_this_node(slurm, run_module):
    done = run_module("slurm_node", {"nodes": drained("gpu-01", "gpu-02"), "restart": "slurmd.service"})
    assert done["failed"] and "exactly one node" in done["msg"]


def test_five_hundred_nodes_are_two_readings_and_one_command(slurm, run_module):
    slurm.nodes = {f"cpu-{number:03}": {"State": "IDLE"} for number in range(500)}
    run_module("slurm_node", {"nodes": drained(*slurm.nodes)})
    assert [call[1] for call in slurm.calls if call != READ] == ["update"] and len(slurm.calls) == 3


def test_nodes_that_the_controller_does_not_know(slurm, run_module):
    done = run_module("slurm_node", {"nodes": drained("new-01")})
    assert not done["changed"] and "new-01 is not known" in done["warnings"][0]
    done = run_module("slurm_node", {"nodes": [{"name": "new-01", "state": "available"}]})
    assert done["failed"] and "not in the cluster's configuration" in done["msg"]


def test_without_a_controller(slurm, run_module):
    slurm.away = True
    done = run_module("slurm_node", {"nodes": drained("gpu-01")}, check=True)
    assert not done["changed"] and done["warnings"]
    assert run_module("slurm_node", {"nodes": drained("gpu-01")})["failed"]


def test_a_real_line_is_read():
    line = (
        "NodeName=ba-gpu-01 Arch=x86_64 CoresPerSocket=2  CPUAlloc=1 CPUEfctv=2 CPUTot=2 CPULoad=0.87 "
        "AvailableFeatures=gpu ActiveFeatures=gpu Gres=gpu:h100:2 NodeAddr=192.0.2.3 NodeHostName=ba-gpu-01 "
        "Version=24.11.5 OS=Linux 6.1.0 #1 SMP RealMemory=23040 AllocMem=50 FreeMem=15310 Sockets=1 Boards=1 "
        "State=MIXED+DRAIN ThreadsPerCore=1 TmpDisk=0 Weight=100 Owner=N/A MCS_label=N/A Partitions=gpu,acceptance "
        "BootTime=2026-11-22T18:30:31 SlurmdStartTime=2026-11-23T06:01:44 "
        "LastBusyTime=2026-11-23T06:14:41 ResumeAfterTime=None CfgTRES=cpu=2,mem=23040M,billing=2,gres/gpu=2 "
        "AllocTRES=cpu=1,mem=50M,gres/gpu=1 Reason=datacloud: a new configuration [root@2026-11-23T06:14:17]   "
    )
    assert nodes.parse(line) == {
        "ba-gpu-01": {
            "name": "ba-gpu-01", "state": "drained", "reason": "datacloud: a new configuration", "busy": True,
            "started": "2026-11-23T06:01:44", "words": "MIXED+DRAIN",
        }
    }  # fmt: skip
