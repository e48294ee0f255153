# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Realms, zonegroups, zones, periods and users of RADOS gateways: Specs and pure transformations.

The shapes are those of `radosgw-admin ... --format json` of Ceph 16 to 18.
"""

from __future__ import annotations

import re

from ansible.module_utils.common.text.formatters import human_to_bytes

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.core import Field, Spec

# Marks a user this collection made. RGW lets only users with a placement target's tags use that target; a tag that no
# target asks for means nothing, and it is the one free field of a user that `user info` shows and that replicates.
MARK = "infn.datacloud"

PULL = (
    Field("url", required=True),
    Field("access_key", required=True, secret=False),
    Field("secret_key", required=True, secret=True),
)
REALM = Spec(
    "realm",
    "realms",
    (
        Field("name", required=True, identity=True),
        Field("default", "bool"),
        Field("pull", "dict", options=PULL, write_only=True),
    ),
)
# What is planned besides what is asked for: the period a realm that is pulled should have.
REALM_WITH_PERIOD = Spec("realm", "realms", (*REALM.fields, Field("period")))


def by_name(targets):
    """Placement targets in an order that does not matter (list of dict, or None)."""
    return sorted(
        (
            {
                "name": target["name"],
                "tags": sorted(target.get("tags") or ()),
                "storage_classes": sorted(target.get("storage_classes") or ["STANDARD"]),
            }
            for target in targets
        ),
        key=lambda target: target["name"],
    )


ZONEGROUP = Spec(
    "zonegroup",
    "zonegroups",
    (
        Field("name", required=True, identity=True),
        Field("realm", required=True, immutable=True),
        Field("endpoints", "list", elements="str"),
        Field("master", "bool"),
        Field("default", "bool"),
        Field("api_name"),
        Field("hostnames", "list", elements="str", normalize=sorted),
        Field("default_placement"),
        Field(
            "placement_targets",
            "list",
            elements="dict",
            normalize=by_name,
            options=(
                Field("name", required=True),
                Field("tags", "list", elements="str"),
                Field("storage_classes", "list", elements="str"),
            ),
        ),
    ),
)

ZONE = Spec(
    "zone",
    "zones",
    (
        Field("name", required=True, identity=True),
        Field("realm", required=True, immutable=True),
        Field("zonegroup", required=True, immutable=True),
        Field("endpoints", "list", elements="str"),
        Field("master", "bool"),
        Field("default", "bool"),
        Field("read_only", "bool"),
        Field("access_key", secret=False),
        Field("secret_key", secret=True),
        Field("tier_type"),
        Field("sync_from_all", "bool"),
        Field("sync_from", "list", elements="str", normalize=sorted),
        Field("redirect_zone"),
    ),
)


def sorted_keys(keys):
    """Access keys in an order that does not matter (list of dict)."""
    return sorted(keys, key=lambda key: key["access_key"])


def size(value):
    """A quota's size in bytes as RGW keeps it (int): rounded up to whole KiB, -1 for no limit.

    Source: set_quota_info in Ceph's src/rgw/rgw_admin.cc. value: int or str such as 10G or -1.
    """
    number = int(value) if str(value).lstrip("-").isdigit() else human_to_bytes(str(value))
    return -1 if number < 0 else -(-number // 1024) * 1024


QUOTA = (
    Field("enabled", "bool"),
    Field("max_size", normalize=size),
    Field("max_objects", "int"),
)
USER = Spec(
    "user",
    "users",
    (
        Field("uid", required=True, identity=True),
        Field("display_name", required=True),
        Field("email"),
        Field(
            "keys",
            "list",
            elements="dict",
            secret=False,
            normalize=sorted_keys,
            options=(
                Field("access_key", required=True, secret=False),
                Field("secret_key", required=True, secret=True),
            ),
        ),
        Field("purge_keys", "bool", secret=False, write_only=True),
        Field("caps", "dict"),
        Field("suspended", "bool"),
        Field("max_buckets", "int"),
        Field("system", "bool"),
        Field("admin", "bool"),
        Field("op_mask", "list", elements="str", choices=("read", "write", "delete"), normalize=sorted),
        Field("user_quota", "dict", options=QUOTA),
        Field("bucket_quota", "dict", options=QUOTA),
    ),
)


def boolean(value):
    """A flag of radosgw-admin's JSON (bool, int, or str in older releases) as bool."""
    return value in (True, 1, "true", "1")


def only_set(desired, *flags):
    """The wanted objects, with the flags that can be set but never unset (default, master) left out where false."""
    return [{**wanted, **{flag: wanted.get(flag) or None for flag in flags}} for wanted in desired]


# Periods --------------------------------------------------------------------------------------------------------


def newer(remote, local):
    """Whether the period remote (dict) is later than the period local (dict or None)."""

    def age(period):
        return (int(period.get("realm_epoch", 0)), int(period.get("epoch", 0)))

    return local is None or age(remote) > age(local)


def period_label(period):
    """A period as people read it: id and epoch (str)."""
    return f"{period['id']} epoch {period['epoch']}"


def period_summary(period):
    """What the modules return of a period (dict)."""
    groups = (period.get("period_map") or {}).get("zonegroups") or []
    names = {zone["id"]: zone["name"] for group in groups for zone in group.get("zones", [])}
    group_names = {group["id"]: group["name"] for group in groups}
    return {
        "id": period["id"],
        "epoch": int(period["epoch"]),
        "realm_epoch": int(period.get("realm_epoch", 0)),
        "master_zonegroup_name": group_names.get(period.get("master_zonegroup")),
        "master_zone_name": names.get(period.get("master_zone")),
    }


def staged(period, zonegroups):
    """What the next commit would change: ({path: value} now, {path: value} then), both without what is equal.

    period: `period get` (dict), zonegroups: `zonegroup get` of every zonegroup of the realm (list of dict).
    """
    now = _flat("", (period.get("period_map") or {}).get("zonegroups") or [])
    then = _flat("", zonegroups)
    changed = [path for path in {**now, **then} if now.get(path) != then.get(path)]
    return {path: now[path] for path in changed if path in now}, {path: then[path] for path in changed if path in then}


def _flat(path, value):
    """Every leaf below value as {path: leaf}; secrets masked; objects in lists are found by their name."""
    if not path and not value:
        return {}
    if isinstance(value, list) and value and all(isinstance(entry, dict) and "name" in entry for entry in value):
        value = {entry["name"]: entry for entry in value}
    if isinstance(value, dict):
        leaves = {}
        for name, entry in value.items():
            leaves.update(_flat(f"{path}.{name}" if path else str(name), entry))
        return leaves
    if path.rsplit(".", 1)[-1] in ("secret", "secret_key"):
        return {path: core.MASK}
    # Older releases write flags as strings, and a set comes in no fixed order.
    if value in ("true", "false"):
        value = value == "true"
    return {path: sorted(value, key=str) if isinstance(value, list) else value}


# Zonegroups and zones -------------------------------------------------------------------------------------------


def zonegroup_view(raw, default_id, realm):
    """`zonegroup get` (dict) in the Spec's words; realm: the realm's name, None where it is another realm."""
    return {
        "name": raw["name"],
        "realm": realm,
        "endpoints": raw.get("endpoints", []),
        "master": boolean(raw.get("is_master")),
        "default": raw["id"] == default_id,
        "api_name": raw.get("api_name", ""),
        "hostnames": raw.get("hostnames", []),
        "default_placement": raw.get("default_placement", ""),
        "placement_targets": raw.get("placement_targets", []),
    }


def zonegroup_changed(raw, after, changes):
    """`zonegroup get` (dict) as `zonegroup set` should read it, with the changed fields laid over it."""
    names = {"master": "is_master"}
    new = dict(raw)
    for field in changes:
        if field == "placement_targets":
            # What the targets have besides, such as cloud tiers, stays.
            old = {target["name"]: target for target in raw.get("placement_targets", [])}
            new[field] = [{**old.get(target["name"], {}), **target} for target in by_name(after[field])]
        elif field != "default":
            new[names.get(field, field)] = after[field]
    return new


def zone_view(params, zonegroup, default_id, realm):
    """A zone in the Spec's words, from `zone get` (params) and `zonegroup get` (dicts).

    A zone that is not in its zonegroup has no endpoints: a run cut off inside `zone create` leaves that, and
    `zone modify` puts it right.
    """
    entry = next((zone for zone in zonegroup.get("zones", []) if zone["id"] == params["id"]), {})
    key = params.get("system_key") or {}
    return {
        "name": params["name"],
        "realm": realm,
        "zonegroup": zonegroup["name"],
        "endpoints": entry.get("endpoints", []),
        "master": bool(entry) and zonegroup.get("master_zone") == params["id"],
        "default": params["id"] == default_id,
        "read_only": boolean(entry.get("read_only")),
        "access_key": key.get("access_key", ""),
        "secret_key": key.get("secret_key", ""),
        "tier_type": entry.get("tier_type", ""),
        "sync_from_all": boolean(entry.get("sync_from_all", True)),
        "sync_from": entry.get("sync_from", []),
        "redirect_zone": entry.get("redirect_zone", ""),
    }


def zone_words(after, changes, before=None):
    """The options of `zone create` or `zone modify` that set the changed fields (list of str, without the keys)."""
    words = []
    plain = {"endpoints": "--endpoints", "tier_type": "--tier-type", "redirect_zone": "--redirect-zone"}
    flags = {"read_only": "--read-only", "sync_from_all": "--sync-from-all"}
    for field in changes:
        value = after[field]
        if field in plain:
            words.append(f"{plain[field]}={','.join(value) if isinstance(value, list) else value}")
        elif field in flags:
            words.append(f"{flags[field]}={'true' if value else 'false'}")
        elif field in ("master", "default"):
            words.append(f"--{field}")
        elif field == "sync_from":
            there = (before or {}).get("sync_from", [])
            added, gone = sorted(set(value) - set(there)), sorted(set(there) - set(value))
            words += [f"--sync-from={','.join(added)}"] if added else []
            words += [f"--sync-from-rm={','.join(gone)}"] if gone else []
    return words


# Users ----------------------------------------------------------------------------------------------------------


def user_view(raw, wanted=None):
    """`user info` (dict) in the Spec's words.

    wanted: the wanted user (dict); of the keys only those it lists are shown unless it purges the others, because
    keys of others are not ours to compare.
    """
    wanted = wanted or {}
    listed = {key["access_key"] for key in wanted.get("keys") or ()}
    return {
        "uid": raw["user_id"],
        "display_name": raw.get("display_name", ""),
        "email": raw.get("email", ""),
        "keys": [
            {"access_key": key["access_key"], "secret_key": key["secret_key"]}
            for key in raw.get("keys", [])
            if wanted.get("purge_keys") or key["access_key"] in listed
        ],
        "caps": {cap["type"]: cap["perm"] for cap in raw.get("caps", [])},
        "suspended": boolean(raw.get("suspended")),
        "max_buckets": raw.get("max_buckets", 1000),
        "system": boolean(raw.get("system")),
        "admin": boolean(raw.get("admin")),
        "op_mask": [part.strip() for part in raw.get("op_mask", "").split(",") if part.strip()],
        "user_quota": quota_view(raw.get("user_quota") or {}),
        "bucket_quota": quota_view(raw.get("bucket_quota") or {}),
        "mark": MARK in raw.get("placement_tags", []),
    }


def quota_view(raw):
    """A quota of RGW's JSON in the Spec's words (dict)."""
    return {
        "enabled": boolean(raw.get("enabled")),
        "max_size": raw.get("max_size", -1),
        "max_objects": raw.get("max_objects", -1),
    }


def user_commands(before, after, changes):
    """What turns the user before into after: [(words, secrets)] for radosgw-admin.

    before: user_view of the user as it is, None to create it; changes: the names of the fields to bring about.
    """
    uid = ["--uid", after["uid"]]
    commands = []
    basic = _basic_words(after, changes)
    if before is None:
        keys = after.get("keys") or []
        create = ["user", "create", *uid, *basic, f"--tags={MARK}"]
        commands.append((create, _key_secrets(keys[0]) if keys else {}))
        # RGW gives a new user a key of its own unless it is given one; the rest follows once the user is there.
        return commands
    if basic:
        commands.append((["user", "modify", *uid, *basic], {}))
    if "keys" in changes:
        there = {key["access_key"]: key["secret_key"] for key in before["keys"]}
        wanted = {key["access_key"]: key for key in after["keys"]}
        for name, key in wanted.items():
            if there.get(name) != key["secret_key"]:
                commands.append((["key", "create", *uid, "--key-type", "s3"], _key_secrets(key)))
        for name in there:
            if name not in wanted:
                commands.append((["key", "rm", *uid, "--key-type", "s3", "--access-key", name], {}))
    if "caps" in changes:
        there, wanted = before["caps"], after["caps"]
        gone = {kind: perm for kind, perm in there.items() if wanted.get(kind) != perm}
        added = {kind: perm for kind, perm in wanted.items() if there.get(kind) != perm}
        commands += [(["caps", "rm", *uid, f"--caps={_caps(gone)}"], {})] if gone else []
        commands += [(["caps", "add", *uid, f"--caps={_caps(added)}"], {})] if added else []
    for field in ("user_quota", "bucket_quota"):
        if field in changes:
            commands += [(words, {}) for words in _quota_words(uid, field[:-6], after[field])]
    if "suspended" in changes:
        commands.append((["user", "suspend" if after["suspended"] else "enable", *uid], {}))
    return commands


def _basic_words(after, changes):
    words = []
    for field, option in (("display_name", "--display-name"), ("email", "--email"), ("max_buckets", "--max-buckets")):
        if field in changes:
            words.append(f"{option}={after[field]}")
    for field in ("system", "admin"):
        if field in changes:
            words.append(f"--{field}={'true' if after[field] else 'false'}")
    if "op_mask" in changes:
        words.append(f"--op-mask={', '.join(after['op_mask'])}")
    return words


def _key_secrets(key):
    return {"--access-key": key["access_key"], "--secret": key["secret_key"]}


def _caps(caps):
    return ";".join(f"{kind}={perm}" for kind, perm in sorted(caps.items()))


def _quota_words(uid, scope, quota):
    words = ["quota", "set", *uid, f"--quota-scope={scope}"]
    if quota.get("max_size") is not None:
        words.append(f"--max-size={size(quota['max_size'])}")
    if quota.get("max_objects") is not None:
        words.append(f"--max-objects={quota['max_objects']}")
    commands = [words] if len(words) > 5 else []
    if quota.get("enabled") is not None:
        commands.append(["quota", "enable" if quota["enabled"] else "disable", *uid, f"--quota-scope={scope}"])
    return commands


# Sync status ----------------------------------------------------------------------------------------------------

_BEHIND = re.compile(r"is behind on (\d+) shards")
_RECOVERING = re.compile(r"^(\d+) shards are recovering")
_SHARDS = re.compile(r"^(full|incremental) sync: (\d+)/(\d+) shards")
_BUCKET_SHARDS = re.compile(r"^incremental sync on (\d+) shards")
_LEFT = re.compile(r"^full sync: (\d+) (?:entries|buckets) to sync")
_SOURCE = re.compile(r"^source(?: zone|:)? +(\S+) \(([^)]*)\)$")


def sync_status(text):
    """`radosgw-admin sync status` (str) as data: realm, zonegroup, zone, metadata, data (list), synced.

    The command prints text only. The JSON of `metadata sync status` and `data sync status` holds this zone's markers
    without the other side's, so it cannot tell how far behind they are.
    """
    result = {"realm": None, "zonegroup": None, "zone": None, "metadata": None, "data": []}
    current = None
    for line in (line.strip() for line in text.splitlines()):
        head = re.match(r"^(realm|zonegroup|zone) +\S+ \(([^)]*)\)$", line)
        if head:
            result[head[1]] = head[2]
            continue
        if line.startswith("metadata sync"):
            result["metadata"] = current = _side(line.removeprefix("metadata sync"))
            continue
        source = _SOURCE.match(line.removeprefix("data sync").strip())
        if source:
            current = {"zone": source[2], **_side("")}
            result["data"].append(current)
        elif current is not None and line:
            _learn(current, line)
    sides = [result["metadata"], *result["data"]]
    for side in sides:
        if side is not None:
            _conclude(side)
    result["synced"] = result["metadata"] is not None and all(side["caught_up"] for side in sides)
    return result


def bucket_sync_status(text):
    """`radosgw-admin bucket sync status` (str) as data: sources (list), synced."""
    sources, current = [], None
    for line in (line.strip() for line in text.splitlines()):
        source = _SOURCE.match(line)
        if source:
            current = {"zone": source[2], **_side("")}
            sources.append(current)
        elif current is not None and line and not line.startswith("source bucket"):
            _learn(current, line)
    for side in sources:
        _conclude(side)
    return {"sources": sources, "synced": all(side["caught_up"] for side in sources)}


def _side(state):
    """One direction of sync before anything is known of it."""
    return {
        "state": state.strip() or None,
        "caught_up": False,
        "behind_shards": 0,
        "recovering_shards": 0,
        "full_sync_shards": 0,
        "shards": 0,
        "left": 0,
        "oldest": None,
        "errors": [],
    }


def _learn(side, line):
    shards, left, own = _SHARDS.match(line), _LEFT.match(line), _BUCKET_SHARDS.match(line)
    behind, recovering = _BEHIND.search(line), _RECOVERING.match(line)
    if shards:
        side["shards"] = int(shards[3])
        if shards[1] == "full":
            side["full_sync_shards"] = int(shards[2])
    elif own:
        side["shards"] = int(own[1])
    elif left:
        side["left"] = int(left[1])
    elif behind:
        side["behind_shards"] = int(behind[1])
    elif recovering:
        side["recovering_shards"] = int(recovering[1])
    elif "is caught up with" in line:
        side["caught_up"] = True
    elif line.startswith("oldest incremental change not applied:"):
        side["oldest"] = line.split(":", 1)[1].split("[")[0].strip()
    elif line.startswith(("failed", "ERROR", "master is on a different period", "zone not found")):
        side["errors"].append(line)
    elif not line.startswith(("behind shards:", "recovering shards:")) and side["state"] is None:
        side["state"] = line


def _conclude(side):
    """Settle caught_up once all lines are read; a master of metadata and a zone without sources wait for nobody."""
    idle = (side["state"] or "").startswith(("no sync", "not syncing from"))
    pending = side["behind_shards"] or side["recovering_shards"] or side["full_sync_shards"] or side["left"]
    side["caught_up"] = not side["errors"] and not pending and (idle or side["caught_up"])
