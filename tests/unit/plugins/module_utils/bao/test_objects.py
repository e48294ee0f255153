# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What means the same to OpenBao, and how policies and marks are written."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.bao import objects


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("1h", 3600),
        ("90d", 7776000),
        ("720h", "720h0m0s"),
        (3600, "1h0m0s"),
        ("true", True),
        ("5", 5),
        (["a", "b"], ["b", "a"]),
        (["a", "b"], "a,b"),
        ("a,b", ["b", "a"]),
        (["192.0.2.1/32"], ["192.0.2.1"]),
        ([], None),
        ("", None),
        (0, None),
        ("-----BEGIN X-----\n\n", "-----BEGIN X-----"),
        ({"groups": ["/a", "/b"]}, {"groups": ["/b", "/a"]}),
    ],
)
def test_same(wanted, there):
    assert objects.same(wanted, there)


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("1h", 3601),
        (True, False),
        (["a"], ["a", "b"]),
        (["a"], None),
        ("1", None),
        (["192.0.2.0/24"], ["192.0.2.0"]),
        ({"groups": ["/a"]}, {"groups": ["/a"], "sub": "x"}),
    ],
)
def test_different(wanted, there):
    assert not objects.same(wanted, there)


def test_marks():
    assert objects.marked(objects.mark("Secrets")) == ("Secrets", True)
    assert objects.marked(objects.mark("")) == ("", True)
    assert objects.marked("Theirs") == ("Theirs", False) and objects.marked(None) == ("", False)


def test_policies():
    said = objects.policy_text({"a/*": ["read"], "b": {"capabilities": ["update"], "allowed_parameters": {"x": []}}})
    assert said == (
        'path "a/*" {\n  capabilities = ["read"]\n}\n\n'
        'path "b" {\n  capabilities = ["update"]\n  allowed_parameters = { "x" = [] }\n}\n'
    )
    assert objects.policy_text(f"{objects.POLICY_MARK}\n{said}\n") == said
