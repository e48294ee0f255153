# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bao_auth_method against a real OpenBao."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def public_key():
    """A public key in PEM."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.crud("bao_auth_method")
def test_life(bao):
    jwt = {
        "path": "jwt",
        "type": "jwt",
        "description": "IAM",
        "tune": {"default_lease_ttl": "1h"},
        "config": {"jwt_validation_pubkeys": [public_key()], "bound_issuer": "https://iam.example.org"},
    }
    done = bao.life("bao_auth_method", {"auth_methods": [jwt, {"path": "approle", "type": "approle"}]})
    assert [item["key"] for item in done["operations"]] == ["jwt", "approle"]
    changed = {
        **jwt,
        "tune": {"default_lease_ttl": "2h"},
        "config": {**jwt["config"], "bound_issuer": "https://other.example.org"},
    }
    done = bao.life("bao_auth_method", {"auth_methods": [changed]})
    assert set(done["operations"][0]["changes"]) == {"tune", "config"}
    gone = {"auth_methods": [{"path": "jwt", "state": "absent"}]}
    assert bao.run("bao_auth_method", gone)["failed"]
    bao.life("bao_auth_method", {**gone, "data_loss_ok": ["jwt"]})
    purge = {"auth_methods": [], "purge": True, "data_loss_ok": ["approle"]}
    assert bao.life("bao_auth_method", purge)["operations"][0]["key"] == "approle"
    assert set(bao.request("GET", "sys/auth")["data"]) == {"token/"}


def test_secret_settings_are_sent_and_not_shown(bao):
    jwt = {
        "path": "jwt",
        "type": "jwt",
        "config": {"jwt_validation_pubkeys": [public_key()]},
        "secret_config": {"oidc_client_secret": "very-secret"},
    }
    result = bao.run("bao_auth_method", {"auth_methods": [jwt]})
    # OpenBao takes a client secret only with a discovery URL.
    assert result["failed"] and "very-secret" not in str(result)
