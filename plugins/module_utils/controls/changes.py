# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What controls want changed: declarations that can be compared, merged and shown before anything is done.

Each class has `claims()`: the {target: value} pairs by which two controls can contradict each other. Those of a file
have `path` and `edit(text)`, from the text of the file (None: there is no such file) to the new one.
`validate`: None, a tuple of words of which %s becomes the path of a temporary file with the new text, or a function
(host, path, text) -> the validator's words, "" where it accepts, None where it is not installed (yet, in check mode).
It runs before the file is put in place.
`reload`: names of reloads.py, run once after all files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.infn.datacloud.plugins.module_utils.controls.settings import set_key

HEADER = "# Managed by infn.datacloud.controls: a run of it adds and replaces lines here."


@dataclass(frozen=True)
class Package:
    """A package is installed, or is not."""

    name: str
    present: bool = True

    def claims(self):
        return {("package", self.name): self.present}


@dataclass(frozen=True)
class FileText:
    """A whole file that is ours."""

    path: str
    text: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    validate: object = None
    reload: tuple = ()

    def claims(self):
        return {("file", self.path): (self.text, self.mode, self.owner, self.group)}

    def edit(self, _text):
        return self.text


@dataclass(frozen=True)
class FileRemoved:
    """There is no such file."""

    path: str
    validate: object = None
    reload: tuple = ()

    def claims(self):
        return {("file", self.path): None}

    def edit(self, _text):
        return None


@dataclass(frozen=True)
class Fragment:
    """One line of a drop-in that is wholly ours. The lines of all controls make the file, in their alphabetical order.

    An older line of the same key (the line begins with it, as a word of its own) is replaced; lines of controls that
    are not part of this run stay.
    """

    path: str
    key: str
    line: str
    mode: int = 0o644
    validate: object = None
    reload: tuple = ()

    owner = "root"
    group = "root"

    def claims(self):
        return {("file", self.path): "lines", ("line", self.path, self.key): self.line}

    def edit(self, text):
        old = re.compile(rf"{re.escape(self.key)}(?![\w.-])")
        lines = {line for line in lines_of(text) if not old.match(line)}
        return "".join(f"{line}\n" for line in (HEADER, *sorted(lines | {self.line})))


@dataclass(frozen=True)
class Setting:
    """One key in a file that belongs to somebody else: nothing else in it changes (settings.py)."""

    path: str
    key: str
    value: str
    separator: str = " "
    section: str | None = None
    absent: bool = False
    validate: object = None
    reload: tuple = ()

    mode = None
    owner = None
    group = None

    def claims(self):
        value = None if self.absent else self.value
        return {("file", self.path): "keys", ("key", self.path, self.section, self.key): value}

    def edit(self, text):
        if text is None and self.absent:
            return None
        value = None if self.absent else self.value
        return set_key(text or "", self.key, value, self.separator, self.section)


@dataclass(frozen=True)
class MountEntry:
    """The line of a mount point in /etc/fstab has these options; a line with source and type is added if there is none.

    Options that it has are kept, except the opposite of ours (exec for noexec).
    """

    mount: str
    options: tuple
    source: str
    type: str

    path = "/etc/fstab"
    mode = None
    owner = None
    group = None
    validate = None
    reload = ("systemd",)

    def claims(self):
        return {("file", self.path): "mounts"}

    def edit(self, text):
        lines = (text or "").split("\n")
        for number, line in enumerate(lines):
            fields = fstab_entry(line, self.mount)
            if fields:
                merged = mount_options(fields[3].split(","), self.options)
                if merged != fields[3].split(","):
                    lines[number] = "\t".join([*fields[:3], ",".join(merged), *fields[4:]])
                return "\n".join(lines)
        new = f"{self.source}\t{self.mount}\t{self.type}\t{','.join(mount_options(['defaults'], self.options))}\t0\t0"
        return "\n".join([*lines[:-1], new, ""] if lines[-1] == "" else [*lines, new, ""])


@dataclass(frozen=True)
class Attributes:
    """Mode and owner of something that exists. at_most: only bits that are not in mode are taken away."""

    path: str
    mode: int | None = None
    owner: str | None = None
    group: str | None = None
    at_most: bool = False

    def claims(self):
        wanted = {"mode": None if self.at_most else self.mode, "owner": self.owner, "group": self.group}
        return {(name, self.path): value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True)
class Unit:
    """State of a systemd unit; None: whatever it is."""

    name: str
    enabled: bool | None = None
    active: bool | None = None
    masked: bool | None = None

    def claims(self):
        wanted = {"enabled": self.enabled, "active": self.active, "masked": self.masked}
        return {("unit", self.name, what): value for what, value in wanted.items() if value is not None}


@dataclass(frozen=True)
class SysctlLive:
    """The value that the running kernel has."""

    key: str
    value: str

    def claims(self):
        return {("sysctl", self.key): self.value}


@dataclass(frozen=True)
class ModuleUnloaded:
    """The running kernel does not have the module."""

    name: str

    def claims(self):
        return {("module", self.name): False}


@dataclass(frozen=True)
class Remount:
    """A mount point has these options now; new: what /etc/fstab says of it is mounted first."""

    path: str
    options: tuple
    new: bool = False

    def claims(self):
        return {}


@dataclass(frozen=True)
class Command:
    """For what no other class can say: a program that makes the change, and the one that takes it back.

    argv and undo are tuples of words; no secret may be in them.
    """

    argv: tuple
    undo: tuple = ()

    def claims(self):
        return {}


FILE_CHANGES = (FileText, FileRemoved, Fragment, Setting, MountEntry)


def lines_of(text):
    """The lines of a drop-in of ours, without comments and empty lines."""
    return [line for line in (text or "").split("\n") if line.strip() and not line.startswith("#")]


def fstab_entry(text, mount):
    """The fields of the line of a mount point in an fstab(5), None without one."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 4 and not fields[0].startswith("#") and fields[1] == mount:
            return fields
    return None


def opposite(option):
    """The mount option that takes another one back: exec of noexec, nodev of dev."""
    return option[2:] if option.startswith("no") else f"no{option}"


def mount_options(present, wanted):
    """Options (list) with those that are wanted added and their opposites (exec for noexec) removed."""
    opposites = {opposite(option) for option in wanted}
    kept = [option for option in present if option not in opposites]
    return [*kept, *[option for option in wanted if option not in kept]]


def contradictions(claims):
    """Sentences on what two controls want differently.

    claims: [(id of the control, change)].
    """
    seen, limits, found = {}, {}, []
    for name, change in claims:
        for target, wanted in change.claims().items():
            first, value = seen.setdefault(target, (name, wanted))
            if value != wanted:
                what = " ".join(str(part) for part in target if part)
                found.append(f"{first} and {name} contradict each other on {what}: {value!r} and {wanted!r}")
        if isinstance(change, Attributes) and change.at_most and change.mode is not None:
            limits.setdefault(change.path, []).append((name, change.mode))
    for path, entries in limits.items():
        exact = seen.get(("mode", path))
        for name, mode in entries:
            if exact and exact[1] & ~mode:
                wanted = f"{oct(exact[1])} and at most {oct(mode)}"
                found.append(f"{exact[0]} and {name} contradict each other on the mode of {path}: {wanted}")
    return sorted(set(found))
