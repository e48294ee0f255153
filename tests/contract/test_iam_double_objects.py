# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double of IAM: clients, policies and the acceptable use policy, with the traps that modules must know."""

from __future__ import annotations

import pytest
import requests
from double_api import ADMIN, Api

CLIENT = {"client_name": "storage", "grant_types": ["client_credentials"], "scope": "openid storage.read:/"}


# Clients


def test_a_new_client_gets_an_id_a_secret_and_the_default_lifetimes(api):
    made = api("POST", "/iam/api/clients", CLIENT, 201)
    assert len(made["client_id"]) == 36 and len(made["client_secret"]) > 60
    assert made["scope"] == "openid storage.read:/" and made["active"] and made["allow_introspection"]
    assert [
        made[f"{kind}_validity_seconds"] for kind in ("access_token", "refresh_token", "id_token", "device_code")
    ] == [
        3600,
        2592000,
        600,
        600,
    ]
    assert api("GET", f"/iam/api/clients/{made['client_id']}", status=200) == made
    assert "error" in api("GET", "/iam/api/clients/nothing", status=404)
    assert api.token(made["client_id"], made["client_secret"])["scope"] == "openid storage.read:/"


def test_a_new_client_keeps_its_id_but_neither_its_secret_nor_all_its_lifetimes(api):
    given = {
        "client_id": "storage",
        "client_secret": "chosen-secret",
        "id_token_validity_seconds": 60,
        "device_code_validity_seconds": 60,
        "access_token_validity_seconds": 60,
    }
    made = api("POST", "/iam/api/clients", {**CLIENT, **given}, 201)
    assert made["client_id"] == "storage" and made["client_secret"] != "chosen-secret"
    assert (made["access_token_validity_seconds"], made["id_token_validity_seconds"]) == (60, 600)
    changed = api("PUT", "/iam/api/clients/storage", {**made, **given}, 200)
    assert changed["client_secret"] == "chosen-secret" and changed["device_code_validity_seconds"] == 60
    assert "not available" in api("POST", "/iam/api/clients", {**CLIENT, "client_id": "storage"}, 400)["error"]


def test_put_replaces_all_and_a_secret_that_is_left_out_is_made_anew(api):
    made = api("POST", "/iam/api/clients", {**CLIENT, "contacts": ["ops@example.org"]}, 201)
    path = f"/iam/api/clients/{made['client_id']}"
    same = api("PUT", path, made, 200)
    assert same == made
    changed = api("PUT", path, CLIENT, 200)
    assert changed["client_secret"] != made["client_secret"] and "contacts" not in changed
    # A flag that is left out is false, also the one that a new client always has.
    assert changed["allow_introspection"] is False and changed["created_at"] == made["created_at"]
    api.token(made["client_id"], made["client_secret"], status=401)
    api.token(made["client_id"], changed["client_secret"])
    assert api("PUT", path, {**changed, "client_id": "other"}, 200)["client_id"] == made["client_id"]
    api("PUT", "/iam/api/clients/nothing", CLIENT, 404)


def test_a_client_without_authentication_has_no_secret(api):
    public = {"client_name": "public", "grant_types": ["authorization_code"], "redirect_uris": ["http://localhost:1/"]}
    made = api("POST", "/iam/api/clients", {**public, "token_endpoint_auth_method": "none"}, 201)
    assert "client_secret" not in made


def test_names_of_clients_are_not_unique(api):
    first, second = (api("POST", "/iam/api/clients", CLIENT, 201)["client_id"] for _turn in range(2))
    assert first != second
    found = api("GET", "/iam/api/search/clients?searchType=name&search=storage", status=200)
    assert {one["client_id"] for one in found["Resources"]} == {first, second}


def test_clients_are_listed_a_hundred_a_page(iam, api):
    for index in range(103):
        iam.add_client(client_id=f"client{index:03}")
    page = api("GET", "/iam/api/clients?count=500", status=200)
    assert (page["totalResults"], page["itemsPerPage"]) == (105, 100)
    assert len(api("GET", "/iam/api/clients?startIndex=101", status=200)["Resources"]) == 5
    assert api("GET", "/iam/api/clients?drOnly=true", status=200)["totalResults"] == 0


def test_a_client_of_its_own_cannot_disable_a_client_and_an_administrator_can(iam, api, browser):
    made = api("POST", "/iam/api/clients", CLIENT, 201)
    path = f"/iam/api/clients/{made['client_id']}"
    api("PATCH", f"{path}/disable", status=200)
    assert api("GET", path, status=200)["active"] is True
    api("PUT", path, {**made, "active": False}, 200)
    assert api("GET", path, status=200)["active"] is True
    browser("PATCH", f"{path}/disable", status=200)
    seen = api("GET", path, status=200)
    assert seen["active"] is False and seen["status_changed_by"] == ADMIN
    assert "suspended" in api.token(made["client_id"], made["client_secret"], status=401)["error_description"]
    as_user = Api(iam.url, iam.issue("admin", scope="iam:admin.write"))
    as_user("PATCH", f"{path}/enable", status=200)
    assert api("GET", path, status=200)["active"] is True


def test_secrets_are_rotated_and_owners_named(api):
    made = api("POST", "/iam/api/clients", CLIENT, 201)
    path = f"/iam/api/clients/{made['client_id']}"
    rotated = api("POST", f"{path}/secret", status=201)
    assert rotated["client_secret"] != made["client_secret"] and rotated["scope"] == made["scope"]
    for _turn in range(2):
        api("POST", f"{path}/owners/{ADMIN}", status=201)
    assert [one["id"] for one in api("GET", f"{path}/owners", status=200)["Resources"]] == [ADMIN]
    api("POST", f"{path}/owners/nobody", status=404)
    api("DELETE", f"{path}/owners/{ADMIN}", status=204)
    assert api("GET", f"{path}/owners", status=200)["totalResults"] == 0
    api("DELETE", path, status=204)
    api("DELETE", path, status=404)


@pytest.mark.parametrize(
    "wrong, text",
    [
        ({"client_name": "abc"}, "between 4 and 256"),
        ({"client_name": ""}, "blank"),
        ({"grant_types": []}, "empty grant type"),
        ({"grant_types": ["redelegate"]}, "unknown value"),
        ({"token_endpoint_auth_method": "basic"}, "unknown value"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "jwk"),
        ({"code_challenge_method": "S512"}, "S256"),
        ({"grant_types": ["authorization_code"]}, "redirect"),
        ({"redirect_uris": ["nowhere"]}, "URL"),
        ({"contacts": ["ops"]}, "email"),
        ({"access_token_validity_seconds": -1}, "greater"),
        ({"jwk": "{}"}, "jwk"),
    ],
)
def test_clients_have_rules(api, wrong, text):
    assert text in api("POST", "/iam/api/clients", {**CLIENT, **wrong}, 400)["error"]


def test_offline_access_brings_refresh_tokens_and_zero_means_without_end(api):
    body = {**CLIENT, "scope": "offline_access", "refresh_token_validity_seconds": 0}
    made = api("POST", "/iam/api/clients", {**body, "access_token_validity_seconds": 0}, 201)
    assert "refresh_token" in made["grant_types"]
    assert (made["refresh_token_validity_seconds"], made["access_token_validity_seconds"]) == (0, 3600)


def test_anybody_registers_a_client_without_power(iam, api):
    public = Api(iam.url)
    path = "/iam/api/client-registration"
    body = {
        "client_name": "by hand",
        "grant_types": ["authorization_code"],
        "redirect_uris": ["http://localhost:1/"],
        "access_token_validity_seconds": 999999,
    }
    made = public("POST", path, body, 201)
    assert made["dynamically_registered"] and made["access_token_validity_seconds"] == 3600
    public("POST", path, {**body, "client_id": "mine"}, 400)
    public("POST", path, {**body, "grant_types": ["client_credentials"]}, 400)
    public("POST", path, {**body, "scope": "openid scim:write"}, 400)
    own = f"{path}/{made['client_id']}"
    public("GET", own, status=401)
    Api(iam.url, made["registration_access_token"])("GET", own, status=200)
    assert api("GET", "/iam/api/clients?drOnly=true", status=200)["totalResults"] == 1
    with_secret = requests.put(
        iam.url + own,
        json={**body, "client_name": "renamed"},
        headers={"Authorization": f"Bearer {made['registration_access_token']}"},
        timeout=20,
    ).json()
    assert with_secret["client_secret"] == made["client_secret"]


@pytest.mark.parametrize("iam_settings", [{"client_registration_for": "ADMINISTRATORS"}])
def test_registration_may_be_for_administrators(iam, browser):
    body = {"client_name": "by hand", "grant_types": ["implicit"], "redirect_uris": ["http://localhost:1/"]}
    Api(iam.url)("POST", "/iam/api/client-registration", body, 401)
    browser("POST", "/iam/api/client-registration", body, 201)


# Scope policies


def test_scope_policies_are_made_without_an_answer_and_only_once(api):
    group = api.group("virgo")
    policy = {
        "description": "Virgo writes",
        "rule": "PERMIT",
        "matchingPolicy": "PATH",
        "group": {"uuid": group},
        "scopes": ["storage.create:/virgo"],
    }
    assert api("POST", "/iam/scope_policies", policy, 201) is None
    made = api("GET", "/iam/scope_policies", status=200)[-1]
    assert made["group"]["name"] == "virgo" and made["account"] is None and made["group"]["location"].endswith(group)
    path = f"/iam/scope_policies/{made['id']}"
    assert api("GET", path, status=200) == made
    refused = api("POST", "/iam/scope_policies", {**policy, "description": "Again"}, 400)
    assert "Duplicate" in refused["error"] and str(made["id"]) in refused["error"]
    api("PUT", path, {**policy, "rule": "DENY"}, 204)
    assert api("GET", path, status=200)["rule"] == "DENY"
    api("PUT", path, {"rule": "PERMIT"}, 400)
    api("DELETE", path, status=204)
    api("DELETE", path, status=404)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "ALLOW"},
        {"matchingPolicy": "GLOB"},
        {"account": {"uuid": ADMIN}, "group": {"uuid": "x"}},
        {"group": {"uuid": "nothing"}},
        {"description": "x" * 513},
        {"matchingPolicy": "REGEXP", "scopes": ["("]},
        {"scopes": [""]},
    ],
)
def test_scope_policies_have_rules(api, wrong):
    assert "Invalid" in api("POST", "/iam/scope_policies", {"rule": "DENY", **wrong}, 400)["error"]


def test_policies_of_what_is_deleted_are_gone(api):
    user = api.user("ada")["id"]
    api("POST", "/iam/scope_policies", {"rule": "DENY", "account": {"uuid": user}}, 201)
    api("DELETE", f"/scim/Users/{user}", status=204)
    assert len(api("GET", "/iam/scope_policies", status=200)) == 1


# Exchange policies


def test_exchange_policies_cannot_be_changed(api):
    policy = {
        "rule": "PERMIT",
        "originClient": {"type": "BY_ID", "matchParam": "client"},
        "destinationClient": {"type": "BY_SCOPE", "matchParam": "storage.read:/"},
        "scopePolicies": [{"rule": "DENY", "type": "EQ", "matchParam": "openid"}],
    }
    path = "/iam/api/exchange/policies"
    api("POST", path, policy, 201)
    made = api("GET", path, status=200)[-1]
    assert made["scopePolicies"] == policy["scopePolicies"]
    api("PUT", f"{path}/{made['id']}", policy, 405)
    api("POST", path, {**policy, "originClient": {"type": "BY_ID"}}, 400)
    api("POST", path, {**policy, "rule": "MAYBE"}, 400)
    api("DELETE", f"{path}/{made['id']}", status=204)
    api("DELETE", f"{path}/{made['id']}", status=404)


# The acceptable use policy

AUP = {"url": "https://example.org/aup", "signatureValidityInDays": 365, "aupRemindersInDays": "30,15,1"}


def test_the_policy_is_public_once_it_is_there_and_there_is_one(iam, api):
    public = Api(iam.url)
    public("GET", "/iam/aup", status=404)
    api("PATCH", "/iam/aup", AUP, 404)
    api("POST", "/iam/aup", AUP, 201)
    assert public("GET", "/iam/aup", status=200)["url"] == AUP["url"]
    api("POST", "/iam/aup", AUP, 409)
    changed = api("PATCH", "/iam/aup", {**AUP, "description": "New"}, 200)
    assert changed["description"] == "New"
    assert api("PATCH", "/iam/aup", AUP, 200)["description"] is None, "all of it is replaced"
    touched = api("POST", "/iam/aup/touch", status=200)
    assert touched["lastUpdateTime"] > changed["lastUpdateTime"]
    api("DELETE", "/iam/aup", status=204)
    api("DELETE", "/iam/aup", status=404)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": ""},
        {"url": "https://example.org/aup?v=1"},
        {"url": "example.org"},
        {"description": "x" * 129},
        {"signatureValidityInDays": -1},
        {"signatureValidityInDays": None},
        {"signatureValidityInDays": 0},
        {"aupRemindersInDays": ""},
        {"aupRemindersInDays": "30;1"},
        {"aupRemindersInDays": "30,30"},
        {"aupRemindersInDays": "0"},
        {"aupRemindersInDays": "365"},
    ],
)
def test_the_policy_has_rules(api, wrong):
    assert "Invalid AUP" in api("POST", "/iam/aup", {**AUP, **wrong}, 400)["error"]


def test_a_signature_without_end_has_no_reminders(api):
    api("POST", "/iam/aup", {**AUP, "signatureValidityInDays": 0, "aupRemindersInDays": ""}, 201)


def test_signatures_are_given_for_oneself_and_for_others(iam, api, browser):
    api("POST", "/iam/aup", AUP, 201)
    user = api.user("ada", password="Secret-passw0rd")
    session = Api(iam.url)
    assert session.login("ada", "Secret-passw0rd").startswith("/iam/aup/sign")
    session("GET", "/iam/aup/signature", status=404)
    session("POST", "/iam/aup/signature", status=201)
    assert session("GET", "/iam/aup/signature", status=200)["account"]["uuid"] == user["id"]
    assert Api(iam.url).login("ada", "Secret-passw0rd") == "/dashboard"
    path = f"/iam/aup/signature/{ADMIN}"
    api("GET", path, status=404)
    api("PATCH", path, {"signatureTime": "2026-01-01T00:00:00.000Z"}, 201)
    assert browser("GET", path, status=200)["signatureTime"] == "2026-01-01T00:00:00.000Z"
    session("GET", path, status=403)
    api("DELETE", path, status=204)
    api("GET", path, status=404)
