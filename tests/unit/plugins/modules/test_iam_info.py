# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_info against the double of INDIGO IAM."""

from __future__ import annotations

EVERYTHING = ["server", "aup", "groups", "accounts", "clients", "scope_policies"]


def test_everything_and_no_secret(service):
    service.run("iam_group", {"groups": [{"path": "/virgo/analysis", "labels": [{"name": "a", "value": "1"}]}]})
    service.run("iam_group_membership", {"memberships": [{"group": "/virgo/analysis", "members": ["admin"]}]})
    client = {"client_id": "c", "client_secret": "a-secret-value", "name": "Some client"}
    service.run("iam_client", {"clients": [{**client, "grant_types": ["client_credentials"]}]})
    found = service.run("iam_info", {"gather": EVERYTHING})
    assert not found["changed"] and service.writes() == []
    assert found["server"]["issuer"] == service.double.url and found["server"]["health"] == "UP"
    assert found["server"]["signing_keys"][0]["kid"] == "rsa1" and set(found["server"]["signing_keys"][0]) == {
        "kid",
        "kty",
        "alg",
        "use",
    }
    assert found["aup"] is None
    groups = {group["path"]: group for group in found["groups"]}
    assert groups["/virgo/analysis"]["labels"] == [{"name": "a", "value": "1"}] and groups["/virgo"]["managed"]
    [admin] = [account for account in found["accounts"] if account["username"] == "admin"]
    assert admin["groups"] == ["/virgo", "/virgo/analysis"]
    clients = {client["client_id"]: client for client in found["clients"]}
    assert clients["c"]["managed"] and not clients["client"]["managed"]
    assert "secret" not in {name for client in found["clients"] for name in client} | {
        str(found).partition("a-secret")[1]
    }
    assert found["scope_policies"][0]["rule"] == "PERMIT"


def test_the_server_speaks_to_anybody(service, run_module):
    found = run_module("iam_info", {"url": service.double.url, "gather": ["server", "aup"]})
    assert found["server"]["issuer"] == service.double.url
    refused = run_module("iam_info", {"url": service.double.url, "gather": ["groups"]})
    assert refused["failed"] and "wants to know who asks" in refused["msg"]


def test_only_the_scopes_that_are_needed_are_asked_for(service):
    client = {"client_id": "reader", "client_secret": "reads-only", "grant_types": ["client_credentials"]}
    service.run("iam_client", {"clients": [{**client, "name": "Reads", "scopes": ["scim:read"]}]})
    who = {name: client[name] for name in ("client_id", "client_secret")}
    assert service.run("iam_info", {**who, "gather": ["groups", "accounts"]})["accounts"]
    refused = service.run("iam_info", {**who, "gather": ["clients"]})
    assert refused["failed"] and "iam:admin.read" in refused["msg"] and "reads-only" not in str(refused)
