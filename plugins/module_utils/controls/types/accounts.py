# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local accounts, their passwords' ages and their homes.

Each check returns (observed, wanted, changes, advice): observed and wanted name only what is not as it should be;
advice says what people have to do about what no change can put right.
"""

from __future__ import annotations

import re
import time

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Attributes, Command, FileText
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import COMPLIANT, DIFFERENT, Evaluation

NAME = "accounts"
DAYS = {"type": "integer", "minimum": 0}
DATA = {
    "type": "object",
    "properties": {
        "check": {
            "enum": [
                "no_empty_passwords", "unique_ids", "root_only_uid0", "system_accounts_locked", "home_modes",
                "home_owners", "dot_files", "password_ages", "shell_timeout", "root_path", "legacy_entries",
                "known_groups",
            ]
        },
        # Accounts that are left out.
        "allowed": {"type": "array", "items": {"type": "string"}},
        # home_modes: what others may do in a home at most.
        "mode": {"type": "string", "pattern": "^[0-7]{4}$"},
        # password_ages, in days: the longest and shortest life, the warning before its end, and the grace after it.
        "maximum": DAYS,
        "minimum": DAYS,
        "warning": DAYS,
        "inactive": DAYS,
        # shell_timeout: a shell ends after so long without input.
        "seconds": {"type": "integer", "minimum": 1},
    },
    "required": ["check"],
    "additionalProperties": False,
}  # fmt: skip
NOBODY = 65534
NO_LOGIN = ("/usr/sbin/nologin", "/sbin/nologin", "/bin/false", "/usr/bin/false", "")
# Accounts below UID_MIN that have a shell, or a program in its place, by design (Debian policy, base-passwd).
BY_DESIGN = ("root", "sync", "shutdown", "halt")
# Files that let others in, or hold passwords in clear text.
DANGEROUS = (".forward", ".netrc", ".rhosts", ".shosts")
TIMEOUT = "/etc/profile.d/datacloud-timeout.sh"
# Where the file is read twice the variable is read-only already; dash knows no typeset.
TIMEOUT_TEXT = """\
# Managed by infn.datacloud.controls: shells end after this many seconds without input.
if [ -z "${{BASH_VERSION:-}}" ]; then
  TMOUT={seconds}
  export TMOUT
elif ! readonly -p | grep -q ' TMOUT='; then
  typeset -xr TMOUT={seconds}
fi
"""


def evaluate(control, host):
    """Run the check that the control names."""
    observed, wanted, changes, advice = CHECKS[control["data"]["check"]](host, control["data"])
    state = COMPLIANT if observed == wanted else DIFFERENT
    if advice and changes:
        return Evaluation(state, observed, wanted, changes=tuple(changes), remains=advice)
    return Evaluation(state, observed, wanted, advice, tuple(changes))


def _no_empty_passwords(host, data):
    users = [user.name for user in host.users() if user.password == "empty"]  # noqa: S105 (a state)
    changes = [Command(("passwd", "--lock", name), ("passwd", "--delete", name)) for name in users]
    plain = [fields[0] for fields in _fields(host, "/etc/passwd", 7) if fields[1] not in ("x", "*", "!", "")]
    advice = f"{', '.join(plain)} have passwords in /etc/passwd: run pwconv" if plain else ""
    return [*users, *plain], [], changes, advice


def _unique_ids(host, data):
    found = []
    for path, count in (("/etc/passwd", 7), ("/etc/group", 4)):
        fields = _fields(host, path, count)
        for column, what in ((0, "name"), (2, "number")):
            values = [entry[column] for entry in fields]
            found += [f"{path}: {what} {value}" for value in sorted({v for v in values if values.count(v) > 1})]
    return found, [], [], "give each account and group a name and a number of its own" if found else ""


def _root_only_uid0(host, data):
    found = [f"user {user.name}" for user in host.users() if user.uid == 0 and user.name != "root"]
    found += [
        f"user {user.name} with group 0"
        for user in host.users()
        if user.gid == 0 and user.uid != 0 and user.name not in (*BY_DESIGN, "operator")
    ]
    found += [f"group {group.name}" for group in host.groups() if group.gid == 0 and group.name != "root"]
    return found, [], [], "give them other numbers, or remove them" if found else ""


def _system_accounts_locked(host, data):
    left = (*BY_DESIGN, *data.get("allowed", ()))
    observed, wanted, changes = {}, {}, []
    for user in host.users():
        if user.name in left or (_first_uid(host) <= user.uid != NOBODY):
            continue
        problems = []
        if user.shell not in NO_LOGIN:
            problems.append(user.shell)
            undo = ("usermod", "--shell", user.shell, user.name)
            changes.append(Command(("usermod", "--shell", NO_LOGIN[0], user.name), undo))
        if user.password == "set":  # noqa: S105 (a state)
            problems.append("password")
            changes.append(Command(("passwd", "--lock", user.name), ("passwd", "--unlock", user.name)))
        if problems:
            observed[user.name], wanted[user.name] = problems, []
    return observed, wanted, changes, ""


def _home_modes(host, data):
    limit = int(data.get("mode", "0750"), 8)
    observed, wanted, changes = {}, {}, []
    for user, found in _homes(host, data):
        changes.append(Attributes(user.home, limit, at_most=True))
        if found.mode & ~limit & 0o777:
            observed[user.home], wanted[user.home] = f"{found.mode:04o}", f"at most {limit:04o}"
    return observed, wanted, changes if observed else [], ""


def _home_owners(host, data):
    observed, wanted, changes = {}, {}, []
    for user, found in _homes(host, data):
        if found.uid != user.uid:
            observed[user.home], wanted[user.home] = found.owner, user.name
            changes.append(Attributes(user.home, owner=user.name))
    missing = [user.name for user in people(host, data) if host.stat(user.home) is None]
    for name in missing:
        observed[name], wanted[name] = "no home", "a home"
    return observed, wanted, changes, f"make homes for {', '.join(missing)}, or lock them" if missing else ""


def _dot_files(host, data):
    observed, wanted, changes, dangerous = {}, {}, [], []
    for user, _found in _homes(host, data):
        for name in host.listing(user.home):
            path = f"{user.home}/{name}"
            found = host.stat(path) if name.startswith(".") else None
            if found is None or found.kind != "file":
                continue
            if name in DANGEROUS:
                dangerous.append(path)
                observed[path], wanted[path] = "there", "not there"
                continue
            limit = 0o600 if name.endswith("_history") else 0o740
            if found.mode & ~limit & 0o7777 or (found.uid, found.gid) != (user.uid, user.gid):
                observed[path] = f"{found.owner}:{found.group} {found.mode:04o}"
                group = host.group_name(user.gid)
                wanted[path] = f"{user.name}:{group} at most {limit:04o}"
                changes.append(Attributes(path, limit, user.name, group, at_most=True))
    return observed, wanted, changes, f"ask their owners, then remove {', '.join(dangerous)}" if dangerous else ""


def _password_ages(host, data):
    today = int(time.time() // 86400)
    observed, wanted, changes, problems = {}, {}, [], []
    for user in people(host, data, anyone=True):
        if user.password != "set":  # noqa: S105 (a state)
            continue
        ages = {what: value for what, value in _ages(user).items() if what in data}
        limits = {what: data[what] for what in ages}
        right = {what: _right(what, value, limits[what]) for what, value in ages.items()}
        late = user.changed is not None and user.changed > today
        if all(right.values()) and not late:
            continue
        observed[user.name], wanted[user.name] = ages, limits
        if late:
            problems.append(
                f"the password of {user.name} was changed in the future: look at the clock, and set it anew"
            )
        elif "maximum" in data and (not user.changed or today - user.changed > data["maximum"]):
            # With the new limit the account would be locked out at once, also of key logins (pam_unix, account).
            problems.append(
                f"the password of {user.name} is older than {data['maximum']} days: let it be changed first"
            )
        else:
            changed = [what for what, fine in right.items() if not fine]
            changes.append(Command(_chage(user, changed, limits), _chage(user, changed, ages)))
    return observed, wanted, changes, "; ".join(problems)


def _shell_timeout(host, data):
    text = TIMEOUT_TEXT.format(seconds=data.get("seconds", 900))
    return host.text(TIMEOUT), text, [FileText(TIMEOUT, text)], ""


def _root_path(host, data):
    match = re.search(r"(?m)^\s*ENV_SUPATH\s+(?:PATH=)?(\S+)", host.text("/etc/login.defs") or "")
    folders = (match[1] if match else "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin").split(":")
    observed, wanted, changes = {}, {}, []
    wrong = [folder or "an empty entry" for folder in folders if not folder.startswith("/")]
    for folder in folders:
        found = host.stat(folder) if folder.startswith("/") else None
        # /bin and /sbin are links where /usr is merged; what they lead to is in the list too.
        if found is None or found.kind != "directory":
            continue
        if found.mode & 0o022 or found.uid:
            observed[folder], wanted[folder] = f"{found.owner} {found.mode:04o}", "root at most 0755"
            changes.append(Attributes(folder, 0o7755, "root", at_most=True))
    for entry in wrong:
        observed[entry], wanted[entry] = "there", "not there"
    return observed, wanted, changes, f"take {', '.join(wrong)} out of ENV_SUPATH in /etc/login.defs" if wrong else ""


def _legacy_entries(host, data):
    paths = ("/etc/passwd", "/etc/shadow", "/etc/group")
    found = [path for path in paths if re.search(r"(?m)^\+", host.text(path) or "")]
    return found, [], [], f"remove the lines that begin with + from {', '.join(found)}" if found else ""


def _known_groups(host, data):
    numbers = {group.gid for group in host.groups()}
    found = [
        f"{user.name} is in group {user.gid}, which does not exist" for user in host.users() if user.gid not in numbers
    ]
    shadow = next((group for group in host.groups() if group.name == "shadow"), None)
    members = {user.name for user in host.users() if shadow and user.gid == shadow.gid} | set(
        shadow.members if shadow else ()
    )
    found += [f"{name} is a member of shadow" for name in sorted(members)]
    return found, [], [], "give these accounts other groups" if found else ""


CHECKS = {
    "no_empty_passwords": _no_empty_passwords,
    "unique_ids": _unique_ids,
    "root_only_uid0": _root_only_uid0,
    "system_accounts_locked": _system_accounts_locked,
    "home_modes": _home_modes,
    "home_owners": _home_owners,
    "dot_files": _dot_files,
    "password_ages": _password_ages,
    "shell_timeout": _shell_timeout,
    "root_path": _root_path,
    "legacy_entries": _legacy_entries,
    "known_groups": _known_groups,
}


def people(host, data, anyone=False):
    """The local accounts that somebody logs in with; anyone: whatever their number is."""
    allowed = data.get("allowed", ())
    return [
        user
        for user in host.users()
        if (anyone or _first_uid(host) <= user.uid != NOBODY)
        and user.name not in allowed
        and user.shell not in NO_LOGIN
    ]


def _homes(host, data):
    """[(user, Stat of the home)]; several accounts of one home, and the root folder as one, are left out."""
    users = people(host, data)
    homes = [user.home for user in users]
    pairs = [(user, host.stat(user.home)) for user in users if homes.count(user.home) == 1 and user.home != "/"]
    return [(user, found) for user, found in pairs if found and found.kind == "directory"]


def _first_uid(host):
    """The first number of people's accounts (UID_MIN of login.defs(5))."""
    match = re.search(r"(?m)^\s*UID_MIN\s+(\d+)", host.text("/etc/login.defs") or "")
    return int(match[1]) if match else 1000


def _fields(host, path, count):
    fields = [line.split(":") for line in (host.text(path) or "").splitlines()]
    return [entry for entry in fields if len(entry) == count]


def _ages(user):
    return {"maximum": user.maximum, "minimum": user.minimum, "warning": user.warning, "inactive": user.inactive}


def _right(what, value, limit):
    if value is None:
        return False
    return value >= limit if what in ("minimum", "warning") else value <= limit


def _chage(user, names, values):
    """chage(1) with these ages; -1 takes a limit away."""
    options = {"maximum": "--maxdays", "minimum": "--mindays", "warning": "--warndays", "inactive": "--inactive"}
    words = [word for name in names for word in (options[name], str(-1 if values[name] is None else values[name]))]
    return ("chage", *words, user.name)
