# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""secret_move, which is an action, between two folders; tests/contract has it with a real OpenBao."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError

from ansible_collections.infn.datacloud.plugins.lookup.secret import LookupModule
from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import EmbeddedStore, SecretError

SECRETS = {"a/b": {"kind": "password", "value": "first"}, "c": {"private": "one half", "public": "other half"}}
STAYS = {"openbao/x/root_token": {"value": "token"}}


class Other(EmbeddedStore):
    """The other store, which may spoil what it keeps."""

    spoil = False

    def get(self, name):
        record = super().get(name)
        return {"value": "spoilt"} if record and self.spoil else record


@pytest.fixture
def stores(tmp_path, monkeypatch):
    """{name: store}; the one called openbao is a folder too."""
    other = Other(tmp_path / "other" / "secrets")
    monkeypatch.setattr(LookupModule, "openbao_store", lambda self: other)
    embedded = EmbeddedStore(tmp_path / "secrets")
    for name, record in (SECRETS | STAYS).items():
        embedded.put(name, record)
    return {"embedded": embedded, "openbao": other}


@pytest.fixture
def move(run_action, stores):
    def run(to, check=False, **arguments):
        variables = {"datacloud_secret_store": str(stores["embedded"].folder)}
        return run_action("secret_move", {"to": to, **arguments}, variables, check=check)

    return run


def content(store):
    return {name: store.get(name) for name in store.names()}


@pytest.mark.crud("secret_move")
def test_whole_life(move, stores):
    steps = [
        ("openbao", {}, SECRETS | STAYS, SECRETS),
        ("openbao", {"remove_source": True}, STAYS, SECRETS),
        ("embedded", {"remove_source": True}, SECRETS | STAYS, {}),
    ]
    for to, arguments, embedded, openbao in steps:
        before = [content(store) for store in stores.values()]
        foreseen = move(to, check=True, **arguments)
        assert [content(store) for store in stores.values()] == before
        done = move(to, **arguments)
        assert done == foreseen
        assert done["changed"]
        assert "first" not in str(done) and "half" not in str(done)
        assert content(stores["embedded"]) == embedded
        assert content(stores["openbao"]) == openbao
        for check in (True, False):
            assert not move(to, check=check, **arguments)["changed"]


def test_a_store_that_does_not_keep_what_it_was_given_is_found_out(move, stores, monkeypatch):
    move("openbao")
    stores["embedded"].put("a/b", {"value": "second"})
    monkeypatch.setattr(stores["openbao"], "spoil", True)
    with pytest.raises(SecretError, match="reads differently after it was copied") as caught:
        move("openbao", replace=True, remove_source=True)
    assert "second" not in str(caught.value)
    assert content(stores["embedded"])["a/b"] == {"value": "second"}


def test_what_changes_in_the_source_meanwhile_is_not_removed(move, stores, monkeypatch):
    put = stores["openbao"].get_or_create

    def meddle(name, make):
        record = put(name, make)
        stores["embedded"].put("c", {"value": "changed"})
        return record

    monkeypatch.setattr(stores["openbao"], "get_or_create", meddle)
    with pytest.raises(SecretError, match="c: changed in the source"):
        move("openbao", remove_source=True)
    assert stores["embedded"].names() == ["a/b", "c", "openbao/x/root_token"]


def test_a_wrong_store_is_refused(move):
    with pytest.raises(AnsibleError, match="to must be one of"):
        move("vault")
