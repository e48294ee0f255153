# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter plugin: sign the request of an intermediate authority.

community.crypto's ownca provider takes every extension from the request, and OpenBao's request for an intermediate
carries none, so the certificate would be that of a host.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from ansible.errors import AnsibleFilterError

try:
    # ansible-core needs it too; only a tool that reads this file by itself may lack it.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
except ImportError:
    x509 = hashes = serialization = None

# Of an authority: what it may do with its key (RFC 5280, section 4.2.1.3).
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
UNITS = {"d": "days", "h": "hours"}
# The hosts' clocks may be a little behind.
EARLIER = datetime.timedelta(minutes=5)


def sign_intermediate(request: str, certificate: str, private_key: str, lifetime: str) -> str:
    """Return the certificate (PEM) for the request (PEM), good for lifetime but not longer than certificate is."""
    life = re.fullmatch(r"([1-9][0-9]*)([dh])", str(lifetime))
    if not life:
        raise AnsibleFilterError(f"the lifetime {lifetime!r} of an authority is neither days nor hours, as in 1825d")
    # "from None": what cannot be read may be a key.
    try:
        wanted = x509.load_pem_x509_csr(request.encode())
        authority = x509.load_pem_x509_certificate(certificate.encode())
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except ValueError:
        raise AnsibleFilterError(
            "the request, the authority's certificate or its private key is not PEM: an intermediate authority "
            "cannot be signed with it"
        ) from None
    if not wanted.is_signature_valid:
        raise AnsibleFilterError(f"the request of {wanted.subject.rfc4514_string()} is not signed with its own key")
    if key.public_key() != authority.public_key():
        raise AnsibleFilterError(f"the private key is not that of {authority.subject.rfc4514_string()}")
    if not _may_have_authorities(authority):
        raise AnsibleFilterError(
            f"{authority.subject.rfc4514_string()} allows no authority under it: run playbooks/base.yml, which makes "
            "its certificate anew from the same key"
        )

    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
    builder = (
        x509.CertificateBuilder()
        .subject_name(wanted.subject)
        .issuer_name(authority.subject)
        .public_key(wanted.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(min(now + datetime.timedelta(**{UNITS[life[2]]: int(life[1])}), authority.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(wanted.public_key()), critical=False)
        .add_extension(_authority_key_identifier(authority), critical=False)
    )
    constraints = _extension(authority, x509.NameConstraints)
    if constraints:
        builder = builder.add_extension(constraints.value, critical=constraints.critical)
    return builder.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.PEM).decode()


def _may_have_authorities(authority: x509.Certificate) -> bool:
    constraints = _extension(authority, x509.BasicConstraints)
    return bool(constraints and constraints.value.ca and constraints.value.path_length != 0)


def _authority_key_identifier(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = _extension(authority, x509.SubjectKeyIdentifier)
    if identifier:
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value)
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())


def _extension(certificate: x509.Certificate, kind: type) -> x509.Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


class FilterModule:
    """The filter C(sign_intermediate)."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """The filters of this plugin by name."""
        return {"sign_intermediate": sign_intermediate}
