# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""s3_probe: against moto with authentication on, and TLS against a server with a certificate of our own."""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import json
import socketserver
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from ansible.module_utils.urls import open_url
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.server import ThreadedMotoServer

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import probe

ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Door(BaseHTTPRequestHandler):
    """Before moto, which checks signatures but knows no anonymous requests: refuses those, passes the others on."""

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "Authorization" not in self.headers and not self.server.open_to_all:
            self.reply(403, {}, b"<Error><Code>AccessDenied</Code></Error>")
            return
        connection = http.client.HTTPConnection(*self.server.behind, timeout=10)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        self.reply(answer.status, dict(answer.headers), self.server.falsify(self.command, content))

    def reply(self, status, headers, content):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = pass_on

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def federation():
    """Two doors to one store: {sites, keys, doors, client}."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    behind = moto.get_host_and_port()
    url = f"http://{behind[0]}:{behind[1]}"
    open_url(f"{url}/moto-api/reset", method="POST")
    given = {"endpoint_url": url, "region_name": "us-east-1"}
    iam = boto3.client("iam", aws_access_key_id="K", aws_secret_access_key="S", **given)
    iam.create_user(UserName="probe")
    iam.put_user_policy(UserName="probe", PolicyName="all", PolicyDocument=json.dumps(ALL))
    key = iam.create_access_key(UserName="probe")["AccessKey"]
    keys = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    client = boto3.client("s3", aws_access_key_id=keys["access_key"], aws_secret_access_key=keys["secret_key"], **given)
    open_url(f"{url}/moto-api/reset-auth", method="POST", data="0", headers={"Content-Type": "text/plain"})
    doors = []
    for _site in range(2):
        door = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        door.behind, door.open_to_all, door.falsify = behind, False, lambda _command, content: content
        threading.Thread(target=door.serve_forever, daemon=True).start()
        doors.append(door)
    sites = [
        {"name": name, "endpoint_url": f"http://127.0.0.1:{door.server_port}"}
        for name, door in zip(("cnaf", "ba"), doors, strict=True)
    ]
    yield {"sites": sites, "keys": keys, "doors": doors, "client": client}
    for door in doors:
        door.shutdown()
        door.server_close()
    open_url(f"{url}/moto-api/reset-auth", method="POST", data="inf", headers={"Content-Type": "text/plain"})
    moto.stop()


@pytest.fixture
def run(federation, run_module, monkeypatch):
    """A function (check=False, **parameters) -> the probe's result."""
    monkeypatch.setattr(probe, "PAUSE", 0.1)

    def call(check=False, **params):
        given = {"sites": federation["sites"], **federation["keys"], "require_tls": False, "size": 1000, "timeout": 2}
        return run_module("s3_probe", {**given, **params}, check)

    return call


def test_all_is_well(run, federation):
    for _time in range(2):
        result = run()
        assert not result.get("failed") and not result["changed"], result
    assert {(transfer["from"], transfer["to"]) for transfer in result["transfers"]} == {
        ("cnaf", "cnaf"),
        ("cnaf", "ba"),
        ("ba", "cnaf"),
        ("ba", "ba"),
    }
    assert len(result["refusals"]) == 8 and {refusal["status"] for refusal in result["refusals"]} == {403}
    left = federation["client"].list_object_versions(Bucket="datacloud-probe")
    assert not left.get("Versions") and not left.get("DeleteMarkers")


def test_a_versioned_bucket_is_left_empty_too(run, federation):
    federation["client"].create_bucket(Bucket="kept")
    federation["client"].put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    assert not run(bucket="kept").get("failed")
    left = federation["client"].list_object_versions(Bucket="kept")
    assert not left.get("Versions") and not left.get("DeleteMarkers")


def test_check_mode_does_nothing(run, federation):
    assert run(check=True)["skipped_in_check_mode"]
    assert federation["client"].list_buckets()["Buckets"] == []


def test_other_content_is_found(run, federation):
    federation["doors"][1].falsify = lambda command, content: content[::-1] if len(content) == 1000 else content
    result = run()
    assert result["failed"] and "GET at ba" in result["msg"] and "are not the 1000 bytes" in result["msg"]


def test_an_open_door_is_found(run, federation):
    federation["doors"][0].open_to_all = True
    result = run()
    assert result["failed"] and "cnaf" in result["msg"] and "anonymous" in result["msg"]


def test_a_site_that_is_down(run, federation):
    sites = [federation["sites"][0], {"name": "ba", "endpoint_url": "http://127.0.0.1:1"}]
    result = run(sites=sites, request_timeout=1)
    assert result["failed"] and "http://127.0.0.1:1" in result["msg"]


def test_plain_http_is_refused(run):
    assert "not https" in run(require_tls=True)["msg"]


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory):
    """(port, path of the authority's certificate) of a server that only shakes hands."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + encoded)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    class Server(socketserver.ThreadingTCPServer):
        def get_request(self):
            connection, address = super().get_request()
            return context.wrap_socket(connection, server_side=True), address

    server = Server(("127.0.0.1", 0), socketserver.BaseRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], pem
    server.shutdown()
    server.server_close()


def looked_at(url, ca_bundle):
    site = {"name": "cnaf", "endpoint_url": url}
    params = {"sites": [site], "bucket": "b", "ca_bundle": ca_bundle, "request_timeout": 5}
    return probe.Probe(params)._tls("cnaf")


def test_tls(tls_server):
    port, authority = tls_server
    assert looked_at(f"https://127.0.0.1:{port}", str(authority)) == {"site": "cnaf", "version": "TLSv1.3"}


def test_tls_of_an_authority_that_is_not_trusted(tls_server):
    with pytest.raises(core.ApiError, match="CERTIFICATE_VERIFY_FAILED"):
        looked_at(f"https://127.0.0.1:{tls_server[0]}", None)


def test_tls_of_another_name(tls_server):
    port, authority = tls_server
    with pytest.raises(core.ApiError, match="Hostname mismatch"):
        looked_at(f"https://localhost:{port}", str(authority))
