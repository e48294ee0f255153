# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bao_certificate against a real OpenBao whose authority stands under another one."""

from __future__ import annotations

import datetime
import ipaddress
import re

import pytest
from ansible.plugins.loader import filter_loader
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ("DNS:gate.example.org", "IP:192.0.2.1")


def pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM).decode()


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def request(key, name="gate.example.org", names=NAMES):
    """What the module is given for a host's key."""
    alternative = [
        x509.DNSName(value) if kind == "DNS" else x509.IPAddress(ipaddress.ip_address(value))
        for kind, _colon, value in (item.partition(":") for item in names)
    ]
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject(name))
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .sign(key, hashes.SHA256())
    )
    return {"csr": pem(csr), "common_name": name, "subject_alt_names": names}


@pytest.fixture(scope="module")
def key():
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def pki(bao, key):
    """The server with an authority in pki, signed by a root that is not there, and the role host."""
    bao.request("POST", "sys/mounts/pki", {"type": "pki", "config": {"max_lease_ttl": "8760h"}})
    csr = bao.request("POST", "pki/intermediate/generate/internal", {"common_name": "middle"})["data"]["csr"]
    now = datetime.datetime.now(datetime.UTC)
    root = (
        x509.CertificateBuilder().subject_name(subject("root")).issuer_name(subject("root"))
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=300))
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    middle = filter_loader.get("infn.datacloud.sign_intermediate").j2_function(csr, pem(root), private.decode(), "200d")
    bao.request("POST", "pki/intermediate/set-signed", {"certificate": middle + pem(root)})
    role = {"allowed_domains": "example.org", "allow_subdomains": True, "key_type": "any", "max_ttl": "90d"}
    bao.request("POST", "pki/roles/host", role)
    bao.middle = middle
    return bao


@pytest.mark.parametrize("from_request", [True, False])
def test_names_and_chain(pki, key, from_request):
    if not from_request:
        role = pki.request("GET", "pki/roles/host")["data"]
        pki.request("POST", "pki/roles/host", {**role, "use_csr_sans": False, "use_csr_common_name": False})
    other = request(key, "ba.example.org", ["DNS:a.example.org", "DNS:b.example.org"])
    result = pki.run("bao_certificate", {"role": "host", "ttl": "30d", "requests": [request(key), other]})
    assert not result.get("failed"), result
    for given, chain in zip([request(key), other], result["certificates"], strict=True):
        certificate, middle = x509.load_pem_x509_certificates(chain.encode())
        assert pem(middle) == pki.middle
        certificate.verify_directly_issued_by(middle)
        assert certificate.subject == subject(given["common_name"])
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        said = [f"DNS:{name}" for name in names.get_values_for_type(x509.DNSName)]
        said += [f"IP:{name}" for name in names.get_values_for_type(x509.IPAddress)]
        assert sorted(said) == sorted(given["subject_alt_names"])
        life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert datetime.timedelta(days=29) < life < datetime.timedelta(days=31)


def test_check_mode_asks_nothing(pki, key):
    result = pki.run("bao_certificate", {"role": "host", "requests": [request(key)]}, check=True)
    assert result["certificates"] == []
    assert not pki.requests


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "none"}, "certificate gate.example.org: POST pki/sign/none at .* unknown role"),
        ({"mount": "none"}, "POST none/sign/host"),
        ({"token": "hidden"}, "the token is unknown"),
        ({"requests": [{"csr": "x", "common_name": "a.example.org"}]}, "certificate a.example.org"),
    ],
)
def test_what_is_refused_is_said(pki, key, changes, message):
    result = pki.run("bao_certificate", {"role": "host", "requests": [request(key)], **changes})
    assert result["failed"]
    assert re.search(message, result["msg"]), result["msg"]
    assert "hidden" not in result["msg"]


def test_a_name_that_the_role_does_not_allow_is_refused(pki, key):
    foreign = request(key, "gate.example.net", ["DNS:gate.example.net"])
    result = pki.run("bao_certificate", {"role": "host", "requests": [foreign]})
    assert result["failed"] and "gate.example.net not allowed" in result["msg"]
