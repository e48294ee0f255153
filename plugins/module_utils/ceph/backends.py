# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each kind of Ceph object is read and written; the commands are those of release 18."""

from __future__ import annotations

import errno
import grp
import json
import os
import pwd
import tempfile
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils.ceph import objects
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CephBackend, CephError, rows
from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError, plan


def pool_listing(ceph):
    """Pools by name."""
    rules = {rule["rule_id"]: rule["rule_name"] for rule in ceph.mon("osd crush rule dump")}
    found = rows(ceph.mon("osd pool ls", detail="detail"), "osd pool ls detail")
    return {row["pool_name"]: objects.pool_there(row, rules) for row in found}


def fs_listing(ceph):
    """File systems by name."""
    maps = {item["mdsmap"]["fs_name"]: item["mdsmap"] for item in ceph.mon("fs dump")["filesystems"]}
    return {row["name"]: objects.fs_there(row, maps[row["name"]]) for row in rows(ceph.mon("fs ls"), "fs ls")}


class ConfigBackend(CephBackend):
    """Options in the monitors' database."""

    def listing(self):
        dump = rows(self.ceph.mon("config dump"), "config dump")
        return {objects.CONFIG.key(option): option for option in map(objects.option_there, dump)}

    def wanted(self, desired):
        options = [self._as_stored(objects.option_wanted(given)) for given in desired]
        for option in options:
            if option.get("secret") and objects.CONFIG.key(option) in self.there:
                self.there[objects.CONFIG.key(option)]["secret"] = True
        return options

    def _as_stored(self, option):
        """The option with the stored value where that only looks different (4G, 4294967296)."""
        there = self.there.get(objects.CONFIG.key(option))
        if there is None or option.get("value") in (None, there["value"]):
            return option
        same = objects.normal_value(self._kind(option["name"]), option["value"]) == there["value"]
        return {**option, "value": there["value"]} if same else option

    def _kind(self, name):
        try:
            return self.ceph.mon("config help", about=f"option {name}", key=name)["type"]
        except CephError as error:
            if error.code != errno.ENOENT:
                raise
            return "str"  # an option of a manager module that is switched off

    def apply(self, operation):
        section, mask, name = operation.key
        target = {"who": f"{section}/{mask}" if mask else section, "name": name}
        about = f"option {target['who']}/{name}"
        if operation.action == "delete":
            self.ceph.mon("config rm", about=about, **target)
        else:
            self.ceph.mon("config set", about=about, value=operation.after["value"], **target)


class PoolBackend(CephBackend):
    """Pools: one listing holds settings, quotas and applications."""

    def listing(self):
        return pool_listing(self.ceph)

    def wanted(self, desired):
        objects.check_destroy(objects.POOL, desired, self.there)
        return [objects.pool_wanted(given, self.there.get(given["name"])) for given in desired]

    def apply(self, operation):
        name, about = operation.key, f"pool {operation.key}"
        if operation.action == "delete":
            self.ceph.mon("osd pool rm", about=about, pool=name, pool2=name, yes_i_really_really_mean_it=True)
            return
        changes = operation.changes
        if operation.action == "create":
            changes = self._create(name, about, operation.after)
        for field in changes:
            self._set(name, about, field, operation.after[field])

    def _create(self, name, about, pool):
        """Create the pool; returns the fields that creation does not take."""
        words = {
            "pool_type": "type",
            "pg_num": "pg_num",
            "erasure_code_profile": "erasure_code_profile",
            "rule": "crush_rule",
            "size": "size",
            "autoscale_mode": "pg_autoscale_mode",
        }
        arguments = {word: pool[field] for word, field in words.items() if field in pool}
        if pool.get("size") == 1:
            arguments["yes_i_really_mean_it"] = True  # the monitors still demand mon_allow_pool_size_one
        self.ceph.mon("osd pool create", about=about, pool=name, **arguments)
        return [field for field in pool if field not in (*words.values(), "name", "destroy")]

    def _set(self, name, about, field, value):
        if field == "application":
            self.ceph.mon("osd pool application enable", about=about, pool=name, app=value)
        elif field.startswith("quota_"):
            what = field[len("quota_") :]
            self.ceph.mon("osd pool set-quota", about=about, pool=name, field=what, val=str(value))
        else:
            sure = {"yes_i_really_mean_it": True} if field == "size" and value == 1 else {}
            self.ceph.mon("osd pool set", about=about, pool=name, var=field, val=str(value), **sure)


class FsBackend(CephBackend):
    """CephFS file systems."""

    def listing(self):
        return fs_listing(self.ceph)

    def wanted(self, desired):
        objects.check_destroy(objects.FS, desired, self.there)
        for given in desired:
            there = self.there.get(given["name"])
            if there and given.get("subvolume_groups") and given.get("state") != "absent":
                listed = self.ceph.mgr(
                    "fs subvolumegroup ls", about=f"file system {given['name']}", vol_name=given["name"]
                )
                there["subvolume_groups"] = [row["name"] for row in rows(listed, "fs subvolumegroup ls")]
        return [objects.fs_wanted(given, self.there.get(given["name"])) for given in desired]

    def apply(self, operation):
        name, about = operation.key, f"file system {operation.key}"
        if operation.action == "delete":
            self.ceph.mon("fs fail", about=about, fs_name=name)
            self.ceph.mon("fs rm", about=about, fs_name=name, yes_i_really_mean_it=True)
            return
        before = operation.before or self._create(name, about, operation.after)
        for pool in _added("data_pools", before, operation.after):
            self.ceph.mon("fs add_data_pool", about=about, fs_name=name, pool=pool)
        for field in ("max_mds", "standby_count_wanted", "allow_standby_replay"):
            if field in operation.changes:
                self.ceph.mon("fs set", about=about, fs_name=name, var=field, val=objects.text(operation.after[field]))
        for group in _added("subvolume_groups", before, operation.after):
            self.ceph.mgr("fs subvolumegroup create", about=about, vol_name=name, group_name=group)

    def _create(self, name, about, wanted):
        """Create the file system; returns what creation already did."""
        if "metadata_pool" in wanted:
            first = wanted["data_pools"][0]
            self.ceph.mon("fs new", about=about, fs_name=name, metadata=wanted["metadata_pool"], data=first)
            return {"data_pools": [first]}
        placement = {"placement": wanted["placement"]} if "placement" in wanted else {}
        self.ceph.mgr("fs volume create", about=about, name=name, **placement)
        return {}


class AuthBackend(CephBackend):
    """Clients' keys and capabilities, and the keyring files that hold them on this host."""

    def listing(self):
        return {
            row["entity"]: {"entity": row["entity"], "key": row["key"], "caps": row["caps"]}
            for row in self.ceph.mon("auth ls")["auth_dump"]
        }

    def wanted(self, desired):
        clients = [{**given, "mode": given.get("mode") or "0600"} if given.get("path") else given for given in desired]
        for client in clients:
            there = self.there.get(client["entity"])
            if there and client.get("path"):
                there.update(_keyring_there(client["path"], objects.keyring(client["entity"], there["key"])))
        return clients

    def apply(self, operation):
        entity, about = operation.key, f"client {operation.key}"
        if operation.action == "delete":
            self.ceph.mon("auth rm", about=about, entity=entity)
            return
        after = operation.after
        caps = [part for pair in after.get("caps", {}).items() for part in pair]
        given = {"caps": caps} if caps else {}
        if "key" in operation.changes:
            text = objects.keyring(entity, after["key"], after.get("caps"))
            self.ceph.mon("auth import", about=about, inbuf=text)
            self.there[entity] = {"key": after["key"]}
        elif operation.action == "create":
            (self.there[entity],) = self.ceph.mon("auth get-or-create", about=about, entity=entity, **given)
        elif "caps" in operation.changes:
            self.ceph.mon("auth caps", about=about, entity=entity, **given)
        if after.get("path") and {"path", "owner", "group", "mode", "key"} & set(operation.changes):
            self._write_keyring(after, objects.keyring(entity, self.there[entity]["key"]))

    def _write_keyring(self, wanted, content):
        path = wanted["path"]
        if not Path(path).parent.is_dir():
            raise ApiError(f"client {wanted['entity']}: there is no directory for {path}; create its directory first")
        handle, temporary = tempfile.mkstemp(dir=self.module.tmpdir)  # 0600 from the start
        with os.fdopen(handle, "w") as stream:
            stream.write(content)
        self.module.atomic_move(temporary, path)
        given = {name: wanted.get(name) for name in ("owner", "group", "mode")}
        self.module.set_fs_attributes_if_different(
            {**given, "path": path, "secontext": [None, None, None], "attributes": None}, False
        )

    def finish(self, operations):
        if not self.module.params["return_keys"]:
            return None
        asked = [item["entity"] for item in self.module.params["entities"] if item["state"] == "present"]
        return {"secret_keys": {entity: self.there[entity]["key"] for entity in asked}}


class ServiceBackend(CephBackend):
    """Hosts and services of the orchestrator.

    The manager's cephadm module may die after an apply (DocumentEndEvent, MGR_MODULE_ERROR): it is then
    restarted by failing the manager over, and what was lost is applied again.
    """

    restarts = 3

    def __init__(self, module, ceph):
        super().__init__(module, ceph)
        self.desired, self.restarted = [], 0
        self.outdated = {}  # {service: when its daemons started, before their command line was changed}

    def listing(self):
        exported = rows(self._ask("orch ls", export=True), "orch ls")
        hosts = rows(self._ask("orch host ls"), "orch host ls")
        found = [objects.service_there(row) for row in exported] + [objects.host_there(row) for row in hosts]
        return {item["name"]: item for item in found}

    def wanted(self, desired):
        given = [self._with_files(objects.service_given(raw)) for raw in desired]
        for item in given:
            # The free-form specification is also part of what Ansible itself shows of the call.
            self.module.no_log_values.update(objects.secret_values(item))
            if item["name"] in self.there:
                self.there[item["name"]]["secrets"] = item["secrets"]
        self.desired = [objects.service_wanted(item, self.there.get(item["name"])) for item in given]
        return self.desired

    def _with_files(self, given):
        full, paths = objects.with_files(given.get("spec"), self._content)
        return {**given, "spec": full, "secrets": given["secrets"] + paths} if paths else given

    def _content(self, path):
        try:
            return Path(path).read_text()
        except OSError as error:
            if self.module.check_mode and isinstance(error, FileNotFoundError):
                return f"content of {path}, which does not exist yet"
            raise ApiError(f"services: {path} cannot be read: {error}; write it to this host first") from error

    def apply(self, operation):
        about = operation.key if operation.key.startswith("host ") else f"service {operation.key}"
        if operation.action == "delete" and operation.before["service_type"] == "host":
            self._ask("orch host rm", about=about, hostname=operation.before["hostname"])
        elif operation.action == "delete":
            self._ask("orch rm", about=about, service_name=operation.key)
        else:
            if operation.action == "update" and objects.COMMAND_LINE & set(operation.changes):
                self.outdated.setdefault(operation.key, self._starts(operation.key))
            definition = {name: item for name, item in operation.after.items() if name not in ("name", "secrets")}
            # The orchestrator reads YAML, of which JSON is a part.
            self._ask("orch apply", about=about, inbuf=json.dumps(definition, ensure_ascii=False))

    def finish(self, operations):
        wait = self.module.params["wait"]
        if operations:
            self._keep()
        return {"services": self._wait(wait)} if wait else None

    def _keep(self):
        """Apply again what a dying cephadm module lost."""
        while self._heal():
            for operation in plan(objects.SERVICE, self.desired, self.listing()):
                self.apply(operation)

    def _wait(self, wait):
        """Until all listed services run; returns {service: {running, size}}."""
        names = [
            item["name"]
            for item in self.desired
            if item["state"] == "present" and item["service_type"] != "host" and not item.get("unmanaged")
        ]
        deadline = self.ceph.clock() + wait["timeout"]
        while True:
            self._keep()
            services = rows(self._ask("orch ls", refresh=True), "orch ls")
            up = self.ceph.mon("osd stat")["num_up_osds"] if wait["osds"] is not None else 0
            missing = objects.not_ready(names, services, wait["osds"], up)
            for name in self.outdated.keys() & set(names):
                former = self.outdated[name] & self._starts(name)
                if former:
                    missing.setdefault(name, f"{len(former)} daemons run with their former command line")
            if not missing:
                return {
                    row["service_name"]: {name: row["status"].get(name, 0) for name in ("running", "size")}
                    for row in services
                    if row["service_name"] in names
                }
            if self.ceph.clock() >= deadline:
                found = "; ".join(f"{name}: {words}" for name, words in missing.items())
                raise ApiError(
                    f"services not ready after {wait['timeout']} s: {found}; "
                    "look into `ceph orch ps` and the daemons' journals on their hosts"
                )
            self.ceph.sleep(wait["interval"])

    def _starts(self, service):
        """Which daemons of the service run, and since when (set of name and time)."""
        found = rows(self._ask("orch ps", service_name=service, refresh=True), "orch ps")
        return {(row["daemon_name"], row.get("started")) for row in found}

    def _ask(self, prefix, about="orchestrator", inbuf="", **arguments):
        try:
            return self.ceph.mgr(prefix, about=about, inbuf=inbuf, **arguments)
        except ApiError:
            if not self._heal():
                raise
            return self.ceph.mgr(prefix, about=about, inbuf=inbuf, **arguments)

    def _heal(self):
        """Restart a dead cephadm module by failing the manager over; true if that was needed."""
        words = objects.failed_module(self.ceph.mon("health", detail="detail"))
        if not words or self.module.check_mode:
            return False
        if self.restarted == self.restarts:
            raise ApiError(
                f"orchestrator: the manager's cephadm module died {self.restarts + 1} times ({words}); "
                "look into the manager's journal"
            )
        self.restarted += 1
        self.module.warn(f"the manager's cephadm module had died ({words}); failed over to a fresh manager")
        self.ceph.mon("mgr fail", about="manager")
        deadline = self.ceph.clock() + self.ceph.timeout
        # For some seconds the old manager still answers, with an orchestrator that is not available.
        while True:
            status = self.ceph.mgr("orch status")
            if status["available"]:
                return True
            if self.ceph.clock() >= deadline:
                raise ApiError(
                    "orchestrator: not available after the manager's restart: "
                    f"{status.get('reason', 'no reason given')}; look into the manager's journal"
                )
            self.ceph.sleep(2)


def _keyring_there(path, content):
    """What the keyring file at path is, in the words of the Spec; no path if its content is not that key's."""
    try:
        right = Path(path).read_text() == content
        status = Path(path).stat()
    except OSError:
        return {}
    return {
        **({"path": path} if right else {}),
        "owner": _named(pwd.getpwuid, status.st_uid),
        "group": _named(grp.getgrgid, status.st_gid),
        "mode": f"{status.st_mode & 0o7777:04o}",
    }


def _named(lookup, number):
    try:
        return lookup(number)[0]
    except KeyError:
        return str(number)


def _added(field, before, after):
    return [item for item in after.get(field) or [] if item not in (before.get(field) or [])]


class FlagBackend(CephBackend):
    """Flags of the OSD map."""

    def listing(self):
        return {name: {"name": name} for name in objects.flags_there(self.ceph.mon("osd dump")["flags_set"])}

    def apply(self, operation):
        prefix = "osd unset" if operation.action == "delete" else "osd set"
        self.ceph.mon(prefix, about=f"flag {operation.key}", key=operation.key)
