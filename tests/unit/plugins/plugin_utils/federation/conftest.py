# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small federation that every test can change."""

from __future__ import annotations

import pytest

FEDERATION = """\
---
plugin: infn.datacloud.federation
name: example
domain: example.test
address_plan:
  storage: {offset: 256, size: 256}
  cpu: {offset: 1024, size: 8}
backbone: {realm: r, zonegroup: z, master: north}
"""

NORTH = """\
---
name: north
location: Trento
contacts: [admins@north.test]
tier: backbone
network: 10.1.0.0/20
pools:
  - {kind: storage, count: 3}
  - {kind: cpu, count: 2}
services:
  ceph: {pool: storage}
  s3: {pool: storage}
"""

SOUTH = """\
---
name: south
location: Bari
contacts: [admins@south.test]
network: 10.2.0.0/20
pools:
  - {kind: cpu, count: 2}
"""


class Description:
    """A description on disk: write its files, change a text in one, load it."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "federation.yml"
        (folder / "sites").mkdir()
        self.write("federation.yml", FEDERATION)
        self.write("sites/north.yml", NORTH)
        self.write("sites/south.yml", SOUTH)

    def write(self, name, content):
        """Write a file; text as UTF-8."""
        raw = content if isinstance(content, bytes) else content.encode()
        (self.folder / name).write_bytes(raw)

    def change(self, name, old, new):
        """Replace a text that must be there."""
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))


@pytest.fixture
def description(tmp_path):
    """A valid description of two sites."""
    folder = tmp_path / "inventory"
    folder.mkdir()
    return Description(folder)
