# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role vpn decides on the control node: who has which address, which certificate is due, and which are revoked.

A client's certificate carries the name NAME@TENANT. Hosts' certificates never do: an "@" is in no host name, and
neither the authority's constraints nor OpenBao's PKI role let a host have one. So whoever runs the authority says who
is of which tenant, and a host's certificate opens no VPN.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import re
from collections import Counter
from typing import Any

from ansible.errors import AnsibleFilterError

try:
    # ansible-core needs it too; only a tool that reads this file by itself may lack it.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError:
    x509 = hashes = serialization = ec = ed25519 = rsa = None

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
# Certificates are good from a little before they are made: clocks may be behind.
EARLIER = datetime.timedelta(minutes=5)
UNITS = {"d": "days", "h": "hours"}
# What a client may do with its key (RFC 5280, section 4.2.1.3; OpenVPN's remote-cert-tls asks for digitalSignature).
USAGES = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
          "encipher_only", "decipher_only")  # fmt: skip


# --- tenants, clients and their addresses ----------------------------------------------------------------------------


def plan(tenants: list[dict], clients: list[dict], token: bool = False) -> dict[str, Any]:
    """What the gateway is told: {errors: [str], tenants: {name: {...}}, clients: {NAME@TENANT: {...}}}.

    tenants and clients are role vpn's vpn_tenants and vpn_clients; token: whether tokens are asked for. Addresses do
    not depend on the order, and hardly on who else is there: each name has a place of its own in its tenant's network,
    and takes the next free one only where two have the same.
    """
    errors: list[str] = []
    made = {tenant["name"]: _tenant(tenant, token, errors) for tenant in tenants}
    errors += [f"tenant {name} is there twice" for name in _twice(tenant["name"] for tenant in tenants)]
    _overlaps(made, errors)
    errors += [f"client {name} is there twice" for name in _twice(map(_full_name, clients))]
    for client in clients:
        _client(client, made, errors)
    members: dict[str, dict] = {}
    for name, tenant in sorted(made.items()):
        if tenant["network"]:
            members |= _addresses(name, tenant, [client for client in clients if client["tenant"] == name], errors)
    return {
        "errors": errors,
        "tenants": {name: _shown(tenant) for name, tenant in sorted(made.items()) if tenant["network"]},
        "clients": dict(sorted(members.items())),
    }


def _full_name(client: dict) -> str:
    return f"{client['name']}@{client['tenant']}"


def _twice(names: Any) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _network(text: str, about: str, errors: list[str]) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError as error:
        errors.append(f"{about}: {text} is not an IPv4 network ({error})")
        return None


def _tenant(tenant: dict, token: bool, errors: list[str]) -> dict[str, Any]:
    about = f"tenant {tenant['name']}"
    if not NAME.fullmatch(tenant["name"]):
        errors.append(f"{about}: a name has lower case letters, digits, '-' and '_' and at most 31 of them")
    network = _network(tenant["network"], f"{about}: network", errors)
    if network and network.num_addresses < 8:
        errors.append(f"{about}: network {network} is too small, /29 is the least")
        network = None
    if token and not tenant.get("group"):
        errors.append(f"{about}: where tokens are asked for, group says whose members may come in")
    networks = [_network(text, f"{about}: networks", errors) for text in tenant["networks"]]
    servers = [_network(f"{text}/32", f"{about}: dns", errors) for text in tenant.get("dns") or []]
    return {
        "network": network,
        "networks": sorted(filter(None, networks)),
        "group": tenant.get("group") or "",
        "dns": [str(server.network_address) for server in servers if server],
    }


def _overlaps(tenants: dict[str, dict], errors: list[str]) -> None:
    """Say where one tenant's traffic could be taken for another's."""
    used = [(name, tenant["network"], "network") for name, tenant in tenants.items() if tenant["network"]]
    used += [(name, network, "networks") for name, tenant in tenants.items() for network in tenant["networks"]]
    for position, (name, network, kind) in enumerate(used):
        for other, second, second_kind in used[position + 1 :]:
            # One tenant may name a network and a part of it.
            if network.overlaps(second) and not (name == other and kind == second_kind == "networks"):
                errors.append(f"tenant {name}: {kind} {network} overlaps {second_kind} {second} of tenant {other}")


def _client(client: dict, tenants: dict[str, dict], errors: list[str]) -> None:
    about = f"client {_full_name(client)}"
    if not NAME.fullmatch(client["name"]):
        errors.append(f"{about}: a name has lower case letters, digits, '-' and '_' and at most 31 of them")
    if client["tenant"] not in tenants:
        errors.append(f"{about}: there is no tenant {client['tenant']}")
    try:
        moment = parse_time(client.get("revoked_before") or "")
    except ValueError:
        errors.append(f"{about}: revoked_before is not a time such as 2026-01-31T12:00:00Z")
    else:
        if moment and moment > datetime.datetime.now(datetime.UTC):
            errors.append(f"{about}: revoked_before is in the future, where every new certificate would be revoked too")


def _addresses(name: str, tenant: dict, clients: list[dict], errors: list[str]) -> dict[str, dict]:
    network = tenant["network"]
    # The first address is the gateway's as the clients see it.
    places = network.num_addresses - 3
    taken: dict[int, str] = {}
    for client in sorted(clients, key=_full_name):
        if not client.get("address"):
            continue
        about = f"client {_full_name(client)}: address {client['address']}"
        try:
            place = int(ipaddress.IPv4Address(client["address"])) - int(network.network_address) - 2
        except ValueError:
            errors.append(f"{about} is not an IPv4 address")
            continue
        if not 0 <= place < places:
            errors.append(f"{about} is not one for clients in {network}")
        elif place in taken:
            errors.append(f"{about} is that of {taken[place]} too")
        taken[place] = _full_name(client)
    for client in sorted(clients, key=_full_name):
        if client.get("address"):
            continue
        if len(taken) >= places:
            errors.append(f"tenant {name}: network {network} has room for {places} clients only")
            break
        place = int.from_bytes(hashlib.sha256(client["name"].encode()).digest()[:8], "big") % places
        while place in taken:
            place = (place + 1) % places
        taken[place] = _full_name(client)
    subjects = {_full_name(client): client.get("subject") or "" for client in clients}
    return {
        client: {"tenant": name, "address": str(network.network_address + place + 2), "subject": subjects[client]}
        for place, client in taken.items()
    }


def _shown(tenant: dict[str, Any]) -> dict[str, Any]:
    network = tenant["network"]
    return {
        "network": str(network),
        "address": str(network.network_address),
        "netmask": str(network.netmask),
        "gateway": str(network.network_address + 1),
        "networks": [str(item) for item in tenant["networks"]],
        "routes": [f"{item.network_address} {item.netmask}" for item in tenant["networks"]],
        "group": tenant["group"],
        "dns": tenant["dns"],
    }


# --- certificates ----------------------------------------------------------------------------------------------------


def parse_time(text: str) -> datetime.datetime | None:
    """A time in ISO 8601, UTC where it says nothing else; None if empty. Raises ValueError."""
    if not text:
        return None
    moment = datetime.datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def current(
    issued: str, fingerprint: str, ca_certificate: str, revoked_before: str = "", renew_at: int = 33
) -> dict[str, Any]:
    """{certificate: the newest of those issued if it is still good, PEM, or ""; revoked: whether it is taken back}.

    issued: PEM, one after another; fingerprint: SHA-256 of the client's public key, hexadecimal with or without
    colons. A certificate for another key is not good, nor one of another authority, one that revoked_before takes
    back, or one with less than renew_at percent of its life left.
    """
    if not issued.strip() or not ca_certificate.strip():
        return {"certificate": "", "revoked": False}
    authority = _certificate(ca_certificate)
    newest = _bundle(issued)[-1]
    key = newest.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    life = newest.not_valid_after_utc - newest.not_valid_before_utc
    left = newest.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    revoked = _is_taken_back(newest, revoked_before)
    good = (
        not revoked
        and hashlib.sha256(key).hexdigest() == fingerprint.replace(":", "").lower()
        and _is_signed_by(newest, authority)
        and left * 100 >= life * renew_at
    )
    return {"certificate": _pem(newest) if good else "", "revoked": revoked}


def sign(request: str, name: str, ca_certificate: str, ca_private_key: str, lifetime: str) -> str:
    """A client's certificate (PEM) for the key of a request (PEM); nothing but the key is taken from the request.

    name: NAME@TENANT; lifetime: as in 90d or 12h, never longer than the authority's own.
    """
    if not re.fullmatch(f"{NAME.pattern}@{NAME.pattern}", name):
        raise AnsibleFilterError(f"{name!r} is not the name of a client, NAME@TENANT")
    authority, key = _authority(ca_certificate, ca_private_key)
    try:
        wanted = x509.load_pem_x509_csr(request.encode())
    except ValueError:
        raise AnsibleFilterError(f"the request of {name} is not PEM") from None
    if not wanted.is_signature_valid:
        raise AnsibleFilterError(f"the request of {name} is not signed with its own key")
    if not _is_strong(wanted.public_key()):
        raise AnsibleFilterError(f"the key of {name} is weak: take an EC key (P-256 or P-384) or RSA with 3072 bits")
    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(USAGES, False) | {"digital_signature": True}
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(authority.subject)
        .public_key(wanted.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(min(now + _duration(lifetime), authority.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(wanted.public_key()), critical=False)
        .add_extension(_key_identifier(authority), critical=False)
    )
    return _pem(builder.sign(key, hashes.SHA384()))


def revocations(
    now_revoked: str, issued: dict[str, str], clients: dict[str, str], ca_certificate: str, ca_private_key: str,
    lifetime: str, renew_at: int = 33,
) -> str:  # fmt: skip
    """The revocation list (PEM): now_revoked itself, the list so far, where it is still right and has life left.

    issued: the certificates (PEM, one after another) by client; clients: revoked_before ("" for none) of each client
    there is. Revoked are all certificates of clients that are gone, those that revoked_before takes back, and for ever
    those that were revoked once: a name that comes back gets a new certificate.
    """
    authority, key = _authority(ca_certificate, ca_private_key)
    old = _revocation_list(now_revoked, authority)
    dates = {entry.serial_number: entry.revocation_date_utc for entry in ([] if old is None else old)}
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    due = set(dates)
    for name, bundle in issued.items():
        for certificate in _bundle(bundle):
            if _is_signed_by(certificate, authority) and (
                name not in clients or _is_taken_back(certificate, clients[name])
            ):
                due.add(certificate.serial_number)
    life = _duration(lifetime)
    if old is not None and due == set(dates) and (old.next_update_utc - now) * 100 >= life * renew_at:
        return now_revoked
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.subject)
        .last_update(now - EARLIER)
        .next_update(now + life)
        .add_extension(_key_identifier(authority), critical=False)
        # Any number larger than that of the list before.
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
    )
    for serial in sorted(due):
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(dates.get(serial, now)).build()
        )
    return _text(builder.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.PEM))


def _text(pem: bytes) -> str:
    return pem.decode()


def _pem(certificate: x509.Certificate) -> str:
    return _text(certificate.public_bytes(serialization.Encoding.PEM))


def _certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise AnsibleFilterError("the authority's certificate is not PEM") from None


def _bundle(pem: str) -> list[x509.Certificate]:
    if not pem.strip():
        return []
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise AnsibleFilterError("what was issued before is not PEM: look at the registry (vpn_registry)") from None


def _authority(certificate: str, private_key: str) -> tuple[x509.Certificate, Any]:
    authority = _certificate(certificate)
    # "from None": what cannot be read may be a key.
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError):
        raise AnsibleFilterError("the authority's private key is not PEM without a passphrase") from None
    if key.public_key() != authority.public_key():
        raise AnsibleFilterError(f"the private key is not that of {authority.subject.rfc4514_string()}")
    return authority, key


def _is_strong(key: Any) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= 3072
    return isinstance(key, ed25519.Ed25519PublicKey) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 256
    )


def _duration(text: str) -> datetime.timedelta:
    match = re.fullmatch(r"([1-9][0-9]*)([dh])", str(text))
    if not match:
        raise AnsibleFilterError(f"the lifetime {text!r} is neither days nor hours, as in 90d")
    return datetime.timedelta(**{UNITS[match[2]]: int(match[1])})


def _is_signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # whatever is wrong with it, it is not
        return False
    return True


def _is_taken_back(certificate: x509.Certificate, revoked_before: str) -> bool:
    moment = parse_time(revoked_before)
    return bool(moment and certificate.not_valid_before_utc + EARLIER < moment)


def _revocation_list(pem: str, authority: x509.Certificate) -> x509.CertificateRevocationList | None:
    """The list, or None where there is none that this authority signed."""
    try:
        old = x509.load_pem_x509_crl(pem.encode())
    except ValueError:
        return None
    return old if old.is_signature_valid(authority.public_key()) else None


def _key_identifier(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value)
