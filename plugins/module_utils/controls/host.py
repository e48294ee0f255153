# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from the host: each source at most once, in bulk, and only when a control asks for it."""

from __future__ import annotations

import glob
import grp
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Messages of programs are for machines here; administrators' programs are not on everybody's PATH.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
# The code of a program that is not there, as shells have it.
NOT_INSTALLED = 127
KINDS = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "directory"), (stat.S_ISLNK, "link"))


@dataclass(frozen=True)
class Outcome:
    """How a program ended."""

    code: int
    out: str
    err: str

    @property
    def words(self):
        """What the program said, in one line."""
        return " ".join((self.err.strip() or self.out.strip() or f"it ended with {self.code}").split())


@dataclass(frozen=True)
class Stat:
    """What a path is (the path itself, not what a link points to)."""

    kind: str
    mode: int
    uid: int
    gid: int
    owner: str
    group: str


@dataclass(frozen=True)
class Unit:
    """A systemd unit: load (loaded, masked, not-found ...), enabled (UnitFileState), active (ActiveState)."""

    load: str
    enabled: str
    active: str


@dataclass(frozen=True)
class Mount:
    """A mount point, from /proc/self/mountinfo (proc_pid_mountinfo(5)); options: those of the mount and its device."""

    path: str
    type: str
    source: str
    options: frozenset


@dataclass(frozen=True)
class User:
    """An account. password: "set", "empty", "locked" or "none" (no line in shadow); ages in days, None: not set."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    password: str
    changed: int | None
    minimum: int | None
    maximum: int | None
    warning: int | None
    inactive: int | None


@dataclass(frozen=True)
class Group:
    """A group and its listed members."""

    name: str
    gid: int
    members: tuple


def run_program(argv, data="", timeout=900, environment=None):
    """Run a program without a terminal, with LC_ALL=C.UTF-8; returns its Outcome."""
    try:
        # Read also where there is no module: in unit tests, and without its log of every program.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            list(argv), input=data, capture_output=True, text=True, errors="surrogateescape", check=False,
            timeout=timeout, env={**os.environ, **ENVIRONMENT, **(environment or {})},
        )  # fmt: skip
    except FileNotFoundError:
        return Outcome(NOT_INSTALLED, "", f"{argv[0]} is not installed")
    except subprocess.TimeoutExpired:
        return Outcome(124, "", f"{argv[0]} did not end within {timeout} s")
    return Outcome(done.returncode, done.stdout, done.stderr)


class Host:
    """The state of the host. root: another folder than / for tests; run: what runs programs (run_program)."""

    def __init__(self, root="/", run=run_program):
        self.root = root
        self.run = run
        # The account of this connection: it must still get in after every change.
        self.login_user = os.environ.get("SUDO_USER") or "root"
        self._known = {}
        self._unit_names = []

    def once(self, name, read, *arguments):
        """What read(*arguments) returned the first time it was asked for under this name."""
        key = (name, *arguments)
        if key not in self._known:
            self._known[key] = read(*arguments)
        return self._known[key]

    def real(self, path):
        """Where a path of the host is for this process."""
        return Path(self.root, path.lstrip("/"))

    # files
    def text(self, path):
        """The text of a file (bytes that are not UTF-8 as surrogates), None where there is none."""
        return self.once("text", self._text, path)

    def _text(self, path):
        try:
            with self.real(path).open(encoding="utf-8", errors="surrogateescape", newline="") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def stat(self, path):
        """The Stat of a path, None where there is none."""
        return self.once("stat", self._stat, path)

    def _stat(self, path):
        try:
            found = self.real(path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        kind = next((kind for test, kind in KINDS if test(found.st_mode)), "other")
        mode = stat.S_IMODE(found.st_mode)
        return Stat(kind, mode, found.st_uid, found.st_gid, self.user_name(found.st_uid), self.group_name(found.st_gid))

    def changed(self, path):
        """When a file last changed, in seconds since 1970; 0 where there is none."""
        real = self.real(path)
        return real.stat().st_mtime if real.exists() else 0

    def glob(self, pattern):
        """The paths that a shell pattern means, sorted."""
        root = self.root.rstrip("/")
        # Not Path.glob: to that, * also means hidden files.
        return sorted(path[len(root) :] for path in glob.glob(f"{root}{pattern}"))  # noqa: PTH207

    def listing(self, path):
        """The names in a folder, sorted; none where it does not exist."""
        return self.once("listing", self._listing, path)

    def _listing(self, path):
        try:
            return sorted(entry.name for entry in self.real(path).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def user_name(self, uid):
        """The name of an account, its number where it has none."""
        return self.once("user_name", _name_or_number, pwd.getpwuid, uid)

    def group_name(self, gid):
        """The name of a group, its number where it has none."""
        return self.once("group_name", _name_or_number, grp.getgrgid, gid)

    # kernel
    def sysctl(self, key):
        """The live value of a kernel parameter, words separated by one blank; None where the kernel has none."""
        text = self.text(sysctl_path(key))
        return None if text is None else " ".join(text.split())

    def modules(self):
        """The loaded kernel modules: {name with underscores: how often it is used}."""
        return self.once("modules", self._modules)

    def _modules(self):
        fields = [line.split() for line in (self.text("/proc/modules") or "").splitlines()]
        return {field[0]: int(field[2]) if field[2].isdigit() else 0 for field in fields}

    def container(self):
        """Whether this is a container: the kernel is then somebody else's."""
        marks = ("/run/systemd/container", "/run/.containerenv", "/.dockerenv")
        return any(self.stat(mark) for mark in marks)

    def mounts(self):
        """{mount point: Mount}; the last one where several lie upon each other."""
        return self.once("mounts", self._mounts)

    def _mounts(self):
        found = {}
        for line in (self.text("/proc/self/mountinfo") or "").splitlines():
            left, _mark, right = line.partition(" - ")
            fields, (kind, source, device) = left.split(), right.split(" ", 2)
            path = _unescaped(fields[4])
            found[path] = Mount(path, kind, _unescaped(source), frozenset([*fields[5].split(","), *device.split(",")]))
        return found

    # distribution
    def release(self):
        """(name, major version, family), such as ("Debian", "13", "Debian") or ("Rocky", "9", "EL")."""
        return self.once("release", self._release)

    def _release(self):
        text = self.text("/etc/os-release") or self.text("/usr/lib/os-release") or ""
        fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        fields = {name: value.strip().strip("\"'") for name, value in fields.items()}
        ids = [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]
        family = "Debian" if "debian" in ids else "EL" if {"rhel", "fedora", "centos"} & set(ids) else ids[0]
        names = {"debian": "Debian", "ubuntu": "Ubuntu", "rhel": "RedHat", "rocky": "Rocky", "almalinux": "AlmaLinux"}
        return names.get(ids[0], ids[0]), fields.get("VERSION_ID", "").split(".")[0], family

    def packages(self):
        """The installed packages: {name: version}."""
        return self.once("packages", self._packages)

    def _packages(self):
        if self.release()[2] == "EL":
            argv = ("rpm", "--query", "--all", "--queryformat", "installed\t%{NAME}\t%{VERSION}-%{RELEASE}\n")
        else:
            argv = ("dpkg-query", "--show", "--showformat", "${db:Status-Status}\t${Package}\t${Version}\n")
        outcome = self.run(argv)
        if outcome.code:
            raise RuntimeError(f"the installed packages cannot be read: {outcome.words}")
        fields = [line.split("\t") for line in outcome.out.splitlines()]
        return {name: version for state, name, version in fields if state == "installed"}

    # systemd
    def expect_units(self, names):
        """Tell which units will be asked for, so that one call reads them all."""
        self._unit_names.extend(names)

    def unit(self, name):
        """The Unit of this name; load is not-found where there is none, and everywhere without a running systemd."""
        known = self.once("units", dict)
        if name not in known:
            wanted = sorted({name, *self._unit_names} - set(known))
            known.update(self._units(wanted))
        return known[name]

    def _units(self, names):
        properties = "LoadState,UnitFileState,ActiveState"
        outcome = self.run(("systemctl", "show", "--no-pager", f"--property={properties}", "--", *names))
        blocks = outcome.out.strip().split("\n\n") if outcome.code == 0 else []
        if len(blocks) != len(names):
            return {name: Unit("not-found", "", "inactive") for name in names}
        found = {}
        # The blocks come in the order of the names; what a block calls itself may be another name of the unit.
        for name, block in zip(names, blocks):  # noqa: B905 (strict= needs Python 3.10, EL9 has 3.9)
            fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
            found[name] = Unit(fields["LoadState"], fields.get("UnitFileState", ""), fields["ActiveState"])
        return found

    # accounts
    def users(self):
        """The accounts (list of User) of /etc/passwd with what /etc/shadow says of them; no hash is kept."""
        return self.once("users", self._users)

    def _users(self):
        shadow = {fields[0]: fields for fields in self._fields("/etc/shadow", 9)}
        found = []
        for fields in self._fields("/etc/passwd", 7):
            ages = [int(field) if field.isdigit() else None for field in shadow.get(fields[0], [""] * 9)[2:7]]
            password = _password_state(shadow[fields[0]][1]) if fields[0] in shadow else "none"
            found.append(User(fields[0], int(fields[2]), int(fields[3]), fields[5], fields[6], password, *ages))
        return found

    def groups(self):
        """The groups (list of Group) of /etc/group."""
        return self.once("groups", self._groups)

    def _groups(self):
        return [
            Group(fields[0], int(fields[2]), tuple(name for name in fields[3].split(",") if name))
            for fields in self._fields("/etc/group", 4)
        ]

    def _fields(self, path, count):
        """The lines of a file of fields between colons; lines of NIS (+::::::) and broken ones are left out."""
        fields = [line.split(":") for line in (self.text(path) or "").splitlines()]
        return [entry for entry in fields if len(entry) == count and entry[0][:1] not in ("+", "-")]


def sysctl_path(key):
    """Where a kernel parameter is (sysctl.d(5): the first separator decides which one the key uses)."""
    first = next((char for char in key if char in "./"), ".")
    parts = key.replace("/", "\0").replace(".", "/").replace("\0", ".") if first == "." else key
    return f"/proc/sys/{parts}"


def _name_or_number(look_up, number):
    try:
        return look_up(number)[0]
    except KeyError:
        return str(number)


def _unescaped(text):
    """A path of mountinfo, in which blanks and backslashes are octal."""
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def _password_state(field):
    """What the second field of /etc/shadow (shadow(5)) says, without the hash."""
    if not field:
        return "empty"
    return "locked" if field[0] in "!*" else "set"
