# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in a real OpenBao: one value for all who ask at once, and errors that say what to do and no secret."""

from __future__ import annotations

import multiprocessing
import time

import hvac
import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar, trust_as_template
from jwcrypto import jwk, jwt

from ansible_collections.infn.datacloud.plugins.plugin_utils import bao_store, secret_store
from ansible_collections.infn.datacloud.plugins.plugin_utils.bao_store import BaoStore, Settings
from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import EmbeddedStore, SecretError
from ansible_collections.infn.datacloud.tests.contract import bao_server

RECORD = {"kind": "password", "value": "correct horse"}
# The one of docs/secrets.md.
POLICY = """
path "datacloud/data/*"     { capabilities = ["create", "read", "update"] }
path "datacloud/metadata/*" { capabilities = ["list", "read", "delete"] }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with the mounts and logins that the tests use."""
    with bao_server.running(tmp_path_factory.mktemp("bao")) as bao:
        client = bao.client
        client.sys.enable_secrets_engine("kv", path="datacloud", options={"version": "2"})
        client.sys.enable_secrets_engine("kv", path="old", options={"version": "1"})
        client.sys.create_or_update_policy("secrets", POLICY)
        client.sys.enable_auth_method("approle")
        client.auth.approle.create_or_update_approle(
            "ansible", token_policies=["secrets"], token_type="batch", token_ttl="1s", token_max_ttl="1s"
        )
        client.sys.enable_auth_method("jwt", path="jwt-ci")
        yield bao


@pytest.fixture
def settings(server, request):
    """Settings for the server, in a folder of the test's own."""

    def of(**changes):
        # Names of parametrized tests have characters that names of secrets may not.
        prefix = "".join(letter if letter.isalnum() else "-" for letter in request.node.name).rstrip("-")
        given = {"url": server.url, "ca_path": str(server.ca_path), "token": server.token, "prefix": prefix}
        return Settings.of({**given, **changes})

    return of


@pytest.fixture
def store(settings):
    return BaoStore(settings())


@pytest.fixture
def quick(monkeypatch):
    """Errors that may pass are not waited for."""
    monkeypatch.setattr(bao_store, "TRIES", 1)


def test_a_secret_is_made_once_and_kept(store, server):
    assert store.get("a/b") is None
    assert store.get_or_create("a/b", lambda: RECORD) == RECORD
    assert store.get_or_create("a/b", pytest.fail) == RECORD
    kept = server.client.secrets.kv.v2.read_secret_version(
        f"{store.settings.prefix}/a/b", mount_point="datacloud", raise_on_deleted_version=True
    )
    assert kept["data"]["data"] == RECORD


def test_names_are_listed_through_all_folders(store):
    assert store.names() == []
    for name in ("b", "a/c", "a/b/d", "a"):
        store.put(name, RECORD)
    assert store.names() == ["a", "a/b/d", "a/c", "b"]


def test_a_secret_is_replaced_and_removed_with_all_its_versions(store, server):
    store.put("a", RECORD)
    store.put("a", {"value": "another"})
    assert store.get("a") == {"value": "another"}
    store.remove("a")
    store.remove("a")
    assert store.get("a") is None
    assert store.names() == []


def test_a_secret_whose_last_version_was_deleted_is_made_anew(store, server):
    store.put("a", RECORD)
    server.client.secrets.kv.v2.delete_latest_version_of_secret(f"{store.settings.prefix}/a", mount_point="datacloud")
    assert store.get("a") is None
    assert store.get_or_create("a", lambda: {"value": "new"}) == {"value": "new"}


def ask(settings, start, results):
    start.wait(timeout=60)
    made = BaoStore(settings).get_or_create("shared", lambda: secret_store.new_password(32, "abcdef"))
    results.put(made["value"])


def test_processes_that_ask_at_once_get_the_same_secret(store, settings):
    store.get("a")  # a connection is open when the processes are forked, as in a run of Ansible
    context = multiprocessing.get_context("fork")
    start, results = context.Event(), context.Queue()
    processes = [context.Process(target=ask, args=(settings(), start, results)) for number in range(16)]
    for process in processes:
        process.start()
    start.set()
    values = {results.get(timeout=60) for process in processes}
    for process in processes:
        process.join(timeout=60)
    assert len(values) == 1
    assert store.get("shared")["value"] in values


def test_a_login_serves_many_requests_and_is_made_again_when_it_has_run_out(settings, server, monkeypatch):
    role = server.client.auth.approle
    store = BaoStore(
        settings(
            auth_method="approle",
            role_id=role.read_role_id("ansible")["data"]["role_id"],
            secret_id=role.generate_secret_id("ansible")["data"]["secret_id"],
        )
    )
    logins = []
    log_in = BaoStore._log_in
    monkeypatch.setattr(BaoStore, "_log_in", lambda self, client: logins.append(1) or log_in(self, client))
    for number in range(5):
        store.put(f"a{number}", RECORD)
    assert len(logins) == 1
    assert len(BaoStore(store.settings).names()) == 5
    store.remove("a0")
    assert len(logins) == 1
    time.sleep(1.5)
    assert store.get("a1") == RECORD
    assert len(logins) == 2


@pytest.mark.parametrize("from_file", [True, False])
def test_a_job_logs_in_with_a_token_of_its_identity_provider(settings, server, tmp_path, from_file):
    key = jwk.JWK.generate(kty="EC", crv="P-256")
    server.client.auth.jwt.configure(
        jwt_validation_pubkeys=[key.export_to_pem().decode()], bound_issuer="https://ci.example.org", path="jwt-ci"
    )
    server.client.auth.jwt.create_role(
        "ansible", role_type="jwt", bound_audiences=["vault"], user_claim="sub", allowed_redirect_uris=[],
        token_policies=["secrets"], path="jwt-ci",
    )  # fmt: skip
    now = int(time.time())
    claims = {"iss": "https://ci.example.org", "aud": "vault", "sub": "job 7", "nbf": now - 60, "exp": now + 300}
    token = jwt.JWT(header={"alg": "ES256"}, claims=claims)
    token.make_signed_token(key)
    (tmp_path / "token").write_text(token.serialize() + "\n")
    given = {"jwt_file": str(tmp_path / "token")} if from_file else {"jwt": token.serialize()}
    store = BaoStore(settings(auth_method="jwt", auth_path="jwt-ci", role="ansible", token="", **given))
    assert store.get_or_create("a", lambda: RECORD) == RECORD

    with pytest.raises(SecretError, match=r"refuses the login with jwt at auth/jwt-ci") as caught:
        BaoStore(settings(auth_method="jwt", auth_path="jwt-ci", role="other", **given)).get("a")
    assert token.serialize() not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"token": "hidden-token"}, r"secret 'a' cannot be read \(GET https.*the token is not valid"),
        ({"ca_path": ""}, "its certificate is not trusted: set datacloud_secret_openbao.ca_path"),
        ({"ca_path": "/nonexistent/ca.crt"}, "/nonexistent/ca.crt"),
        ({"mount": "missing"}, "is there a mount of KV version 2 called missing"),
        ({"url": "https://127.0.0.1:1"}, "OpenBao running there"),
        (
            {"auth_method": "approle", "role_id": "hidden-id", "secret_id": "hidden-secret"},
            "refuses the login with approle at auth/approle",
        ),
        ({"auth_method": "approle", "auth_path": "none", "role_id": "x", "secret_id": "hidden-secret"}, "at auth/none"),
    ],
)
def test_errors_say_what_to_do_and_no_secret(settings, quick, changes, message):
    with pytest.raises(SecretError, match=message) as caught:
        BaoStore(settings(**changes)).get("a")
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("write", ["put", "get_or_create"])
def test_a_mount_of_version_1_is_never_written(settings, server, write):
    store = BaoStore(settings(mount="old"))
    with pytest.raises(SecretError, match="is not a mount of KV version 2"):
        store.put("a", RECORD) if write == "put" else store.get_or_create("a", lambda: RECORD)
    with pytest.raises(hvac.exceptions.InvalidPath):
        server.client.secrets.kv.v1.list_secrets("", mount_point="old")


def test_a_sealed_server_is_said_to_be_sealed_at_once(store, server):
    server.client.sys.seal()
    try:
        begin = time.monotonic()
        with pytest.raises(SecretError, match="OpenBao is sealed: unseal it"):
            store.get("a")
        assert time.monotonic() - begin < 2
    finally:
        server.client.sys.submit_unseal_key(server.unseal_key)
        while server.client.sys.read_health_status(method="GET").get("standby", True):
            time.sleep(0.1)


def test_what_is_no_record_is_refused_without_showing_it(store, server):
    server.client.secrets.kv.v2.create_or_update_secret(
        f"{store.settings.prefix}/a", {"value": {"hidden": 1}}, mount_point="datacloud"
    )
    with pytest.raises(SecretError, match="not a mapping of texts") as caught:
        store.get("a")
    assert "hidden" not in str(caught.value)


class TestLookup:
    """The lookup with OpenBao behind it."""

    @pytest.fixture
    def look(self, server, settings, tmp_path):
        wanted = settings()
        role = server.client.auth.approle
        # Its own credentials are in the embedded store, as in a federation.
        embedded = EmbeddedStore(tmp_path / "secrets")
        embedded.put("openbao/x/secret_id", {"value": role.generate_secret_id("ansible")["data"]["secret_id"]})
        embedded.put("openbao/x/role_id", {"value": role.read_role_id("ansible")["data"]["role_id"]})
        lookup = "{{ lookup('infn.datacloud.secret', 'openbao/x/NAME', kind='provided') }}"
        variables = {
            "datacloud_secret_store": str(tmp_path / "secrets"),
            "datacloud_secret_backend": trust_as_template("{{ 'open' ~ 'bao' }}"),
            "datacloud_secret_openbao": {
                "url": wanted.url,
                "ca_path": wanted.ca_path,
                "prefix": wanted.prefix,
                "auth_method": "approle",
                "role_id": trust_as_template(lookup.replace("NAME", "role_id")),
                "secret_id": trust_as_template(lookup.replace("NAME", "secret_id")),
            },
        }

        def run(name, check=False, **options):
            everything = {**variables, "ansible_check_mode": check}
            plugin = lookup_loader.get(
                "infn.datacloud.secret", templar=Templar(loader=DataLoader(), variables=everything)
            )
            return plugin.run([name], variables=everything, **options)[0]

        run.embedded = embedded
        return run

    def test_a_password_is_made_there(self, look, settings):
        value = look("rgw/key", length=20)
        assert len(value) == 20
        assert look("rgw/key") == value
        assert BaoStore(settings()).get("rgw/key")["value"] == value
        assert look.embedded.names() == ["openbao/x/role_id", "openbao/x/secret_id"]

    def test_check_mode_keeps_nothing(self, look, settings):
        look("rgw/key", check=True)
        assert BaoStore(settings()).names() == []

    def test_what_opens_it_stays_in_the_embedded_store(self, look, settings):
        look("ca/private_key", kind="private_key")
        assert "ca/private_key" in look.embedded.names()
        assert BaoStore(settings()).names() == []

    def test_key_pairs_are_whole(self, look):
        assert "PRIVATE" in look("key", kind="ssh_key")
        assert look("key", kind="ssh_key", part="public").startswith("ssh-ed25519 ")

    def test_an_optional_one_may_be_missing(self, look):
        assert look("a", kind="provided", optional=True) == ""

    def test_the_environment_says_where_it_is_too(self, look, settings, server, monkeypatch, tmp_path):
        wanted = settings()
        for name in ("url", "ca_path", "prefix"):
            monkeypatch.setenv(f"DATACLOUD_SECRET_OPENBAO_{name.upper()}", getattr(wanted, name))
        monkeypatch.setenv("DATACLOUD_SECRET_BACKEND", "openbao")
        monkeypatch.setenv("BAO_TOKEN", server.token)
        plugin = lookup_loader.get("infn.datacloud.secret")
        assert plugin.run(["a"], variables={"datacloud_secret_store": str(tmp_path / "s")}) == [
            BaoStore(wanted).get("a")["value"]
        ]

    def test_a_wrong_backend_is_named(self, tmp_path):
        plugin = lookup_loader.get("infn.datacloud.secret")
        with pytest.raises(AnsibleError, match="set datacloud_secret_backend"):
            plugin.run(["a"], variables={"datacloud_secret_backend": "vault", "datacloud_secret_store": str(tmp_path)})
