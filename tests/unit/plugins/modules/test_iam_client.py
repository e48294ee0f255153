# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_client against the double of INDIGO IAM: create, change, remove; the secret, what IAM ignores, mark."""

from __future__ import annotations

import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.iam import backends

SECRET = "a-secret-of-the-storage"
STORAGE = {
    "client_id": "storage-cnaf",
    "client_secret": SECRET,
    "name": "Storage at CNAF",
    "description": "Reads and writes",
    "contacts": ["storage@example.org"],
    "grant_types": ["client_credentials"],
    "scopes": ["openid", "storage.read:/"],
    "token_endpoint_auth_method": "client_secret_basic",
    "access_token_validity": 600,
    "id_token_validity": 300,
}


def kept(service, name="storage-cnaf"):
    """The client as IAM keeps it, its secret too (dict)."""
    return service.by_hand("GET", f"/iam/api/clients/{name}")


@pytest.mark.crud("iam_client")
def test_life(service):
    done = service.life("iam_client", {"clients": [STORAGE]})
    assert done["operations"][0]["action"] == "create" and SECRET not in str(done)
    there = kept(service)
    assert there["client_secret"] == SECRET and there["client_description"] == "Reads and writes [infn.datacloud]"
    assert there["access_token_validity_seconds"] == 600 and there["id_token_validity_seconds"] == 300
    changed = {
        **STORAGE,
        "name": "Storage at Bologna",
        "description": "Reads",
        "contacts": ["b@example.org", "a@example.org"],
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"],
        "redirect_uris": ["https://storage.example.org/login"],
        "response_types": ["code"],
        "scopes": ["storage.read:/"],
        "client_uri": "https://storage.example.org",
        "code_challenge_method": "S256",
        "access_token_validity": 1200,
        "refresh_token_validity": 0,
        "require_auth_time": True,
        "reuse_refresh_token": True,
    }
    done = service.life("iam_client", {"clients": [changed]})
    assert set(done["operations"][0]["changes"]) == {name for name in changed if changed[name] != STORAGE.get(name)}
    assert kept(service)["client_secret"] == SECRET
    done = service.life("iam_client", {"clients": [{"client_id": "storage-cnaf", "state": "absent"}]})
    assert done["operations"] == [{"action": "delete", "key": "storage-cnaf", "changes": []}]


@pytest.mark.crud("iam_client")
def test_a_change_keeps_the_secret_and_all_that_is_not_given(service):
    """PUT replaces all of a client, and IAM makes up a secret where none is sent."""
    service.run("iam_client", {"clients": [{**STORAGE, "default_max_age": 60}]})
    before = kept(service)
    done = service.life("iam_client", {"clients": [{"client_id": "storage-cnaf", "name": "Another name"}]})
    assert done["operations"][0]["changes"] == ["name"]
    assert kept(service) == {**before, "client_name": "Another name"}
    service.by_hand("PUT", "/iam/api/clients/storage-cnaf", {k: v for k, v in before.items() if k != "client_secret"})
    assert kept(service)["client_secret"] != SECRET, "what would happen otherwise"


@pytest.mark.crud("iam_client")
def test_another_secret_replaces_it_and_is_never_shown(service):
    service.run("iam_client", {"clients": [STORAGE]})
    done = service.life("iam_client", {"clients": [{"client_id": "storage-cnaf", "client_secret": "another-secret"}]})
    assert done["operations"][0]["changes"] == ["client_secret"] and kept(service)["client_secret"] == "another-secret"
    assert "another-secret" not in str(done) and SECRET not in str(done)


def test_a_secret_that_iam_does_not_show_is_not_lost(service, monkeypatch):
    service.run("iam_client", {"clients": [STORAGE]})
    plain = backends.api.Iam.page

    def hiding(*args, **kwargs):
        answer = plain(*args, **kwargs)
        for client in answer["Resources"]:
            client.pop("client_secret", None)
        return answer

    monkeypatch.setattr(backends.api.Iam, "page", hiding)
    refused = service.run("iam_client", {"clients": [{"client_id": "storage-cnaf", "name": "Another name"}]})
    assert refused["failed"] and "give client_secret" in refused["msg"] and service.requests("PUT") == []


@pytest.mark.crud("iam_client")
def test_offline_access_brings_its_grant(service):
    service.life("iam_client", {"clients": [{**STORAGE, "scopes": ["openid", "offline_access"]}]})
    assert set(kept(service)["grant_types"]) == {"client_credentials", "refresh_token"}


@pytest.mark.crud("iam_client")
def test_keys_of_a_client(service):
    keys = {"keys": [{"kty": "RSA", "kid": "1", "e": "AQAB", "n": "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri"}]}
    signer = {
        "client_id": "signer",
        "name": "Signs its requests",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwk": json.dumps(keys),
    }
    service.life("iam_client", {"clients": [signer]})
    assert json.loads(kept(service, "signer")["jwk"]) == keys


@pytest.mark.crud("iam_client")
def test_public_client(service):
    public = {"client_id": "cli", "name": "Command line", "token_endpoint_auth_method": "none"}
    device = ["urn:ietf:params:oauth:grant-type:device_code"]
    service.life("iam_client", {"clients": [{**public, "grant_types": device}]})
    service.life("iam_client", {"clients": [{**public, "grant_types": [*device, "refresh_token"]}]})
    assert "client_secret" not in kept(service, "cli")


@pytest.mark.crud("iam_client")
def test_owners(service):
    people = [
        {"username": name, "given_name": "A", "family_name": "B", "email": f"{name}@example.org"} for name in "ab"
    ]
    service.run("iam_account", {"accounts": people})
    service.life("iam_client", {"clients": [{**STORAGE, "owners": ["a"]}]})
    service.life("iam_client", {"clients": [{**STORAGE, "owners": ["b"]}]})
    assert not service.run("iam_client", {"clients": [{**STORAGE, "owners": ["a", "b"]}]})["changed"]
    done = service.life("iam_client", {"clients": [{**STORAGE, "owners": [], "exclusive": ["owners"]}]})
    assert done["diff"]["before"]["storage-cnaf"]["owners"] == ["a", "b"]
    refused = service.run("iam_client", {"clients": [{**STORAGE, "owners": ["nobody"]}]})
    assert refused["failed"] and "account nobody: not in IAM" in refused["msg"] and service.writes() == []


def test_client_credentials_cannot_disable_so_it_is_refused_before_any_write(service):
    """IAM answers 200 and does nothing: there is no account behind the token."""
    service.run("iam_client", {"clients": [STORAGE]})
    service.by_hand("PATCH", "/iam/api/clients/storage-cnaf/disable")
    assert kept(service)["active"]
    for check in (True, False):
        wanted = {"clients": [{**STORAGE, "name": "Changed too", "active": False}]}
        refused = service.run("iam_client", wanted, check=check)
        assert refused["failed"] and "token of an administrator" in refused["msg"] and service.writes() == []
    assert not service.run("iam_client", {"clients": [{**STORAGE, "active": True}]})["changed"]


@pytest.mark.crud("iam_client")
def test_an_administrator_can_disable(service):
    token = service.double.issue("admin")
    service.run("iam_client", {"clients": [STORAGE]})
    service.life("iam_client", {"clients": [{**STORAGE, "active": False}], "token": token})
    assert kept(service)["active"] is False
    service.life("iam_client", {"clients": [{**STORAGE, "name": "A new name"}], "token": token})
    assert kept(service)["active"] is False, "a change keeps it"
    service.life("iam_client", {"clients": [{**STORAGE, "client_id": "new", "active": False}], "token": token})


def test_a_token_of_a_client_that_cannot_disable_is_found_out(service):
    service.run("iam_client", {"clients": [STORAGE]})
    token = service.double.issue()
    refused = service.run("iam_client", {"clients": [{**STORAGE, "active": False}], "token": token})
    assert refused["failed"] and "IAM answered, but active stays True" in refused["msg"]


@pytest.mark.crud("iam_client")
def test_purge_removes_only_what_is_marked_and_never_the_client_itself(service):
    service.run("iam_client", {"clients": [STORAGE, {**STORAGE, "client_id": "second"}]})
    service.by_hand("POST", "/iam/api/clients", {"client_name": "theirs", "grant_types": ["client_credentials"]})
    done = service.life("iam_client", {"clients": [STORAGE], "purge": True})
    assert [item["key"] for item in done["operations"]] == ["second"]
    own = {"client_id": service.double.admin_client_id, "state": "absent"}
    refused = service.run("iam_client", {"clients": [own]})
    assert refused["failed"] and "is the one this module speaks as" in refused["msg"]


def test_requests(service):
    clients = [{**STORAGE, "client_id": f"c{number}"} for number in range(10)]
    service.run("iam_client", {"clients": clients})
    assert len(service.requests("POST")) == 11 and len(service.requests("PUT")) <= 10
    service.run("iam_client", {"clients": clients})
    assert service.requests() == [("POST", "/token"), ("GET", "/iam/api/clients")]


def test_what_cannot_be_is_refused_before_any_write(service):
    bad = [
        {"client_id": "a", "name": "abc"},
        {"client_id": "b", "client_secret": "abc"},
        {"client_id": "c", "client_secret": "abcd", "token_endpoint_auth_method": "none"},
        {"client_id": "d", "jwk": "{}", "jwks_uri": "https://example.org/jwk"},
    ]
    refused = service.run("iam_client", {"clients": bad})
    assert refused["failed"] and service.requests() == []
    for part in ("4 to 256", "4 to 512", "has no secret", "jwks_uri or jwk"):
        assert part in refused["msg"]
    refused = service.run("iam_client", {"clients": [{"client_id": "new"}]})
    assert "a new client needs name, grant_types" in refused["msg"] and service.writes() == []
