# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the host's log of a module whose arguments hold a key of several lines."""

from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.infn.datacloud.plugins.module_utils.quiet import QuietModule

KEY = "-----BEGIN PRIVATE KEY-----\nfirst line of it\nsecond line of it\n-----END PRIVATE KEY-----\n"
OPTIONS = {
    "keys": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {"private_key": {"type": "str", "no_log": True}},
    }
}


@pytest.fixture
def logged(monkeypatch):
    """Everything that modules log, as a list of texts."""
    texts = []
    monkeypatch.setattr(AnsibleModule, "log", lambda self, *told, **more: texts.append(f"{told} {more}"))
    return texts


def test_a_key_of_several_lines_is_not_logged(logged):
    with patch_module_args({"keys": [{"private_key": KEY}]}):
        module = QuietModule(OPTIONS)
    assert not [text for text in logged if "line of it" in text]
    assert KEY in module.no_log_values


def test_an_ordinary_module_logs_it(logged):
    """The reason for QuietModule; where this fails, Ansible has learned to mask it and QuietModule can go."""
    with patch_module_args({"keys": [{"private_key": KEY}]}):
        AnsibleModule(OPTIONS)
    assert [text for text in logged if "line of it" in text]
