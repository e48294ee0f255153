# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret lookup, loaded as Ansible loads it."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader

from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import EmbeddedStore


@pytest.fixture
def source(tmp_path):
    """An inventory source, beside which the store is."""
    path = tmp_path / "federation.yml"
    path.write_text("plugin: infn.datacloud.federation\n")
    return path


@pytest.fixture
def look(source):
    """Look names up as a task of that inventory would."""

    def run(*names, variables=None, **options):
        lookup = lookup_loader.get("infn.datacloud.secret")
        return lookup.run(
            list(names), variables={"ansible_inventory_sources": [str(source)], **(variables or {})}, **options
        )

    return run


def test_a_password_is_made_once(look, source):
    [first] = look("a/b", length=40)
    assert len(first) == 40
    assert look("a/b") == [first]
    assert (source.parent / "secrets" / "a" / "b.yml").exists()


def test_names_keep_their_order(look):
    first, second = look("a", "b")
    assert look("b", "a") == [second, first]


def test_check_mode_keeps_nothing(look, source):
    [value] = look("a", variables={"ansible_check_mode": True})
    assert len(value) == 32
    assert sorted(path.name for path in source.parent.iterdir()) == ["federation.yml"]


def test_check_mode_reads_what_exists(look):
    kept = look("a")
    assert look("a", variables={"ansible_check_mode": True}) == kept


@pytest.mark.parametrize("kind", ["ssh_key", "private_key", "rsa_key"])
def test_key_pairs_have_two_halves(look, kind):
    [private] = look("key", kind=kind)
    [public] = look("key", kind=kind, part="public")
    assert "PRIVATE KEY" in private
    assert "PRIVATE" not in public


def test_another_kind_under_the_same_name_is_refused_without_showing_it(look):
    [value] = look("a")
    with pytest.raises(AnsibleError, match="not of kind ssh_key") as caught:
        look("a", kind="ssh_key")
    assert value not in str(caught.value)


def test_a_provided_secret_is_never_made(look, source):
    with pytest.raises(AnsibleError, match="put into the store and is not there"):
        look("a", kind="provided")
    assert not (source.parent / "secrets").exists()


def test_a_provided_secret_is_read(look, source):
    EmbeddedStore(source.parent / "secrets").get_or_create("a", lambda: {"value": "given"})
    assert look("a", kind="provided") == ["given"]
    assert look("a") == ["given"]


@pytest.mark.parametrize("options", [{"length": 4}, {"chars": "x"}, {"kind": "rsa"}, {"part": "both"}])
def test_bad_options_are_refused(look, options):
    with pytest.raises(AnsibleError):
        look("a", **options)


def test_the_store_named_by_a_variable_wins(look, source, tmp_path):
    look("a", variables={"datacloud_secret_store": str(tmp_path / "elsewhere" / "store")})
    assert (tmp_path / "elsewhere" / "store" / "a.yml").exists()
    assert (tmp_path / "elsewhere" / ".secrets.key").exists()
    assert not (source.parent / "secrets").exists()


@pytest.mark.parametrize("is_folder", [True, False])
def test_the_store_is_beside_the_first_source_that_is_a_path(look, source, tmp_path, is_folder):
    first = tmp_path / "first"
    first.mkdir()
    (first / "hosts.yml").write_text("")
    named = first if is_folder else first / "hosts.yml"
    look("a", variables={"ansible_inventory_sources": ["one,two,", str(named), str(source)], "inventory_dir": "/other"})
    assert (first / "secrets" / "a.yml").exists()


def test_the_hosts_own_folder_is_the_fallback(look, tmp_path):
    look("a", variables={"ansible_inventory_sources": ["one,"], "inventory_dir": str(tmp_path)})
    assert (tmp_path / "secrets" / "a.yml").exists()


def test_without_a_folder_the_variable_to_set_is_named(look):
    with pytest.raises(AnsibleError, match="set datacloud_secret_store"):
        look("a", variables={"ansible_inventory_sources": ["one,"]})


def test_an_optional_secret_may_be_missing(look, source):
    assert look("a", kind="provided", optional=True) == [""]
    EmbeddedStore(source.parent / "secrets").put("a", {"kind": "provided", "value": "given"})
    assert look("a", kind="provided", optional=True) == ["given"]


def test_what_was_put_there_is_read_as_if_made(look, source):
    EmbeddedStore(source.parent / "secrets").put("a", {"kind": "provided", "value": "given"})
    assert look("a") == ["given"]
    with pytest.raises(AnsibleError, match="no such private"):
        look("a", kind="ssh_key")
