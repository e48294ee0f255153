# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The federation lookup, loaded as Ansible loads it."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader


@pytest.fixture
def look(root):
    """Look up the lab's description, or another one."""

    def run(*terms, **options):
        source = str(root / "inventories" / "lab" / "federation.yml")
        return lookup_loader.get("infn.datacloud.federation").run(list(terms or [source]), variables={}, **options)

    return run


def test_everything(look):
    [model] = look()
    assert set(model) >= {"federation", "sites", "pools", "hosts", "endpoints", "backbone", "totals"}


def test_one_table(look):
    [hosts] = look(table="hosts")
    assert hosts["ba-storage-01"] == "10.144.33.1"
    assert hosts["cnaf-storage-01"] == "10.144.17.1"


def test_an_unknown_table_is_refused(look):
    with pytest.raises(AnsibleError, match="table"):
        look(table="nodes")


def test_what_is_wrong_is_told(look, tmp_path):
    (tmp_path / "federation.yml").write_text("name: x\n")
    with pytest.raises(AnsibleError, match=r"federation\.yml:1: plugin: this key is missing"):
        look(str(tmp_path / "federation.yml"))
