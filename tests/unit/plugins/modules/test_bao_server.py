# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bao_server against real OpenBao servers that become a cluster."""

from __future__ import annotations

import base64
import json
import os
import shutil
import stat
import subprocess
import time

import pytest
from ansible.module_utils.urls import open_url

from ansible_collections.infn.datacloud.plugins.module_utils.bao import server as life
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.bao import server


class Cluster:
    """Members, and the module run on one of them by its number."""

    def __init__(self, folder, run_module):
        self.folder, self.run_module = folder, run_module
        self.members = server.cluster(folder)
        self.answer_file = folder / "run" / "answer.json"
        self.token, self.keys = "", []

    def run(self, number, check=False, **params):
        """The result (dict) of bao_server on a member."""
        url = self.members[number].url
        return self.run_module("bao_server", {"url": url, "wait": 40, "timeout": 10, **params}, check)

    def init(self, check=False, **options):
        """Initialise the first member."""
        others = [member.url for member in self.members[1:]]
        options = {"shares": 3, "threshold": 2, "answer_file": str(self.answer_file), "others": others, **options}
        return self.run(0, check=check, init=options)

    def up(self):
        """Initialise the first member and let the others join."""
        result = self.init()
        self.token, self.keys = result["root_token"], result["unseal_keys"]
        for member in self.members:
            member.token = self.token
        quick = {"server_stabilization_time": "1s"}
        self.members[0].request("POST", "sys/storage/raft/autopilot/configuration", quick)
        for number in range(1, len(self.members)):
            result = self.run(number, unseal=True, unseal_keys=self.keys)
            assert result["operations"] == ["unseal"], result
        while len(self.members[0].request("GET", "sys/storage/raft/autopilot/state")["data"]["voters"]) < 3:
            time.sleep(0.2)
        return self

    def stop(self):
        for member in self.members:
            if member.process.poll() is None:
                member.stop()


@pytest.fixture
def cluster(tmp_path, run_module):
    cluster = Cluster(tmp_path, run_module)
    yield cluster
    cluster.stop()


@pytest.fixture
def systemd(cluster, monkeypatch):
    """Stands in for systemctl: each member's process is the unit of its name."""
    restarted = []

    def systemctl(_self, *words, check=True):
        assert isinstance(check, bool)
        unit = cluster.members[int(words[-1])]
        if words[0] == "restart":
            unit.stop()
            unit.start()
            restarted.append(int(words[-1]))
        running = unit.process.poll() is None
        return (0 if running else 3), f"@{int(time.time()) - 1000}\n" if words[0] == "show" else ""

    monkeypatch.setattr(life.Server, "_systemctl", systemctl)
    return restarted


@pytest.mark.crud("bao_server")
def test_init_and_unseal(cluster):
    foreseen = cluster.init(check=True)
    assert foreseen["operations"] == ["init"] and not cluster.members[0].request("GET", "sys/init")["initialized"]
    done = cluster.init()
    assert done["operations"] == ["init", "unseal"] and done["active"] and len(done["unseal_keys"]) == 3
    assert stat.S_IMODE(cluster.answer_file.stat().st_mode) == 0o600

    # A run that was cut off before anybody kept the answer: the next one gets it again.
    again = cluster.init()
    assert (again["unseal_keys"], again["root_token"]) == (done["unseal_keys"], done["root_token"])
    cluster.answer_file.unlink()
    again = cluster.init()
    assert not again["changed"] and "unseal_keys" not in again

    refused = cluster.run(1, unseal=True)
    assert refused["failed"] and "no unseal keys" in refused["msg"]
    keys = done["unseal_keys"]
    unseal = {"unseal": True, "unseal_keys": keys[1:]}
    assert cluster.run(1, check=True, **unseal)["operations"] == ["unseal"]
    assert cluster.run(1, **unseal)["operations"] == ["unseal"]
    for check in (True, False):
        again = cluster.run(1, check=check, wait_leader=True, **unseal)
        assert not again["changed"] and again["leader"] == cluster.members[0].url and not again["active"]

    login = {"token": done["root_token"], "check_login": True}
    assert cluster.run(1, **login)["authenticated"]
    revoke = {**login, "revoke_token": True}
    assert cluster.run(1, check=True, **revoke)["operations"] == ["revoke_token"]
    assert cluster.run(1, **revoke)["operations"] == ["revoke_token"]
    again = cluster.run(1, **revoke)
    assert not again["changed"] and not again["authenticated"]


def test_a_lost_member_joins_and_founds_nothing(cluster):
    cluster.up()
    cluster.answer_file.unlink()
    lost = cluster.members[0]
    lost.stop()
    for path in (lost.folder / "data").rglob("*"):
        if path.is_file():
            path.unlink()
    lost.start()
    # Either it has already heard of the others, or it is refused; never does it begin anew.
    result = cluster.init()
    assert not result["changed"] and "so that this server joins it" in result.get("msg", "so that this server joins it")
    result = cluster.run(0, unseal=True, unseal_keys=cluster.keys, wait_leader=True)
    assert result["operations"] == ["unseal"], result


def test_wrong_keys(cluster):
    cluster.up()
    cluster.members[2].stop()
    cluster.members[2].start()
    wrong = [base64.b64encode(os.urandom(33)).decode() for _turn in range(3)]
    refused = cluster.run(2, unseal=True, unseal_keys=wrong, wait=3)
    assert refused["failed"] and not any(key in str(refused) for key in wrong)
    assert cluster.run(2, unseal=True, unseal_keys=cluster.keys)["operations"] == ["unseal"]


def test_rolling_restart(cluster, systemd):
    cluster.up()
    (changed := cluster.folder / "changed.hcl").touch()

    urls = [member.url for member in cluster.members]

    def restart(number, only, check=False, wait=40, **more):
        options = {"unit": str(number), "only": only, "members": urls, "files": [str(changed)], **more}
        keys = {"token": cluster.token, "unseal": True, "unseal_keys": cluster.keys}
        return cluster.run(number, check=check, wait=wait, restart=options, **keys)

    assert restart(1, "standby", check=True)["operations"] == ["restart"] and not systemd
    both = ["restart", "unseal"]
    assert [restart(number, "standby")["operations"] for number in range(3)] == [[], both, both]
    assert restart(0, "active")["operations"] == both
    assert systemd == [1, 2, 0]
    assert cluster.run(0, wait_leader=True)["leader"] != cluster.members[0].url, "it handed over before"

    # Nothing newer than the process: nothing to do.
    os.utime(changed, (0, 0))
    assert not restart(1, "standby")["changed"] and not restart(1, "active")["changed"]

    # While a member is down no other one goes.
    cluster.members[0].stop()
    number = next(number for number in (1, 2) if not cluster.run(number)["active"])
    refused = restart(number, "standby", pending=True, wait=3)
    assert refused["failed"] and "not restarted" in refused["msg"] and systemd == [1, 2, 0]


def test_restore_into_a_new_cluster(cluster, tmp_path, run_module):
    cluster.up()
    first = cluster.members[0]
    first.request("POST", "sys/mounts/kv", {"type": "kv"})
    first.request("POST", "kv/a", {"b": "c"})
    answer = open_url(f"{first.url}/v1/sys/storage/raft/snapshot", headers={"X-Vault-Token": cluster.token})
    (tmp_path / "snapshot").write_bytes(answer.read())
    cluster.stop()

    (tmp_path / "new").mkdir()
    new = Cluster(tmp_path / "new", run_module)
    try:
        temporary = new.init(shares=1, threshold=1)
        assert not temporary.get("failed"), temporary
        restore = {"restore": str(tmp_path / "snapshot"), "token": temporary["root_token"]}
        assert new.run(0, check=True, **restore)["operations"] == ["restore"]
        done = new.run(0, **restore)
        assert done["operations"] == ["restore"] and done["sealed"], done
        # Until it starts anew it takes its keys to be as many as the temporary ones.
        new.members[0].stop()
        new.members[0].start()
        for number in (0, 1, 2):
            assert new.run(number, unseal=True, unseal_keys=cluster.keys, wait_leader=True)["changed"]
        new.members[1].token = cluster.token
        assert new.members[1].request("GET", "kv/a")["data"] == {"b": "c"}
    finally:
        new.stop()


def test_a_root_token_from_the_keys(tmp_path, run_module):
    (port,) = server.free_ports(1)
    more = f"""listener "tcp" {{
  address = "127.0.0.1:{port}"
  tls_disable = true
  disable_unauthed_generate_root_endpoints = false
}}"""
    (member,) = server.cluster(tmp_path, members=1, more=more)
    try:
        options = {"shares": 3, "threshold": 2, "answer_file": str(tmp_path / "run" / "answer")}
        keys = run_module("bao_server", {"url": member.url, "init": options})["unseal_keys"]
        ask = {"url": f"http://127.0.0.1:{port}", "generate_root": True, "unseal_keys": keys}
        assert "root_token" not in run_module("bao_server", ask, check=True)
        token = run_module("bao_server", ask)["root_token"]
        login = run_module("bao_server", {"url": member.url, "token": token, "check_login": True})
        assert login["authenticated"]
        few = run_module("bao_server", {**ask, "unseal_keys": keys[:1]})
        assert few["failed"] and "2 unseal keys are needed" in few["msg"]
        refused = run_module("bao_server", {**ask, "url": member.url})
        assert refused["failed"] and "405" in refused["msg"]
    finally:
        member.stop()


@pytest.mark.skipif(not shutil.which("gpg"), reason="needs gpg")
def test_keys_for_their_owners(tmp_path, run_module):
    def gpg(*words, **options):
        command = ["gpg", "--homedir", str(tmp_path / "gpg"), "--batch", "--quiet", *words]
        return subprocess.run(command, capture_output=True, check=True, **options).stdout

    (tmp_path / "gpg").mkdir(mode=0o700)
    gpg("--passphrase", "", "--quick-generate-key", "owner@example.org", "default", "default", "never")
    key = base64.b64encode(gpg("--export", "owner@example.org")).decode()
    (member,) = server.cluster(tmp_path, members=1)
    try:
        options = {"shares": 1, "threshold": 1, "pgp_keys": [key], "answer_file": str(tmp_path / "run" / "answer")}
        done = run_module("bao_server", {"url": member.url, "init": options})
        assert not done.get("failed"), done
        assert done["operations"] == ["init"] and done["encrypted"] and done["sealed"]
        share = gpg("--decrypt", input=base64.b64decode(done["unseal_keys"][0])).decode()
        unsealed = run_module("bao_server", {"url": member.url, "unseal": True, "unseal_keys": [share]})
        assert unsealed["operations"] == ["unseal"], unsealed
    finally:
        member.stop()
        subprocess.run(["gpgconf", "--homedir", str(tmp_path / "gpg"), "--kill", "all"], check=False)


def test_nobody_answers(run_module, tmp_path):
    nobody = {"url": "http://127.0.0.1:1", "timeout": 1, "unseal": True, "unseal_keys": ["very-secret"]}
    init = {"answer_file": str(tmp_path / "answer")}
    foreseen = run_module("bao_server", {**nobody, "init": init}, check=True)
    assert foreseen["operations"] == ["init", "unseal"] and foreseen["warnings"]
    assert not json.dumps(foreseen).count("very-secret") and not list(tmp_path.iterdir())
