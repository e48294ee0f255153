# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""endpoint_info: against a TLS server of our own whose name nobody resolves."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAME = "s3.cnaf.example.org"


class Handler(BaseHTTPRequestHandler):
    """Answers with the status in the path; /slow keeps silent."""

    def do_GET(self):
        if self.path == "/slow":
            self.server.done.wait(10)
            return
        self.server.hosts.append(self.headers["Host"])
        self.send_response(int(self.path[1:] or 200))
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server for NAME: its port, the path of its authority in `authority`, the Host headers it saw in `hosts`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path_factory.mktemp("tls") / "server.pem"
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + encoded)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.socket = context.wrap_socket(web.socket, server_side=True, do_handshake_on_connect=False)
    web.authority, web.hosts, web.done = str(pem), [], threading.Event()
    web.handle_error = lambda *_arguments: None  # clients that do not trust it hang up
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield web
    web.done.set()
    web.shutdown()
    web.server_close()


@pytest.fixture
def ask(run_module, server):
    """A function (endpoints, **parameters) -> the module's result; an endpoint is a path or a dict."""

    def call(*endpoints, check=False, **params):
        listed = [
            {"name": item, "url": f"https://{NAME}:{server.server_port}{item}", "address": "127.0.0.1"}
            if isinstance(item, str)
            else item
            for item in endpoints
        ]
        return run_module("endpoint_info", {"endpoints": listed, "ca_path": server.authority, **params}, check)

    return call


@pytest.mark.parametrize("check", [False, True])
def test_answers_by_address_for_a_name(ask, server, check):
    result = ask("/", check=check)
    assert result["ok"] and not result["changed"]
    (found,) = result["endpoints"]
    assert found["ok"] and found["status"] == 200 and found["tls"] == "TLSv1.3" and found["error"] is None
    assert server.hosts[-1] == f"{NAME}:{server.server_port}"


def test_refusing_strangers_is_an_answer_and_an_error_is_none(ask):
    result = ask("/403", "/503", "/301")
    assert [found["ok"] for found in result["endpoints"]] == [True, False, True]
    assert result["endpoints"][1]["error"] == "HTTP 503" and not result["ok"] and not result.get("failed")


def test_the_name_is_verified(ask, server):
    other = {"name": "o", "url": f"https://s3.ba.example.org:{server.server_port}", "address": "127.0.0.1"}
    (found,) = ask(other)["endpoints"]
    assert not found["ok"] and "Hostname mismatch" in found["error"] and found["status"] is None


def test_an_unknown_authority(ask):
    (found,) = ask("/", ca_path=None)["endpoints"]
    assert not found["ok"] and found["error"].startswith("certificate: self-signed") and found["tls"] is None


def test_nobody_there(ask):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gone = {"name": "gone", "url": f"https://{NAME}:{port}", "address": "127.0.0.1"}
    unknown = {"name": "unknown", "url": "https://no.such.name.invalid"}
    plain = {"name": "plain", "url": "http://127.0.0.1"}
    errors = [found["error"] for found in ask(gone, unknown, plain)["endpoints"]]
    assert errors[0] == "Connection refused" and errors[1] and errors[2] == "not an https URL"


def test_all_at_once(ask):
    begin = time.monotonic()
    result = ask(*["/slow"] * 8, "/", timeout=1)
    assert time.monotonic() - begin < 4
    assert [found["ok"] for found in result["endpoints"]] == [False] * 8 + [True]
    assert result["endpoints"][0]["error"] == "no answer within 1 s"


def test_an_authority_that_cannot_be_read(ask, tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    for path in (empty, tmp_path / "missing"):
        result = ask("/", ca_path=str(path))
        assert result["failed"] and str(path) in result["msg"]
