# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the double as its own tests make them."""

from __future__ import annotations

import json

import requests

SCIM = "application/scim+json"
INDIGO_USER = "urn:indigo-dc:scim:schemas:IndigoUser"
INDIGO_GROUP = "urn:indigo-dc:scim:schemas:IndigoGroup"
ADMIN = "73f16d93-2441-4a50-88ff-85360d78c6b5"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Api:
    """Requests with one bearer token, or with the session of whom `login` signs in."""

    def __init__(self, url, token=None):
        self.url = url
        self.session = requests.Session()
        self.last = None
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method, path, body=None, status=None, kind=None, **options):
        """Return the answer's JSON, or None; status: what it must be; kind: the content type of the body."""
        if body is not None:
            default = SCIM if path.startswith("/scim") else "application/json"
            options["data"] = json.dumps(body)
            options["headers"] = {"Content-Type": kind or default, **options.get("headers", {})}
        self.last = self.session.request(method, self.url + path, allow_redirects=False, timeout=20, **options)
        if status is not None:
            assert self.last.status_code == status, self.last.text
        return self.last.json() if "json" in self.last.headers.get("Content-Type", "") else None

    def login(self, username, password):
        """Sign in by the login form and return where it leads (str)."""
        self("POST", "/login", status=302, data={"username": username, "password": password})
        return self.last.headers["Location"]

    def token(self, client, secret, grant="client_credentials", status=200, **form):
        """Return the answer of /token (dict)."""
        return self("POST", "/token", status=status, auth=(client, secret), data={"grant_type": grant, **form})

    def user(self, name, **more):
        """Make an account and return it as SCIM shows it (dict)."""
        return self("POST", "/scim/Users", user_body(name, **more), 201)

    def group(self, name, parent=None, **more):
        """Make a group below a parent (uuid) and return its uuid."""
        above = {"parent": {"uuid": parent}} if parent else {}
        return self("POST", "/iam/group", {"name": name, **above, **more}, 201)["id"]

    def patch(self, resource, op, value, status=204, **more):
        """Send a SCIM PATCH of one operation."""
        operations = [{"op": op, "value": value, **more}]
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        return self("PATCH", resource, {"schemas": schemas, "operations": operations}, status)

    def members(self, group):
        """Return the members (uuids) of a group, first page."""
        return [one["value"] for one in self("GET", f"/scim/Groups/{group}/members", status=200)["Resources"]]


def user_body(name, **more):
    """Return a SCIM user that can be created (dict)."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "name": {"givenName": name.title(), "familyName": "Rossi"},
        "emails": [{"type": "work", "value": f"{name}@example.org", "primary": True}],
        **more,
    }
