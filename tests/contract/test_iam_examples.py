# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation of the IAM modules work, and work again without changing anything."""

from __future__ import annotations

import re

import pytest
import yaml
from iam import scim

# In an order in which each finds what it needs.
MODULES = (
    "iam_account",
    "iam_group",
    "iam_group_membership",
    "iam_client",
    "iam_scope_policy",
    "iam_aup",
    "iam_info",
)
LOOKUP = re.compile(r"\{\{ lookup\('infn\.datacloud\.secret'.*?\}\}")


def examples(root, name):
    """The parameters (dict) of each task in a module's examples, without where IAM is and who asks."""
    source = (root / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8")
    text = re.search(r'EXAMPLES = r"""\n(.*?)"""', source, re.DOTALL)[1]
    for task in yaml.safe_load(LOOKUP.sub("a-secret-of-the-store", text)):
        params = task[f"infn.datacloud.{name}"]
        yield {key: value for key, value in params.items() if key not in ("url", "client_id", "client_secret")}


@pytest.fixture
def majorana(iam):
    """Somebody whom the examples take for granted."""
    person = {"username": "majorana", "given_name": "Ettore", "family_name": "Majorana", "email": "m@example.org"}
    iam.work(lambda: scim.create_account({**person, "active": True}))


@pytest.mark.usefixtures("majorana")
def test_examples(root, run_iam_module):
    for expected in (True, False):
        for name in MODULES:
            for params in examples(root, name):
                result = run_iam_module(name, params)
                assert result["changed"] == (expected and name != "iam_info"), (name, result)
                assert "a-secret-of-the-store" not in str(result)
