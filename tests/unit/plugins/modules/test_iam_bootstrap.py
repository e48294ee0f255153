# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_bootstrap: no default credentials left, whatever state it finds, and wherever it was cut off."""

from __future__ import annotations

import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.core import MASK
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.iam.fake_iam import FakeIam

PASSWORD = "Aa1!wanted-by-us"
SECRET = "S3cret-of-our-client"
OPERATIONS = [("create", "client datacloud-admin"), ("update", "account admin"), ("delete", "client client")]


@pytest.fixture
def iam():
    service = FakeIam()
    yield service
    service.close()


@pytest.fixture
def bootstrap(iam, run_module):
    def run(check=False, **changes):
        params = {"url": iam.url, "admin_password": PASSWORD, "client_secret": SECRET, "timeout": 5, **changes}
        return run_module("iam_bootstrap", params, check)

    return run


def done(result):
    assert not result.get("failed"), result
    return [(item["action"], item["key"]) for item in result["operations"]]


def hardened(iam):
    return (
        iam.passwords == {"admin": PASSWORD}
        and set(iam.clients) == {"datacloud-admin"}
        and iam.clients["datacloud-admin"]["client_secret"] == SECRET
    )


@pytest.mark.crud("iam_bootstrap")
def test_life(bootstrap, iam):
    before = iam.state()
    foreseen = bootstrap(check=True)
    assert iam.state() == before and iam.writes == []
    result = bootstrap()
    assert done(result) == done(foreseen) == OPERATIONS
    assert result["diff"] == foreseen["diff"] and hardened(iam)
    for check in (True, False):
        again = bootstrap(check=check)
        assert done(again) == [] and not again["changed"]
    assert len(iam.writes) == 3


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_cut_off_after_any_write_the_next_run_ends_well(bootstrap, iam, cut):
    iam.cut = cut
    broken = bootstrap()
    assert broken["failed"] and "no answer from" in broken["msg"]
    assert len(broken["operations"]) == cut - 1 and broken["changed"] is (cut > 1)
    bootstrap()
    assert hardened(iam) and not bootstrap()["changed"]


def test_a_client_with_another_secret_is_given_ours_and_keeps_the_rest(bootstrap, iam):
    iam.clients["datacloud-admin"] = {
        "client_id": "datacloud-admin", "client_secret": "old", "client_name": "ours", "contacts": ["me@example.org"],
        "grant_types": ["refresh_token"], "scope": "openid",
    }  # fmt: skip
    result = bootstrap()
    assert done(result)[0] == ("update", "client datacloud-admin") and hardened(iam)
    kept = iam.clients["datacloud-admin"]
    assert kept["contacts"] == ["me@example.org"] and kept["client_name"] == "ours"
    assert set(kept["scope"].split()) > {"openid"} and "refresh_token" in kept["grant_types"]
    assert not bootstrap()["changed"]


def test_a_client_that_lacks_a_scope_is_given_it(bootstrap, iam):
    bootstrap()
    iam.clients["datacloud-admin"]["scope"] = "scim:read"
    assert done(bootstrap()) == [("update", "client datacloud-admin")]
    assert not bootstrap()["changed"]


def test_a_password_changed_by_hand_is_replaced_through_the_client(bootstrap, iam):
    bootstrap()
    iam.passwords["admin"] = "changed by hand"
    assert done(bootstrap()) == [("update", "account admin")]
    assert hardened(iam) and iam.writes[-1] == "patch"


def test_the_current_password_opens_the_account(bootstrap, iam):
    iam.passwords["admin"] = "an Older0ne"
    refused = bootstrap()
    assert refused["failed"] and "give the account's current_password" in refused["msg"] and iam.writes == []
    assert done(bootstrap(admin_current_password="an Older0ne")) == OPERATIONS
    assert hardened(iam)


def test_the_default_client_can_be_kept(bootstrap, iam):
    assert ("delete", "client client") not in done(bootstrap(default_client=""))
    assert "client" in iam.clients and not bootstrap(default_client="")["changed"]


def test_more_than_a_password_is_asked_for(bootstrap, iam):
    for target in ("/iam/verify", "/iam/aup/sign"):
        iam.login_target = target
        result = bootstrap()
        assert result["failed"] and target in result["msg"] and "browser" in result["msg"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"admin_password": "password"}, "a digit and a symbol"),
        ({"admin_password": "NoSymbol1"}, "a digit and a symbol"),
        ({"client_secret": "short"}, "16 characters"),
        ({"client_id": "client"}, "cannot be that of the default client"),
        ({"url": "http://192.0.2.1:8080"}, "over TLS only"),
        ({"url": "https://127.0.0.1:1", "ca_path": "/nonexistent"}, "no certificate authority"),
    ],
)
def test_refused_before_anything_is_asked(bootstrap, iam, changes, words):
    for check in (True, False):
        result = bootstrap(check=check, **changes)
        assert result["failed"] and words in result["msg"]
    assert iam.sessions == {} and iam.writes == []


def test_a_service_that_does_not_run_yet(run_module, iam):
    iam.close()
    params = {"url": iam.url, "admin_password": PASSWORD, "client_secret": SECRET, "timeout": 2}
    foreseen = run_module("iam_bootstrap", params, check=True)
    assert foreseen["changed"] and "no answer from" in foreseen["warnings"][0]
    assert run_module("iam_bootstrap", params)["failed"]


def test_no_secret_is_returned(bootstrap, iam):
    shown = []
    for check in (True, False):
        shown.append(bootstrap(check=check))
    iam.passwords["admin"] = "changed by hand"
    iam.cut = len(iam.writes) + 1
    shown.append(bootstrap())
    for result in shown:
        text = json.dumps({name: value for name, value in result.items() if name != "invocation"})
        assert PASSWORD not in text and SECRET not in text
    assert shown[1]["diff"]["after"]["client datacloud-admin"]["client_secret"] == MASK
