# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of OpenBao is said before it is asked anything."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.plugin_utils import bao_store, secret_store
from ansible_collections.infn.datacloud.plugins.plugin_utils.bao_store import BaoStore, Settings
from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import EmbeddedStore, SecretError

GIVEN = {"url": "https://vault.example.org:8200", "token": "hidden"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"url": ""}, "set datacloud_secret_openbao.url"),
        ({"url": "vault.example.org"}, "write https://"),
        ({"url": "http://vault.example.org:8200"}, "in the clear"),
        ({"adress": "x"}, "no setting adress"),
        ({"timeout": "soon"}, "not a number of seconds"),
        ({"auth_method": "ldap"}, "use token, approle, jwt"),
        ({"auth_method": "approle"}, "role_id and secret_id must be set"),
        ({"auth_method": "jwt", "jwt": "hidden"}, "DATACLOUD_SECRET_OPENBAO_ROLE"),
        ({"jwt_file": "/nonexistent/jwt"}, "cannot be read from /nonexistent/jwt"),
        ({"token": ""}, "DATACLOUD_SECRET_OPENBAO_TOKEN"),
        ({"prefix": "../other"}, "not a secret's name"),
    ],
)
def test_wrong_settings_are_named(changes, message):
    with pytest.raises(SecretError, match=message) as caught:
        Settings.of({**GIVEN, **changes})
    assert "hidden" not in str(caught.value)


def test_what_is_not_given_has_a_default():
    settings = Settings.of({**GIVEN, "mount": None, "timeout": "5", "namespace": ""})
    assert (settings.mount, settings.timeout, settings.auth_method) == ("datacloud", 5, "token")


def test_settings_that_are_printed_hold_no_secret():
    assert "hidden" not in repr(Settings.of({**GIVEN, "secret_id": "hidden", "jwt": "hidden"}))


def test_the_clear_is_good_enough_on_the_loopback():
    assert Settings.of({**GIVEN, "url": "http://127.0.0.1:8200"}).url


def test_without_hvac_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(bao_store, "hvac", None)
    with pytest.raises(SecretError, match="pip install hvac"):
        BaoStore(Settings.of(GIVEN))


def test_what_opens_the_other_store_stays_where_it_is(tmp_path):
    embedded, other = EmbeddedStore(tmp_path / "one"), EmbeddedStore(tmp_path / "two")
    store = secret_store.FederationStore(embedded, lambda: other)
    for name in ("openbao/cnaf/root_token", "ca/private_key", "rgw/key", "openbaox"):
        store.put(name, {"value": name})
    assert embedded.names() == ["ca/private_key", "openbao/cnaf/root_token"]
    assert other.names() == ["openbaox", "rgw/key"]
    assert store.names() == sorted(embedded.names() + other.names())
    store.remove("ca/private_key")
    assert store.get("ca/private_key") is None
    assert store.get_or_create("rgw/key", pytest.fail) == {"value": "rgw/key"}
