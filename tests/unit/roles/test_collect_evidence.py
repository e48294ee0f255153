# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of role evidence that collects, with a scanner of this test and recorded results."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "roles" / "evidence" / "files" / "collect_evidence.py"
DATA = ROOT / "tests" / "unit" / "plugins" / "module_utils" / "compliance" / "data"
PROFILE = "xccdf_org.ssgproject.content_profile_small"
SIMULATED = """\
Reading package lists...
Inst libssl3t64 [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])
Inst tzdata [2025b-4] (2025b-5 Debian:13.2/stable [all])
Inst linux-image-6.12.48 (6.12.48-1 Debian:13.2/stable, Debian-Security:13/stable-security [amd64])
Conf libssl3t64 (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])
"""


def load():
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("collect_evidence", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


collect_evidence = load()


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with results, a probe and a scanner that counts its runs in the file `runs`."""
    for name in ("evidence", "probes", "bin"):
        (tmp_path / name).mkdir()
    (tmp_path / "results.json").write_bytes((DATA / "results.json").read_bytes())
    (tmp_path / "ds.xml").write_text("a datastream")
    probe = {"id": "backup", "title": "A backup is restored", "status": "pass", "observed": "equal",
             "iso27001_2022": ["A.8.13"], "time": "2026-01-31T11:00:00Z"}  # fmt: skip
    (tmp_path / "probes" / "backup.json").write_text(json.dumps(probe))
    scanner = tmp_path / "bin" / "oscap"
    scanner.write_text(
        textwrap.dedent(
            f"""\
            #!/bin/sh
            [ "$1" = --version ] && echo "OpenSCAP command line tool (oscap) 1.4.2" && exit
            echo run >> {tmp_path}/runs
            while [ $# -gt 0 ]; do
              [ "$1" = --results-arf ] && cp {tmp_path}/arf.xml "$2"
              shift
            done
            exit "${{CODE:-2}}"
            """
        )
    )
    scanner.chmod(0o755)
    (tmp_path / "arf.xml").write_bytes((DATA / "arf.xml").read_bytes())
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def run(host, **changes):
    """What the program prints (dict) and evidence.json (dict)."""
    scan = {"datastream": str(host / "ds.xml"), "profile": PROFILE, "max_age": 3600, "timeout": 20, "minimum": 1}
    settings = {
        "host": "ba-user-01", "folder": str(host / "evidence"), "controls": str(host / "results.json"), "probes": [],
        "probes_folder": str(host / "probes"), "updates": False, "openscap": scan,
    }  # fmt: skip
    settings["openscap"] = {**scan, **changes.pop("openscap", {})}
    process = subprocess.run(
        [sys.executable, "-I", PROGRAM], input=json.dumps({**settings, **changes}), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout), json.loads((host / "evidence" / "evidence.json").read_text())


def runs(host):
    """How often the scanner ran."""
    return len((host / "runs").read_text().split())


def test_all_of_it(host):
    said, evidence = run(host)
    assert said["errors"] == []
    assert said["counts"] == {"pass": 1, "fail": 2, "notapplicable": 1, "error": 1, "applicable": 4, "passed": 1}
    assert evidence["host"] == "ba-user-01" and evidence["controls"]["time"] == "2026-01-31T11:58:00Z"
    assert [item["status"] for item in evidence["controls"]["results"]][:2] == ["compliant", "remediated"]
    assert [(probe["id"], probe["host"]) for probe in evidence["probes"]] == [
        ("backup", "ba-user-01"), ("openscap-scan", "ba-user-01"),
    ]  # fmt: skip
    assert evidence["probes"][1]["status"] == "pass" and evidence["openscap"]["profile_title"] == "A small profile"
    arf = host / "evidence" / evidence["openscap"]["arf"]["file"]
    assert gzip.decompress(arf.read_bytes()) == (DATA / "arf.xml").read_bytes()
    assert said["sha256"][arf.name] == evidence["openscap"]["arf"]["sha256"] == collect_evidence.sha256(arf)
    assert arf.stat().st_mode & 0o777 == 0o600 and said["files"] == ["evidence.json", arf.name]


def test_rules_have_titles_and_references():
    found = collect_evidence.read_arf(io.BytesIO((DATA / "arf.xml").read_bytes()))
    rules = {rule["id"].rpartition("_rule_")[2]: rule for rule in found["rules"]}
    assert list(rules) == ["four", "gone", "one", "three", "two"] and found["version"] == "0.1.82"
    assert rules["one"]["title"] == "Set PermitRootLogin to no" and rules["one"]["severity"] == "high"
    assert rules["one"]["iso27001_2013"] == ["A.7.1.1", "A.9.4.2"]
    assert rules["gone"] == {"id": "xccdf_org.ssgproject.content_rule_gone", "result": "error", "title": "",
                             "severity": "unknown", "iso27001_2013": []}  # fmt: skip


def test_a_scan_is_done_again_only_where_something_changed(host):
    run(host)
    before = run(host)[1]
    assert runs(host) == 1
    # What was brought in order is compliant from then on: no other state.
    results = (host / "results.json").read_text()
    (host / "results.json").write_text(results.replace('"remediated", "observed', '"compliant", "observed'))
    (host / "results.json").write_text((host / "results.json").read_text().replace('"remediated"', '"compliant"'))
    assert run(host)[1]["openscap"] == before["openscap"] and runs(host) == 1
    (host / "results.json").write_text(results.replace('"failed"', '"compliant"'))
    run(host)
    assert runs(host) == 2
    (host / "ds.xml").write_text("another datastream")
    run(host)
    assert runs(host) == 3
    run(host, openscap={"max_age": 0})
    assert runs(host) == 4
    (host / "evidence" / before["openscap"]["arf"]["file"]).unlink()
    run(host)
    assert runs(host) == 5


def test_a_scan_without_applicable_rules_is_an_error_though_it_succeeds(host, monkeypatch):
    text = (DATA / "arf.xml").read_text()
    for result in ("pass", "fail", "error"):
        text = text.replace(f"<result>{result}<", "<result>notapplicable<")
    (host / "arf.xml").write_text(text)
    monkeypatch.setenv("CODE", "0")
    said, evidence = run(host, openscap={"minimum": 0})
    assert len(said["errors"]) == 1 and "applicable to this host" in said["errors"][0]
    assert evidence["probes"][-1]["status"] == "fail"


def test_too_few_rules_passed(host):
    said, evidence = run(host, openscap={"minimum": 2})
    assert said["errors"] == ["OpenSCAP: 1 rules passed, 2 are demanded"]
    assert evidence["probes"][-1]["status"] == "fail"


def test_everything_that_is_wrong_at_once(host, monkeypatch):
    (host / "results.json").unlink()
    (host / "probes" / "broken.json").write_text("{")
    (host / "probes" / "odd.json").write_text('[{"id": "x", "title": "X", "status": "ok", "observed": 1, "time": "t"}]')
    monkeypatch.setenv("CODE", "1")
    said, evidence = run(host, probes=[{"id": "y"}])
    text = "\n".join(said["errors"])
    assert "a probe has no title" in text and "results.json is not there" in text and "broken.json is not JSON" in text
    assert "x: status is ok" in text and "OpenSCAP: exit status 1" in text
    assert evidence["controls"] is None and evidence["openscap"] is None
    assert [probe["id"] for probe in evidence["probes"]] == ["backup"] and said["files"] == ["evidence.json"]


def test_no_content(host):
    said, _evidence = run(host, openscap={"datastream": str(host / "none.xml")})
    assert said["errors"] == [
        f"OpenSCAP: {host}/none.xml is not there; install SCAP content for this distribution"
    ]  # fmt: skip


def test_old_scans_go(host):
    for number in range(4):
        (host / "arf.xml").write_text((DATA / "arf.xml").read_text() + f"<!-- {number} -->")
        run(host, keep=2, openscap={"max_age": 0})
    assert len(list((host / "evidence").glob("arf-*"))) == 2


def test_security_updates_of_apt():
    assert [item["package"] for item in collect_evidence.apt_updates(SIMULATED)] == [
        "libssl3t64",
        "linux-image-6.12.48",
    ]
    assert collect_evidence.apt_updates(SIMULATED)[0] == {
        "package": "libssl3t64", "installed": "3.5.1-1", "candidate": "3.5.1-1+deb13u1",
    }  # fmt: skip
