# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the tests import the lab's module_utils as its modules do, and its scripts as plain modules."""

from __future__ import annotations

import sys
from pathlib import Path

import ansible.module_utils

SHARED = Path(__file__).resolve().parents[3] / "molecule" / "shared"
ansible.module_utils.__path__.append(str(SHARED / "module_utils"))
sys.path.append(str(SHARED))
