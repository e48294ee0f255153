# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for the controls."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.controls.machine import make_machine


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A Debian 13 host with next to nothing on it."""
    return make_machine(tmp_path, monkeypatch)
