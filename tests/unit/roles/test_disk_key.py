# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of role disk_encryption that gets keys, against an OpenBao of this test on loopback."""

from __future__ import annotations

import importlib.util
import json
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "roles" / "disk_encryption" / "files" / "disk_key.py"
KEY = "k" * 48
PATH = "datacloud/data/disks/host/clinical"


def load():
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("disk_key", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


disk_key = load()


class Handler(BaseHTTPRequestHandler):
    """Answers like OpenBao's KV version 2."""

    def do_GET(self):
        if self.headers["X-Vault-Token"] != "good" or self.headers.get("X-Vault-Namespace", "") != "":
            self.send_error(403)
        elif self.server.sealed:
            self.server.sealed -= 1
            self.send_error(503)
        elif self.path != f"/v1/{PATH}":
            self.send_error(404)
        else:
            body = json.dumps({"data": {"data": self.server.secret}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server, reached without TLS: what is tried here is the program, not Python's TLS."""
    running = HTTPServer(("127.0.0.1", 0), Handler)
    running.sealed, running.secret = 0, {"kind": "password", "value": KEY}
    threading.Thread(target=running.serve_forever, daemon=True).start()
    monkeypatch.setattr(disk_key.ssl, "create_default_context", lambda cafile: None)
    https = disk_key.urllib.request.HTTPHandler
    monkeypatch.setattr(disk_key.urllib.request, "HTTPSHandler", lambda context: https())
    monkeypatch.setattr(disk_key, "PAUSE_FIRST", 0.01)
    (tmp_path / "token").write_text("good\n")
    running.settings = {
        "url": f"http://127.0.0.1:{running.server_port}",
        "ca_file": "unused",
        "namespace": "",
        "path": PATH,
        "field": "value",
        "token_file": str(tmp_path / "token"),
        "wait": 5,
    }
    running.configuration = tmp_path / "clinical.json"
    running.configuration.write_text(json.dumps(running.settings))
    yield running
    running.shutdown()


def test_the_key_is_written_for_root_only(server, tmp_path):
    target = tmp_path / "keys" / "clinical.key"
    assert disk_key.main([str(server.configuration), str(target)]) == 0
    assert target.read_text() == KEY
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700


def test_it_waits_until_openbao_is_unsealed(server, tmp_path, capsys):
    server.sealed = 3
    assert disk_key.main([str(server.configuration), str(tmp_path / "key")]) == 0
    said = capsys.readouterr().err
    assert said.count("503") == 1 and KEY not in said


def test_a_link_in_the_place_of_the_key_is_not_followed(server, tmp_path):
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    assert disk_key.main([str(server.configuration), str(tmp_path / "key")]) == 0
    assert (tmp_path / "elsewhere").read_text() == "" and not (tmp_path / "key").is_symlink()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": "datacloud/data/disks/host/other"}, "answered 404"),
        ({"namespace": "wrong"}, "answered 403"),
        ({"field": "password"}, "no field password"),
        ({"field": "number"}, "no text"),
        ({"token_file": "/nonexistent"}, "no token in /nonexistent"),
        ({"url": "http://127.0.0.1:1"}, "refused"),
    ],
)
def test_what_is_wrong_is_told_without_secrets(server, tmp_path, capsys, change, said):
    server.secret["number"] = 7
    server.configuration.write_text(json.dumps({**server.settings, "wait": 0, **change}))
    assert disk_key.main([str(server.configuration), str(tmp_path / "key")]) == 1
    told = capsys.readouterr().err
    assert said in told and KEY not in told and "good" not in told
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("status", [0, 2])
def test_check_gives_the_key_to_cryptsetup_on_standard_input(server, monkeypatch, status):
    calls = []

    def run(argv, **options):
        calls.append((argv, options["input"]))
        return subprocess.CompletedProcess(argv, status)

    monkeypatch.setattr(disk_key.subprocess, "run", run)
    assert disk_key.main(["--check", str(server.configuration), "/dev/vdb"]) == (1 if status else 0)
    assert calls[0][1] == KEY.encode() and KEY not in calls[0][0]
