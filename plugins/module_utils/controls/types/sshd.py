# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the SSH server, as they are in effect (`sshd -T`, sshd(8)).

The first value that sshd reads wins, so ours are in a drop-in that sorts before all others. The main file says the
same, so that whoever reads only that one (people, and scanners) sees what is in force.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Fragment, Setting
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import (
    COMPLIANT,
    DIFFERENT,
    Evaluation,
    not_applicable,
)

NAME = "sshd"
DATA = {
    "type": "object",
    "properties": {
        "options": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z][A-Za-z0-9]+$"},
            "additionalProperties": {
                # A list: names in their order of preference (algorithms), or several words (users, groups).
                "anyOf": [
                    {"type": "string", "pattern": "^[^\\n#]+$"},
                    {"type": "integer"},
                    {"type": "array", "items": {"type": "string"}, "minItems": 1},
                ]
            },
            "minProperties": 1,
        }
    },
    "required": ["options"],
    "additionalProperties": False,
}
FOLDER = "/etc/ssh"
MAIN = f"{FOLDER}/sshd_config"
DROP_IN = f"{MAIN}.d/00-datacloud.conf"
# What `ssh -Q` calls the algorithms that this OpenSSH knows for an option.
ALGORITHMS = {
    "kexalgorithms": "kex",
    "ciphers": "cipher",
    "macs": "mac",
    "hostkeyalgorithms": "HostKeyAlgorithms",
    "pubkeyacceptedalgorithms": "PubkeyAcceptedAlgorithms",
    "hostbasedacceptedalgorithms": "HostbasedAcceptedAlgorithms",
    "casignaturealgorithms": "HostKeyAlgorithms",
}
# Options that `sshd -T` writes only where they are set; any other that it does not name is unknown to this OpenSSH.
OPTIONAL = {"allowusers", "allowgroups", "denyusers", "denygroups", "acceptenv", "setenv", "listenaddress"}
# Options whose lines add up: the order and the number of times mean nothing.
SUMS = OPTIONAL | {"hostkey"}
# Lists to which every line adds: said once, in the drop-in.
ADDED_UP = {"allowusers", "allowgroups", "denyusers", "denygroups"}
# sshd -T has older names for some values (sshd_config(5)).
SAME = {("permitrootlogin", "prohibit-password"): "without-password"}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
TIMES = {"logingracetime", "clientaliveinterval"}


@dataclass(frozen=True)
class MainOption(Setting):
    """An option in sshd_config: option names have no case, and below the first Match it would hold only for some."""

    def edit(self, text):
        if text is None:
            return None
        lines, line = text.split("\n"), f"{self.key} {self.value}"
        matches = [number for number, entry in enumerate(lines) if re.match(r"\s*match\s", entry, re.IGNORECASE)]
        end = matches[0] if matches else len(lines) - (lines[-1] == "")
        name = re.escape(self.key)
        active = [number for number in range(end) if re.match(rf"(?i)\s*{name}(\s|=)", lines[number])]
        if active:
            for number in reversed(active[1:]):
                del lines[number]
            if lines[active[0]].split() != line.split():
                lines[active[0]] = line
            return "\n".join(lines)
        defaults = [number for number in range(end) if re.match(rf"(?i)#\s?{name}\s+\S+(\s\S+)?\s*\Z", lines[number])]
        place = defaults[-1] + 1 if defaults else end
        return "\n".join([*lines[:place], line, *lines[place:]])


def evaluate(control, host):
    """Compare the effective options; those that this OpenSSH does not know are left out."""
    effective = host.once("sshd", _effective, host)
    if effective is None:
        return not_applicable("there is no SSH server", wanted=control["data"]["options"])
    observed, wanted, changes, unknown = {}, {}, [], []
    for option, value in sorted(control["data"]["options"].items()):
        name = option.lower()
        if name not in effective and name not in OPTIONAL:
            unknown.append(option)
            continue
        words = _words(host, name, value)
        observed[option] = _shown(name, effective.get(name, []))
        wanted[option] = _shown(name, words)
        changes += _changes(option, ("," if name in ALGORITHMS else " ").join(words))
    if not wanted:
        return not_applicable(f"this OpenSSH knows no {', '.join(unknown)}")
    danger = _danger(host, effective, wanted)
    if danger and observed != wanted:
        return Evaluation(DIFFERENT, observed, wanted, reason=danger)
    text = host.text(MAIN)
    said = all(change.edit(text) == text for change in changes if isinstance(change, MainOption))
    state = COMPLIANT if observed == wanted and said else DIFFERENT
    reason = "" if said or observed != wanted else f"{MAIN} itself says nothing or something else"
    return Evaluation(state, observed, wanted, reason or _matches(host, wanted), changes=tuple(changes))


def parse_effective(text):
    """{option in small letters: [values of its lines]} of the output of sshd -T."""
    options = {}
    for line in text.splitlines():
        name, _blank, value = line.strip().partition(" ")
        if name:
            options.setdefault(name.lower(), []).append(value)
    return options


def _effective(host):
    if not any(host.stat(path) for path in ("/usr/sbin/sshd", "/sbin/sshd")):
        return None
    outcome = host.run(("sshd", "-T"))
    if outcome.code:
        raise RuntimeError(f"sshd -T cannot tell the SSH server's options: {outcome.words}")
    return parse_effective(outcome.out)


def _words(host, name, value):
    """A wanted value as sshd -T would write it, in words; of algorithms those that this OpenSSH knows."""
    if name in ALGORITHMS:
        words = value.split(",") if isinstance(value, str) else list(value)
        known = host.once("ssh_algorithms", _known_algorithms, host, ALGORITHMS[name])
        return [word for word in words if not known or word in known]
    if isinstance(value, list):
        return list(value)
    return str(value).split(" ") if name in SUMS else [str(value)]


def _known_algorithms(host, kind):
    """The names that this OpenSSH knows; none where there is no ssh to ask."""
    outcome = host.run(("ssh", "-Q", kind))
    return frozenset(outcome.out.split()) if outcome.code == 0 else frozenset()


def _shown(name, values):
    """One form for what sshd -T says and what is wanted."""
    if name in ALGORITHMS:
        return ",".join(values)
    if name in SUMS:
        return sorted({word for value in values for word in value.split()})
    text = " ".join(values)
    if text.lower() in ("yes", "no", "none"):
        return text.lower()
    if name in TIMES:
        match = re.fullmatch(r"(\d+)([smhdw])", text.lower())
        return str(int(match[1]) * UNITS[match[2]]) if match else text
    return SAME.get((name, text.lower()), text)


def _changes(option, value):
    more = {"validate": check_syntax, "reload": ("sshd",)}
    changes = [Fragment(DROP_IN, option, f"{option} {value}", 0o600, **more)]
    if option.lower() not in ADDED_UP:
        changes.append(MainOption(MAIN, option, value, **more))
    return changes


def check_syntax(host, path, text):
    """What `sshd -t` says of the configuration with this text in place of that file's; "" where it accepts it."""
    with tempfile.TemporaryDirectory(prefix="datacloud-") as name:
        folder = Path(name)
        texts = {file: host.text(file) for file in (MAIN, *host.glob(f"{MAIN}.d/*.conf"))}
        texts[path] = text
        for file, content in texts.items():
            if file == MAIN:
                content = re.sub(rf"(?im)^(\s*include\s+){FOLDER}/", rf"\g<1>{folder}/", content or "")
            copy = folder / Path(file).relative_to(FOLDER)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(content.encode("utf-8", "surrogateescape"))
        outcome = host.run(("sshd", "-t", "-f", str(folder / Path(MAIN).name)))
    return outcome.words.replace(f"{name}/", f"{FOLDER}/") if outcome.code else ""


def _danger(host, effective, wanted):
    """Why the account of this connection could not come back, or ""."""
    user = host.login_user
    if user == "root" and wanted.get("PermitRootLogin", "yes") == "no" and os.environ.get("SSH_CONNECTION"):
        return "this connection is root's own: log in as another user with sudo rights first"
    groups = _groups(host, user)
    for option, names, allowed in (
        ("AllowUsers", {user}, True),
        ("DenyUsers", {user}, False),
        ("AllowGroups", groups, True),
        ("DenyGroups", groups, False),
    ):
        # Patterns with * or @ are sshd's to judge: only plain names can be told from here.
        entries = wanted.get(option)
        plain = entries and not any(char in entry for entry in entries for char in "*?@!")
        if plain and bool(names & set(entries)) != allowed:
            return f"{user}, who is logged in now, could not log in again: change {option} or the account's groups"
    keys_only = wanted.get("PasswordAuthentication") == "no" or wanted.get("AuthenticationMethods") == "publickey"
    if keys_only and not _has_keys(host, effective, user):
        return f"{user}, who is logged in now, has no authorized key: give it one first"
    return ""


def _groups(host, user):
    """The names of the groups that an account is in."""
    account = next((entry for entry in host.users() if entry.name == user), None)
    return {group.name for group in host.groups() if user in group.members or (account and group.gid == account.gid)}


def _has_keys(host, effective, user):
    """Whether an account can log in with a key or certificate."""
    others = ("authorizedkeyscommand", "trustedusercakeys", "authorizedprincipalsfile")
    if any(effective.get(name, ["none"]) != ["none"] for name in others):
        return True
    home = next((entry.home for entry in host.users() if entry.name == user), None)
    if home is None:
        # Accounts of a directory service: not to be judged from here.
        return True
    for pattern in " ".join(effective.get("authorizedkeysfile", [])).split():
        path = pattern.replace("%h", home).replace("%u", user)
        if (host.text(path if path.startswith("/") else f"{home}/{path}") or "").strip():
            return True
    return False


def _matches(host, wanted):
    """A sentence where a Match block has another value of an option for some logins."""
    for path in (MAIN, *host.glob(f"{MAIN}.d/*.conf")):
        parts = re.split(r"(?im)^\s*match\s", host.text(path) or "")
        for option in wanted:
            if any(re.search(rf"(?im)^\s*{option}\s", part) for part in parts[1:]):
                return f"a Match block in {path} has its own {option} for some logins"
    return ""
