# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every object module has in common, because module_utils/core.py does it."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the changed status prediction without changing the target.
    support: full
  diff_mode:
    description: Returns what has changed, or in check mode would change, as before and after; secrets are masked.
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode); it only reads.
    support: full
  diff_mode:
    description: Returns what has changed; this module changes nothing.
    support: N/A
"""

    PURGE = r"""
options:
  purge:
    description:
      - Also remove the objects that are not listed, but only those that carry the mark of this collection.
    type: bool
    default: false
"""

    RECREATE = r"""
options:
  recreate:
    description:
      - Remove and create an object again where a field that cannot be changed in place differs.
      - What the object holds is lost. Without this the module fails and names the field.
    type: bool
    default: false
"""
