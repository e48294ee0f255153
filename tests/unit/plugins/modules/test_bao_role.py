# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bao_role against a real OpenBao."""

from __future__ import annotations

import pytest

APPROLE = {
    "type": "approle",
    "name": "rgw",
    "role_id": "the-role",
    "secret_ids": ["first-secret"],
    "exclusive": True,
    "options": {
        "token_policies": ["rgw"],
        "token_ttl": "1h",
        "token_bound_cidrs": ["127.0.0.1/32", "10.0.0.0/8"],
        "secret_id_bound_cidrs": ["127.0.0.1/32", "10.0.0.0/8"],
    },
}
JWT = {
    "type": "jwt",
    "name": "operators",
    "options": {
        "role_type": "jwt",
        "user_claim": "sub",
        "bound_audiences": ["https://vault.example.org"],
        "bound_claims": {"wlcg.groups": ["/operators"]},
        "token_policies": ["operators"],
    },
}
PKI = {
    "type": "pki",
    "name": "host",
    "options": {"allowed_domains": ["example.org"], "allow_subdomains": True, "max_ttl": "90d", "key_type": "any"},
}
KEY = {"type": "transit_key", "name": "clinic", "mount": "rgw-kms", "options": {"exportable": True}}


@pytest.fixture
def ready(bao):
    """The engines and methods that the roles belong to."""
    for path, kind in (("sys/auth/approle", "approle"), ("sys/auth/jwt", "jwt")):
        bao.request("POST", path, {"type": kind})
    for path, kind in (("sys/mounts/pki", "pki"), ("sys/mounts/rgw-kms", "transit")):
        bao.request("POST", path, {"type": kind, "config": {"max_lease_ttl": "43800h"}})
    return bao


@pytest.mark.crud("bao_role")
def test_life(ready):
    done = ready.life("bao_role", {"roles": [APPROLE, JWT, PKI, KEY]})
    assert [item["key"] for item in done["operations"]] == [
        "approle/approle/rgw",
        "jwt/jwt/operators",
        "pki/pki/host",
        "rgw-kms/transit_key/clinic",
    ]
    changed = [
        {**APPROLE, "role_id": "other-role", "options": {"token_ttl": "2h"}},
        {**JWT, "options": {**JWT["options"], "bound_audiences": ["a", "b"]}},
        {**PKI, "options": {"max_ttl": "30d"}},
        {**KEY, "options": {"auto_rotate_period": "90d", "min_decryption_version": 1}},
    ]
    done = ready.life("bao_role", {"roles": changed})
    assert [item["changes"] for item in done["operations"]] == [["options", "role_id"], *[["options"]] * 3]
    # What is not named stays as it is.
    assert ready.request("GET", "auth/approle/role/rgw")["data"]["token_policies"] == ["rgw"]
    assert ready.request("GET", "pki/roles/host")["data"]["allowed_domains"] == ["example.org"]
    assert ready.request("GET", "rgw-kms/keys/clinic")["data"]["exportable"]
    gone = [{name: role[name] for name in ("type", "name", "mount") if name in role} for role in changed]
    gone = {"roles": [{**role, "state": "absent"} for role in gone]}
    refused = ready.run("bao_role", gone)
    assert refused["failed"] and "rgw-kms/clinic is named in data_loss_ok" in refused["msg"] and not ready.writes()
    done = ready.life("bao_role", {**gone, "data_loss_ok": ["rgw-kms/clinic"]})
    assert [item["action"] for item in done["operations"]] == ["delete"] * 4


@pytest.mark.crud("bao_role")
def test_secret_ids_are_rotated(ready):
    def logs_in(secret_id):
        body = {"role_id": "the-role", "secret_id": secret_id}
        return isinstance(ready.request("POST", "auth/approle/login", body), dict)

    ready.life("bao_role", {"roles": [APPROLE]})
    assert logs_in("first-secret")
    ready.life("bao_role", {"roles": [{**APPROLE, "secret_ids": ["first-secret", "second-secret"]}]})
    assert logs_in("first-secret") and logs_in("second-secret")
    done = ready.life("bao_role", {"roles": [{**APPROLE, "secret_ids": ["second-secret"]}]})
    assert done["operations"][0]["changes"] == ["exclusive"]
    assert not logs_in("first-secret") and logs_in("second-secret")
    done = ready.life("bao_role", {"roles": [{**APPROLE, "secret_ids": ["third-secret"]}]})
    assert logs_in("third-secret") and not logs_in("second-secret")
    assert "third-secret" not in str(done) and "the-role" not in str(done)


def test_a_key_keeps_its_type(ready):
    ready.run("bao_role", {"roles": [KEY]})
    refused = ready.run("bao_role", {"roles": [{**KEY, "options": {"type": "ed25519"}}]})
    assert refused["failed"] and "aes256-gcm96" in refused["msg"]
    refused = ready.run("bao_role", {"roles": [{**KEY, "options": {"exportable": False}}]})
    assert refused["failed"], "a key that may be exported stays so"


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ({**PKI, "secret_ids": ["x"]}, "is for type approle"),
        ({**KEY, "options": {"colour": "red"}}, "no option colour"),
        ({"type": "approle", "name": "a", "exclusive": True}, "exclusive needs secret_ids"),
    ],
)
def test_contradictions_are_refused_before_any_request(bao, role, said):
    refused = bao.run("bao_role", {"roles": [role]})
    assert refused["failed"] and said in refused["msg"] and not bao.requests


def test_a_mount_that_is_not_there(bao):
    assert bao.run("bao_role", {"roles": [APPROLE]}, check=True)["changed"], "the mount may come in the same play"
    refused = bao.run("bao_role", {"roles": [APPROLE]})
    assert refused["failed"] and "no handler for route" in refused["msg"]
