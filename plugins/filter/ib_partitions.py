# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter plugin: the InfiniBand partitions of a bubble."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def ib_partitions(fabric: Mapping[str, Mapping[str, Any]], found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The partitions of ``fabric`` ({name: {key, hosts, ...}}) as module ib_partition takes them.

    ``found`` has by host what module ib_fabric_info found there. A host without it is listed by its name only, so that
    it keeps the ports that it has.
    """
    return [
        {
            "name": name,
            "key": str(partition["key"]),
            **{option: partition[option] for option in ("membership", "ipoib", "mtu", "rate") if option in partition},
            "members": [member for host in partition["hosts"] for member in _members(host, found.get(host))],
        }
        for name, partition in sorted(fabric.items())
    ]


def _members(host: str, found: Any) -> list[dict[str, str]]:
    ports = found.get("ports", []) if isinstance(found, Mapping) else []
    return [{"name": host, "guid": port["guid"]} for port in ports] or [{"name": host}]


class FilterModule:
    """The filter C(ib_partitions)."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this plugin by name."""
        return {"ib_partitions": ib_partitions}
