# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that carries secrets between the embedded store and a real OpenBao, both ways."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from ansible_collections.infn.datacloud.plugins.plugin_utils.bao_store import BaoStore, Settings
from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import EmbeddedStore
from ansible_collections.infn.datacloud.tests.contract import bao_server

SECRETS = {
    "rgw/key": {"kind": "password", "value": "hidden one"},
    "ssh/key": {"kind": "ssh_key", "private": "hidden half", "public": "other half"},
    "given": {"value": "hidden two"},
}
STAYS = {"openbao/x/root_token": {"value": "hidden token"}, "ca/private_key": {"private": "hidden", "public": "key"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with bao_server.running(tmp_path_factory.mktemp("bao")) as bao:
        bao.client.sys.enable_secrets_engine("kv", path="datacloud", options={"version": "2"})
        yield bao


class Federation:
    """An inventory with a store beside it, and its folder in OpenBao."""

    def __init__(self, folder, root, server, prefix):
        self.folder, self.root = folder, root
        self.openbao = {"url": server.url, "ca_path": str(server.ca_path), "token": server.token, "prefix": prefix}
        self.stores = {
            "embedded": EmbeddedStore(folder / "secrets"),
            "openbao": BaoStore(Settings.of(self.openbao)),
        }
        (folder / "hosts.yml").write_text("all: {hosts: {}}\n")

    def move(self, to, *options, backend="embedded", **variables):
        """Run the playbook; what it printed, and its exit status."""
        given = {
            "secrets_to": to, "datacloud_secret_openbao": self.openbao, "datacloud_secret_backend": backend, **variables
        }  # fmt: skip
        (self.folder / "given.json").write_text(json.dumps(given))
        result = subprocess.run(
            ["ansible-playbook", "-vvv", "--diff", "-i", str(self.folder / "hosts.yml"),
             "-e", f"@{self.folder / 'given.json'}", *options, "playbooks/secrets_move.yml"],
            cwd=self.root, capture_output=True, text=True, check=False, env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        )  # fmt: skip
        output = result.stdout + result.stderr
        assert "hidden" not in output
        assert "half" not in output
        return output, result.returncode

    def content(self, store):
        """Everything in one of the stores."""
        return {name: self.stores[store].get(name) for name in self.stores[store].names()}

    def fill(self, store, secrets):
        for name, record in secrets.items():
            self.stores[store].put(name, record)


@pytest.fixture
def federation(tmp_path, root, server, request):
    return Federation(tmp_path, root, server, request.node.name.replace("_", "-"))


def test_there_and_back_again(federation):
    federation.fill("embedded", SECRETS | STAYS)

    output, status = federation.move("openbao", "--check")
    assert status == 0 and "3 secrets would be copied to openbao" in " ".join(output.split())
    assert federation.content("openbao") == {}

    output, status = federation.move("openbao")
    assert status == 0 and "changed=1" in output
    assert "set datacloud_secret_backend to openbao" in " ".join(output.split())
    assert federation.content("openbao") == SECRETS
    assert federation.content("embedded") == SECRETS | STAYS

    output, status = federation.move("openbao")
    assert status == 0 and "changed=0" in output

    output, status = federation.move("openbao", backend="openbao", secrets_remove_source=True)
    assert status == 0 and "changed=1" in output
    assert federation.content("embedded") == STAYS

    _rest, status = federation.move("embedded", backend="openbao")
    assert status == 0
    _rest, status = federation.move("embedded", secrets_remove_source=True)
    assert status == 0
    assert federation.content("embedded") == SECRETS | STAYS
    assert federation.content("openbao") == {}


def test_different_secrets_are_listed_together_and_nothing_is_written(federation):
    federation.fill("embedded", SECRETS)
    other = {"rgw/key": {"value": "hidden other"}, "given": {"value": "hidden other"}}
    federation.fill("openbao", other)
    for options in ((), ("--check",)):
        output, status = federation.move("openbao", *options)
        assert status != 0 and "given, rgw/key: both stores hold a secret of this name" in " ".join(output.split())
    assert federation.content("openbao") == other

    _rest, status = federation.move("openbao", secrets_replace=True)
    assert status == 0
    assert federation.content("openbao") == SECRETS


def test_the_store_in_use_is_not_emptied(federation):
    federation.fill("embedded", SECRETS)
    output, status = federation.move("openbao", secrets_remove_source=True)
    assert status != 0 and "still reads its secrets from the store" in " ".join(output.split())
    assert federation.content("embedded") == SECRETS
    assert federation.content("openbao") == {}


def test_without_a_store_to_go_to_it_says_what_to_give(federation):
    output, status = federation.move("")
    assert status != 0 and "-e secrets_to=openbao" in " ".join(output.split())
