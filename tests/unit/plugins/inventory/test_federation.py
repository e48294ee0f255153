# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin as an admin meets it: through Ansible's own commands."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

COMMANDS = Path(sys.executable).parent
PARSER_ERROR = 4

# Each unreadable in its own way; the line that says so.
BROKEN_FILES = {
    "empty": (b"", "1: is empty"),
    "tab": (b"name: x\n\tlocation: y\n", "2: has a tab where YAML wants spaces"),
    "not YAML": (b"name: [\n", "2: is not YAML: "),
    "a list": (b"- name\n", "1: must be keys with values, not a list"),
    "a word": (b"name\n", "1: must be keys with values, not 'name'"),
    "1 MB": (b"name: " + b"x" * 1_000_000, "1: is larger than 256 KiB"),
    "bomb": (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)),
        "5: stands for more than 20000 values",
    ),
    "deep": (b"[" * 200_000, "1: is nested deeper than 20 levels"),
    "not UTF-8": (b"name: caf\xe9\n", "1: is not UTF-8 text"),
    "no plugin": (b"name: x\n", "1: plugin: this key is missing"),
}


@pytest.fixture
def run(root, tmp_path):
    """Run one of Ansible's commands in the checkout: its exit status, output and errors."""
    shutil.copytree(root / "inventories" / "lab" / "sites", tmp_path / "lab" / "sites")
    shutil.copy(root / "inventories" / "lab" / "federation.yml", tmp_path / "lab")

    def start(command, *arguments, **environment):
        result = subprocess.run(
            [str(COMMANDS / command), *map(str, arguments)],
            cwd=root,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in result.stdout + result.stderr
        return result

    return start


@pytest.fixture
def lab(tmp_path, run):
    """A copy of the lab's description that a test may break; its federation.yml."""
    return tmp_path / "lab" / "federation.yml"


def _inventory(run, source):
    result = run("ansible-inventory", "-i", source, "--list")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def _problems(result):
    assert result.returncode == PARSER_ERROR
    assert result.stdout == ""
    head, *lines = result.stderr.strip().splitlines()
    assert head.startswith("[ERROR]: The federation description in ")
    return lines


def test_the_lab_is_what_the_rest_of_the_collection_builds_on(run, lab):
    inventory = _inventory(run, lab)
    hosts = inventory["_meta"]["hostvars"]
    vaults = {"cnaf-vault-01", "cnaf-vault-02", "cnaf-vault-03"}
    epic = {"cnaf-epic-gateway-01", "cnaf-epic-cpu-01"}
    bubble = ["ba-hpc-01", "ba-compute-01", "ba-gpu-01"]
    scanner = {"cnaf-scanner-01"}
    known = {"cnaf-storage-01", "ba-storage-01", *vaults, "cnaf-iam-01", "ba-user-01", *scanner, *epic, *bubble}
    assert set(hosts) == known
    cnaf = hosts["cnaf-storage-01"]
    assert cnaf["ansible_host"] == cnaf["datacloud_address"] == "10.144.17.1"
    assert hosts["ba-storage-01"]["ansible_host"] == "10.144.33.1"
    assert cnaf["datacloud_fqdn"] == "cnaf-storage-01.lab.datacloud.test"
    assert cnaf["datacloud_services"] == ["ceph", "cephfs", "s3"]
    assert cnaf["datacloud_federation"]["names"] == "hosts"
    assert cnaf["datacloud_ceph"]["hosts"] == {"cnaf-storage-01": "10.144.17.1"}
    assert cnaf["datacloud_backbone"]["zones"]["ba"]["endpoints"] == ["https://s3.ba.lab.datacloud.test:8443"]
    groups = {name: group.get("hosts", []) for name, group in inventory.items() if name != "_meta"}
    both = ["ba-storage-01", "cnaf-storage-01"]
    for name in ("ceph", "ceph_bootstrap", "ceph_mon", "ceph_mgr", "ceph_osd", "ceph_mds", "rgw", "pool_storage"):
        assert sorted(groups[name]) == both, name
    assert groups["zone_master"] == ["cnaf-storage-01"]
    assert sorted(groups["site_ba"]) == sorted(groups["region_ba"]) == sorted(["ba-storage-01", "ba-user-01", *bubble])
    assert set(groups["openbao"]) == vaults
    assert groups["indigo_iam"] == ["cnaf-iam-01"]
    assert groups["s3_mount"] == ["ba-user-01"]
    assert set(groups["certified"]) == epic
    assert groups["vpn"] == groups["log_server"] == ["cnaf-epic-gateway-01"]
    assert set(groups["scan_login"]) == epic
    assert set(groups["greenbone_manager"]) == set(groups["greenbone_scanner"]) == scanner
    assert groups["infiniband"] == bubble
    assert groups["slurm_controller"] == groups["slurm_login"] == bubble[:1]
    assert groups["slurm_node"] == bubble[1:]
    assert groups["gpu_node"] == bubble[2:]
    assert hosts["ba-gpu-01"]["datacloud_bubble"] == "bari"
    assert groups["tenant_clinic"] == ["cnaf-epic-cpu-01"]
    assert cnaf["datacloud_identity"]["iam"] == {"site": "cnaf", "url": "https://iam.lab.datacloud.test"}


def test_a_part_of_the_lab(run, lab, monkeypatch):
    monkeypatch.setenv("DATACLOUD_POOLS", "storage")
    inventory = _inventory(run, lab)
    assert set(inventory["_meta"]["hostvars"]) == {"cnaf-storage-01", "ba-storage-01"}
    assert "hosts" not in inventory.get("openbao", {})


def test_tables_of_the_federation_are_variables_also_without_a_host(run, lab):
    expression = (
        "{{ datacloud_hosts['ba-storage-01'] }} {{ datacloud_sites.ba.location }} {{ datacloud_endpoints.s3.ba.port }}"
    )
    result = run("ansible", "localhost", "-i", lab, "-m", "ansible.builtin.debug", "-a", f"msg='{expression}'")
    assert "10.144.33.1 Bari 8443" in result.stdout, result.stderr


@pytest.mark.parametrize("text", ["{{ lookup('pipe', 'id') }}", "a {% if true %}", "{#"])
def test_what_stands_in_a_description_is_never_a_template(run, lab, text):
    site = lab.parent / "sites" / "ba.yml"
    site.write_text(site.read_text().replace("location: Bari", f'location: "{text}"'))
    [line] = _problems(run("ansible-inventory", "-i", lab, "--list"))
    assert line.startswith("sites/ba.yml:4: location: must be one line of 1 to 200 characters without {{")


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_a_broken_federation_yml_ends_the_run_with_one_line(run, lab, name):
    content, message = BROKEN_FILES[name]
    lab.write_bytes(content)
    result = run("ansible-playbook", "playbooks/plan.yml", "-i", lab)
    lines = _problems(result)
    assert any(line.startswith(f"federation.yml:{message}") for line in lines), lines
    if name != "no plugin":
        assert len([line for line in lines if line.startswith("federation.yml")]) == 1, lines


def test_all_broken_site_files_are_told_in_one_run(run, lab):
    files = {name: fault for name, fault in BROKEN_FILES.items() if name != "no plugin"}
    for number, (content, _message) in enumerate(files.values()):
        (lab.parent / "sites" / f"x{number}.yml").write_bytes(content)
    (lab.parent / "sites" / "x99.yml").mkdir()
    lines = _problems(run("ansible-inventory", "-i", lab, "--list"))
    assert len(lines) == len(files) + 1
    for number, (_content, message) in enumerate(files.values()):
        assert lines[number].startswith(f"sites/x{number}.yml:{message}")
    assert lines[-1] == "sites/x99.yml:1: is a directory, not a file"


def test_a_folder_named_as_the_file_and_a_missing_one(run, tmp_path):
    (tmp_path / "a" / "federation.yml").mkdir(parents=True)
    for source in (tmp_path / "a" / "federation.yml", tmp_path / "nothing" / "federation.yml"):
        assert run("ansible", "all", "-i", source, "-m", "ansible.builtin.ping").returncode != 0


def test_a_site_file_or_the_folder_for_a_source_is_refused(run, lab):
    for source in (lab.parent, lab.parent / "sites" / "ba.yml"):
        result = run("ansible-inventory", "-i", source, "--list")
        assert result.returncode == PARSER_ERROR
        assert "/lab/sites/ba.yml is a part of a federation description: name its federation.yml" in result.stderr


def test_options_of_a_constructed_inventory(run, lab):
    with lab.open("a") as stream:
        stream.write(
            "strict: true\n"
            "compose: {rack: \"datacloud_site ~ '-1'\"}\n"
            "groups: {southern: \"datacloud_site == 'ba'\"}\n"
            "keyed_groups: [{key: datacloud_kind, prefix: kind}]\n"
        )
    result = run("ansible", "southern:&kind_storage", "-i", lab, "-m", "ansible.builtin.debug", "-a", "var=rack")
    assert "ba-storage-01" in result.stdout and "ba-1" in result.stdout
    assert "cnaf-storage-01" not in result.stdout


def test_a_cached_description_is_used_until_a_file_changes(run, lab, tmp_path):
    cache = tmp_path / "cache"
    with lab.open("a") as stream:
        stream.write(f"cache: true\ncache_plugin: ansible.builtin.jsonfile\ncache_connection: {cache}\n")
    first = _inventory(run, lab)
    [kept] = cache.iterdir()
    # Marked, to see that the second run reads it.
    kept.write_text(kept.read_text().replace("10.144.17.1", "10.144.17.99"))
    assert _inventory(run, lab)["_meta"]["hostvars"]["cnaf-storage-01"]["ansible_host"] == "10.144.17.99"
    site = lab.parent / "sites" / "ba.yml"
    site.write_text(site.read_text().replace("count: 1", "count: 2", 1))
    hosts = _inventory(run, lab)["_meta"]["hostvars"]
    assert set(hosts) == {*first["_meta"]["hostvars"], "ba-storage-02"}
    assert hosts["cnaf-storage-01"]["ansible_host"] == "10.144.17.1"


def test_the_plan_as_tables_and_as_json(run, lab, tmp_path):
    result = run("ansible-playbook", "playbooks/plan.yml", "-i", lab)
    assert result.returncode == 0, result.stderr
    assert "Two-site lab federation: 2 sites, 13 hosts" in result.stdout
    file = tmp_path / "plan.json"
    assert run("ansible-playbook", "playbooks/plan.yml", "-i", lab, "-e", f"plan_file={file}").returncode == 0
    assert json.loads(file.read_text())["totals"]["storage"] == {"nodes": 2, "announced": None}
    result = run("ansible-playbook", "playbooks/plan.yml", "-i", lab, "-e", "plan_format=json")
    assert '"ba-storage-01": "10.144.33.1"' in result.stdout


def test_the_documentation_is_there(run):
    result = run("ansible-doc", "-t", "inventory", "infn.datacloud.federation")
    assert result.returncode == 0
    for option in ("plugin", "keyed_groups", "cache_plugin"):
        assert option in result.stdout


# Where a row of the federation's tables is described: site and region, or site.
BUBBLES = {"CNAF-ISO27001": ("cnaf", "iso27001"), "PD/LNL": ("pd-lnl", "pd-lnl")}
ICSC = {
    "BARI": "ba",
    "NAPOLI": "na",
    "CATANIA": "ct",
    "ROMA1": "rm1",
    "FRASCATI": "lnf",
    "TORINO": "to",
    "MILANO": "mi",
    "PISA": "pi",
    "LEGNARO": "pd-lnl",
}


@pytest.fixture
def tables(root):
    """The folder of the federation's own tables, which is not part of the collection."""
    folder = root.parent / "shared" / "federation"
    if not folder.is_dir():
        pytest.skip("the federation's tables are not here")
    return folder


def _counted(run, root, *kinds):
    hosts = _inventory(run, root / "inventories" / "datacloud" / "federation.yml")["_meta"]["hostvars"].values()
    counted = Counter()
    for host in hosts:
        if host["datacloud_kind"] in kinds:
            counted[host["datacloud_site"], host["datacloud_region"], host["datacloud_kind"]] += 1
    return counted


def test_the_real_federation_has_the_nodes_of_its_tables(run, root, tables):
    expected = Counter()
    with (tables / "hpc_bubbles.csv").open() as stream:
        for row in csv.DictReader(stream):
            if row["site"] != "TOTAL":
                site, region = BUBBLES.get(row["site"], (row["site"].lower(),) * 2)
                for kind, column in (
                    ("cpu", "cpu_nodes"),
                    ("gpu", "gpu_nodes"),
                    ("fpga", "fpga_nodes"),
                    ("storage", "storage_pbn_ec"),
                ):
                    expected[site, region, kind] = int(row[column])
    assert _counted(run, root, "cpu", "gpu", "fpga", "storage") == +expected


def test_the_real_federation_has_its_icsc_systems(run, root, tables):
    with (tables / "icsc_systems.csv").open() as stream:
        expected = {(ICSC[row["site"]],) * 2 + ("icsc",): int(row["systems"]) for row in csv.DictReader(stream)}
    assert _counted(run, root, "icsc") == expected


def test_the_real_federation_offers_its_data_lake(run, root):
    source = root / "inventories" / "datacloud" / "federation.yml"
    message = "msg={{ datacloud_endpoints | to_json }}"
    result = run(
        "ansible",
        "localhost",
        "-i",
        source,
        "-m",
        "ansible.builtin.debug",
        "-a",
        message,
        ANSIBLE_CALLBACK_RESULT_FORMAT="json",
    )
    endpoints = json.loads(json.loads(result.stdout.split("=>", 1)[1])["msg"])
    assert {name: sorted(sites) for name, sites in endpoints.items()} == {
        "s3": ["ba", "cnaf", "pd-lnl"],
        "storm_webdav": ["ba", "cnaf"],
        "storm_tape": ["cnaf"],
        "dcache": ["pd-lnl"],
    }


def test_the_real_federation_fits_on_a_page_a_site(root):
    for file in (root / "inventories" / "datacloud" / "sites").iterdir():
        assert len(file.read_text().splitlines()) <= 40, file.name


def test_tables_are_variables_also_after_another_source(run, lab, tmp_path):
    other = tmp_path / "other.ini"
    other.write_text("localhost ansible_connection=local\n")
    expression = "{{ datacloud_hosts['ba-storage-01'] }}"
    result = run(
        "ansible", "localhost", "-i", str(other), "-i", lab, "-m", "ansible.builtin.debug", "-a", f"msg='{expression}'"
    )
    assert "10.144.33.1" in result.stdout, result.stdout + result.stderr
