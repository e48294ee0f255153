# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of role vpn that OpenVPN asks about its clients: addresses, tokens, sessions that are over."""

from __future__ import annotations

import datetime
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PROGRAM = Path(__file__).resolve().parents[3] / "roles" / "vpn" / "files" / "vpn_server.py"
ISSUER = "https://iam.example.org/"
AUDIENCE = "https://vpn.example.org"
KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)


def load():
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("vpn_server", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


vpn_server = load()


def public(key, **more) -> dict:
    """The public half as a JWK."""
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": "one", "use": "sig", **more}


@pytest.fixture
def settings(tmp_path) -> dict:
    revocations = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.Name([]))
        .last_update(datetime.datetime(2026, 1, 1))
        .next_update(datetime.datetime(2036, 1, 1))
        .add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(666).revocation_date(datetime.datetime(2026, 1, 1)).build()
        )
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    (tmp_path / "revoked.pem").write_bytes(revocations.public_bytes(serialization.Encoding.PEM))
    tenant = {"netmask": "255.255.255.0", "gateway": "10.1.0.1", "routes": ["192.0.2.7 255.255.255.255"]}
    return {
        "clients": {
            "alice@virgo": {"tenant": "virgo", "address": "10.1.0.9", "subject": ""},
            "bob@virgo": {"tenant": "virgo", "address": "10.1.0.10", "subject": "the-sub-of-bob"},
        },
        "tenants": {"virgo": {**tenant, "dns": ["192.0.2.53"], "group": "/virgo"}},
        "state": str(tmp_path),
        "management": str(tmp_path / "management"),
        "revocations": str(tmp_path / "revoked.pem"),
        "token": {"issuer": ISSUER, "audience": AUDIENCE, "groups_claim": "wlcg.groups", "ca_file": ""},
    }


@pytest.fixture
def issuer(settings, monkeypatch):
    """What the issuer answers by address, to be changed by the test, and what was asked."""
    answers = {
        f"{ISSUER}.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}jwk"},
        f"{ISSUER}jwk": {"keys": [public(KEY)]},
        "asked": [],
    }

    def read_json(url, _ca_file):
        answers["asked"].append(url)
        if url not in answers:
            raise vpn_server.Refused(f"{url} does not answer")
        return answers[url]

    monkeypatch.setattr(vpn_server, "read_json", read_json)
    return answers


def token(key=KEY, headers=None, algorithm="RS256", **more) -> str:
    claims = {"iss": ISSUER, "sub": "the-sub-of-alice", "aud": AUDIENCE, "exp": int(time.time()) + 600}
    claims = {**claims, "wlcg.groups": ["/virgo", "/other"], **more}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "one", **(headers or {})})


def run(settings, tmp_path, *arguments, **environment) -> subprocess.CompletedProcess:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(settings))
    return subprocess.run(
        [sys.executable, "-I", PROGRAM, file, *arguments],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


# --- connect ---------------------------------------------------------------------------------------------------------


def test_a_client_gets_its_address_and_routes(settings, tmp_path) -> None:
    done = run(settings, tmp_path, "connect", str(tmp_path / "out"), common_name="alice@virgo", tls_serial_0="7")
    assert done.returncode == 0
    assert (tmp_path / "out").read_text().splitlines() == [
        "ifconfig-push 10.1.0.9 255.255.255.0",
        'push "route-gateway 10.1.0.1"',
        'push "route 192.0.2.7 255.255.255.255"',
        'push "dhcp-option DNS 192.0.2.53"',
    ]


@pytest.mark.parametrize("name", ["carol@virgo", "host.example.org", "alice@clinic", "../settings"])
def test_who_is_no_client_is_refused(settings, tmp_path, name) -> None:
    done = run(settings, tmp_path, "connect", str(tmp_path / "out"), common_name=name)
    assert done.returncode == 1
    assert "is no client of this gateway" in done.stderr
    assert not (tmp_path / "out").exists()


def test_without_settings_nobody_comes_in(tmp_path) -> None:
    command = [sys.executable, "-I", PROGRAM, tmp_path / "missing", "connect", tmp_path / "out"]
    environment = {**os.environ, "common_name": "alice@virgo"}
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode != 0


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_good_token_opens(settings, issuer) -> None:
    vpn_server.check_token(settings, "alice@virgo", token())
    vpn_server.check_token(settings, "alice@virgo", token(aud=["https://elsewhere.example.org", AUDIENCE]))
    vpn_server.check_token(settings, "bob@virgo", token(sub="the-sub-of-bob"))
    assert issuer["asked"] == [f"{ISSUER}.well-known/openid-configuration", f"{ISSUER}jwk"]


@pytest.mark.parametrize(
    ("client", "made", "said"),
    [
        ("alice@virgo", {"exp": int(time.time()) - 600}, "ExpiredSignature"),
        ("alice@virgo", {"exp": None}, "MissingRequiredClaim"),
        ("alice@virgo", {"nbf": int(time.time()) + 600}, "ImmatureSignature"),
        ("alice@virgo", {"aud": "https://elsewhere.example.org"}, "InvalidAudience"),
        ("alice@virgo", {"aud": None}, "MissingRequiredClaim"),
        ("alice@virgo", {"iss": "https://elsewhere.example.org/"}, "InvalidIssuer"),
        ("alice@virgo", {"wlcg.groups": ["/other", "/virgo/sub", "/virg"]}, "not in /virgo"),
        ("alice@virgo", {"wlcg.groups": "/virgo"}, "not in /virgo"),
        ("alice@virgo", {"wlcg.groups": None}, "not in /virgo"),
        ("alice@virgo", {"key": OTHER_KEY}, "InvalidSignature"),
        ("alice@virgo", {"headers": {"kid": "two"}}, "another key"),
        ("alice@virgo", {"key": "secret" * 8, "algorithm": "HS256"}, "signed with HS256"),
        ("alice@virgo", {"key": None, "algorithm": "none"}, "signed with none"),
        ("bob@virgo", {}, "somebody else's token"),
        ("carol@virgo", {}, "no client"),
    ],
)
def test_others_do_not(settings, issuer, client, made, said) -> None:
    with pytest.raises(vpn_server.Refused, match=said):
        vpn_server.check_token(settings, client, token(**made))


@pytest.mark.parametrize("text", ["", "no token", "a.b.c", "..", "\x00"])
def test_what_is_no_token_is_refused(settings, issuer, text) -> None:
    with pytest.raises(vpn_server.Refused, match="not good"):
        vpn_server.check_token(settings, "alice@virgo", text)


def test_a_tenant_without_a_group_opens_to_nobody(settings, issuer) -> None:
    settings["tenants"]["virgo"]["group"] = ""
    with pytest.raises(vpn_server.Refused, match="not in a group"):
        vpn_server.check_token(settings, "alice@virgo", token())


def test_keys_are_kept_and_renewed(settings, issuer, monkeypatch) -> None:
    vpn_server.check_token(settings, "alice@virgo", token())
    issuer["asked"].clear()
    vpn_server.check_token(settings, "alice@virgo", token())
    assert issuer["asked"] == []
    # An id that is not there is asked for, but not at once again.
    with pytest.raises(vpn_server.Refused, match="another key"):
        vpn_server.check_token(settings, "alice@virgo", token(headers={"kid": "new"}))
    assert issuer["asked"] == []
    later = time.time() + 60
    monkeypatch.setattr(vpn_server.time, "time", lambda: later)
    issuer[f"{ISSUER}jwk"] = {"keys": [public(KEY), public(OTHER_KEY, kid="new")]}
    vpn_server.check_token(settings, "alice@virgo", token(OTHER_KEY, headers={"kid": "new"}))
    assert len(issuer["asked"]) == 2


def test_while_the_issuer_is_away_the_keys_go_on_for_a_day(settings, issuer, monkeypatch) -> None:
    vpn_server.check_token(settings, "alice@virgo", token())
    issuer.pop(f"{ISSUER}.well-known/openid-configuration")
    now = time.time()
    monkeypatch.setattr(vpn_server.time, "time", lambda: now + 7200)
    vpn_server.check_token(settings, "alice@virgo", token(exp=int(now) + 9000))
    monkeypatch.setattr(vpn_server.time, "time", lambda: now + 90000)
    with pytest.raises(vpn_server.Refused, match="does not answer"):
        vpn_server.check_token(settings, "alice@virgo", token(exp=int(now) + 99000))


def test_an_issuer_of_another_name_is_not_believed(settings, issuer) -> None:
    issuer[f"{ISSUER}.well-known/openid-configuration"]["issuer"] = "https://elsewhere.example.org/"
    with pytest.raises(vpn_server.Refused, match="calls itself"):
        vpn_server.check_token(settings, "alice@virgo", token())


def test_keys_come_over_https_only() -> None:
    with pytest.raises(vpn_server.Refused, match="not https"):
        vpn_server.read_json("http://iam.example.org/jwk", "")


def test_the_answer_comes_later_and_holds_no_token(settings, tmp_path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"issuer": ISSUER, "time": time.time(), "keys": [public(KEY)]}))
    for made, verdict in ((token(), "1"), (token(OTHER_KEY), "0")):
        (tmp_path / "control").write_text("")
        done = run(
            settings, tmp_path, "token", common_name="alice@virgo", password=made,
            auth_control_file=str(tmp_path / "control"), auth_failed_reason_file=str(tmp_path / "reason"),
        )  # fmt: skip
        assert done.returncode == 2
        assert (tmp_path / "control").read_text() == verdict
        assert made not in done.stdout + done.stderr
    assert "InvalidSignature" in (tmp_path / "reason").read_text()


# --- sessions --------------------------------------------------------------------------------------------------------


@pytest.fixture
def management(settings):
    """An OpenVPN with two sessions: the names, and the commands that it was given."""
    commands = []
    names = ["alice@virgo", "bob@virgo"]
    server = socket.socket(socket.AF_UNIX)
    server.bind(settings["management"])
    server.listen()

    def serve():
        connection = server.accept()[0]
        with connection, connection.makefile("rw") as file:
            print(">INFO:OpenVPN Management Interface Version 5", file=file, flush=True)
            for line in file:
                commands.append(line.strip())
                if line.startswith("status"):
                    print("TITLE\tOpenVPN", file=file)
                    for name in [*names, "UNDEF"]:
                        print(f"CLIENT_LIST\t{name}\t192.0.2.1:1234\t10.1.0.9", file=file)
                    print("END", file=file, flush=True)
                else:
                    print("SUCCESS: common name found, 1 client(s) killed", file=file, flush=True)

    threading.Thread(target=serve, daemon=True).start()
    yield names, commands
    server.close()


def given(settings, name, serial, **changes) -> None:
    lines = vpn_server.wanted({**settings, **changes}, name)
    Path(settings["state"], f"given-{name}.json").write_text(json.dumps({"lines": lines, "serial": serial}))


def test_sessions_that_are_as_they_should_go_on(settings, management, capsys) -> None:
    given(settings, "alice@virgo", "7")
    given(settings, "bob@virgo", "8")
    vpn_server.sessions(settings, check=False)
    assert capsys.readouterr().out == ""
    assert management[1] == ["status 3"]


def test_a_revoked_session_is_ended(settings, management, capsys) -> None:
    given(settings, "alice@virgo", "7")
    given(settings, "bob@virgo", "666")
    vpn_server.sessions(settings, check=False)
    assert capsys.readouterr().out == "bob@virgo\n"
    assert management[1] == ["status 3", "kill bob@virgo"]


def test_check_ends_nothing(settings, management, capsys) -> None:
    given(settings, "alice@virgo", "7")
    vpn_server.sessions(settings, check=True)
    assert capsys.readouterr().out == "bob@virgo\n"
    assert management[1] == ["status 3"]


def test_who_is_gone_or_gets_something_else_now_is_ended(settings, management, capsys) -> None:
    given(settings, "alice@virgo", "7")
    given(settings, "bob@virgo", "8")
    del settings["clients"]["bob@virgo"]
    settings["tenants"]["virgo"]["routes"] = []
    vpn_server.sessions(settings, check=False)
    assert capsys.readouterr().out == "alice@virgo\nbob@virgo\n"


def test_without_an_openvpn_there_are_no_sessions(settings, capsys) -> None:
    vpn_server.sessions(settings, check=False)
    assert capsys.readouterr().out == ""
