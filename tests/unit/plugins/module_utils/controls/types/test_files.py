# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not allowed of the files of a system."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Outcome
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import files


@pytest.fixture
def system(machine):
    """Programs of a package and of nobody, and a file that everybody may write."""
    machine.write("/usr/bin/su", "", 0o4755)
    machine.write("/usr/bin/fusermount", "", 0o4755)
    machine.write("/opt/site/tool", "", 0o4755)
    machine.write("/opt/site/notes", "", 0o666)
    search = (
        "util-linux: /bin/su\nfuse3: /usr/bin/fusermount\ndpkg-query: no path found matching pattern /opt/site/tool\n"
    )
    machine.programs["dpkg-query"] = lambda argv: Outcome(1, search if "--search" in argv else "", "")
    return machine


def judge(machine, **data):
    """The evaluation of one control."""
    return files.evaluate({"data": data}, machine.host())


def test_programs_of_packages_are_allowed_also_by_their_place_before_usr_was_merged(system):
    found = judge(system, check="suid")
    assert found.observed == ["/opt/site/tool"]
    assert found.changes == ()
    assert "allow them" in found.reason
    assert judge(system, check="suid", allowed=["/opt/site/*"]).state == "compliant"


def test_world_writable_files_lose_the_bit(system):
    found = judge(system, check="world_writable")
    assert [(change.path, oct(change.mode)) for change in found.changes] == [("/opt/site/notes", "0o664")]


def test_open_folders_get_the_sticky_bit(system):
    (system.folder / "opt/site").chmod(0o2777)
    found = judge(system, check="sticky")
    assert [(change.path, oct(change.mode)) for change in found.changes] == [("/opt/site", "0o3777")]


def test_files_without_an_owner_are_for_people(system, monkeypatch):
    monkeypatch.setattr("os.getuid", lambda: -1)
    found = judge(system, check="unowned", allowed=["/usr/*", "/etc*", "/var*"])
    assert "/opt/site/tool" in found.observed
    assert found.changes == ()


def test_el_asks_rpm(system):
    system.write("/etc/os-release", 'ID=rocky\nID_LIKE="rhel"\nVERSION_ID="9.4"\n')
    words = "file /opt/site/tool is not owned by any package\n"
    system.programs["rpm"] = lambda argv: Outcome(1, words, "")
    assert judge(system, check="suid").observed == ["/opt/site/tool"]
