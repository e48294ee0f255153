# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role dask_jobqueue's module submits, and where the certificates go.

dask-jobqueue is stood in for by as much of it as the module calls; where it is installed, a cluster is started with it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles/dask_jobqueue"
KEY = "-----BEGIN PRIVATE KEY-----\nit's $HOME `id`\n-----END PRIVATE KEY-----\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"


class PlainJob:
    """dask_jobqueue.slurm.SLURMJob of version 0.9.0, as far as it is inherited."""

    config_name = "slurm"
    submit_command = "sbatch"

    def __init__(self, scheduler, name=None, *, local_directory, job_script_prologue=(), **options) -> None:
        assert "security" not in options
        self.called, self.scheduler, self.local_directory = [], scheduler, local_directory
        self._job_script_prologue = list(job_script_prologue)

    def job_script(self) -> str:
        worker = f"worker {self.scheduler} --local-directory {self.local_directory}"
        return "\n".join(["#!/bin/bash", "#SBATCH -n 1", *self._job_script_prologue, worker, ""])

    async def _call(self, words, *, stdin):
        self.called.append((words, os.fstat(stdin.fileno()), stdin.read()))
        return "Submitted batch job 12\n"


class PlainCluster:
    """dask_jobqueue.SLURMCluster, likewise."""

    def __init__(self, n_workers, **options) -> None:
        self.n_workers, self.options = n_workers, options


class Security:
    """distributed.Security, likewise."""

    made = 0

    @classmethod
    def temporary(cls):
        cls.made += 1
        return cls()

    def get_tls_config_for_role(self, role: str) -> dict:
        assert role == "worker"
        return {"ca_file": CERTIFICATE, "ciphers": None, "cert": CERTIFICATE, "key": KEY}


@pytest.fixture
def config() -> dict:
    """The profile."""
    return {
        "datacloud-dask": {"ports": "20000:21999", "scheduler-host": None, "output": "/dev/null"},
        "jobqueue.slurm.local-directory": "/scratch",
        "jobqueue.slurm.worker-extra-args": ["--resources", "GPU=1"],
    }


@pytest.fixture
def program(monkeypatch, config):
    """The module, on top of the stand-ins."""

    def module(name: str, **members) -> None:
        made = ModuleType(name)
        vars(made).update(members)
        monkeypatch.setitem(sys.modules, name, made)

    def get(name, *default):
        return config[name] if name in config or not default else default[0]

    options = SimpleNamespace(get=get)
    module("dask", config=options)
    module("dask.config", get=get)
    module("dask_jobqueue", SLURMCluster=PlainCluster)
    module("dask_jobqueue.slurm", SLURMJob=PlainJob)
    module("distributed")
    module("distributed.security", Security=Security)
    module("datacloud_dask.tls")
    folder = ROLE / "files/datacloud_dask"
    spec = importlib.util.spec_from_file_location(
        "datacloud_dask", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "datacloud_dask", loaded)
    spec.loader.exec_module(loaded)
    return loaded


def test_a_port_is_one_of_the_range_that_nobody_has(program) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"no port of {port}:{port}"):
            program.free_port(f"{port}:{port}")
    assert program.free_port(f"{port}:{port}") == port


def test_the_shell_reads_certificates_as_they_are(program) -> None:
    script = program.exports(Security()) + "\nexec env -0"
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env={"PATH": "/bin"})
    values = dict(line.split("=", 1) for line in said.stdout.split("\0") if line.startswith("DASK_"))
    assert values == {
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True",
        "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": CERTIFICATE,
        "DASK_DISTRIBUTED__COMM__TLS__WORKER__CERT": CERTIFICATE,
        "DASK_DISTRIBUTED__COMM__TLS__WORKER__KEY": KEY,
    }


def submitted(job) -> tuple:
    """What a job calls to be submitted."""

    async def submit() -> None:
        with job.job_file() as script:
            await job._submit_job(script)

    asyncio.run(submit())
    return job.called[0]


def test_the_key_is_in_what_is_submitted_and_nowhere_else(program) -> None:
    job = program.SLURMJob("tls://192.0.2.1:1", security=Security(), job_script_prologue=["module load x"])
    words, file, script = submitted(job)
    assert words == ["sbatch"]
    assert file.st_nlink == 0 and file.st_mode & 0o777 == 0o600
    assert "PRIVATE KEY" in script and program.MARK not in script
    assert "PRIVATE KEY" not in job.job_script()
    lines = script.splitlines()
    assert lines.index("#SBATCH -n 1") < lines.index("module load x") == len(lines) - 2
    assert "PRIVATE" not in lines[-1]


def test_a_worker_has_a_folder_of_its_own_for_as_long_as_it_runs(program, tmp_path) -> None:
    job = program.SLURMJob("x", security=Security(), local_directory=str(tmp_path))
    job.local_directory += '; test -d "$scratch" && stat -c %a "$scratch"'
    script = job.job_script().replace("worker x --local-directory", "echo")
    said = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True).stdout.split()
    assert Path(said[0]).parent == tmp_path and said[1] == "700"
    assert not list(tmp_path.iterdir())


def test_the_profile_says_where_that_folder_is(program) -> None:
    assert '"/scratch/dask-XXXXXXXX"' in program.SLURMJob("x", security=Security()).job_script()


def test_a_cluster_needs_no_arguments(program) -> None:
    before = Security.made
    cluster = program.SLURMCluster()
    options = cluster.options
    assert isinstance(options["security"], Security) and Security.made == before + 1
    scheduler = options["scheduler_options"]
    assert 20000 <= scheduler["port"] <= 21999 and scheduler["dashboard"] is False and "host" not in scheduler
    assert Path(scheduler["local_directory"]).stat().st_mode & 0o777 == 0o700
    assert options["job_extra_directives"] == ["--chdir=/tmp", "--output=/dev/null"]
    words = options["worker_extra_args"]
    assert words[words.index("--worker-port") + 1] == words[words.index("--nanny-port") + 1] == "20000:21999"
    assert "--no-dashboard" in words and words[-2:] == ["--resources", "GPU=1"]


def test_what_a_user_gives_is_added_and_wins(program, config) -> None:
    config["datacloud-dask"]["scheduler-host"] = "192.0.2.1"
    options = program.SLURMCluster(
        2, scheduler_options={"port": 20007}, worker_extra_args=[], job_extra_directives=["--gres=gpu:1"], cores=4
    ).options
    assert options["scheduler_options"]["port"] == 20007 and options["scheduler_options"]["host"] == "192.0.2.1"
    assert options["job_extra_directives"] == ["--chdir=/tmp", "--output=/dev/null", "--gres=gpu:1"]
    assert "--resources" not in options["worker_extra_args"] and options["cores"] == 4


def test_no_other_security_is_taken(program) -> None:
    program.SLURMCluster(security=True)
    for security in (False, Security()):
        with pytest.raises(ValueError, match="makes its own certificates"):
            program.SLURMCluster(security=security)


SBATCH = """#!/bin/bash
# Runs the job here, at once.
script=$(mktemp "$JOBS/XXXXXX")
cat > "$script"
SLURMD_NODENAME=here SLURM_JOB_ID=$$ setsid bash "$script" > "$script.log" 2>&1 < /dev/null &
echo $! > "$JOBS/$$.group"
echo "Submitted batch job $$"
"""
SCANCEL = """#!/bin/bash
kill -TERM -- "-$(cat "$JOBS/$1.group")"
"""


def test_with_dask_itself(tmp_path) -> None:
    """Two workers compute and strangers are refused, with a Slurm that runs jobs on this machine."""
    pytest.importorskip("dask_jobqueue")
    folders = {name: tmp_path / name for name in ("bin", "etc", "jobs", "tmp")}
    for folder in folders.values():
        folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (folders["bin"] / name).write_text(text)
        (folders["bin"] / name).chmod(0o755)
    profile = {
        "jobqueue": {"slurm": {"cores": 1, "processes": 1, "memory": "1 GiB", "local-directory": str(folders["tmp"])}},
        "datacloud-dask": {"ports": "20000:21999", "scheduler-host": "127.0.0.1", "output": "/dev/null"},
        "distributed": {"comm": {"require-encryption": True}, "scheduler": {"http": {"routes": []}}},
    }
    (folders["etc"] / "datacloud.yaml").write_text(yaml.safe_dump(profile))
    environment = os.environ | {
        "PATH": f"{folders['bin']}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROLE / "files"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DASK_ROOT_CONFIG": str(folders["etc"]),
        "TMPDIR": str(folders["tmp"]),
        "JOBS": str(folders["jobs"]),
    }
    argv = [sys.executable, "-m", "datacloud_dask", "--timeout", "60"]
    said = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert said.returncode == 0, said.stderr
    report = yaml.safe_load(said.stdout)
    assert report["right"] and report["let_in"] == []
    assert [worker["node"] for worker in report["workers"]] == ["here"] * 2
    end = time.monotonic() + 10
    while list(folders["tmp"].iterdir()) and time.monotonic() < end:
        time.sleep(0.2)
    assert not list(folders["tmp"].iterdir())


def test_who_is_let_in_is_noticed(tmp_path) -> None:
    """The probe finds a scheduler that is open to all."""
    pytest.importorskip("dask_jobqueue")
    program = """
import asyncio
from distributed import Scheduler
from datacloud_dask.__main__ import admitted
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard_address="127.0.0.1:0") as scheduler:
        print(await admitted([scheduler.address], None) == ["without encryption at " + scheduler.address])
asyncio.run(main())
"""
    own = {"PYTHONPATH": str(ROLE / "files"), "PYTHONDONTWRITEBYTECODE": "1", "DASK_ROOT_CONFIG": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | own, capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stdout == "True\n"
