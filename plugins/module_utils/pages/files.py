# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a report: what they said, and what they say now."""

from __future__ import annotations

import os


def text(path):
    """The text of a file, "" where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def write(path, new_text):
    """Replace a file in one go. What reports say is for those who run the place, so others may not read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.touch(mode=0o600)
    with new.open("w", encoding="utf-8") as file:
        file.write(new_text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
