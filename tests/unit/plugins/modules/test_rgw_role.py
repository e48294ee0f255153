# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rgw_role against moto's IAM: create, change, remove; request counts. moto authorises nothing, so nothing of that."""

from __future__ import annotations

import json

import boto3
import pytest
from ansible.module_utils.urls import open_url
from moto.server import ThreadedMotoServer

from ansible_collections.infn.datacloud.plugins.module_utils.rgw_iam import backends
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api

TRUST = {"issuer": "https://iam.example.org", "audiences": ["https://s3.example.org"], "values": ["/virgo"]}
GRANT = {"bucket": "virgo", "prefix": "data/", "rights": ["read", "write"]}
VIRGO = {"name": "virgo", "description": "Virgo", "trust": TRUST, "grants": [GRANT]}


@pytest.fixture(scope="module")
def server():
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    _host, port = moto.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    moto.stop()


class Gateway:
    """An IAM service, a plain client beside the module, and the requests that the module made."""

    def __init__(self, url, run_module, monkeypatch):
        self.url, self.run_module, self.requests = url, run_module, []
        self.client = boto3.client(
            "iam", endpoint_url=url, aws_access_key_id="K", aws_secret_access_key="S", region_name="us-east-1"
        )
        plain = api.S3.call

        def counted(s3, method, *args, **kwargs):
            self.requests.append(method)
            return plain(s3, method, *args, **kwargs)

        monkeypatch.setattr(api.S3, "call", counted)

    def run(self, roles, check=False, **params):
        self.requests.clear()
        keys = {"access_key": "K", "secret_key": "S", "endpoint_url": self.url}
        return self.run_module("rgw_role", {**keys, "roles": roles, **params}, check)

    def state(self):
        """Everything there is, as text."""
        roles = []
        for role in self.client.list_roles()["Roles"]:
            name = role["RoleName"]
            policies = {
                policy: self.client.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for policy in self.client.list_role_policies(RoleName=name)["PolicyNames"]
            }
            roles.append([name, role["Path"], role["AssumeRolePolicyDocument"], role["MaxSessionDuration"], policies])
        return json.dumps(roles, sort_keys=True)

    def life(self, roles, **params):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        before = self.state()
        foreseen = self.run(roles, check=True, **params)
        assert self.state() == before, "check mode wrote something"
        done = self.run(roles, **params)
        assert not done.get("failed"), done
        keys = ("changed", "operations", "diff")
        assert [foreseen.get(key) for key in keys] == [done.get(key) for key in keys]
        for check in (True, False):
            again = self.run(roles, check=check, **params)
            assert not again.get("failed") and not again["changed"], again
        return done


@pytest.fixture
def gateway(server, run_module, monkeypatch):
    open_url(f"{server}/moto-api/reset", method="POST")
    return Gateway(server, run_module, monkeypatch)


@pytest.mark.crud("rgw_role")
def test_life(gateway):
    gateway.life([VIRGO, {"name": "guests", "trust": {**TRUST, "claim": "groups", "values": ["guests"]}}])
    names = gateway.client.list_role_policies(RoleName="virgo")["PolicyNames"]
    assert names == ["datacloud"]
    assert gateway.client.get_role(RoleName="virgo")["Role"]["Path"] == "/datacloud/"
    changed = {
        **VIRGO,
        "trust": {**TRUST, "values": ["/virgo", "/et"]},
        "grants": [{**GRANT, "rights": ["read"]}],
        "max_session_duration": 7200,
        "description": "Virgo and ET",
    }
    done = gateway.life([changed])
    assert done["operations"] == [
        {
            "action": "update",
            "key": "virgo",
            "changes": ["description", "max_session_duration", "trust_policy", "permission_policies"],
        }
    ]
    assert "s3:PutObject" not in gateway.state()
    done = gateway.life([{**VIRGO, "grants": []}])
    assert done["operations"][0]["changes"] == ["description", "trust_policy", "permission_policies"]
    assert gateway.client.get_role(RoleName="virgo")["Role"]["MaxSessionDuration"] == 7200
    gateway.life([{"name": "virgo", "state": "absent"}, {"name": "never", "state": "absent"}])
    assert [role["RoleName"] for role in gateway.client.list_roles()["Roles"]] == ["guests"]


@pytest.mark.crud("rgw_role")
def test_purge_takes_only_what_is_ours(gateway):
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    gateway.client.create_role(RoleName="theirs", Path="/", AssumeRolePolicyDocument=document)
    gateway.life([VIRGO, {**VIRGO, "name": "gone"}])
    done = gateway.life([VIRGO], purge=True)
    assert [(item["action"], item["key"]) for item in done["operations"]] == [("delete", "gone")]
    assert {role["RoleName"] for role in gateway.client.list_roles()["Roles"]} == {"virgo", "theirs"}


def test_rights_added_by_hand_are_taken_back(gateway):
    gateway.run([VIRGO])
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    gateway.client.put_role_policy(RoleName="virgo", PolicyName="extra", PolicyDocument=json.dumps(everything))
    done = gateway.run([VIRGO])
    assert done["operations"] == [{"action": "update", "key": "virgo", "changes": ["permission_policies"]}]
    assert gateway.client.list_role_policies(RoleName="virgo")["PolicyNames"] == ["datacloud"]


def test_a_role_goes_only_when_the_other_zones_know_that_it_has_no_rights(gateway, monkeypatch):
    gateway.run([VIRGO])
    gone = [{"name": "virgo", "state": "absent"}]
    plain, answers = api.S3.call, []

    def late(s3, method, *args, **kwargs):
        if s3.endpoint == "https://other.example.org":
            return {"PolicyNames": answers.pop(0) if answers else ["datacloud"]}
        return plain(s3, method, *args, **kwargs)

    monkeypatch.setattr(api.S3, "call", late)
    monkeypatch.setattr(backends, "PAUSE", 0)
    other = {"replicas": ["https://other.example.org"], "replica_timeout": 0}
    refused = gateway.run(gone, **other)
    assert refused["failed"] and "not removed" in refused["msg"] and "other.example.org" in refused["msg"]
    assert gateway.client.list_role_policies(RoleName="virgo")["PolicyNames"] == []
    answers += [["datacloud"], []]
    done = gateway.run(gone, **{**other, "replica_timeout": 5})
    assert done["changed"] and gateway.client.list_roles()["Roles"] == [] and answers == []


def test_spelling_of_the_gateway_is_no_difference(gateway):
    gateway.run([VIRGO])
    policy = gateway.client.get_role(RoleName="virgo")["Role"]["AssumeRolePolicyDocument"]
    [statement] = policy["Statement"]
    respelt = {**policy, "Statement": {**statement, "Action": "sts:AssumeRoleWithWebIdentity"}}
    gateway.client.update_assume_role_policy(RoleName="virgo", PolicyDocument=json.dumps(respelt, indent=2))
    assert not gateway.run([VIRGO])["changed"]


def test_a_gateway_that_keeps_no_description(gateway):
    """Ceph 18: what cannot be kept is no difference."""
    gateway.run([{key: value for key, value in VIRGO.items() if key != "description"}])
    assert not gateway.run([VIRGO])["changed"]


def test_path_is_fixed(gateway):
    gateway.run([VIRGO])
    refused = gateway.run([{**VIRGO, "path": "/other/"}])
    assert refused["failed"] and "path" in refused["msg"] and not refused["changed"]


def test_requests(gateway):
    roles = [{**VIRGO, "name": f"role{number}"} for number in range(20)]
    gateway.run(roles)
    gateway.run(roles)
    assert sorted(gateway.requests) == ["get_role_policy"] * 20 + ["list_role_policies"] * 20 + ["list_roles"]


def test_contradictions_are_refused_before_any_request(gateway):
    refused = gateway.run([{**VIRGO, "grants": [{**GRANT, "bucket": "*"}]}, {**VIRGO, "name": "a b"}])
    assert refused["failed"] and "pattern" in refused["msg"] and "a b" in refused["msg"] and gateway.requests == []


def test_nobody_answers(run_module):
    keys = {"access_key": "K", "secret_key": "hidden-away", "endpoint_url": "http://127.0.0.1:1", "timeout": 1}
    result = run_module("rgw_role", {**keys, "roles": [VIRGO]})
    assert result["failed"] and "http://127.0.0.1:1" in result["msg"] and "hidden-away" not in str(result)
    foreseen = run_module("rgw_role", {**keys, "roles": [VIRGO]}, check=True)
    assert foreseen["changed"] and "Planned as if there were none yet" in foreseen["warnings"][0]
