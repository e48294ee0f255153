#!/usr/bin/env python3
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A strict double of radosgw-admin: realms, zonegroups, zones, periods and users, kept in a JSON file.

Commands, options, answers and exit statuses as in Ceph 18 (src/rgw/rgw_admin.cc). Unknown commands and options are
refused, and so is a secret in the argument list, which the real one would take. The state is the file named by --conf
and every call is appended to its `calls`.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import uuid
from pathlib import Path

COMMON = {"--conf", "--name", "--format"}
PLACE = {"--rgw-realm", "--rgw-zonegroup", "--rgw-zone"}
KEYS = {"--access-key", "--secret"}
ZONE = {
    "--endpoints",
    "--master",
    "--default",
    "--read-only",
    "--tier-type",
    "--sync-from-all",
    "--sync-from",
    "--sync-from-rm",
    "--redirect-zone",
}
USER = {"--uid", "--display-name", "--email", "--max-buckets", "--system", "--admin", "--op-mask", "--tags"}
COMMANDS = {
    "realm list": set(),
    "realm get": {"--rgw-realm"},
    "realm create": {"--rgw-realm", "--default"},
    "realm default": {"--rgw-realm"},
    "realm rm": {"--rgw-realm"},
    "realm pull": {"--rgw-realm", "--url", "--default"},
    "zonegroup list": set(),
    "zonegroup get": PLACE,
    "zonegroup delete": PLACE,
    "zonegroup create": {*PLACE, "--endpoints", "--master", "--default"},
    "zonegroup set": {*PLACE, "--default"},
    "zonegroup remove": {"--rgw-zonegroup", "--rgw-zone"},
    "zone list": set(),
    "zone get": PLACE,
    "zone delete": PLACE,
    "zone create": PLACE | ZONE,
    "zone modify": PLACE | ZONE,
    "period get": PLACE,
    "period update": {*PLACE, "--commit", "--yes-i-really-mean-it"},
    "metadata list": set(),
    "user info": {"--uid"},
    "user create": USER,
    "user modify": USER,
    "user rm": {"--uid"},
    "user suspend": {"--uid"},
    "user enable": {"--uid"},
    "key create": {"--uid", "--key-type"},
    "key rm": {"--uid", "--key-type", "--access-key"},
    "caps add": {"--uid", "--caps"},
    "caps rm": {"--uid", "--caps"},
    "quota set": {"--uid", "--quota-scope", "--max-size", "--max-objects"},
    "quota enable": {"--uid", "--quota-scope"},
    "quota disable": {"--uid", "--quota-scope"},
}
TAKE_SECRETS = {"realm pull", "zone create", "zone modify", "user create", "key create"}
FLAGS = {
    "--default",
    "--master",
    "--commit",
    "--yes-i-really-mean-it",
    "--read-only",
    "--sync-from-all",
    "--system",
    "--admin",
}
NO_QUOTA = {"enabled": False, "check_on_raw": False, "max_size": -1, "max_size_kb": 0, "max_objects": -1}


def fail(status, message):
    print(message, file=sys.stderr)
    sys.exit(status)


def parsed(argv):
    words, options = [], {}
    arguments = iter(argv)
    for argument in arguments:
        if not argument.startswith("--"):
            words.append(argument)
            continue
        name, equals, value = argument.partition("=")
        if name in FLAGS:
            options[name] = value in ("", "1", "true")
        else:
            options[name] = value if equals else next(arguments)
    return words, options


class Store:
    def __init__(self, path):
        self.path = Path(path)
        self.lock = self.path.with_suffix(".lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)  # reading commands run side by side
        text = self.path.read_text()
        self.data = (
            json.loads(text)
            if text.strip()
            else {
                "realms": {},
                "periods": {},
                "zonegroups": {},
                "zones": {},
                "users": {},
                "default": {},
                "calls": [],
            }
        )

    def save(self):
        self.path.write_text(json.dumps(self.data))

    def get(self, kind, name):
        try:
            return self.data[kind][name]
        except KeyError:
            fail(2, f"failed to init {kind}: (2) No such file or directory")


def realm_of(store, options):
    name = options.get("--rgw-realm")
    if name is None:
        default = store.data["default"].get("realms")
        name = next((realm["name"] for realm in store.data["realms"].values() if realm["id"] == default), None)
    return store.get("realms", name)


def realm(store, verb, options):
    data, name = store.data, options.get("--rgw-realm")
    if verb == "list":
        return {"default_info": data["default"].get("realms", ""), "realms": list(data["realms"])}
    if verb == "create":
        if name in data["realms"]:
            fail(17, "ERROR: couldn't create realm: (17) File exists")
        period = {
            "id": str(uuid.uuid4()),
            "epoch": 1,
            "predecessor_uuid": "",
            "sync_status": [],
            "period_map": {"id": "", "zonegroups": [], "short_zone_ids": []},
            "master_zonegroup": "",
            "master_zone": "",
            "realm_id": str(uuid.uuid4()),
            "realm_epoch": 1,
        }
        data["periods"][period["id"]] = period
        new = {"id": period["realm_id"], "name": name, "current_period": period["id"], "epoch": 1}
        data["realms"][name] = new
    elif verb == "pull":
        remote = data["remote"]
        if [options.get("--access-key"), options.get("--secret")] != remote["keys"]:
            fail(13, "request failed: (13) Permission denied")
        new = data["realms"][name] = remote["realm"]
        data["periods"][new["current_period"]] = remote["period"]
        for group in remote["period"]["period_map"]["zonegroups"]:
            data["zonegroups"][group["name"]] = group
    else:
        new = store.get("realms", name)
    if verb == "default" or options.get("--default"):
        data["default"]["realms"] = new["id"]
    if verb == "rm":
        del data["realms"][name]
        return None
    return None if verb == "default" else new


def zonegroup(store, verb, options):
    data, name = store.data, options.get("--rgw-zonegroup")
    if verb == "list":
        return {"default_info": data["default"].get("zonegroups", ""), "zonegroups": list(data["zonegroups"])}
    if verb == "create":
        if name in data["zonegroups"]:
            fail(17, f"failed to create zonegroup {name}: (17) File exists")
        group = {
            "id": str(uuid.uuid4()),
            "name": name,
            "api_name": name,
            "is_master": options.get("--master", False),
            "endpoints": listed(options.get("--endpoints")),
            "hostnames": [],
            "hostnames_s3website": [],
            "master_zone": "",
            "zones": [],
            "placement_targets": [],
            "default_placement": "",
            "realm_id": realm_of(store, options)["id"],
            "sync_policy": {"groups": []},
            "enabled_features": ["resharding"],
        }
        data["zonegroups"][name] = group
    elif verb == "set":
        group = json.load(sys.stdin)
        if set(group) - set(store.get("zonegroups", name)):
            fail(22, "failed to decode JSON input")
        data["zonegroups"][name] = group
    else:
        group = store.get("zonegroups", name)
    if verb == "remove":
        left = [entry for entry in group["zones"] if entry["name"] != options["--rgw-zone"]]
        if len(left) == len(group["zones"]):
            fail(2, f"zone name {options['--rgw-zone']} not found in zonegroup {name}")
        group["zones"] = left
    if verb == "delete":
        del data["zonegroups"][name]
        return None
    if options.get("--default"):
        data["default"]["zonegroups"] = group["id"]
    return group


def listed(value):
    return [part for part in (value or "").split(",") if part]


def zone(store, verb, options):
    data, name = store.data, options.get("--rgw-zone")
    if verb == "list":
        return {"default_info": data["default"].get("zones", ""), "zones": list(data["zones"])}
    if verb == "create":
        if name in data["zones"]:
            fail(17, f"failed to create zone {name}: (17) File exists")
        data["zones"][name] = {
            "id": str(uuid.uuid4()),
            "name": name,
            "system_key": {"access_key": "", "secret_key": ""},
            "placement_pools": [],
            "realm_id": realm_of(store, options)["id"],
        }
    params = store.get("zones", name)
    if verb == "get":
        return params
    if verb == "delete":
        for group in data["zonegroups"].values():
            group["zones"] = [entry for entry in group["zones"] if entry["id"] != params["id"]]
        del data["zones"][name]
        return None
    for option, field in (("--access-key", "access_key"), ("--secret", "secret_key")):
        if options.get(option):
            params["system_key"][field] = options[option]
    if data.pop("die_in_zone_create", None):
        store.save()
        fail(137, "Killed")
    group = store.get("zonegroups", options["--rgw-zonegroup"])
    add_zone(group, params, options)
    if options.get("--default"):
        data["default"]["zones"] = params["id"]
    return params


def add_zone(group, params, options):
    entry = next((entry for entry in group["zones"] if entry["id"] == params["id"]), None)
    if entry is None:
        entry = {
            "id": params["id"],
            "name": params["name"],
            "endpoints": [],
            "log_meta": True,
            "log_data": True,
            "bucket_index_max_shards": 11,
            "read_only": False,
            "tier_type": "",
            "sync_from_all": True,
            "sync_from": [],
            "redirect_zone": "",
            "supported_features": ["compress-encrypted", "resharding"],
        }
        group["zones"].append(entry)
    if options.get("--endpoints"):
        entry["endpoints"] = listed(options["--endpoints"])
    for option, field in (
        ("--read-only", "read_only"),
        ("--tier-type", "tier_type"),
        ("--sync-from-all", "sync_from_all"),
        ("--redirect-zone", "redirect_zone"),
    ):
        if option in options:
            entry[field] = options[option]
    gone = listed(options.get("--sync-from-rm"))
    entry["sync_from"] = sorted({*entry["sync_from"], *listed(options.get("--sync-from"))} - set(gone))
    if options.get("--master"):
        group["master_zone"] = params["id"]


def period(store, verb, options):
    data, owner = store.data, realm_of(store, options)
    current = store.get("periods", owner["current_period"])
    if verb == "get":
        return current
    if not options.get("--commit"):
        fail(22, "this double only commits")
    if data.get("busy"):
        data["busy"] -= 1
        store.save()
        fail(5, "request failed: (5) Input/output error")
    groups = [group for group in data["zonegroups"].values() if group["realm_id"] == owner["id"]]
    master = next((group for group in groups if group["is_master"] and group["master_zone"]), None)
    if master is None:
        fail(22, "cannot commit period: period does not have a master zone of a master zonegroup")
    new = {**current, "epoch": current["epoch"] + 1}
    if current["master_zone"] not in ("", master["master_zone"]):
        new.update(id=str(uuid.uuid4()), epoch=1, realm_epoch=current["realm_epoch"] + 1)
    new.update(master_zone=master["master_zone"], master_zonegroup=master["id"])
    new["period_map"] = {"id": new["id"], "zonegroups": json.loads(json.dumps(groups)), "short_zone_ids": []}
    data["periods"][new["id"]] = new
    owner["current_period"] = new["id"]
    return new


def user(store, verb, options):
    data, uid = store.data, options["--uid"]
    if verb == "create":
        if uid in data["users"]:
            fail(17, f"could not create user: unable to create user, user: {uid} exists")
        if not options.get("--display-name"):
            fail(22, "could not create user: unable to create user, no display name specified")
        key = {
            "user": uid,
            "access_key": options.get("--access-key") or uuid.uuid4().hex[:20].upper(),
            "secret_key": options.get("--secret") or uuid.uuid4().hex,
            "active": True,
        }
        data["users"][uid] = {
            "user_id": uid,
            "display_name": "",
            "email": "",
            "suspended": 0,
            "max_buckets": 1000,
            "subusers": [],
            "keys": [key],
            "swift_keys": [],
            "caps": [],
            "op_mask": "read, write, delete",
            "default_placement": "",
            "default_storage_class": "",
            "placement_tags": listed(options.get("--tags")),
            "bucket_quota": dict(NO_QUOTA),
            "user_quota": dict(NO_QUOTA),
            "temp_url_keys": [],
            "type": "rgw",
            "mfa_ids": [],
        }
    if uid not in data["users"]:
        fail(22, "could not fetch user info: no user info saved")
    info = data["users"][uid]
    if verb == "rm":
        del data["users"][uid]
        return None
    if verb in ("suspend", "enable"):
        info["suspended"] = int(verb == "suspend")
    for option, field in (("--display-name", "display_name"), ("--email", "email"), ("--op-mask", "op_mask")):
        if option in options:
            info[field] = options[option]
    if "--max-buckets" in options:
        info["max_buckets"] = int(options["--max-buckets"])
    for flag in ("system", "admin"):
        if f"--{flag}" in options:
            info.pop(flag, None)
            if options[f"--{flag}"]:
                info[flag] = True
    return info


def key(store, verb, options):
    info = store.get("users", options["--uid"])
    if options["--key-type"] != "s3":
        fail(1, f"bad key type: {options['--key-type']}")
    others = [entry for entry in info["keys"] if entry["access_key"] != options["--access-key"]]
    if verb == "rm" and len(others) == len(info["keys"]):
        fail(22, "could not remove key: unable to find access key")
    new = {"user": info["user_id"], "access_key": options["--access-key"], "secret_key": options.get("--secret")}
    info["keys"] = others if verb == "rm" else [*others, new]
    return info


def caps(store, verb, options):
    info = store.get("users", options["--uid"])
    given = dict(part.split("=", 1) for part in options["--caps"].split(";"))
    there = {cap["type"]: cap["perm"] for cap in info["caps"]}
    there = {kind: perm for kind, perm in there.items() if kind not in given} | (given if verb == "add" else {})
    info["caps"] = [{"type": kind, "perm": perm} for kind, perm in sorted(there.items())]
    return info


def quota(store, verb, options):
    target = store.get("users", options["--uid"])[f"{options['--quota-scope']}_quota"]
    if verb == "set":
        if "--max-size" in options:
            value = int(options["--max-size"])
            target["max_size"] = -1 if value < 0 else -(-value // 1024) * 1024
        if "--max-objects" in options:
            target["max_objects"] = int(options["--max-objects"])
    else:
        target["enabled"] = verb == "enable"


def metadata(store, _verb, _options):
    return list(store.data["users"])


HANDLERS = {
    "realm": realm,
    "zonegroup": zonegroup,
    "zone": zone,
    "period": period,
    "user": user,
    "key": key,
    "caps": caps,
    "quota": quota,
    "metadata": metadata,
}


def main():
    words, options = parsed(sys.argv[1:])
    command, rest = " ".join(words[:2]), words[2:]
    if command not in COMMANDS or rest != (["user"] if command == "metadata list" else []):
        fail(22, f"ERROR: Unrecognized command: {' '.join(words)}")
    unknown = set(options) - COMMANDS[command] - COMMON
    if unknown or not set(options) >= COMMON:
        fail(22, f"ERROR: invalid flag {' '.join(sorted(unknown))}")
    _words, hidden = parsed(os.environ.get("CEPH_ARGS", "").split(" ") if os.environ.get("CEPH_ARGS") else [])
    if set(hidden) - KEYS or (hidden and command not in TAKE_SECRETS):
        fail(22, f"ERROR: invalid flag in CEPH_ARGS for {command}")
    store = Store(options["--conf"])
    store.data["calls"].append(words[:2] + sorted(set(options) - COMMON))
    answer = HANDLERS[words[0]](store, words[1], {**hidden, **options})
    store.save()
    if answer is not None:
        print(json.dumps(answer, indent=4))


if __name__ == "__main__":
    main()
