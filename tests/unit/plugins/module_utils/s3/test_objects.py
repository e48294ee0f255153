# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure transformations between the S3 API's words and ours."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.s3 import objects


def test_policy_spelling():
    one = {"Statement": {"Action": "s3:GetObject", "Principal": {"AWS": "a"}}}
    many = {"Statement": [{"Action": ["s3:GetObject"], "Principal": {"AWS": ["a"]}}]}
    assert objects.policy(one) == objects.policy(many)
    assert objects.policy({"Action": ["b", "a"]}) == objects.policy({"Action": ["a", "b"]})
    assert objects.policy({"Action": ["b", "a"]}) != objects.policy({"Action": ["a"]})


@pytest.mark.parametrize(
    "rule",
    [
        {"ID": "a", "Status": "Enabled", "Prefix": "raw/"},
        {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "raw/"}},
        {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "raw/", "Tag": None}, "Transitions": None},
    ],
)
def test_lifecycle_spelling(rule):
    assert objects.lifecycle([rule]) == [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "raw/"}}]


def test_lifecycle_dates():
    moment = datetime.datetime(2027, 1, 2, tzinfo=datetime.UTC)
    read = {"ID": "a", "Expiration": {"Date": moment}, "Filter": {"Prefix": ""}}
    asked = {"ID": "a", "Expiration": {"Date": "2027-01-02"}}
    assert objects.lifecycle([read]) == objects.lifecycle([asked])


def test_a_rule_for_everything_is_sent_with_an_empty_prefix():
    assert objects.lifecycle_request([{"ID": "a"}]) == {"Rules": [{"ID": "a", "Filter": {"Prefix": ""}}]}


@pytest.mark.parametrize("name", objects.ACLS)
def test_canned_acls_are_recognised(name):
    grants = [{"Grantee": {"URI": uri}, "Permission": permission} for uri, permission in objects.ACLS[name]]
    grants.append({"Grantee": {"ID": "me"}, "Permission": "FULL_CONTROL"})
    assert objects.acl_view({"Owner": {"ID": "me"}, "Grants": grants}) == name


def test_any_other_acl():
    grants = [{"Grantee": {"ID": "you"}, "Permission": "READ"}]
    assert objects.acl_view({"Owner": {"ID": "me"}, "Grants": grants}) == "other"


@pytest.mark.parametrize("field", objects.READS)
def test_nothing_set(field):
    assert objects.view(field, None) in (
        None,
        False,
        {},
        [],
        "private",
        {"mode": None, "days": 0, "years": 0},
        {"algorithm": "none", "kms_key": None},
    )


@pytest.mark.parametrize(
    ("quota", "query"),
    [
        ({"enabled": True, "max_size": "1G"}, {"enabled": "true", "max-size-kb": 2**20, "max-objects": -1}),
        ({"max_objects": 3}, {"enabled": "false", "max-size-kb": -1, "max-objects": 3}),
        ({"max_size": "1"}, {"enabled": "false", "max-size-kb": 1, "max-objects": -1}),
    ],
)
def test_quota_query(quota, query):
    assert objects.quota_query(quota) == query
