# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter plugins of layer scan: which scans are due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation import scans

WHEN = ("due", "new", "all", "none")


def due(targets: dict[str, dict[str, Any]], reports: list[dict[str, Any]], when: str = "due") -> list[str]:
    """See ``scans.due``; now is the control node's time. Raises AnsibleFilterError for an unknown ``when``."""
    if when not in WHEN:
        raise AnsibleFilterError(f"'{when}' does not say which scans to start: one of {', '.join(WHEN)}")
    return scans.due(targets, reports, datetime.now(UTC), when)


class FilterModule:
    """The filters, each with its documentation in a file of its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this plugin by name."""
        return {"scans_due": due}
