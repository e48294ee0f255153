# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Web Key Set with which INDIGO IAM signs: keys in PEM become JWKs with a certificate each.

RFC 7517 and 7518 name the members. RADOS gateways trust an issuer by the SHA-1 of the certificates in ``x5c``, so a
key keeps its certificate for as long as that is valid: consumers need to learn of it only when a key is added.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from dataclasses import dataclass

from ansible_collections.infn.datacloud.plugins.module_utils.core import MASK, SpecError

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    HAS_CRYPTOGRAPHY = True
except ImportError:
    HAS_CRYPTOGRAPHY = False

RSA_BITS = 2048
RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
# By the curve's name in cryptography: its name in JWKs, the one algorithm it signs with, bytes of a coordinate.
CURVES = {"secp256r1": ("P-256", "ES256", 32), "secp384r1": ("P-384", "ES384", 48), "secp521r1": ("P-521", "ES512", 66)}
PUBLIC = ("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y", "x5c")


@dataclass(frozen=True)
class Validity:
    """How long certificates are good for and when they are replaced: days, and days before their end."""

    days: int
    renew: int


def build(wanted, existing, subject, validity, now):
    """The key set (dict) for the wanted keys.

    wanted: list of {kid, private_key (PEM), algorithm or None}; existing: the key set that is there (dict, may be
    anything); subject: common name of new certificates; now: aware datetime. SpecError names every fault at once.
    """
    faults, keys, kids, seen = [], [], set(), {}
    for item in wanted:
        kid = item["kid"]
        try:
            private = load(item["private_key"])
            jwk = to_jwk(private, kid, item.get("algorithm"))
        except SpecError as error:
            faults.append(f"key {kid}: {error}")
            continue
        material = json.dumps({name: jwk[name] for name in ("n", "x", "y") if name in jwk})
        if kid in kids:
            faults.append(f"key {kid} is listed twice: every key needs a kid of its own")
        elif material in seen:
            faults.append(f"key {kid} is the same key as {seen[material]}: make a new one")
        kids.add(kid)
        seen.setdefault(material, kid)
        kept = _kept_certificate(existing, jwk, validity, now)
        jwk["x5c"] = [kept or _new_certificate(private, jwk, subject, validity, now)]
        keys.append(jwk)
    if not wanted:
        faults.append("no key is given: IAM needs at least one to sign with")
    if faults:
        raise SpecError("; ".join(faults))
    return {"keys": keys}


def load(pem):
    """The private key in a PEM text; SpecError without a word of it where it is none or too weak."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SpecError("private_key is not an unencrypted private key in PEM") from None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < RSA_BITS:
            raise SpecError(f"RSA keys need {RSA_BITS} bits or more, this one has {key.key_size}")
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return key
    raise SpecError("only RSA keys and EC keys on the curves P-256, P-384 and P-521 sign tokens")


def to_jwk(private, kid, algorithm=None):
    """The private JWK (dict of text) of a key; algorithm: what it signs with, else RS256 or what its curve implies."""
    if isinstance(private, rsa.RSAPrivateKey):
        algorithm = algorithm or "RS256"
        if algorithm not in RSA_ALGORITHMS:
            raise SpecError(f"an RSA key does not sign with {algorithm}: choose one of {', '.join(RSA_ALGORITHMS)}")
        numbers = private.private_numbers()
        parts = {
            "n": numbers.public_numbers.n, "e": numbers.public_numbers.e, "d": numbers.d, "p": numbers.p,
            "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp,
        }  # fmt: skip
        jwk = {"kty": "RSA", **{name: _number(value) for name, value in parts.items()}}
    else:
        curve, implied, size = CURVES[private.curve.name]
        if algorithm not in (None, implied):
            raise SpecError(f"a key on {curve} signs with {implied}, not with {algorithm}")
        algorithm = implied
        numbers = private.private_numbers()
        parts = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
        jwk = {"kty": "EC", "crv": curve, **{name: _number(value, size) for name, value in parts.items()}}
    return {"kid": kid, "use": "sig", "alg": algorithm, **jwk}


def thumbprint(certificate):
    """SHA-1 of a certificate in an x5c member (base64 of DER), as RADOS gateways list it: upper-case hexadecimal."""
    return hashlib.sha1(base64.b64decode(certificate)).hexdigest().upper()  # noqa: S324  (the gateways' choice)


def thumbprints(key_set):
    """{kid: thumbprint} of the keys of a set that have a certificate."""
    return {jwk["kid"]: thumbprint(jwk["x5c"][0]) for jwk in _jwks(key_set) if jwk.get("x5c")}


def masked(key_set):
    """The key set with everything private replaced, for diffs."""
    return {
        "keys": [{name: value if name in PUBLIC else MASK for name, value in jwk.items()} for jwk in _jwks(key_set)]
    }


def dump(key_set):
    """The file's content (bytes), the same for the same set."""
    return (json.dumps(key_set, indent=1, sort_keys=True) + "\n").encode()


def parse(content):
    """The key set in a file's content; an empty one where it is none, for then everything is made anew."""
    try:
        found = json.loads(content)
    except ValueError:
        return {"keys": []}
    return {"keys": _jwks(found)}


def _jwks(key_set):
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    return [jwk for jwk in keys if isinstance(jwk, dict) and "kid" in jwk] if isinstance(keys, list) else []


def _kept_certificate(existing, jwk, validity, now):
    """The certificate that the existing set has for this very key, if it is good for a while yet, else None."""
    public = {name: jwk[name] for name in PUBLIC if name in jwk and name not in ("alg", "use")}
    for other in _jwks(existing):
        try:
            if any(other.get(name) != value for name, value in public.items()):
                continue
            text = other["x5c"][0]
            certificate = x509.load_der_x509_certificate(base64.b64decode(text))
            same = certificate.public_key().public_numbers() == _public_numbers(jwk)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            continue
        if same and _end(certificate) - now > datetime.timedelta(days=validity.renew):
            return text
    return None


def _public_numbers(jwk):
    values = {name: int.from_bytes(_decode(jwk[name]), "big") for name in ("n", "e", "x", "y") if name in jwk}
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(values["e"], values["n"])
    curve = {name: curve for curve, (name, _algorithm, _size) in CURVES.items()}[jwk["crv"]]
    classes = {"secp256r1": ec.SECP256R1, "secp384r1": ec.SECP384R1, "secp521r1": ec.SECP521R1}
    return ec.EllipticCurvePublicNumbers(values["x"], values["y"], classes[curve]())


def _new_certificate(private, jwk, subject, validity, now):
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, subject[:64]),
            x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, jwk["kid"][:64]),
        ]
    )
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        # Clocks of others may be a little behind.
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=validity.days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def _end(certificate):
    """When a certificate ends; releases of cryptography before 42 (Debian 12, EL9) only know the naive form."""
    aware = getattr(certificate, "not_valid_after_utc", None)
    return aware or certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)  # noqa: UP017  (Python 3.9)


def _number(value, size=None):
    """An integer as base64url without padding; size: bytes, else as few as it takes."""
    return base64.urlsafe_b64encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
