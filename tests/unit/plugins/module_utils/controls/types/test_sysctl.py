# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sysctl: live, at boot, and what is read later."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Fragment, Setting, SysctlLive
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import sysctl

KEY = "net.ipv4.conf.all.rp_filter"
OURS = "/etc/sysctl.d/99-zz-datacloud.conf"


@pytest.fixture
def node(machine):
    """A host on which the parameter is as it should be."""
    machine.write("/proc/sys/net/ipv4/conf/all/rp_filter", "1\n")
    machine.write(OURS, f"{KEY} = 1\n")
    return machine


def judge(node, **values):
    """The evaluation of one control."""
    return sysctl.evaluate({"data": {"values": values or {KEY: 1}}}, node.host())


def test_compliant(node):
    seen = judge(node)
    assert seen.state == "compliant" and seen.observed == {KEY: {"live": "1", "boot": "1"}}
    assert [type(change) for change in seen.changes] == [Fragment, SysctlLive]


def test_words_between_any_blanks(node):
    node.write("/proc/sys/net/ipv4/tcp_mem", "1\t2\t3\n")
    node.write(OURS, "net.ipv4.tcp_mem = 1 2 3\n")
    assert judge(node, **{"net.ipv4.tcp_mem": "1 2  3"}).state == "compliant"


@pytest.mark.parametrize("line", [f"{KEY}=0", f"-{KEY} = 0", "net/ipv4/conf/all/rp_filter = 0", f"  {KEY} =  0  "])
def test_later_file_of_the_administrator_is_corrected(node, line):
    node.write("/etc/sysctl.d/99-zz-more.conf", f"{line}\n")
    seen = judge(node)
    assert seen.state == "different" and seen.observed[KEY]["boot"] == "0" and not seen.remains
    assert [change.path for change in seen.changes if isinstance(change, Setting)] == ["/etc/sysctl.d/99-zz-more.conf"]


def test_later_file_of_a_package_is_told(node):
    node.write("/usr/lib/sysctl.d/99-zz-vendor.conf", f"{KEY} = 2\n")
    seen = judge(node)
    assert seen.state == "different" and "/usr/lib/sysctl.d/99-zz-vendor.conf" in seen.remains
    # A file of the same name in /etc hides it.
    node.write("/etc/sysctl.d/99-zz-vendor.conf", "")
    assert judge(node).state == "compliant"


def test_earlier_files_and_comments_do_not_matter(node):
    node.write("/etc/sysctl.d/10-first.conf", f"{KEY} = 0\n")
    node.write("/etc/sysctl.conf", f"#{KEY} = 0\n; {KEY} = 0\n")
    assert judge(node).state == "compliant"
    node.write("/etc/sysctl.conf", f"{KEY} = 0\n")
    assert judge(node).observed[KEY]["boot"] == "0"


def test_absent_parameters(node):
    assert judge(node, **{"net.none": 1}).state == "not_applicable"
    seen = judge(node, **{"net.none": 1, KEY: 1})
    assert seen.state == "compliant" and list(seen.observed) == [KEY]
