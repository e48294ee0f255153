# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One walk over a small system."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Host
from ansible_collections.infn.datacloud.plugins.module_utils.controls.tree import walk

MOUNTS = """\
1 0 0:1 / / rw - overlay overlay rw
2 1 0:2 / /srv rw - ext4 /dev/sdb rw
3 1 0:3 / /var rw - xfs /dev/sdc rw
4 1 0:4 / /home rw - nfs4 server:/home rw
"""


@pytest.fixture
def system(machine):
    """Something of everything, also where nobody should look."""
    machine.write("/proc/self/mountinfo", MOUNTS)
    for folder in ("/usr/bin", "/srv", "/home", "/var/lib/containers", "/var/log"):
        machine.write(f"{folder}/program", "", 0o4755)
        machine.write(f"{folder}/open", "", 0o666)
    machine.write("/usr/bin/data", "", 0o2644)
    machine.write("/var/tmp/open/file", "")
    (machine.folder / "var/tmp/open").chmod(0o777)
    (machine.folder / "var/tmp").chmod(0o1777)
    (machine.folder / "usr/bin/link").symlink_to("open")
    return machine


def test_only_local_file_systems_of_the_system_are_walked(system):
    found = walk(system.host())
    assert found.privileged == {"/usr/bin/program": 0o4755, "/var/log/program": 0o4755}
    assert found.world_writable == ["/usr/bin/open", "/var/log/open"]
    assert found.not_sticky == ["/var/tmp/open"]


def test_numbers_without_a_name_own_nothing(system, monkeypatch):
    monkeypatch.setattr(Host, "user_name", lambda _host, uid: str(uid))
    assert "/usr/bin/program" in walk(system.host()).unowned
    monkeypatch.setattr(Host, "user_name", lambda _host, _uid: "somebody")
    assert walk(system.host()).unowned == []
