# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ib_partitions: partitions of hosts become partitions of ports."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.filter.ib_partitions import ib_partitions

FABRIC = {
    "virgo": {"key": "0x0102", "hosts": ["ba-cpu-01", "ba-gpu-01"]},
    "ligo": {"key": "0x0103", "hosts": ["ba-gpu-01"], "membership": "limited", "ipoib": True},
}


def test_ports():
    found = {
        "ba-cpu-01": {"ports": [{"guid": "0x1", "state": "Active"}]},
        "ba-gpu-01": {"ports": [{"guid": "0x2"}, {"guid": "0x3"}]},
    }
    gpu = [{"name": "ba-gpu-01", "guid": "0x2"}, {"name": "ba-gpu-01", "guid": "0x3"}]
    assert ib_partitions(FABRIC, found) == [
        {"name": "ligo", "key": "0x0103", "membership": "limited", "ipoib": True, "members": gpu},
        {"name": "virgo", "key": "0x0102", "members": [{"name": "ba-cpu-01", "guid": "0x1"}, *gpu]},
    ]


def test_hosts_that_told_nothing_are_there_by_name():
    found = {"ba-cpu-01": {}, "ba-gpu-01": {"ports": []}}
    assert ib_partitions(FABRIC, found)[1]["members"] == [{"name": "ba-cpu-01"}, {"name": "ba-gpu-01"}]
    assert ib_partitions(FABRIC, {})[1] == ib_partitions(FABRIC, found)[1]
    assert ib_partitions({}, {}) == []
