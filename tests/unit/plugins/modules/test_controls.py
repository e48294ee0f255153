# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""controls: audit, enforce, restore, and what is told about it."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.common.parameters import PASS_VARS

from ansible_collections.infn.datacloud.plugins.module_utils.controls import run
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.controls.machine import make_machine

LOGIN = {
    "id": "passwords-age", "title": "Passwords age", "type": "setting", "references": {"anssi_bp028": ["R31"]},
    "data": {"path": "/etc/login.defs", "values": {"PASS_MAX_DAYS": 365}},
}  # fmt: skip
BANNER = {"id": "banner-net", "type": "text", "data": {"path": "/etc/issue.net", "text": "Members only\n"}}
FORWARD = {"id": "net-forward", "type": "sysctl", "data": {"values": {"net.ipv4.ip_forward": 0}}}
KEY = {"id": "private-key", "type": "text", "data": {"path": "/etc/key", "text": "hidden-text\n", "mode": "0600"}}
IMPOSSIBLE = {"id": "no-package", "type": "package", "data": {"present": ["nosuch"]}}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A host that differs from the controls above."""
    machine = make_machine(tmp_path, monkeypatch)
    monkeypatch.setattr(run, "Host", machine.host)
    machine.write("/etc/login.defs", "PASS_MAX_DAYS 99999\n")
    machine.write("/proc/sys/net/ipv4/ip_forward", "1")
    return machine


@pytest.mark.crud("controls")
def test_life(machine, run_module):
    controls = [LOGIN, BANNER, FORWARD, KEY]
    before = machine.state()
    results = "/var/lib/datacloud/controls/results.json"
    foreseen = run_module("controls", {"controls": controls, "results_file": results}, check=True)
    assert machine.state() == before and machine.read(results) is None
    done = run_module("controls", {"controls": controls, "results_file": results})
    for key in ("changed", "results", "summary", "diff"):
        assert foreseen[key] == done[key]
    assert done["changed"] and done["summary"] == {
        "compliant": 0, "remediated": 4, "not_applicable": 0, "waived": 0, "failed": 0,
    }  # fmt: skip
    assert done["results"][0] == {
        "id": "passwords-age", "title": "Passwords age", "status": "remediated", "reason": "",
        "observed": {"PASS_MAX_DAYS": "99999"}, "wanted": {"PASS_MAX_DAYS": "365"},
        "references": {"anssi_bp028": ["R31"]},
    }  # fmt: skip
    assert {
        "before_header": "/etc/login.defs", "after_header": "/etc/login.defs",
        "before": "PASS_MAX_DAYS 99999\n", "after": "PASS_MAX_DAYS 365\n",
    } in done["diff"]  # fmt: skip
    assert "sysctl net.ipv4.ip_forward: 1\n" in done["diff"][-1]["before"]
    assert "sysctl net.ipv4.ip_forward: 0\n" in done["diff"][-1]["after"]
    assert "hidden-text" not in json.dumps(done)
    kept = json.loads(machine.read(results))
    assert kept["results"] == done["results"] and kept["mode"] == "enforce" and machine.mode(results) == 0o600

    for check in (True, False):
        again = run_module("controls", {"controls": controls, "results_file": results}, check=check)
        assert not again["changed"] and again["summary"]["compliant"] == 4 and again["diff"] == []

    after = machine.state()
    foreseen = run_module("controls", {"mode": "restore"}, check=True)
    assert foreseen["changed"] and machine.state() == after
    done = run_module("controls", {"mode": "restore"})
    assert done["restored"] == foreseen["restored"] and "file /etc/login.defs" in done["restored"]
    assert machine.state() == before
    for check in (True, False):
        assert not run_module("controls", {"mode": "restore"}, check=check)["changed"]


@pytest.mark.crud("controls")
def test_strict_fails_after_everything_else(machine, run_module):
    for strict, check in ((True, False), (False, False)):
        done = run_module("controls", {"controls": [IMPOSSIBLE, LOGIN], "strict": strict}, check=check)
        assert done.get("failed", False) is strict
        assert done["results"][0]["status"] == "failed"
        assert machine.read("/etc/login.defs") == "PASS_MAX_DAYS 365\n"
        if strict:
            assert "no-package: apt-get: E: Unable to locate package nosuch" in done["msg"]


def test_audit(machine, run_module):
    before = machine.state()
    done = run_module("controls", {"controls": [LOGIN, FORWARD], "mode": "audit", "strict": False})
    assert done["summary"]["failed"] == 2 and not done["changed"] and machine.state() == before
    assert run_module("controls", {"controls": [LOGIN], "mode": "audit"})["failed"]


def test_contradiction(machine, run_module):
    other = {**LOGIN, "id": "other", "data": {"path": "/etc/login.defs", "values": {"PASS_MAX_DAYS": 90}}}
    before = machine.state()
    done = run_module("controls", {"controls": [LOGIN, other, BANNER]})
    assert done["failed"] and "nothing was changed" in done["msg"] and machine.state() == before


def test_malformed_controls_are_refused_together(machine, run_module):
    before = machine.state()
    done = run_module("controls", {"controls": [LOGIN, LOGIN, {"id": "x", "type": "text"}, {"data": {"a": 1}}]})
    assert done["failed"] and machine.state() == before
    for words in (
        "two controls passwords-age",
        "control 3 has no data",
        "control 4 has no id",
        "control 4 has no type",
    ):
        assert words in done["msg"]


def test_controls_do_not_come_back(machine, run_module):
    # ansible-core asks for the arguments since 2.20; before, they always came back.
    asked = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}
    done = run_module("controls", {"controls": [LOGIN], **asked})
    assert "controls" not in done["invocation"]["module_args"]
    assert done["invocation"]["module_args"]["mode"] == "enforce"


def test_what_cannot_be_taken_back_is_told(machine, run_module):
    run_module("controls", {"controls": [LOGIN, FORWARD]})
    (machine.folder / "proc/sys/net/ipv4/ip_forward").unlink()
    (machine.folder / "proc/sys/net/ipv4/ip_forward").mkdir()
    done = run_module("controls", {"mode": "restore"})
    assert done["failed"] and "net.ipv4.ip_forward" in done["msg"]
    assert machine.read("/etc/login.defs") == "PASS_MAX_DAYS 99999\n"
