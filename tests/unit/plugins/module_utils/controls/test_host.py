# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from the host."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Host, run_program, sysctl_path


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.1/rp_filter", "/proc/sys/net/ipv4/conf/eth0.1/rp_filter"),
        ("net.ipv4.conf.eth0/1.rp_filter", "/proc/sys/net/ipv4/conf/eth0.1/rp_filter"),
    ],
)
def test_sysctl_path(key, path):
    assert sysctl_path(key) == path


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ('ID=debian\nVERSION_ID="12"\n', ("Debian", "12", "Debian")),
        ('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n', ("Ubuntu", "24", "Debian")),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\n', ("Rocky", "9", "EL")),
        ("ID=odd\n", ("odd", "", "odd")),
    ],
)
def test_release(machine, text, release):
    machine.write("/etc/os-release", text)
    assert machine.host().release() == release


def test_mounts(machine):
    machine.write(
        "/proc/self/mountinfo",
        "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
        "2 1 0:5 / /mnt/a\\040b ro,nodev - tmpfs none rw\n",
    )
    found = machine.host().mounts()
    assert found["/"].options == {"rw", "relatime", "errors=remount-ro"} and found["/"].source == "/dev/sda1"
    assert found["/mnt/a b"].type == "tmpfs"


def test_accounts(machine):
    machine.write("/etc/passwd", "root:x:0:0:r:/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/sh\n+::::::\nodd\n")
    machine.write("/etc/shadow", "root:*:19000:0:99999:7:::\nada:$y$hash:19000:1:90:7:30::\n")
    machine.write("/etc/group", "adm:x:4:ada,root\n")
    root, ada = machine.host().users()
    assert (root.password, ada.password, ada.maximum, ada.inactive) == ("locked", "set", 90, 30)
    assert "hash" not in repr(machine.host().users())
    assert machine.host().groups()[0].members == ("ada", "root")


def test_each_source_is_read_once(machine):
    host = machine.host()
    assert host.packages() is host.packages() and len(machine.calls) == 1
    machine.write("/etc/x", "1")
    assert host.text("/etc/x") == "1"
    machine.write("/etc/x", "2")
    assert host.text("/etc/x") == "1" and machine.host().text("/etc/x") == "2"


def test_programs():
    assert run_program(("sh", "-c", "echo out; echo err >&2; exit 3")).words == "err"
    assert run_program(("nosuch-program",)).code == 127
    assert run_program(("sleep", "5"), timeout=0.1).code == 124
    assert run_program(("cat",), data="text").out == "text"


def test_bytes_that_are_no_text_survive(machine):
    (machine.folder / "etc/odd").write_bytes(b"caf\xe9\r\n")
    assert machine.host().text("/etc/odd").encode("utf-8", "surrogateescape") == b"caf\xe9\r\n"


def test_default_root():
    assert str(Host().real("/etc/x")) == "/etc/x"
