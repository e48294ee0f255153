# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixture `iam`: the test double of INDIGO IAM on a port of the loopback interface."""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from flask import g
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parent))

from double_api import Api
from iam import clients, directory, keys, oauth, store
from iam.app import create_app
from iam.scopes import RESTRICTED
from iam.server import open_socket, running
from iam.settings import Settings

ADMIN_CLIENT = "contract-admin"
ADMIN_SECRET = "contract-admin-secret"


class Double:
    """A running double.

    url: its address; requests: the (method, path) it was asked since the last `forget`; admin_client_id and
    admin_client_secret: of a client that may ask for every administrative scope with client_credentials.
    """

    def __init__(self, app, url):
        self.app = app
        self.url = url
        self.admin_client_id = ADMIN_CLIENT
        self.admin_client_secret = ADMIN_SECRET

    @property
    def requests(self):
        """The requests (list of (method, path)) since the last `forget`."""
        return list(self.app.seen)

    def forget(self):
        """Start counting requests anew."""
        self.app.seen.clear()

    def work(self, function):
        """Return what a function gives that runs inside the application with a transaction as g.db."""
        with self.app.app_context(), self.app.database.transaction() as connection:
            g.db = connection
            return function()

    def add_client(self, **body):
        """Make a client (fields of RegisteredClientDTO) and return its row."""
        body = {"client_name": "A client", "grant_types": ["client_credentials"], **body}
        return self.work(lambda: clients.save_new(body, dynamic=False))

    def issue(self, username=None, client_id=None, scope=None, audience=None, lifetime=None, issuer=None, forged=False):
        """Return an access token (str) for a user (or for the client itself), without asking anybody.

        scope: space separated, default all of the client's; audience: space separated; lifetime: seconds, negative
        for one that has expired; issuer: another one's name in claim iss; forged: signed by a key that the double
        does not publish, under the published key's id.
        """

        def make():
            client = clients.found(client_id or ADMIN_CLIENT)
            account = None
            if username:
                account = g.db.execute(select(store.account).where(store.account.c.username == username)).one()
            granted = scope.split() if scope is not None else list(client.document["scope"])
            if account is not None:
                granted = oauth.user_scopes(account, granted)
            tokens = self.app.tokens
            claims = tokens.access_claims(client, account, granted, audience, lifetime)
            if lifetime is not None and lifetime < 0:
                claims["iat"] = int(time.time()) + lifetime - 60
                if "nbf" in claims:
                    claims["nbf"] = claims["iat"]
            if issuer:
                claims["iss"] = issuer
            signed = tokens.keep(claims, client, account, granted)
            if forged:
                key_id = self.app.keys.key_id
                signed = keys.KeyStore(keys.generate(key_id), key_id).sign(claims)
            return signed

        return self.work(make)

    def account(self, username):
        """Return an account as SCIM shows it (dict)."""
        return self.work(lambda: directory.scim_users([store.one(g.db, store.account, username=username)])[0])


@pytest.fixture(scope="session")
def iam_keys():
    """A key store, made once because keys are slow to make."""
    return keys.KeyStore(keys.generate("rsa1"), "rsa1")


@pytest.fixture
def iam_settings():
    """What the double is set to: a dict of iam.settings.Settings' fields; a test module may override this fixture."""
    return {}


@pytest.fixture
def iam(iam_keys, iam_settings):
    """A fresh double with an administrator (admin, password) and an administrative client."""
    sock = open_socket("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    settings = Settings(**{"base_url": url, "issuer": url, **iam_settings})
    database = store.Database(settings.database)
    app = create_app(settings, database, iam_keys)
    double = Double(app, url)
    double.add_client(
        client_id=ADMIN_CLIENT,
        client_secret=ADMIN_SECRET,
        client_name="Administration of the contract tests",
        scope=" ".join(RESTRICTED),
    )
    with running(app, sock):
        yield double
    database.close()


@pytest.fixture
def api(iam):
    """The double's interface for the administrative client, with a token from /token."""
    token = Api(iam.url).token(iam.admin_client_id, iam.admin_client_secret)["access_token"]
    return Api(iam.url, token)


@pytest.fixture
def browser(iam):
    """The double's interface for an administrator who signed in by the login form."""
    browser = Api(iam.url)
    assert browser.login("admin", "password") == "/dashboard"
    return browser


@pytest.fixture
def run_iam_module(iam, capsys):
    """A function (module, parameters, check=False) -> result (dict); the double counts anew for each."""

    def run(name, params, check=False):
        module = importlib.import_module(f"ansible_collections.infn.datacloud.plugins.modules.{name}")
        iam.forget()
        capsys.readouterr()
        arguments = {
            "url": iam.url,
            "client_id": iam.admin_client_id,
            "client_secret": iam.admin_client_secret,
            **params,
            "_ansible_check_mode": check,
        }
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        assert not result.get("failed"), result
        return result

    return run
