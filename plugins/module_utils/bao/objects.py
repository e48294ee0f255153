# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenBao's objects are, and when two spellings of a value mean the same; no server needed."""

from __future__ import annotations

import ipaddress
import json
import re

from ansible_collections.infn.datacloud.plugins.module_utils import core

# In a description, and as the first line of a policy: made here, so purge may remove it.
MARK = "(infn.datacloud)"
POLICY_MARK = f"# {MARK}"

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"(?:\d+(?:ms|s|m|h|d))+\Z")


def _path(value):
    return value.strip("/")


_COMMON = (
    core.Field("path", required=True, identity=True, normalize=_path),
    core.Field("type", required=True, immutable=True),
    core.Field("description"),
    core.Field("local", type="bool", immutable=True),
    core.Field("tune", type="dict"),
)
MOUNT = core.Spec(
    "secret engine",
    "mounts",
    (*_COMMON, core.Field("options", type="dict"), core.Field("config", type="dict")),
)
AUTH_METHOD = core.Spec(
    "auth method",
    "auth_methods",
    (
        *_COMMON,
        core.Field("config", type="dict"),
        core.Field("secret_config", type="dict", secret=True, write_only=True),
    ),
)
POLICY = core.Spec(
    "policy",
    "policies",
    (core.Field("name", required=True, identity=True), core.Field("policy", type="raw", required=True)),
)
ROLE = core.Spec(
    "role",
    "roles",
    (
        core.Field("mount", identity=True, normalize=_path),
        core.Field("type", required=True, identity=True, choices=("approle", "jwt", "pki", "transit_key")),
        core.Field("name", required=True, identity=True),
        core.Field("options", type="dict"),
        core.Field("role_id", secret=True),
        core.Field("secret_ids", type="list", elements="str", secret=True),
        core.Field("exclusive", type="bool"),
    ),
)
# Where each type of role lives below its mount, and where the method or engine is mounted if nothing is said.
ROLE_PATHS = {
    "approle": ("auth/{mount}/role/{name}", "approle"),
    "jwt": ("auth/{mount}/role/{name}", "jwt"),
    "pki": ("{mount}/roles/{name}", "pki"),
    "transit_key": ("{mount}/keys/{name}", "transit"),
}
# What can only be said when a transit key is made.
KEY_FIXED = ("type", "derived", "convergent_encryption", "key_size")
# What an existing transit key takes, by its path config.
KEY_CONFIG = (
    "min_decryption_version",
    "min_encryption_version",
    "deletion_allowed",
    "exportable",
    "allow_plaintext_backup",
    "auto_rotate_period",
)


def role_path(role):
    """The API path (str) of a role."""
    return ROLE_PATHS[role["type"]][0].format(mount=role["mount"].strip("/"), name=role["name"])


def complete_role(role):
    """The wanted role with its mount; raises SpecError for what its type does not have."""
    if role["type"] != "approle":
        given = [name for name in ("role_id", "secret_ids", "exclusive") if role.get(name)]
        if given:
            raise core.SpecError(f"role {role['name']}: {', '.join(given)} is for type approle, not {role['type']}")
    if role.get("exclusive") and role.get("secret_ids") is None:
        raise core.SpecError(f"role {role['name']}: exclusive needs secret_ids, which alone are to be kept")
    unknown = [name for name in role.get("options") or {} if name not in (*KEY_FIXED, *KEY_CONFIG)]
    if role["type"] == "transit_key" and unknown:
        raise core.SpecError(f"transit key {role['name']} has no option {', '.join(unknown)}")
    return {**role, "mount": role.get("mount") or ROLE_PATHS[role["type"]][1]}


def marked(description):
    """(description without our mark, whether it had one)."""
    text = description or ""
    return (text.removesuffix(MARK).rstrip(), True) if text.endswith(MARK) else (text, False)


def mark(description):
    """The description with our mark."""
    return f"{description or ''} {MARK}".lstrip()


def policy_text(policy):
    """A policy as OpenBao keeps it (str), without our mark.

    policy: HCL, or {path: [capabilities]}, or {path: {capabilities: [...], allowed_parameters: {...}, ...}}.
    """
    if isinstance(policy, str):
        lines = [line.rstrip() for line in policy.strip().splitlines()]
        return "\n".join(line for line in lines if line != POLICY_MARK).strip() + "\n"
    if not isinstance(policy, dict):
        raise core.SpecError(f"a policy is HCL or a dictionary of paths, not {type(policy).__name__}")
    blocks = []
    for path, rule in policy.items():
        fields = {"capabilities": rule} if isinstance(rule, list) else rule
        lines = [f"  {name} = {_hcl(value)}" for name, value in fields.items()]
        blocks.append("\n".join((f"path {json.dumps(path)} {{", *lines, "}")))
    return "\n\n".join(blocks) + "\n"


def _hcl(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_hcl(entry)}" for name, entry in value.items()) + " }"
    return json.dumps(value)


def in_words_of(wanted, there):
    """What is there (dict), for the keys that are wanted, in the wanted spelling where both mean the same."""
    there = there or {}
    return {key: value if same(value, there.get(key)) else there.get(key) for key, value in wanted.items()}


def same(wanted, there):
    """Whether a wanted value and one of the server mean the same: 1h and 3600, a list and its text, none and empty."""
    if wanted == there:
        return True
    if not wanted and not there:  # the server says null, 0 or false for what is not set
        return True
    if isinstance(wanted, dict) and isinstance(there, dict):
        return set(wanted) == set(there) and all(same(value, there[key]) for key, value in wanted.items())
    if isinstance(wanted, (list, tuple)) or isinstance(there, (list, tuple)):
        return sorted(map(_plain, _listed(wanted))) == sorted(map(_plain, _listed(there)))
    return _plain(wanted) == _plain(there)


def _listed(value):
    if isinstance(value, (list, tuple)):
        return value
    return [part for part in str(value or "").split(",") if part]


def _plain(value):
    """A value as text that is equal for equal meanings."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True)
    text = str(value).strip()
    if text in ("True", "False"):
        return text.lower()
    if DURATION.match(text):
        return str(seconds(text)).removesuffix(".0")
    if text.endswith(("/32", "/128")):
        try:
            return str(ipaddress.ip_network(text).network_address)
        except ValueError:
            return text
    return text


def seconds(text):
    """A duration such as 1h30m or 90d in seconds (float)."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|s|m|h|d)", text))
