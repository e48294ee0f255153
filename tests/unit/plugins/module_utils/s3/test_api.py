# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire to RGW's admin API, and how its refusals read."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api


class Admin(BaseHTTPRequestHandler):
    """RGW's admin API as far as it is used: signed in the query, no body."""

    def answer(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        signed = {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"} <= set(query)
        body = self.headers.get("Content-Length", "0") != "0"
        known = query.get("X-Amz-Credential", [""])[0].startswith("ADMIN/")
        self.send_response(501 if body else 200 if signed and known else 403)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(json.dumps({"path": url.path, "bucket": query["bucket"][0]}).encode())

    do_GET = do_PUT = answer

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def service():
    server = HTTPServer(("127.0.0.1", 0), Admin)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    given = {"endpoint_url": f"http://127.0.0.1:{server.server_port}/", "region": "us-east-1", "ca_bundle": None}
    yield lambda key: api.S3({**given, "access_key": key, "secret_key": "hidden-away", "timeout": 5})
    server.shutdown()
    thread.join()
    server.server_close()


def test_admin(service):
    s3 = service("ADMIN")
    assert s3.admin("GET", "bucket", "bucket b", {"bucket": "b"}) == {"path": "/admin/bucket", "bucket": "b"}
    assert s3.admin("PUT", "bucket", "bucket b", {"quota": "", "bucket": "b"}) is None


def test_admin_without_the_capability(service):
    with pytest.raises(core.ApiError, match=r"HTTP 403; the user of these keys needs the capability buckets=\*"):
        service("OTHER").admin("GET", "bucket", "bucket b", {"bucket": "b"})


def test_checksums_only_where_required(service):
    config = service("ADMIN").client.meta.config
    assert config.request_checksum_calculation == config.response_checksum_validation == "when_required"
    assert config.s3["addressing_style"] == "path"
