# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: what is in them by profile, where they are kept, how a bearer token is checked."""

from __future__ import annotations

import time
import uuid

from flask import g
from sqlalchemy import delete, insert, select, update

from . import scopes as scope_rules
from . import store

ANY_AUDIENCE = "https://wlcg.cern.ch/jwt/v1/any"


def groups_of(account):
    """Return the groups (rows) of an account (uuid) in the order of their names."""
    query = (
        select(store.group)
        .join(store.membership, store.membership.c.group == store.group.c.uuid)
        .where(store.membership.c.account == account)
        .order_by(store.group.c.name)
    )
    return g.db.execute(query).all()


def labels_of(owners, name):
    """Return which of these owners (uuids) have a label of this name (set of uuids)."""
    query = select(store.label.c.owner).where(store.label.c.owner.in_(owners), store.label.c.name == name)
    return set(g.db.execute(query).scalars())


def wlcg_groups(account, scopes):
    """Return claim wlcg.groups (list of "/path") of an account (uuid) for the scopes asked for (list).

    Groups asked for by name come in the order of the request; scope wlcg.groups, which any of them implies at the end,
    stands for all groups but the optional ones, label wlcg.optional-group
    (core/oauth/profile/wlcg/WLCGGroupHelper.java).
    """
    wanted = [scope for scope in scopes if scope_rules.WLCG_GROUPS.match(scope)]
    if not wanted:
        return []
    if "wlcg.groups" not in wanted:
        wanted.append("wlcg.groups")
    groups = groups_of(account)
    optional = labels_of([group.uuid for group in groups], "wlcg.optional-group")
    member = {f"/{group.name}" for group in groups}
    usual = [f"/{group.name}" for group in groups if group.uuid not in optional]
    result = []
    for scope in wanted:
        name = scope.partition(":")[2]
        result += usual if not name else [name] if name in member else []
    return list(dict.fromkeys(result))


def full_name(account):
    """Return the name (str) that is shown for an account (row)."""
    return f"{account.given_name} {account.family_name}"


def identity_claims(settings, profile, account, scopes, audience_of_claims):
    """Return the claims (dict) about a user that a profile gives for the scopes.

    audience_of_claims: userinfo, id_token or access_token.
    """
    claims = {}
    if "profile" in scopes:
        claims.update(name=full_name(account), preferred_username=account.username)
        if audience_of_claims != "access_token":
            claims.update(
                given_name=account.given_name,
                family_name=account.family_name,
                updated_at=int(account.updated),
            )
    if "email" in scopes:
        claims["email"] = account.email
        if audience_of_claims != "access_token":
            claims["email_verified"] = True
    if profile == "iam" and "profile" in scopes:
        claims["organisation_name"] = settings.organisation
        claims["groups"] = [group.name for group in groups_of(account.uuid)]
    if profile == "kc":
        claims["roles"] = [group.name for group in groups_of(account.uuid)]
    if profile == "wlcg":
        groups = wlcg_groups(account.uuid, scopes)
        if groups:
            claims["wlcg.groups"] = groups
    if profile == "aarc":
        claims.update(aarc_claims(settings, account, scopes))
    if "attr" in scopes:
        query = select(store.attribute).where(store.attribute.c.owner == account.uuid)
        claims["attr"] = {row.name: row.value or "" for row in g.db.execute(query)}
    return claims


def aarc_claims(settings, account, scopes):
    """Return the claims (dict) of the AARC profile: entitlements as URNs of the groups (AARC-G002)."""
    prefix = f"urn:{settings.aarc_nid}:{settings.aarc_namespace}:group:"
    groups = groups_of(account.uuid)
    entitlements = [f"{prefix}{group.name.replace('/', ':')}#{settings.organisation}" for group in groups]
    claims = {}
    if "eduperson_entitlement" in scopes or "entitlements" in scopes:
        claims["eduperson_entitlement"] = entitlements
        claims["entitlements"] = entitlements
    if "eduperson_scoped_affiliation" in scopes:
        claims["eduperson_scoped_affiliation"] = [f"member@{settings.organisation}"]
    return claims


class Tokens:
    """Makes, keeps, checks and forgets tokens."""

    def __init__(self, settings, keys):
        """settings: Settings; keys: KeyStore."""
        self.settings = settings
        self.keys = keys

    def profile(self, client):
        """Return the name of the token profile of a client (row): one of its scopes, else the default one."""
        named = [name for name in scope_rules.PROFILES if name in client.document["scope"]]
        return named[0] if len(named) == 1 else self.settings.default_profile

    def access_claims(self, client, account, scopes, audience=None, lifetime=None, subject=None, actor=None):
        """Return the claims (dict) of a new access token.

        client, account: rows (account None for a client of its own); scopes: list; audience: space separated (str);
        lifetime: seconds; subject: of a client's exchanged token; actor: content of claim act (dict).
        """
        now = int(time.time())
        settings, profile = self.settings, self.profile(client)
        lifetime = client.document["access_token_validity_seconds"] if lifetime is None else lifetime
        claims = {
            "iss": settings.issuer,
            "sub": account.uuid if account is not None else subject or client.client_id,
            "iat": now,
            "exp": now + int(lifetime),
            "jti": str(uuid.uuid4()),
            "client_id": client.client_id,
        }
        names = (audience or "").split()
        if names:
            claims["aud"] = names[0] if len(names) == 1 else names
        if actor:
            claims["act"] = actor
        if profile == "wlcg":
            claims.update({"nbf": now, "wlcg.ver": "1.0"})
            claims.setdefault("aud", ANY_AUDIENCE)
        elif settings.include_nbf:
            claims["nbf"] = now
        if scopes and (settings.include_scope or profile in ("wlcg", "aarc", "kc")):
            claims["scope"] = " ".join(scopes)
        if account is not None:
            about = identity_claims(settings, profile, account, scopes, "access_token")
            if settings.include_authn_info:
                claims.update(about)
            else:
                claims.update({name: about[name] for name in ("wlcg.groups", "attr", "roles") if name in about})
        return claims

    def keep(self, claims, client, account, scopes):
        """Write down an access token, which makes it a valid one, and return it signed (str)."""
        g.db.execute(
            insert(store.token).values(
                kind="access",
                value=claims["jti"],
                client_id=client.client_id,
                account=None if account is None else account.uuid,
                expires=claims["exp"],
                document={"scope": scopes, "claims": claims},
            )
        )
        return self.keys.sign(claims)

    def secret(self, kind, client, account, expires, document):
        """Keep a refresh token, an authorization code or a device code and return its value (str)."""
        value = str(uuid.uuid4())
        g.db.execute(
            insert(store.token).values(
                kind=kind,
                value=value,
                client_id=client.client_id,
                account=None if account is None else account.uuid,
                expires=expires,
                document=document,
            )
        )
        return value

    @staticmethod
    def find(kind, value):
        """Return the row of a token that has not expired, else None."""
        row = store.one(g.db, store.token, kind=kind, value=value)
        return row if row is not None and (row.expires is None or row.expires > time.time()) else None

    @staticmethod
    def forget(row):
        """Remove a token (row)."""
        g.db.execute(delete(store.token).where(store.token.c.id == row.id))

    @staticmethod
    def change(row, **values):
        """Write new values of a token (row)."""
        g.db.execute(update(store.token).where(store.token.c.id == row.id).values(**values))

    def access_row(self, text):
        """Return (row, claims) of a valid access token (str), else (None, None): signed by us, kept, not expired."""
        claims = self.keys.claims(text)
        if claims is None or claims.get("iss") != self.settings.issuer:
            return None, None
        row = self.find("access", claims.get("jti", ""))
        return (row, claims) if row is not None else (None, None)

    def verified(self, connection, text):
        """Return {client_id, account (row or None), scopes, claims} of a valid access token (str), else None."""
        row, claims = self.access_row(text)
        if row is None:
            return None
        account = store.one(connection, store.account, uuid=row.account) if row.account else None
        if row.account and account is None:
            return None
        client = store.one(connection, store.client, client_id=row.client_id)
        if client is None:
            return None
        return {"client_id": row.client_id, "account": account, "scopes": row.document["scope"], "claims": claims}

    def purge(self):
        """Remove tokens that have expired."""
        g.db.execute(delete(store.token).where(store.token.c.expires < time.time()))
