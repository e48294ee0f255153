# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let every test import ``ansible_collections.infn.datacloud`` from this checkout, through Ansible's own loader."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COLLECTIONS = ROOT / ".ansible" / "collections"
LINK = COLLECTIONS / "ansible_collections" / "infn" / "datacloud"

# Read when ansible is first imported, hence before the import below.
os.environ["ANSIBLE_CONFIG"] = str(ROOT / "ansible.cfg")
# Tests that start ansible-doc and the like mean those of this Python's environment.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

from ansible.plugins.loader import init_plugin_loader  # noqa: E402

if not LINK.exists():
    raise pytest.UsageError(f"{LINK.relative_to(ROOT)} is missing: run `make setup` first")
init_plugin_loader([str(COLLECTIONS)])


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return ROOT
