# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each kind of RGW object is read and written: the Backends of core.run."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.rgw import api, objects


class RgwBackend(core.Backend):
    """What all kinds share: the command, and an empty start where check mode runs before the cluster exists."""

    reread = True

    def __init__(self, module):
        self.module = module
        self.admin = api.RgwAdmin(module.params)

    def read(self, desired):
        try:
            return self.current(desired)
        except api.ClusterAbsent as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"Planned as if nothing existed yet: {error}")
            return {}

    def current(self, desired):
        """As read, on a host that has a cluster."""
        raise NotImplementedError

    def realm_ids(self, names):
        """The ids of these realms (dict by name, None skipped); raises ApiError where one is missing."""
        names = [name for name in dict.fromkeys(names) if name]
        raws = self.admin.each([["realm", "get", "--rgw-realm", name] for name in names])
        return {name: raw["id"] for name, raw in zip(names, raws, strict=True)}


class Realms(RgwBackend):
    """Realms; one with `pull` is created from, and kept up with, the gateway it names."""

    def prepare(self, desired):
        desired = objects.only_set(desired, "default")
        try:
            self.admin.require()
        except api.ClusterAbsent:
            return desired  # read() decides
        there = self.admin.json("realm", "list")["realms"]
        return [self._with_period(wanted) if wanted["name"] in there else wanted for wanted in desired]

    def _with_period(self, wanted):
        """The wanted realm, with the period it should have where the other site's is newer."""
        pull = wanted.get("pull")
        if not pull or wanted.get("state") == "absent":
            return wanted
        try:
            remote = api.remote_period(pull["url"], wanted["name"], pull["access_key"], pull["secret_key"])
        except api.Unreachable as error:
            self.module.warn(f"The period was not compared with the other site's: {error}")
            return wanted
        if objects.newer(remote, self._period(wanted["name"])):
            return {**wanted, "period": objects.period_label(remote)}
        return wanted

    def _period(self, realm):
        try:
            return self.admin.json("period", "get", "--rgw-realm", realm)
        except api.RgwError as error:
            if error.rc == 2:  # ENOENT: the realm is here, its period is not
                return None
            raise

    def current(self, desired):
        listed = self.admin.json("realm", "list")
        names = [wanted["name"] for wanted in desired if wanted["name"] in listed["realms"]]
        raws = self.admin.each([["realm", "get", "--rgw-realm", name] for name in names])
        current = {}
        for raw, wanted in zip(raws, (wanted for wanted in desired if wanted["name"] in names), strict=True):
            period = self._period(raw["name"]) if wanted.get("period") else None
            current[raw["name"]] = {
                "name": raw["name"],
                "default": raw["id"] == listed["default_info"],
                "period": objects.period_label(period) if period else None,
            }
        return current

    def apply(self, operation):
        after, realm = operation.after, ["--rgw-realm", operation.key]
        if operation.action == "delete":
            self.admin.text("realm", "rm", *realm)
        elif operation.action == "create" and not after.get("pull"):
            self.admin.json("realm", "create", *realm, *(["--default"] if after.get("default") else []))
        elif operation.action == "create" or "period" in operation.changes:
            self._pull(operation.key, after)
        elif "default" in operation.changes:
            self.admin.text("realm", "default", *realm)

    def _pull(self, name, after):
        pull = after["pull"]
        secrets = {"--access-key": pull["access_key"], "--secret": pull["secret_key"]}
        default = ["--default"] if after.get("default") else []
        self.admin.json("realm", "pull", "--rgw-realm", name, f"--url={pull['url']}", *default, secrets=secrets)


class Zonegroups(RgwBackend):
    """Zonegroups of realms on this host."""

    def prepare(self, desired):
        return objects.only_set(desired, "default")

    def current(self, desired):
        listed = self.admin.json("zonegroup", "list")
        pairs = [(wanted["name"], wanted["realm"]) for wanted in desired if wanted["name"] in listed["zonegroups"]]
        raws = self.admin.each([["zonegroup", "get", "--rgw-zonegroup", name] for name, _realm in pairs])
        realms = self.realm_ids(realm for _name, realm in pairs)
        self.raws = {raw["name"]: raw for raw in raws}
        return {
            name: objects.zonegroup_view(raw, listed["default_info"], _realm_name(raw, realm, realms))
            for (name, realm), raw in zip(pairs, raws, strict=True)
        }

    def apply(self, operation):
        group, after = ["--rgw-zonegroup", operation.key], operation.after
        if operation.action == "delete":
            self.admin.text("zonegroup", "delete", *group)
            return
        realm = ["--rgw-realm", after["realm"]]
        default = ["--default"] if "default" in operation.changes else []
        changes = set(operation.changes) - {"name", "realm"}
        if operation.action == "create":
            master = ["--master"] if after.get("master") else []
            endpoints = [f"--endpoints={','.join(after['endpoints'])}"] if after.get("endpoints") else []
            raw = self.admin.json("zonegroup", "create", *group, *realm, *master, *endpoints, *default)
            changes -= {"master", "endpoints", "default"}
        else:
            raw = self.raws[operation.key]
        if changes:
            new = objects.zonegroup_changed(raw, after, changes)
            self.admin.json("zonegroup", "set", *group, *realm, *default, stdin=new)


class Zones(RgwBackend):
    """The zones of this cluster."""

    def prepare(self, desired):
        promoted = {zone["zonegroup"] for zone in desired if zone.get("master")}
        self.followers = {
            zone["name"] for zone in desired if zone.get("master") is False and zone["zonegroup"] not in promoted
        }
        return objects.only_set(desired, "master", "default")

    def current(self, desired):
        listed = self.admin.json("zone", "list")
        wanted = [zone for zone in desired if zone["name"] in listed["zones"]]
        raws = self.admin.each([["zone", "get", "--rgw-zone", zone["name"]] for zone in wanted])
        groups = self._zonegroups(desired, wanted)
        realms = self.realm_ids(zone.get("realm") for zone in wanted)
        current = {}
        for zone in desired:
            # Another site's zone is in its zonegroup only; to remove that site it is taken out there.
            name = zone["name"]
            group = next((group for group in groups if any(name == entry["name"] for entry in group["zones"])), None)
            if zone.get("state") == "absent" and zone not in wanted and group:
                current[name] = {"name": name, "zonegroup": group["name"], "elsewhere": True}
        for zone, raw in zip(wanted, raws, strict=True):
            realm = _realm_name(raw, zone.get("realm"), realms)
            if zone.get("state") == "absent":
                if any(group["master_zone"] == raw["id"] for group in groups):
                    raise core.ApiError(f"zone {zone['name']} is master of its zonegroup; promote another zone first")
                group = {"name": None}
            else:
                group = next(group for group in groups if group["name"] == zone["zonegroup"])
            view = objects.zone_view(raw, group, listed["default_info"], realm)
            if view["master"] and zone["name"] in self.followers:
                self._still_master(zone)
            current[zone["name"]] = view
        return current

    def _still_master(self, zone):
        """A zone that should follow another one leads by what this cluster knows: to commit that would make two."""
        said = (
            f"zone {zone['name']} should not be master but is, by what this cluster knows; pull the realm from the "
            "zone that took over (rgw_realm), or promote that zone first"
        )
        if not self.module.check_mode:
            raise core.ApiError(said)
        self.module.warn(said)

    def _zonegroups(self, desired, wanted):
        """The zonegroups of the zones that are here; all of them where a zone goes, as then its own is not told."""
        if any(zone.get("state") == "absent" for zone in desired):
            names = self.admin.json("zonegroup", "list")["zonegroups"]
        else:
            names = list(dict.fromkeys(zone["zonegroup"] for zone in wanted))
        return self.admin.each([["zonegroup", "get", "--rgw-zonegroup", name] for name in names])

    def apply(self, operation):
        zone = ["--rgw-zone", operation.key]
        if operation.action == "delete":
            if operation.before.get("elsewhere"):
                self.admin.json("zonegroup", "remove", "--rgw-zonegroup", operation.before["zonegroup"], *zone)
            else:
                self.admin.text("zone", "delete", *zone)
            return
        after, verb = operation.after, "create" if operation.action == "create" else "modify"
        words = objects.zone_words(after, operation.changes, operation.before)
        keys = {"access_key", "secret_key"} & set(operation.changes)
        secrets = {"--access-key": after["access_key"], "--secret": after["secret_key"]} if keys else {}
        place = ["--rgw-zonegroup", after["zonegroup"], "--rgw-realm", after["realm"]]
        self.admin.json("zone", verb, *zone, *place, *words, secrets=secrets)


def _realm_name(raw, wanted, realms):
    """The realm of a zonegroup or zone as a name where it is the wanted one, else its id."""
    return wanted if raw.get("realm_id") == realms.get(wanted) else raw.get("realm_id") or None


class Users(RgwBackend):
    """Users; the ones made here carry objects.MARK."""

    def current(self, desired):
        self.admin.require_zone()
        there = self.admin.json("metadata", "list", "user")
        wanted = {user["uid"]: user for user in desired}
        names = [uid for uid in there if self.module.params["purge"] or uid in wanted]
        raws = self.admin.each([["user", "info", "--uid", uid] for uid in names])
        return {raw["user_id"]: objects.user_view(raw, wanted.get(raw["user_id"])) for raw in raws}

    def owned(self, obj):
        return obj["mark"]

    def apply(self, operation):
        if operation.action == "delete":
            self.admin.text("user", "rm", "--uid", operation.key)
            return
        before, after = operation.before, operation.after
        if before is None:
            [(words, secrets)] = objects.user_commands(None, after, operation.changes)
            before = objects.user_view(self.admin.json(*words, secrets=secrets), {**after, "purge_keys": True})
            # Only what the creation could not bring is left; a key RGW made up goes where keys are listed.
            rest = [name for name in ("keys", "caps", "suspended", "user_quota", "bucket_quota") if name in after]
        else:
            rest = operation.changes
        for words, secrets in objects.user_commands(before, after, rest):
            self.admin.text(*words, secrets=secrets)


def commit(module):
    """Commit the realm's staged configuration where it differs from its period; ends the module."""
    admin, realm = api.RgwAdmin(module.params), module.params["realm"]
    try:
        period, before, after = _staged(admin, realm)
        changed = bool(before or after)
        if changed and not module.check_mode:
            words = ["period", "update", "--commit", "--rgw-realm", realm]
            words += ["--yes-i-really-mean-it"] if module.params["force"] else []
            period = core.retry(lambda: admin.json(*words), lambda error: getattr(error, "rc", None) in api.PASSING)
    except (api.ClusterAbsent, RealmAbsent) as error:
        if not module.check_mode:
            module.fail_json(msg=str(error))
        module.warn(f"Planned as if nothing existed yet: {error}")
        module.exit_json(changed=True, period=None, diff={"before": {}, "after": {}})
    except core.ApiError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=changed or (module.check_mode and module.params["pending"]),
        period=objects.period_summary(period),
        diff={"before": before, "after": after},
    )


class RealmAbsent(core.ApiError):
    """The realm whose period is asked for is not on this host."""


def _staged(admin, realm):
    """(current period, values now, values after the next commit) of the realm."""
    if realm not in admin.json("realm", "list")["realms"]:
        raise RealmAbsent(f"realm {realm} is not on this host; create or pull it first (rgw_realm)")
    period = admin.json("period", "get", "--rgw-realm", realm)
    names = admin.json("zonegroup", "list")["zonegroups"]
    groups = admin.each([["zonegroup", "get", "--rgw-zonegroup", name] for name in names])
    return period, *objects.staged(period, [group for group in groups if group["realm_id"] == period["realm_id"]])


def sync_info(admin, realm=None, zone=None, gather=("status",), buckets=()):
    """What rgw_sync_info returns (dict): with status, objects.sync_status and the buckets; with period, the period."""
    found = {}
    if "status" in gather:
        place = (["--rgw-realm", realm] if realm else []) + (["--rgw-zone", zone] if zone else [])
        admin.require_zone()
        status = objects.sync_status(admin.text("sync", "status", *place))
        states = {
            name: objects.bucket_sync_status(admin.text("bucket", "sync", "status", "--bucket", name, *place))
            for name in buckets
        }
        synced = status["synced"] and all(state["synced"] for state in states.values())
        found = {**status, "buckets": states, "synced": synced}
    if "period" in gather:
        there = admin.json("realm", "list")
        known = realm in there["realms"] if realm else bool(there["default_info"])
        place = ["--rgw-realm", realm] if realm else []
        found["period"] = objects.period_summary(admin.json("period", "get", *place)) if known else None
    return found
