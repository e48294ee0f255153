# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to IAM: what is tried again, what is not, and what an error says."""

from __future__ import annotations

import datetime
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.iam import api


class Server:
    """Answers each request with the next of `answers` ((status, body) or None to hang up), else with 200 {}."""

    def __init__(self, context=None):
        self.answers, self.seen, self.peers, self.close = [], [], set(), False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                outer.seen.append((self.command, self.path, dict(self.headers), body))
                outer.peers.add(self.client_address)
                answer = outer.answers.pop(0) if outer.answers else (200, {})
                if answer is None:
                    self.close_connection = True
                    return
                self.close_connection = outer.close
                status, content = answer
                content = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self.url = f"https://localhost:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(core.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(core.retry, "__defaults__", (5, 0.0, 0.0, lambda _seconds: None))
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


def iam(url, check_mode=False, scopes=((), ()), **params):
    params = {"url": url, "ca_path": None, "timeout": 5, "parallel": 3, "token": "T", **params}
    params = {"client_id": None, "client_secret": None, **params}
    return api.Iam(SimpleNamespace(check_mode=check_mode, params=params), *scopes)


def test_one_token_with_the_scopes_that_are_needed(server):
    server.answers = [(200, {"access_token": "A", "scope": "r w"})]
    client = iam(server.url, token=None, client_id="c", client_secret="s:ä", scopes=(("r",), ("w",)))
    client.call("GET", "/x", "x")
    client.call("PUT", "/x", "x", {"a": 1}, query={"q": "a b"})
    token, read, write = server.seen
    assert token[1] == "/token" and "scope=r+w" in token[3] and token[2]["Authorization"].startswith("Basic ")
    assert read[2]["Authorization"] == write[2]["Authorization"] == "Bearer A"
    assert write[1] == "/x?q=a+b" and json.loads(write[3]) == {"a": 1}
    assert len(server.peers) == 1, "one connection stays open"
    assert iam(server.url, True, (("r",), ("w",))).scopes == ["r"], "none to write in check mode"


def test_a_scope_that_is_not_granted_is_named(server):
    server.answers = [(200, {"access_token": "A", "scope": "r"})]
    with pytest.raises(core.ApiError, match="client c: IAM did not grant w; add it") as info:
        iam(server.url, token=None, client_id="c", client_secret="hidden", scopes=(("r",), ("w",))).call(
            "GET", "/x", "x"
        )
    assert "hidden" not in str(info.value)
    server.answers = [(401, {"error": "invalid_client", "error_description": "Bad client credentials"})]
    with pytest.raises(core.ApiError, match="HTTP 401: Bad client credentials; check the token, or the client's id"):
        iam(server.url, token=None, client_id="c", client_secret="hidden").call("GET", "/x", "x")
    server.answers = [(400, {"error": "invalid_scope", "error_description": "Invalid scope"})]
    with pytest.raises(core.ApiError, match="needs the grant client_credentials and the scopes r w"):
        iam(server.url, token=None, client_id="c", client_secret="hidden", scopes=(("r",), ("w",))).call(
            "GET", "/x", "x"
        )


@pytest.mark.parametrize("trouble", [(500, b""), (503, b""), (429, b""), None])
def test_what_changes_nothing_twice_is_tried_again(server, trouble):
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        server.answers = [trouble, trouble, (200, {"ok": 1})]
        assert iam(server.url).call(method, "/x", "x") == {"ok": 1}


@pytest.mark.parametrize(("trouble", "requests"), [((500, b""), 1), (None, 1), ((503, b""), 2), ((429, b""), 2)])
def test_what_creates_is_only_tried_again_where_it_surely_was_not_done(server, trouble, requests):
    server.answers = [trouble, (201, {})]
    try:
        iam(server.url).call("POST", "/x", "x", {})
        assert requests == 2
    except core.ApiError as error:
        assert requests == 1 and "\n" not in str(error)
    assert len(server.seen) == requests


def test_errors_of_the_request_are_not_tried_again(server):
    for status in (400, 403, 404, 409):
        server.seen.clear()
        server.answers = [(status, {"detail": "said\n  so"})]
        with pytest.raises(api.Refused, match=f"^group g: GET /scim/Groups: HTTP {status}: said so") as info:
            iam(server.url).call("GET", "/scim/Groups", "group g")
        assert info.value.status == status and len(server.seen) == 1
    server.answers = [(404, {})]
    assert iam(server.url).call("GET", "/x", "x", absent=(404,)) is None


def test_a_connection_that_the_server_closed_is_not_used_again(server):
    """A POST would be lost with it, and is not tried again."""
    client = iam(server.url)
    client.call("POST", "/x", "x", {})
    server.close = True
    client.call("POST", "/x", "x", {})
    for _connection in range(100):
        if client.wire._closed(client.wire.mine.connection):
            break
        time.sleep(0.01)
    client.call("POST", "/x", "x", {})
    assert len(server.seen) == 3 and len(server.peers) == 2


def test_a_missing_scope_is_hinted_at(server):
    for path, scope in (("/scim/Users", "scim:read"), ("/iam/aup", "iam:admin.write")):
        server.answers = [(403, {"error": "insufficient_scope"})]
        with pytest.raises(core.ApiError, match=scope):
            iam(server.url).call("GET", path, "x")


def test_it_gives_up_in_the_end(server):
    server.answers = [(500, b"<html>Internal\n error</html>")] * 9
    with pytest.raises(core.ApiError, match="HTTP 500: <html>Internal error</html>"):
        iam(server.url).call("GET", "/x", "x")
    assert len(server.seen) == api.TRIES
    server.seen.clear()
    with pytest.raises(core.ApiError):
        iam(server.url, check_mode=True).call("GET", "/x", "x")
    assert len(server.seen) == 2, "a service that is yet to be installed is not waited for"
    with pytest.raises(core.ApiError, match=r"no answer from http://127.0.0.1:1: Connection refused"):
        iam("http://127.0.0.1:1").call("GET", "/x", "x")


def test_something_else_than_iam(server):
    server.answers = [(200, b"<html>")]
    with pytest.raises(core.ApiError, match="not JSON; is it an IAM"):
        iam(server.url).call("GET", "/x", "x")


def test_secrets_travel_over_tls_only():
    for url in ("http://iam.example.org", "ftp://iam.example.org", "iam.example.org"):
        with pytest.raises(core.ApiError, match="is no https address"):
            iam(url)
    with pytest.raises(core.ApiError, match=r"/nowhere/ca.pem holds no certificate authority"):
        iam("https://iam.example.org", ca_path="/nowhere/ca.pem")
    context = iam("https://iam.example.org").wire.context
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname


def authority(path):
    """Write a certificate for localhost that is its own authority, and its key, to files there; returns them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
    builder = builder.not_valid_after(now + datetime.timedelta(hours=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    signed = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (path / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    (path / "cert.pem").write_bytes(signed.sign(key, hashes.SHA256()).public_bytes(pem))
    return str(path / "cert.pem"), str(path / "key.pem")


def test_certificates_are_verified(server, tmp_path):
    certificate, key = authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    secure = Server(context)
    secure.answers = [(200, {"ok": 1})]
    assert iam(secure.url, ca_path=certificate).call("GET", "/x", "x") == {"ok": 1}
    with pytest.raises(core.ApiError, match=r"certificate that is not trusted: .*self.signed.*; check ca_path"):
        iam(secure.url).call("GET", "/x", "x")
    with pytest.raises(core.ApiError, match="certificate that is not trusted: "):
        iam(secure.url.replace("localhost", "127.0.0.1"), ca_path=certificate).call("GET", "/x", "x")
    assert len(secure.seen) == 1
    secure.http.shutdown()
    secure.http.server_close()


def test_a_proxy_is_used_where_the_environment_names_one(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://user:word@proxy.example.org:3128")
    connection = iam("https://iam.example.org").wire._connection()
    assert (connection.host, connection.port) == ("proxy.example.org", 3128)
    assert connection._tunnel_host == "iam.example.org" and "Proxy-Authorization" in connection._tunnel_headers
    monkeypatch.setenv("no_proxy", "iam.example.org")
    assert iam("https://iam.example.org").wire._connection().host == "iam.example.org"


def test_pages(server):
    names = [{"userName": f"u{number}", "id": number} for number in range(250)]

    def page(start):
        return (200, {"totalResults": 250, "Resources": names[start : start + 100]})

    server.answers = [page(0), page(100), page(200)]
    found = iam(server.url, parallel=1).pages("/scim/Users", "accounts")
    assert found == names
    assert [request[1] for request in server.seen] == [
        f"/scim/Users?startIndex={start}&count=100" for start in (1, 101, 201)
    ]


def test_whichever_takes_fewer_requests(server):
    def page(start):
        names = [{"userName": f"u{number}"} for number in range(250)]
        return (200, {"totalResults": 250, "Resources": names[start : start + 100]})

    server.answers = [page(0), (200, {"Resources": [{"userName": "u240"}]})]
    assert set(iam(server.url).accounts({"u1", "u240"})) == {"u1", "u240"}
    assert "find/byusername?username=u240" in server.seen[-1][1]
    server.seen.clear()
    server.answers = [page(0), page(100), page(200)]
    wanted = {"u101", "u201", "u202", "nobody"}
    assert set(iam(server.url, parallel=1).accounts(wanted)) == wanted - {"nobody"} and len(server.seen) == 3
