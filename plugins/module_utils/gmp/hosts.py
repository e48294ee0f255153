# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of hosts as Greenbone understands them: addresses, networks, ranges and names.

The manager takes anything for a host ("not a host!" too) and says nothing, so lists are checked here before.
"""

from __future__ import annotations

import ipaddress
import re

NAME = re.compile(r"^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*\.?$")
NUMBERS = re.compile(r"^[0-9.-]+$")  # an address that is none, such as 10.0.0.300, is not a name either


def host(value):
    """One entry in its one spelling (str); raises ValueError for what is no host."""
    text = str(value).strip().lower()
    for reading in (_address, _network, _range, _name):
        found = reading(text)
        if found:
            return found
    raise ValueError(f"'{value}' is no address, network, range of addresses or host name")


def hosts(values):
    """The entries (list of str) in their one spelling, each once, sorted."""
    return sorted({host(value) for value in values})


def complaints(values):
    """What is wrong with a list of hosts (list of str)."""
    said = []
    for value in values or ():
        try:
            host(value)
        except ValueError as error:
            said.append(str(error))
    return said


def split(text):
    """The entries (list of str) of the manager's comma-separated list."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _address(text):
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _network(text):
    if "/" not in text:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _range(text):
    first, dash, last = text.partition("-")
    begin = _address(first)
    if not dash or not begin:
        return None
    base = ipaddress.ip_address(begin)
    if base.version == 4 and last.isdigit():
        last = f"{begin.rpartition('.')[0]}.{int(last)}"
    elif base.version == 6 and re.fullmatch(r"[0-9a-f]{1,4}", last):
        last = f"{base.exploded.rpartition(':')[0]}:{last}"
    end = _address(last)
    if not end:
        return None
    top = ipaddress.ip_address(end)
    if top.version != base.version or top < base:
        return None
    return begin if top == base else f"{begin}-{end}"


def _name(text):
    return text.rstrip(".") if NAME.match(text) and not NUMBERS.match(text) else None
