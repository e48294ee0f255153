# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rgw_oidc_provider against a gateway as Ceph 18's answers, and against an issuer with keys over TLS."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

GIVEN = {"url": "https://iam.example.org", "client_ids": ["https://s3.example.org"], "thumbprints": ["AB" * 20]}


def self_signed(name):
    """(key, certificate) of an authority that is also the server of this name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def published(kid):
    """A key as in a JWKS, with its certificate."""
    _key, certificate = self_signed(kid)
    return {"kid": kid, "kty": "EC", "x5c": [base64.b64encode(der(certificate)).decode()]}


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def thumbprint(key):
    return hashlib.sha1(base64.b64decode(key["x5c"][0]), usedforsecurity=False).hexdigest().upper()


class Service:
    """An HTTP server of this test in a thread; `url` is its address."""

    def __init__(self, handler, context=None, name="127.0.0.1"):
        handler.log_message = lambda *_arguments: None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://{name}:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def issuer(tmp_path):
    """An issuer over TLS: its address, the file with its authority, and the list of its keys, which can be changed."""
    key, certificate = self_signed("localhost")
    pem = tmp_path / "issuer.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    authority = tmp_path / "ca.pem"
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(private + authority.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    class Issuer(BaseHTTPRequestHandler):
        def do_GET(self):
            documents = {
                "/.well-known/openid-configuration": {"issuer": service.issuer, "jwks_uri": f"{service.url}/jwk"},
                "/jwk": {"keys": service.keys},
            }
            self.send_response(200 if self.path in documents else 404)
            self.end_headers()
            self.wfile.write(json.dumps(documents.get(self.path)).encode())

    service = Service(Issuer, context, "localhost")
    service.keys, service.issuer, service.authority = [published("one")], service.url, str(authority)
    yield service
    service.stop()


@pytest.fixture
def gateway(run_module):
    """A gateway that answers as Ceph 18's does: by ARN only, errors without a code, nothing to change a provider."""

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            action = form["Action"][0]
            service.requests.append(action)
            arn = form.get("OpenIDConnectProviderArn", [""])[0]
            if service.refuse:
                return self.answer(403, "<Error><Code>AccessDenied</Code></Error>")
            if action == "CreateOpenIDConnectProvider":
                url = form["Url"][0]
                arn = "arn:aws:iam:::oidc-provider/" + url.removeprefix("https://")
                if arn in service.providers:
                    return self.answer(409, "<Error><Code>EntityAlreadyExists</Code></Error>")
                service.providers[arn] = {"Url": url, **{name: members(form, name) for name in LISTS}}
                return self.answer(200, f"<{action}Response><{action}Result/></{action}Response>")
            if arn not in service.providers:
                return self.answer(404, "<Error><Code>NoSuchKey</Code></Error>")
            if action == "DeleteOpenIDConnectProvider":
                del service.providers[arn]
                return self.answer(200, f"<{action}Response/>")
            if action == "GetOpenIDConnectProvider":
                provider = service.providers[arn]
                lists = "".join(f"<{name}>{elements(provider[name])}</{name}>" for name in LISTS)
                result = f"<{action}Result>{lists}<Url>{provider['Url']}</Url></{action}Result>"
                return self.answer(200, f"<{action}Response>{result}</{action}Response>")
            return self.answer(405, "<Error><Code>MethodNotAllowed</Code></Error>")

        def answer(self, status, text):
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    def run(providers, check=False, **params):
        service.requests.clear()
        keys = {"access_key": "K", "secret_key": "hidden-away", "endpoint_url": service.url, "timeout": 5}
        return run_module("rgw_oidc_provider", {**keys, "providers": providers, **params}, check)

    def life(providers, **params):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        before = json.dumps(service.providers)
        foreseen = run(providers, check=True, **params)
        assert json.dumps(service.providers) == before, "check mode wrote something"
        done = run(providers, **params)
        assert not done.get("failed"), done
        keys = ("changed", "operations", "diff")
        assert [foreseen.get(key) for key in keys] == [done.get(key) for key in keys]
        for check in (True, False):
            again = run(providers, check=check, **params)
            assert not again.get("failed") and not again["changed"], again
        return done

    service = Service(Gateway)
    service.providers, service.requests, service.refuse, service.run, service.life = {}, [], False, run, life
    yield service
    service.stop()


LISTS = ("ClientIDList", "ThumbprintList")


def members(form, name):
    return [value for key, [value] in form.items() if key.startswith(f"{name}.member.")]


def elements(values):
    return "".join(f"<member>{escape(value)}</member>" for value in values)


@pytest.mark.crud("rgw_oidc_provider")
def test_life(gateway):
    done = gateway.life([GIVEN])
    assert [item["action"] for item in done["operations"]] == ["create"]
    done = gateway.life([{**GIVEN, "client_ids": ["b", "a"]}])
    assert done["operations"] == [{"action": "update", "key": GIVEN["url"], "changes": ["client_ids"]}]
    spelt = ":".join(["ab"] * 20)
    assert not gateway.run([{**GIVEN, "client_ids": ["a", "b"], "thumbprints": [spelt]}])["changed"]
    assert gateway.requests == ["GetOpenIDConnectProvider"]
    gateway.life([{"url": GIVEN["url"], "state": "absent"}, {"url": "https://never.example.org", "state": "absent"}])
    assert gateway.providers == {}


@pytest.mark.crud("rgw_oidc_provider")
def test_thumbprints_follow_the_keys(gateway, issuer):
    wanted = [{"url": issuer.url, "client_ids": ["https://s3.example.org"]}]
    gateway.life(wanted, ca_bundle=issuer.authority)
    [provider] = gateway.providers.values()
    assert provider["ThumbprintList"] == [thumbprint(issuer.keys[0])]
    issuer.keys += [published("two"), {"kid": "bare", "kty": "EC"}]
    done = gateway.life(wanted, ca_bundle=issuer.authority)
    assert done["operations"][0]["changes"] == ["thumbprints"]
    [provider] = gateway.providers.values()
    assert provider["ThumbprintList"] == sorted(map(thumbprint, issuer.keys[:2])), "both while the keys overlap"
    issuer.keys[:] = issuer.keys[1:2]
    gateway.life(wanted, ca_bundle=issuer.authority)


def test_keys_that_cannot_be_used(gateway, issuer):
    wanted = [{"url": issuer.url, "client_ids": ["a"]}]
    issuer.keys[:] = [{"kid": "bare", "kty": "EC"}]
    refused = gateway.run(wanted, ca_bundle=issuer.authority)
    assert refused["failed"] and "x5c" in refused["msg"]
    issuer.keys[:] = [published(str(number)) for number in range(6)]
    refused = gateway.run(wanted, ca_bundle=issuer.authority)
    assert refused["failed"] and "at most 5" in refused["msg"]
    issuer.keys[:] = [{"kid": "broken", "x5c": ["%%%"]}]
    refused = gateway.run(wanted, ca_bundle=issuer.authority)
    assert refused["failed"] and "base64" in refused["msg"]
    issuer.issuer = f"{issuer.url}/"
    refused = gateway.run(wanted, ca_bundle=issuer.authority)
    assert refused["failed"] and "exactly so" in refused["msg"] and gateway.requests == []


def test_the_issuer_is_verified(gateway, issuer, tmp_path):
    _key, other = self_signed("localhost")
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(other.public_bytes(serialization.Encoding.PEM))
    refused = gateway.run([{"url": issuer.url, "client_ids": ["a"]}], ca_bundle=str(stranger))
    assert refused["failed"] and "ca_bundle" in refused["msg"] and gateway.requests == []


def test_refusal_names_the_capability(gateway):
    gateway.refuse = True
    refused = gateway.run([GIVEN])
    assert refused["failed"] and "oidc-provider=*" in refused["msg"] and "hidden-away" not in str(refused)


def test_contradictions_are_refused_before_any_request(gateway):
    refused = gateway.run([{**GIVEN, "client_ids": []}, {**GIVEN, "url": "http://iam.example.org"}])
    assert refused["failed"] and "any audience" in refused["msg"] and "https://" in refused["msg"]
    assert gateway.requests == []


def test_check_mode_before_anything_is_there(run_module):
    keys = {"access_key": "K", "secret_key": "S", "endpoint_url": "http://127.0.0.1:1", "timeout": 1}
    wanted = [{"url": "https://127.0.0.1:1", "client_ids": ["a"]}]
    foreseen = run_module("rgw_oidc_provider", {**keys, "providers": wanted}, check=True)
    assert foreseen["changed"] and len(foreseen["warnings"]) == 2
    assert run_module("rgw_oidc_provider", {**keys, "providers": wanted})["failed"]
