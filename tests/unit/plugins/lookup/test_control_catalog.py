# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup of the catalog of controls, loaded as Ansible loads it."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader


@pytest.fixture
def look():
    def run(*terms, **options):
        return lookup_loader.get("infn.datacloud.control_catalog").run(list(terms), variables={}, **options)

    return run


def test_the_role_s_own_catalog(look):
    [baseline], [epic] = look(), look(profiles=["epic"])
    assert 40 < len(baseline) < len(epic)


def test_what_cannot_be_is_told(look):
    with pytest.raises(AnsibleError, match="unknown kind of host 'hcp'; did you mean 'hpc'"):
        look(exceptions=["hcp"])


def test_a_broken_catalog_is_told(look, tmp_path):
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "topic.yml").write_text("- id: x-y\n")
    missing = r"(?s)topic\.yml:1: \[0\]\.type: this key is missing.*why: this key is missing"
    with pytest.raises(AnsibleError, match=missing):
        look(catalog=str(tmp_path / "catalog"))


def test_there_are_no_terms(look):
    with pytest.raises(AnsibleError, match="no terms"):
        look("baseline")
