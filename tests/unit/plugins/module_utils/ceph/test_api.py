# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that speaks to the cluster: errors, retries, parsing."""

from __future__ import annotations

import errno
import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.ceph import api
from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.ceph import fake_rados


class Script:
    """A connection that gives the scripted answers in turn; an exception is raised."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def mon_command(self, request, inbuf):
        self.requests.append((json.loads(request), inbuf))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    mgr_command = mon_command


@pytest.fixture(autouse=True)
def rados(monkeypatch):
    monkeypatch.setattr(api, "rados", fake_rados.Module(fake_rados.Cluster()))


def ceph(*answers, timeout=60):
    """A Ceph on the scripted answers whose pauses only turn its clock."""
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds

    return api.Ceph(Script(*answers), timeout, sleep, lambda: now[0])


def test_answers_are_parsed_and_requests_are_json():
    speaker = ceph((0, b"[1]\n", ""), (0, b"", "done"), (0, b"Scheduled", ""))
    assert speaker.mon("osd pool ls", detail="detail") == [1]
    assert speaker.cluster.requests == [({"prefix": "osd pool ls", "format": "json", "detail": "detail"}, b"")]
    assert speaker.mon("x", inbuf="in") is None and speaker.cluster.requests[1][1] == b"in"
    assert speaker.mon("x") == "Scheduled"


def test_an_error_says_object_request_answer_and_what_to_try():
    with pytest.raises(api.CephError) as caught:
        ceph((-errno.EINVAL, b"", "bad value.")).mon("config set", about="option a/b")
    assert str(caught.value) == (
        "option a/b: the cluster answered `config set` with EINVAL: bad value; correct the value that the answer names"
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Traceback (most recent call last):\n  File x\nValueError: no\n", "ValueError: no"),
        ("Failed to connect to b\nLog: refused", "Failed to connect to b Log: refused"),
        ("Warning: old\nNo handler found", "No handler found"),
        ("", "no explanation"),
    ],
)
def test_words_fit_in_a_sentence(said, shown):
    assert f": {shown};" in str(api.CephError("a", "b", 5, said))


def test_a_starting_manager_is_asked_again_until_the_time_is_up():
    starting = (-errno.EINVAL, b"", "No handler found for 'orch ls'")
    speaker = ceph(starting, (-errno.ENOENT, b"", "Module not found"), (0, b"[]", ""))
    assert speaker.mgr("orch ls") == []
    speaker = ceph(*[starting] * 100, timeout=30)
    with pytest.raises(api.CephError):
        speaker.mgr("orch ls")
    assert 3 < len(speaker.cluster.requests) < 20


def test_real_refusals_and_monitors_are_not_asked_again():
    speaker = ceph((-errno.EINVAL, b"", "bad"), (0, b"[]", ""))
    with pytest.raises(api.CephError):
        speaker.mgr("orch ls")
    with pytest.raises(api.CephError):
        ceph((-errno.ETIMEDOUT, b"", ""), (0, b"[]", "")).mon("osd dump")


def test_librados_errors_become_sentences():
    with pytest.raises(api.CephError) as caught:
        ceph(fake_rados.Error("RADOS timed out", errno.ETIMEDOUT)).mon("osd dump")
    assert caught.value.code == errno.ETIMEDOUT and "ceph -s" in str(caught.value)


def test_rows():
    assert api.rows(None, "x") == [] and api.rows("No services reported", "x") == [] and api.rows([1], "x") == [1]
    with pytest.raises(ApiError):
        api.rows("NAME  PORTS", "x")
