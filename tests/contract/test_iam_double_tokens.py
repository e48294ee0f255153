# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double of IAM: who gets which token, what is in it, and how it ends."""

from __future__ import annotations

import base64
import hashlib
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from double_api import ADMIN, DEVICE, EXCHANGE, Api
from flask import json
from jwcrypto import jwk, jwt

WLCG = {"profiles": ("h2-test", "wlcg-scopes"), "default_profile": "wlcg"}
SECRET = "a-secret"
SCOPES = "openid profile email offline_access wlcg.groups storage.read:/ storage.create:/ iam:admin.read"


def claims(iam, token):
    """Return the claims (dict) of a token that a published key signed."""
    keys = jwk.JWKSet.from_json(requests.get(f"{iam.url}/jwk", timeout=20).text)
    return json.loads(jwt.JWT(jwt=token, key=keys, check_claims={"iss": iam.app.settings.issuer}).claims)


@pytest.fixture
def client(iam):
    """The id of a client that may use every grant."""
    grants = ["client_credentials", "password", "refresh_token", "authorization_code", DEVICE, EXCHANGE]
    body = {"grant_types": grants, "redirect_uris": ["http://localhost:1/back"], "scope": SCOPES}
    return iam.add_client(client_id="app", client_secret=SECRET, **body).client_id


@pytest.fixture
def ada(api):
    """An account with groups virgo and virgo/analysis, and the optional group virgo/pilots."""
    user = api.user("ada", password="Secret-passw0rd")
    top = api.group("virgo")
    for name in ("analysis", "pilots"):
        group = api.group(name, top)
        api("POST", f"/iam/account/{user['id']}/groups/{group}", status=201)
    api("PUT", f"/iam/group/{group}/labels", {"name": "wlcg.optional-group"}, 200)
    return user


def password_token(api, client, status=200, **form):
    """Return the answer of /token for ada (dict)."""
    return api.token(client, SECRET, "password", status, username="ada", password="Secret-passw0rd", **form)


# Discovery


def test_discovery_and_keys(iam):
    found = requests.get(f"{iam.url}/.well-known/openid-configuration", timeout=20).json()
    paths = {
        "authorization_endpoint": "/authorize",
        "token_endpoint": "/token",
        "userinfo_endpoint": "/userinfo",
        "jwks_uri": "/jwk",
        "introspection_endpoint": "/introspect",
        "revocation_endpoint": "/revoke",
        "device_authorization_endpoint": "/devicecode",
        "registration_endpoint": "/iam/api/client-registration",
        "scim_endpoint": "/scim",
    }
    assert {name: found[name] for name in paths} == {name: iam.url + path for name, path in paths.items()}
    assert found["issuer"] == iam.url and EXCHANGE in found["grant_types_supported"]
    assert "scim:write" not in found["scopes_supported"]
    answer = requests.get(found["jwks_uri"], timeout=20)
    (key,) = answer.json()["keys"]
    assert set(key) == {"kty", "kid", "use", "alg", "n", "e", "x5c"}
    assert answer.headers["Cache-Control"] == "max-age=21600"


@pytest.mark.parametrize("iam_settings", [{"issuer": "https://iam.example.org", "base_url": "https://iam.example.org"}])
def test_the_issuer_is_what_it_is_set_to(iam):
    found = requests.get(f"{iam.url}/.well-known/openid-configuration", timeout=20).json()
    assert (found["issuer"], found["jwks_uri"]) == ("https://iam.example.org", "https://iam.example.org/jwk")
    assert claims(iam, iam.issue())["iss"] == "https://iam.example.org"


# /token


def test_clients_authenticate_by_basic_or_by_form(iam, client):
    api = Api(iam.url)
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": SECRET}
    assert api("POST", "/token", status=200, data=form)["token_type"] == "Bearer"
    assert api.last.headers["Cache-Control"] == "no-store"
    assert api.token(client, "wrong", status=401)["error"] == "invalid_client"
    assert api.token("nobody", SECRET, status=401)["error"] == "invalid_client"
    api("POST", "/token", status=401, data={"grant_type": "client_credentials"})
    api("GET", "/token", status=405)


def test_a_client_uses_its_own_grants_and_scopes(iam, client):
    api = Api(iam.url)
    assert api.token(client, SECRET, "magic", 400)["error"] == "unsupported_grant_type"
    unauthorized = api.token("client", "secret", "client_credentials", 401)
    assert unauthorized["error_description"] == "Unauthorized grant type: client_credentials"
    assert api.token(client, SECRET, scope="openid scim:write", status=400)["error"] == "invalid_scope"
    assert api.token(client, SECRET, scope="profile openid")["scope"] == "profile openid"
    all_of_them = api.token(client, SECRET)
    assert "refresh_token" not in all_of_them and "offline_access" not in all_of_them["scope"]
    # A client of its own keeps the administrative scopes that it was given.
    assert "iam:admin.read" in all_of_them["scope"]


def test_the_iam_profile_says_little_in_the_access_token(iam, api, client, ada):
    answer = password_token(api, client, audience="https://s3.example.org")
    access = claims(iam, answer["access_token"])
    assert set(access) == {"iss", "sub", "iat", "exp", "jti", "client_id", "aud"}
    assert (access["sub"], access["aud"]) == (ada["id"], "https://s3.example.org")
    assert access["exp"] - access["iat"] == 3600
    identity = claims(iam, answer["id_token"])
    assert (identity["aud"], identity["preferred_username"]) == (client, "ada")
    assert identity["groups"] == ["virgo", "virgo/analysis", "virgo/pilots"]
    assert identity["organisation_name"] == "indigo-dc"


@pytest.mark.parametrize("iam_settings", [{"include_authn_info": True, "include_scope": True, "include_nbf": True}])
def test_the_iam_profile_says_more_where_it_is_told_to(iam, api, client, ada):
    access = claims(iam, password_token(api, client)["access_token"])
    assert access["groups"] == ["virgo", "virgo/analysis", "virgo/pilots"]
    assert access["email"] == "ada@example.org" and "openid" in access["scope"] and "nbf" in access


@pytest.mark.parametrize("iam_settings", [WLCG])
def test_the_wlcg_profile(iam, api, client, ada):
    access = claims(iam, password_token(api, client)["access_token"])
    assert access["wlcg.ver"] == "1.0" and access["nbf"] == access["iat"]
    assert access["aud"] == "https://wlcg.cern.ch/jwt/v1/any"
    assert access["wlcg.groups"] == ["/virgo", "/virgo/analysis"], "optional groups only where asked for"
    two = password_token(api, client, audience="https://a.example.org https://b.example.org", scope="openid")
    assert claims(iam, two["access_token"])["aud"] == ["https://a.example.org", "https://b.example.org"]
    assert "wlcg.groups" not in claims(iam, two["access_token"])


@pytest.mark.parametrize("iam_settings", [WLCG])
@pytest.mark.parametrize(
    "scope, groups",
    [
        ("wlcg.groups:/virgo/pilots", ["/virgo/pilots", "/virgo", "/virgo/analysis"]),
        ("wlcg.groups:/virgo/pilots wlcg.groups", ["/virgo/pilots", "/virgo", "/virgo/analysis"]),
        ("wlcg.groups wlcg.groups:/virgo/pilots", ["/virgo", "/virgo/analysis", "/virgo/pilots"]),
        ("wlcg.groups:/virgo/analysis", ["/virgo/analysis", "/virgo"]),
        ("wlcg.groups:/ligo", ["/virgo", "/virgo/analysis"]),
    ],
)
def test_groups_come_in_the_order_of_the_request(iam, api, client, ada, scope, groups):
    answer = password_token(api, client, scope=scope)
    assert claims(iam, answer["access_token"])["wlcg.groups"] == groups


@pytest.mark.parametrize("iam_settings", [WLCG])
def test_paths_of_storage_scopes(api, client, ada):
    wanted = "storage.read:/virgo/data storage.create:/virgo"
    assert password_token(api, client, scope=wanted)["scope"] == wanted
    for wrong in ("storage.modify:/", "storage.read", "storage.read:relative", "storage.read:/../etc"):
        assert password_token(api, client, 400, scope=wrong)["error"] == "invalid_scope"
    password_token(api, client, 400, scope="wlcg.groups:virgo")


def test_without_the_scopes_of_wlcg_a_scope_is_a_word(api, client, ada):
    password_token(api, client, scope="storage.read:/")
    password_token(api, client, 400, scope="storage.read:/virgo")


def test_a_clients_scope_chooses_its_profile(iam, api, ada):
    body = {"grant_types": ["password"], "scope": "openid wlcg wlcg.groups"}
    iam.add_client(client_id="grid", client_secret=SECRET, **body)
    assert claims(iam, password_token(api, "grid")["access_token"])["wlcg.groups"] == ["/virgo", "/virgo/analysis"]


def test_bad_passwords_and_inactive_users_get_nothing(api, client, ada):
    wrong = api.token(client, SECRET, "password", 400, username="ada", password="wrong")
    assert wrong == {"error": "invalid_grant", "error_description": "Bad credentials"}
    token = password_token(api, client)["access_token"]
    api.patch(f"/scim/Users/{ada['id']}", "replace", {"active": False})
    password_token(api, client, 400)
    assert Api(api.url, token)("GET", "/userinfo", status=401)["error"] == "invalid_token"


def test_users_have_administrative_scopes_only_as_administrators(iam, api, client, ada):
    assert "iam:admin.read" not in password_token(api, client)["scope"]
    api("POST", f"/iam/account/{ada['id']}/authorities?authority=ROLE_ADMIN", status=200)
    answer = password_token(api, client)
    assert "iam:admin.read" in answer["scope"]
    Api(iam.url, answer["access_token"])("GET", "/iam/api/clients", status=200)


def test_who_has_not_signed_gets_no_token(api, client, ada):
    api(
        "POST",
        "/iam/aup",
        {"url": "https://a.example.org", "signatureValidityInDays": 9, "aupRemindersInDays": "1"},
        201,
    )
    assert "AUP" in password_token(api, client, 400)["error_description"]
    api("PATCH", f"/iam/aup/signature/{ada['id']}", status=201)
    password_token(api, client)
    api("POST", "/iam/aup/touch", status=200)
    password_token(api, client, 400)
    # A client of its own has nothing to sign.
    api.token(client, SECRET)


# Scope policies


def policy(api, rule, *scopes, matching="EQ", **owner):
    """Make a scope policy."""
    body = {"rule": rule, "matchingPolicy": matching, "scopes": list(scopes), **owner}
    api("POST", "/iam/scope_policies", body, 201)


def test_policies_of_the_account_come_before_those_of_groups_before_the_default(api, client, ada):
    def has(scope):
        return scope in password_token(api, client)["scope"].split()

    groups = {one["display"]: one["value"] for one in api("GET", f"/scim/Users/{ada['id']}")["groups"]}
    policy(api, "DENY", "storage.create:/")
    assert not has("storage.create:/") and has("storage.read:/")
    policy(api, "PERMIT", "storage.create:/", group={"uuid": groups["virgo"]})
    assert has("storage.create:/")
    policy(api, "DENY", "storage.create:/", group={"uuid": groups["virgo/analysis"]})
    assert not has("storage.create:/"), "among those of the groups DENY wins"
    policy(api, "PERMIT", "storage.create:/", account={"uuid": ada["id"]})
    assert has("storage.create:/")
    policy(api, "DENY", account={"uuid": ada["id"]})
    assert password_token(api, client)["scope"] == "openid", "no scopes named means all; openid is always given"


@pytest.mark.parametrize("iam_settings", [WLCG])
def test_policies_match_equal_texts_paths_or_patterns(api, client, ada):
    def has(scope):
        return password_token(api, client, scope=scope)["scope"] == scope

    policy(api, "DENY", "storage.read:/virgo", matching="PATH")
    assert not has("storage.read:/virgo") and not has("storage.read:/virgo/data")
    assert has("storage.read:/virgo2") and has("storage.create:/virgo")
    policy(api, "DENY", r"storage\.create:/ligo.*", matching="REGEXP")
    assert not has("storage.create:/ligo/x") and has("storage.create:/x/ligo")
    policy(api, "DENY", "storage.read:/ligo")
    assert not has("storage.read:/ligo") and has("storage.read:/ligo/x")


def test_what_no_policy_mentions_is_not_given(api, client, ada):
    api("DELETE", "/iam/scope_policies/1", status=204)
    policy(api, "PERMIT", "profile")
    assert password_token(api, client)["scope"] == "openid profile"


@pytest.mark.parametrize("iam_settings", [{"enable_scope_policies": False}])
def test_policies_can_be_switched_off(api, client, ada):
    policy(api, "DENY")
    assert "profile" in password_token(api, client)["scope"]


# Refresh


def test_refreshing_narrows_and_never_widens(iam, api, client, ada):
    first = password_token(api, client, scope="openid offline_access profile", audience="https://a.example.org")
    refresh = first["refresh_token"]
    again = api.token(client, SECRET, "refresh_token", refresh_token=refresh)
    assert again["scope"] == first["scope"]
    assert claims(iam, again["access_token"])["aud"] == "https://a.example.org"
    # Unless the client reuses them, a refresh token is good once.
    assert again["refresh_token"] != refresh
    assert api.token(client, SECRET, "refresh_token", 400, refresh_token=refresh)["error"] == "invalid_grant"
    wider = api.token(client, SECRET, "refresh_token", 400, refresh_token=again["refresh_token"], scope="openid email")
    assert wider["error"] == "invalid_scope"
    form = {
        "refresh_token": again["refresh_token"],
        "scope": "openid offline_access",
        "audience": "https://b.example.org",
    }
    narrow = api.token(client, SECRET, "refresh_token", **form)
    assert claims(iam, narrow["access_token"])["aud"] == "https://b.example.org"
    assert "refresh_token" not in password_token(api, client, scope="openid")


def test_a_refresh_token_is_its_clients_own_and_may_be_kept(iam, api, client, ada):
    body = {"grant_types": ["password", "refresh_token"], "scope": "openid offline_access", "reuse_refresh_token": True}
    iam.add_client(client_id="other", client_secret=SECRET, clear_access_tokens_on_refresh=True, **body)
    first = password_token(api, "other")
    assert api.token(client, SECRET, "refresh_token", 400, refresh_token=first["refresh_token"])
    again = api.token("other", SECRET, "refresh_token", refresh_token=first["refresh_token"])
    assert again["refresh_token"] == first["refresh_token"]
    Api(iam.url, first["access_token"])("GET", "/userinfo", status=401)
    Api(iam.url, again["access_token"])("GET", "/userinfo", status=200)


# Device code


def test_a_device_waits_for_its_user(iam, api, client, ada):
    device = api("POST", "/devicecode", status=200, data={"client_id": client, "scope": "openid profile"})
    assert device["verification_uri_complete"] == f"{iam.url}/device?user_code={device['user_code']}"
    form = {"device_code": device["device_code"]}
    assert api.token(client, SECRET, DEVICE, 400, **form)["error"] == "authorization_pending"
    browser = Api(iam.url)
    browser("GET", f"/device?user_code={device['user_code']}", status=302)
    assert parse_qs(urlsplit(browser.last.headers["Location"]).query)["next"] == [
        f"/device?user_code={device['user_code']}"
    ]
    browser.login("ada", "Secret-passw0rd")
    browser("POST", "/device/verify", status=200, data={"user_code": device["user_code"].lower()})
    assert "<li>profile</li>" in browser.last.text
    said_no = {"user_code": device["user_code"], "user_oauth_approval": "false"}
    browser("POST", "/device/approve", status=200, data=said_no)
    assert api.token(client, SECRET, DEVICE, 400, **form)["error"] == "authorization_pending"
    browser("POST", "/device/approve", status=200, data={**said_no, "user_oauth_approval": "true"})
    answer = api.token(client, SECRET, DEVICE, **form)
    assert claims(iam, answer["access_token"])["sub"] == ada["id"] and answer["scope"] == "openid profile"
    assert api.token(client, SECRET, DEVICE, 400, **form)["error"] == "invalid_grant", "good once"


def test_device_codes_are_for_clients_that_may(iam, api, client):
    public = Api(iam.url)
    public("POST", "/devicecode", status=401, data={"client_id": "client"})
    public("POST", "/devicecode", status=400, data={"client_id": "nobody"})
    public("POST", "/devicecode", status=400, data={"client_id": client, "scope": "scim:write"})
    iam.add_client(client_id="short", client_secret=SECRET, grant_types=[DEVICE], device_code_validity_seconds=1)
    device = public("POST", "/devicecode", status=200, data={"client_id": "short"})
    time.sleep(1.2)
    expired = public.token("short", SECRET, DEVICE, 400, device_code=device["device_code"])
    assert expired["error"] == "expired_token"


# Authorization code


def test_an_authorization_code_is_good_once_and_for_who_started(iam, api, client, browser):
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": "http://localhost:1/back",
        "scope": "openid profile",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    Api(iam.url)("GET", "/authorize", status=302, params=query)

    def code():
        browser("GET", "/authorize", status=302, params=query)
        target = urlsplit(browser.last.headers["Location"])
        assert target.netloc == "localhost:1" and parse_qs(target.query)["state"] == ["s1"]
        return parse_qs(target.query)["code"][0]

    form = {"code": code(), "redirect_uri": query["redirect_uri"]}
    assert api.token(client, SECRET, "authorization_code", 400, **form, code_verifier="w" * 50)
    answer = api.token(client, SECRET, "authorization_code", **form, code_verifier=verifier)
    identity = claims(iam, answer["id_token"])
    assert (identity["sub"], identity["nonce"]) == (ADMIN, "n1") and identity["auth_time"] <= time.time()
    api.token(client, SECRET, "authorization_code", 400, **form, code_verifier=verifier)
    browser("GET", "/authorize", status=400, params={**query, "redirect_uri": "http://localhost:2/"})
    browser("GET", "/authorize", status=401, params={**query, "client_id": "nobody"})


# Token exchange


def exchange(api, client, token, status=200, **form):
    """Return the answer of /token (dict)."""
    form = {"subject_token_type": "urn:ietf:params:oauth:token-type:access_token", "subject_token": token, **form}
    return api.token(client, SECRET, EXCHANGE, status, **form)


@pytest.fixture
def service(iam):
    """The id of a client that exchanges tokens of others."""
    body = {"grant_types": [EXCHANGE], "scope": "openid profile storage.read:/"}
    return iam.add_client(client_id="service", client_secret=SECRET, **body).client_id


def test_a_token_is_exchanged_for_one_of_another_client(iam, api, client, service, ada):
    token = password_token(api, client)["access_token"]
    answer = exchange(api, service, token, scope="openid profile", audience="https://fts.example.org")
    access = claims(iam, answer["access_token"])
    assert (access["sub"], access["client_id"], access["aud"]) == (ada["id"], service, "https://fts.example.org")
    assert access["act"] == {"sub": service} and answer["scope"] == "openid profile"
    assert answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:jwt"
    assert exchange(api, service, token, 400, scope="email")["error"] == "invalid_scope"
    assert exchange(api, service, "nonsense", 400)["error"] == "invalid_grant"
    assert exchange(api, service, token, 400, actor_token="x")["error_description"] == "Delegation not supported"
    own = api.token(client, SECRET)["access_token"]
    assert claims(iam, exchange(api, service, own)["access_token"])["sub"] == client
    assert exchange(api, client, token, 403, scope="offline_access")["error"] == "access_denied"


def test_exchange_policies_decide(api, client, service, ada):
    token = password_token(api, client)["access_token"]
    path = "/iam/api/exchange/policies"
    any_client, by_id = {"type": "ANY"}, {"type": "BY_ID", "matchParam": service}
    deny = {"rule": "DENY", "originClient": any_client, "destinationClient": by_id}
    api("POST", path, deny, 201)
    assert exchange(api, service, token, 403, scope="openid")["error"] == "access_denied"
    by_scope = {"type": "BY_SCOPE", "matchParam": "wlcg.groups"}
    some = [{"rule": "DENY", "type": "EQ", "matchParam": "profile"}]
    permit = {"rule": "PERMIT", "originClient": by_scope, "destinationClient": by_id, "scopePolicies": some}
    api("POST", path, permit, 201)
    assert exchange(api, service, token, scope="openid")["scope"] == "openid"
    assert "by policy" in exchange(api, service, token, 400, scope="profile")["error_description"]
    for one in api("GET", path, status=200):
        api("DELETE", f"{path}/{one['id']}", status=204)
    assert "No applicable policies" in exchange(api, service, token, 403, scope="openid")["error_description"]


# What ends a token


def test_introspection_and_revocation(iam, api, client, ada):
    answer = password_token(api, client, scope="openid offline_access profile")
    auth = (client, SECRET)

    def introspect(token, status=200, **more):
        return api("POST", "/introspect", status=status, data={"token": token}, **{"auth": auth, **more})

    seen = introspect(answer["access_token"])
    assert seen["active"] and seen["sub"] == ada["id"] and seen["scope"] == "openid offline_access profile"
    assert seen["client_id"] == client and seen["groups"] == ["virgo", "virgo/analysis", "virgo/pilots"]
    assert introspect(answer["refresh_token"])["active"] is True
    assert introspect("nonsense") == {"active": False}
    introspect("nonsense", 401, auth=(client, "wrong"))
    form = {"token": "x", "client_id": client, "client_secret": SECRET}
    Api(iam.url)("POST", "/introspect", status=401, data=form)
    api("POST", "/revoke", status=403, data={"token": answer["access_token"]}, auth=("client", "secret"))
    for token in (answer["access_token"], answer["refresh_token"], "nonsense"):
        api("POST", "/revoke", status=200, data={"token": token}, auth=auth)
    assert introspect(answer["access_token"]) == introspect(answer["refresh_token"]) == {"active": False}
    Api(iam.url, answer["access_token"])("GET", "/userinfo", status=401)


def test_user_info_needs_a_user_and_openid(iam, api, client, ada):
    seen = Api(iam.url, password_token(api, client)["access_token"])("GET", "/userinfo", status=200)
    assert (seen["sub"], seen["email"], seen["given_name"]) == (ada["id"], "ada@example.org", "Ada")
    Api(iam.url, password_token(api, client, scope="profile")["access_token"])("GET", "/userinfo", status=403)
    api("GET", "/userinfo", status=403)
    Api(iam.url)("GET", "/userinfo", status=401)


def test_administrators_see_and_end_tokens(iam, api, client, ada):
    answer = password_token(api, client)
    listed = api("GET", "/iam/api/access-tokens?userId=ada", status=200)
    assert listed["totalResults"] == 1 and "value" not in listed["Resources"][0]
    path = f"/iam/api/access-tokens/{listed['Resources'][0]['id']}"
    api("DELETE", path, status=204)
    api("GET", path, status=404)
    Api(iam.url, answer["access_token"])("GET", "/userinfo", status=401)
    assert api("GET", f"/iam/api/refresh-tokens?clientId={client}", status=200)["totalResults"] == 1


def test_tokens_that_are_wrong_in_one_way_each(iam, api, ada):
    iam.add_client(client_id="grid", client_secret=SECRET, scope="openid wlcg wlcg.groups")

    def accepted(**how):
        token = iam.issue("ada", "grid", **how)
        return Api(iam.url, token)("GET", "/userinfo") and token

    good = accepted(audience="https://s3.example.org")
    seen = claims(iam, good)
    assert (seen["aud"], seen["wlcg.groups"]) == ("https://s3.example.org", ["/virgo", "/virgo/analysis"])
    for how in ({"lifetime": -10}, {"issuer": "https://other.example.org"}, {"forged": True}):
        token = iam.issue("ada", "grid", **how)
        assert Api(iam.url, token)("GET", "/userinfo", status=401)["error"] == "invalid_token"
    forged = iam.issue("ada", "grid", forged=True)
    header = json.loads(base64.urlsafe_b64decode(forged.split(".")[0] + "=="))
    assert header["kid"] == "rsa1"
    with pytest.raises(jwt.JWException):
        claims(iam, forged)
