# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transformations between the modules' words and those of INDIGO IAM."""

from __future__ import annotations

import re

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.iam import objects

# api/common/LabelDTO.java
PREFIX = re.compile(r"^((?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+[A-Za-z]{2,6}$")


def test_marks():
    assert objects.unmarked(objects.marked("Text")) == ("Text", True)
    assert objects.unmarked(objects.marked(None)) == ("", True)
    assert objects.unmarked("[infn.datacloud] first") == ("[infn.datacloud] first", False)
    assert objects.unmarked(None) == ("", False)
    assert PREFIX.match(objects.MARK_LABEL["prefix"]), "IAM takes no prefix that is not like this"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-01-01", 1893456000),
        ("2030-01-01T01:00:00+01:00", 1893456000),
        ("2030-01-01T00:00:00.000Z", 1893456000),
        ("never", "never"),
    ],
)
def test_times(text, moment):
    assert objects.moment(text) == moment
    assert objects.time_request(text) == (None if moment == "never" else "2030-01-01T00:00:00.000+00:00")


def test_parents_are_added_once_and_not_for_what_goes():
    groups = [{"path": "/a/b/c"}, {"path": "a/d"}, {"path": "/x/y", "state": "absent"}, {"path": "/a/b"}]
    assert objects.with_parents(groups) == [{"path": "/a", "state": "present"}, *groups]


def test_a_group_is_ours_where_all_below_it_are():
    marks = {"/a": True, "/a/b": True, "/a/b/c": False, "/a/d": True, "/e": True, "/ab": False}
    assert objects.ours({path: {"mark": mark} for path, mark in marks.items()}) == {"/a/d", "/e"}


def test_members_below_are_members_above():
    wanted = [
        {"group": "/a", "members": ["top"]},
        {"group": "/a/b/c", "members": ["low"]},
        {"group": "/ab", "members": ["other"]},
    ]
    assert [entry["members"] for entry in objects.with_members_below(wanted)] == [["low", "top"], ["low"], ["other"]]


def test_differences_of_labels():
    before = [{"name": "a", "value": "1"}, {"name": "b"}, {"prefix": "x.org", "name": "a"}]
    after = [{"name": "a", "value": "2"}, {"prefix": "x.org", "name": "a", "value": ""}, {"name": "c"}]
    added, gone = objects.differences(before, after, objects.label_key)
    assert added == [{"name": "a", "value": "2"}, {"name": "c"}] and gone == [{"name": "b"}]


def test_a_client_is_sent_whole():
    raw = {
        "client_id": "c",
        "client_secret": "s",
        "client_name": "Name",
        "scope": "a b",
        "created_at": 1,
        "active": True,
    }
    view = objects.client_view(raw)
    after = {**view, "name": "Other"}
    assert objects.client_changes(view, after) == ("name",)
    body = objects.client_request(after, ("name",), raw, mark=False)
    assert body == {**raw, "client_name": "Other", "client_description": ""}
    emptied = objects.client_request({**view, "scopes": []}, ("scopes",), raw, mark=True)
    assert emptied["scope"] == "" and emptied["client_description"] == "[infn.datacloud]"


def test_policies_that_say_the_same():
    policy = {"rule": "PERMIT", "matching": "EQ", "group": "", "account": "", "scopes": ["b", "a"]}
    raw = {"id": 7, "rule": "PERMIT", "scopes": ["a", "b"], "description": "x", "account": None, "group": None}
    assert objects.policy_meaning(policy) == objects.policy_meaning(objects.policy_view(raw))
    raw["account"] = {"uuid": "u", "username": "fermi"}
    assert objects.policy_view(raw)["account"] == "fermi", "one name of it or the other, by release"


def test_a_new_account_is_active():
    assert objects.account_request({"username": "u"})["active"] is True
    assert objects.account_request({"username": "u", "active": False})["active"] is False
