# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few requests of a new INDIGO IAM that its first configuration takes, with faults on demand.

Everything else of it is doubled in tests/contract/iam.
"""

from __future__ import annotations

import base64
import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

ADMIN = "73f16d93-2441-4a50-88ff-85360d78c6b5"


class FakeIam:
    """A service on a port of its own; `cut` is the number of writes after which connections break."""

    def __init__(self):
        self.passwords = {"admin": "password"}
        self.clients = {
            "client": {"client_id": "client", "client_secret": "secret", "client_name": "Test Client",
                       "grant_types": ["authorization_code"], "scope": "openid"},
        }  # fmt: skip
        self.login_target = "/dashboard"
        self.keys = [{"kid": "rsa1", "x5c": ["AA=="]}]
        self.signer = "rsa1"
        self.health = "UP"
        self.sessions, self.tokens, self.writes, self.cut = {}, {}, [], None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("H", (Handler,), {"iam": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.issuer = self.url
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def state(self):
        """What lasts: passwords and clients."""
        return json.loads(json.dumps([self.passwords, self.clients]))


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; methods are called route_<METHOD>_<path with _>."""

    iam = None

    def log_message(self, *_words):
        """Quiet."""

    def handle_one(self):
        iam = self.iam
        url = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.query = {name: values[0] for name, values in parse_qs(url.query).items()}
        kind = self.headers.get("Content-Type", "")
        form = {name: values[0] for name, values in parse_qs(content).items()}
        body = json.loads(content) if content and "json" in kind else form
        self.secret = None
        who = self.headers.get("Authorization", "")
        if who.startswith("Basic "):
            name, _colon, password = base64.b64decode(who[6:]).decode().partition(":")
            self.secret = name if iam.clients.get(name, {}).get("client_secret") == password else False
        self.admin = iam.sessions.get(self.headers.get("Cookie")) or iam.tokens.get(who.removeprefix("Bearer "))
        parts = [part for part in url.path.split("/") if part]
        if parts[:3] == ["iam", "api", "clients"] and self.admin is None:
            return self.answer(401, {"error": "unauthorized"})
        return self.route(self.command, parts, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

    def answer(self, status, body=None, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        content = b"" if body is None else json.dumps(body).encode()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def wrote(self, what):
        self.iam.writes.append(what)
        if self.iam.cut is not None and len(self.iam.writes) >= self.iam.cut:
            self.iam.cut = None
            self.close_connection = True
            raise ConnectionAbortedError  # done, but nobody hears of it

    def route(self, method, parts, body):
        iam, path = self.iam, "/".join(parts)
        if path == "login":
            if iam.passwords.get(body["username"]) != body["password"]:
                return self.answer(302, headers={"Location": f"{iam.url}/login?error=failure"})
            iam.sessions[f"JSESSIONID=S{len(iam.sessions)}"] = body["username"]
            cookie = f"JSESSIONID=S{len(iam.sessions) - 1}; Path=/; Secure; HttpOnly"
            return self.answer(302, headers={"Location": iam.url + iam.login_target, "Set-Cookie": cookie})
        if path == "token":
            client = iam.clients.get(self.secret or "")
            if not client or "client_credentials" not in client["grant_types"]:
                return self.answer(401, {"error": "invalid_client"})
            if not set(body["scope"].split()) <= set(client["scope"].split()):
                return self.answer(400, {"error": "invalid_scope"})
            header = base64.urlsafe_b64encode(json.dumps({"kid": iam.signer}).encode()).decode().rstrip("=")
            token = f"{header}.{len(iam.tokens)}"
            iam.tokens[token] = self.secret
            return self.answer(200, {"access_token": token, "scope": body["scope"]})
        if path == "introspect":
            return self.answer(200, {"active": False}) if self.secret else self.answer(401, {})
        if path == "iam/password-update":
            if iam.passwords[self.admin] != body["currentPassword"]:
                return self.answer(400, "Wrong password provided")
            iam.passwords[self.admin] = body["updatedPassword"]
            self.wrote("password")
            return self.answer(200)
        if path == "iam/account/find/byusername":
            found = [{"id": ADMIN}] if self.query["username"] in iam.passwords else []
            return self.answer(200, {"Resources": found})
        if path == f"scim/Users/{ADMIN}":
            iam.passwords["admin"] = body["operations"][0]["value"]["password"]
            self.wrote("patch")
            return self.answer(204)
        if parts[:3] == ["iam", "api", "clients"]:
            return self.clients(method, parts[3:], body)
        if path == ".well-known/openid-configuration":
            return self.answer(200, {"issuer": iam.issuer})
        if path == "jwk":
            return self.answer(200, {"keys": iam.keys})
        if path == "actuator/health":
            return self.answer(200 if iam.health == "UP" else 503, {"status": iam.health})
        return self.answer(404, {})

    def clients(self, method, parts, body):
        clients = self.iam.clients
        if method == "POST":
            if body["client_id"] in clients:
                return self.answer(400, {"error": "client_id is not available"})
            clients[body["client_id"]] = body
            self.wrote("create")
            return self.answer(201, body)
        if parts[0] not in clients:
            return self.answer(404, {"error": f"Client not found for clientId: {parts[0]}"})
        if method == "PUT":
            clients[parts[0]] = body
            self.wrote("put")
        if method == "DELETE":
            del clients[parts[0]]
            self.wrote("delete")
            return self.answer(204)
        return self.answer(200, clients[parts[0]])
