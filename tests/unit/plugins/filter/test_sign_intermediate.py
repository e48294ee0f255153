# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that signs an intermediate authority, judged by what OpenSSL then accepts."""

from __future__ import annotations

import datetime
import subprocess

import pytest
from ansible.errors import AnsibleFilterError
from ansible.plugins.loader import filter_loader
from cryptography import x509

from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import new_private_key

EXTENSIONS = "\n".join(
    [
        "basicConstraints=critical,CA:TRUE,pathlen:{length}",
        "keyUsage=critical,keyCertSign,cRLSign",
        "subjectKeyIdentifier=hash",
        "nameConstraints=critical,permitted;DNS:example.org",
    ]
)


class Authority:
    """An authority in a folder, made by OpenSSL: key, certificate, and a request of an authority under it."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("root", "middle"):
            (folder / f"{name}.key").write_text(new_private_key()["private"])
        self.openssl("req", "-new", "-key", "middle.key", "-subj", "/CN=middle", "-out", "middle.csr")
        self.root(length=1)

    def openssl(self, *words):
        return subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True, check=True).stdout

    def root(self, length):
        (self.folder / "root.ext").write_text(EXTENSIONS.format(length=length))
        self.openssl("req", "-new", "-key", "root.key", "-subj", "/CN=root", "-out", "root.csr")
        self.openssl(
            "x509", "-req", "-in", "root.csr", "-key", "root.key", "-days", "10", "-extfile", "root.ext",
            "-out", "root.crt",
        )  # fmt: skip

    def read(self, name):
        return (self.folder / name).read_text()

    def sign(self, **changes):
        given = {
            "request": self.read("middle.csr"),
            "certificate": self.read("root.crt"),
            "private_key": self.read("root.key"),
            "lifetime": "5d",
            **changes,
        }
        return filter_loader.get("infn.datacloud.sign_intermediate").j2_function(given.pop("request"), **given)

    def host(self, name):
        """What OpenSSL says of a host's certificate that the authority in the middle signed (its exit status)."""
        (self.folder / "middle.crt").write_text(self.sign())
        (self.folder / "host.ext").write_text(f"subjectAltName=DNS:{name}\n")
        self.openssl("req", "-new", "-key", "middle.key", "-subj", "/CN=host", "-out", "host.csr")
        self.openssl(
            "x509", "-req", "-in", "host.csr", "-CA", "middle.crt", "-CAkey", "middle.key", "-days", "1",
            "-extfile", "host.ext", "-out", "host.crt",
        )  # fmt: skip
        verify = ["openssl", "verify", "-CAfile", "root.crt", "-untrusted", "middle.crt", "host.crt"]
        return subprocess.run(verify, cwd=self.folder, capture_output=True, check=False).returncode


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def test_a_host_under_it_is_trusted_within_the_domain_alone(authority):
    assert authority.host("gate.example.org") == 0
    assert authority.host("gate.example.net") != 0


def test_it_is_an_authority_for_hosts_only(authority):
    certificate = x509.load_pem_x509_certificate(authority.sign().encode())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical and constraints.value == x509.BasicConstraints(ca=True, path_length=0)
    assert certificate.subject.rfc4514_string() == "CN=middle"
    assert certificate.issuer.rfc4514_string() == "CN=root"


def test_it_ends_with_the_authority_above_at_the_latest(authority):
    root = x509.load_pem_x509_certificate(authority.read("root.crt").encode())
    certificate = x509.load_pem_x509_certificate(authority.sign(lifetime="99d").encode())
    assert certificate.not_valid_after_utc == root.not_valid_after_utc


def test_an_authority_that_allows_none_under_it_is_named(authority):
    authority.root(length=0)
    with pytest.raises(AnsibleFilterError, match="CN=root allows no authority under it"):
        authority.sign()


def test_a_key_of_another_authority_is_refused(authority):
    with pytest.raises(AnsibleFilterError, match="not that of CN=root"):
        authority.sign(private_key=authority.read("middle.key"))


def test_the_lifetime_may_be_hours(authority):
    certificate = x509.load_pem_x509_certificate(authority.sign(lifetime="12h").encode())
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == datetime.timedelta(hours=12, minutes=5)


def test_a_lifetime_that_is_none_is_refused(authority):
    with pytest.raises(AnsibleFilterError, match="neither days nor hours"):
        authority.sign(lifetime="5")


def test_what_is_no_pem_is_not_shown(authority):
    with pytest.raises(AnsibleFilterError, match="is not PEM") as caught:
        authority.sign(private_key="hidden")
    assert "hidden" not in str(caught.value)
