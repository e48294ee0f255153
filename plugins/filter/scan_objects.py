# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter plugin of layer scan: the description's scans in the words of Greenbone's manager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.infn.datacloud.plugins.plugin_utils.scan_objects import objects


class FilterModule:
    """The filter, with its documentation in a file of its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this plugin by name."""
        return {"scan_objects": objects}
