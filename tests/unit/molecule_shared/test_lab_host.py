# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import resource

import pytest
from ansible.module_utils import lab_host

DEFAULT_ROUTE = {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"}


def address(interface, local, length):
    return {"ifname": interface, "addr_info": [{"family": "inet", "local": local, "prefixlen": length}]}


def test_os_release_values_lose_their_quotes():
    system = lab_host.parse_os_release('ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    assert system == {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}


@pytest.mark.parametrize(("size", "expected"), [("3g", 3072), ("512m", 512), ("2G", 2048)])
def test_memory_sizes(size, expected):
    assert lab_host.megabytes(size) == expected


def test_a_route_into_our_range_is_named():
    routes = [DEFAULT_ROUTE, {"dst": "10.0.0.0/8", "dev": "tun0"}]
    assert lab_host.overlapping("10.144.0.0/16", [], routes, []) == "10.0.0.0/8 on tun0"


def test_an_address_in_our_range_is_named():
    addresses = [address("lo", "127.0.0.1", 8), address("br0", "10.144.7.1", 24)]
    assert lab_host.overlapping("10.144.0.0/16", addresses, [DEFAULT_ROUTE], []) == "10.144.7.1/24 on br0"


def test_our_own_bridge_and_other_networks_do_not_count():
    addresses = [address("podman1", "10.144.0.1", 16), address("eth0", "192.0.2.2", 24)]
    routes = [{"dst": "10.144.0.0/16", "dev": "podman1"}]
    assert lab_host.overlapping("10.144.0.0/16", addresses, routes, ["podman1"]) is None


def test_limits_are_only_written_where_podman_cannot_raise_them():
    limits = {"nofile": 20000, "nproc": resource.RLIM_INFINITY}
    assert lab_host.ulimits(True, limits) == []
    assert lab_host.ulimits(False, limits) == ["nofile=20000:20000"]


def test_an_ordinary_host_needs_no_setting():
    lines = lab_host.containers_conf(hybrid=False, limits=[]).splitlines()
    assert [line for line in lines if "=" in line] == []


def test_hybrid_cgroups_need_runc_on_the_host_and_nodes_need_crun():
    assert 'runtime = "runc"' in lab_host.containers_conf(hybrid=True, limits=["nofile=20000:20000"])
    node = lab_host.node_containers_conf(["nofile=20000:20000"])
    assert 'runtime = "crun"' in node
    assert 'default_ulimits = ["nofile=20000:20000"]' in node


def test_every_problem_is_told_at_once(monkeypatch, tmp_path):
    monkeypatch.setattr(lab_host.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(lab_host, "installed", lambda command: command == "tar")
    problems = lab_host.missing("10.144.0.0/16", 10**9, 10**9, tmp_path, [], existing=False)
    text = " ".join(problems)
    assert "root" in text
    assert "apt-get install" in text
    assert "podman" in text
    assert "MB of memory" in text
    assert "GB free" in text


def test_an_existing_lab_needs_no_more_disk(monkeypatch, tmp_path):
    problems = lab_host.missing("10.144.0.0/16", 1, 10**9, tmp_path, [], existing=True)
    assert not [problem for problem in problems if "GB free" in problem]
