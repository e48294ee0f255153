# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double of IAM: how it starts from the environment, its keys, and the container's process."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from double_api import Api
from iam import store
from iam.app import create_app
from iam.keys import KeyStore, generate
from iam.server import open_socket, running
from iam.settings import Settings, StartError, from_environment
from jwcrypto import jwk

PROD = {"IAM_JAVA_OPTS": "-Xmx1g -Dspring.profiles.active=prod,wlcg-scopes -Dx=y"}
KEYS = {"IAM_KEY_STORE_LOCATION": "file:///indigo-iam/keystore.jwks"}


def test_production_reads_upstreams_variables():
    settings = from_environment(
        {
            **PROD,
            **KEYS,
            "IAM_PORT": "8081",
            "IAM_BASE_URL": "https://iam.example.org/",
            "IAM_ISSUER": "https://iam.example.org/",
            "IAM_DB_HOST": "db.example.org",
            "IAM_DB_NAME": "iam1",
            "IAM_DB_USERNAME": "one",
            "IAM_DB_PASSWORD": "p@ss/word",
            "IAM_DB_MAX_ACTIVE": "20",
            "IAM_JWT_DEFAULT_PROFILE": "wlcg",
            "IAM_ACCESS_TOKEN_INCLUDE_SCOPE": "true",
            "IAM_DEFAULT_ACCESS_TOKEN_VALIDITY_SECONDS": "600",
        }
    )
    assert settings.production and settings.profiles == ("prod", "wlcg-scopes")
    url = settings.database
    assert (url.host, url.port, url.database, url.username, url.password) == (
        "db.example.org",
        3306,
        "iam1",
        "one",
        "p@ss/word",
    )
    assert settings.keystore == Path("/indigo-iam/keystore.jwks")
    # The issuer is told to the letter, the addresses are made of the base URL.
    assert (settings.issuer, settings.base_url) == ("https://iam.example.org/", "https://iam.example.org")
    assert (settings.port, settings.default_profile, settings.include_scope) == (8081, "wlcg", True)
    assert (settings.access_token_validity, settings.database_connections) == (600, 20)


def test_without_profiles_it_runs_on_memory():
    settings = from_environment({})
    assert not settings.production and str(settings.database) == "sqlite://"


@pytest.mark.parametrize(
    "environment, text",
    [
        (PROD, "IAM_KEY_STORE_LOCATION"),
        ({**PROD, "IAM_KEY_STORE_LOCATION": "/keystore.jwks"}, "file://"),
        ({"IAM_JWT_DEFAULT_PROFILE": "egi"}, "egi"),
        ({"IAM_ACCESS_TOKEN_INCLUDE_SCOPE": "yes"}, "yes"),
        ({"IAM_FORWARD_HEADERS_STRATEGY": "always"}, "always"),
        ({"IAM_CLIENT_REGISTRATION_ALLOW_FOR": "NOBODY"}, "NOBODY"),
    ],
)
def test_wrong_settings_are_refused(environment, text):
    with pytest.raises(StartError, match=text):
        from_environment(environment)


def test_wrong_key_stores_are_refused(tmp_path):
    (key,) = generate("rsa1")["keys"]
    public = json.loads(jwk.JWK(**key).export_public())
    for document, text in (
        ({"keys": []}, "no key 'rsa1'"),
        ({"keys": [{**key, "kid": "other"}]}, "no key 'rsa1'"),
        ({"keys": [{name: value for name, value in key.items() if name != "kid"}]}, "without kid"),
        ({"keys": [public]}, "no private part"),
        ({"keys": [{"kty": "RSA", "kid": "rsa1"}]}, "cannot be read"),
    ):
        with pytest.raises(StartError, match=text):
            KeyStore(document, "rsa1")
    with pytest.raises(StartError, match="cannot be read"):
        KeyStore.from_file(tmp_path / "nothing", "rsa1")


def serve(keys, database):
    """Return (application, socket, address) of a double on a database."""
    sock = open_socket("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    return create_app(Settings(base_url=url, issuer="https://iam.example.org"), database, keys), sock, url


def test_keys_are_rotated_with_an_overlap_and_state_outlives_a_restart():
    (old,), (new,) = generate("rsa1")["keys"], generate("rsa2")["keys"]
    database = store.Database("sqlite://")
    app, sock, url = serve(KeyStore({"keys": [old]}, "rsa1"), database)
    with running(app, sock):
        browser = Api(url)
        browser.login("admin", "password")
        body = {"client_name": "robot", "grant_types": ["client_credentials"], "scope": "iam:admin.read"}
        made = browser("POST", "/iam/api/clients", body, 201)
        before = browser.token(made["client_id"], made["client_secret"])["access_token"]
        browser("POST", "/iam/password-update", data={"currentPassword": "password", "updatedPassword": "New-passw0rd"})
    app, sock, url = serve(KeyStore({"keys": [old, new]}, "rsa2"), database)
    with running(app, sock):
        published = requests.get(f"{url}/jwk", timeout=20).json()["keys"]
        assert [key["kid"] for key in published] == ["rsa1", "rsa2"] and all("d" not in key for key in published)
        assert [key["x5c"] for key in published] == [old["x5c"], new["x5c"]]
        after = Api(url).token(made["client_id"], made["client_secret"])["access_token"]
        for token in (before, after):
            Api(url, token)("GET", "/iam/api/clients", status=200)
        assert Api(url).login("admin", "password") == "/login?error=failure"
    app, sock, url = serve(KeyStore({"keys": [new]}, "rsa2"), database)
    with running(app, sock):
        Api(url, before)("GET", "/iam/api/clients", status=401)
        Api(url, after)("GET", "/iam/api/clients", status=200)
    database.close()


@pytest.mark.parametrize("curve, algorithm", [("P-256", "ES256"), ("P-384", "ES384")])
def test_keys_may_be_of_elliptic_curves(curve, algorithm):
    key = jwk.JWK.generate(kty="EC", crv=curve, kid="ec1").export(as_dict=True)
    keys = KeyStore({"keys": [key]}, "ec1")
    token = keys.sign({"sub": "ada"})
    assert keys.claims(token) == {"sub": "ada"}
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["alg"] == algorithm


def start(environment):
    """Start the container's process with these variables."""
    path = str(Path(__file__).parent)
    return subprocess.Popen(
        [sys.executable, "-m", "iam"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "environment, text",
    [
        (PROD, "IAM_KEY_STORE_LOCATION"),
        ({**PROD, "IAM_KEY_STORE_LOCATION": "file:///nothing.jwks"}, "/nothing.jwks cannot be read"),
        ({**PROD, "IAM_DB_HOST": "127.0.0.1", "IAM_DB_PORT": "9", "IAM_DB_PASSWORD": "hidden"}, "connect to MySQL"),
    ],
)
def test_the_process_ends_with_one_sentence_where_it_cannot_start(environment, text, tmp_path):
    if "IAM_DB_PORT" in environment:
        (tmp_path / "keystore.jwks").write_text(json.dumps(generate()))
        environment = {**environment, "IAM_KEY_STORE_LOCATION": f"file://{tmp_path}/keystore.jwks"}
    process = start(environment)
    _rest, said = process.communicate(timeout=60)
    assert process.returncode == 1 and text in said and "hidden" not in said
    assert len(said.splitlines()) == 1


def test_the_process_serves_until_it_is_told_to_end():
    probe = open_socket("127.0.0.1", 0)
    port = probe.getsockname()[1]
    probe.close()
    process = start({"IAM_PORT": str(port)})
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                assert requests.get(f"http://127.0.0.1:{port}/actuator/health", timeout=5).json()["status"] == "UP"
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _rest, said = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0 and "TEST DOUBLE of INDIGO IAM 1.12.0" in said
