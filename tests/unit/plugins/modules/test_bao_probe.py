# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bao_probe against a real cluster of one member, and what it says of one that is not well."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.bao import server


@pytest.fixture(scope="module")
def member(tmp_path_factory):
    """A member with raft storage, unsealed."""
    (member,) = server.cluster(tmp_path_factory.mktemp("probe"), members=1)
    answer = member.request("POST", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    member.token, member.key = answer["root_token"], answer["keys_base64"][0]
    yield member
    member.stop()


def test_it_is_well_then_sealed(member, run_module):
    member.request("POST", "sys/unseal", {"key": member.key})
    params = {"url": member.url, "members": [member.url], "token": member.token, "wait": 30}
    assert "voters" not in run_module("bao_probe", params, check=True)
    found = run_module("bao_probe", params)
    assert found["voters"] == ["member0"] and found["leader"] == member.url and found["refused"] == [member.url]
    assert member.request("GET", "cubbyhole/datacloud-probe") == 404, "it leaves nothing behind"

    missing = run_module("bao_probe", {**params, "members": [member.url, "http://127.0.0.1:1"], "wait": 0})
    assert missing["failed"] and "http://127.0.0.1:1" in missing["msg"]
    stranger = run_module("bao_probe", {**params, "token": "unknown", "wait": 0})
    assert stranger["failed"] and "token" in stranger["msg"]
    member.request("PUT", "sys/seal")
    sealed = run_module("bao_probe", {**params, "wait": 0})
    assert sealed["failed"] and "is sealed" in sealed["msg"]
