# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Ceph cluster holds, as Specs, and the pure transformations between Ceph's words and ours."""

from __future__ import annotations

import re

from ansible_collections.infn.datacloud.plugins.module_utils.core import MASK, Field, Spec, SpecError

# --- configuration options ---------------------------------------------------------------------------------------

SECRET_NAME = re.compile(r"(key|secret|password|passwd|token)$")
THOUSANDS = {unit: 1000**power for power, unit in enumerate(("", "K", "M", "G", "T", "P", "E"))}
BINARY = {unit: 1024**power for power, unit in enumerate(("", "K", "M", "G", "T", "P", "E"))}
SECONDS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hr": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
    "w": 604800,
    "wk": 604800,
    "week": 604800,
    "mo": 2592000,
    "month": 2592000,
    "y": 31536000,
    "yr": 31536000,
    "year": 31536000,
}


def text(value):
    """A value as Ceph writes it: YAML's booleans are lower case there."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def redact_option(option):
    """The option without its value where that is secret."""
    hidden = option.get("secret") or SECRET_NAME.search(option["name"])
    return {**option, "value": MASK} if hidden and "value" in option else option


CONFIG = Spec(
    kind="option",
    plural="config",
    fields=(
        Field("section", required=True, identity=True),
        Field("mask", default="", identity=True),
        Field("name", required=True, identity=True),
        Field("value", type="raw"),
        Field("secret_value", secret=True),
        Field("secret", type="bool", default=False, write_only=True),
    ),
    redact=redact_option,
)


def option_wanted(given):
    """A listed option in the form of `config dump`."""
    wanted = {**given, "mask": given.get("mask") or ""}
    secret_value = wanted.pop("secret_value", None)
    if secret_value is not None:
        wanted.update(value=secret_value, secret=True)
    if wanted.get("value") is None:
        if given.get("state") != "absent":
            raise SpecError(f"option {given['section']}/{given['name']}: give value or secret_value, or state: absent")
        return wanted
    return {**wanted, "value": text(wanted["value"])}


def option_there(row):
    """A row of `config dump` as an object."""
    return {"section": row["section"], "mask": row["mask"], "name": row["name"], "value": row["value"]}


def normal_value(kind, value):
    """The value as the monitors store it, by the option's type as `config help` names it.

    Source: `config set` followed by `config dump` on 18.2.7: size 4G -> 4294967296, int 4K -> 4000,
    float .5 -> 0.500000, bool 1 -> true, secs 1h -> 3600. What does not parse is returned as it is:
    the monitors will refuse it with their own words.
    """
    try:
        if kind == "bool":
            return value.lower() if value.lower() in ("true", "false") else text(int(value) != 0)
        if kind in ("int", "uint"):
            return str(_scaled(value, THOUSANDS))
        if kind == "size":
            return str(_scaled(value, BINARY))
        if kind == "float":
            return f"{float(value):f}"
        if kind == "secs":
            return str(_seconds(value))
    except (ValueError, KeyError):
        pass
    return value


def _scaled(value, units):
    found = re.fullmatch(r"(-?\d+)\s*([A-Za-z]*)", value.strip())
    if not found:
        raise ValueError(value)
    return int(found[1]) * units[found[2].rstrip("iB")]


def _seconds(value):
    if re.fullmatch(r"\d+", value.strip()):
        return int(value)
    parts = re.findall(r"(\d+)\s*([a-z]+)", value)
    if not parts or re.sub(r"(\d+)\s*([a-z]+)|\s", "", value):
        raise ValueError(value)
    return sum(int(number) * SECONDS[unit if unit in SECONDS else unit.rstrip("s")] for number, unit in parts)


# --- pools -------------------------------------------------------------------------------------------------------

POOL_TYPES = {1: "replicated", 3: "erasure"}


def size_in_bytes(value):
    """Bytes of a number or of a text with a unit (K, M, G, T: powers of 1024); else the text itself."""
    number = normal_value("size", str(value))
    return int(number) if number.isdigit() else value


POOL = Spec(
    kind="pool",
    plural="pools",
    fields=(
        Field("name", required=True, identity=True),
        Field("type", choices=("replicated", "erasure"), immutable=True),
        Field("erasure_code_profile", immutable=True),
        Field("pg_autoscale_mode", choices=("on", "warn", "off")),
        Field("pg_num", type="int"),
        Field("crush_rule"),
        Field("size", type="int"),
        Field("min_size", type="int"),
        Field("application"),
        Field("quota_max_bytes", normalize=size_in_bytes),
        Field("quota_max_objects", type="int"),
        Field("destroy", write_only=True),
    ),
)


def pool_there(row, rules):
    """A row of `osd pool ls detail` as an object; rules: {rule id: name}."""
    pool = {
        "name": row["pool_name"],
        "type": POOL_TYPES[row["type"]],
        "pg_autoscale_mode": row["pg_autoscale_mode"],
        "pg_num": row["pg_num_target"],  # what the pool is on its way to
        "crush_rule": rules.get(row["crush_rule"], str(row["crush_rule"])),
        "size": row["size"],
        "min_size": row["min_size"],
        "application": ",".join(sorted(row["application_metadata"])),
        "quota_max_bytes": row["quota_max_bytes"],
        "quota_max_objects": row["quota_max_objects"],
    }
    if row["erasure_code_profile"]:
        pool["erasure_code_profile"] = row["erasure_code_profile"]
    return pool


def pool_wanted(given, there):
    """A listed pool; an autoscaled pool's pg_num is the autoscaler's once the pool exists."""
    mode = given.get("pg_autoscale_mode") or (there or {}).get("pg_autoscale_mode")
    return {**given, "pg_num": None} if there and mode == "on" else given


def check_destroy(spec, desired, current):
    """Refuse to remove what holds data unless it is named twice: as the object and in `destroy`."""
    wrong = [
        wanted["name"]
        for wanted in desired
        if wanted.get("state") == "absent" and wanted["name"] in current and wanted.get("destroy") != wanted["name"]
    ]
    if wrong:
        raise SpecError(
            f"{spec.kind} {', '.join(wrong)}: removing it destroys its data; "
            "repeat its name in destroy to say that this is meant"
        )


# --- file systems ------------------------------------------------------------------------------------------------

FS = Spec(
    kind="file system",
    plural="filesystems",
    fields=(
        Field("name", required=True, identity=True),
        Field("metadata_pool", immutable=True),
        Field("data_pools", type="list", elements="str"),
        Field("placement", write_only=True),
        Field("max_mds", type="int"),
        Field("standby_count_wanted", type="int"),
        Field("allow_standby_replay", type="bool"),
        Field("subvolume_groups", type="list", elements="str", normalize=sorted),
        Field("destroy", write_only=True),
    ),
)


def with_missing(there, wanted):
    """The list that is there, followed by what is wanted and missing; None stays None."""
    return None if wanted is None else list(there or []) + [item for item in wanted if item not in (there or [])]


def fs_there(row, mdsmap):
    """A row of `fs ls` with its map of `fs dump` as an object."""
    return {
        "name": row["name"],
        "metadata_pool": row["metadata_pool"],
        "data_pools": row["data_pools"],
        "max_mds": mdsmap["max_mds"],
        "standby_count_wanted": mdsmap["standby_count_wanted"],
        "allow_standby_replay": mdsmap["flags_state"]["allow_standby_replay"],
    }


def fs_wanted(given, there):
    """A listed file system; pools and groups that hold data are only ever added."""
    if (given.get("metadata_pool") is None) != (given.get("data_pools") is None) and not there:
        raise SpecError(f"file system {given['name']}: give metadata_pool and data_pools together, or neither")
    there = there or {}
    return {
        **given,
        "data_pools": with_missing(there.get("data_pools"), given.get("data_pools")),
        # None asked for is nothing to look at.
        "subvolume_groups": with_missing(there.get("subvolume_groups"), given.get("subvolume_groups") or None),
    }


# --- keys --------------------------------------------------------------------------------------------------------


def spaces(caps):
    """Capabilities with single spaces."""
    return {name: " ".join(value.split()) for name, value in caps.items()}


AUTH = Spec(
    kind="client",
    plural="entities",
    fields=(
        Field("entity", required=True, identity=True),
        Field("caps", type="dict", normalize=spaces),
        Field("key", secret=True),
        Field("path", type="path"),
        Field("owner"),
        Field("group"),
        Field("mode", normalize=lambda mode: mode.zfill(4)),
    ),
)


def keyring(entity, key, caps=None):
    """A keyring file's text. Source: `ceph auth get-or-create -o FILE`."""
    lines = [f"[{entity}]", f"\tkey = {key}"]
    lines += [f'\tcaps {name} = "{value}"' for name, value in (caps or {}).items()]
    return "\n".join(lines) + "\n"


# --- orchestrator specifications ---------------------------------------------------------------------------------

TOP = (
    "service_type",
    "service_id",
    "placement",
    "unmanaged",
    "networks",
    "extra_container_args",
    "extra_entrypoint_args",
    "custom_configs",
)
# Where these change, the orchestrator replaces the service's daemons (cephadm's _check_daemons in serve.py).
COMMAND_LINE = {"extra_container_args", "extra_entrypoint_args"}
HOST = ("service_type", "hostname", "addr", "labels", "location")
# Values below `spec` that no diff may show; `secrets` of a listed specification adds more.
SECRET_PATHS = (
    "spec.rgw_frontend_ssl_certificate",
    "spec.ssl_key",
    "spec.ssl_cert",
    "spec.password",
    "spec.api_password",
    "spec.monitor_password",
    "spec.keepalived_password",
    "spec.snmp_v3_auth_password",
    "spec.snmp_v3_priv_password",
)


def redact_service(service):
    """The specification without the values at its secret paths."""
    shown = service
    for path in (*SECRET_PATHS, *(service.get("secrets") or ())):
        shown = _masked_at(shown, path.split("."))
    return shown


def secret_values(service):
    """The texts at the specification's secret paths (list of str)."""
    found = []
    for path in (*SECRET_PATHS, *(service.get("secrets") or ())):
        value = service
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            found.append(value)
    return found


def _masked_at(value, path):
    if not isinstance(value, dict) or path[0] not in value:
        return value
    return {**value, path[0]: _masked_at(value[path[0]], path[1:]) if path[1:] else MASK}


SERVICE = Spec(
    kind="service",
    plural="specs",
    fields=(
        Field("name", identity=True),
        *(Field(name, type="raw") for name in dict.fromkeys(TOP + HOST)),
        Field("spec", type="raw"),
        Field("secrets", type="raw", write_only=True),
    ),
    redact=redact_service,
)


def service_name(given):
    """The orchestrator's name of a specification; hosts, which have none, are called `host NAME`."""
    if given.get("service_type") == "host":
        return f"host {given['hostname']}"
    return f"{given['service_type']}.{given['service_id']}" if given.get("service_id") else given["service_type"]


def service_given(raw):
    """A specification as Ceph exports it: old flat keys below `spec`, short forms written out.

    Source: ServiceSpec.to_json and PlacementSpec.to_json of ceph.deployment.service_spec, 18.2.7.
    """
    if not raw.get("service_type"):
        raise SpecError("every entry of specs needs a service_type")
    is_host = raw["service_type"] == "host"
    if is_host and not raw.get("hostname"):
        raise SpecError("a specification with service_type: host needs a hostname")
    known = HOST if is_host else TOP
    ours = ("state", "secrets", "spec", "service_name")
    given = {name: raw[name] for name in known if raw.get(name) is not None}
    flat = {name: value for name, value in raw.items() if name not in known + ours}
    if is_host and flat:
        raise SpecError(f"host {raw['hostname']}: unknown keys {', '.join(sorted(flat))}; known are {', '.join(HOST)}")
    below = {**flat, **(raw.get("spec") or {})}
    if below:
        given["spec"] = {
            name: _devices(value) if name.endswith("_devices") else value
            for name, value in below.items()
            if value is not None
        }
    if "placement" in given:
        given["placement"] = _placement(given["placement"])
    for name in ("networks", "labels"):
        if isinstance(given.get(name), str):
            given[name] = [given[name]]
    given.update(name=service_name(raw), state=raw.get("state") or "present", secrets=list(raw.get("secrets") or []))
    return given


def _placement(value):
    if isinstance(value, str):
        raise SpecError(f"placement {value!r}: write it as a dictionary of hosts, label, host_pattern, count")
    if isinstance(value, list):
        value = {"hosts": value}
    full = {name: item for name, item in value.items() if item}
    if "hosts" in full:
        full["hosts"] = [_placed_host(host) for host in full["hosts"]]
    for name in ("count", "count_per_host"):
        if name in full:
            full[name] = int(full[name])
    return full


def _placed_host(host):
    if isinstance(host, str):
        return host
    network = f":{host['network']}" if host.get("network") else ""
    return host["hostname"] + network + (f"={host['name']}" if host.get("name") else "")


def _devices(selection):
    """A device selection as exported: paths as text, what says nothing left out."""
    if not isinstance(selection, dict):
        return selection
    full = {name: item for name, item in selection.items() if item not in (None, False, [], "")}
    if "paths" in full:
        full["paths"] = [item["path"] if isinstance(item, dict) else item for item in full["paths"]]
    return full


def service_wanted(given, there):
    """What is given laid over what is there.

    The orchestrator replaces a whole specification and fills in defaults: only the given keys count,
    the others stay as they are. Labels of a host are only ever added, as the orchestrator does.
    """
    if not there:
        return {name: value for name, value in given.items() if not _nothing(value)}
    wanted = {**there, **{name: given[name] for name in ("state", "secrets")}}
    for name, value in given.items():
        if name in ("state", "secrets"):
            continue
        if name == "labels":
            wanted[name] = with_missing(there.get(name), value)
        elif name == "spec":
            wanted[name] = _laid_over(there.get(name) or {}, value)
        elif not _same(there.get(name), value):
            wanted[name] = value
    return wanted


def _laid_over(there, given):
    result = dict(there)
    for name, value in given.items():
        old = there.get(name)
        if _same(old, value):
            continue
        if _nothing(value):
            result.pop(name, None)
        elif isinstance(value, dict) and isinstance(old, dict) and not name.endswith("_devices"):
            result[name] = _laid_over(old, value)
        else:
            result[name] = value
    return result


def _same(there, given):
    """Whether both say the same to the orchestrator: nothing is nothing, 8443 is '8443', lines are text."""
    if _nothing(there) and _nothing(given):
        return True
    if isinstance(there, bool) or isinstance(given, bool):
        return there == given
    if isinstance(there, dict) and isinstance(given, dict):
        return there.keys() == given.keys() and all(_same(there[name], given[name]) for name in there)
    if isinstance(there, list) and isinstance(given, list):
        return len(there) == len(given) and all(map(_same, there, given))
    if isinstance(there, list) != isinstance(given, list):
        return _joined(there) == _joined(given)
    if isinstance(there, (dict, list)) or isinstance(given, (dict, list)) or there is None or given is None:
        return False
    return str(there).strip() == str(given).strip()


def _nothing(value):
    return value is None or value is False or value in ("", [], {})


def _joined(value):
    return "\n".join(map(str, value)).strip() if isinstance(value, list) else str(value).strip()


def service_there(row):
    """A row of `orch ls --export` as an object."""
    there = {name: row[name] for name in TOP if name in row}
    return {**there, "name": row["service_name"], "spec": row.get("spec") or {}}


def host_there(row):
    """A row of `orch host ls` as an object."""
    there = {name: row[name] for name in ("hostname", "addr", "labels", "location") if row.get(name) is not None}
    return {**there, "service_type": "host", "name": f"host {row['hostname']}"}


def with_files(value, read, path=("spec",)):
    """The value with each {from_file: PATH} below it replaced by read(PATH), and the dotted paths where that was."""
    if not isinstance(value, dict):
        return value, []
    if set(value) == {"from_file"}:
        return read(value["from_file"]), [".".join(path)]
    full, found = {}, []
    for name, item in value.items():
        full[name], below = with_files(item, read, (*path, name))
        found += below
    return full, found


def not_ready(names, services, osds=None, osds_up=0):
    """What is still missing, {service: words}.

    names: services waited for. services: rows of `orch ls`. osds: OSDs that shall be up.
    """
    found = {row["service_name"]: row for row in services}
    missing = {}
    for name in names:
        row = found.get(name)
        if row is None:
            missing[name] = "not listed yet"
            continue
        running, size = row["status"].get("running", 0), row["status"].get("size", 0)
        if row.get("unmanaged") or (row["service_type"] == "osd" and running == size):
            continue
        if running < size or not size:
            errors = [event for event in row.get("events", []) if "[ERROR]" in event]
            missing[name] = f"{running} of {size} running" + (f" ({errors[-1]})" if errors else "")
    if osds is not None and osds_up < osds:
        missing["OSDs"] = f"{osds_up} of {osds} up"
    return missing


def failed_module(health, name="cephadm"):
    """The manager's words on why its module failed, from `health detail`, or None."""
    check = health["checks"].get("MGR_MODULE_ERROR") or {}
    for line in check.get("detail", []):
        if f"'{name}'" in line["message"]:
            return line["message"]
    return None


# --- flags of the OSD map ----------------------------------------------------------------------------------------

# Those that people set; others, such as pglog_hardlimit, are the cluster's own.
FLAGS = (
    "noout",
    "norebalance",
    "nobackfill",
    "norecover",
    "noscrub",
    "nodeep-scrub",
    "noin",
    "nodown",
    "noup",
    "pause",
    "nosnaptrim",
)

FLAG = Spec(kind="flag", plural="flags", fields=(Field("name", required=True, identity=True, choices=FLAGS),))


def flags_there(flags_set):
    """The names that are set, of `flags_set` in `osd dump`.

    The map holds pause as two flags, pauserd and pausewr (OSDMap::get_flag_string of Ceph 18).
    """
    names = {"pause" if name in ("pauserd", "pausewr") else name for name in flags_set}
    return [name for name in FLAGS if name in names]
