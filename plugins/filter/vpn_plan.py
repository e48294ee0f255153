# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter plugin: addresses and routes of VPN clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.infn.datacloud.plugins.plugin_utils.vpn import plan


class FilterModule:
    """The filter C(vpn_plan)."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this plugin by name."""
        return {"vpn_plan": plan}
