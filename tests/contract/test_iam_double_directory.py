# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double of IAM: accounts and groups, by SCIM and by IAM's own interface, with the traps that modules must know."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from double_api import ADMIN, INDIGO_GROUP, INDIGO_USER, Api, user_body
from iam.keys import generate

CERTIFICATE = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n".format(
    generate(size=2048)["keys"][0]["x5c"][0]
)


def ssh_key():
    """Return a new SSH public key (str)."""
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


# Accounts by SCIM


def test_an_account_is_created_read_and_deleted(api):
    made = api.user("ada")
    assert api("GET", f"/scim/Users/{made['id']}", status=200) == made
    assert made["active"] and made["displayName"] == "ada" and made["meta"]["resourceType"] == "User"
    assert made["name"] == {"familyName": "Rossi", "formatted": "Ada Rossi", "givenName": "Ada"}
    assert made["meta"]["location"].endswith(f"/scim/Users/{made['id']}")
    api("DELETE", f"/scim/Users/{made['id']}", status=204)
    refused = api("GET", f"/scim/Users/{made['id']}", status=404)
    assert (refused["status"], refused["detail"]) == ("404", f"No user mapped to id '{made['id']}'")
    assert refused["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.parametrize("missing", ["userName", "name", "emails"])
def test_an_account_needs_user_name_name_and_mail(api, missing):
    body = user_body("ada")
    del body[missing]
    assert missing in api("POST", "/scim/Users", body, 400)["detail"]


def test_user_names_are_not_too_long(api):
    api.user("a" * 128, emails=[{"value": "long@example.org"}])
    assert "128" in api("POST", "/scim/Users", user_body("b" * 129), 400)["detail"]


def test_names_mails_and_credentials_belong_to_one_account(api):
    linked = {INDIGO_USER: {"oidcIds": [{"issuer": "https://idp.example.org", "subject": "1"}]}}
    api.user("ada", **linked)
    api("POST", "/scim/Users", user_body("ada", emails=[{"value": "other@example.org"}]), 409)
    api("POST", "/scim/Users", user_body("bob", emails=[{"value": "ada@example.org"}]), 409)
    api("POST", "/scim/Users", user_body("bob", **linked), 409)
    api.user("bob")


def test_lists_have_a_hundred_entries_a_page_and_no_filter(api):
    for index in range(104):
        api.user(f"user{index:03}")
    first = api("GET", "/scim/Users?count=1000", status=200)
    assert (first["totalResults"], first["itemsPerPage"], first["startIndex"]) == (105, 100, 1)
    second = api("GET", "/scim/Users?startIndex=101", status=200)
    assert (second["itemsPerPage"], second["startIndex"], len(second["Resources"])) == (5, 101, 5)
    assert not {one["id"] for one in first["Resources"]} & {one["id"] for one in second["Resources"]}
    for count in ("0", "-3"):
        assert "Resources" not in api("GET", f"/scim/Users?count={count}", status=200)
    assert api("GET", "/scim/Users?startIndex=-5&count=1", status=200)["startIndex"] == 1
    # filter is no parameter upstream knows: it changes nothing.
    assert api("GET", '/scim/Users?filter=userName eq "user001"', status=200)["totalResults"] == 105
    api("GET", "/scim/Users?count=many", status=400)


def test_a_list_shows_only_the_attributes_asked_for(api):
    one = api("GET", "/scim/Users?attributes=userName,emails", status=200)["Resources"][0]
    assert set(one) == {"id", "schemas", "userName", "emails"}


def test_a_patch_has_operations_in_lower_case(api):
    user = api.user("ada")
    path = f"/scim/Users/{user['id']}"
    api("PATCH", path, {"Operations": [{"op": "replace", "value": {"active": False}}]}, 400)
    api("PATCH", path, {"operations": [{"op": "Replace", "value": {"active": False}}]}, 400)
    api("PATCH", path, {"operations": []}, 400)
    api.patch(path, "replace", {"active": False})
    assert api("GET", path, status=200)["active"] is False


def test_a_patch_replaces_what_upstream_can_replace(api):
    user = api.user("ada")
    path = f"/scim/Users/{user['id']}"
    api.patch(path, "replace", {"name": {"givenName": "Augusta"}, "emails": [{"value": "a@example.org"}]})
    api.patch(path, "replace", {"userName": "augusta", INDIGO_USER: {"serviceAccount": True}})
    seen = api("GET", path, status=200)
    assert (seen["userName"], seen["name"]["givenName"], seen["name"]["familyName"]) == ("augusta", "Augusta", "Rossi")
    assert seen["emails"][0]["value"] == "a@example.org" and seen[INDIGO_USER]["serviceAccount"] is True
    api.patch(path, "replace", {"userName": "admin"}, 409)
    api.patch(path, "replace", {"displayName": "x"}, 400)
    api.patch(path, "replace", {INDIGO_USER: {"sshKeys": []}}, 400)
    api.patch(path, "add", {"active": True}, 400)
    api.patch(path, "replace", {"active": True}, 400, path="active")


def test_credentials_are_added_and_removed_by_patch(api):
    user = api.user("ada")
    path = f"/scim/Users/{user['id']}"
    saml = {"idpId": "https://idp", "userId": "ada@x", "attributeId": "urn:oid:1.3.6.1.4.1.5923.1.1.1.6"}
    key = ssh_key()
    for change in (
        {"oidcIds": [{"issuer": "https://idp", "subject": "1"}]},
        {"samlIds": [saml]},
        {"sshKeys": [{"display": "laptop", "value": key}]},
    ):
        api.patch(path, "add", {INDIGO_USER: change})
        api.patch(path, "add", {INDIGO_USER: change})
    seen = api("GET", path, status=200)[INDIGO_USER]
    assert seen["samlIds"] == [saml] and len(seen["oidcIds"]) == 1
    assert seen["sshKeys"][0]["value"] == key and len(seen["sshKeys"][0]["fingerprint"]) == 43
    api.patch(path, "remove", {INDIGO_USER: {"sshKeys": [{"value": key}], "samlIds": [saml]}})
    assert set(api("GET", path, status=200)[INDIGO_USER]) == {"oidcIds", "serviceAccount"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"sshKeys": [{"value": "ssh-rsa AAAA"}]},
        {"sshKeys": [{"value": base64.b64encode(b"nonsense").decode()}]},
        {"samlIds": [{"idpId": "https://idp"}]},
        {"oidcIds": [{"issuer": "https://idp"}]},
        {"x509Certificates": [{"pemEncodedCertificate": "-----BEGIN CERTIFICATE-----"}]},
    ],
)
def test_credentials_that_are_none_are_refused(api, wrong):
    assert api("POST", "/scim/Users", user_body("ada", **{INDIGO_USER: wrong}), 400)["schemas"]


def test_certificates_are_written_under_one_name_and_read_under_another(api):
    given = {"display": "grid", "primary": True, "pemEncodedCertificate": CERTIFICATE}
    user = api.user("ada", **{INDIGO_USER: {"x509Certificates": [given]}})
    assert "x509Certificates" not in user[INDIGO_USER]
    (shown,) = user[INDIGO_USER]["certificates"]
    assert (shown["display"], shown["subjectDn"]) == ("grid", "CN=IAM double rsa1")
    # What is read can be sent back, and then it means nothing.
    api.patch(f"/scim/Users/{user['id']}", "replace", {INDIGO_USER: {"certificates": []}}, 400)
    found = api("GET", "/iam/account/find/bycertsubject?certificateSubject=CN=IAM double rsa1", status=200)
    assert [one["userName"] for one in found["Resources"]] == ["ada"]


def test_put_replaces_all_of_an_account(api):
    linked = {"oidcIds": [{"issuer": "https://idp", "subject": "1"}]}
    user = api.user("ada", password="Secret-passw0rd", **{INDIGO_USER: linked})
    path, own = f"/scim/Users/{user['id']}", f"/iam/account/{user['id']}"
    api("POST", f"{own}/groups/{api.group('virgo')}", status=201)
    api("PUT", f"{own}/labels", {"name": "origin", "value": "x"}, 200)
    api.patch(path, "replace", {"active": False})
    body = user_body("ada")
    seen = api("PUT", path, body, 200)
    assert seen["active"] is False, "left out, so it stays as it was"
    assert "groups" not in seen and set(seen[INDIGO_USER]) == {"serviceAccount"}
    assert api("GET", f"{own}/labels", status=200) == []
    assert Api(api.url).login("ada", "Secret-passw0rd") == "/login?error=failure"


def test_labels_of_accounts_are_not_in_scim(api):
    user = api.user("ada")
    api("PUT", f"/iam/account/{user['id']}/labels", {"name": "origin", "value": "x"}, 200)
    assert "labels" not in api("GET", f"/scim/Users/{user['id']}", status=200)[INDIGO_USER]
    assert api("GET", f"/iam/account/{user['id']}/labels", status=200) == [{"name": "origin", "value": "x"}]


def test_me_is_the_user_of_the_token_or_the_session(iam, api, browser):
    assert browser("GET", "/scim/Me", status=200)["userName"] == "admin"
    token = iam.issue("admin", scope="scim:read")
    assert Api(iam.url, token)("GET", "/scim/Me", status=200)["id"] == ADMIN
    assert "No user linked" in api("GET", "/scim/Me", status=400)["detail"]
    browser.patch("/scim/Me", "replace", {"name": {"givenName": "Ada"}})
    browser.patch("/scim/Me", "replace", {"userName": "root"}, 400)


# Accounts by IAM's own interface


def test_accounts_are_found_by_exact_names(api):
    user = api.user("ada")
    api.user("ada2")
    for path in (
        "byusername?username=ada",
        "byemail?email=ada@example.org",
        f"byuuid/{user['id']}",
    ):
        found = api("GET", f"/iam/account/find/{path}", status=200)
        assert [one["id"] for one in found["Resources"]] == [user["id"]] and found["totalResults"] == 1
    assert api("GET", "/iam/account/find/byusername?username=nobody", status=200)["Resources"] == []
    api("GET", "/iam/account/find/byusername", status=400)
    found = api("GET", "/iam/account/find/byauthority?authority=ROLE_ADMIN", status=200)
    assert [one["userName"] for one in found["Resources"]] == ["admin"]


def test_a_search_gives_ten_a_page_and_leaves_much_out(api):
    for index in range(12):
        api.user(f"ada{index:02}")
    page = api("GET", "/iam/account/search?count=100&filter=ada", status=200)
    assert (page["totalResults"], page["itemsPerPage"]) == (12, 10)
    assert INDIGO_USER not in page["Resources"][0] and "schemas" not in page
    newest = api("GET", "/iam/account/search?sortBy=email&sortDirection=desc&count=1&filter=ada", status=200)
    assert newest["Resources"][0]["userName"] == "ada11"


def test_memberships_can_be_given_twice_and_reach_the_groups_above(api):
    user = api.user("ada")
    top = api.group("virgo")
    below = api.group("analysis", top)
    for _turn in range(2):
        api("POST", f"/iam/account/{user['id']}/groups/{below}", status=201)
    assert api.members(top) == api.members(below) == [user["id"]]
    groups = api("GET", f"/scim/Users/{user['id']}", status=200)["groups"]
    assert {one["display"] for one in groups} == {"virgo", "virgo/analysis"}
    inside = api("GET", f"/iam/account/find/bygroup/{top}", status=200)
    outside = api("GET", f"/iam/account/find/notingroup/{top}", status=200)
    assert [one["userName"] for one in inside["Resources"]] == ["ada"]
    assert [one["userName"] for one in outside["Resources"]] == ["admin"]
    for _turn in range(2):
        api("DELETE", f"/iam/account/{user['id']}/groups/{top}", status=204)
    assert api.members(top) == api.members(below) == []
    api("POST", f"/iam/account/{user['id']}/groups/nothing", status=400)
    api("POST", f"/iam/account/nobody/groups/{top}", status=400)


def test_authorities_are_given_once(api):
    path = f"/iam/account/{api.user('ada')['id']}/authorities"
    assert api("GET", path, status=200) == {"authorities": ["ROLE_USER"]}
    api("POST", f"{path}?authority=ROLE_ADMIN", status=200)
    assert "already bound" in api("POST", f"{path}?authority=ROLE_ADMIN", status=400)["error"]
    api("POST", f"{path}?authority=ADMIN", status=400)
    api("DELETE", f"{path}?authority=ROLE_ADMIN", status=200)
    assert api("GET", path, status=200) == {"authorities": ["ROLE_USER"]}


def test_managers_are_appointed_once_and_may_change_members(iam, api):
    user, group, other = api.user("ada", password="Secret-passw0rd"), api.group("virgo"), api.group("ligo")
    path = f"/iam/account/{user['id']}/managed-groups"
    api("POST", f"{path}/{group}", status=201)
    assert "already" in api("POST", f"{path}/{group}", status=400)["error"]
    api("POST", f"{path}/nothing", status=400)
    assert [one["id"] for one in api("GET", path, status=200)["managedGroups"]] == [group]
    assert [one["userName"] for one in api("GET", f"/iam/group/{group}/group-managers", status=200)] == ["ada"]
    manager = Api(iam.url)
    manager.login("ada", "Secret-passw0rd")
    manager("POST", f"/iam/account/{user['id']}/groups/{group}", status=201)
    manager("POST", f"/iam/account/{user['id']}/groups/{other}", status=403)
    manager.patch(f"/scim/Groups/{group}", "remove", [{"value": user["id"]}], path="members")
    api("DELETE", f"{path}/{group}", status=204)
    assert api("GET", f"/iam/group/{group}/group-managers", status=200) == []


def test_the_end_of_an_account_is_set_and_removed(api):
    user = api.user("ada")
    path = f"/iam/account/{user['id']}/endTime"
    api("PUT", path, {"endTime": "2027-01-01T00:00:00.000+01:00"}, 200)
    seen = api("GET", f"/scim/Users/{user['id']}", status=200)[INDIGO_USER]
    assert seen["endTime"] == "2026-12-31T23:00:00.000Z"
    api("PUT", path, {"endTime": "tomorrow"}, 400)
    api("PUT", path, {"endTime": None}, 200)
    assert "endTime" not in api("GET", f"/scim/Users/{user['id']}", status=200)[INDIGO_USER]


# Labels and attributes


@pytest.mark.parametrize("kind", ["account", "group"])
def test_labels_are_replaced_by_prefix_and_name(api, kind):
    owner = api.user("ada")["id"] if kind == "account" else api.group("virgo")
    path = f"/iam/{kind}/{owner}/labels"
    api("PUT", path, {"prefix": "infn.it", "name": "managed", "value": "1"}, 200)
    api("PUT", path, {"prefix": "infn.it", "name": "managed", "value": "2"}, 200)
    api("PUT", path, {"name": "managed"}, 200)
    seen = api("GET", path, status=200)
    assert seen == [{"prefix": "infn.it", "name": "managed", "value": "2"}, {"name": "managed"}]
    found = api("GET", f"/iam/{kind}/find/bylabel?name=managed&value=2", status=200)
    assert [one["id"] for one in found["Resources"]] == [owner]
    for _turn in range(2):
        api("DELETE", f"{path}?name=managed", status=204)
    assert len(api("GET", path, status=200)) == 1
    api("GET", f"/iam/{kind}/nothing/labels", status=404)


@pytest.mark.parametrize(
    "label",
    [
        {"value": "x"},
        {"name": "x" * 65},
        {"name": "x", "value": "y" * 65},
        {"name": "x", "value": "a\nb"},
        {"name": "1x"},
        {"name": "x", "prefix": "datacloud"},
    ],
)
def test_labels_have_rules(api, label):
    assert "Invalid label" in api("PUT", f"/iam/group/{api.group('virgo')}/labels", label, 400)["error"]


def test_attributes_are_replaced_by_name(api):
    path = f"/iam/account/{api.user('ada')['id']}/attributes"
    api("PUT", path, {"name": "nickname", "value": "a"}, 200)
    api("PUT", path, {"name": "nickname", "value": "b"}, 200)
    assert api("GET", path, status=200) == [{"name": "nickname", "value": "b"}]
    api("PUT", path, {"name": "x", "value": "y" * 257}, 400)
    api("DELETE", f"{path}?name=nickname", status=204)
    assert api("GET", path, status=200) == []


# Groups


def test_groups_by_scim_take_their_full_name_from_what_the_request_calls_the_parent(api):
    top = api("POST", "/scim/Groups", {"displayName": "virgo"}, 201)
    parent = {"value": top["id"], "display": "virgo", "$ref": top["meta"]["location"]}
    body = {"displayName": "analysis", INDIGO_GROUP: {"parentGroup": parent}}
    below = api("POST", "/scim/Groups", body, 201)
    assert below["displayName"] == "virgo/analysis"
    assert below[INDIGO_GROUP]["parentGroup"] == parent and "members" not in below
    wrong = {"displayName": "simulation", INDIGO_GROUP: {"parentGroup": {"value": top["id"]}}}
    assert api("POST", "/scim/Groups", wrong, 201)["displayName"] == "null/simulation"
    api("POST", "/scim/Groups", body, 409)
    lost = {"displayName": "analysis", INDIGO_GROUP: {"parentGroup": {"value": "x", "display": "x"}}}
    api("POST", "/scim/Groups", lost, 404)


def test_groups_by_iams_own_interface_take_it_from_the_parent(api):
    top = api.group("virgo")
    below = api.group("analysis", top, description="Who analyses")
    seen = api("GET", f"/scim/Groups/{below}", status=200)
    assert (seen["displayName"], seen[INDIGO_GROUP]["description"]) == ("virgo/analysis", "Who analyses")
    assert "already" in api("POST", "/iam/group", {"name": "virgo"}, 400)["error"]
    api("POST", "/iam/group", {"name": "x", "parent": {"uuid": "nothing"}}, 404)
    found = api("GET", "/iam/group/find/byname?name=virgo/analysis", status=200)
    assert [one["id"] for one in found["Resources"]] == [below]
    assert api("GET", "/iam/group/find/byname?name=analysis", status=200)["totalResults"] == 0
    subgroups = api("GET", f"/scim/Groups/{top}/subgroups", status=200)["Resources"]
    assert [(one["value"], one["display"]) for one in subgroups] == [(below, "virgo/analysis")]


@pytest.mark.parametrize("name", ["1virgo", "virgo group", "virgo/analysis", "", "-x"])
def test_names_of_groups_have_rules(api, name):
    api("POST", "/iam/group", {"name": name}, 400)
    api("POST", "/scim/Groups", {"displayName": name}, 400)


def test_full_names_have_512_characters_at_most(api):
    parent = None
    for _turn in range(11):
        parent = api.group("g" * 44, parent)
    api("POST", "/iam/group", {"name": "g" * 44, "parent": {"uuid": parent}}, 400)
    api("POST", "/scim/Groups", {"displayName": "g" * 51}, 400)


def test_put_renames_a_group_and_refuses_what_get_answered_for_a_nested_one(api):
    top = api.group("virgo")
    below = api.group("analysis", top, description="Who analyses")
    seen = api("GET", f"/scim/Groups/{below}", status=200)
    assert "slash" in api("PUT", f"/scim/Groups/{below}", seen, 400)["detail"]
    changed = {**seen, "displayName": "simulation", INDIGO_GROUP: {"description": "Other"}}
    renamed = api("PUT", f"/scim/Groups/{below}", changed, 200)
    assert renamed["displayName"] == "simulation", "the path is lost"
    assert renamed[INDIGO_GROUP]["parentGroup"]["value"] == top
    assert renamed[INDIGO_GROUP]["description"] == "Who analyses"
    api("PUT", f"/scim/Groups/{below}", {"displayName": "virgo"}, 409)


def test_descriptions_are_changed_by_iams_own_interface_and_nothing_else_is(api):
    group = api.group("virgo", description="Old")
    api("PUT", f"/iam/group/{group}", {"name": "ligo", "description": "New"}, 200)
    seen = api("GET", f"/scim/Groups/{group}", status=200)
    assert (seen["displayName"], seen[INDIGO_GROUP]["description"]) == ("virgo", "New")
    api("PUT", f"/iam/group/{group}", {"description": "x" * 513}, 400)
    api("PUT", "/iam/group/nothing", {"description": "x"}, 404)


def test_a_group_with_children_or_members_is_not_deleted(api):
    user, top = api.user("ada")["id"], api.group("virgo")
    below = api.group("analysis", top)
    assert "not empty" in api("DELETE", f"/scim/Groups/{top}", status=400)["detail"]
    api.patch(f"/scim/Groups/{below}", "add", [{"value": user}], path="members")
    api("DELETE", f"/scim/Groups/{below}", status=400)
    api.patch(f"/scim/Groups/{top}", "remove", [{"value": user}], path="members")
    api("DELETE", f"/scim/Groups/{below}", status=204)
    api("DELETE", f"/scim/Groups/{top}", status=204)
    api("DELETE", f"/scim/Groups/{top}", status=404)


def test_members_are_patched_by_list(api):
    users, group = [api.user(name)["id"] for name in ("ada", "bob", "eve")], api.group("virgo")
    path = f"/scim/Groups/{group}"
    references = [{"value": one, "display": "x"} for one in users]
    api.patch(path, "add", references[:2], path="members")
    api.patch(path, "add", references[:2], path="members")
    assert api.members(group) == users[:2]
    api.patch(path, "replace", references[1:], path="members")
    assert api.members(group) == users[1:]
    api.patch(path, "remove", references, path="members")
    assert api.members(group) == []
    api.patch(path, "add", references, 400)
    api.patch(path, "add", references, 400, path="displayName")
    refused = api.patch(path, "add", [references[0], {"value": "nobody"}], 404, path="members")
    assert "nobody" in refused["detail"] and api.members(group) == []


def test_groups_are_searched_ten_a_page(api):
    for index in range(12):
        api.group(f"virgo{index}")
    page = api("GET", "/iam/group/search?count=50&filter=virgo", status=200)
    assert (page["totalResults"], page["itemsPerPage"]) == (12, 10)
    user = api.user("ada")["id"]
    assert api("GET", f"/iam/group/find/unsubscribed/{user}", status=200)["totalResults"] == 12


def test_users_ask_for_membership_and_managers_decide(iam, api):
    user, group = api.user("ada", password="Secret-passw0rd"), api.group("virgo")
    browser = Api(iam.url)
    browser.login("ada", "Secret-passw0rd")
    wish = {"groupName": "virgo", "notes": "I analyse"}
    browser("POST", "/iam/group_requests", {"groupName": "virgo"}, 400)
    browser("POST", "/iam/group_requests", {**wish, "groupName": "ligo"}, 400)
    made = browser("POST", "/iam/group_requests", wish, 200)
    assert (made["status"], made["userUuid"], made["groupUuid"]) == ("PENDING", user["id"], group)
    browser("POST", "/iam/group_requests", wish, 400)
    path = f"/iam/group_requests/{made['uuid']}"
    browser("POST", f"{path}/approve", status=403)
    api("POST", f"{path}/reject", status=400)
    api("POST", f"{path}/reject?motivation=no", status=200)
    api("POST", f"{path}/approve", status=400)
    second = browser("POST", "/iam/group_requests", wish, 200)
    api("POST", f"/iam/group_requests/{second['uuid']}/approve", status=200)
    assert api.members(group) == [user["id"]]
    assert browser("GET", "/iam/group_requests?status=APPROVED", status=200)["totalResults"] == 1
    # The list is for users: a client of its own is none.
    api("GET", "/iam/group_requests", status=403)


# Registration


@pytest.mark.parametrize("iam_settings", [{"profiles": ("h2-test", "registration")}])
def test_who_registers_waits_for_an_administrator(iam, api):
    public = Api(iam.url)
    wish = {"username": "ada", "givenname": "Ada", "familyname": "Rossi", "email": "ada@example.org", "notes": "Hello"}
    public("POST", "/registration/create", {**wish, "notes": ""}, 400)
    made = public("POST", "/registration/create", wish, 200)
    assert public("GET", "/registration/username-available/ada", status=200) is False
    assert [one["uuid"] for one in api("GET", "/registration/list/pending", status=200)] == [made["uuid"]]
    assert api("GET", f"/scim/Users/{made['accountId']}", status=200)["active"] is False
    api("POST", f"/registration/approve/{made['uuid']}", status=200)
    api("POST", f"/registration/reject/{made['uuid']}", status=400)
    assert api("GET", f"/scim/Users/{made['accountId']}", status=200)["active"] is True
    assert api("GET", "/registration/list?status=APPROVED", status=200)[0]["username"] == "ada"
    api("GET", "/registration/list?status=OPEN", status=400)


def test_without_the_profile_nobody_registers(iam):
    Api(iam.url)("POST", "/registration/create", {}, 404)
