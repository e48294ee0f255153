# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bao_mount against a real OpenBao."""

from __future__ import annotations

import pytest

KV = {
    "path": "datacloud",
    "type": "kv",
    "description": "Secrets",
    "options": {"version": "2"},
    "config": {"config": {"max_versions": 5, "delete_version_after": "720h"}},
}
PKI = {
    "path": "pki/",
    "type": "pki",
    "tune": {"max_lease_ttl": "43800h"},
    "config": {"config/urls": {"issuing_certificates": ["http://a.example.org/ca"]}},
}


@pytest.mark.crud("bao_mount")
def test_life(bao):
    done = bao.life("bao_mount", {"mounts": [KV, PKI, {"path": "rgw-kms", "type": "transit"}]})
    assert [item["key"] for item in done["operations"]] == ["datacloud", "pki", "rgw-kms"]
    changed = {
        **KV,
        "description": "All secrets",
        "tune": {"listing_visibility": "unauth", "max_lease_ttl": "30d"},
        "config": {"config": {"max_versions": 7}},
    }
    done = bao.life("bao_mount", {"mounts": [changed]})
    assert set(done["operations"][0]["changes"]) == {"description", "tune", "config"}
    kept = bao.request("GET", "datacloud/config")["data"]
    assert (kept["max_versions"], kept["delete_version_after"]) == (7, "720h0m0s"), "what is not named stays"
    assert bao.request("GET", "sys/mounts/datacloud")["data"]["description"] == "All secrets (infn.datacloud)"


@pytest.mark.crud("bao_mount")
def test_removal_has_to_be_named_twice(bao):
    bao.run("bao_mount", {"mounts": [KV, PKI]})
    gone = {"mounts": [{"path": "datacloud", "state": "absent"}, {"path": "never", "state": "absent"}]}
    for check in (True, False):
        refused = bao.run("bao_mount", gone, check=check)
        assert refused["failed"] and "data_loss_ok" in refused["msg"] and not bao.writes()
    done = bao.life("bao_mount", {**gone, "data_loss_ok": ["datacloud"]})
    assert [item["action"] for item in done["operations"]] == ["delete"]


@pytest.mark.crud("bao_mount")
def test_purge_keeps_what_others_made(bao):
    bao.request("POST", "sys/mounts/theirs", {"type": "kv"})
    bao.run("bao_mount", {"mounts": [KV, PKI]})
    assert bao.run("bao_mount", {"mounts": [KV], "purge": True})["failed"]
    done = bao.life("bao_mount", {"mounts": [KV], "purge": True, "data_loss_ok": ["pki"]})
    assert [(item["action"], item["key"]) for item in done["operations"]] == [("delete", "pki")]
    assert "theirs/" in bao.request("GET", "sys/mounts")["data"]
    # Managed from now on, but not ours to purge.
    bao.life("bao_mount", {"mounts": [{"path": "theirs", "type": "kv", "description": "Theirs"}]})
    assert not bao.run("bao_mount", {"mounts": [KV], "purge": True})["changed"]


def test_requests(bao):
    engines = [{"path": f"kv{number}", "type": "kv"} for number in range(10)]
    bao.run("bao_mount", {"mounts": engines})
    bao.run("bao_mount", {"mounts": [*engines]})
    assert bao.requests == ["GET sys/mounts"]


def test_type_cannot_change_and_typos_are_found(bao):
    bao.run("bao_mount", {"mounts": [KV]})
    refused = bao.run("bao_mount", {"mounts": [{**KV, "type": "transit"}]})
    assert refused["failed"] and "type is 'kv'" in refused["msg"]
    refused = bao.run("bao_mount", {"mounts": [{**KV, "config": {"config": {"max_version": 3}}}]})
    assert refused["failed"] and "config" in refused["msg"], "the server ignores what it does not know"


def test_approle_login_ends_with_the_module(bao):
    bao.request("POST", "sys/auth/approle", {"type": "approle"})
    bao.request("POST", "sys/policies/acl/a", {"policy": 'path "sys/mounts" { capabilities = ["read"] }'})
    bao.request("POST", "auth/approle/role/r", {"role_id": "ri", "token_policies": ["a"]})
    bao.request("POST", "auth/approle/role/r/custom-secret-id", {"secret_id": "very-secret"})
    login = {"token": "", "role_id": "ri", "secret_id": "very-secret", "mounts": []}
    result = bao.run("bao_mount", login)
    assert not result.get("failed") and bao.requests[-1] == "POST auth/token/revoke-self"
    refused = bao.run("bao_mount", {**login, "secret_id": "wrong-secret"})
    assert refused["failed"] and "refused" in refused["msg"] and "wrong-secret" not in str(refused)
    refused = bao.run("bao_mount", {**login, "mounts": [KV]})
    assert refused["failed"] and "policies" in refused["msg"] and not refused["changed"]


def test_no_server_yet(bao):
    nobody = {"url": "http://127.0.0.1:1", "mounts": [KV], "timeout": 1}
    foreseen = bao.run("bao_mount", nobody, check=True)
    assert foreseen["changed"] and "as if there were nothing" in foreseen["warnings"][0]
    foreseen = bao.run("bao_mount", {"token": "", "mounts": [KV]}, check=True)
    assert foreseen["changed"] and foreseen["warnings"]
    refused = bao.run("bao_mount", {"token": "bad", "mounts": [KV]}, check=True)
    assert refused["failed"] and "token" in refused["msg"]
