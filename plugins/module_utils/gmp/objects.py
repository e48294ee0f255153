# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of objects of Greenbone's manager: what is declared, and what the manager's XML says of it."""

from __future__ import annotations

import hashlib
import re
from datetime import date

from ansible_collections.infn.datacloud.plugins.module_utils.core import Field, Spec
from ansible_collections.infn.datacloud.plugins.module_utils.gmp import hosts, schedules

# At the end of the comment of what this collection made: only that is ever purged. A comment and not a tag, as it
# comes to be in the same request as the object.
MARK = "[infn.datacloud]"
NOTED = re.compile(r"^(.*?)\s*(?:\[secret ([0-9a-f]{6})\])?\s*(\[infn\.datacloud\])?$", re.DOTALL)
# What a task is in while a scan of it is under way.
ACTIVE = ("Requested", "Queued", "Running", "Processing", "Stop Requested", "Resume Requested")
PORT = re.compile(r"^(?:(T|U|TCP|UDP)\s*:)?\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?$", re.IGNORECASE)
# The spare name of an object whose successor was made (see backends.Backend.replace).
REPLACED = re.compile(r"^(.+) \(replaced [0-9a-f]{8}\)$", re.DOTALL)
ALIVE_TESTS = (
    "Scan Config Default", "ICMP, TCP-ACK Service & ARP Ping", "TCP-ACK Service & ARP Ping", "ICMP & ARP Ping",
    "ICMP & TCP-ACK Service Ping", "ARP Ping", "TCP-ACK Service Ping", "TCP-SYN Service Ping", "ICMP Ping",
    "Consider Alive",
)  # fmt: skip
CREDENTIAL_TYPES = {
    "password": "up", "ssh_key": "usk", "snmp": "snmp", "client_certificate": "cc", "password_only": "pw",
}  # fmt: skip
SCANNER_TYPES = {"openvas": "2", "sensor": "5", "openvasd": "6"}
DEFAULT_SCANNER = "OpenVAS Default"


def _unique(values):
    return sorted(set(values))


def _pem(value):
    return value.strip()


def noted(comment, mark, secret=""):
    """A comment (str) as the manager keeps it: with the print of the secret and our mark where they are given."""
    parts = (comment, f"[secret {secret}]" if secret else "", MARK if mark else "")
    return " ".join(part for part in parts if part)


def unnoted(text):
    """(comment, print of the secret, whether it has our mark) of a comment as the manager keeps it."""
    comment, secret, mark = NOTED.match((text or "").strip()).groups()
    return comment, secret or "", bool(mark)


def secret_print(name, values):
    """Six hexadecimal digits (str) that tell a changed secret from the same one, as the manager never gives it back.

    name: the object's, as salt. values: the secrets (list of str). So few digits of so slow a hash leave whoever can
    read the comment about as much to guess as before.
    """
    text = "\0".join(values).encode()
    return hashlib.pbkdf2_hmac("sha256", text, f"infn.datacloud {name}".encode(), 200_000).hex()[:6]


def quoted(value):
    """A value (str) as GMP's filters want it; they know no way to write a quotation mark."""
    return '"' + value.replace('"', "") + '"'


def text(parent, path):
    """The text (str, stripped) of an element below parent; '' where there is none."""
    return (parent.findtext(path) or "").strip()


def flag(parent, path):
    """Whether the element below parent says 1."""
    return text(parent, path) == "1"


def common(found):
    """What all kinds have (dict): name, comment, id, whether it is in use, our mark, the print of its secret."""
    comment, secret, mark = unnoted(found.findtext("comment"))
    return {
        "name": text(found, "name"), "comment": comment, "id": found.get("id"), "in_use": flag(found, "in_use"),
        "mark": mark, "secret": secret,
    }  # fmt: skip


def restricted(given, there):
    """Of a free-form dictionary that is there, what is given in the wanted one: the rest is not managed."""
    return {name: there.get(name, "") for name in given or {}}


def _spec(kind, plural, fields):
    """A Spec whose diff shows its fields only, not what a view has besides for our own use."""
    names = {item.name for item in fields}
    return Spec(kind, plural, fields, redact=lambda obj: {name: value for name, value in obj.items() if name in names})


NAME = Field("name", required=True, identity=True)
COMMENT = Field("comment")

# Port lists -----------------------------------------------------------------------------------------------------


def ranges(values):
    """Port ranges ('T:22', '80-90', 'U:53') as sorted, merged (protocol, first, last); raises ValueError."""
    found = []
    for value in values:
        parts = PORT.match(str(value).strip())
        if not parts:
            raise ValueError(f"'{value}' is no port or range such as T:22, T:8000-8080 or U:53")
        kind, first, last = (parts[1] or "T")[0].upper(), int(parts[2]), int(parts[3] or parts[2])
        if not 1 <= first <= last <= 65535:
            raise ValueError(f"'{value}' is no range of ports from 1 to 65535")
        found.append((kind, first, last))
    merged = []
    for kind, first, last in sorted(found):
        if merged and merged[-1][0] == kind and first <= merged[-1][2] + 1:
            merged[-1] = (kind, merged[-1][1], max(last, merged[-1][2]))
        else:
            merged.append((kind, first, last))
    return merged


def range_text(one):
    """A (protocol, first, last) as 'T:80-90'."""
    kind, first, last = one
    return f"{kind}:{first}" if first == last else f"{kind}:{first}-{last}"


PORT_LIST = _spec(
    "port list",
    "port_lists",
    (NAME, COMMENT, Field("ranges", type="list", elements="str", required=True, normalize=ranges)),
)


def port_list_complaints(wanted):
    """What is wrong with a wanted port list (list of str)."""
    try:
        empty = not ranges(wanted["ranges"])
    except ValueError as error:
        return [f"port list {wanted['name']}: {error}"]
    return [f"port list {wanted['name']}: it has no ports"] if empty else []


def port_list_view(found):
    """A <port_list> in the Spec's words (dict); range_ids: {(protocol, first, last): id}."""
    ids = {
        (text(part, "type")[:1].upper(), int(text(part, "start")), int(text(part, "end"))): part.get("id")
        for part in found.findall("port_ranges/port_range")
    }
    users = [text(target, "name") for target in found.findall("targets/target")]
    return {**common(found), "ranges": [range_text(one) for one in sorted(ids)], "range_ids": ids, "users": users}


# Credentials ----------------------------------------------------------------------------------------------------

CREDENTIAL_SECRETS = ("password", "private_key", "passphrase", "community", "privacy_password")
CREDENTIAL = _spec(
    "credential",
    "credentials",
    (
        NAME,
        COMMENT,
        Field("type", required=True, choices=tuple(CREDENTIAL_TYPES), immutable=True),
        Field("login"),
        Field("password", secret=True),
        Field("private_key", secret=True),
        Field("passphrase", secret=True),
        Field("certificate", write_only=True),
        Field("community", secret=True),
        Field("auth_algorithm", choices=("md5", "sha1")),
        Field("privacy_algorithm", choices=("aes", "des")),
        Field("privacy_password", secret=True),
    ),
)
CREDENTIAL_NEEDS = {
    "password": ("login", "password"), "ssh_key": ("login", "private_key"), "snmp": ("auth_algorithm",),
    "client_certificate": ("certificate",), "password_only": ("password",),
}  # fmt: skip


def credential_complaints(wanted):
    """What is wrong with a wanted credential (list of str)."""
    missing = [name for name in CREDENTIAL_NEEDS[wanted["type"]] if not wanted.get(name)]
    subject = f"credential {wanted['name']}"
    return [f"{subject}: type {wanted['type']} needs {', '.join(missing)}"] if missing else []


def secrets_of(wanted, names):
    """The print (str) of an object's secrets, '' where it has none; names: of the fields that are secret."""
    values = [f"{name}={wanted[name]}" for name in names if wanted.get(name)]
    return secret_print(wanted["name"], values) if values else ""


def with_secrets(view, wanted, names):
    """A view with the wanted secrets where the print says that they are the ones that are there."""
    if not wanted:
        return view
    same = view["secret"] == secrets_of(wanted, names)
    return {**view, **{name: wanted[name] if same else "" for name in names if wanted.get(name)}}


def credential_view(found, wanted=None):
    """A <credential> in the Spec's words (dict)."""
    kinds = {code: name for name, code in CREDENTIAL_TYPES.items()}
    view = {
        **common(found),
        "type": kinds.get(text(found, "type"), text(found, "type")),
        "login": text(found, "login"),
        "auth_algorithm": text(found, "auth_algorithm"),
        "privacy_algorithm": text(found, "privacy/algorithm"),
    }
    return with_secrets(view, wanted, CREDENTIAL_SECRETS)


# Targets --------------------------------------------------------------------------------------------------------

TARGET_CREDENTIALS = (
    "ssh_credential", "ssh_elevate_credential", "smb_credential", "esxi_credential", "snmp_credential",
)  # fmt: skip
TARGET_FLAGS = ("allow_simultaneous_ips", "reverse_lookup_only", "reverse_lookup_unify")
TARGET = _spec(
    "target",
    "targets",
    (
        NAME,
        COMMENT,
        Field("hosts", type="list", elements="str", required=True, normalize=hosts.hosts),
        Field("exclude_hosts", type="list", elements="str", normalize=hosts.hosts),
        Field("port_list", required=True),
        Field("alive_test", choices=ALIVE_TESTS),
        Field("ssh_credential", secret=False),
        Field("ssh_port", type="int"),
        *(Field(name, secret=False) for name in TARGET_CREDENTIALS[1:]),
        *(Field(name, type="bool") for name in TARGET_FLAGS),
    ),
)
# What the manager refuses to change ("Target is in use") once a task has the target.
TARGET_FROZEN = {item.name for item in TARGET.fields} - {"name", "comment", "alive_test"}


def target_complaints(wanted):
    """What is wrong with a wanted target (list of str)."""
    subject = f"target {wanted['name']}"
    said = [f"{subject}: hosts: {text}" for text in hosts.complaints(wanted["hosts"])]
    said += [f"{subject}: exclude_hosts: {text}" for text in hosts.complaints(wanted["exclude_hosts"])]
    if not wanted["hosts"]:
        said.append(f"{subject}: it has no hosts")
    if wanted["ssh_port"] is not None and not 1 <= wanted["ssh_port"] <= 65535:
        said.append(f"{subject}: ssh_port is a port from 1 to 65535")
    return said


def target_view(found):
    """A <target> in the Spec's words (dict)."""
    return {
        **common(found),
        "hosts": _known(text(found, "hosts")),
        "exclude_hosts": _known(text(found, "exclude_hosts")),
        "port_list": text(found, "port_list/name"),
        "alive_test": text(found, "alive_tests"),
        "ssh_port": int(text(found, "ssh_credential/port") or 22),
        **{name: text(found, f"{name}/name") for name in TARGET_CREDENTIALS},
        **{name: flag(found, name) for name in TARGET_FLAGS},
        "users": [task.get("id") for task in found.findall("tasks/task")],
    }


def _known(listed):
    """The manager's list without what is no host, which somebody put there by hand: it is a difference then."""
    return [entry for entry in hosts.split(listed) if not hosts.complaints([entry])]


# Schedules ------------------------------------------------------------------------------------------------------

SCHEDULE = _spec(
    "schedule",
    "schedules",
    (
        NAME,
        COMMENT,
        Field("start", required=True),
        Field("timezone", default="UTC"),
        Field("every", choices=tuple(schedules.FREQUENCIES), default="once"),
        Field("interval", type="int", default=1),
        Field(
            "weekdays", type="list", elements="str", choices=schedules.WEEKDAYS, default=[], normalize=schedules.ordered
        ),
        Field("duration", type="int", default=0),
    ),
)


def schedule_view(found):
    """A <schedule> in the Spec's words (dict)."""
    return {**common(found), **schedules.parsed(found.findtext("icalendar"), text(found, "timezone"))}


# Alerts ---------------------------------------------------------------------------------------------------------

ALERT_PARTS = ("event", "condition", "method")
ALERT_DATA = (*(f"{part}_data" for part in ALERT_PARTS), "method_secrets")
ALERT = _spec(
    "alert",
    "alerts",
    (
        NAME,
        COMMENT,
        Field("active", type="bool", default=True),
        Field("event", default="Task run status changed"),
        Field("event_data", type="dict", default={"status": "Done"}),
        Field("condition", default="Always"),
        Field("condition_data", type="dict", default={}),
        Field("method", required=True),
        Field("method_data", type="dict", default={}),
        Field("method_secrets", type="dict", default={}, secret=True),
    ),
)


def alert_view(found, wanted=None):
    """An <alert> in the Spec's words (dict)."""
    view = {**common(found), "active": flag(found, "active")}
    for part in ALERT_PARTS:
        place = found.find(part)
        view[part] = (place.text or "").strip()
        # A value stands before or behind the element with its name.
        data = {
            text(item, "name"): ((item.text or "") + (item.find("name").tail or "")).strip()
            for item in place.findall("data")
        }
        view[f"{part}_data"] = restricted(wanted[f"{part}_data"], data) if wanted else data
        if wanted and part == "method":
            view["method_secrets"] = restricted(wanted["method_secrets"], data)
    return view


def text_values(data):
    """A free-form dictionary with text for values, as the manager keeps them: true is 1."""
    return {str(name): str(int(value)) if isinstance(value, bool) else str(value) for name, value in data.items()}


# Scan configurations --------------------------------------------------------------------------------------------


def _families(values):
    return sorted((one["name"], bool(one.get("growing")), tuple(_unique(one.get("oids") or ()))) for one in values)


SCAN_CONFIG = _spec(
    "scan config",
    "scan_configs",
    (
        NAME,
        COMMENT,
        Field("base", write_only=True),
        Field("preferences", type="dict"),
        Field(
            "families",
            type="list",
            elements="dict",
            options=(
                Field("name", required=True),
                Field("growing", type="bool", default=True),
                Field("oids", type="list", elements="str", default=[]),
            ),
            normalize=_families,
        ),
    ),
)
SCAN_CONFIG_FROZEN = {"preferences", "families"}


def scan_config_complaints(wanted):
    """What is wrong with a wanted scan configuration (list of str)."""
    return [
        f"scan config {wanted['name']}: family {family['name']} with oids can't be growing; give growing: false"
        for family in wanted.get("families") or ()
        if family["oids"] and family["growing"]
    ]


def family_names(found):
    """{name: whether it takes new tests too} of the families of a <config>."""
    return {text(one, "name"): flag(one, "growing") for one in found.findall("families/family")}


def scan_config_view(found, wanted=None, oids=None):
    """A <config> in the Spec's words (dict); oids: {family: [oid]} of the families that are wanted test by test."""
    view = {**common(found), "predefined": flag(found, "predefined")}
    if wanted and wanted.get("preferences") is not None:
        there = {}
        for preference in found.findall("preferences/preference"):
            nvt = preference.find("nvt").get("oid")
            name = text(preference, "name")
            key = f"{nvt}:{text(preference, 'id')}:{text(preference, 'type')}:{name}" if nvt else name
            value = preference.findtext("value")
            there[key] = value if value is not None else preference.findtext("default") or ""
        view["preferences"] = restricted(wanted["preferences"], there)
    if wanted and wanted.get("families") is not None:
        view["families"] = [
            {
                "name": text(one, "name"),
                "growing": flag(one, "growing"),
                "oids": (oids or {}).get(text(one, "name"), []),
            }
            for one in found.findall("families/family")
        ]
    return view


# Tasks ----------------------------------------------------------------------------------------------------------

TASK_PREFERENCES = {"hosts_at_once": "max_hosts", "checks_at_once": "max_checks"}
TASK = _spec(
    "task",
    "tasks",
    (
        NAME,
        COMMENT,
        Field("target", required=True),
        Field("config", required=True),
        Field("scanner", default=DEFAULT_SCANNER),
        Field("schedule"),
        Field("schedule_periods", type="int"),
        Field("alerts", type="list", elements="str", normalize=_unique),
        Field("hosts_at_once", type="int"),
        Field("checks_at_once", type="int"),
        Field("in_assets", type="bool"),
        Field("keep_reports", type="int"),
        Field("alterable", type="bool", default=True),
    ),
)
# What the manager lets be changed only in a task that is new or alterable, and never while it runs.
TASK_FROZEN = {"target", "config", "scanner"}


def task_complaints(wanted):
    """What is wrong with a wanted task (list of str)."""
    subject = f"task {wanted['name']}"
    said = [
        f"{subject}: {name} counts from 1" for name in TASK_PREFERENCES if wanted[name] is not None and wanted[name] < 1
    ]
    if wanted["keep_reports"] is not None and not (wanted["keep_reports"] == 0 or 2 <= wanted["keep_reports"] <= 1200):
        said.append(f"{subject}: keep_reports is 0 (all of them) or from 2 to 1200")
    if wanted["schedule_periods"] is not None and wanted["schedule_periods"] < 0:
        said.append(f"{subject}: schedule_periods is 0 (no limit) or more")
    return said


def task_view(found):
    """A <task> in the Spec's words (dict)."""
    preferences = {text(item, "scanner_name"): text(item, "value") for item in found.findall("preferences/preference")}
    keep = preferences.get("auto_delete") == "keep"
    return {
        **common(found),
        **{part: text(found, f"{part}/name") for part in ("target", "config", "scanner", "schedule")},
        "schedule_periods": int(text(found, "schedule_periods") or 0),
        "alerts": [text(alert, "name") for alert in found.findall("alert")],
        **{name: int(preferences.get(word) or 0) for name, word in TASK_PREFERENCES.items()},
        "in_assets": preferences.get("in_assets") == "yes",
        "keep_reports": int(preferences.get("auto_delete_data") or 0) if keep else 0,
        "alterable": flag(found, "alterable"),
        "status": text(found, "status"),
        "target_id": found.find("target").get("id"),
        "config_id": found.find("config").get("id"),
    }


# Overrides ------------------------------------------------------------------------------------------------------


def _host_key(values):
    return ",".join(hosts.hosts(values))


OVERRIDE = _spec(
    "override",
    "overrides",
    (
        Field("oid", required=True, identity=True),
        Field("hosts", type="list", elements="str", default=[], identity=True, normalize=_host_key),
        Field("port", default="", identity=True),
        Field("task", default="", identity=True),
        Field("new_severity", type="float", required=True),
        Field("severity", type="float"),
        Field("text", required=True),
        Field("active", type="bool", default=True),
        Field("until", default=""),
    ),
)
OVERRIDE_PORT = re.compile(r"^(general|\d{1,5})/[a-z0-9]+$")


def override_complaints(wanted):
    """What is wrong with a wanted override (list of str)."""
    subject = f"override {wanted['oid']}"
    said = [f"{subject}: hosts: {text}" for text in hosts.complaints(wanted["hosts"])]
    if wanted["port"] and not OVERRIDE_PORT.match(wanted["port"]):
        said.append(f"{subject}: port '{wanted['port']}' is not of the form 443/tcp or general/tcp")
    if wanted["until"] and not _date(wanted["until"]):
        said.append(f"{subject}: until '{wanted['until']}' is no date of the form YYYY-MM-DD")
    if wanted["new_severity"] is not None and not (wanted["new_severity"] == -1 or 0 <= wanted["new_severity"] <= 10):
        said.append(f"{subject}: new_severity is from 0.0 to 10.0, or -1.0 for a false positive")
    return said


def override_settled(wanted, today):
    """A wanted override as it is on a day (date): one whose date is over is not active."""
    end = _date(wanted["until"]) if wanted["until"] else None
    if end and end <= today:
        return {**wanted, "active": False, "until": None}
    return wanted if wanted["active"] else {**wanted, "until": None}


def override_days(wanted, today):
    """For how many days (int) from today a settled override holds: -1 for good, 0 not at all."""
    if not wanted["active"]:
        return 0
    return (_date(wanted["until"]) - today).days if wanted.get("until") else -1


def override_view(found):
    """An <override> in the Spec's words (dict)."""
    text_, _secret, mark = unnoted(found.findtext("text"))
    severity = text(found, "severity")
    return {
        "id": found.get("id"),
        "oid": found.find("nvt").get("oid"),
        "hosts": _known(text(found, "hosts")),
        "port": text(found, "port"),
        "task": text(found, "task/name"),
        "new_severity": float(text(found, "new_severity") or 0),
        "severity": float(severity) if severity else None,
        "text": text_,
        "active": flag(found, "active"),
        "until": text(found, "end_time")[:10],
        "mark": mark,
        "in_use": False,
    }


def _date(value):
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


# Users ----------------------------------------------------------------------------------------------------------

USER = _spec(
    "user",
    "users",
    (
        NAME,
        COMMENT,
        Field("password", secret=True),
        Field("roles", type="list", elements="str", normalize=_unique),
        Field("hosts", type="list", elements="str", normalize=hosts.hosts),
        Field("hosts_allow", type="bool"),
    ),
)


def user_complaints(wanted):
    """What is wrong with a wanted user (list of str)."""
    return [f"user {wanted['name']}: hosts: {text}" for text in hosts.complaints(wanted["hosts"])]


def user_view(found, wanted=None):
    """A <user> in the Spec's words (dict)."""
    place = found.find("hosts")
    view = {
        **common(found),
        "roles": [text(role, "name") for role in found.findall("role")],
        "hosts": _known(text(found, "hosts")),
        "hosts_allow": place is not None and place.get("allow") == "1",
    }
    return with_secrets(view, wanted, ("password",))


# Scanners -------------------------------------------------------------------------------------------------------

SCANNER = _spec(
    "scanner",
    "scanners",
    (
        NAME,
        COMMENT,
        Field("type", choices=tuple(SCANNER_TYPES), default="openvas"),
        Field("host", required=True),
        Field("port", type="int", default=0),
        Field("ca", normalize=_pem),
        Field("credential", secret=False),
    ),
)


def scanner_view(found):
    """A <scanner> in the Spec's words (dict)."""
    kinds = {code: name for name, code in SCANNER_TYPES.items()}
    return {
        **common(found),
        "type": kinds.get(text(found, "type"), text(found, "type")),
        "host": text(found, "host"),
        "port": int(text(found, "port") or 0),
        "ca": text(found, "ca_pub"),
        "credential": text(found, "credential/name"),
    }
