# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From groups and rights to policy documents; what is refused before any request."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.module_utils.rgw_iam import objects

TRUST = {
    "issuer": "https://iam.example.org/virgo",
    "audiences": ["https://s3.example.org", "https://wlcg.cern.ch/jwt/v1/any"],
    "claim": "wlcg.groups",
    "values": ["/virgo"],
}
ROLE = {"name": "virgo", "path": "/datacloud/", "trust": TRUST, "grants": [], "state": "present"}
NAMES = st.text(string.ascii_lowercase + string.digits + "-._/", max_size=12)


def test_trust_policy():
    [statement] = objects.trust_policy(TRUST)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Federated": ["arn:aws:iam:::oidc-provider/iam.example.org/virgo"]},
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {
            "ForAnyValue:StringEquals": {
                "iam.example.org/virgo:wlcg.groups": ["/virgo"],
                "iam.example.org/virgo:app_id": ["https://s3.example.org", "https://wlcg.cern.ch/jwt/v1/any"],
            }
        },
    }


def test_permission_policy():
    grants = [
        {"bucket": "virgo", "prefix": "data", "rights": ["read", "write"]},
        {"bucket": "shared", "prefix": "", "rights": ["read"]},
        {"bucket": "inbox", "prefix": "/virgo/", "rights": ["write"]},
    ]
    statements = objects.permission_policy(grants)["Statement"]
    assert [(statement["Resource"], statement.get("Condition")) for statement in statements] == [
        (["arn:aws:s3:::virgo"], {"StringLike": {"s3:prefix": ["data/*"]}}),
        (["arn:aws:s3:::virgo/data/*"], None),
        (["arn:aws:s3:::virgo/data/*"], None),
        (["arn:aws:s3:::shared"], None),
        (["arn:aws:s3:::shared/*"], None),
        (["arn:aws:s3:::inbox/virgo/*"], None),
    ]
    assert objects.permission_policy([]) is None


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "bucket": st.text(string.ascii_lowercase, min_size=1, max_size=8),
                "prefix": NAMES,
                "rights": st.lists(st.sampled_from(["read", "write"]), min_size=1, unique=True),
            }
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_right_is_wider_than_its_grant(grants):
    allowed = {(grant["bucket"], objects.prefix(grant["prefix"])) for grant in grants}
    writable = {(grant["bucket"], objects.prefix(grant["prefix"])) for grant in grants if "write" in grant["rights"]}
    for statement in objects.permission_policy(grants)["Statement"]:
        assert "*" not in "".join(statement["Action"])
        [resource] = statement["Resource"]
        bucket, slash, below = resource.removeprefix("arn:aws:s3:::").partition("/")
        if slash:
            place = (bucket, below.removesuffix("*"))
        else:
            [pattern] = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", ["*"])
            place = (bucket, pattern.removesuffix("*"))
        assert place in allowed
        assert place in writable or not {"s3:PutObject", "s3:DeleteObject"} & set(statement["Action"])
        assert place[1] == "" or place[1].endswith("/")


def test_documents_are_canonical():
    text = objects.document(objects.trust_policy(TRUST))
    turned = {**TRUST, "audiences": TRUST["audiences"][::-1]}
    assert text == objects.document(objects.trust_policy(turned)) and json.loads(text)


def test_view_of_what_the_gateway_says():
    answer = {"RoleName": "virgo", "Path": "/datacloud/", "AssumeRolePolicyDocument": json.dumps({"Version": "x"})}
    role = objects.view(answer, {"datacloud": {"Version": "y"}, "old": "no json"})
    assert role["trust_policy"] == {"Version": "x"}
    assert role["permission_policies"] == {"datacloud": {"Version": "y"}, "old": {"unreadable": "no json"}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "vir/go"}, "a name has"),
        ({"path": "datacloud"}, "begin and end with a slash"),
        ({"trust": {**TRUST, "issuer": "http://iam.example.org"}}, "https://"),
        ({"trust": {**TRUST, "values": []}}, "at least one of values"),
        ({"trust": {**TRUST, "audiences": []}}, "at least one of audiences"),
        ({"max_session_duration": 60}, "3600"),
        ({"grants": [{"bucket": "*", "prefix": "", "rights": ["read"]}]}, "pattern"),
        ({"grants": [{"bucket": "b", "prefix": "${aws:username}", "rights": ["read"]}]}, "pattern"),
        ({"grants": [{"bucket": "b/c", "prefix": "", "rights": ["read"]}]}, "name of a bucket"),
        ({"grants": [{"bucket": "b", "prefix": "", "rights": []}]}, "no rights"),
    ],
)
def test_role_complaints(changes, said):
    [complaint] = objects.role_complaints({**ROLE, **changes})
    assert said in complaint
    assert objects.role_complaints(ROLE) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://iam.example.org"}, "https://"),
        ({"client_ids": []}, "any audience"),
        ({"thumbprints": []}, "leave it out"),
        ({"thumbprints": ["abc"]}, "SHA-1"),
        ({"thumbprints": [f"{number:040x}" for number in range(6)]}, "at most 5"),
    ],
)
def test_provider_complaints(changes, said):
    provider = {"url": "https://iam.example.org", "client_ids": ["a"], "thumbprints": None, "state": "present"}
    [complaint] = objects.provider_complaints({**provider, **changes})
    assert said in complaint
    assert objects.provider_complaints(provider) == []
