# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""secret_put, which is an action: what is put is what the lookup then reads."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleError

from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import EmbeddedStore

PAIR = {"kind": "ssh_key", "private": "one half", "public": "other half"}


@pytest.fixture
def store(tmp_path):
    return EmbeddedStore(tmp_path / "secrets")


@pytest.fixture
def put(run_action, store):
    """Run the action with the arguments given, on that store."""

    def run(check=False, **arguments):
        return run_action("secret_put", arguments, {"datacloud_secret_store": str(store.folder)}, check=check)

    return run


def everything(store):
    return {name: store.get(name) for name in store.names()}


@pytest.mark.crud("secret_put")
def test_whole_life(put, store):
    steps = [
        ({"secrets": {"a/b": "first", "c": PAIR}}, {"a/b": {"kind": "provided", "value": "first"}, "c": PAIR}),
        (
            {"secrets": {"a/b": "second"}, "replace": True},
            {"a/b": {"kind": "provided", "value": "second"}, "c": PAIR},
        ),
        ({"names": ["a/b", "never/there"], "state": "absent"}, {"c": PAIR}),
    ]
    for arguments, expected in steps:
        before = everything(store)
        foreseen = put(check=True, **arguments)
        assert everything(store) == before
        done = put(**arguments)
        assert done == foreseen
        assert done["changed"]
        assert everything(store) == expected
        for check in (True, False):
            assert not put(check=check, **arguments)["changed"]
    assert not (store.folder / "a").exists()


def test_no_value_is_in_the_result(put):
    result = put(secrets={"a": "first"})
    assert result["written"] == ["a"]
    assert "first" not in json.dumps(result)
    assert "second" not in json.dumps(put(secrets={"a": "second"}, replace=True))


@pytest.mark.parametrize("check", [True, False])
def test_another_value_is_kept_and_nothing_written(put, store, check):
    put(secrets={"a": "first", "b": "first"})
    with pytest.raises(AnsibleError, match="a, b: the store already holds another value") as caught:
        put(check=check, secrets={"a": "second", "b": "second", "c": "second"})
    assert "second" not in str(caught.value)
    assert store.get("a")["value"] == "first"
    assert store.get("c") is None


def test_a_secret_that_was_made_here_may_be_given_again(put, store):
    store.get_or_create("a", lambda: {"kind": "password", "value": "made here"})
    assert not put(secrets={"a": "made here"})["changed"]
    assert store.get("a")["kind"] == "password"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"secrets": {"../a": "x"}}, "not a secret's name"),
        ({"secrets": {"a": ""}}, "is empty"),
        ({"secrets": {"a": {}}}, "neither a text nor a mapping"),
        ({"secrets": {"a": 1234567}}, "quote numbers"),
        ({"secrets": {"a": {"value": ["hidden"]}}}, "quote numbers"),
        ({"names": [".."], "state": "absent"}, "not a secret's name"),
        ({}, "secrets"),
        ({"state": "absent"}, "names"),
        ({"secrets": {"a": "hidden"}, "secret": "hidden"}, "Unsupported parameters"),
    ],
)
def test_bad_arguments_are_refused_without_showing_a_value(put, store, arguments, message):
    with pytest.raises(AnsibleError, match=message) as caught:
        put(**arguments)
    assert "1234567" not in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert not store.folder.exists()
