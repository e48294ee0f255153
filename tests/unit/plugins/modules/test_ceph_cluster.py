# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_cluster: bootstrapped once, started over if it was cut off, never touched in an outage."""

from __future__ import annotations

import fcntl
import json
import socket
import tempfile
import time
from pathlib import Path

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.modules import ceph_cluster
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.ceph import fake_rados

FSID = "5b7fd2a5-3d2c-5c0a-9d9b-0d5a1c5b1c5f"
PARAMS = {
    "fsid": FSID,
    "mon_address": "10.144.16.17",
    "image": "quay.io/ceph/ceph:v18.2.7",
    "ssh_private_key": "-----BEGIN PRIVATE-PART",
    "ssh_public_key": "ssh-ed25519 PUBLIC-PART",
    "timeout": 30,
}
REGISTRY = {"url": "registry.example.org", "username": "reader", "password": "REGISTRY-PASSWORD"}
SECRETS = ("PRIVATE-PART", "REGISTRY-PASSWORD")


class Host:
    """A host with a double of cephadm that does to files what cephadm does."""

    def __init__(self, folder):
        self.ceph, self.conf, self.tmp = folder / "lib", folder / "ceph.conf", folder / "tmp"
        self.tmp.mkdir()
        self.cluster = fake_rados.Cluster()
        self.cluster.hosts = {}
        self.calls, self.given, self.daemons, self.fails = [], {}, [], False

    @property
    def mark(self):
        """The file that tells an unfinished bootstrap."""
        return self.ceph / f"bootstrap-{FSID}.unfinished"

    def run_command(self, module, command, check_rc=False):
        """AnsibleModule.run_command."""
        assert not any(secret in word for secret in SECRETS for word in command), "a secret in a process list"
        if command[0] == "timeout":
            assert command[1] == str(module.params["timeout"])
            command = command[2:]
        assert command[0] == "/usr/sbin/cephadm"
        action = next(word for word in command if word in ("ls", "rm-cluster", "bootstrap"))
        self.calls.append(action)
        return getattr(self, action.replace("-", "_"))(command)

    def ls(self, _command):
        return 0, json.dumps(self.daemons), ""

    def rm_cluster(self, command):
        assert command[1:] == ["rm-cluster", "--force", "--fsid", FSID]
        assert self.mark.exists(), "what is removed is marked as unfinished all the while"
        self.daemons = [daemon for daemon in self.daemons if daemon["fsid"] != FSID]
        return 0, "", ""

    def bootstrap(self, command):
        assert self.mark.exists(), "the mark is there before the bootstrap begins"
        assert not (self.ceph / FSID).exists(), "cephadm takes this folder for a cluster"
        for option in ("--ssh-private-key", "--ssh-public-key", "--registry-json"):
            if option in command:
                path = Path(command[command.index(option) + 1])
                assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
                assert path.is_relative_to(self.tmp)
                self.given[option] = path.read_text()
        (self.ceph / FSID).mkdir()
        self.daemons.append({"fsid": FSID, "name": "mon.a"})
        if self.fails:
            return 1, "", "Pulling container image\nERROR: mon did not start\n"
        self.conf.write_text(f"[global]\nfsid = {FSID}\n")
        self.conf.with_name("ceph.client.admin.keyring").touch()
        self.cluster.hosts[socket.gethostname()] = {"addr": "10.144.16.17", "labels": ["_admin"]}
        return 0, "", ""


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host without a cluster."""
    host = Host(tmp_path)
    monkeypatch.setattr(ceph_cluster, "CEPH", host.ceph)
    monkeypatch.setattr(ceph_cluster, "CONF", host.conf)
    monkeypatch.setattr(ceph_cluster, "rados", fake_rados.Module(host.cluster))
    monkeypatch.setattr(tempfile, "tempdir", str(host.tmp))

    def run_command(module, *given, **options):
        return host.run_command(module, *given, **options)

    monkeypatch.setattr(AnsibleModule, "run_command", run_command)
    monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda self, name, **_options: f"/usr/sbin/{name}")
    return host


@pytest.fixture
def cluster(host, run_module):
    """A function (check=False, **parameters) -> the module's result, which never holds a secret."""

    def run(check=False, **changes):
        host.calls.clear()
        result = run_module("ceph_cluster", {**PARAMS, **changes}, check=check)
        assert not any(secret in json.dumps(result) for secret in SECRETS)
        assert not list(host.tmp.glob("ceph-bootstrap-*")), "files with secrets are left"
        return result

    return run


@pytest.mark.crud("ceph_cluster")
def test_life(host, cluster):
    foreseen = cluster(check=True)
    assert host.calls == ["ls"] and not host.ceph.exists(), "check mode writes nothing, not even its lock"

    done = cluster()
    assert host.calls == ["ls", "bootstrap"] and not host.mark.exists()
    for result in (foreseen, done):
        assert result["changed"] and result["state"] == "absent"
        assert result["diff"] == {"before": {"bootstrapped": False}, "after": {"bootstrapped": True}}

    for check in (True, False):
        again = cluster(check=check)
        assert not again["changed"] and again["state"] == "complete" and again["diff"]["before"]["bootstrapped"]
        assert not host.calls, "the cluster's own answer is enough"


def test_secrets_travel_in_files(host, cluster):
    assert cluster(registry=REGISTRY)["changed"]
    assert host.given["--ssh-private-key"] == "-----BEGIN PRIVATE-PART\n"
    assert host.given["--ssh-public-key"] == "ssh-ed25519 PUBLIC-PART\n"
    assert json.loads(host.given["--registry-json"]) == REGISTRY


@pytest.mark.crud("ceph_cluster")
def test_a_bootstrap_that_failed_starts_over(host, cluster):
    host.fails = True
    result = cluster()
    assert result["failed"] and host.mark.exists()
    assert "cephadm bootstrap ended with 1" in result["msg"] and "ERROR: mon did not start" in result["msg"]

    host.fails = False
    foreseen = cluster(check=True)
    assert foreseen["changed"] and foreseen["state"] == "partial"
    assert not host.calls and host.mark.exists() and (host.ceph / FSID).exists()

    done = cluster()
    assert done["changed"] and done["state"] == "partial" and host.calls == ["rm-cluster", "bootstrap"]
    assert not host.mark.exists() and not cluster()["changed"]


def test_a_removal_that_fails_stops_there(host, cluster, monkeypatch):
    host.ceph.mkdir()
    host.mark.touch()
    monkeypatch.setattr(host, "rm_cluster", lambda _command: (1, "", "ERROR: busy"))
    result = cluster()
    assert result["failed"] and "cephadm rm-cluster ended with 1: ERROR: busy" in result["msg"]
    assert host.calls == ["rm-cluster"] and host.mark.exists()


@pytest.mark.parametrize("reachable", [False, True])
def test_an_outage_is_no_new_cluster(host, cluster, reachable):
    cluster()
    # Without an answer, and with one from an orchestrator that has lost this host.
    host.cluster.reachable = reachable
    host.cluster.hosts = {"other": {"addr": "10.144.16.18", "labels": []}}
    for check in (True, False):
        result = cluster(check=check)
        assert result["failed"] and "it is an outage, not a new cluster" in result["msg"]
        assert host.calls == ["ls"] and (host.ceph / FSID).exists() and not host.mark.exists()


def test_another_cluster_of_this_host_does_not_count(host, cluster):
    other = "11111111-2222-3333-4444-555555555555"
    host.conf.write_text(f"[global]\nfsid = {other}\n")
    host.daemons = [{"fsid": other, "name": "mon.b"}]
    assert cluster()["state"] == "absent" and host.calls == ["ls", "bootstrap"]
    assert [daemon["fsid"] for daemon in host.daemons] == [other, FSID]


def test_check_mode_on_a_bare_host(host, cluster, monkeypatch):
    monkeypatch.setattr(ceph_cluster, "rados", None)
    monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda self, name, required=False, **_options: None)
    foreseen = cluster(check=True)
    assert foreseen["changed"] and foreseen["state"] == "absent" and not host.calls


class TestLock:
    """One bootstrap at a time: a play that was killed leaves its module running."""

    @pytest.fixture
    def lock(self, host):
        """The lock, held by somebody else."""
        host.ceph.mkdir()
        with (host.ceph / f"bootstrap-{FSID}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock

    def test_a_check_does_not_wait(self, lock, cluster):
        assert cluster(check=True)["changed"]

    def test_who_waits_finds_the_others_cluster(self, lock, host, cluster, monkeypatch):
        def other_one_ends(_seconds):
            host.mark.touch()
            host.bootstrap([])
            host.mark.unlink()
            fcntl.flock(lock, fcntl.LOCK_UN)

        monkeypatch.setattr(time, "sleep", other_one_ends)
        result = cluster()
        assert not result.get("failed") and not result["changed"] and not host.calls

    def test_waiting_has_an_end(self, lock, host, cluster, monkeypatch):
        now = [0.0]
        monkeypatch.setattr(time, "monotonic", lambda: sum(now))
        monkeypatch.setattr(time, "sleep", now.append)
        result = cluster()
        assert result["failed"] and "another bootstrap does not come to an end" in result["msg"]
        assert not host.calls and len(now) == 17, "thirty seconds, a try every two"
