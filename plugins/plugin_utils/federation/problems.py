# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a description, in words for the person who wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# So long a value may be, and so many known names may be listed, in a message.
_SHOWN = 60
_KNOWN = 12


@dataclass(frozen=True)
class Problem:
    """One thing to correct: the file as the admin names it, the line from 1, the path of the key, and what is wrong."""

    file: str
    line: int
    path: tuple
    message: str

    def __str__(self) -> str:
        where = key_path(self.path)
        return f"{self.file}:{self.line}: {where + ': ' if where else ''}{self.message}"


class DescriptionError(Exception):
    """A description with problems: all of them, ordered by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (p.file, p.line, str(p.path), p.message))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def key_path(path: tuple) -> str:
    """``("pools", 0, "kind")`` as ``pools[0].kind``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + _short(_printable(step))
    return text


def shown(value: Any) -> str:
    """A value as it may stand in a message: quoted, on one line, never long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"'{_short(_printable(value))}'"
    return _short(str(value))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?``, or what there is, for a word that is none of ``known``."""
    known = list(known)
    near = difflib.get_close_matches(word[:_SHOWN], known, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    if not known:
        return ""
    return f"; known: {', '.join(known[:_KNOWN])}{', ...' if len(known) > _KNOWN else ''}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: _SHOWN + 1])


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
