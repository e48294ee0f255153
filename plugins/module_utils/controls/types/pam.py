# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PAM modules: that they are asked, and with which arguments.

On Debian the files /etc/pam.d/common-* belong to pam-auth-update(8), which makes them of the profiles that packages
ship. Ours are further profiles, so that those of packages (sssd, mount helpers ...) keep their places and survive.
What counts is the effect in those files. A module in one service only (pam_wheel in su) is a line of that service.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import (
    Command,
    Package,
    Setting,
)
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import (
    COMPLIANT,
    DIFFERENT,
    Evaluation,
    compared,
    not_applicable,
)

NAME = "pam"
WORDS = {"type": "array", "items": {"type": "string", "pattern": "^[^\\s#]+$"}}
DATA = {
    "type": "object",
    "properties": {
        "module": {"type": "string", "pattern": "^pam_[a-z0-9_]+$"},
        # Arguments that the module has, and those that it has not.
        "arguments": WORDS,
        "without": WORDS,
        # One service's own file: the line that it gets.
        "service": {"type": "string", "pattern": "^[a-z0-9-]+$"},
        "type": {"enum": ["auth", "account", "password", "session"]},
        "control": {"type": "string"},
    },
    "required": ["module"],
    "dependentRequired": {"service": ["type"]},
    # Without a service the module has its places in the common files.
    "anyOf": [
        {"required": ["service"]},
        {"properties": {"module": {"enum": ["pam_faillock", "pam_pwhistory", "pam_pwquality", "pam_unix"]}}},
    ],
    "additionalProperties": False,
}
PROFILES = "/usr/share/pam-configs"
MODULES = ("/usr/lib/*/security", "/lib/*/security", "/usr/lib64/security", "/usr/lib/security")
# The lines that a module must have in the common files: (file, type, control, its first arguments).
PLACES = {
    "pam_faillock": (
        ("common-auth", "auth", "required", ("preauth",)),
        ("common-auth", "auth", "[default=die]", ("authfail",)),
        ("common-auth", "auth", "sufficient", ("authsucc",)),
        ("common-account", "account", "required", ()),
    ),
    "pam_pwhistory": (("common-password", "password", "requisite", ()),),
    "pam_pwquality": (("common-password", "password", "requisite", ()),),
    "pam_unix": (
        ("common-auth", "auth", "[success=N default=ignore]", ()),
        ("common-password", "password", "[success=N default=ignore]", ()),
    ),
}
# Which of those lines take the arguments of a control.
ARGUED = {
    "pam_faillock": {("common-auth", ("preauth",)), ("common-auth", ("authfail",))},
    "pam_pwhistory": {("common-password", ())},
    "pam_pwquality": {("common-password", ())},
    "pam_unix": {("common-password", ())},
}
# Profiles of ours, in the format of pam-auth-update(8). The priority is the order: accounts that are locked are refused
# before any password is tried (1024), failures are counted when no other module (pam_unix 256, pam_sss 128) took the
# password (0), and the history is asked after the quality (1024).
TEXTS = {
    "datacloud-faillock-count": """\
Name: Count failed logins
Default: yes
Priority: 0
Auth-Type: Primary
Auth:
\t[default=die]\tpam_faillock.so authfail
\tsufficient\tpam_faillock.so authsucc
""",
    "datacloud-faillock-refuse": """\
Name: Refuse accounts with too many failed logins
Default: yes
Priority: 1024
Auth-Type: Primary
Auth:
\trequired\tpam_faillock.so preauth
Account-Type: Primary
Account:
\trequired\tpam_faillock.so
""",
    "datacloud-pwhistory": """\
Name: Refuse old passwords
Default: yes
Priority: 1000
Password-Type: Primary
Password:
\trequisite\tpam_pwhistory.so try_first_pass use_authtok
Password-Initial:
\trequisite\tpam_pwhistory.so
""",
    "datacloud-pwquality": """\
Name: Refuse weak passwords
Default: yes
Priority: 1024
Conflicts: pwquality
Password-Type: Primary
Password:
\trequisite\tpam_pwquality.so
Password-Initial:
\trequisite\tpam_pwquality.so
""",
}
UNIX = "datacloud-unix"
OURS = {
    "pam_faillock": ("datacloud-faillock-count", "datacloud-faillock-refuse"),
    "pam_pwhistory": ("datacloud-pwhistory",),
    "pam_pwquality": ("datacloud-pwquality",),
    "pam_unix": (UNIX,),
}
# Sections of a profile whose lines take a control's arguments, where these are not the Password ones.
SECTIONS = {"pam_faillock": "Auth"}
PACKAGES = {"pam_pwquality": "libpam-pwquality"}


@dataclass(frozen=True)
class Profile(Setting):
    """A profile of ours (value: its text without arguments) in which a module has some arguments, and not others."""

    module: str = ""
    arguments: tuple = ()
    without: tuple = ()

    def claims(self):
        words = {_name(word): word for word in self.arguments}
        claims = {("argument", self.path, name): words.get(name) for name in (*words, *self.without)}
        return {("file", self.path): "keys", **claims}

    def edit(self, text):
        lines, section = [], ""
        for line in (text or self.value).split("\n"):
            section = line.split(":")[0] if re.match(r"\S", line) else section
            lines.append(self._line(section, line))
        return "\n".join(lines)

    def _line(self, section, line):
        start, module, rest = line.partition(f"{self.module}.so")
        if not module:
            return line
        old = rest.split()
        argued = section.startswith(SECTIONS.get(self.module, "Password")) and "authsucc" not in old
        arguments = self.arguments if argued else ()
        replaced = {_name(word) for word in arguments} | set(self.without)
        if set(arguments) <= set(old) and not replaced & {word for word in old if word not in arguments}:
            return line
        kept = [word for word in old if word in arguments or _name(word) not in replaced]
        return " ".join((start + module, *kept, *(word for word in arguments if word not in kept)))


@dataclass(frozen=True)
class ServiceLine(Setting):
    """One module's line in the file of one service (key: type and module); it comes first, after pam_rootok."""

    def edit(self, text):
        if text is None:
            return None
        kind, module = self.key.split()
        lines = text.split("\n")
        parsed = [parse_line(line) for line in lines]
        ours = [number for number, entry in enumerate(parsed) if entry and (entry[0], entry[2]) == (kind, module)]
        if ours:
            for number in reversed(ours[1:]):
                del lines[number]
            lines[ours[0]] = self.value
            return "\n".join(lines)
        roots = [number for number, entry in enumerate(parsed) if entry and entry[::2][:2] == (kind, "pam_rootok")]
        same = [number for number, entry in enumerate(parsed) if entry and entry[0] in (kind, "@include")]
        place = roots[-1] + 1 if roots else same[0] if same else len(lines) - (lines[-1] == "")
        return "\n".join([*lines[:place], self.value, *lines[place:]])


def evaluate(control, host):
    """Compare the lines of the module in the common files, or its line in the file of one service."""
    data = control["data"]
    if "service" in data:
        return _service(data, host)
    if host.release()[2] != "Debian":
        return not_applicable("authselect makes PAM's files here: choose a profile with this module")
    if host.text("/etc/pam.d/common-auth") is None:
        return not_applicable("there is no PAM")
    module, arguments = data["module"], tuple(data.get("arguments", ()))
    observed, wanted = {}, {}
    for file, kind, flow, first in PLACES[module]:
        name = " ".join((file, *first))
        needed = (*first, *arguments) if (file, first) in ARGUED[module] else first
        forbidden = data.get("without", ())
        line = _line(host.text(f"/etc/pam.d/{file}") or "", kind, module, first)
        wanted[name] = _shown(flow, needed, needed, forbidden)
        observed[name] = None if line is None else _shown(line[1], line[3], needed, forbidden)
    state = COMPLIANT if observed == wanted else DIFFERENT
    # A package's own profile is enough where it has the effect: ours would only stand in its way.
    if state == COMPLIANT and not any(host.stat(f"{PROFILES}/{name}") for name in OURS[module]):
        return Evaluation(state, observed, wanted)
    try:
        return Evaluation(state, observed, wanted, changes=tuple(_changes(data, host)))
    except LookupError as error:
        return Evaluation(state, observed, wanted, str(error))


def parse_line(line):
    """(type, control, module without path and suffix, arguments) of a line (pam.d(5)), None for any other line."""
    line = line.split("#", 1)[0].strip()
    if line.startswith("@include"):
        return "@include", "", line.split()[-1], ()
    match = re.match(r"-?(auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)\Z", line)
    if not match:
        return None
    kind, flow, module, rest = match.groups()
    return kind, " ".join(flow.split()), module.rpartition("/")[2].replace(".so", ""), tuple(rest.split())


def _line(text, kind, module, first):
    """The line of a module that has these first arguments, None where there is none."""
    for line in text.splitlines():
        entry = parse_line(line)
        if entry and (entry[0], entry[2]) == (kind, module) and set(first) <= set(entry[3]):
            return entry
    return None


def _shown(flow, arguments, needed, forbidden):
    """A line in the form that is compared: how far a success jumps depends on the other profiles."""
    counted = [word for word in arguments if word in needed or word in forbidden]
    others = [word for word in arguments if word not in counted and _name(word) in {_name(word) for word in needed}]
    return " ".join((re.sub(r"success=\d+", "success=N", flow), *sorted({*counted, *others})))


def _name(word):
    """The name of an argument: what is before the equals sign."""
    return word.split("=")[0]


def _changes(data, host):
    """What gives the module its lines. LookupError: with a sentence, where there is nothing to start from."""
    module, arguments, without = data["module"], tuple(data.get("arguments", ())), tuple(data.get("without", ()))
    if module in PACKAGES:
        yield Package(PACKAGES[module])
        # The package has a profile, which does without arguments.
        if not arguments:
            return
    texts = {name: TEXTS[name] for name in OURS[module] if name in TEXTS}
    if module == "pam_unix":
        texts[UNIX] = unix_profile(host.text(f"{PROFILES}/unix"))
    key = " ".join((*arguments, *(f"-{word}" for word in without)))
    for name, text in texts.items():
        more = {"module": module, "arguments": arguments, "without": without}
        yield Profile(f"{PROFILES}/{name}", key, text, reload=("pam",), **more)


def unix_profile(text):
    """The distribution's own profile of pam_unix, to stand in its place."""
    if text is None:
        raise LookupError("libpam-runtime's profile unix is not there: install that package again")
    text = re.sub(r"(?m)^Name: .*$", "Name: Unix authentication with other arguments", text)
    # One more than unix itself has: of two profiles that conflict the one with the higher priority stays.
    return re.sub(r"(?m)^Priority: .*$", "Priority: 257\nConflicts: unix", text)


def _service(data, host):
    """The line of a module in one service's own file."""
    path, module = f"/etc/pam.d/{data['service']}", data["module"]
    text = host.text(path)
    if text is None:
        return not_applicable(f"there is no {path}")
    if not any(host.glob(f"{folder}/{module}.so") for folder in MODULES):
        reason = f"{module} is not installed: with its line {data['service']} would refuse everybody"
        return Evaluation(DIFFERENT, None, module, reason)
    kind, arguments = data["type"], tuple(data.get("arguments", ()))
    value = " ".join((kind, data.get("control", "required"), f"{module}.so", *arguments))
    line = _line(text, kind, module, ())
    observed = None if line is None else " ".join((line[0], line[1], f"{line[2]}.so", *line[3]))
    changes = [ServiceLine(path, f"{kind} {module}", value)]
    group = next((word[len("group=") :] for word in arguments if word.startswith("group=")), None)
    if group and group not in {entry.name for entry in host.groups()}:
        changes.append(Command(("groupadd", "--system", group), ("groupdel", group)))
        observed = f"{observed or 'nothing'}, and there is no group {group}"
    return compared(observed, value, changes)
