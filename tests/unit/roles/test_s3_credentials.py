# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of role s3_mount that exchanges tokens for credentials, against a gateway of this test on loopback."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "roles" / "s3_mount" / "files" / "s3_credentials.py"
ROLE = "arn:aws:iam:::role/datacloud/virgo-analysis"
SECRET = "the/secret+key"


def load():
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("s3_credentials", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


s3_credentials = load()


def jwt(**claims) -> str:
    """A token with these claims; nobody here looks at its signature."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{body}.c2ln"


def answer(key: str, seconds: float, end: str = "") -> bytes:
    """What RGW answers: credentials with this key that end in so many seconds."""
    end = end or time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + seconds)) + ".123456789Z"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{key}</AccessKeyId>
        <SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>session</SessionToken>
        <Expiration>{end}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>""".strip().encode()


class Gateway(ThreadingHTTPServer):
    """An STS: it records what it is asked and answers what the test says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict] = []
        self.status, self.body, self.headers_, self.wait = 200, None, {}, 0.0
        self.seconds = 3600

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request to the gateway."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.requests.append({"path": self.path, "headers": self.headers, **dict(urllib.parse.parse_qsl(body))})
        time.sleep(self.server.wait)
        content = self.server.body or answer(f"KEY{len(self.server.requests)}", self.server.seconds)
        self.send_response(self.server.status)
        for name, value in self.server.headers_.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments) -> None:
        """Say nothing."""


@pytest.fixture
def gateway():
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Mount:
    """A mount's files: configuration, token and the folder of what is kept."""

    def __init__(self, root: Path, url: str) -> None:
        self.config, self.token, self.run = root / "virgo.conf", root / "token", root / "run"
        self.run.mkdir(mode=0o700)
        self.put(jwt(sub="alice"))
        self.configure(endpoint_url=url)

    def configure(self, **changes) -> None:
        """Write the configuration, with the readers' other sections beside ours."""
        settings = {"name": "virgo", "role_arn": ROLE, "token_source": "file", "token_path": self.token, **changes}
        lines = "\n".join(f"{key} = {value}" for key, value in settings.items())
        self.config.write_text(f"[s3]\ntype = s3\nodd = 100%s\n[datacloud]\n{lines}\n")

    def put(self, token: str, mode: int = 0o600) -> None:
        self.token.write_text(f"{token}\n")
        self.token.chmod(mode)

    def start(self, *options: str, path: str = "", **environment: str) -> subprocess.Popen:
        variables = {"PATH": path or os.environ["PATH"], "RUNTIME_DIRECTORY": str(self.run), **environment}
        return subprocess.Popen(
            [sys.executable, "-I", PROGRAM, *options, self.config], env=variables, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def call(self, *options: str, **environment: str) -> tuple[int, dict, str]:
        """Exit status, answer and what was said."""
        process = self.start(*options, **environment)
        output, said = process.communicate(timeout=60)
        return process.returncode, json.loads(output) if output else {}, said.strip()

    def kept(self, what: str) -> dict:
        return json.loads((self.run / f"{what}.json").read_text())

    def age(self, what: str, seconds: float) -> None:
        """Let a record be older than it is."""
        record = self.kept(what)
        for key in {"obtained", "expires", "at", "told"} & set(record):
            record[key] -= seconds
        (self.run / f"{what}.json").write_text(json.dumps(record))


@pytest.fixture
def mount(tmp_path, gateway):
    return Mount(tmp_path, gateway.url)


# --- what goes right ------------------------------------------------------------------------------------------------


def test_token_becomes_credentials(mount, gateway):
    status, credentials, said = mount.call()
    assert (status, said) == (0, "")
    end = s3_credentials.parse_time(credentials.pop("Expiration"))
    assert credentials == {"Version": 1, "AccessKeyId": "KEY1", "SecretAccessKey": SECRET, "SessionToken": "session"}
    # The SDK asks again at this time: a quarter of the life before its end.
    assert time.time() + 2690 < end < time.time() + 2705
    (request,) = gateway.requests
    assert "Authorization" not in request["headers"] and request["path"] == "/"
    assert request["Action"] == "AssumeRoleWithWebIdentity"
    assert request["Version"] == "2011-06-15" and request["DurationSeconds"] == "3600"
    assert request["RoleArn"] == ROLE and request["WebIdentityToken"] == mount.token.read_text().strip()
    assert request["RoleSessionName"].startswith(s3_credentials.account())


def test_credentials_are_kept_for_the_account_alone(mount, gateway):
    assert mount.call()[1] == mount.call()[1]
    assert len(gateway.requests) == 1
    modes = {path.name: path.stat().st_mode & 0o777 for path in mount.run.iterdir()}
    assert modes == {"credentials.json": 0o600, "lock": 0o600}


@pytest.mark.parametrize("mode", [0o755, 0o710])
def test_nothing_is_kept_where_others_look(mount, gateway, mode):
    mount.run.chmod(mode)
    assert mount.call()[0] == mount.call()[0] == 0
    assert len(gateway.requests) == 2 and not list(mount.run.iterdir())


def test_without_the_folder_of_a_unit_the_session_has_one(mount, gateway, tmp_path):
    (tmp_path / "session").mkdir(mode=0o700)
    for _again in range(2):
        assert mount.call(RUNTIME_DIRECTORY="", XDG_RUNTIME_DIR=str(tmp_path / "session"))[0] == 0
    assert len(gateway.requests) == 1
    assert (tmp_path / "session" / "datacloud-s3-mount" / "virgo").stat().st_mode & 0o777 == 0o700


def test_renewed_well_before_the_end(mount, gateway):
    mount.call()
    mount.age("credentials", 2710)
    assert mount.call()[1]["AccessKeyId"] == "KEY2"
    assert mount.kept("credentials")["expires"] > time.time() + 3500


def test_another_configuration_has_other_credentials(mount, gateway):
    mount.call()
    mount.configure(endpoint_url=gateway.url, role_arn=ROLE + "-2")
    assert mount.call()[1]["AccessKeyId"] == "KEY2"


def test_of_many_callers_one_asks(mount, gateway):
    gateway.wait = 0.5
    processes = [mount.start() for _caller in range(8)]
    outputs = {process.communicate(timeout=60)[0] for process in processes}
    assert len(outputs) == 1 and len(gateway.requests) == 1


def test_check_is_silent_and_fills_the_cache(mount, gateway):
    assert mount.call("--check") == (0, {}, "")
    assert mount.call()[0] == 0 and len(gateway.requests) == 1


# --- what goes wrong with the token ---------------------------------------------------------------------------------


def fails(mount: Mount, *words: str) -> str:
    """The one line of a failure, which holds these words and neither token nor keys."""
    status, credentials, said = mount.call("--check")
    assert (status, credentials) == (1, {}) and len(said.splitlines()) == 1
    assert said.startswith("S3 mount virgo: ")
    assert not [word for word in words if word not in said], said
    token = mount.token.read_text().strip() if mount.token.is_file() else ""
    assert SECRET not in said and not (token and token in said)
    return said


def test_missing_token(mount, gateway):
    mount.token.unlink()
    fails(mount, f"There is no token in {mount.token}: put one there")
    assert not gateway.requests


def test_expired_token_is_not_even_shown(mount, gateway):
    mount.put(jwt(exp=1_700_000_000))
    fails(mount, "expired at 2023-11-14T22:13:20Z: put a new one there")
    assert not gateway.requests


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty: put a token there"),
        ("two words", "is not a token"),
        ("line\nline", "is not a token"),
        ("x" * 70_000, "longer than 65536 bytes"),
    ],
)
def test_what_is_no_token(mount, gateway, content, words):
    mount.put(content)
    fails(mount, words)
    assert not gateway.requests


def test_token_open_to_everybody(mount):
    mount.put(jwt(sub="alice"), 0o644)
    fails(mount, "open to everybody", "chmod 600")


def test_a_group_may_share_a_token(mount):
    mount.put(jwt(sub="alice"), 0o640)
    assert mount.call()[0] == 0


def test_a_pipe_or_folder_does_not_block(mount):
    mount.token.unlink()
    os.mkfifo(mount.token, 0o600)
    fails(mount, "is not a file")
    mount.token.unlink()
    mount.token.mkdir()
    fails(mount, "is not a file")


# --- what goes wrong at the gateway ---------------------------------------------------------------------------------


def error(code: str, message: str = "") -> bytes:
    """An error as RGW writes it."""
    return f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>".encode()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, error("AccessDenied"), ("refused the token for " + ROLE, "HTTP 403 AccessDenied", "take a new token")),
        (400, error("InvalidIdentityToken", "who\nis this"), ("InvalidIdentityToken who is this",)),
        (403, b"not xml", ("refused the token", "HTTP 403")),
        (400, error("ValidationError", "DurationSeconds exceeds"), ("is session_seconds longer than the role allows",)),
        (503, error("SlowDown"), ("is in trouble (HTTP 503 SlowDown)", "asked again")),
        (200, b"<html>hello</html>", ("does not answer as an STS (no credentials in it)",)),
        (200, b"hello", ("does not answer as an STS (not XML)",)),
        (200, b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>', ("does not answer as an STS (a document type",)),
    ],
)
def test_refusals(mount, gateway, status, body, words):
    gateway.status, gateway.body = status, body
    said = fails(mount, *words)
    assert said.isprintable()


def test_a_long_session_may_be_why(mount, gateway):
    gateway.status, gateway.body = 403, error("AccessDenied")
    assert "session_seconds" not in fails(mount, "refused the token")
    mount.configure(endpoint_url=gateway.url, session_seconds=40000)
    fails(mount, "refused the token", "or shorten session_seconds (40000)")
    assert gateway.requests[1]["DurationSeconds"] == "40000"


def test_an_echoed_token_is_not_told(mount, gateway):
    """A gateway that answers with the request would have the token in the journal: the message is cut, not trusted."""
    gateway.status, gateway.body = 403, error("AccessDenied", f"bad token {mount.token.read_text().strip()}")
    fails(mount, "refused the token")


def test_redirections_are_not_followed(mount, gateway):
    gateway.status, gateway.headers_ = 307, {"Location": f"{gateway.url}/elsewhere"}
    fails(mount, "sends elsewhere")
    assert [request["path"] for request in gateway.requests] == ["/"]


def test_credentials_that_are_over_already(mount, gateway):
    gateway.seconds = -3600
    fails(mount, "is this machine's clock right?")


def test_nobody_listens(mount):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        mount.configure(endpoint_url=f"http://127.0.0.1:{closed.getsockname()[1]}")
    fails(mount, "cannot be reached (Connection refused)")


def test_in_clear_only_on_loopback(mount):
    mount.configure(endpoint_url="http://s3.example.org")
    status, _credentials, said = mount.call()
    assert status == 1 and said == "The endpoint http://s3.example.org is not https: a token is not sent in clear."


def test_certificate_of_an_unknown_authority(mount, tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    server = Gateway()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        url = server.url.replace("http:", "https:")
        mount.configure(endpoint_url=url)
        fails(mount, f"The certificate of {url} is not trusted (self-signed certificate)", "set ca_file")
        assert not server.requests
        mount.configure(endpoint_url=url, ca_file=certificate)
        assert mount.call("--check")[0] == 0
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    mount.configure(endpoint_url=url, ca_file=tmp_path / "none", role_arn=ROLE + "-2")
    fails(mount, "none cannot be read (No such file or directory)")


def shortened(tmp_path: Path, **limits: float) -> Path:
    """The program with shorter limits, because nobody wants to wait for the real ones."""
    text = PROGRAM.read_text()
    for name, value in limits.items():
        head, _equals, rest = text.partition(f"\n{name} = ")
        text = f"{head}\n{name} = {value}\n{rest.partition(chr(10))[2]}"
    path = tmp_path / "shortened.py"
    path.write_text(text)
    return path


def test_a_gateway_that_does_not_answer(mount, gateway, tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PROGRAM", shortened(tmp_path, STS_TIMEOUT=1))
    gateway.wait = 3
    began = time.monotonic()
    fails(mount, "cannot be reached (no answer in time)")
    assert time.monotonic() - began < 2.5


def test_a_gateway_that_answers_in_drops(mount, tmp_path, monkeypatch):
    """Each drop comes in time, all of them would not: the deadline ends it."""
    monkeypatch.setitem(globals(), "PROGRAM", shortened(tmp_path, DEADLINE="1 - 4"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        mount.configure(endpoint_url=f"http://127.0.0.1:{server.getsockname()[1]}")
        process = mount.start("--check")
        connection, _address = server.accept()
        try:
            while process.poll() is None:
                connection.sendall(b"H")
                time.sleep(0.1)
        except OSError:
            pass
        said = process.communicate(timeout=10)[1]
    assert process.returncode == 1 and said.startswith("S3 mount virgo: ") and len(said.splitlines()) == 1


def test_a_lock_that_somebody_keeps(mount, tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PROGRAM", shortened(tmp_path, DEADLINE=1))
    holder = subprocess.Popen(
        [sys.executable, "-c", "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print(flush=True);"
         "sys.stdin.read()", mount.run / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    holder.stdout.readline()
    fails(mount, "Another process has been asking for credentials for too long")
    holder.communicate(timeout=10)
    assert mount.call("--check")[0] == 0


# --- how often it is told -------------------------------------------------------------------------------------------


def test_told_once_while_it_stays_the_same(mount, gateway):
    mount.token.unlink()
    assert "There is no token" in mount.call()[2]
    mount.age("failure", 6)
    assert mount.call() == (1, {}, "")
    assert "There is no token" in mount.call("--check")[2]
    mount.put(jwt(exp=1_700_000_000))
    mount.age("failure", 6)
    assert "expired" in mount.call()[2]
    mount.age("failure", 901)
    assert "expired" in mount.call()[2]
    mount.put(jwt(sub="alice"))
    mount.age("failure", 6)
    assert mount.call()[::2] == (0, "S3 mount virgo: the credentials are good again.")
    assert not (mount.run / "failure.json").exists()


def test_a_refusal_is_not_asked_for_again_at_once(mount, gateway):
    gateway.status, gateway.body = 403, error("AccessDenied")
    for _again in range(3):
        assert mount.call()[0] == 1
    assert len(gateway.requests) == 1
    mount.call("--check")
    assert len(gateway.requests) == 2


def test_credentials_serve_to_their_end_when_they_cannot_be_renewed(mount, gateway):
    mount.call()
    mount.token.unlink()
    mount.age("credentials", 3000)
    status, credentials, said = mount.call()
    assert (status, credentials["AccessKeyId"]) == (0, "KEY1") and "There is no token" in said
    assert s3_credentials.parse_time(credentials["Expiration"]) <= time.time() + 60
    mount.age("credentials", 590)
    assert mount.call()[0] == 1


def test_what_was_kept_and_is_broken_is_fetched_anew(mount, gateway):
    mount.call()
    (mount.run / "credentials.json").write_text("{")
    assert mount.call()[1]["AccessKeyId"] == "KEY2"
    (mount.run / "credentials.json").write_text("[]")
    assert mount.call()[1]["AccessKeyId"] == "KEY3"


def test_an_answer_that_the_sdk_would_cut_off_is_not_given(mount, gateway):
    """It would print what it could not read, keys and all."""
    gateway.body = answer("KEY1", 3600).replace(b">session<", b">" + b"s" * 9000 + b"<")
    status, credentials, said = mount.call()
    assert (status, credentials) == (1, {}) and "too long for the AWS SDK" in said


# --- oidc-agent -----------------------------------------------------------------------------------------------------


@pytest.fixture
def agent(mount, gateway, tmp_path):
    """A stand-in for oidc-token, which does what the test writes, and a socket for it to speak to."""
    commands = tmp_path / "bin"
    commands.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "agent.sock"))

    def behave(script: str) -> None:
        command = commands / "oidc-token"
        command.write_text(f"#!/bin/sh\n{textwrap.dedent(script)}")
        command.chmod(0o755)

    settings = {"endpoint_url": gateway.url, "token_source": "oidc-agent", "token_account": "virgo"}
    mount.configure(
        **settings, token_socket=tmp_path / "agent.sock", token_audience="https://s3.example.org", token_path=""
    )
    behave.commands, behave.settings = commands, settings
    yield behave
    listener.close()


@pytest.fixture
def with_agent(agent, tmp_path, monkeypatch):
    """The program looks for oidc-token in fixed places: let one be the test's."""
    path = tmp_path / "agent.py"
    path.write_text(PROGRAM.read_text().replace("/usr/local/bin:", f"{agent.commands}:"))
    monkeypatch.setitem(globals(), "PROGRAM", path)
    return agent


def test_token_of_the_agent(mount, gateway, with_agent, tmp_path):
    token = jwt(sub="alice", exp=time.time() + 600)
    with_agent(f'echo "$OIDC_SOCK $*" > {tmp_path}/asked\necho {token}\n')
    assert mount.call()[0] == 0
    assert gateway.requests[0]["WebIdentityToken"] == token
    asked = (tmp_path / "asked").read_text().strip()
    assert asked == f"{tmp_path}/agent.sock --time=300 --aud=https://s3.example.org -- virgo"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'Error: Agent locked' >&2; exit 1\n", ("oidc-agent is locked: run `oidc-add --unlock`",)),
        ("echo 'Error: No account configured' >&2; exit 1\n", ("No account configured): run `oidc-add virgo`",)),
        ("echo 'Error: did not receive any response' >&2; exit 1\n", ("any response): start the agent and run",)),
        ("exit 3\n", ("gives no token for the account virgo (exit status 3)",)),
        (f"echo {jwt(exp=1_700_000_000)}\n", ("expired", "run `oidc-gen --reauthenticate virgo`")),
        ("true\n", ("is not a token",)),
    ],
)
def test_an_agent_without_token(mount, gateway, with_agent, script, words):
    with_agent(script)
    fails(mount, *words)
    assert not gateway.requests


def test_an_agent_that_hangs(mount, with_agent, monkeypatch, tmp_path):
    with_agent("exec sleep 30\n")
    monkeypatch.setitem(globals(), "PROGRAM", shortened(tmp_path, AGENT_TIMEOUT=1))
    began = time.monotonic()
    fails(mount, "does not answer: start the agent")
    assert time.monotonic() - began < 5


def test_no_agent(mount, agent, tmp_path):
    mount.configure(**agent.settings, token_socket=tmp_path / "none.sock")
    fails(mount, f"No oidc-agent listens at {tmp_path}/none.sock: start the agent", "run `oidc-add virgo`")
    mount.configure(**agent.settings, token_socket=mount.token)
    fails(mount, "is not the socket of an oidc-agent")


# --- configuration --------------------------------------------------------------------------------------------------


def test_configuration_that_cannot_be_used(mount):
    mount.config.write_text("[datacloud]\nname = virgo\n")
    status, _credentials, said = mount.call()
    assert status == 1 and said == f"The configuration {mount.config} cannot be used ('endpoint_url')."
    mount.config.unlink()
    assert "No such file" in mount.call()[2]


@pytest.mark.parametrize("token", ["abc", "a.b.c", "a.e30.c", jwt(exp="soon"), jwt(exp=None), "..", ""])
def test_tokens_without_a_readable_end(token):
    assert s3_credentials.expiry_of(token) is None


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789Z", " 2026-01-02T03:04:05"])
def test_times(text):
    assert s3_credentials.utc(s3_credentials.parse_time(text)) == "2026-01-02T03:04:05Z"
    with pytest.raises(ValueError, match="does not match"):
        s3_credentials.parse_time("tomorrow")


def test_session_names_are_what_sts_allows(monkeypatch):
    monkeypatch.setattr(s3_credentials, "account", lambda: "àlice+" + "x" * 100)
    name = s3_credentials.session_name()
    assert len(name) == 64 and name.startswith("-lice-")
