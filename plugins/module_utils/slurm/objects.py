# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts, users and quality of service: what is declared, and what sacctmgr prints of it.

Accounting keeps a QoS, an account, a user and a user's membership of an account apart, but they refer to each other;
so they are planned together, as objects of one Spec with the kind in their identity.
"""

from __future__ import annotations

import re

from ansible_collections.infn.datacloud.plugins.module_utils import core

# The organization of accounts, and the description of QoS, that this collection made: only those are ever purged.
MARK = "datacloud"
KINDS = ("qos", "account", "member", "user")

# option: (sacctmgr's word when setting, its column when showing, kind of value); sacctmgr(1), "SPECIFICATIONS FOR".
ASSOCIATION_LIMITS = {
    "grp_jobs": ("GrpJobs", "GrpJobs", "number"),
    "grp_submit_jobs": ("GrpSubmitJobs", "GrpSubmit", "number"),
    "grp_tres": ("GrpTRES", "GrpTRES", "tres"),
    "grp_tres_mins": ("GrpTRESMins", "GrpTRESMins", "tres"),
    "grp_wall": ("GrpWall", "GrpWall", "time"),
    "max_jobs": ("MaxJobs", "MaxJobs", "number"),
    "max_submit_jobs": ("MaxSubmitJobs", "MaxSubmit", "number"),
    "max_tres_per_job": ("MaxTRESPerJob", "MaxTRES", "tres"),
    "max_wall_per_job": ("MaxWallDurationPerJob", "MaxWall", "time"),
}
QOS_LIMITS = {
    "grp_jobs": ("GrpJobs", "GrpJobs", "number"),
    "grp_submit_jobs": ("GrpSubmitJobs", "GrpSubmit", "number"),
    "grp_tres": ("GrpTRES", "GrpTRES", "tres"),
    "grp_tres_mins": ("GrpTRESMins", "GrpTRESMins", "tres"),
    "grp_wall": ("GrpWall", "GrpWall", "time"),
    "max_jobs_per_user": ("MaxJobsPerUser", "MaxJobsPU", "number"),
    "max_submit_jobs_per_user": ("MaxSubmitJobsPerUser", "MaxSubmitPU", "number"),
    "max_tres_per_user": ("MaxTRESPerUser", "MaxTRESPU", "tres"),
    "max_tres_per_job": ("MaxTRESPerJob", "MaxTRES", "tres"),
    "max_wall_per_job": ("MaxWallDurationPerJob", "MaxWall", "time"),
    "min_tres_per_job": ("MinTRESPerJob", "MinTRES", "tres"),
}
QOS_SETTINGS = {
    "priority": ("Priority", "Priority", "number"),
    "usage_factor": ("UsageFactor", "UsageFactor", "factor"),
    "preempt": ("Preempt", "Preempt", "names"),
    "flags": ("Flags", "Flags", "names"),
}
ASSOCIATION_SETTINGS = {
    "fairshare": ("Fairshare", "Share", "text"),
    "qos": ("QosLevel", "QOS", "names"),
    "default_qos": ("DefaultQOS", "DefaultQOS", "text"),
}
# By kind: everything that has a column in the listing of that kind.
COLUMNS = {
    "qos": {**QOS_SETTINGS, **QOS_LIMITS},
    "account": {**ASSOCIATION_SETTINGS, **ASSOCIATION_LIMITS},
    "member": {**ASSOCIATION_SETTINGS, **ASSOCIATION_LIMITS},
}
UNITS = {"": 1, "K": 2**-10, "M": 1, "G": 2**10, "T": 2**20, "P": 2**30}  # of memory, which Slurm counts in MB
SIZE = re.compile(r"^(\d+(?:\.\d+)?)([KMGTP]?)$", re.IGNORECASE)
NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$")


def tres(value):
    """cpu=4,mem=2G as a comparable text: sorted, memory in MB; limits of -1 are none."""
    found = {}
    for part in filter(None, str(value).split(",")):
        name, _equals, amount = part.partition("=")
        size = SIZE.match(amount.strip())
        name = name.strip().lower()
        if size and name == "mem":
            amount = str(round(float(size.group(1)) * UNITS[size.group(2).upper()]))
        if amount.strip() != "-1":
            found[name] = amount.strip()
    return ",".join(f"{name}={amount}" for name, amount in sorted(found.items()))


def minutes(value):
    """A time as Slurm writes it (minutes, MM:SS, HH:MM:SS, D-HH[:MM[:SS]]) in whole minutes, as text; '' is none."""
    text = str(value).strip()
    if text in ("", "-1", "UNLIMITED"):
        return ""
    days, dash, rest = text.rpartition("-")
    parts = [int(part) for part in rest.split(":")]
    if dash:
        hours, mins = [*parts, 0][:2]
        return str(int(days) * 1440 + hours * 60 + mins)
    if len(parts) == 3:
        return str(parts[0] * 60 + parts[1])
    return str(parts[0])


def number(value):
    """A number as text; '' and -1 are none."""
    return "" if str(value).strip() in ("", "-1") else str(value).strip()


def names(value):
    """Names as a comparable text: lower case, sorted."""
    listed = value if isinstance(value, list) else str(value).split(",")
    return ",".join(sorted(part.strip().lower() for part in listed if part.strip()))


def factor(value):
    """A factor such as 1.000000 as the shortest text."""
    return f"{float(value):g}" if str(value).strip() else ""


def text(value):
    """A word; accounting keeps names in lower case."""
    return str(value).strip().lower()


NORMAL = {"number": number, "time": minutes, "tres": tres, "names": names, "factor": factor, "text": text}


def _fields(table):
    """The options of a table: lists for names, else text, as Slurm's numbers have units."""
    return tuple(
        core.Field(option, type="list", elements="str", normalize=NORMAL[kind])
        if kind == "names"
        else core.Field(option, normalize=NORMAL[kind])
        for option, (_word, _column, kind) in table.items()
    )


_IDENTITY = core.Field("name", required=True, identity=True, normalize=text)
QOS = core.Spec("QoS", "qos", (_IDENTITY, *_fields(COLUMNS["qos"])))
ACCOUNT = core.Spec(
    "account",
    "accounts",
    (
        _IDENTITY,
        core.Field("parent", normalize=text),
        core.Field("description"),
        *_fields(COLUMNS["account"]),
    ),
)
USER = core.Spec(
    "user",
    "users",
    (
        _IDENTITY,
        core.Field("accounts", type="list", elements="str"),
        core.Field("default_account", normalize=text),
        core.Field("admin_level", choices=("None", "Operator", "Administrator"), normalize=text),
        *_fields(COLUMNS["member"]),
    ),
)
# What is planned: any of the four kinds. Where two kinds have a field of one name, it means the same.
STORED = core.Spec(
    "object",
    "objects",
    (
        core.Field("kind", identity=True),
        core.Field("account", identity=True),
        core.Field("name", identity=True),
        core.Field("parent", normalize=text),
        core.Field("description", normalize=text),
        core.Field("default_account", normalize=text),
        core.Field("admin_level", normalize=text),
        *_fields({**COLUMNS["qos"], **COLUMNS["account"]}),
    ),
)


def desired(params):
    """The listed QoS, accounts and users as stored objects, in the order in which they can be made."""
    errors = complaints(params)
    if errors:
        raise core.SpecError("; ".join(errors))
    objects = []
    for wanted in params["qos"]:
        objects.append({**wanted, "kind": "qos", "account": "", "name": text(wanted["name"])})
    for wanted in _parents_first(params["accounts"]):
        objects.append({**wanted, "kind": "account", "account": "", "name": text(wanted["name"])})
    members, users = [], []
    for wanted in params["users"]:
        name = text(wanted["name"])
        gone = wanted.get("state") == "absent"
        user = {"kind": "user", "account": "", "name": name, "state": wanted.get("state")}
        listed = [text(account) for account in wanted.get("accounts") or []]
        if not gone:
            # The first account of a new user is its default one.
            first = text(wanted.get("default_account") or (listed or [""])[0])
            user |= {"default_account": first or None, "admin_level": wanted.get("admin_level")}
            limits = {option: wanted.get(option) for option in COLUMNS["member"]}
            members += [
                {"kind": "member", "account": account, "name": name, "state": "present", **limits}
                for account in sorted(listed, key=lambda account: account != first)
            ]
        users.append(user)
    return objects + members + users


def _parents_first(accounts):
    """The accounts, each after its parent."""
    left, done, known = list(accounts), [], set()
    listed = {text(account["name"]) for account in accounts}
    while left:
        ready = [item for item in left if text(item.get("parent") or "") not in listed - known]
        if not ready:
            circle = ", ".join(account["name"] for account in left)
            raise core.SpecError(f"account {circle}: each is below another of them; give one of them another parent")
        done += ready
        known |= {text(item["name"]) for item in ready}
        left = [item for item in left if item not in ready]
    return done


def complaints(params):
    """Everything that is wrong with what was listed, each in one sentence."""
    found = []
    for kind, items in (("QoS", params["qos"]), ("account", params["accounts"]), ("user", params["users"])):
        found += [
            f"{kind} {item['name']!r}: a name has letters, digits and '_', '-', '.', '@', '+'"
            for item in items
            if not NAME.match(item["name"])
        ]
    for user in params["users"]:
        if user.get("state") == "absent":
            continue
        listed = [text(account) for account in user.get("accounts") or []]
        first = user.get("default_account")
        if first and text(first) not in listed:
            found.append(f"user {user['name']}: the default account {first} is not one of its accounts")
        if not listed:
            found.append(f"user {user['name']}: needs accounts, or state absent")
    found += [
        f"account {account['name']}: the default QoS {account['default_qos']} is not one of its QoS"
        for account in params["accounts"]
        if account.get("default_qos") and account.get("qos") and text(account["default_qos"]) not in
        names(account["qos"]).split(",")
    ]  # fmt: skip
    return found


def row(kind, values):
    """The fields that have columns: {option: comparable value} of {column: value}."""
    found = {}
    for option, (_word, column, value_kind) in COLUMNS[kind].items():
        value = NORMAL[value_kind](values[column])
        found[option] = [part for part in value.split(",") if part] if value_kind == "names" else value
    return found


def settings(kind, changes, after, before=None):
    """The words of `sacctmgr add|modify`: [GrpTRES=cpu=4, ...] for the changed fields."""
    words = []
    for option in changes:
        if option not in COLUMNS.get(kind, {}):
            continue
        word, _column, value_kind = COLUMNS[kind][option]
        value = after[option]
        if value_kind == "tres":
            value = _cleared(str(value), (before or {}).get(option) or "")
        elif value_kind == "names":
            value = ",".join(value)
        # Slurm's word for none; only lists of QoS are emptied by an empty text.
        if value_kind != "tres" and str(value) == "" and option not in ("qos", "preempt"):
            value = "-1"
        words.append(f"{word}={value}")
    return words


def _cleared(wanted, there):
    """What is no longer wanted has to be set to -1."""
    kept = {part.partition("=")[0] for part in tres(wanted).split(",")}
    gone = [part.partition("=")[0] for part in there.split(",") if part and part.partition("=")[0] not in kept]
    return ",".join([part for part in [wanted] if part] + [f"{name}=-1" for name in gone])
