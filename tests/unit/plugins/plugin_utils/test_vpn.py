# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, certificates and revocations of VPN clients."""

from __future__ import annotations

import datetime
import ipaddress

import pytest
from ansible.errors import AnsibleFilterError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.plugin_utils import vpn

VIRGO = {"name": "virgo", "network": "10.1.0.0/24", "networks": ["192.0.2.7/32", "198.51.100.0/24"], "group": "/virgo"}
CLINIC = {"name": "clinic", "network": "10.1.1.0/24", "networks": ["192.0.2.8/32"], "group": None, "dns": None}
ALICE = {"name": "alice", "tenant": "virgo", "address": None, "revoked_before": None, "subject": None}
NAMES = st.lists(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True), min_size=1, max_size=40, unique=True)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


class Authority:
    """A certificate authority of this test: certificate and private_key, PEM."""

    def __init__(self, name: str = "test authority") -> None:
        key = ec.generate_private_key(ec.SECP384R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.object = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now() - datetime.timedelta(days=1))
            .not_valid_after(now() + datetime.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.certificate = self.object.public_bytes(serialization.Encoding.PEM).decode()
        self.private_key = pem(key)

    @property
    def both(self) -> dict[str, str]:
        return {"ca_certificate": self.certificate, "ca_private_key": self.private_key}


def request(key=None, name: str = "whoever") -> str:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def fingerprint(certificate: str) -> str:
    key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex(":")


def serials(crl: str) -> set[int]:
    return {entry.serial_number for entry in x509.load_pem_x509_crl(crl.encode())}


def serial(certificate: str) -> int:
    return x509.load_pem_x509_certificate(certificate.encode()).serial_number


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def test_a_client_gets_what_its_tenant_has() -> None:
    made = vpn.plan([VIRGO, CLINIC], [ALICE, {**ALICE, "name": "bob", "tenant": "clinic", "address": "10.1.1.9"}])
    assert made["errors"] == []
    assert made["tenants"]["virgo"]["routes"] == ["192.0.2.7 255.255.255.255", "198.51.100.0 255.255.255.0"]
    assert made["tenants"]["virgo"]["gateway"] == "10.1.0.1"
    assert made["clients"]["bob@clinic"] == {"tenant": "clinic", "address": "10.1.1.9", "subject": ""}
    assert made["clients"]["alice@virgo"]["tenant"] == "virgo"


@given(NAMES)
def test_addresses_are_the_tenants_own_and_differ(names: list[str]) -> None:
    made = vpn.plan([VIRGO], [{"name": name, "tenant": "virgo"} for name in names])
    addresses = [ipaddress.ip_address(client["address"]) for client in made["clients"].values()]
    assert made["errors"] == []
    assert len(set(addresses)) == len(names)
    hosts = set(ipaddress.ip_network("10.1.0.0/24").hosts()) - {ipaddress.ip_address("10.1.0.1")}
    assert set(addresses) <= hosts


@given(NAMES, st.randoms())
def test_addresses_do_not_depend_on_the_order(names: list[str], random) -> None:
    clients = [{"name": name, "tenant": "virgo"} for name in names]
    shuffled = list(clients)
    random.shuffle(shuffled)
    assert vpn.plan([VIRGO], clients) == vpn.plan([VIRGO], shuffled)


def test_a_full_network_is_told() -> None:
    small = {**VIRGO, "network": "10.1.0.0/29"}
    assert vpn.plan([small], [{"name": f"c{n}", "tenant": "virgo"} for n in range(5)])["errors"] == []
    errors = vpn.plan([small], [{"name": f"c{n}", "tenant": "virgo"} for n in range(6)])["errors"]
    assert errors == ["tenant virgo: network 10.1.0.0/29 has room for 5 clients only"]


@pytest.mark.parametrize(
    ("tenants", "clients", "said"),
    [
        ([{**VIRGO, "name": "Virgo"}], [], "lower case"),
        ([VIRGO, VIRGO], [], "tenant virgo is there twice"),
        ([{**VIRGO, "network": "10.1.0.1/24"}], [], "is not an IPv4 network"),
        ([{**VIRGO, "networks": ["2001:db8::/32"]}], [], "is not an IPv4 network"),
        ([{**VIRGO, "network": "10.1.0.0/30"}], [], "too small"),
        ([{**VIRGO, "dns": ["ns.example.org"]}], [], "is not an IPv4 network"),
        ([VIRGO, {**CLINIC, "network": "10.1.0.128/25"}], [], "overlaps"),
        ([VIRGO, {**CLINIC, "networks": ["198.51.100.9/32"]}], [], "overlaps"),
        ([{**VIRGO, "networks": ["10.1.0.0/16"]}], [], "overlaps"),
        ([VIRGO], [{**ALICE, "name": "alice@clinic"}], "lower case"),
        ([VIRGO], [{**ALICE, "tenant": "ligo"}], "there is no tenant ligo"),
        ([VIRGO], [ALICE, ALICE], "client alice@virgo is there twice"),
        ([VIRGO], [{**ALICE, "address": "10.1.0.1"}], "is not one for clients"),
        ([VIRGO], [{**ALICE, "address": "10.1.1.5"}], "is not one for clients"),
        ([VIRGO], [{**ALICE, "address": "ten"}], "is not an IPv4 address"),
        (
            [VIRGO],
            [{**ALICE, "address": "10.1.0.9"}, {**ALICE, "name": "bob", "address": "10.1.0.9"}],
            "is that of alice@virgo too",
        ),
        ([VIRGO], [{**ALICE, "revoked_before": "yesterday"}], "is not a time"),
        ([VIRGO], [{**ALICE, "revoked_before": "2999-01-01T00:00:00Z"}], "in the future"),
    ],
)
def test_what_cannot_be_is_told(tenants: list[dict], clients: list[dict], said: str) -> None:
    errors = vpn.plan(tenants, clients)["errors"]
    assert any(said in error for error in errors), errors


def test_with_tokens_every_tenant_needs_a_group() -> None:
    assert vpn.plan([VIRGO], [], token=True)["errors"] == []
    assert "group says" in vpn.plan([CLINIC], [], token=True)["errors"][0]


def test_only_the_key_comes_from_the_request(authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    signed = vpn.sign(request(key, "root"), "alice@virgo", lifetime="90d", **authority.both)
    certificate = x509.load_pem_x509_certificate(signed.encode())
    certificate.verify_directly_issued_by(authority.object)
    assert certificate.subject.rfc4514_string() == "CN=alice@virgo"
    assert certificate.public_key() == key.public_key()
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.ExtendedKeyUsageOID.CLIENT_AUTH]
    assert now() + datetime.timedelta(days=89) < certificate.not_valid_after_utc < now() + datetime.timedelta(days=91)


def test_never_longer_than_the_authority(authority: Authority) -> None:
    signed = vpn.sign(request(), "alice@virgo", lifetime="9999d", **authority.both)
    assert x509.load_pem_x509_certificate(signed.encode()).not_valid_after_utc == authority.object.not_valid_after_utc


@pytest.mark.parametrize("name", ["alice", "@virgo", "alice@", "a@b@c", "Alice@virgo", "alice.x@virgo", "host.example"])
def test_only_names_of_clients_are_signed(authority: Authority, name: str) -> None:
    with pytest.raises(AnsibleFilterError, match="not the name of a client"):
        vpn.sign(request(), name, lifetime="90d", **authority.both)


def test_weak_keys_and_strange_requests_are_refused(authority: Authority) -> None:
    with pytest.raises(AnsibleFilterError, match="weak"):
        vpn.sign(request(rsa.generate_private_key(65537, 2048)), "alice@virgo", lifetime="90d", **authority.both)
    with pytest.raises(AnsibleFilterError, match="not PEM"):
        vpn.sign("nothing", "alice@virgo", lifetime="90d", **authority.both)
    with pytest.raises(AnsibleFilterError, match="not that of"):
        vpn.sign(request(), "alice@virgo", authority.certificate, Authority().private_key, "90d")
    with pytest.raises(AnsibleFilterError, match="neither days nor hours"):
        vpn.sign(request(), "alice@virgo", lifetime="forever", **authority.both)


def test_the_private_key_is_in_no_message(authority: Authority) -> None:
    broken = authority.private_key[:-60]
    with pytest.raises(AnsibleFilterError) as error:
        vpn.sign(request(), "alice@virgo", authority.certificate, broken, "90d")
    assert authority.private_key.splitlines()[1] not in str(error.value)


def test_a_good_certificate_stays(authority: Authority) -> None:
    old = vpn.sign(request(), "alice@virgo", lifetime="90d", **authority.both)
    new = vpn.sign(request(), "alice@virgo", lifetime="90d", **authority.both)
    assert vpn.current(old + new, fingerprint(new), authority.certificate) == {"certificate": new, "revoked": False}
    assert vpn.current(old + new, fingerprint(old), authority.certificate)["certificate"] == ""
    assert vpn.current(new, fingerprint(new), Authority().certificate)["certificate"] == ""
    assert vpn.current(new, fingerprint(new), authority.certificate, renew_at=100)["certificate"] == ""
    assert vpn.current("", fingerprint(new), authority.certificate) == {"certificate": "", "revoked": False}


def test_a_certificate_is_taken_back_by_time(authority: Authority) -> None:
    issued = vpn.sign(request(), "alice@virgo", lifetime="90d", **authority.both)
    later = (now() + datetime.timedelta(seconds=2)).isoformat()
    earlier = (now() - datetime.timedelta(seconds=2)).isoformat()
    assert vpn.current(issued, fingerprint(issued), authority.certificate, later) == {
        "certificate": "",
        "revoked": True,
    }
    assert vpn.current(issued, fingerprint(issued), authority.certificate, earlier)["certificate"] == issued


def test_who_is_gone_is_revoked_for_ever(authority: Authority) -> None:
    alice, bob = (vpn.sign(request(), f"{n}@virgo", lifetime="90d", **authority.both) for n in ("alice", "bob"))
    issued = {"alice@virgo": alice, "bob@virgo": bob}
    both = {"alice@virgo": "", "bob@virgo": ""}
    options = {**authority.both, "lifetime": "365d"}
    first = vpn.revocations("", issued, both, **options)
    assert serials(first) == set()
    assert vpn.revocations(first, issued, both, **options) == first
    second = vpn.revocations(first, issued, {"alice@virgo": ""}, **options)
    assert serials(second) == {serial(bob)}
    assert vpn.revocations(second, issued, both, **options) == second
    later = (now() + datetime.timedelta(seconds=2)).isoformat()
    third = vpn.revocations(second, issued, {**both, "alice@virgo": later}, **options)
    assert serials(third) == {serial(alice), serial(bob)}
    assert x509.load_pem_x509_crl(third.encode()).is_signature_valid(authority.object.public_key())


def test_a_list_is_renewed_before_its_end(authority: Authority) -> None:
    first = vpn.revocations("", {}, {}, lifetime="10d", **authority.both)
    assert vpn.revocations(first, {}, {}, lifetime="10d", **authority.both) == first
    assert vpn.revocations(first, {}, {}, lifetime="100d", **authority.both) != first


def test_a_new_authority_begins_a_new_list(authority: Authority) -> None:
    certificate = vpn.sign(request(), "bob@virgo", lifetime="90d", **authority.both)
    old = vpn.revocations("", {"bob@virgo": certificate}, {}, lifetime="365d", **authority.both)
    assert serials(old) == {serial(certificate)}
    other = Authority("another authority")
    assert serials(vpn.revocations(old, {"bob@virgo": certificate}, {}, lifetime="365d", **other.both)) == set()
