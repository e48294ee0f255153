# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hpc_benchmark: what it runs, and that one failure does not hide the other results."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.modules import hpc_benchmark as module_file

RECORDED = Path(__file__).parents[1] / "module_utils" / "acceptance" / "recorded"
HPCC = (RECORDED / "hpccoutf.txt").read_text()
FIO = (RECORDED / "fio.json").read_text()


class Host:
    """The programs of a host: {name: (exit code, output)}, and how they were called."""

    def __init__(self):
        self.programs, self.calls = {"fio": (0, "note: both iodepth >= 1\n" + FIO), "mpirun": (0, "")}, []

    def run_command(self, argv, cwd=None, environ_update=None):
        assert argv[:2] == ["timeout", "--kill-after=10"]
        name = argv[3]
        self.calls.append(argv[3:])
        if name == "mpirun" and self.programs[name][0] == 0:
            assert (Path(cwd) / "hpccinf.txt").read_text().startswith("HPLinpack")
            (Path(cwd) / "hpccoutf.txt").write_text(HPCC)
        answer = self.programs[name]
        if isinstance(answer, list):
            answer = answer.pop(0)
        return (*answer, "")


@pytest.fixture
def host(monkeypatch, tmp_path):
    made = Host()
    monkeypatch.setattr(AnsibleModule, "run_command", lambda _self, argv, **options: made.run_command(argv, **options))
    monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda _self, name: name if name in made.programs else None)
    monkeypatch.setattr(module_file, "DEVICES", tmp_path / "infiniband")
    return made


def test_all_of_it(host, run_module, tmp_path):
    found = run_module("hpc_benchmark", {"processes": 2, "memory_mb": 16, "storage": {"path": str(tmp_path)}})
    assert not found["changed"] and found["errors"] == {}
    assert found["numbers"]["hpl_gflops"] == 75.596 and found["numbers"]["storage_read_iops"] == 10734.1
    assert found["about"]["processes"] == 2 and found["about"]["matrix"] == 1920


def test_check_mode_runs_nothing(host, run_module):
    found = run_module("hpc_benchmark", {"gpu": True}, check=True)
    assert host.calls == [] and found["numbers"] == {} and not found["changed"]


def test_one_failure_does_not_stop_the_others(host, run_module, tmp_path):
    host.programs["mpirun"] = (1, "---\n\0\nThere are not enough slots\nmore\n")
    found = run_module("hpc_benchmark", {"storage": {"path": str(tmp_path)}})
    assert found["errors"] == {"compute": "mpirun ended with 1 and said: There are not enough slots"}
    assert "storage_write_mb_s" in found["numbers"]


@pytest.mark.parametrize(
    ("programs", "message"),
    [({"mpirun": (124, "")}, "mpirun took more than 1800 s"), ({}, "mpirun is not installed")],
)
def test_programs_that_do_not_end_or_are_not_there(host, run_module, programs, message):
    host.programs = programs
    assert run_module("hpc_benchmark", {})["errors"] == {"compute": message}


def test_output_that_is_none(host, run_module, tmp_path):
    host.programs["fio"] = (0, '{"jobs": []}')
    found = run_module("hpc_benchmark", {"compute": False, "storage": {"path": str(tmp_path)}})
    assert found["errors"] == {"storage": "the output has no 'write'"}


def test_rdma(host, run_module, tmp_path):
    peer = {"compute": False, "verbs": {"peer": "10.0.0.2", "device": "mlx5_0"}}
    assert run_module("hpc_benchmark", peer)["skipped_benchmarks"] == {"verbs": "there is no RDMA device"}
    (tmp_path / "infiniband" / "mlx5_0").mkdir(parents=True)
    host.programs.update({"ib_write_bw": (0, "65536 5000 97.4 96.9 0.18\n"), "ib_send_lat": (1, "Couldn't connect\n")})
    found = run_module("hpc_benchmark", peer)
    assert found["numbers"] == {"verbs_write_gbit_s": 96.9}
    assert found["errors"] == {"verbs_send": "ib_send_lat ended with 1 and said: Couldn't connect"}
    assert host.calls[0][-1] == "10.0.0.2" and host.calls[0][1:3] == ["--ib-dev", "mlx5_0"]


def test_gpus(host, run_module):
    found = run_module("hpc_benchmark", {"compute": False, "gpu": True})
    assert set(found["skipped_benchmarks"]) == {"gpu_bandwidth", "gpu_diagnosis"}
    host.programs["dcgmi"] = (226, "Fail - the diagnostic failed\n")
    assert (
        "the diagnostic failed"
        in run_module("hpc_benchmark", {"compute": False, "gpu": True})["errors"]["gpu_diagnosis"]
    )


def test_jobs(host, run_module):
    host.programs["srun"] = [(0, HPCC), (0, "/dev/nvidia0\n"), (0, "/dev/nvidia0\n/dev/nvidia1\n")]
    found = run_module(
        "hpc_benchmark", {"compute": False, "job": {"nodes": ["a", "b"], "gpus": 2, "partition": "acceptance"}}
    )
    assert found["numbers"]["mpi_latency_us"] == 0.133 and [item["ok"] for item in found["checks"]] == [True, True]
    assert "--nodelist=a,b" in host.calls[0] and "--partition=acceptance" in host.calls[0]
    assert "--gres=gpu:1" in host.calls[1] and "--nodelist=a" in host.calls[1]


def test_a_job_that_sees_more_than_it_asked_for(host, run_module):
    host.programs["srun"] = [(0, "/dev/nvidia0\n/dev/nvidia1\n")] * 2
    found = run_module("hpc_benchmark", {"compute": False, "job": {"nodes": ["a"], "gpus": 2}})
    assert found["skipped_benchmarks"] == {"mpi_job": "there is no other node"}
    assert [item["ok"] for item in found["checks"]] == [False, True]
