# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bao_intermediate against a real OpenBao, whose request another authority signs."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class Authority:
    """The authority above: it signs a request (PEM) and returns the certificate with its own behind it."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "root")])
        self.certificate = self._certificate(self.name, self.key.public_key())

    def sign(self, csr):
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert len(request.extensions) == 1, "no host's name"
        return self._certificate(request.subject, request.public_key()) + self.certificate

    def _certificate(self, subject, key):
        builder = x509.CertificateBuilder(
            self.name, subject, key, x509.random_serial_number(), NOW - DAY, NOW + 9 * DAY
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.crud("bao_intermediate")
def test_life(bao):
    assert bao.run("bao_intermediate", {}, check=True)["certificate"] == "", "the engine may come in the same play"
    bao.request("POST", "sys/mounts/pki", {"type": "pki", "config": {"max_lease_ttl": "240h"}})
    result = bao.run("bao_intermediate", {})
    assert result["certificate"] == "" and not result["changed"]

    ask = {"common_name": "Authority of OpenBao"}
    foreseen = bao.run("bao_intermediate", ask, check=True)
    assert foreseen["changed"] and not bao.writes()
    root = Authority()
    signed = root.sign(bao.run("bao_intermediate", ask)["csr"])
    given = {"certificate": signed}
    foreseen = bao.run("bao_intermediate", given, check=True)
    assert foreseen["changed"] and not bao.writes()
    done = bao.run("bao_intermediate", given)
    assert done["changed"] and signed.startswith(done["certificate"].strip())
    for check in (True, False):
        assert not bao.run("bao_intermediate", given, check=check)["changed"]

    # The next one takes over, and what it signs has the whole chain.
    newer = root.sign(bao.run("bao_intermediate", ask)["csr"])
    assert bao.run("bao_intermediate", {"certificate": newer})["certificate"] != done["certificate"]
    bao.request("POST", "pki/roles/host", {"allowed_domains": ["example.org"], "allow_subdomains": True})
    issued = bao.request("POST", "pki/issue/host", {"common_name": "a.example.org", "ttl": "1h"})["data"]
    assert newer.startswith(issued["issuing_ca"]) and len(issued["ca_chain"]) == 2


def test_a_certificate_for_another_key(bao):
    bao.request("POST", "sys/mounts/pki", {"type": "pki"})
    refused = bao.run("bao_intermediate", {"certificate": Authority().certificate})
    assert refused["failed"] and "none of the engine's keys" in refused["msg"]
