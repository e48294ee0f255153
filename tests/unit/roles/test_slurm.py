# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role slurm renders for 500 nodes, and what its programs answer."""

from __future__ import annotations

import importlib.util
import json
import random
import re
import time
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.infn.datacloud.plugins.plugin_utils import slurm

ROLE = Path(__file__).resolve().parents[3] / "roles" / "slurm"
SECONDS = 20  # for all files of 500 nodes; it takes about one on an idle machine


def trusted(value):
    """The value with its templates as those of a file of ours."""
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return trust_as_template(value) if isinstance(value, str) else value


def render(names, **given):
    """The named files as role slurm would write them: {name: text}."""
    variables = {"inventory_hostname": "hpc-01", "ansible_managed": "Ansible managed", "ansible_check_mode": False}
    for path in ("defaults/main.yml", "vars/main.yml", "vars/Debian.yml"):
        variables |= trusted(yaml.safe_load((ROLE / path).read_text(encoding="utf-8")))
    variables |= {
        "slurm_components": ["controller"], "slurm_cluster": "hpc",
        "slurm_controllers": [{"name": "hpc-01", "address": "192.0.2.1"}], **given,
    }  # fmt: skip
    templar = Templar(loader=DataLoader(), variables=variables)
    return {
        name: templar.template(trust_as_template((ROLE / "templates" / f"{name}.j2").read_text(encoding="utf-8")))
        for name in names
    }


def cluster(seed):
    """A bubble of 480 CPU nodes and 20 GPU nodes, its hosts in any order, and its switches."""
    hosts = {}
    for number in range(1, 501):
        pool = "gpu" if number > 480 else "cpu"
        hardware = {"cores": 64, "ram_gb": 512} | ({"gpus": 8, "gpu_model": "H100"} if pool == "gpu" else {})
        hosts[f"{pool}-{number:03}"] = {
            "address": f"10.0.{number // 250}.{number % 250}", "pool": pool, "hardware": hardware,
        }  # fmt: skip
    order = list(hosts)
    random.Random(seed).shuffle(order)
    bubble = {
        "nodes": {name: hosts[name] for name in order},
        "pools": {pool: [name for name in order if name.startswith(pool)] for pool in ("cpu", "gpu")},
    }
    names = sorted(hosts)
    leaves = [{"switch": f"leaf{index:02}", "nodes": names[index * 20 : index * 20 + 20]} for index in range(25)]
    return {
        "slurm_nodes": slurm.nodes(bubble),
        "slurm_partitions": slurm.partitions(bubble),
        "slurm_topology": [*leaves, {"switch": "spine", "switches": [leaf["switch"] for leaf in leaves]}],
    }


def test_five_hundred_nodes_in_seconds_and_in_stable_order():
    files = ("slurm.conf", "gres.conf", "topology.conf", "cgroup.conf")
    begin = time.perf_counter()
    given = cluster(seed=1)
    assert slurm.problems(*given.values()) == []
    first = render(files, **given)
    assert time.perf_counter() - begin < SECONDS
    assert first == render(files, **cluster(seed=2))
    text = first["slurm.conf"]
    assert text.count("\nNodeName=") == 500 and "\nTreeWidth=23\n" in text
    assert "\nPartitionName=cpu Nodes=cpu-[001-480] Default=YES " in text
    assert first["gres.conf"].count("NodeName=") == 1 and "NodeName=gpu-[481-500] " in first["gres.conf"]
    assert "SwitchName=spine Switches=leaf[00-24]" in first["topology.conf"]
    assert slurm.changed_nodes(text, text.replace("gpu:h100:8", "gpu:h100:7", 1)) == ["gpu-481"]


def test_work_on_a_node_does_not_grow_with_the_cluster():
    """Nothing that a node does or is told reads what grows, and no task anywhere loops over it."""
    growing = ("slurm_nodes", "slurm_partitions", "slurm_topology", "slurm_accounts", "slurm_users")
    tasks = [*(ROLE / "tasks").glob("*.yml")]
    node = [path for path in tasks if path.stem.endswith("_node")]
    node += [ROLE / "templates" / name for name in ("slurmd.env.j2", "slurmd.service.conf.j2", "health.json.j2")]
    node.append(ROLE.parents[1] / "playbooks" / "group_vars" / "slurm.yml")
    assert len(node) == 7
    for path in node:
        text = path.read_text(encoding="utf-8")
        found = [word for word in growing if re.search(rf"^(?!#).*\b{word}\b", text, re.MULTILINE)]
        assert not found, f"{path.name}: {found}"
    for path in tasks:
        for task in yaml.safe_load(path.read_text(encoding="utf-8")):
            loop = str(task.get("loop", ""))
            # slurm_topology only decides whether there is one file more.
            assert not [word for word in growing if word in loop and word != "slurm_topology"], task["name"]


def test_lines_can_be_replaced_and_taken_out():
    text = render(["slurm.conf"], slurm_settings={"SchedulerType": "sched/builtin", "HealthCheckProgram": ""})
    assert "SchedulerType=sched/builtin\n" in text["slurm.conf"] and "HealthCheckProgram" not in text["slurm.conf"]


def test_without_accounting_nothing_of_it_is_written():
    assert "Accounting" not in render(["slurm.conf"])["slurm.conf"]
    with_it = render(["slurm.conf"], slurm_database_host="192.0.2.1")["slurm.conf"]
    assert "AccountingStorageEnforce=associations,limits,qos,safe\n" in with_it


def test_power_saving():
    power = {
        "suspend_program": "/opt/off", "resume_program": "/opt/on", "exclude_nodes": ["cpu-01", "cpu-02"],
    }  # fmt: skip
    text = render(["slurm.conf"], slurm_power_saving=power)["slurm.conf"]
    for line in ("SuspendProgram=/opt/off", "ResumeProgram=/opt/on", "SuspendTime=1800", "SuspendExcNodes=cpu-[01-02]"):
        assert f"\n{line}\n" in text


@pytest.fixture
def health(monkeypatch):
    """The program that looks after a node, and what it told the controller."""
    spec = importlib.util.spec_from_file_location("slurm_health_check", ROLE / "files" / "slurm_health_check.py")
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    program.told = []
    monkeypatch.setattr(program, "update", lambda node, *words: program.told.append(words))
    return program


def look(tmp_path, monkeypatch, health, drained, reason, **wanted):
    """Let the program find a node in this state with these settings, and run it: its exit status."""
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"node": "gpu-01", "devices": [], "mounts": [], "disks": {}, **wanted}))
    monkeypatch.setattr(health, "SETTINGS", str(path))
    monkeypatch.setattr(health, "state_of", lambda node: (drained, reason))
    return health.main()


def test_a_node_that_lost_a_device_is_drained_once(tmp_path, monkeypatch, health):
    gone = str(tmp_path / "nvidia0")
    assert look(tmp_path, monkeypatch, health, False, "", devices=[gone]) == 1
    assert health.told == [("State=DRAIN", f"Reason=health: no {gone}")]
    look(tmp_path, monkeypatch, health, True, f"health: no {gone}", devices=[gone])
    look(tmp_path, monkeypatch, health, True, "fan is broken", devices=[gone])
    assert len(health.told) == 1


def test_only_what_it_drained_itself_is_given_back(tmp_path, monkeypatch, health):
    assert look(tmp_path, monkeypatch, health, True, "fan is broken", devices=["/dev/null"]) == 0
    assert health.told == []
    look(tmp_path, monkeypatch, health, True, "health: no /dev/null", devices=["/dev/null"])
    assert health.told == [("State=RESUME",)]


def test_full_and_missing_file_systems(tmp_path, health):
    wanted = {"devices": [], "mounts": [str(tmp_path)], "disks": {"/": -1, str(tmp_path / "none"): 90}}
    said = "; ".join(health.complaints(wanted))
    assert f"{tmp_path} is not mounted" in said and "/ is full" in said and "none: No such file" in said
