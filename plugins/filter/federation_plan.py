# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter plugin: a resolved federation as text for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.plan import plan


class FilterModule:
    """The filter C(federation_plan)."""

    def filters(self) -> dict[str, Callable[[dict[str, Any]], str]]:
        """The filters of this plugin by name."""
        return {"federation_plan": plan}
