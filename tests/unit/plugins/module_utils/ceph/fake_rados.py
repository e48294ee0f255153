# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A double of python3-rados with a small cluster behind it, as strict as Ceph 18.2.7.

Commands, arguments and types are those of `get_command_descriptions`; answers and refusals were recorded from a
monitor and a manager with cephadm of that release. Whatever is not in the tables below is refused.
"""

from __future__ import annotations

import errno
import json
import re

SETTABLE = (
    "full|pause|noup|nodown|noout|noin|nobackfill|norebalance|norecover|noscrub|nodeep-scrub|notieragent|nosnaptrim|"
    "noautoscale"
)
# Command: its arguments. A trailing "?" means optional; int, bool and [] are JSON types, a|b are choices, else text.
MON = {
    "config dump": {},
    "config help": {"key": ""},
    "config set": {"who": "", "name": "", "value": ""},
    "config rm": {"who": "", "name": ""},
    "config get": {"who": "", "key?": ""},
    "config-key get": {"key": ""},
    "osd pool ls": {"detail?": "detail"},
    "osd crush rule dump": {},
    "osd pool create": {
        "pool": "",
        "pg_num?": "int",
        "pool_type?": "replicated|erasure",
        "erasure_code_profile?": "",
        "rule?": "",
        "size?": "int",
        "autoscale_mode?": "on|off|warn",
        "yes_i_really_mean_it?": "bool",
    },
    "osd pool rm": {"pool": "", "pool2?": "", "yes_i_really_really_mean_it?": "bool"},
    "osd pool set": {
        "pool": "",
        "var": "size|min_size|pg_num|crush_rule|pg_autoscale_mode",
        "val": "",
        "yes_i_really_mean_it?": "bool",
    },
    "osd pool set-quota": {"pool": "", "field": "max_objects|max_bytes", "val": ""},
    "osd pool application enable": {"pool": "", "app": ""},
    "fs ls": {},
    "fs dump": {},
    "fs new": {"fs_name": "", "metadata": "", "data": ""},
    "fs fail": {"fs_name": ""},
    "fs rm": {"fs_name": "", "yes_i_really_mean_it?": "bool"},
    "fs add_data_pool": {"fs_name": "", "pool": ""},
    "fs set": {"fs_name": "", "var": "max_mds|standby_count_wanted|allow_standby_replay", "val": ""},
    "auth ls": {},
    "auth import": {},
    "auth get-or-create": {"entity": "", "caps?": "[]"},
    "auth caps": {"entity": "", "caps": "[]"},
    "auth rm": {"entity": ""},
    "health": {"detail?": "detail"},
    "mgr fail": {},
    "mgr stat": {},
    "osd stat": {},
    "osd dump": {},
    "osd set": {"key": SETTABLE + "|pglog_hardlimit", "yes_i_really_mean_it?": "bool"},
    "osd unset": {"key": SETTABLE},
    "versions": {},
    "quorum_status": {},
}
MGR = {
    "fs volume create": {"name": "", "placement?": ""},
    "fs subvolumegroup ls": {"vol_name": ""},
    "fs subvolumegroup create": {"vol_name": "", "group_name": ""},
    "orch ls": {"export?": "bool", "refresh?": "bool"},
    "orch host ls": {},
    "orch ps": {"service_name?": "", "refresh?": "bool"},
    "orch daemon": {"action": "start|stop|restart", "name": "", "force?": "bool"},
    "orch apply": {},
    "orch rm": {"service_name": ""},
    "orch host rm": {"hostname": ""},
    "orch status": {},
}
TYPES = {"": str, "int": int, "bool": bool, "[]": list}
OPTIONS = {
    "osd_memory_target": ("size", lambda text: str(int(text.replace("G", "")) * (2**30 if "G" in text else 1))),
    "mon_data_avail_warn": ("int", lambda text: str(int(text))),
    "osd_scrub_sleep": ("float", lambda text: f"{float(text):f}"),
    "osd_memory_target_autotune": ("bool", lambda text: {"true": "true", "false": "false"}[text]),
    "rgw_sts_key": ("str", str),
    "osd_max_backfills": ("uint", lambda text: str(int(text))),
}


class Error(Exception):
    """rados.Error."""

    def __init__(self, text, number):
        super().__init__(f"[errno {number}] {text}")
        self.errno = number


class Refused(Exception):
    """A command is refused: negative return code and words."""

    def __init__(self, code, said):
        super().__init__(said)
        self.code, self.said = code, said


class Cluster:
    """The state, and a handler for each command."""

    def __init__(self):
        self.options, self.pools, self.filesystems, self.groups = {}, {}, {}, {}
        self.auth = {"client.admin": {"key": "AQADMIN==", "caps": {"mon": "allow *"}}}
        self.services, self.hosts = {}, {"a": {"addr": "10.0.0.1", "labels": ["_admin"]}}
        self.calls, self.starting, self.die_after_applies, self.lost_mgr_module = [], 0, None, None
        self.flags = ["pglog_hardlimit", "purged_snapdirs", "recovery_deletes", "sortbitwise"]
        self.daemons = [{"daemon_name": "mon.a", "hostname": "a", "service_name": "mon", "status_desc": "running"}]
        self.keys, self.restarted, self.on_restart = {}, [], {}  # on_restart: what a daemon does then, by its name
        self.pool_delete, self.up, self.reachable, self.running, self.outgoing = False, 2, True, 1, 0

    def state(self):
        """Everything that a write can change, to compare before and after check mode."""
        options = sorted(map(str, self.options.items()))
        return json.dumps(
            [
                options,
                self.pools,
                self.filesystems,
                self.groups,
                self.auth,
                self.services,
                self.hosts,
                self.flags,
                self.restarted,
            ]
        )

    def command(self, table, request, inbuf):
        """(return code, answer, words), as librados gives them."""
        arguments = json.loads(request)
        prefix = arguments.pop("prefix")
        assert arguments.pop("format") == "json"
        self.calls.append(prefix)
        try:
            if table is MGR and self.starting:
                self.starting -= 1
                raise Refused(errno.EINVAL, f"Warning: some PG states may be old\nNo handler found for '{prefix}'")
            if prefix not in table:
                raise Refused(errno.EINVAL, "command not known")
            check_arguments(table[prefix], arguments)
            handler = getattr(self, re.sub(r"[ -]", "_", prefix))
            given = [inbuf.decode()] if prefix in ("orch apply", "auth import") else []
            answer = handler(*given, **arguments)
        except Refused as refused:
            return -refused.code, b"", refused.said
        if answer is None:
            return 0, b"", ""
        return 0, (answer if isinstance(answer, str) else json.dumps(answer)).encode(), ""

    # configuration

    def config_dump(self):
        return [
            {"section": who.split("/")[0], "name": name, "value": value, "mask": who.partition("/")[2]}
            for (who, name), value in self.options.items()
        ]

    def config_help(self, key):
        if key not in OPTIONS:
            raise Refused(errno.ENOENT, "")
        return {"name": key, "type": OPTIONS[key][0]}

    def config_set(self, who, name, value):
        if name not in OPTIONS:
            raise Refused(errno.EINVAL, f"unrecognized config option '{name}'")
        if who.split("/")[0].split(".")[0] not in ("global", "mon", "mgr", "osd", "mds", "client"):
            raise Refused(errno.EINVAL, f"unrecognized config target '{who}'")
        try:
            self.options[who, name] = OPTIONS[name][1](value)
        except (ValueError, KeyError) as error:
            raise Refused(errno.EINVAL, f"error parsing value: {error}") from error

    def config_rm(self, who, name):
        self.options.pop((who, name), None)

    def config_get(self, who, key):
        return self.options.get((who, key), "beast port=7480")

    def config_key_get(self, key):
        if key not in self.keys:
            raise Refused(errno.ENOENT, "")
        value = self.keys[key]
        return value() if callable(value) else value

    # pools

    def osd_pool_ls(self, detail):
        return [{"pool_name": name, **pool} for name, pool in self.pools.items()]

    def osd_crush_rule_dump(self):
        return [{"rule_id": 0, "rule_name": "replicated_rule"}, {"rule_id": 1, "rule_name": "ssd"}]

    def osd_pool_create(
        self,
        pool,
        pg_num=32,
        pool_type="replicated",
        erasure_code_profile="",
        rule="replicated_rule",
        size=3,
        autoscale_mode="on",
        yes_i_really_mean_it=False,
    ):
        if pool in self.pools:
            raise Refused(errno.EINVAL, f"pool '{pool}' cannot change to type {pool_type}")
        if size == 1:
            raise Refused(errno.EPERM, "configuring pool size as 1 is disabled by default.")
        self.pools[pool] = {
            "type": 1 if pool_type == "replicated" else 3,
            "pg_autoscale_mode": autoscale_mode,
            "pg_num": pg_num,
            "pg_num_target": pg_num,
            "crush_rule": self._rule(rule),
            "size": size,
            "min_size": size - 1,
            "quota_max_bytes": 0,
            "quota_max_objects": 0,
            "application_metadata": {},
            "erasure_code_profile": erasure_code_profile,
        }

    def _rule(self, name):
        for rule in self.osd_crush_rule_dump():
            if rule["rule_name"] == name:
                return rule["rule_id"]
        raise Refused(errno.ENOENT, f"specified rule {name} doesn't exist")

    def osd_pool_rm(self, pool, pool2, yes_i_really_really_mean_it):
        if not self.pool_delete:
            raise Refused(
                errno.EPERM,
                "pool deletion is disabled; you must first set the mon_allow_pool_delete config "
                "option to true before you can destroy a pool",
            )
        assert pool == pool2 and yes_i_really_really_mean_it
        self.pools.pop(pool, None)

    def osd_pool_set(self, pool, var, val, yes_i_really_mean_it=False):
        value = {"crush_rule": self._rule, "pg_autoscale_mode": str}.get(var, int)(val)
        if var == "min_size" and value > self.pools[pool]["size"]:
            raise Refused(errno.EINVAL, "pool min_size must be between 1 and size")
        self.pools[pool]["pg_num_target" if var == "pg_num" else var] = value

    def osd_pool_set_quota(self, pool, field, val):
        self.pools[pool][f"quota_{field}"] = int(val.replace("G", "")) * (2**30 if "G" in val else 1)

    def osd_pool_application_enable(self, pool, app):
        if self.pools[pool]["application_metadata"]:
            raise Refused(
                errno.EPERM,
                f"Are you SURE? Pool '{pool}' already has an enabled application; pass "
                "--yes-i-really-mean-it to proceed anyway",
            )
        self.pools[pool]["application_metadata"] = {app: {}}

    # file systems

    def fs_ls(self):
        return [
            {"name": name, "metadata_pool": fs["metadata"], "data_pools": fs["data"]}
            for name, fs in self.filesystems.items()
        ]

    def fs_dump(self):
        return {
            "filesystems": [
                {
                    "mdsmap": {
                        "fs_name": name,
                        "max_mds": fs["max_mds"],
                        "standby_count_wanted": fs["standby_count_wanted"],
                        "flags_state": {"allow_standby_replay": fs["allow_standby_replay"]},
                    }
                }
                for name, fs in self.filesystems.items()
            ]
        }

    def fs_new(self, fs_name, metadata, data):
        for pool in (metadata, data):
            if pool not in self.pools:
                raise Refused(errno.ENOENT, f"pool '{pool}' does not exist")
        self.filesystems[fs_name] = {
            "metadata": metadata,
            "data": [data],
            "max_mds": 1,
            "standby_count_wanted": 1,
            "allow_standby_replay": False,
        }

    def fs_fail(self, fs_name):
        if fs_name not in self.filesystems:
            raise Refused(errno.ENOENT, f"Filesystem not found: '{fs_name}'")
        self.filesystems[fs_name]["failed"] = True

    def fs_rm(self, fs_name, yes_i_really_mean_it=False):
        if not self.filesystems[fs_name].get("failed"):
            raise Refused(errno.EINVAL, "all MDS daemons must be inactive/failed before removing filesystem")
        assert yes_i_really_mean_it
        del self.filesystems[fs_name]

    def fs_add_data_pool(self, fs_name, pool):
        if pool not in self.pools:
            raise Refused(errno.ENOENT, f"pool '{pool}' does not exist")
        self.filesystems[fs_name]["data"].append(pool)

    def fs_set(self, fs_name, var, val):
        self.filesystems[fs_name][var] = {"true": True, "false": False}[val] if "allow" in var else int(val)

    def fs_volume_create(self, name, placement=""):
        for suffix in ("meta", "data"):
            self.osd_pool_create(pool=f"cephfs.{name}.{suffix}")
        self.fs_new(name, f"cephfs.{name}.meta", f"cephfs.{name}.data")

    def fs_subvolumegroup_ls(self, vol_name):
        return [{"name": group} for group in self.groups.get(vol_name, [])]

    def fs_subvolumegroup_create(self, vol_name, group_name):
        self.groups.setdefault(vol_name, []).append(group_name)

    # keys

    def auth_ls(self):
        return {"auth_dump": [{"entity": entity, **client} for entity, client in self.auth.items()]}

    def auth_import(self, text):
        head = re.match(r"\[(\S+)\]\n\tkey = (AQ\S+==)\n", text)
        if not head:
            raise Refused(errno.EINVAL, "error decoding keyring")
        self.auth[head[1]] = {"key": head[2], "caps": dict(re.findall(r'\tcaps (\w+) = "(.*)"\n', text))}

    def auth_get_or_create(self, entity, caps=()):
        if not re.fullmatch(r"(client|mgr|mds|osd|mon)\.\S+", entity):
            raise Refused(errno.EINVAL, "bad entity name")
        self.auth[entity] = {"key": f"AQ{len(self.auth)}MADE==", "caps": pairs(caps)}
        return [{"entity": entity, **self.auth[entity]}]

    def auth_caps(self, entity, caps):
        if entity not in self.auth:
            raise Refused(errno.ENOENT, f"couldn't find entry {entity}")
        self.auth[entity]["caps"] = pairs(caps)

    def auth_rm(self, entity):
        self.auth.pop(entity, None)

    # orchestrator

    def orch_ls(self, export=False, refresh=False):
        if not self.services:
            return "No services reported"
        if export:
            return list(self.services.values())
        return [
            {**service, "status": {"running": self.running, "size": 1}, "events": [f'now {name} [ERROR] "no port"']}
            for name, service in self.services.items()
        ]

    def orch_host_ls(self):
        return [{"hostname": name, "status": "", **host} for name, host in self.hosts.items()]

    def orch_ps(self, service_name=None, refresh=False):
        found = [row for row in self.daemons if service_name in (None, row["service_name"])]
        return found or "No daemons reported"

    def orch_daemon(self, action, name):
        (row,) = [row for row in self.daemons if row["daemon_name"] == name]
        self.restarted.append(name)
        self.on_restart[name]()
        return f"Scheduled to {action} {name} on host '{row['hostname']}'"

    def orch_apply(self, text):
        spec = json.loads(text)
        kind = spec["service_type"]
        if self.die_after_applies is not None:
            self.die_after_applies -= 1
            if self.die_after_applies < 0:
                self.die_after_applies, self.lost_mgr_module = None, "cephadm"
                return "Scheduled, and lost"
        if kind == "host":
            assert set(spec) <= {"service_type", "hostname", "addr", "labels", "location"}, spec
            old = self.hosts.get(spec["hostname"], {"labels": []})
            labels = list(dict.fromkeys(old["labels"] + spec.get("labels", [])))
            self.hosts[spec["hostname"]] = {"addr": spec.get("addr", "10.0.0.9"), "labels": labels}
            return f"Added host '{spec['hostname']}'"
        known = {
            "service_type",
            "service_id",
            "placement",
            "unmanaged",
            "networks",
            "extra_container_args",
            "extra_entrypoint_args",
            "custom_configs",
            "spec",
        }
        if set(spec) - known:
            unknown = set(spec) - known
            raise Refused(errno.EINVAL, f"ServiceSpec: __init__() got an unexpected keyword argument {unknown}")
        placement = spec.get("placement", {})
        for host in placement.get("hosts", []):
            if host not in self.hosts:
                words = f"Cannot place <ServiceSpec for service_name={kind}> on {host}: Unknown hosts"
                raise Refused(errno.EINVAL, words)
        name = f"{kind}.{spec['service_id']}" if spec.get("service_id") else kind
        exported = {key: value for key, value in spec.items() if value}
        if kind == "osd":
            exported["spec"] = {"filter_logic": "AND", "objectstore": "bluestore", **exported["spec"]}
        if "spec" in exported:
            exported["spec"] = {key: value for key, value in exported["spec"].items() if value}
        self.services[name] = {"service_name": name, **exported}
        return f"Scheduled {name} update..."

    def orch_rm(self, service_name):
        if service_name in ("mon", "mgr"):
            raise Refused(errno.EINVAL, "The mon and mgr services cannot be removed")
        del self.services[service_name]

    def orch_host_rm(self, hostname):
        del self.hosts[hostname]

    def orch_status(self):
        self.outgoing -= 1
        return {"available": self.lost_mgr_module is None and self.outgoing < 0, "backend": "cephadm"}

    # state

    def health(self, detail):
        checks = {
            "OSD_DOWN": {
                "severity": "HEALTH_WARN",
                "summary": {"message": "1 osds down", "count": 1},
                "detail": [{"message": "osd.1 is down"}],
                "muted": False,
            }
        }
        if self.lost_mgr_module:
            words = f"Module '{self.lost_mgr_module}' has failed: expected, but got 'DocumentEndEvent'"
            checks["MGR_MODULE_ERROR"] = {
                "severity": "HEALTH_ERR",
                "summary": {"message": words, "count": 1},
                "detail": [{"message": words}],
                "muted": False,
            }
        return {"status": "HEALTH_ERR" if self.lost_mgr_module else "HEALTH_WARN", "checks": checks}

    def mgr_fail(self):
        self.lost_mgr_module, self.starting, self.outgoing = None, 2, 2

    def mgr_stat(self):
        return {"active_name": "x", "available": True, "num_standby": 0}

    def osd_stat(self):
        return {"num_osds": 2, "num_up_osds": self.up, "num_in_osds": 2}

    def osd_dump(self):
        return {
            "flags_set": sorted(self.flags),
            "osds": [{"osd": number, "up": int(number < self.up), "in": 1, "weight": 1.0} for number in range(2)],
        }

    def osd_set(self, key):
        self.flags = list(dict.fromkeys(self.flags + flag_names(key)))

    def osd_unset(self, key):
        self.flags = [name for name in self.flags if name not in flag_names(key)]

    def versions(self):
        return {"mon": {"ceph version 18.2.7": 1}, "overall": {"ceph version 18.2.7": 1}}

    def quorum_status(self):
        addresses = {"addrvec": [{"type": "v2", "addr": "10.0.0.1:3300", "nonce": 0}]}
        return {
            "quorum_names": ["a"],
            "quorum_leader_name": "a",
            "monmap": {"mons": [{"name": "a", "public_addrs": addresses}]},
        }


class Module:
    """What `import rados` gives, with one cluster behind it."""

    Error = Error

    def __init__(self, cluster):
        self.cluster = cluster

    def Rados(self, name, conffile, conf):
        """rados.Rados; refuses what is not text, and demands limits in time."""
        assert {"client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout", "keyring"} <= set(conf)
        assert all(isinstance(value, str) for value in conf.values())
        return Connection(self.cluster, name)


class Connection:
    """A rados.Rados."""

    def __init__(self, cluster, name):
        self.cluster, self.name, self.open = cluster, name, False

    def connect(self):
        if not self.cluster.reachable or self.name not in self.cluster.auth:
            raise Error("RADOS permission denied (error connecting to the cluster)", errno.EACCES)
        self.open = True

    def mon_command(self, request, inbuf):
        assert self.open
        return self.cluster.command(MON, request, inbuf)

    def mgr_command(self, request, inbuf):
        assert self.open
        return self.cluster.command(MGR, request, inbuf)

    def shutdown(self):
        self.open = False


def check_arguments(signature, arguments):
    """Refuse unknown, missing and mistyped arguments as the monitors do."""
    known = {name.rstrip("?"): kind for name, kind in signature.items()}
    missing = [name for name in signature if not name.endswith("?") and name not in arguments]
    for name in [*missing, *(name for name in arguments if name not in known)]:
        raise Refused(errno.EINVAL, f"bad or missing field '{name}'")
    for name, value in arguments.items():
        kind = TYPES.get(known[name], str)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Refused(errno.EINVAL, f"bad or missing field '{name}'")
        if known[name] not in TYPES and value not in known[name].split("|"):
            raise Refused(errno.EINVAL, f"{value} not in {known[name]}")


def pairs(words):
    """{daemon type: capability} of a flat list."""
    if len(words) % 2:
        raise Refused(errno.EINVAL, "bad capabilities request; odd number of arguments")
    return dict(zip(words[::2], words[1::2], strict=True))


def flag_names(key):
    """What `osd dump` shows for a flag of `osd set`."""
    return ["pauserd", "pausewr"] if key == "pause" else [key]
