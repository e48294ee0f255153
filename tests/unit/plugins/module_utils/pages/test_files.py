# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a report."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.pages import files


def test_written_for_few_eyes_and_in_one_go(tmp_path):
    path = tmp_path / "new" / "report.html"
    assert files.text(path) == ""
    files.write(path, "a µ")
    assert files.text(path) == "a µ" and path.stat().st_mode & 0o777 == 0o600
    inode = path.stat().st_ino
    files.write(path, "b")
    assert path.stat().st_ino != inode and [item.name for item in path.parent.iterdir()] == ["report.html"]


def test_what_is_there_stays_where_the_new_cannot_be_written(tmp_path):
    path = tmp_path / "report.html"
    files.write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        files.write(path, "\udc80")
    assert files.text(path) == "old"
