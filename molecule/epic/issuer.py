# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An issuer of tokens for the tests of the VPN: discovery and keys over https, tokens as files.

    issuer.py ISSUER CERTIFICATE KEY AUDIENCE GROUP FOLDER

ISSUER is https://name:port, and its port is served. FOLDER gets files of two lines, as OpenVPN's auth-user-pass reads
them: good, expired, stranger (of another group), elsewhere (for another audience), forged (of another key).
"""

from __future__ import annotations

import json
import ssl
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KID = "molecule"


def write_tokens(issuer, key, audience, group, folder):
    """Write the tokens into a folder (str); key: an RSA key, the issuer's."""
    now = int(time.time())
    good = {"iss": issuer, "sub": "molecule", "aud": audience, "iat": now, "exp": now + 3600, "wlcg.groups": [group]}
    forged = rsa.generate_private_key(65537, 2048)
    for name, claims, signer in (
        ("good", good, key),
        ("expired", good | {"iat": now - 7200, "exp": now - 3600}, key),
        ("stranger", good | {"wlcg.groups": ["/somebody-else"]}, key),
        ("elsewhere", good | {"aud": "https://elsewhere.example.org"}, key),
        ("forged", good, forged),
    ):
        token = jwt.encode(claims, signer, algorithm="RS256", headers={"kid": KID})
        Path(folder, name).write_text(f"molecule\n{token}\n", encoding="utf-8")


def main(issuer, certificate, private_key, audience, group, folder):
    """Write the tokens, then serve until killed."""
    key = rsa.generate_private_key(65537, 2048)
    write_tokens(issuer, key, audience, group, folder)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": KID, "use": "sig"}
    answers = {
        "/.well-known/openid-configuration": {"issuer": issuer, "jwks_uri": f"{issuer}/jwk"},
        "/jwk": {"keys": [public]},
    }

    class Handler(BaseHTTPRequestHandler):
        """Answers two addresses."""

        def do_GET(self):
            answer = answers.get(self.path)
            self.send_response(200 if answer else 404)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

    server = ThreadingHTTPServer(("0.0.0.0", urllib.parse.urlsplit(issuer).port), Handler)  # noqa: S104
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
