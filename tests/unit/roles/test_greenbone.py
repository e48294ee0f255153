# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of role greenbone: GMP over a socket, the administrator, and what it says where something is missing."""

from __future__ import annotations

import http.server
import importlib.util
import socket
import ssl
import threading
import time
import urllib.parse
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "roles/greenbone/files/greenbone.py"
VERSION = "202611230940"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The program as a module, with a feed below tmp_path."""
    spec = importlib.util.spec_from_file_location("greenbone_program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    info = tmp_path / "plugin_feed_info.inc"
    info.write_text(f'PLUGIN_SET = "{VERSION}";\nFEED_NAME = "TEST";\n')
    monkeypatch.setattr(module, "FEED_INFO", info)
    return module


class Server(threading.Thread):
    """Answers each request that has one of these words in it, in pieces as a socket may deliver them."""

    def __init__(self, path: Path, answers: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.answers, self.asked = answers, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.start()

    def run(self) -> None:
        while True:
            connection, _address = self.listener.accept()
            with connection:
                while request := connection.recv(65536).decode():
                    self.asked.append(request)
                    answer = next(text for word, text in self.answers.items() if word in request)
                    for at in range(0, len(answer), 7):
                        connection.sendall(answer[at : at + 7].encode())
                        # So that it is read in pieces too.
                        time.sleep(0.001)


@pytest.fixture
def want(tmp_path):
    return {
        "manager": True,
        "account": "_gvm",
        "gmp_socket": str(tmp_path / "gmp"),
        "osp_socket": str(tmp_path / "osp"),
        "user": "admin",
        "password": "secret & <more>",
        "settings": {},
        "owner_setting": "owner-setting",
        "configs": True,
        "tls_ports": [],
        "api_port": 0,
        "ca": "",
        "timeout": 0,
    }


def gmp(kind: str, inside: str = "", status: int = 200, text: str = "OK") -> str:
    return f'<{kind}_response status="{status}" status_text="{text}">{inside}</{kind}_response>'


def manager(want: dict, **answers: str) -> Server:
    return Server(
        Path(want["gmp_socket"]),
        {
            "authenticate": gmp("authenticate"),
            "verify_scanner": gmp("verify_scanner"),
            "get_configs": gmp("get_configs", '<config id="1"/>'),
            **answers,
        },
    )


def scanner(want: dict, version: str = VERSION) -> Server:
    return Server(
        Path(want["osp_socket"]), {"get_version": gmp("get_version", f"<vts><version>{version}</version></vts>")}
    )


def test_all_is_well(program, want, monkeypatch) -> None:
    scanner(want)
    server = manager(want)
    monkeypatch.setattr(program, "query", lambda _want, _statement: [VERSION])
    assert program.verify(want) == ""
    assert "<password>secret &amp; &lt;more&gt;</password>" in server.asked[0]


def test_checks_that_are_missing(program, want) -> None:
    program.FEED_INFO.unlink()
    assert "there are no checks" in program.verify(want)


def test_checks_that_are_not_loaded_yet(program, want) -> None:
    scanner(want, version="")
    assert f"version none, not {VERSION}" in program.verify(want)


def test_manager_that_knows_others(program, want, monkeypatch) -> None:
    scanner(want)
    manager(want)
    monkeypatch.setattr(program, "query", lambda _want, _statement: ["1"])
    assert f"knows checks of version 1, not {VERSION}" in program.verify(want)


def test_no_scan_config(program, want, monkeypatch) -> None:
    scanner(want)
    manager(want, get_configs=gmp("get_configs"))
    monkeypatch.setattr(program, "query", lambda _want, _statement: [VERSION])
    assert "no scan config" in program.verify(want)


def test_refusal_is_told(program, want) -> None:
    scanner(want)
    manager(want, authenticate=gmp("authenticate", status=400, text="Authentication failed"))
    assert program.verify(want) == "Refused: Authentication failed"


class Gvmd:
    """gvmd's command line and database."""

    def __init__(self, users: dict[str, str], values: dict[str, str]) -> None:
        self.users, self.values, self.commands = users, values, []

    def run(self, _want: dict, *command: str) -> str:
        self.commands.append(command)
        match command:
            case ("gvmd", "--get-users"):
                return "\n".join(self.users)
            case ("gvmd", name, "--role=Admin"):
                self.users[name.partition("=")[2]] = "2"
                return "User created with password 'made up'."
            case ("gvmd", name, _inheritor):
                if name.startswith("--delete-user="):
                    del self.users[name.partition("=")[2]]
                elif name.startswith("--modify-setting="):
                    self.values[name.partition("=")[2]] = command[2].partition("=")[2]
                return ""
        table = self.users if "from users" in command[5] else self.values
        return "\n".join(f"{key}|{value}" for key, value in table.items())


@pytest.fixture
def gvmd(program, monkeypatch):
    ours = Gvmd({"admin": "1"}, {"owner-setting": "1"})
    monkeypatch.setattr(program, "run", ours.run)
    return ours


def test_nothing_to_do(program, want, gvmd) -> None:
    manager(want)
    assert program.administer(want, plan=False) is False
    assert not [command for command in gvmd.commands if "--modify" in command[1] or "--create" in command[1]]


def test_helper_of_a_run_that_was_cut_off(program, want, gvmd) -> None:
    manager(want)
    gvmd.users[program.HELPER] = "2"
    assert program.administer(want, plan=False) is False
    assert program.HELPER not in gvmd.users


def test_setting(program, want, gvmd) -> None:
    manager(want)
    gvmd.values["owner-setting"] = "somebody"
    assert program.administer(want, plan=True) is True
    assert gvmd.values["owner-setting"] == "somebody"
    assert program.administer(want, plan=False) is True
    assert gvmd.values["owner-setting"] == "1"


def test_new_password_goes_through_the_socket(program, want, gvmd, monkeypatch) -> None:
    known = iter([False, True])
    monkeypatch.setattr(program, "knows_password", lambda _want: next(known))
    server = manager(
        want,
        get_users=gmp("get_users", '<user id="1"><role id="observer"/></user>'),
        modify_user=gmp("modify_user"),
    )
    assert program.administer(want, plan=False) is True
    sent = server.asked[-1]
    assert '<modify_user user_id="1">' in sent
    assert '<role id="observer"/>' in sent
    assert "secret" not in str(gvmd.commands)
    assert program.HELPER not in gvmd.users


def test_new_host_is_planned(program, want) -> None:
    assert program.administer(want, plan=True) is True


class Api(http.server.BaseHTTPRequestHandler):
    """Lets users in as gsad does: 200 with their password, 401 without; anybody where ``open`` is set."""

    open = False

    def do_POST(self) -> None:
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert (self.path, form["cmd"], form["login"]) == ("/gmp", ["login"], ["admin"])
        self.send_response(200 if self.open or form["password"] == ["secret & <more>"] else 401)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def api(want):
    certificate = PROGRAM.parents[3] / "tests/unit/plugins/module_utils/gmp/cert"
    server = http.server.HTTPServer(("localhost", 0), Api)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.with_suffix(".pem"), certificate.with_suffix(".key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    want |= {"api_port": server.server_port, "ca": str(certificate.with_suffix(".pem"))}
    yield server
    server.shutdown()
    server.server_close()


def test_api_takes_the_password_and_no_other(program, want, api, monkeypatch) -> None:
    assert program.check_api(want) == ""
    monkeypatch.setattr(Api, "open", True)
    assert program.check_api(want) == f"port {want['api_port']} answers (200, 200) to a good and a wrong password"


def test_api_with_a_certificate_of_nobody_known(program, want, api) -> None:
    want["ca"] = None
    assert "CERTIFICATE_VERIFY_FAILED" in program.check_api(want)


def test_api_that_is_away(program, want) -> None:
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        want["api_port"] = taken.getsockname()[1]
        want["ca"] = None
        assert "see: systemctl status gsad.service" in program.check_api(want)
