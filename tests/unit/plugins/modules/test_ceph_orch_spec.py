# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_orch_spec: hosts and services, waiting, the manager's dying module."""

from __future__ import annotations

import pytest

MON = {"service_type": "mon", "placement": {"count": 1}}
RGW = {
    "service_type": "rgw",
    "service_id": "cnaf",
    "placement": ["a"],
    "networks": "10.0.0.0/8",
    "spec": {"rgw_realm": "r", "rgw_frontend_port": "8443", "rgw_frontend_ssl_certificate": "PRIVATE\nPEM\n"},
}
OSD = {
    "service_type": "osd",
    "service_id": "data",
    "placement": {"hosts": ["a"]},
    "method": "raw",
    "encrypted": False,
    "data_devices": {"paths": [{"path": "/dev/loop1"}, "/dev/loop2"]},
}
HOST = {"service_type": "host", "hostname": "b", "addr": "10.0.0.2", "labels": ["osd"]}


@pytest.mark.crud("ceph_orch_spec")
def test_life(ceph):
    done = ceph.life("ceph_orch_spec", {"specs": [HOST, MON, RGW, OSD]})
    assert [item["key"] for item in done["operations"]] == ["host b", "mon", "rgw.cnaf", "osd.data"]
    assert "PRIVATE" not in str(done)
    assert ceph.cluster.services["osd.data"]["spec"]["data_devices"] == {"paths": ["/dev/loop1", "/dev/loop2"]}
    assert ceph.cluster.hosts["b"] == {"addr": "10.0.0.2", "labels": ["osd"]}

    ceph.cluster.hosts["b"]["labels"].append("others")
    changed = [{**HOST, "labels": ["mon"]}, {**RGW, "unmanaged": True, "spec": {"rgw_frontend_port": 443}}]
    done = ceph.life("ceph_orch_spec", {"specs": changed})
    assert [item["changes"] for item in done["operations"]] == [["labels"], ["unmanaged", "spec"]]
    assert ceph.cluster.hosts["b"]["labels"] == ["osd", "others", "mon"]
    rgw = ceph.cluster.services["rgw.cnaf"]
    assert rgw["unmanaged"] and rgw["spec"]["rgw_frontend_port"] == 443 and rgw["spec"]["rgw_realm"] == "r"

    done = ceph.life("ceph_orch_spec", {"specs": [{**RGW, "unmanaged": False, "placement": {"label": "rgw"}}]})
    rgw = ceph.cluster.services["rgw.cnaf"]
    assert "unmanaged" not in rgw and rgw["placement"] == {"label": "rgw"}

    gone = [{**HOST, "state": "absent"}, {"service_type": "rgw", "service_id": "cnaf", "state": "absent"}]
    done = ceph.life("ceph_orch_spec", {"specs": gone})
    assert [item["key"] for item in done["operations"]] == ["rgw.cnaf", "host b"] and "PRIVATE" not in str(done)
    assert "b" not in ceph.cluster.hosts and "rgw.cnaf" not in ceph.cluster.services


@pytest.mark.crud("ceph_orch_spec")
def test_content_of_files_and_declared_secrets_are_hidden(ceph, tmp_path):
    pem = tmp_path / "rgw.pem"
    rgw = {**RGW, "spec": {"rgw_frontend_ssl_certificate": {"from_file": str(pem)}, "mine": "topsecret"}}
    specs = {"specs": [{**rgw, "secrets": ["spec.mine"]}]}
    assert ceph.run("ceph_orch_spec", specs, check=True)["changed"]
    assert "write it to this host first" in ceph.run("ceph_orch_spec", specs)["msg"]
    for content in ("CONTENT-1\n", "CONTENT-2\n"):
        pem.write_text(content)
        done = ceph.life("ceph_orch_spec", specs)
        assert ceph.cluster.services["rgw.cnaf"]["spec"]["rgw_frontend_ssl_certificate"] == content
        assert "CONTENT" not in str(done["diff"]) and "topsecret" not in str(done["diff"])


def test_waits_until_all_run_and_names_what_does_not(ceph):
    params = {"specs": [MON, OSD], "wait": {"timeout": 0, "osds": 2}}
    assert ceph.run("ceph_orch_spec", params)["services"] == {
        "mon": {"running": 1, "size": 1},
        "osd.data": {"running": 1, "size": 1},
    }
    ceph.cluster.running, ceph.cluster.up = 0, 1
    result = ceph.run("ceph_orch_spec", params)
    assert result["failed"] and "OSDs: 1 of 2 up" in result["msg"]
    assert 'mon: 0 of 1 running (now mon [ERROR] "no port")' in result["msg"]
    assert not ceph.run("ceph_orch_spec", params, check=True).get("failed")


def test_waits_until_daemons_with_a_new_command_line_run(ceph):
    ceph.cluster.daemons = [{"service_name": "rgw.cnaf", "daemon_name": "rgw.cnaf.a", "started": "before"}]
    ceph.run("ceph_orch_spec", {"specs": [RGW], "wait": {"timeout": 0}})
    new = {"specs": [{**RGW, "extra_container_args": ["--env", "A=B"]}], "wait": {"timeout": 0}}
    result = ceph.run("ceph_orch_spec", new)
    assert result["failed"] and "rgw.cnaf: 1 daemons run with their former command line" in result["msg"]
    ceph.run("ceph_orch_spec", {"specs": [{**RGW, "extra_container_args": []}]})
    applied = ceph.cluster.orch_apply

    def replace(text):
        ceph.cluster.daemons[0]["started"] = "now"
        return applied(text)

    ceph.cluster.orch_apply = replace
    assert not ceph.run("ceph_orch_spec", new).get("failed")


def test_a_dying_manager_module_is_restarted_and_the_lost_spec_applied_again(ceph):
    ceph.cluster.die_after_applies = 1
    done = ceph.run("ceph_orch_spec", {"specs": [MON, RGW], "wait": {"timeout": 0}})
    assert not done.get("failed") and list(ceph.cluster.services) == ["mon", "rgw.cnaf"]
    assert "DocumentEndEvent" in done["warnings"][0] and ceph.cluster.calls.count("mgr fail") == 1


def test_a_manager_module_that_keeps_dying_is_given_up(ceph):
    ceph.cluster.lost_mgr_module = "cephadm"
    ceph.cluster.mgr_fail = lambda: None
    ceph.cluster.orch_status = lambda: {"available": True}
    result = ceph.run("ceph_orch_spec", {"specs": [MON], "timeout": 0})
    assert result["failed"] and "died 4 times" in result["msg"]


def test_check_mode_never_restarts_the_manager(ceph):
    ceph.cluster.lost_mgr_module = "cephadm"
    ceph.run("ceph_orch_spec", {"specs": [MON]}, check=True)
    assert "mgr fail" not in ceph.cluster.calls


def test_a_starting_manager_is_waited_for(ceph):
    ceph.cluster.starting = 3
    assert ceph.run("ceph_orch_spec", {"specs": [MON]})["changed"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"placement": {"count": 1}}, "needs a service_type"),
        ({"service_type": "host"}, "needs a hostname"),
        ({**HOST, "adr": "x"}, "host b: unknown keys adr"),
        ({**MON, "placement": "a b"}, "write it as a dictionary"),
        ({**MON, "placement": ["nowhere"]}, "service mon: the cluster answered `orch apply` with EINVAL: Cannot place"),
    ],
)
def test_refusals(ceph, spec, words):
    result = ceph.run("ceph_orch_spec", {"specs": [spec]})
    assert result["failed"] and words in result["msg"]


def test_mon_is_not_removed(ceph):
    ceph.run("ceph_orch_spec", {"specs": [MON]})
    result = ceph.run("ceph_orch_spec", {"specs": [{"service_type": "mon", "state": "absent"}]})
    assert result["failed"] and "cannot be removed" in result["msg"]
