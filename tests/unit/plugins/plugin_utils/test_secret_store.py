# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded secret store: one secret for all who ask at once, and nothing that leaks."""

from __future__ import annotations

import base64
import json
import multiprocessing
import stat
import struct
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from cryptography.hazmat.primitives import serialization

from ansible_collections.infn.datacloud.plugins.plugin_utils import secret_store
from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import EmbeddedStore, SecretError

RECORD = {"kind": "password", "value": "correct horse"}


@pytest.fixture
def store(tmp_path):
    return EmbeddedStore(tmp_path / "secrets")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def put(store, name, plain):
    """Encrypt plain into the store as an administrator would, with ansible-vault and the store's key."""
    key = VaultSecret(store.key_path.read_bytes().strip())
    (store.folder / f"{name}.yml").write_bytes(VaultLib([("default", key)]).encrypt(plain))


def test_a_secret_is_made_once_and_kept_encrypted(store):
    assert store.get("a/b") is None
    assert store.get_or_create("a/b", lambda: RECORD) == RECORD
    assert store.get_or_create("a/b", pytest.fail) == RECORD
    kept = store.folder / "a" / "b.yml"
    assert kept.read_bytes().startswith(b"$ANSIBLE_VAULT;1.1;AES256")
    assert b"horse" not in kept.read_bytes()


def test_only_the_owner_may_read_what_is_kept(store):
    store.get_or_create("a/b", lambda: RECORD)
    assert mode(store.key_path) == 0o600
    assert mode(store.folder / "a" / "b.yml") == 0o600
    assert mode(store.folder) == 0o700


def test_nothing_but_the_key_and_the_secrets_is_left_behind(store):
    store.get_or_create("a/b", lambda: RECORD)
    files = sorted(str(path.relative_to(store.folder.parent)) for path in store.folder.parent.rglob("*.*"))
    assert files == [".secrets.key", "secrets/a/b.yml"]


def test_asking_for_a_missing_secret_writes_nothing(store):
    assert store.get("a") is None
    assert not store.folder.exists()
    assert not store.key_path.exists()


def make_and_print(folder, results):
    made = EmbeddedStore(folder).get_or_create("shared", lambda: secret_store.new_password(32, "abcdef"))
    results.put(made["value"])


def test_processes_that_ask_at_once_get_the_same_secret(tmp_path):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=make_and_print, args=(tmp_path / "secrets", results)) for number in range(16)]
    for process in processes:
        process.start()
    values = {results.get(timeout=60) for process in processes}
    for process in processes:
        process.join(timeout=60)
    assert len(values) == 1


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "..", "../a", "a/../b", "a//b", "a/", ".a", "a b", "a\nb", "a\n", "é", "a" * 201, 7, None],
)
def test_names_that_could_leave_the_store_are_refused(store, name):
    with pytest.raises(SecretError, match="not a secret's name"):
        store.get(name)


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(store, bits):
    store.get_or_create("a", lambda: RECORD)
    store.key_path.chmod(bits)
    with pytest.raises(SecretError, match="run chmod 600"):
        store.get("a")


def test_a_lost_key_is_never_replaced(store):
    store.get_or_create("a", lambda: RECORD)
    store.key_path.unlink()
    with pytest.raises(SecretError, match="put it back"):
        store.get_or_create("b", lambda: RECORD)
    assert not store.key_path.exists()


def test_an_empty_key_is_refused(store):
    store.get_or_create("a", lambda: RECORD)
    store.key_path.write_text("")
    with pytest.raises(SecretError, match="is empty"):
        store.get("a")


def test_another_stores_key_is_named_as_the_cause(store):
    store.get_or_create("a", lambda: RECORD)
    store.key_path.write_text("another key\n")
    with pytest.raises(SecretError, match="another store's key"):
        store.get("a")


@pytest.mark.parametrize("plain", ["value: [hidden", "hidden", "- hidden", "value: {hidden: 1}", "value: 1234567"])
def test_errors_do_not_quote_what_was_decrypted(store, plain):
    store.get_or_create("a", lambda: RECORD)
    put(store, "bad", plain)
    with pytest.raises(SecretError) as caught:
        store.get("bad")
    assert "hidden" not in str(caught.value)
    assert "1234567" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_secret_written_by_hand_is_read(store):
    store.get_or_create("a", lambda: RECORD)
    put(store, "hand", "value: from elsewhere\n")
    assert store.get("hand") == {"value": "from elsewhere"}


def test_a_failing_maker_leaves_nothing(store):
    def fail():
        raise SecretError("no")

    with pytest.raises(SecretError):
        store.get_or_create("a", fail)
    assert store.get("a") is None


def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretError, match="cannot read secret 'a'"):
        EmbeddedStore(tmp_path / "file" / "secrets").get_or_create("a", lambda: RECORD)


def test_passwords_have_the_length_and_characters_asked_for():
    value = secret_store.new_password(500, "abc")["value"]
    assert len(value) == 500
    assert set(value) == set("abc")


@pytest.mark.parametrize(("length", "chars"), [(7, "abc"), (32, "a"), (32, "aaaa")])
def test_passwords_that_could_be_guessed_are_refused(length, chars):
    with pytest.raises(SecretError, match="at least 8 characters"):
        secret_store.new_password(length, chars)


def test_the_two_halves_of_an_ssh_key_belong_together():
    record = secret_store.new_ssh_key("operator")
    private = serialization.load_ssh_private_key(record["private"].encode(), password=None)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert record["public"] == f"{public.decode()} operator"


@pytest.mark.parametrize(("make", "bits"), [(secret_store.new_private_key, 384), (secret_store.new_rsa_key, 3072)])
def test_the_two_halves_of_a_private_key_belong_together(make, bits):
    record = make()
    private = serialization.load_pem_private_key(record["private"].encode(), password=None)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert record["public"] == public.decode()
    assert private.key_size == bits


def test_a_key_of_ceph_has_the_form_that_ceph_reads():
    """As `ceph-authtool --gen-print-key` prints one."""
    key = base64.b64decode(secret_store.new_ceph_key()["value"], validate=True)
    kind, _made, nanoseconds, length = struct.unpack("<HIIH", key[:12])
    assert (kind, nanoseconds, length) == (1, 0, 16) and len(key) == 28
    assert secret_store.new_ceph_key() != secret_store.new_ceph_key()


def test_records_are_json_so_that_any_tool_reads_them(store):
    store.get_or_create("a", lambda: RECORD)
    key = VaultSecret(store.key_path.read_bytes().strip())
    assert json.loads(VaultLib([("default", key)]).decrypt((store.folder / "a.yml").read_bytes())) == RECORD


def test_a_folder_that_cannot_be_made_is_one_sentence():
    with pytest.raises(SecretError, match="cannot keep secret 'a'"):
        EmbeddedStore(Path("/proc/none/secrets")).get_or_create("a", lambda: RECORD)


def test_names_are_those_of_the_secrets_alone(store):
    assert store.names() == []
    for name in ("b", "a/c", "a/b.c", "a"):
        store.put(name, RECORD)
    (store.folder / "a" / ".new-1.yml").write_text("half written")
    assert store.names() == ["a", "a/b.c", "a/c", "b"]


def test_a_secret_is_replaced_whole(store):
    store.put("a/b", RECORD)
    store.put("a/b", {"value": "another"})
    assert store.get("a/b") == {"value": "another"}
    assert mode(store.folder / "a" / "b.yml") == 0o600


def test_removing_leaves_the_others(store):
    for name in ("a/b/c", "a/d", "e"):
        store.put(name, RECORD)
    store.remove("a/b/c")
    store.remove("a/b/c")
    assert store.names() == ["a/d", "e"]
    assert not (store.folder / "a" / "b").exists()
    store.remove("a/d")
    store.remove("e")
    assert store.folder.is_dir()


def test_removing_from_a_store_that_is_not_there_makes_none(store):
    store.remove("a")
    assert not store.folder.exists()
