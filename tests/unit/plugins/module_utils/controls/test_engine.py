# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on a host in a folder: judge, plan, change, record, take back."""

from __future__ import annotations

import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls import engine, record
from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Outcome
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import TYPES

SYSCTL = TYPES["sysctl"].PATH
LOGIN = "# Ages\nPASS_MAX_DAYS\t99999\nUMASK 022\n"


def control(name, kind, data, **more):
    """A control as the lookup gives it."""
    return {"id": name, "title": f"About {name}", "type": kind, "data": data, "references": {"iso": ["A.8.9"]}, **more}


CONTROLS = [
    control("ages", "setting", {"path": "/etc/login.defs", "values": {"PASS_MAX_DAYS": 365}}),
    control("mask", "setting", {"path": "/etc/login.defs", "values": {"UMASK": "027"}}),
    control("redirects", "sysctl", {"values": {"net.ipv4.conf.all.accept_redirects": 0, "net.none": 1}}),
    control("forward", "sysctl", {"values": {"net.ipv4.ip_forward": 0}}),
    control("modules", "kernel_module", {"modules": ["usb-storage"]}),
    control("banner", "text", {"path": "/etc/new/folder/banner", "text": "Members only\n", "mode": "0600"}),
    control("gone", "text", {"path": "/etc/hosts.equiv", "text": None}),
    control("paths", "path", {"paths": [{"path": "/etc/cron.d", "mode": "0700", "at_most": True}]}),
    control("unit", "unit", {"units": {"rpc.socket": {"masked": True}, "none.service": {"enabled": False}}}),
    control("quality", "package", {"present": ["pwquality"], "absent": ["telnet"]}),
    control(
        "minlen", "setting", {"path": "/etc/pwquality.conf", "values": {"minlen": 14}, "separator": " = "},
        applies={"packages": ["pwquality"]},
    ),
    control(
        "pwmode", "path", {"paths": [{"path": "/etc/pwquality.conf", "mode": "0600"}]},
        applies={"packages": ["pwquality"]},
    ),
    control("shm", "mount", {"path": "/dev/shm", "options": ["noexec"]}),
    control("el", "package", {"present": ["none"]}, applies={"distributions": ["EL-9"]}),
]  # fmt: skip


@pytest.fixture
def fresh(machine):
    """A host on which most of CONTROLS differ."""
    machine.write("/etc/login.defs", LOGIN)
    machine.write("/etc/hosts.equiv", "+\n", 0o640)
    machine.write("/etc/fstab", "# none\n")
    machine.write("/etc/cron.d/job", "", 0o644)
    machine.write("/proc/sys/net/ipv4/conf/all/accept_redirects", "1")
    machine.write("/proc/sys/net/ipv4/ip_forward", "0")
    machine.write("/proc/modules", "usb_storage 1000 0 - Live 0x0\n")
    machine.write("/proc/self/mountinfo", "30 20 0:5 / /dev/shm rw,nosuid - tmpfs shm rw,size=64k\n")
    machine.packages.add("telnet")
    machine.repository = {"pwquality": {"/etc/pwquality.conf": "# minlen = 8\n"}, "telnet": {}, "libpw": {}}
    machine.depends = {"pwquality": ["libpw"]}
    machine.units = {"rpc.socket": {"load": "loaded", "enabled": "enabled", "active": "active"}}

    def modprobe(argv):
        machine.write("/proc/modules", "" if "--remove" in argv else "usb_storage 1000 0 - Live 0x0\n")
        return Outcome(0, "", "")

    def mount(argv):
        options = argv[2].removeprefix("remount,")
        machine.write("/proc/self/mountinfo", f"30 20 0:5 / /dev/shm rw,nosuid,{options} - tmpfs shm rw,size=64k\n")
        return Outcome(0, "", "")

    machine.programs = {"modprobe": modprobe, "mount": mount}
    return machine


def statuses(cases):
    """{id: status}"""
    return {case.name: case.status for case in cases}


def same(state):
    """The state without what is only a way of writing it: options in mountinfo."""
    state["files"].pop("/proc/self/mountinfo")
    return state


def test_whole_life(fresh):
    before = fresh.state()
    foreseen, planned = engine.enforce(fresh.host, CONTROLS, check=True)
    assert fresh.state() == before, "check mode wrote something"
    cases, steps = engine.enforce(fresh.host, CONTROLS)
    assert statuses(cases) == statuses(foreseen) == {
        **dict.fromkeys([entry["id"] for entry in CONTROLS], "remediated"), "el": "not_applicable",
    }  # fmt: skip
    assert {(step.kind, step.target) for step in planned} <= {(step.kind, step.target) for step in steps}
    assert fresh.read("/etc/login.defs") == "# Ages\nPASS_MAX_DAYS 365\nUMASK 027\n"
    assert fresh.read("/etc/pwquality.conf") == "# minlen = 8\nminlen = 14\n"
    assert fresh.mode("/etc/pwquality.conf") == 0o600
    assert fresh.mode("/etc/cron.d") == 0o700
    assert fresh.read("/etc/sysctl.d/99-zz-datacloud.conf").splitlines()[1:] == [
        "net.ipv4.conf.all.accept_redirects = 0", "net.ipv4.ip_forward = 0",
    ]  # fmt: skip
    assert fresh.read("/proc/sys/net/ipv4/conf/all/accept_redirects") == "0"
    assert fresh.read("/etc/hosts.equiv") is None and fresh.mode("/etc/new/folder/banner") == 0o600
    assert fresh.units["rpc.socket"] == {"load": "masked", "enabled": "enabled", "active": "inactive"}
    assert fresh.packages == {"base-files", "pwquality", "libpw"}

    after = fresh.state()
    for check in (True, False):
        again, steps = engine.enforce(fresh.host, CONTROLS, check)
        assert steps == [] and set(statuses(again).values()) == {"compliant", "not_applicable"}
    assert fresh.state() == after and len(record.recorded(fresh.host())) == 1

    assert engine.restore(fresh.host, check=True)[0] and fresh.state() == after
    taken, sentences = engine.restore(fresh.host)
    assert taken and not sentences
    assert same(fresh.state()) == same(before)
    assert record.recorded(fresh.host()) == [] and engine.restore(fresh.host) == ([], [])


def test_record_is_private_and_written_before(fresh):
    seen = []
    fresh.programs["modprobe"] = lambda _argv: seen.append(record.recorded(fresh.host())) or Outcome(1, "", "no")
    cases, _steps = engine.enforce(fresh.host, CONTROLS)
    assert statuses(cases)["modules"] == "failed"
    ((path, steps),) = seen[0]
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert {step.kind for step in steps} == {
        "package",
        "folder",
        "file",
        "attributes",
        "unit",
        "sysctl",
        "module",
        "mount",
    }
    assert "modules: " not in json.dumps([step.before for step in steps])


def test_restore_last_takes_back_one_run(fresh):
    engine.enforce(fresh.host, CONTROLS[:1])
    first = fresh.state()
    engine.enforce(fresh.host, CONTROLS[:2])
    engine.restore(fresh.host, last=True)
    assert fresh.state() == first
    engine.restore(fresh.host)
    assert fresh.read("/etc/login.defs") == LOGIN


def test_audit_changes_nothing(fresh):
    before = fresh.state()
    cases = engine.audit(fresh.host, CONTROLS)
    assert fresh.state() == before
    assert statuses(cases)["ages"] == "failed" and "audit" in cases[0].result()["reason"]
    assert not record.recorded(fresh.host())


def test_refused_file_stays(fresh):
    fresh.programs["visudo"] = lambda _argv: Outcome(1, "", "line 1: syntax error")
    fresh.write("/etc/sudoers.d/datacloud", "old\n", 0o440)
    data = {"path": "/etc/sudoers.d/datacloud", "text": "new\n", "mode": "0440", "validate": ["visudo", "-cf", "%s"]}
    sudo = control("sudo", "text", data)
    for check in (True, False):
        cases, _steps = engine.enforce(fresh.host, [sudo, CONTROLS[0]], check)
        assert statuses(cases) == {"sudo": "failed", "ages": "remediated"}
        assert "line 1: syntax error" in cases[0].result()["reason"]
    assert fresh.read("/etc/sudoers.d/datacloud") == "old\n"
    assert fresh.read("/etc/login.defs") != LOGIN


def test_validator_reads_the_new_text(fresh):
    seen = []

    def visudo(argv):
        with open(argv[-1]) as file:  # noqa: PTH123 (a program does not know Path)
            seen.append(file.read())
        return Outcome(0, "", "")

    fresh.programs["visudo"] = visudo
    data = {"path": "/etc/sudoers.d/datacloud", "text": "new\n", "validate": ["visudo", "-cf", "%s"]}
    engine.enforce(fresh.host, [control("sudo", "text", data)])
    assert seen == ["new\n"]


def test_contradictions_are_refused_before_anything_is_written(fresh):
    before = fresh.state()
    other = control("other", "setting", {"path": "/etc/login.defs", "values": {"PASS_MAX_DAYS": 90}})
    # Found even where the host agrees with one of the two.
    for first in ("99999", "365"):
        ages = control("ages", "setting", {"path": "/etc/login.defs", "values": {"PASS_MAX_DAYS": first}})
        with pytest.raises(engine.Refused) as error:
            engine.enforce(fresh.host, [CONTROLS[2], ages, other])
        assert "ages and other" in error.value.args[0][0] and "PASS_MAX_DAYS" in error.value.args[0][0]
    assert fresh.state() == before


def test_waivers(fresh):
    waiver = {"owner": "Ada", "reason": "Until the move", "expires": "2999-01-01"}
    waived = {**CONTROLS[0], "waiver": waiver}
    expired = {**CONTROLS[1], "waiver": {**waiver, "expires": "2020-01-01"}}
    cases, steps = engine.enforce(fresh.host, [waived, expired])
    assert statuses(cases) == {"ages": "waived", "mask": "failed"} and steps == []
    assert cases[0].result()["waiver"] == waiver and cases[0].result()["observed"] == {"PASS_MAX_DAYS": "99999"}
    assert "Ada" in cases[1].result()["reason"] and "2020-01-01" in cases[1].result()["reason"]
    assert fresh.read("/etc/login.defs") == LOGIN


def test_waived_package_does_not_come(fresh):
    waiver = {"owner": "Ada", "reason": "Not now", "expires": "2999-01-01"}
    cases, _steps = engine.enforce(fresh.host, [{**CONTROLS[9], "waiver": waiver}, CONTROLS[10]])
    assert statuses(cases) == {"quality": "waived", "minlen": "not_applicable"}


def test_exceptions_and_conditions(fresh):
    fresh.write("/run/systemd/container", "podman")
    cases, _steps = engine.enforce(
        fresh.host,
        [
            {**CONTROLS[0], "exception": "Batch nodes keep it"},
            {**CONTROLS[1], "applies": {"not_in_container": True}},
            {**CONTROLS[2], "applies": {"packages": ["other", "telnet"], "distributions": ["Debian"]}},
            {**CONTROLS[3], "applies": {"nosuch": 1}},
        ],
    )
    assert list(statuses(cases).values()) == ["not_applicable", "not_applicable", "remediated", "failed"]
    assert cases[0].result()["reason"] == "Batch nodes keep it"
    assert "nosuch" in cases[3].result()["reason"]


def test_a_package_that_cannot_be_installed(fresh):
    del fresh.repository["pwquality"]
    fresh.packages.add("pwother")
    good = control("good", "package", {"present": ["libpw"]})
    cases, _steps = engine.enforce(fresh.host, [CONTROLS[9], CONTROLS[10], good])
    assert statuses(cases) == {"quality": "failed", "minlen": "failed", "good": "remediated"}
    assert "pwquality" in cases[0].result()["reason"] and "libpw" in fresh.packages


def test_a_removal_that_takes_others_along_is_refused(fresh):
    fresh.packages |= {"ceph", "libpw"}
    fresh.depends["ceph"] = ["libpw"]
    cases, _steps = engine.enforce(fresh.host, [control("no-libpw", "package", {"absent": ["libpw"]})])
    assert "ceph" in cases[0].result()["reason"] and {"ceph", "libpw"} <= fresh.packages


def test_a_dependency_that_others_need_by_now_stays(fresh):
    engine.enforce(fresh.host, CONTROLS[9:10])
    fresh.packages.add("ceph")
    fresh.depends["ceph"] = ["libpw"]
    assert engine.restore(fresh.host)[1] == []
    assert fresh.packages == {"base-files", "telnet", "ceph", "libpw"}


def test_what_is_in_use_is_told_beforehand(fresh):
    fresh.write("/proc/modules", "usb_storage 1000 2 uas, Live 0x0\n")
    for check in (True, False):
        cases, steps = engine.enforce(fresh.host, [CONTROLS[4]], check)
        assert statuses(cases) == {"modules": "failed"} and "in use" in cases[0].result()["reason"]
        assert [step.kind for step in steps] == ["folder", "file"]
    assert "install usb-storage /bin/false" in fresh.read("/etc/modprobe.d/datacloud.conf")
    assert engine.enforce(fresh.host, [CONTROLS[4]])[1] == []


def test_a_broken_control_fails_alone(fresh):
    cases, _steps = engine.enforce(fresh.host, [control("odd", "nosuch", {}), CONTROLS[0]])
    assert statuses(cases) == {"odd": "failed", "ages": "remediated"}


def test_password_files_are_not_edited_as_text(fresh):
    fresh.write("/etc/shadow", "root:*:1:0:99999:7:::\n", 0o640)
    odd = control("odd", "setting", {"path": "/etc/shadow", "values": {"root": "x"}, "separator": "="})
    cases, _steps = engine.enforce(fresh.host, [odd])
    assert statuses(cases) == {"odd": "failed"} and "secrets" in cases[0].result()["reason"]


def test_reload_runs_once_and_its_failure_is_told(fresh):
    data = {"text": "[Coredump]\nStorage=none\n", "reload": ["systemd"]}
    texts = [control(name, "text", {**data, "path": f"/etc/systemd/{name}.conf"}) for name in ("one", "two")]
    fresh.programs["systemctl"] = lambda argv: (
        Outcome(1, "", "no bus") if argv[1] == "daemon-reload" else Outcome(0, "", "")
    )
    fresh.calls.clear()
    cases, _steps = engine.enforce(fresh.host, texts)
    assert fresh.calls.count("systemctl daemon-reload") == 1
    assert set(statuses(cases).values()) == {"failed"} and "no bus" in cases[0].result()["reason"]


def test_a_unit_that_comes_with_a_file_of_the_run_goes_with_it(fresh):
    path = "/etc/systemd/system/scan.timer"
    timer = [
        control("scan-file", "text", {"path": path, "text": "[Timer]\n", "reload": ["systemd"]}),
        control("scan-timer", "unit", {"units": {"scan.timer": {"enabled": True}}, "if_present": False}),
    ]
    played = fresh.host().run

    def systemctl(argv):
        if argv[1] == "daemon-reload":
            there = fresh.read(path) is not None
            fresh.units.setdefault("scan.timer", {"load": "loaded", "enabled": "disabled", "active": "inactive"})
            fresh.units["scan.timer"]["load"] = "loaded" if there else "not-found"
        del fresh.programs["systemctl"]
        outcome = played(argv)
        fresh.programs["systemctl"] = systemctl
        return outcome

    fresh.programs["systemctl"] = systemctl
    cases, _steps = engine.enforce(fresh.host, timer)
    assert set(statuses(cases).values()) == {"remediated"} and fresh.units["scan.timer"]["enabled"] == "enabled"
    assert engine.restore(fresh.host)[1] == []
    assert fresh.read(path) is None and fresh.units["scan.timer"]["enabled"] == "disabled"


def test_what_other_changes_reset_is_set_again(fresh):
    fresh.write("/proc/sys/net/ipv4/conf/all/accept_redirects", "0")
    fresh.write(SYSCTL, "net.ipv4.conf.all.accept_redirects = 0\n")

    def modprobe(_argv):
        fresh.write("/proc/modules", "")
        if fresh.calls.count("modprobe --remove -- usb_storage") == 1:
            fresh.write("/proc/sys/net/ipv4/conf/all/accept_redirects", "1")
        return Outcome(0, "", "")

    fresh.programs["modprobe"] = modprobe
    cases, steps = engine.enforce(fresh.host, [CONTROLS[2], CONTROLS[4]])
    assert statuses(cases) == {"redirects": "compliant", "modules": "remediated"}
    assert (steps[-1].kind, steps[-1].after) == ("sysctl", "0")
    assert engine.enforce(fresh.host, [CONTROLS[2], CONTROLS[4]])[1] == []


def test_what_a_package_brings_is_set_in_the_same_run(fresh):
    mode = control("mode", "path", {"paths": [{"path": "/etc/pwquality.conf", "mode": "0600"}]})
    cases, _steps = engine.enforce(fresh.host, [CONTROLS[9], mode])
    assert statuses(cases) == {"quality": "remediated", "mode": "remediated"}
    assert fresh.mode("/etc/pwquality.conf") == 0o600
    assert engine.enforce(fresh.host, [CONTROLS[9], mode])[1] == []


def test_unknown_reload_fails_its_controls(fresh):
    odd = control("odd", "text", {"path": "/etc/odd", "text": "", "reload": ["nosuch"]})
    cases, _steps = engine.enforce(fresh.host, [odd, CONTROLS[0]])
    assert statuses(cases) == {"odd": "failed", "ages": "remediated"} and "nosuch" in cases[0].result()["reason"]


def test_second_run_starts_three_programs_at_most(fresh):
    engine.enforce(fresh.host, CONTROLS)
    fresh.calls.clear()
    engine.enforce(fresh.host, CONTROLS)
    assert len(fresh.calls) == 2, fresh.calls


def test_types_are_registered_under_their_names():
    for name, module in TYPES.items():
        assert name == module.NAME and module.__name__.rpartition(".")[2] == name
        assert module.DATA["additionalProperties"] is False and module.__doc__ and module.evaluate.__doc__
