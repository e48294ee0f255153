# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenVPN asks on the gateway about its clients; see openvpn(8), "Scripting and Environmental Variables".

    vpn_server.py SETTINGS connect FILE     client-connect: write the client's address and routes into FILE
    vpn_server.py SETTINGS token            auth-user-pass-verify, via-env: is the password a token that opens this?
    vpn_server.py SETTINGS sessions [--check]
                                            end the sessions that are no longer what SETTINGS and the revocation list
                                            say, and print whose they are

SETTINGS is JSON: clients {NAME@TENANT: {tenant, address, subject}}, tenants {name: {netmask, gateway, routes, dns,
group}}, state (a folder of OpenVPN's own), management (its socket), revocations (a file), token ({} or {issuer,
audience, groups_claim, ca_file}). Whatever is wrong, the client is refused: the exit status is 1, and a line on
standard error, which is OpenVPN's log, says why. No token is in an argument, a log or a file.
Python 3.9 or later; tokens need PyJWT 2.4 with cryptography, the list of revocations needs cryptography.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

# Signatures of a public key only: with a shared secret, everybody who can check a token could make one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
# Seconds.
TIMEOUT = 10
LEEWAY = 30
KEYS_FRESH = 3600
KEYS_LAST_RESORT = 86400
ASK_AGAIN_AFTER = 30
MAX_ANSWER = 256 * 1024
# What OpenVPN tells its scripts, in lower case.
TOLD = os.environ
# What a script of auth-user-pass-verify returns when its answer comes later in a file (OpenVPN 2.6).
DEFERRED = 2


class Refused(Exception):
    """Why somebody does not come in, in one line."""


# --- connect ---------------------------------------------------------------------------------------------------------


def wanted(settings, name):
    """What a client gets: the lines of its configuration (list of str). Raises Refused."""
    client = settings["clients"].get(name)
    tenant = settings["tenants"].get(client["tenant"]) if client else None
    if not tenant:
        raise Refused("is no client of this gateway")
    return [
        f"ifconfig-push {client['address']} {tenant['netmask']}",
        f'push "route-gateway {tenant["gateway"]}"',
        *(f'push "route {route}"' for route in tenant["routes"]),
        *(f'push "dhcp-option DNS {server}"' for server in tenant["dns"]),
    ]


def connect(settings, path):
    """Write what the client gets into a file (path: str), and remember it."""
    name, serial = TOLD["common_name"], TOLD.get("tls_serial_0", "")
    lines = wanted(settings, name)
    Path(path).write_text("\n".join([*lines, ""]), encoding="utf-8")
    given = Path(settings["state"], f"given-{name}.json")
    given.write_text(json.dumps({"lines": lines, "serial": serial}), encoding="utf-8")


# --- sessions --------------------------------------------------------------------------------------------------------


class Management:
    """OpenVPN's management interface on a Unix socket, as its doc/management-notes.txt says."""

    def __init__(self, path):
        """path: the socket (str)."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8", errors="replace")

    def ask(self, command):
        """The answer to a command (list of lines); of one line where it begins with SUCCESS or ERROR."""
        self.socket.sendall(f"{command}\n".encode())
        answer = []
        for line in self.lines:
            line = line.rstrip("\r\n")
            # Lines with ">" are news that nobody asked for.
            if line == "END":
                return answer
            if line.startswith(("SUCCESS:", "ERROR:")):
                return [line]
            if not line.startswith(">"):
                answer.append(line)
        raise OSError("the management interface closed the connection")

    def names(self):
        """Who is connected ({str})."""
        fields = [line.split("\t") for line in self.ask("status 3")]
        return {field[1] for field in fields if field[0] == "CLIENT_LIST" and field[1] != "UNDEF"}


def revoked_serials(path):
    """The serial numbers on a revocation list ({int})."""
    from cryptography import x509

    return {entry.serial_number for entry in x509.load_pem_x509_crl(Path(path).read_bytes())}


def is_over(settings, name, revoked):
    """Whether a client's session is not what it would get now (bool); revoked: serial numbers."""
    try:
        given = json.loads(Path(settings["state"], f"given-{name}.json").read_text(encoding="utf-8"))
        return given["lines"] != wanted(settings, name) or int(given["serial"]) in revoked
    except (OSError, ValueError, Refused):
        return True


def sessions(settings, check):
    """End the sessions that are over, or with check only say whose they are."""
    try:
        management = Management(settings["management"])
    except OSError:
        return  # It does not run, so there is none.
    revoked = revoked_serials(settings["revocations"])
    for name in sorted(management.names()):
        if is_over(settings, name, revoked):
            print(name)
            if not check:
                management.ask(f"kill {name}")


# --- tokens ----------------------------------------------------------------------------------------------------------


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The issuer's own address answers, or nobody."""

    def redirect_request(self, *_arguments):
        """Follow nothing: the redirection is then an error like any other answer."""


def read_json(url, ca_file):
    """The JSON object behind an https address (dict). Raises Refused."""
    if urllib.parse.urlsplit(url).scheme != "https":
        raise Refused(f"{url} is not https")
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), NoRedirect)
        with opener.open(url, timeout=TIMEOUT) as response:
            answer = json.loads(response.read(MAX_ANSWER))
    except (OSError, ValueError) as error:
        raise Refused(f"{url} does not answer as it should ({getattr(error, 'reason', error)})") from None
    if not isinstance(answer, dict):
        raise Refused(f"{url} does not answer with an object")
    return answer


def ask_for_keys(token):
    """The issuer's public keys, a list of JWKs (RFC 7517), found as OpenID Connect Discovery says. Raises Refused."""
    issuer = token["issuer"]
    about = read_json(issuer.rstrip("/") + "/.well-known/openid-configuration", token["ca_file"])
    if about.get("issuer") != issuer:
        raise Refused(f"{issuer} calls itself {about.get('issuer')}")
    keys = read_json(str(about.get("jwks_uri")), token["ca_file"]).get("keys")
    if not isinstance(keys, list):
        raise Refused(f"{about.get('jwks_uri')} holds no keys")
    return [key for key in keys if isinstance(key, dict)]


def issuer_key(settings, kid):
    """The issuer's key with an id (dict). Raises Refused.

    The keys are kept for an hour, and for a day while the issuer does not answer. An id that is not among them is
    asked for, but not more often than every half minute, however many tokens name one.
    """
    file = Path(settings["state"], "keys.json")
    kept = {"issuer": "", "time": 0, "keys": []}
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(file.read_text(encoding="utf-8"))
    age = time.time() - kept["time"] if kept["issuer"] == settings["token"]["issuer"] else KEYS_LAST_RESORT + 1
    found = [key for key in kept["keys"] if key.get("kid") == kid] if 0 <= age <= KEYS_LAST_RESORT else []
    if age > KEYS_FRESH or (not found and age > ASK_AGAIN_AFTER) or age < 0:
        try:
            keys = ask_for_keys(settings["token"])
            new = file.with_name(f"keys.json.{os.getpid()}")
            new.write_text(
                json.dumps({"issuer": settings["token"]["issuer"], "time": time.time(), "keys": keys}), encoding="utf-8"
            )
            new.replace(file)
            found = [key for key in keys if key.get("kid") == kid]
        except Refused as error:
            if not found:
                raise
            print(f"vpn: the keys from {int(age)} seconds ago go on: {error}", file=sys.stderr)
    if len(found) != 1 or found[0].get("use", "sig") != "sig":
        raise Refused("has a token of another key than the issuer's")
    return found[0]


def check_token(settings, name, token):
    """Refuse a client (name: str) whose token (str) does not open its tenant's network."""
    import jwt

    client = settings["clients"].get(name)
    if not client:
        raise Refused("is no client of this gateway")
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise Refused(f"has a token that is signed with {algorithm}")
        key = jwt.PyJWK(issuer_key(settings, header.get("kid")), algorithm=algorithm).key
        claims = jwt.decode(
            token, key, algorithms=[algorithm], leeway=LEEWAY,
            audience=settings["token"]["audience"], issuer=settings["token"]["issuer"],
            options={"require": ["exp", "iss", "aud", "sub"]},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
        # PyJWT's messages hold claims' names, and no token.
        raise Refused(f"has a token that is not good ({type(error).__name__}: {error})") from None
    groups = claims.get(settings["token"]["groups_claim"])
    groups = {str(group).strip("/") for group in groups} if isinstance(groups, list) else set()
    group = settings["tenants"][client["tenant"]]["group"]
    if not group or group.strip("/") not in groups:
        raise Refused(f"has a token of somebody who is not in {group or 'a group that opens this'}")
    if client["subject"] and claims["sub"] != client["subject"]:
        raise Refused("has somebody else's token")


def token(settings):
    """Start to check the password, and let OpenVPN go on with its other clients meanwhile.

    From the environment, which only OpenVPN's user and root can read: the file that OpenVPN would write instead has
    room for 512 bytes (STATUS_PRINTF_MAXLEN), and a token has more.
    """
    name = TOLD["common_name"]
    password = TOLD.get("password", "")
    answer = Path(TOLD["auth_control_file"])
    if os.fork():
        return DEFERRED
    verdict = "0"
    try:
        check_token(settings, name, password.strip())
        verdict = "1"
    except Refused as error:
        print(f"vpn: {name} {error}", file=sys.stderr)
        with contextlib.suppress(OSError, KeyError):
            Path(TOLD["auth_failed_reason_file"]).write_text(f"{name} {error}"[:200], encoding="utf-8")
    finally:
        # Also after an error that nobody foresaw: OpenVPN would wait for an answer.
        answer.write_text(verdict, encoding="utf-8")
    return 0


# --- the command line ------------------------------------------------------------------------------------------------


def main(arguments=None):
    """Do what the command line says; the exit status (int)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("settings")
    parser.add_argument("what", choices=["connect", "token", "sessions"])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    settings = json.loads(Path(options.settings).read_text(encoding="utf-8"))
    try:
        if options.what == "sessions":
            sessions(settings, options.check)
        elif options.what == "token":
            return token(settings)
        else:
            connect(settings, options.file)
    except Refused as error:
        print(f"vpn: {TOLD.get('common_name', '')} {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
