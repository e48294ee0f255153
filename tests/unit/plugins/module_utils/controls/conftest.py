# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for the controls."""

from __future__ import annotations

import os

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls import apply
from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Host
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.controls.machine import Machine


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A Debian 13 host with next to nothing on it, on which whoever runs the tests is root."""
    monkeypatch.setattr(Host, "user_name", lambda _host, uid: "root" if uid == os.getuid() else str(uid))
    monkeypatch.setattr(Host, "group_name", lambda _host, gid: "root" if gid == os.getgid() else str(gid))
    monkeypatch.setattr(apply, "_uid", lambda _name: os.getuid())
    monkeypatch.setattr(apply, "_gid", lambda _name: os.getgid())
    return Machine(tmp_path / "root")
