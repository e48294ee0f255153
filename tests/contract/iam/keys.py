# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key store: a JSON Web Key Set with private keys, one of which signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from flask import json
from jwcrypto import jwk, jwt
from jwcrypto.common import JWException

from .settings import StartError

ALGORITHMS = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


class KeyStore:
    """Signs and checks tokens; `public` is what /jwk answers."""

    def __init__(self, document, key_id):
        """document: the key set (dict); key_id: kid of the key that signs (IAM_JWK_DEFAULT_KEY_ID).

        Raise StartError where upstream would not start: a key without kid, a public key, or no key of that id.
        """
        self.keys = {}
        for entry in document.get("keys") or []:
            try:
                key = jwk.JWK(**entry)
            except (JWException, ValueError, TypeError) as wrong:
                raise StartError(f"The key store has a key that cannot be read: {wrong}") from wrong
            if not entry.get("kid"):
                raise StartError("The key store has a key without kid.")
            if not key.has_private:
                raise StartError(f"Key {entry['kid']} of the key store has no private part.")
            self.keys[entry["kid"]] = key
        if key_id not in self.keys:
            raise StartError(f"The key store has no key '{key_id}', which IAM_JWK_DEFAULT_KEY_ID names.")
        self.key_id = key_id
        # jwcrypto keeps x5c, so certificates of the key store are published as upstream publishes them.
        self.public = {"keys": [key.export_public(as_dict=True) for key in self.keys.values()]}

    @classmethod
    def from_file(cls, path, key_id):
        """Read the key set of a file (Path)."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as wrong:
            raise StartError(f"The key store {path} cannot be read: {wrong}") from wrong
        return cls(document, key_id)

    def sign(self, claims):
        """Return a signed JWT (str) of claims (dict)."""
        key = self.keys[self.key_id]
        algorithm = key.get("alg") or ALGORITHMS[key["crv"] if key["kty"] == "EC" else key["kty"]]
        token = jwt.JWT(header={"kid": self.key_id, "alg": algorithm, "typ": "JWT"}, claims=claims)
        token.make_signed_token(key)
        return token.serialize()

    def claims(self, text):
        """Return the claims (dict) of a token that one of our keys signed and that has not expired, else None."""
        try:
            token = jwt.JWT(algs=list(ALGORITHMS.values()))
            token.leeway = 0
            token.deserialize(text)
            key = self.keys.get(token.token.jose_header.get("kid"))
            if key is None:
                return None
            token.validate(key)
            return json.loads(token.claims)
        except (JWException, ValueError, TypeError):
            return None


def generate(key_id="rsa1", size=2048):
    """Return a key set (dict) with one new RSA key and its self-signed certificate in x5c, as RGW wants it."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=size)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"IAM double {key_id}")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=30))
        .sign(private, hashes.SHA256())
    )
    key = jwk.JWK.from_pyca(private)
    pem = certificate.public_bytes(Encoding.PEM).decode()
    body = "".join(line for line in pem.splitlines() if "-----" not in line)
    document = key.export(as_dict=True, private_key=True)
    return {"keys": [{**document, "kid": key_id, "use": "sig", "alg": "RS256", "x5c": [body]}]}
