# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read one YAML file of a federation description, remembering the line of every key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import Problem, shown

# A site file is 10-40 lines. These bounds only keep a broken or hostile file from taking the machine with it.
MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 20

# The parser of libyaml is about ten times faster; PyYAML may be built without it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAGS = {
    "tag:yaml.org,2002:bool",
    "tag:yaml.org,2002:float",
    "tag:yaml.org,2002:int",
    "tag:yaml.org,2002:null",
}
_STR = "tag:yaml.org,2002:str"


class _Unreadable(Exception):
    """The rest of the file has no meaning. Holds the line (from 1) and what is wrong."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class Document:
    """A file as plain data.

    ``data`` is None where the file could not be read; ``problems`` then says why. ``lines`` gives the line, from 1,
    of a path such as ``("pools", 0, "kind")``.
    """

    name: str
    data: Any = None
    lines: dict[tuple, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: tuple) -> int:
        """The line of ``path``, or of the nearest thing around it that has one (what an alias stands for has none)."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: tuple, message: str) -> Problem:
        """A problem of the value at ``path``."""
        return Problem(self.name, self.line(path), path, message)

    def refused(self, path: tuple) -> bool:
        """Whether ``path``, or what it is in, stands in the file but was taken out of its data for its wrong shape."""
        data = self.data
        for length in range(1, len(path) + 1):
            if not isinstance(data, dict) or path[length - 1] not in data:
                return path[:length] in self.lines
            data = data[path[length - 1]]
        return False


def read(path: Path, name: str) -> Document:
    """Read ``path``; ``name`` is what the reader of a message calls it. Never raises: see ``Document.problems``."""
    document = Document(name)
    try:
        document.data = _Composer(_text(path), document).compose()
    except _Unreadable as error:
        document.problems.append(Problem(name, error.line, (), str(error)))
    return document


def _text(path: Path) -> str:
    if path.is_dir():
        raise _Unreadable(1, "is a directory, not a file")
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _Unreadable(1, f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise _Unreadable(1, f"is larger than {MAX_BYTES // 1024} KiB, which no description needs")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _Unreadable(line, f"is not UTF-8 text: byte 0x{raw[error.start]:02x}") from error


def _code(character: int | str) -> str:
    """A character as U+0000; libyaml's reader gives its number, PyYAML's the character."""
    return f"U+{character if isinstance(character, int) else ord(character):04X}"


@dataclass
class _Anchored:
    """What an anchor names: the value, how many nodes it stands for and how many levels it has."""

    value: Any
    nodes: int
    height: int


@dataclass
class _Open:
    """A mapping or list whose end has not come yet."""

    value: dict | list
    path: tuple
    anchor: str | None
    first_node: int
    height: int = 1
    key: str | None = None
    skip: bool = False


class _Composer:
    """Build plain data from the parser's events, without recursion, so that depth cannot exhaust the stack."""

    def __init__(self, text: str, document: Document) -> None:
        self.text = text
        self.document = document
        self.resolver = yaml.resolver.Resolver()
        self.constructor = yaml.constructor.SafeConstructor()
        self.anchors: dict[str, _Anchored] = {}
        self.stack: list[_Open] = []
        self.nodes = 0
        self.root: Any = None
        self.documents = 0

    def compose(self) -> Any:
        try:
            for event in yaml.parse(self.text, Loader=_Loader):
                self._take(event)
        except yaml.reader.ReaderError as error:
            line = self.text.count("\n", 0, error.position) + 1
            raise _Unreadable(line, f"holds a character that YAML does not allow: {_code(error.character)}") from error
        except yaml.MarkedYAMLError as error:
            raise self._syntax(error) from error
        if self.root is None:
            raise _Unreadable(1, "is empty")
        return self.root

    def _syntax(self, error: yaml.MarkedYAMLError) -> _Unreadable:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        lines = self.text.splitlines()
        here = lines[line - 1] if line <= len(lines) else ""
        if "\t" in here[: mark.column + 1 if mark else None]:
            return _Unreadable(line, "has a tab where YAML wants spaces")
        words = " ".join(word for word in (error.context, error.problem) if word)
        return _Unreadable(line, f"is not YAML: {words}")

    def _take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _Unreadable(line, "holds more than one YAML document")
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, line)

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        top = self.stack[-1] if self.stack else None
        if top and isinstance(top.value, dict) and top.key is None:
            self._key(top, event, line)
            return
        self._count(1, line)
        if top is None:
            path = ()
        elif isinstance(top.value, dict):
            path = (*top.path, top.key)
        else:
            path = (*top.path, len(top.value))
            self.document.lines[path] = line
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, path, line)
            self._name(event.anchor, _Anchored(value, 1, 0))
            self._put(value, 0)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event, line)
        else:
            if event.tag and not event.implicit:
                self._tagged(path, event.tag, line)
            self._deep(len(self.stack) + 1, line)
            value = {} if isinstance(event, yaml.MappingStartEvent) else []
            # An anchor is known only when its value is complete: what refers to itself refers to nothing.
            self.anchors.pop(event.anchor, None)
            self.stack.append(_Open(value, path, event.anchor, self.nodes))

    def _key(self, top: _Open, event: yaml.NodeEvent, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise _Unreadable(line, "a key must be plain text")
        # The text as it stands: YAML would read the keys yes, on and 1 as something else.
        top.key = event.value
        path = (*top.path, top.key)
        top.skip = top.key in top.value
        if top.skip:
            first = self.document.lines.get(path, line)
            message = f"key {shown(top.key)} is there twice, first in line {first}"
            self.document.problems.append(Problem(self.document.name, line, path, message))
        else:
            self.document.lines[path] = line

    def _scalar(self, event: yaml.ScalarEvent, path: tuple, line: int) -> Any:
        tag = event.tag
        if tag in (None, "!"):
            tag = self.resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        elif tag != _STR and tag not in _PLAIN_TAGS:
            self._tagged(path, tag, line)
            return event.value
        if tag not in _PLAIN_TAGS:
            return event.value
        try:
            return self.constructor.construct_object(yaml.ScalarNode(tag, event.value))
        except (ValueError, KeyError, yaml.YAMLError):
            # For example a number of 5,000 digits, or !!int on a word. As text it fails where a number is wanted.
            return event.value

    def _tagged(self, path: tuple, tag: str, line: int) -> None:
        message = f"has the YAML tag {shown(tag)}: a description is plain text, numbers, lists and keys"
        self.document.problems.append(Problem(self.document.name, line, path, message))

    def _alias(self, event: yaml.AliasEvent, line: int) -> None:
        known = self.anchors.get(event.anchor)
        if known is None:
            raise _Unreadable(line, f"*{event.anchor} refers to an anchor that is not there, or to itself")
        self._count(known.nodes - 1, line)
        self._deep(len(self.stack) + known.height, line)
        self._put(known.value, known.height)

    def _close(self) -> None:
        done = self.stack.pop()
        self._name(done.anchor, _Anchored(done.value, self.nodes - done.first_node + 1, done.height))
        self._put(done.value, done.height)

    def _name(self, anchor: str | None, what: _Anchored) -> None:
        if anchor:
            self.anchors[anchor] = what

    def _put(self, value: Any, height: int) -> None:
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        top.height = max(top.height, height + 1)
        if isinstance(top.value, list):
            top.value.append(value)
            return
        if not top.skip:
            top.value[top.key] = value
        top.key, top.skip = None, False

    def _count(self, more: int, line: int) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES:
            raise _Unreadable(line, f"stands for more than {MAX_NODES} values once its anchors are filled in")

    def _deep(self, depth: int, line: int) -> None:
        if depth > MAX_DEPTH:
            raise _Unreadable(line, f"is nested deeper than {MAX_DEPTH} levels")
