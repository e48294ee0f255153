# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_aup against the double of INDIGO IAM: create, change, remove; what a PATCH leaves out, refusals."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.plugins.module_utils.iam import objects

AUP = {
    "url": "https://www.example.org/aup.html",
    "description": "Acceptable use",
    "validity_days": 365,
    "reminders_days": [1, 30, 15],
}


@pytest.mark.crud("iam_aup")
def test_life(service):
    done = service.life("iam_aup", {"aup": AUP})
    assert done["operations"][0]["action"] == "create"
    done = service.life("iam_aup", {"aup": {**AUP, "description": "Fair use", "reminders_days": [7]}})
    assert done["operations"] == [{"action": "update", "key": "aup", "changes": ["description", "reminders_days"]}]
    service.life("iam_aup", {"aup": {"url": AUP["url"], "validity_days": 0}})
    assert service.run("iam_info", {"gather": ["aup"]})["aup"]["validity_days"] == 0
    service.life("iam_aup", {"aup": {"state": "absent"}})
    assert service.run("iam_info", {"gather": ["aup"]})["aup"] is None


@pytest.mark.crud("iam_aup")
def test_a_change_keeps_what_is_not_given(service):
    """IAM's PATCH empties what is left out."""
    service.run("iam_aup", {"aup": AUP})
    service.life("iam_aup", {"aup": {"url": "https://www.example.org/new.html"}})
    there = service.run("iam_info", {"gather": ["aup"]})["aup"]
    assert there == {**AUP, "url": "https://www.example.org/new.html", "reminders_days": [30, 15, 1]}


@pytest.mark.crud("iam_aup")
def test_reminders_that_fit(service):
    service.life("iam_aup", {"aup": {"url": AUP["url"], "validity_days": 20}})
    assert service.run("iam_info", {"gather": ["aup"]})["aup"]["reminders_days"] == [15, 1]
    assert objects.aup_view({"url": "u", "signatureValidityInDays": 0, "aupRemindersInDays": "30,15,1"}) == {
        "url": "u",
        "description": "",
        "validity_days": 0,
        "reminders_days": [],
    }


def test_a_second_one_is_refused_by_iam_and_never_asked_for(service):
    service.run("iam_aup", {"aup": AUP})
    body = objects.aup_request(AUP)
    with pytest.raises(ApiError, match="HTTP 409"):
        service.by_hand("POST", "/iam/aup", body)
    service.run("iam_aup", {"aup": {**AUP, "description": "other"}})
    assert service.writes() == [("PATCH", "/iam/aup")]


def test_reading_takes_no_token(service):
    service.run("iam_aup", {"aup": {"state": "absent"}})
    assert service.requests() == [("GET", "/iam/aup")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "https://example.org/aup?version=1"}, "no query string"),
        ({"description": "x" * 129}, "128 characters"),
        ({"validity_days": 0}, "has no reminders_days"),
        ({"validity_days": -1, "reminders_days": []}, "0 for a signature that never expires"),
        ({"reminders_days": [1, 1]}, "each once"),
        ({"reminders_days": [0]}, "above 0"),
        ({"validity_days": 30}, "smaller than validity_days"),
    ],
)
def test_what_cannot_be_is_refused_before_any_request(service, change, said):
    refused = service.run("iam_aup", {"aup": {**AUP, **change}})
    assert refused["failed"] and said in refused["msg"] and service.requests() == []
