# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that depend on nothing but a node's own network, block and number.

Node NN of a pool has the address ``network + offset + NN``. The offset comes from the federation's address plan, so no
address moves when a site, a pool or a node is added or removed. In each block the first address (number 0) and the
last one belong to no node. The standard library's ipaddress does all that is needed here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(text: str) -> Network:
    """The network of a CIDR text. Raises ValueError with a message that ends a sentence about the text."""
    if "/" not in text:
        raise ValueError("has no prefix length: write it like 10.1.0.0/20")
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError as error:
        raise ValueError("is no network in CIDR notation such as 10.1.0.0/20") from error
    if interface.ip != interface.network.network_address:
        raise ValueError(f"is an address inside a network, not a network: did you mean {interface.network}?")
    return interface.network


def capacity(block: dict[str, int]) -> int:
    """The highest node number of a block: its first and last address belong to no node."""
    return block["size"] - 2


def fits(block: dict[str, int], inside: Network) -> bool:
    """Whether the whole block lies in the network."""
    return block["offset"] + block["size"] <= inside.num_addresses


def address(inside: Network, block: dict[str, int], number: int) -> str:
    """The address of node ``number`` (from 1) of a pool."""
    return str(inside[block["offset"] + number])


def overlaps(spans: Iterable[tuple[int, int, Any]]) -> Iterator[tuple[Any, Any]]:
    """Pairs (later, earlier) of (first, last, owner) spans that overlap.

    A span is paired with one that reaches over its begin, so the work grows with the number of spans, sorting apart.
    """
    reach: tuple[int, Any] | None = None
    for first, last, owner in sorted(spans, key=lambda span: span[:2]):
        if reach and first <= reach[0]:
            yield owner, reach[1]
        if reach is None or last > reach[0]:
            reach = (last, owner)
