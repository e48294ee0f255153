# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partitions of a fabric: what they are, how opensm's file says them, and which P_Keys a port then has. Pure.

The file's grammar is that of opensm(8), "PARTITION CONFIGURATION". On any mistake in it opensm drops the whole file
and makes every port a full member of the default partition, so that tenants see each other: nothing is written that
`parse` does not read back as what was meant.
"""

from __future__ import annotations

import re

from ansible_collections.infn.datacloud.plugins.module_utils.core import Field, Spec
from ansible_collections.infn.datacloud.plugins.module_utils.infiniband.fabric import canonical

MARK = "# Managed by infn.datacloud.ib_partition"
DEFAULT_KEY = 0x7FFF
FULL = 0x8000
LINE = 4000
MEMBERSHIPS = ("full", "limited")
# Members that stand for several ports, or for the subnet manager's own.
KEYWORDS = ("ALL", "ALL_CAS", "ALL_SWITCHES", "ALL_ROUTERS", "SELF")
KINDS = {"ALL_CAS": "ca", "ALL_SWITCHES": "switch", "ALL_ROUTERS": "router"}
# Codes of the InfiniBand Architecture Specification for a multicast group: bytes, and Gbit/s of the whole link.
MTU_CODES = {256: 1, 512: 2, 1024: 3, 2048: 4, 4096: 5}
RATE_CODES = {10: 3, 20: 6, 25: 15, 40: 7, 56: 12, 80: 9, 100: 16, 112: 13, 200: 17, 300: 18}
# What opensm does without a rule for the default partition.
IMPLICIT = {
    "name": "Default",
    "key": "0x7fff",
    "members": [{"guid": "ALL", "membership": "limited"}, {"guid": "SELF", "membership": "full"}],
}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

MEMBER = (
    Field("guid"),
    Field("name"),
    Field("membership", choices=MEMBERSHIPS),
)
PARTITION = Spec(
    kind="partition",
    plural="partitions",
    fields=(
        Field("name", required=True, identity=True),
        Field("key", required=True, secret=False),
        Field("membership", choices=MEMBERSHIPS, default="full"),
        Field("ipoib", type="bool", default=False),
        Field("mtu", type="int", choices=tuple(MTU_CODES)),
        Field("rate", type="int", choices=tuple(RATE_CODES)),
        Field("members", type="list", elements="dict", default=[], options=MEMBER),
    ),
)


class NotUnderstood(Exception):
    """Why a file cannot be read, in one line."""


def key_number(text):
    """A P_Key (str) without its membership bit, 1 to 0x7fff. Raises ValueError."""
    value = int(str(text), 0)
    if not 0 < value <= DEFAULT_KEY:
        raise ValueError(text)
    return value


def wanted(given, current):
    """(partitions, errors, unknown): the listed partitions as they are compared and written.

    given: the module's list. current: {name: partition}, for the ports of hosts that are listed by name only.
    errors: every mistake (list of str). unknown: names of hosts no port of which is known.
    """
    partitions, errors, unknown, keys, names = [], [], [], {}, {}
    known = known_ports(current)
    for item in given:
        name = item["name"]
        if not _NAME.fullmatch(name):
            errors.append(f"partition {name}: a name is up to 31 letters, digits, '_', '.' and '-'")
        if item.get("state") == "absent":
            partitions.append({"name": name, "state": "absent"})
            continue
        try:
            key = key_number(item["key"])
        except ValueError:
            errors.append(f"partition {name}: key {item['key']} is not between 0x0001 and 0x7fff")
            continue
        if key in keys:
            errors.append(f"partition {name}: key 0x{key:04x} is already that of {keys[key]}")
        keys.setdefault(key, name)
        if not item["ipoib"] and (item.get("mtu") or item.get("rate")):
            errors.append(f"partition {name}: mtu and rate are those of IPoIB, which is off")
        members = {}
        for member in item["members"]:
            membership = member.get("membership") or item["membership"]
            try:
                guids, missing = _guids(member, key, known)
            except ValueError as error:
                errors.append(f"partition {name}: {error}")
                continue
            unknown += missing
            for guid in guids:
                entry = {"guid": guid, "membership": membership}
                if member.get("name") and names.setdefault(guid, member["name"]) != member["name"]:
                    errors.append(f"{guid} is said to be a port of {names[guid]} and of {member['name']}")
                if members.get(guid, entry)["membership"] != membership:
                    errors.append(f"partition {name}: {guid} is both a full and a limited member")
                members[guid] = entry
        partitions.append(
            {
                "name": name,
                "key": f"0x{key:04x}",
                "ipoib": item["ipoib"],
                "mtu": item.get("mtu"),
                "rate": item.get("rate"),
                "members": _sorted(members.values()),
            }
        )
    for member in (member for item in partitions for member in item.get("members", []) if member["guid"] in names):
        member["name"] = names[member["guid"]]
    return partitions, errors, sorted(set(unknown))


def known_ports(current):
    """The ports of hosts, {name: [guid]}, that a file ({name: partition}) tells."""
    known = {}
    for partition in current.values():
        for member in partition["members"]:
            if member.get("name") and member["guid"] not in known.setdefault(member["name"], []):
                known[member["name"]].append(member["guid"])
    return known


def render(partitions):
    """The file (str) for partitions as `wanted` returns them."""
    lines = [MARK, "# Changes made here are lost; a mistake would make every port a member of everything."]
    for item in partitions:
        flags = ["ipoib"] if item.get("ipoib") else []
        flags += [f"mtu={MTU_CODES[item['mtu']]}"] if item.get("mtu") else []
        flags += [f"rate={RATE_CODES[item['rate']]}"] if item.get("rate") else []
        head = ", ".join([f"{item['name']}={item['key']}", *flags]) + " :"
        lines.append(head if item["members"] else f"{head} ;")
        for number, member in enumerate(item["members"], 1):
            comment = f" # {member['name']}" if member.get("name") else ""
            end = "," if number < len(item["members"]) else ";"
            lines.append(f"  {member['guid']}={member['membership']}{end}{comment}")
    return "\n".join([*lines, ""])


def parse(text):
    """The partitions of a file, {name: partition}. Raises NotUnderstood for all that `render` never writes.

    opensm reads lines of up to 4095 bytes, wants the whole head of a definition in one, and loses its way on one that
    has nothing but a ";" (osm_prtn_config_parse_file of opensm 3.3.23): so this reads lines as well.
    """
    partitions, partition = {}, None
    for number, line in enumerate(text.splitlines(), 1):
        code, _mark, comment = (part.strip() for part in line.partition("#"))
        try:
            if len(line.encode()) > LINE:
                raise ValueError("is too long")
            if not code:
                continue
            code, end, rest = (part.strip() for part in code.partition(";"))
            if rest:
                raise ValueError("goes on after ';'")
            if not code:
                raise ValueError("has nothing but ';'")
            if partition is None:
                head, colon, code = code.partition(":")
                if not colon:
                    raise ValueError("does not begin a definition, which has a ':'")
                partition = _parse_head(head, partitions)
            members = [_parse_member(item.strip()) for item in code.rstrip(", ").split(",") if code.strip()]
            if comment and len(members) == 1:
                members[0]["name"] = comment
            partition["members"] = _sorted([*partition["members"], *members])
        except ValueError as error:
            raise NotUnderstood(f"line {number} {error}") from None
        if end:
            partitions[partition["name"]], partition = partition, None
    if partition is not None:
        raise NotUnderstood(f"the definition of {partition['name']} does not end with ';'")
    return partitions


def expected(partitions, ports, manager):
    """The P_Keys that channel adapters shall have, {guid: {int}}.

    partitions: a list. ports: {guid: {kind}} of the fabric. manager: the GUID that SELF means.
    """
    keys = {guid: set() for guid, port in ports.items() if port["kind"] == "ca"}
    for partition in with_default(partitions):
        key = key_number(partition["key"])
        for guid in keys:
            membership = membership_of(partition, guid, ports, manager)
            if membership:
                keys[guid].add(key | FULL if membership == "full" else key)
    return keys


def membership_of(partition, guid, ports, manager):
    """How a port belongs to a partition: full, limited, or None. Named twice, it is a full member if once so."""
    found = {
        member["membership"]
        for member in partition["members"]
        if member["guid"] in (guid, "ALL")
        or KINDS.get(member["guid"]) == ports[guid]["kind"]
        or (member["guid"] == "SELF" and guid == manager)
    }
    # opensm(8): its own port always has full membership in the default partition.
    if guid == manager and key_number(partition["key"]) == DEFAULT_KEY:
        return "full"
    return "full" if "full" in found else "limited" if found else None


def in_effect(partitions, ports, manager, keys):
    """The partitions ({name: partition}) as the fabric really has them, where it differs from the file.

    keys: {guid: {int}} of the channel adapters. A port that has another membership than the file says is listed with
    the one it has, "none" included; P_Keys that no partition has are partitions called after the key.
    """
    result = {name: {**partition, "members": list(partition["members"])} for name, partition in partitions.items()}
    by_key = {key_number(partition["key"]): partition for partition in with_default(result.values())}
    for guid, present in sorted(keys.items()):
        for key in sorted({key & DEFAULT_KEY for key in present} | set(by_key)):
            real = "full" if key | FULL in present else "limited" if key in present else "none"
            partition = by_key.get(key)
            if partition is None:
                partition = {"name": f"P_Key 0x{key:04x}", "key": f"0x{key:04x}", "members": []}
                by_key[key] = result[partition["name"]] = partition
            if real == (membership_of(partition, guid, ports, manager) or "none"):
                continue
            others = [member for member in partition["members"] if member["guid"] != guid]
            partition["members"] = _sorted([*others, {"guid": guid, "membership": real}])
            result[partition["name"]] = partition
    return result


def deviations(wanted_keys, keys):
    """What is wrong with the P_Keys of ports, both {guid: {int}} (list of str)."""
    return [
        f"{guid} has {_listed(present)} instead of {_listed(wanted_keys.get(guid, set()))}"
        for guid, present in sorted(keys.items())
        if present != wanted_keys.get(guid, set())
    ]


def with_default(partitions):
    """The partitions (list), with what opensm does for the default partition where none of them is it."""
    partitions = list(partitions)
    has_default = any(key_number(item["key"]) == DEFAULT_KEY for item in partitions)
    return partitions if has_default else [*partitions, {**IMPLICIT, "members": list(IMPLICIT["members"])}]


def _guids(member, key, known):
    """(GUIDs or keywords, names of hosts without a known port) of a listed member. Raises ValueError."""
    guid, name = member.get("guid"), member.get("name")
    if name and not _HOST.fullmatch(name):
        raise ValueError(f"{name} is not the name of a host")
    if not guid:
        if not name:
            raise ValueError("a member has neither guid nor name")
        return known.get(name, []), [] if name in known else [name]
    if guid in KEYWORDS:
        # A bare SELF elsewhere takes the port's other memberships away, and after a failover it is another port.
        if guid == "SELF" and key != DEFAULT_KEY:
            raise ValueError("SELF is for the default partition only; name the port")
        return [guid], []
    try:
        return [canonical(guid)], []
    except ValueError:
        raise ValueError(f"{guid} is neither the GUID of a port nor one of {', '.join(KEYWORDS)}") from None


def _parse_head(text, partitions):
    first, *flags = [part.strip() for part in text.split(",")]
    name, _equals, key = (part.strip() for part in first.partition("="))
    if not _NAME.fullmatch(name):
        raise ValueError(f"has no name of a partition: {name!r}")
    try:
        partition = {"name": name, "key": f"0x{key_number(key):04x}", "ipoib": False, "mtu": None, "rate": None}
    except ValueError:
        raise ValueError(f"has no P_Key: {key!r}") from None
    if name in partitions or partition["key"] in {other["key"] for other in partitions.values()}:
        raise ValueError("has a name or a P_Key that was there before")
    for flag in flags:
        _parse_flag(partition, flag)
    return {**partition, "members": []}


def _parse_flag(partition, flag):
    option, _equals, value = (part.strip() for part in flag.partition("="))
    codes = {"mtu": MTU_CODES, "rate": RATE_CODES}.get(option)
    if flag == "ipoib":
        partition["ipoib"] = True
    elif codes and value.isdigit() and int(value) in codes.values():
        partition[option] = next(plain for plain, code in codes.items() if code == int(value))
    else:
        raise ValueError(f"has a flag that is not known here: {flag!r}")


def _parse_member(item):
    guid, _equals, membership = (part.strip() for part in item.partition("="))
    if membership not in MEMBERSHIPS:
        raise ValueError(f"has a member that is not said to be full or limited: {item!r}")
    try:
        return {"guid": guid if guid in KEYWORDS else canonical(guid), "membership": membership}
    except ValueError:
        raise ValueError(f"has a member that is no port: {item!r}") from None


def _sorted(members):
    """Keywords first, in their own order."""
    order = {keyword: str(number) for number, keyword in enumerate(KEYWORDS)}
    return sorted(members, key=lambda member: (member["guid"] not in order, order.get(member["guid"], member["guid"])))


def _listed(keys):
    return ", ".join(f"0x{key:04x}" for key in sorted(keys)) or "no P_Key"
