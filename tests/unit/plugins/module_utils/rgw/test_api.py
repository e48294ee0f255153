# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command and the one request to another site's gateway."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.rgw import api


@pytest.fixture
def command(tmp_path):
    """A function (shell script) -> RgwAdmin that runs it."""
    conf = tmp_path / "ceph.conf"
    conf.write_text("")

    def make(script, timeout=10):
        path = tmp_path / "radosgw-admin"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return api.RgwAdmin({"executable": str(path), "conf": str(conf), "client": "client.x", "timeout": timeout})

    return make


def test_the_secret_is_in_the_environment_only(command):
    admin = command('echo "{\\"args\\": \\"$*\\", \\"env\\": \\"$CEPH_ARGS\\"}"')
    answer = admin.json("realm", "pull", secrets={"--access-key": "A", "--secret": "hidden-away"})
    assert "hidden-away" not in answer["args"] and "--name client.x --format json" in answer["args"]
    assert answer["env"] == "--access-key=A --secret=hidden-away"


def test_what_is_in_ceph_args_stays(monkeypatch):
    monkeypatch.setenv("CEPH_ARGS", "--cluster backup")
    assert api.environment({"--secret": "s"})["CEPH_ARGS"] == "--cluster backup --secret=s"


def test_standard_input(command):
    assert command("cat").json("zone", "set", stdin={"a": 1}) == {"a": 1}


def test_failure_says_what_it_said_without_stamps_and_secrets(command):
    admin = command(
        'echo "2026-11-22T18:43:19.123+0000 7f97ec0b1a80  0 failed reading hidden-away" >&2;'
        'echo "failed to commit" >&2; echo "failed to commit" >&2; exit 22'
    )
    with pytest.raises(api.RgwError) as raised:
        admin.json("period", "update", secrets={"--secret": "hidden-away"})
    assert raised.value.rc == 22 and "hidden-away" not in str(raised.value)
    assert str(raised.value).endswith(f"failed reading {core.MASK}; failed to commit")


def test_timeout(command):
    with pytest.raises(api.RgwError, match="no answer within 1 s") as raised:
        command("exec sleep 20", timeout=1).json("zone", "list")
    assert raised.value.rc is None


@pytest.mark.parametrize(
    ("output", "value"),
    [("", None), ("no JSON\n", None), ('Sending period to new master\n{"a": 1}\n', {"a": 1}), ('["x"]', ["x"])],
)
def test_parse(output, value):
    assert api.parse(output, "command") == value


def test_parse_of_a_cut_answer():
    with pytest.raises(api.RgwError, match="not JSON"):
        api.parse('{"a": ', "radosgw-admin zone get")


class Gateway(BaseHTTPRequestHandler):
    """Answers like RGW's admin API, after checking the signature as it does."""

    def do_GET(self):
        signed = f"GET\n\n\n{self.headers['Date']}\n{self.path.split('?')[0]}".encode()
        digest = base64.b64encode(hmac.new(b"right", signed, hashlib.sha1).digest()).decode()
        granted = self.headers["Authorization"] == f"AWS SYNC:{digest}"
        self.send_response(200 if granted else 403)
        self.end_headers()
        self.wfile.write(json.dumps({"id": "p", "epoch": 3, "asked": self.path}).encode())

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def gateway():
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_remote_period(gateway):
    period = api.remote_period(gateway + "/", "dc", "SYNC", "right")
    assert period["asked"] == "/admin/realm/period?realm_name=dc"


def test_remote_period_with_wrong_keys(gateway):
    with pytest.raises(core.ApiError, match="HTTP 403"):
        api.remote_period(gateway, "dc", "SYNC", "wrong")


def test_remote_period_of_a_gateway_that_is_down():
    with pytest.raises(api.Unreachable):
        api.remote_period("http://127.0.0.1:1", "dc", "SYNC", "right")
