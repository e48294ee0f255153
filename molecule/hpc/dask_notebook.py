# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute with Dask as a notebook of Alice's does, and try as Bob to get into her cluster; run as root.

Alice's part is this program again, in the role's environment and as her (word "notebook"): it prints what came out of
the notebook's cells, and keeps the cluster until it is sent a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PYTHON = "/opt/datacloud/dask/bin/python"
CELLS = (
    """
from dask.distributed import Client
from datacloud_dask import SLURMCluster

cluster = SLURMCluster()
cluster.scale(2)
client = Client(cluster)
client.wait_for_workers(2, timeout=120)
""",
    """
import glob, json, os

def look():
    visible = 0
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                # In two parts, as this program is itself an argument of a process.
                visible += b"-BEGIN " b"PRIVATE KEY-" in file.read()
        except OSError:
            pass
    scripts = [oct(os.stat(path).st_mode & 0o7777) for path in glob.glob("/var/lib/slurm/slurmd/job*/slurm_script")]
    return {"job": os.environ["SLURM_JOB_ID"], "visible": visible, "scripts": scripts}

total = client.submit(sum, client.map(lambda number: number ** 2, range(1000))).result()
workers = list(client.run(look).values())
print(json.dumps({
    "total": total,
    "jobs": sorted(worker["job"] for worker in workers),
    "visible": sum(worker["visible"] for worker in workers),
    "scripts": sorted({mode for worker in workers for mode in worker["scripts"]}),
    "shown": "PRIVATE KEY" in cluster.job_script(),
    "authority": client.security.get_tls_config_for_role("client")["ca_file"],
    "addresses": [cluster.scheduler_address, *client.scheduler_info()["workers"]],
}))
""",
    "client.close(); cluster.close()",
)
STRANGER = """
import asyncio, sys
from datacloud_dask.__main__ import admitted
print(asyncio.run(admitted(sys.argv[2:], sys.argv[1])))
"""


def notebook() -> int:
    """Alice's part."""
    from jupyter_client.manager import start_new_kernel

    said: list[str] = []

    def keep(message: dict) -> None:
        content = message["content"]
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            said.append(content["text"])
        elif message["msg_type"] == "error":
            print("\n".join(content["traceback"]), file=sys.stderr)

    manager, client = start_new_kernel(kernel_name="datacloud-dask")
    try:
        for number, cell in enumerate(CELLS):
            answer = client.execute_interactive(cell, timeout=180, output_hook=keep)
            if answer["content"]["status"] != "ok":
                return 1
            if number == 1:
                print("".join(said).strip(), flush=True)
                sys.stdin.readline()
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    return 0


def run(user: str, *words: str) -> subprocess.CompletedProcess:
    """A command as a user."""
    argv = ["runuser", "-u", user, "--", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/tmp", timeout=120)


def attack(report: dict) -> list[str]:
    """What is wrong while the cluster is there."""
    problems = []
    if report["total"] != sum(number**2 for number in range(1000)):
        problems.append("the answer is wrong")
    if len(report["jobs"]) != 2:
        problems.append("the workers are not two jobs")
    if report["visible"] or report["shown"]:
        problems.append("the key is in arguments of processes, or is shown in the notebook")
    if report["scripts"] not in ([], ["0o500"], ["0o700"]):
        problems.append(f"others can read jobs' scripts: {report['scripts']}")
    script = ["scontrol", "write", "batch_script", report["jobs"][0], "-"]
    if "PRIVATE KEY" not in run("alice", *script).stdout:
        problems.append("Alice cannot see her job's script, so that Bob cannot says nothing")
    if "PRIVATE KEY" in run("bob", *script).stdout:
        problems.append("Bob can read the job's script")
    strangers = run("bob", PYTHON, "-c", STRANGER, report["authority"], *report["addresses"])
    if strangers.stdout.strip() != "[]":
        problems.append(f"Bob is let in: {strangers.stdout} {strangers.stderr}")
    running = run("alice", "squeue", "--noheader", "--format=%a %T", f"--jobs={','.join(report['jobs'])}")
    if running.stdout.split("\n") != ["virgo RUNNING"] * 2 + [""]:
        problems.append(f"the jobs are not Alice's account's: {running.stdout}")
    return problems


def main() -> int:
    """Root's part."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        home = Path(folder, "home")
        home.mkdir()
        subprocess.run(["chown", "alice", home], check=True)
        settings = [f"HOME={home}", f"JUPYTER_RUNTIME_DIR={home}", f"IPYTHONDIR={home}"]
        argv = ["runuser", "-u", "alice", "--", "env", *settings, PYTHON, "-c", Path(__file__).read_text("utf-8")]
        with subprocess.Popen(
            [*argv, "notebook"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
        ) as alice:
            line = alice.stdout.readline()
            report = json.loads(line) if line.strip() else {}
            problems = attack(report) if report else ["the notebook did not compute"]
            alice.communicate("over\n")
            if alice.returncode:
                problems.append(f"the notebook ended with {alice.returncode}")
    print(json.dumps({"jobs": report.get("jobs", []), "problems": problems}))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(notebook() if sys.argv[1:] == ["notebook"] else main())
