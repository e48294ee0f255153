# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bao_policy against a real OpenBao."""

from __future__ import annotations

import pytest

HCL = 'path "pki/sign/host" {\n  capabilities = ["update"]\n}'
RGW = {
    "rgw-kms/datakey/plaintext/*": ["update"],
    "rgw-s3/keys/+": {"capabilities": ["create", "update"], "allowed_parameters": {"type": ["aes256-gcm96"]}},
}


@pytest.mark.crud("bao_policy")
def test_life(bao):
    policies = [{"name": "host", "policy": HCL}, {"name": "rgw", "policy": RGW}]
    bao.life("bao_policy", {"policies": policies})
    assert bao.request("GET", "sys/policies/acl/host")["data"]["policy"].startswith("# (infn.datacloud)\n")
    done = bao.life("bao_policy", {"policies": [{"name": "host", "policy": HCL.replace("update", "create")}]})
    assert done["operations"][0]["changes"] == ["policy"] and "create" in str(done["diff"]["after"])
    assert not bao.run("bao_policy", {"policies": [policies[1]]})["changed"]
    bao.life("bao_policy", {"policies": [{"name": "host", "state": "absent"}]})


@pytest.mark.crud("bao_policy")
def test_purge_keeps_what_others_made(bao):
    bao.request("POST", "sys/policies/acl/theirs", {"policy": HCL})
    bao.run("bao_policy", {"policies": [{"name": "one", "policy": HCL}, {"name": "two", "policy": HCL}]})
    done = bao.life("bao_policy", {"policies": [{"name": "one", "policy": HCL}], "purge": True})
    assert [item["key"] for item in done["operations"]] == ["two"]
    assert set(bao.request("GET", "sys/policies/acl?list=true")["data"]["keys"]) == {"default", "one", "root", "theirs"}


def test_what_the_policies_allow_is_what_was_said(bao):
    bao.request("POST", "sys/mounts/rgw-s3", {"type": "transit"})
    bao.run("bao_policy", {"policies": [{"name": "rgw", "policy": RGW}]})
    token = bao.request("POST", "auth/token/create", {"policies": ["rgw"]})["auth"]["client_token"]
    assert bao.request("POST", "rgw-s3/keys/a", {"type": "aes256-gcm96"}, token=token) != 403
    assert bao.request("POST", "rgw-s3/keys/b", {"type": "ed25519"}, token=token) == 403


def test_nonsense_is_refused(bao):
    refused = bao.run("bao_policy", {"policies": [{"name": "x", "policy": "path {"}]})
    assert refused["failed"] and "policy x" in refused["msg"]
    refused = bao.run("bao_policy", {"policies": [{"name": "x", "policy": ["a"]}]})
    assert refused["failed"] and "dictionary" in refused["msg"] and not bao.requests
