# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in one line of words."""

from __future__ import annotations


def plain(value):
    """A value as a person would write it, in one line: {"a": 1, "b": [2, 3]} is "a: 1; b: 2, 3"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_inner(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_inner(item) for item in value)
    return " ".join(str(value).split())


def _inner(value):
    """A value inside another one, which says something even where it is empty."""
    if value is None:
        return "not set"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_inner(item)}" for key, item in value.items()) or "none"
    return plain(value) or "none"


def number(count, word, words=None):
    """Such as "1 host" and "2 hosts"."""
    return f"{count} {word if count == 1 else words or word + 's'}"
