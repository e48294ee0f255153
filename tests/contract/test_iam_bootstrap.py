# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_bootstrap and iam_probe against the double, which is as strict as IAM about what they ask for."""

from __future__ import annotations

PASSWORD = "Aa1!wanted-by-us"
OURS = {"client_id": "datacloud-admin", "client_secret": "S3cret-of-our-client"}


def test_a_new_service_loses_its_public_credentials(iam, run_iam_module):
    given = {"admin_password": PASSWORD, **OURS}
    seen = {**OURS, "kids": ["rsa1"]}
    assert len(run_iam_module("iam_probe", seen, check=True)["wrong"]) == 3

    foreseen = run_iam_module("iam_bootstrap", given, check=True)
    done = run_iam_module("iam_bootstrap", given)
    assert done["changed"] and done["operations"] == foreseen["operations"] and done["diff"] == foreseen["diff"]
    assert [item["key"] for item in done["operations"]] == [
        "client datacloud-admin", "account admin", "client client",
    ]  # fmt: skip
    assert not run_iam_module("iam_bootstrap", given)["changed"]
    assert run_iam_module("iam_probe", {**seen, "admin_password": PASSWORD})["wrong"] == []


def test_a_password_changed_by_hand_is_replaced_through_the_client(iam, run_iam_module):
    given = {"admin_password": PASSWORD, **OURS}
    run_iam_module("iam_bootstrap", given)
    other = run_iam_module("iam_bootstrap", {**given, "admin_password": "Bb2?another-one"})
    assert [item["key"] for item in other["operations"]] == ["account admin"]
    assert not run_iam_module("iam_bootstrap", {**given, "admin_password": "Bb2?another-one"})["changed"]
