# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double refuses and answers as upstream does: every trap that a module has to know has a test here."""

from __future__ import annotations

import time
import uuid

import pytest
import requests

SCIM = "application/scim+json"
INDIGO_USER = "urn:indigo-dc:scim:schemas:IndigoUser"
INDIGO_GROUP = "urn:indigo-dc:scim:schemas:IndigoGroup"
ADMIN = "73f16d93-2441-4a50-88ff-85360d78c6b5"


class Api:
    """Requests with one bearer token and one connection."""

    def __init__(self, url, token=None):
        self.url = url
        self.session = requests.Session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method, path, body=None, status=None, kind=None, **options):
        """Return the response's JSON (or None); status is what is expected, kind the content type."""
        if kind is None:
            kind = SCIM if path.startswith("/scim") else "application/json"
        if body is not None:
            options["json"] = body
            options["headers"] = {"Content-Type": kind, **options.get("headers", {})}
        response = self.session.request(method, self.url + path, allow_redirects=False, timeout=20, **options)
        if status is not None:
            assert response.status_code == status, response.text
        self.last = response
        return response.json() if "json" in response.headers.get("Content-Type", "") else None


@pytest.fixture
def api(iam):
    """The interface as the administrative client, whose token comes from /token."""
    answer = requests.post(
        f"{iam.url}/token",
        auth=(iam.admin_client_id, iam.admin_client_secret),
        data={"grant_type": "client_credentials"},
        timeout=20,
    )
    assert answer.status_code == 200, answer.text
    return Api(iam.url, answer.json()["access_token"])


def user_body(name, **more):
    """Return a SCIM user that can be created (dict)."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "name": {"givenName": name.title(), "familyName": "Rossi"},
        "active": True,
        "emails": [{"type": "work", "value": f"{name}@example.org", "primary": True}],
        **more,
    }


def make_user(api, name, **more):
    return api("POST", "/scim/Users", user_body(name, **more), 201)


def make_group(api, name, parent=None):
    body = {"name": name, "description": "made by a test"}
    if parent:
        body["parent"] = {"uuid": parent}
    return api("POST", "/iam/group", body, 201)["id"]


def test_first_boot(api):
    admin = api("GET", f"/scim/Users/{ADMIN}", status=200)
    assert (admin["userName"], admin["id"]) == ("admin", ADMIN)
    assert api("GET", "/iam/api/clients/client", status=200)["client_secret"] == "secret"
    assert [one["description"] for one in api("GET", "/iam/scope_policies", status=200)] == [
        "Default Permit ALL policy"
    ]
    assert [one["rule"] for one in api("GET", "/iam/api/exchange/policies", status=200)] == ["PERMIT"]


def test_a_thousand_groups_and_ten_thousand_memberships_are_quick(api):
    started = time.monotonic()
    users = [make_user(api, f"user{index}")["id"] for index in range(100)]
    groups = [make_group(api, f"group{index}") for index in range(1000)]
    for index, group in enumerate(groups):
        members = [{"value": users[(index + offset) % 100]} for offset in range(10)]
        operation = {"op": "add", "path": "members", "value": members}
        api("PATCH", f"/scim/Groups/{group}", {"operations": [operation]}, 204)
    seen, total = [], 1
    while len(seen) < total:
        page = api("GET", f"/scim/Groups?count=500&startIndex={len(seen) + 1}", status=200)
        assert page["itemsPerPage"] == len(page["Resources"]) == 100
        seen, total = seen + page["Resources"], page["totalResults"]
    assert len({one["id"] for one in seen}) == 1000
    for group in groups:
        assert api("GET", f"/scim/Groups/{group}/members", status=200)["totalResults"] == 10
    assert time.monotonic() - started < 60
    assert uuid.UUID(groups[0])
