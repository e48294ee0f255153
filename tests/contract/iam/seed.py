# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first start writes: the administrator, the default client, system scopes and the two default policies.

Upstream's migrations do it; the identifiers and passwords are public, which is why a role has to replace them.
"""

from __future__ import annotations

from sqlalchemy import insert, select

from . import scopes, store
from .security import ADMIN, hash_password

ADMIN_UUID = "73f16d93-2441-4a50-88ff-85360d78c6b5"


def seed(connection, settings):
    """Fill an empty database; leave one that was filled before alone."""
    if connection.execute(select(store.system_scope.c.scope).limit(1)).first() is None:
        names = {
            **dict.fromkeys(scopes.OTHER, False),
            **dict.fromkeys(scopes.DEFAULT, False),
            **dict.fromkeys(scopes.RESTRICTED, True),
        }
        rows = [
            {"scope": name, "restricted": restricted, "default": name in scopes.DEFAULT}
            for name, restricted in names.items()
        ]
        connection.execute(insert(store.system_scope), rows)
        connection.execute(
            insert(store.scope_policy).values(
                description="Default Permit ALL policy", rule="PERMIT", matching="EQ", scopes=[]
            )
        )
        anyone = {"type": "ANY", "matchParam": None}
        connection.execute(
            insert(store.exchange_policy).values(
                document={
                    "description": "Allow all exchanges",
                    "rule": "PERMIT",
                    "originClient": anyone,
                    "destinationClient": anyone,
                    "scopePolicies": [],
                }
            )
        )
        _administrator(connection)
        _default_client(connection, settings)


def _administrator(connection):
    connection.execute(
        insert(store.account).values(
            uuid=ADMIN_UUID,
            username="admin",
            password=hash_password("password"),
            given_name="Admin",
            family_name="User",
            email="1_admin@iam.test",
        )
    )
    connection.execute(
        insert(store.authority),
        [{"account": ADMIN_UUID, "authority": name} for name in (ADMIN, "ROLE_USER")],
    )


def _default_client(connection, settings):
    connection.execute(
        insert(store.client).values(
            client_id="client",
            name="Test Client",
            document={
                "client_id": "client",
                "client_secret": "secret",
                "client_name": "Test Client",
                "redirect_uris": ["http://localhost/", "http://localhost:8080/"],
                "grant_types": [
                    "authorization_code",
                    "urn:ietf:params:oauth:grant_type:redelegate",
                    "implicit",
                    "refresh_token",
                ],
                "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_basic",
                "scope": ["openid", "profile", "email", "address", "phone", "offline_access"],
                "contacts": [],
                "access_token_validity_seconds": settings.access_token_validity,
                "refresh_token_validity_seconds": None,
                "id_token_validity_seconds": settings.id_token_validity,
                "device_code_validity_seconds": settings.device_code_validity,
                "allow_introspection": True,
                "reuse_refresh_token": True,
                "clear_access_tokens_on_refresh": True,
                "require_auth_time": False,
            },
        )
    )
