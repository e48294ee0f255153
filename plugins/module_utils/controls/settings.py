# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and set one key in a text that belongs to somebody else; everything else in it stays byte for byte.

The formats are those of login.defs(5) (`KEY value`), pwquality.conf(5) and faillock.conf(5) (`key = value`, or the key
alone for a flag), and files of shell variables (`KEY=value`), with or without [sections].
"""

from __future__ import annotations

import re


def get_key(text, key, separator=" ", section=None):
    """The values (list of str) of the active lines of a key, in their order; "" is that of a key alone."""
    active = _active(key, separator)
    lines = text.split("\n")
    matches = [active.match(lines[number]) for number in _range(lines, section)]
    return [match["value"] or "" for match in matches if match]


def set_key(text, key, value, separator=" ", section=None):
    """The text with exactly one active line of the key, or with none (value None).

    The first active line is replaced where it stands and further ones are removed. Without any the line goes below the
    last commented one, which is the documented default, and without that to the end of the file or section.
    """
    lines = text.split("\n")
    active = _active(key, separator)
    numbers = [number for number in _range(lines, section) if active.match(lines[number])]
    for number in reversed(numbers if value is None else numbers[1:]):
        del lines[number]
    if value is None:
        return "\n".join(lines)
    line = f"{key}{separator}{value}" if value != "" else key
    if numbers:
        # The indentation and a value that already is right are left as they are.
        if (active.match(lines[numbers[0]])["value"] or "") != value:
            lines[numbers[0]] = line
        return "\n".join(lines)
    return "\n".join(_added(lines, line, _commented(key, separator), section))


def _active(key, separator):
    """What an active line of the key looks like."""
    equals = r"\s*=\s*" if "=" in separator else r"\s+"
    return re.compile(rf"\s*{re.escape(key)}(?:{equals}(?P<value>.*?))?\s*\Z")


def _commented(key, separator):
    """What a commented default looks like. Where words are separated by blanks, `# KEY is` is prose."""
    blank = r"[ \t]*" if "=" in separator else ""
    equals = r"\s*=" if "=" in separator else r"(?:\s|\Z)"
    return re.compile(rf"\s*[#;]{blank}{re.escape(key)}{equals}")


def _added(lines, line, commented, section):
    """The lines with one more."""
    header = f"[{section}]"
    if section is not None and not any(_section(entry) == section for entry in lines):
        if lines[-1] == "":
            lines = lines[:-1]
        return [*lines, header, line, ""]
    numbers = list(_range(lines, section))
    defaults = [number for number in numbers if commented.match(lines[number])]
    if defaults:
        place = defaults[-1] + 1
    elif section is not None:
        first = next(number for number, entry in enumerate(lines) if _section(entry) == section) + 1
        place = max([number + 1 for number in numbers if lines[number].strip()], default=first)
    else:
        place = len(lines) - 1 if lines[-1] == "" else len(lines)
    after = lines[place:]
    # A file ends with a line end; the last element of a text that does is empty.
    return [*lines[:place], line, *(after or [""])]


def _section(line):
    """The name of the section that a line begins, or None."""
    match = re.match(r"\s*\[([^\]]*)\]\s*\Z", line)
    return match[1] if match else None


def _range(lines, section):
    """The numbers of the lines of a section; of all lines where there are no sections."""
    if section is None:
        yield from range(len(lines))
        return
    current = None
    for number, line in enumerate(lines):
        name = _section(line)
        if name is not None:
            current = name
        elif current == section:
            yield number
