# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes and the wait for them, with recorded answers and a clock that is ours."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.module_utils import probes


def check(severity="HEALTH_WARN", muted=False, message="1 osds down"):
    return {"severity": severity, "summary": {"message": message, "count": 1}, "detail": [], "muted": muted}


@pytest.mark.parametrize(
    ("health", "accept", "ok", "detail"),
    [
        ({"status": "HEALTH_OK", "checks": {}, "mutes": []}, [], True, "HEALTH_OK"),
        ({"status": "HEALTH_WARN", "checks": {"OSD_DOWN": check()}}, [], False, "OSD_DOWN: 1 osds down"),
        ({"status": "HEALTH_WARN", "checks": {"OSD_DOWN": check()}}, ["OSD_DOWN"], True, "accepted: OSD_DOWN"),
        ({"status": "HEALTH_WARN", "checks": {"OSD_DOWN": check(muted=True)}}, [], True, "HEALTH_OK"),
        ({"status": "HEALTH_ERR", "checks": {"FULL": check("HEALTH_ERR")}}, ["FULL"], False, "FULL: 1 osds down"),
        ({"status": "HEALTH_WARN", "checks": {}}, [], False, "HEALTH_WARN"),
        ({}, [], False, "None"),
    ],
)
def test_judge_health(health, accept, ok, detail):
    assert probes.judge_health(health, accept) == (ok, detail)


RECORDINGS = Path(__file__).parent / "rgw" / "recordings"


@pytest.mark.parametrize(
    ("recording", "ok", "detail"),
    [
        ("sync-status-master.txt", True, "caught up"),
        ("sync-status-behind.txt", False, "metadata: 2 shards behind; data of cnaf: 4 shards behind, 3"),
        ("sync-status-broken.txt", False, "metadata: failed to fetch master sync status: (5) Input/output error"),
        ("/dev/null", False, "metadata: no status"),
    ],
)
def test_sync(tmp_path, recording, ok, detail):
    conf, script = tmp_path / "ceph.conf", tmp_path / "radosgw-admin"
    conf.write_text("")
    zones = '{"zones": ["ba"]}'
    script.write_text(f"#!/bin/sh\nif [ $1 = zone ]; then echo '{zones}'; else cat {RECORDINGS / recording}; fi\n")
    script.chmod(0o755)
    found = probes.sync({"executable": str(script), "conf": str(conf), "client": "client.x", "realm": None})(5)
    assert found[0] is ok and found[1].startswith(detail)


def test_sync_without_a_cluster():
    params = {"executable": "true", "conf": "/no/ceph.conf", "client": "client.x", "realm": None}
    ok, detail = probes.sync(params)(5)
    assert not ok and "/no/ceph.conf" in detail


class Clock:
    """Time that passes only when somebody sleeps; the probe sees its answers one after the other."""

    def __init__(self, answers):
        self.now, self.answers, self.seen = 0.0, answers, 0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def probe(self, _timeout):
        ok = self.answers[min(self.seen, len(self.answers) - 1)]
        self.seen += 1
        return ok, "good" if ok else "bad"

    def wait(self, stable_for, timeout, interval=5):
        return probes.wait(self.probe, stable_for, timeout, interval, self.clock, self.sleep)


def test_one_good_observation_is_enough_for_stable_for_0():
    clock = Clock([True])
    assert clock.wait(0, 60)[0] and clock.seen == 1 and clock.now == 0


def test_a_break_starts_the_count_again():
    clock = Clock([True, True, False, True])
    passed, timeline = clock.wait(10, 60)
    assert passed and clock.now == 25
    assert [(span["ok"], span["observations"]) for span in timeline] == [(True, 2), (False, 1), (True, 3)]


def test_gives_up_in_time_and_says_why():
    clock = Clock([False])
    passed, timeline = clock.wait(10, 60)
    assert not passed and clock.now <= 60
    assert probes.failure("Ceph", timeline, 10, 60) == "Ceph: still not good after 60 s: bad"


def test_good_but_not_long_enough():
    passed, timeline = Clock([False] * 11 + [True]).wait(30, 60)
    assert not passed and "not steady for 30 s" in probes.failure("Ceph", timeline, 30, 60)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 40), st.integers(0, 100), st.integers(1, 20))
def test_the_wait_ends_and_passes_only_when_steady(answers, stable_for, timeout, interval):
    clock = Clock(answers)
    passed, timeline = clock.wait(stable_for, timeout, interval)
    assert clock.now <= timeout
    assert sum(span["observations"] for span in timeline) == clock.seen
    if passed:
        assert timeline[-1]["ok"] and (timeline[-1]["observations"] - 1) * interval >= stable_for


@pytest.mark.parametrize(
    ("params", "ok", "detail"),
    [
        ({"argv": ["echo", "ready"], "contains": "ready"}, True, "as expected"),
        ({"argv": ["echo", "no"], "contains": "ready"}, False, "'ready' is not in: no"),
        ({"argv": ["echo", "a1"], "matches": "^a[0-9]$"}, True, "as expected"),
        ({"argv": ["sh", "-c", "echo gone >&2; exit 3"]}, False, "sh: exit status 3: gone"),
        ({"argv": ["sh", "-c", "exit 3"], "rc": 3}, True, "as expected"),
        ({"argv": ["/no/such/command"]}, False, "/no/such/command: No such file or directory"),
    ],
)
def test_command(params, ok, detail):
    assert probes.command({"rc": 0, **params})(10) == (ok, detail)


def test_a_command_that_hangs():
    assert probes.command({"argv": ["sleep", "60"], "rc": 0})(1) == (False, "sleep: no answer within 1 s")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if self.path == "/down" else 200)
        self.end_headers()
        self.wfile.write(b"service ok")

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def server():
    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def http(url, **params):
    return probes.http({"url": url, "status": [200], "headers": {}, "ca_path": None, **params})(5)


def test_http(server):
    assert http(server, contains="service ok")[0]
    assert http(server + "/down") == (False, f"{server}/down: HTTP 503")
    assert http(server + "/down", status=[503])[0]
    assert http(server, contains="absent")[1].endswith("'absent' is not in: service ok")
    assert "refused" in http("http://127.0.0.1:1")[1]


def test_ceph_that_does_not_answer(tmp_path):
    script = tmp_path / "ceph"
    script.write_text('#!/bin/sh\necho \'{"status": "HEALTH_OK", "checks": {}}\'\n')
    script.chmod(0o755)
    params = {"executable": str(script), "conf": "c", "client": "client.x", "accept": []}
    assert probes.ceph(params)(5) == (True, "HEALTH_OK")
    script.write_text("#!/bin/sh\necho warming up\n")
    assert not probes.ceph(params)(5)[0]
    assert not probes.ceph({**params, "executable": "/no/ceph"})(5)[0]
