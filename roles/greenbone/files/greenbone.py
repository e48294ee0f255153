# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Greenbone on this host: its administrator, its settings, and whether it answers.

Usage: greenbone.py plan|set|verify, with a JSON object on standard input: manager (bool), account (the system's user of
gvmd), gmp_socket, osp_socket, user, password, settings ({identifier: value}), owner_setting (the identifier of the
setting that says whose the feed's objects are), configs (bool: scan configs come with the feed), tls_ports, api_port
(0: none), ca, timeout (seconds). "plan" and "set" say "changed" where something is or was to be done. GMP and OSP are
XML over a socket (https://docs.greenbone.net/API/GMP/gmp-22.7.html); the API over HTTPS takes forms (gsad(8)).

Passwords go through the manager's socket: gvmd would take them on its command line, where everybody reads them. To set
the one of a user whose password is not known, a second administrator lives for a moment.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

HELPER = "datacloud-setup"
FEED_INFO = Path("/var/lib/openvas/plugins/plugin_feed_info.inc")
# What gvmd and ospd have built in: the role of administrators, and the scanner beside the manager.
ADMIN_ROLE = "7a8cb5b4-b74d-11e2-8187-406186ea4fc5"
OWN_SCANNER = "08b69003-5fc2-4037-a479-93b440211c73"


class Refused(Exception):
    """The server answered that it would not do what it was asked."""


class Connection:
    """A conversation in GMP or OSP through a Unix socket."""

    def __init__(self, path: str, timeout: float = 60) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def ask(self, request: str) -> ElementTree.Element:
        """Send a request and return its answer. Raises Refused unless its status is 2xx, and OSError."""
        self.socket.sendall(request.encode())
        parser = ElementTree.XMLPullParser(["start", "end"])
        depth = 0
        while True:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the connection was closed before an answer came")
            parser.feed(data)
            # Since its release 2.6 Expat puts off what came in small pieces; with the last one it would wait for ever.
            # Pythons that know nothing of it have no flush.
            if hasattr(parser, "flush"):
                parser.flush()
            for event, element in parser.read_events():
                depth += 1 if event == "start" else -1
                if depth == 0:
                    if not element.get("status", "").startswith("2"):
                        raise Refused(element.get("status_text") or f"status {element.get('status')}")
                    return element

    def log_in(self, user: str, password: str) -> None:
        """Raises Refused where the manager knows no such user with this password."""
        credentials = f"<username>{escape(user)}</username><password>{escape(password)}</password>"
        self.ask(f"<authenticate><credentials>{credentials}</credentials></authenticate>")


def run(want: dict, *command: str) -> str:
    """The output of a command that is run as gvmd's own user."""
    done = subprocess.run(
        ("runuser", "--user", want["account"], "--", *command), cwd="/", capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"{command[0]} {command[1]}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def query(want: dict, statement: str) -> list[str]:
    """The lines of an answer of gvmd's database."""
    options = ("--no-psqlrc", "--tuples-only", "--no-align", "--command", statement)
    return run(want, "psql", *options, "gvmd").splitlines()


def connect(want: dict) -> Connection:
    """The manager, which may have been started just now."""
    end = time.monotonic() + 60
    while True:
        try:
            return Connection(want["gmp_socket"])
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def knows_password(want: dict) -> bool:
    with connect(want) as manager:
        try:
            manager.log_in(want["user"], want["password"])
        except Refused:
            return False
        return True


def drop_helper(want: dict) -> None:
    """A helper may be left of a run that was cut off."""
    if any(line.split(" ")[0] == HELPER for line in run(want, "gvmd", "--get-users").splitlines()):
        run(want, "gvmd", f"--delete-user={HELPER}", f"--inheritor={want['user']}")


def set_password(want: dict) -> None:
    """Make the administrator, or give the one that is there this password."""
    drop_helper(want)
    said = run(want, "gvmd", f"--create-user={HELPER}", "--role=Admin")
    password = re.search(r"'([^']+)'", said)
    if not password:
        raise Refused(f"gvmd gave no password for a new user but said: {said.strip()}")
    with connect(want) as manager:
        manager.log_in(HELPER, password[1])
        name = quoteattr(f'name="{want["user"]}" rows=-1')
        found = manager.ask(f"<get_users filter={name}/>").find("user")
        secret = f"<password>{escape(want['password'])}</password>"
        role = f'<role id="{ADMIN_ROLE}"/>'
        if found is None:
            manager.ask(f"<create_user><name>{escape(want['user'])}</name>{secret}{role}</create_user>")
        else:
            # Without its roles and hosts in the request it would lose them.
            roles = "".join(f'<role id="{item.get("id")}"/>' for item in found.iter("role")) or role
            manager.ask(f'<modify_user user_id="{found.get("id")}">{secret}{roles}</modify_user>')
    drop_helper(want)


def settings(want: dict) -> dict[str, str]:
    """The settings of gvmd that are to have other values than they have."""
    wanted = {str(key): str(value) for key, value in want["settings"].items()}
    if want["owner_setting"] not in wanted:
        users = dict(line.split("|", 1) for line in query(want, "select name, uuid from users"))
        wanted[want["owner_setting"]] = users.get(want["user"], "")
    current = dict(line.split("|", 1) for line in query(want, "select uuid, value from settings where owner is null"))
    return {key: value for key, value in wanted.items() if current.get(key) != value}


def administer(want: dict, plan: bool) -> bool:
    """Bring administrator and settings to what they should be; return whether something was, or is, to be done."""
    if plan and not Path(want["gmp_socket"]).exists():
        return True
    changed = not knows_password(want)
    if changed and not plan:
        set_password(want)
        if not knows_password(want):
            raise Refused(f"{want['user']} cannot log in with the password that it was given")
    elif not plan:
        drop_helper(want)
    different = settings(want)
    for key, value in {} if plan else different.items():
        run(want, "gvmd", f"--modify-setting={key}", f"--value={value}")
    return changed or bool(different)


def feed_version() -> str:
    """The version of the checks on disk, "" where there are none."""
    try:
        text = FEED_INFO.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    found = re.search(r'PLUGIN_SET\s*=\s*"(\d+)"', text)
    return found[1] if found else ""


def look(want: dict) -> str:
    """What is still missing; "" where all is well."""
    version = feed_version()
    if not version:
        return f"there are no checks: {FEED_INFO} is missing; see: systemctl status datacloud-greenbone-feed.service"
    with Connection(want["osp_socket"]) as scanner:
        loaded = scanner.ask("<get_version/>").findtext("vts/version") or "none"
    if loaded != version:
        return f"the scanner has loaded checks of version {loaded}, not {version}; see: /var/log/gvm/openvas.log"
    if not want["manager"]:
        return ""
    with connect(want) as manager:
        manager.log_in(want["user"], want["password"])
        manager.ask(f'<verify_scanner scanner_id="{OWN_SCANNER}"/>')
        stored = (query(want, "select value from meta where name = 'nvts_feed_version'") or ["none"])[0]
        if stored != version:
            return f"the manager knows checks of version {stored}, not {version}; see: /var/log/gvm/gvmd.log"
        if want["configs"] and manager.ask("<get_configs filter='rows=1'/>").find("config") is None:
            return "the manager has no scan config: the feed's data objects did not come"
    return ""


def check_tls(want: dict) -> str:
    """Nothing ("") where each port wants a certificate of its clients, and shows one that its authority signed."""
    context = ssl.create_default_context(cafile=want["ca"])
    # The name is the clients' to check: here it is this host by whatever address.
    context.check_hostname = False
    for port in want["tls_ports"]:
        try:
            with (
                socket.create_connection(("localhost", port), timeout=10) as plain,
                context.wrap_socket(plain) as secure,
            ):
                # In TLS 1.3 a refusal comes after the handshake.
                secure.sendall(b"<get_version/>")
                if secure.recv(1):
                    return f"port {port} answers to somebody without a certificate"
        except ssl.SSLCertVerificationError as error:
            return f"port {port} shows a certificate that is not trusted: {error.verify_message}"
        except ConnectionRefusedError:
            return f"nothing listens on port {port}; see: systemctl status datacloud-greenbone-tls.service"
        except OSError:
            continue
    return ""


def check_api(want: dict) -> str:
    """Nothing ("") where the API over HTTPS lets the administrator in, and nobody with another password."""
    if not want["api_port"]:
        return ""
    context = ssl.create_default_context(cafile=want["ca"])
    # As above: the name is the clients' to check.
    context.check_hostname = False

    url = f"https://localhost:{want['api_port']}/gmp"

    def status(password: str) -> int:
        form = urllib.parse.urlencode({"cmd": "login", "login": want["user"], "password": password}).encode()
        try:
            with urllib.request.urlopen(url, form, 60, context=context) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    try:
        answers = status(want["password"]), status("not the password")
    except OSError as error:
        return f"port {want['api_port']}: {error}; see: systemctl status gsad.service"
    return "" if answers == (200, 401) else f"port {want['api_port']} answers {answers} to a good and a wrong password"


def verify(want: dict) -> str:
    """Wait until all is well; return what is not, if it is still so after the timeout."""
    end = time.monotonic() + want["timeout"]
    while True:
        try:
            problem = look(want)
        except (OSError, Refused, ElementTree.ParseError) as error:
            problem = f"{type(error).__name__}: {error}"
        if not problem:
            return check_tls(want) or check_api(want)
        if time.monotonic() > end:
            return problem
        time.sleep(2)


def main() -> int:
    command, want = sys.argv[1], json.load(sys.stdin)
    if command == "verify":
        problem = verify(want)
        print(problem, file=sys.stderr)
        return 1 if problem else 0
    if administer(want, plan=command == "plan"):
        print("changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
