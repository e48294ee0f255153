# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_probe: names everything that is wrong, and is silent only where nothing is."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.iam.fake_iam import FakeIam

PASSWORD = "Aa1!wanted-by-us"
SECRET = "S3cret-of-our-client"


@pytest.fixture
def iam():
    service = FakeIam()
    yield service
    service.close()


@pytest.fixture
def probe(iam, run_module):
    def run(check=False, **changes):
        given = {"url": iam.url, "client_secret": SECRET, "kids": ["rsa1"], "timeout": 5, **changes}
        return run_module("iam_probe", given, check)

    return run


@pytest.fixture
def hardened(iam, run_module):
    given = {"url": iam.url, "admin_password": PASSWORD, "client_secret": SECRET, "timeout": 5}
    assert run_module("iam_bootstrap", given)["changed"]
    return iam


def test_a_new_service_has_what_it_should_not(probe, iam):
    result = probe()
    assert result["failed"] and len(result["wrong"]) == 3
    for words in ("datacloud-admin gets no token", "default client client is not refused", "default password"):
        assert words in result["msg"]
    foreseen = probe(check=True)
    assert not foreseen.get("failed") and not foreseen["changed"] and foreseen["wrong"] == result["wrong"]


def test_a_hardened_one_is_right(probe, hardened):
    assert probe(admin_password=PASSWORD)["wrong"] == []
    assert "another password" in probe(admin_password="Other1!xx")["msg"]


@pytest.mark.parametrize(
    ("attribute", "value", "words"),
    [
        ("issuer", "https://elsewhere.example.org/", "names the issuer 'https://elsewhere.example.org/'"),
        ("keys", [], "does not publish the key rsa1"),
        ("keys", [{"kid": "rsa1"}], "without x5c"),
        ("keys", [{"kid": "rsa1", "x5c": ["A"], "d": "A"}], "PRIVATE part of rsa1"),
        ("signer", "rsa0", "signed with the key rsa0, not with rsa1"),
        ("signer", ["no kid"], "signed with the key ['no kid']"),
        ("health", "DOWN", "/actuator/health says DOWN (HTTP 503)"),
    ],
)
def test_each_fault_is_named(probe, hardened, attribute, value, words):
    setattr(hardened, attribute, value)
    result = probe()
    assert result["failed"] and len(result["wrong"]) == 1 and words in result["wrong"][0]


def test_one_that_is_away(probe, iam):
    iam.close()
    assert "no answer from" in probe()["msg"]
    assert probe(check=True)["wrong"]
