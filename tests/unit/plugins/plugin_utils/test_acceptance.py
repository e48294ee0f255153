# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks registered, as measurements and checks: good results, bad ones, and none."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.plugin_utils import acceptance

HOST = "ba-gpu-01"
GUID = "0x0000000000100003"
BUBBLE = {
    "nodes": {HOST: {"hardware": {"gpus": 2, "gpu_model": "H100"}}},
    "infiniband": [HOST],
    "fabric": {"virgo": {"key": "0x0102", "hosts": [HOST]}, "ligo": {"key": "0x0103", "hosts": []}},
}
PORT = {"device": "mlx5_0", "port": 1, "guid": GUID, "state": "Active", "rate": 100}
GPUS = {"gpus": [{"name": "NVIDIA H100"}] * 2, "driver": {"answers": "550.163"}, "problems": []}
GOOD = {
    "accept_benchmark": {"numbers": {"hpl_gflops": 1}, "errors": {}, "about": {"processes": 2},
                         "skipped_benchmarks": {"verbs": "no device"}, "checks": []},
    "accept_jobs": {"numbers": {"mpi_latency_us": 2}, "errors": {}, "checks": [{"check": "gpu_job_1", "ok": True}]},
    "accept_gpus": GPUS,
    "accept_ports": {"ports": [PORT]},
}  # fmt: skip


def measure(pkeys=("0xffff", "0x8102"), **variables):
    """The measurement of the host with these variables."""
    fabric = {"pkeys": {GUID: list(pkeys)}}
    (found,) = acceptance.measurements(BUBBLE, [HOST], {HOST: {**GOOD, **variables}}, fabric, "now")
    return found


def checks(found):
    """By name whether its checks passed."""
    return {check["check"]: check["ok"] for check in found["checks"]}


def test_good_results():
    found = measure()
    assert found["numbers"] == {"hpl_gflops": 1, "mpi_latency_us": 2} and found["errors"] == {}
    assert found["skipped"] == {"verbs": "no device"} and found["about"] == {"processes": 2}
    assert checks(found) == {"gpu_job_1": True, "gpus": True, "ports": True, "partitions": True}


def test_a_port_outside_of_its_partition():
    found = measure(pkeys=["0xffff"])
    assert not checks(found)["partitions"]
    assert "mlx5_0/1 is not in virgo" in [check.get("observed") for check in found["checks"]]
    assert checks(measure(pkeys=["0x0102"]))["partitions"], "a limited member is one too"


def test_a_port_that_is_down_and_one_that_is_missing():
    assert not checks(measure(accept_ports={"ports": [{**PORT, "state": "Down"}]}))["ports"]
    assert not checks(measure(accept_ports={"ports": []}))["ports"]
    assert not checks(measure(accept_ports={"failed": True, "msg": "no tools"}))["ports"]


def test_gpus_with_problems():
    problem = {"check": "no_driver", "severity": "error", "message": "no driver", "advice": "install it"}
    found = measure(accept_gpus={**GPUS, "problems": [problem]})
    assert not checks(found)["gpus_no_driver"] and "gpus" not in checks(found)
    warned = measure(accept_gpus={**GPUS, "problems": [{**problem, "severity": "warning"}]})
    assert checks(warned)["gpus"] and "no driver" in warned["checks"][1]["observed"]


def test_tasks_that_failed_or_were_never_run():
    found = measure(
        accept_failed="Install: no network", accept_benchmark=None, accept_jobs={"failed": True, "msg": "x"}
    )
    assert found["errors"] == {"measurement": "Install: no network", "jobs": "x"} and found["numbers"] == {}
    (bare,) = acceptance.measurements(BUBBLE, [HOST], {HOST: {}}, None, "now")
    assert not any(check["ok"] for check in bare["checks"])
    gone = measure(accept_benchmark={"unreachable": True, "msg": "no route"})
    assert gone["errors"] == {"benchmark": "no route"}


def fabric(**other):
    """A result for the whole fabric."""
    return {"links": [1, 2], "problems": [], "counters": [], **other}


COUNTER = {"guid": GUID, "name": HOST, "port": 1, "counters": {"SymbolErrorCounter": 3}}


def test_fabric():
    assert acceptance.fabric_checks({"skipped": True}, {"skipped": True}) == []
    good = acceptance.fabric_checks(fabric(counters=[COUNTER]), fabric(counters=[COUNTER]))
    assert [check["ok"] for check in good] == [True, True]
    bad = acceptance.fabric_checks(fabric(problems=["1X"]), fabric(counters=[COUNTER]))
    assert [check["ok"] for check in bad] == [False, False]
    assert bad[1]["observed"] == f"{HOST} port 1: SymbolErrorCounter 3"
    (dead,) = acceptance.fabric_checks({"failed": True, "msg": "no subnet manager"}, {"skipped": True})
    assert not dead["ok"] and dead["observed"] == "no subnet manager"
