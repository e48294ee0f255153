# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each kind of object of Greenbone's manager is read and written: the Backends of core.run."""

from __future__ import annotations

import base64

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.gmp import api, objects, schedules
from ansible_collections.infn.datacloud.plugins.module_utils.gmp.api import element
from ansible_collections.infn.datacloud.plugins.module_utils.quiet import QuietModule

PURGE = {"purge": {"type": "bool", "default": False}}
RECREATE = {"recreate": {"type": "bool", "default": False}}


def main(backend, options=None):
    """The whole of an object module; backend: a Backend class; options: of the module besides."""
    argument_spec = {**api.OPTIONS, **backend.spec.argument_spec(), **PURGE, **(options or {})}
    module = QuietModule(argument_spec, supports_check_mode=True, **api.CONDITIONS)
    ours = backend(module)
    try:
        core.run(module, ours.spec, ours)
    finally:
        ours.gmp.close()


class Backend(core.Backend):
    """What the kinds have in common: one listing, names for references, the mark, what is in use."""

    reread = True  # the manager takes much that it does not keep
    kind = ""  # GMP's word
    plural = None  # where it is not the kind with an s
    spec = None
    asked = {}  # attributes of the request that lists
    frozen = frozenset()  # fields that the manager refuses to change while the object is in use
    secrets = ()
    renames = "name"  # GMP's word for the name in a change
    shared = False  # whether names are unique among all users, and those of others are managed too

    def __init__(self, module):
        self.module, self.gmp = module, api.Gmp(module)
        self.there = {}  # {name: view} at the last reading
        self.fresh = False  # whether nothing was written since
        self.names = {}  # {kind: {name: id}}
        self.empty = False  # nobody answers, in check mode

    # What a kind says of itself.

    def complaints(self, wanted):
        """What is wrong with a wanted object in itself (list of str)."""
        return []

    def references(self, wanted):
        """[(kind, name)] of the other objects that a wanted one names."""
        return []

    def view(self, found, wanted):
        """An element in the Spec's words; wanted: the object with its key or None."""
        raise NotImplementedError

    def settled(self, wanted):
        """A wanted object as it will be compared; the current ones are in self.there."""
        return wanted

    def body(self, after, changes, new):
        """The elements (list) that bring about the changed fields but name and comment."""
        raise NotImplementedError

    def blocked(self, operation):
        """Why the manager would refuse an operation (str), None where it would not."""
        return

    # The flow.

    def prepare(self, desired):
        present = [wanted for wanted in desired if wanted.get("state") != "absent"]
        said = [text for wanted in present for text in self.complaints(wanted)]
        if said:
            raise core.SpecError("; ".join(said))
        wanted = {self.spec.key(one): one for one in desired}
        self.there, self.fresh = self._listed(wanted), True
        self._check_references(present)
        settled = [self.settled(one) if one.get("state") != "absent" else one for one in desired]
        return settled + [{"name": name, "state": "absent"} for name in self._leftovers(wanted)]

    def read(self, desired):
        if not self.fresh:
            self.there = self._listed({self.spec.key(one): one for one in desired})
        self.fresh = False
        self._refuse(desired)
        return self.there

    def owned(self, obj):
        return obj["mark"]

    def apply(self, operation):
        about = f"{self.spec.kind} {core.label(operation.key)}"
        before, after, changes = operation.before, operation.after, operation.changes
        if operation.action in ("delete", "recreate"):
            self.remove(before, about)
        if operation.action in ("create", "recreate"):
            self.create({**after, "mark": True}, about)
        elif operation.action == "update":
            if before["in_use"] and self.frozen & set(changes):
                self.replace(before, after, about)
            else:
                self.modify(before, after, changes, about)

    def create(self, after, about):
        """Make an object; its id (str)."""
        changes = {name for name, value in after.items() if value is not None}
        head = [element("name", after["name"]), element("comment", self.comment(after, changes))]
        request = element(f"create_{self.kind}", [*head, *self.body(after, changes, True)])
        uuid = self.gmp.create(request, about)
        self.names.get(self.kind, {})[after["name"]] = uuid
        return uuid

    def modify(self, before, after, changes, about):
        """Change fields of an object."""
        # Both always, as of some kinds the manager empties what is not sent.
        head = [element(self.renames, after["name"]), element("comment", self.comment(after, changes))]
        parts = [*head, *self.body(after, set(changes), False)]
        self.gmp.call(element(f"modify_{self.kind}", parts, **{f"{self.kind}_id": before["id"]}), about)

    def remove(self, before, about):
        """Remove an object for good."""
        self.gmp.delete(self.kind, before["id"], about)

    def replace(self, before, after, about):
        """Put a new object in the place of one that is in use, behind tasks that let it be done (see blocked)."""
        spare = f"{before['name']} (replaced {before['id'][:8]})"
        parts = [element("name", spare), element("comment", self.comment(before, ()))]
        self.gmp.call(element(f"modify_{self.kind}", parts, **{f"{self.kind}_id": before["id"]}), about)
        uuid = self.create(after, about)
        for task in self.tasks(before):
            request = element("modify_task", [element(self.kind, id=uuid)], task_id=task["id"])
            self.gmp.call(request, f"{about}: task {task['name']}")
        self.remove(before, about)

    def comment(self, after, changes):
        """The comment as the manager keeps it, with the print of secrets as they are after the changes."""
        known = after.get("secret", "")
        secret = objects.secrets_of(after, self.secrets) if set(self.secrets) & set(changes) else known
        return objects.noted(after.get("comment") or "", after.get("mark"), secret)

    # Helpers.

    def identity(self, kind, name, empty="0"):
        """The id (str) of another object by its name; empty: what stands for none."""
        if not name:
            return empty
        uuid = self.known(kind).get(name)
        if uuid is None:
            raise core.ApiError(f"{kind.replace('_', ' ')} {name}: the manager has none; create it first")
        return uuid

    def known(self, kind):
        """{name: id} of all objects of a kind, our user's before those of others."""
        if kind not in self.names:
            found = [] if self.empty else self.gmp.listing(kind)
            found.sort(key=lambda one: objects.text(one, "owner/name") == self.module.params["user"])
            self.names[kind] = {objects.text(one, "name"): one.get("id") for one in found}
        return self.names[kind]

    def tasks(self, before):
        """The tasks (list of task_view) that use an object."""
        found = map(objects.task_view, self.gmp.listing("task", details="1", usage_type="scan", ignore_pagination="1"))
        return [task for task in found if before["id"] in (task["target_id"], task["config_id"])]

    def unreplaceable(self, operation):
        """Why an object in use cannot be replaced (str), None where it can."""
        fields = ", ".join(name for name in operation.changes if name in self.frozen)
        fixed, busy = [], []
        for task in self.tasks(operation.before):
            if task["status"] in objects.ACTIVE:
                busy.append(task["name"])
            elif not task["alterable"] and task["status"] != "New":
                fixed.append(task["name"])
        subject = f"{self.spec.kind} {core.label(operation.key)}"
        if fixed:
            return (
                f"{subject}: {fields} can't change, as {_tasks(fixed)} is not alterable; make a {self.spec.kind} of "
                "another name and a task for it, or remove the task with its reports"
            )
        if busy:
            return f"{subject}: {fields} can't change while {_tasks(busy)} runs; wait for its end or stop it (gmp_scan)"
        return None

    def _listed(self, wanted):
        try:
            found = self.gmp.listing(self.kind, plural=self.plural, **self.asked)
        except api.Unreachable as error:
            if not self.module.check_mode:
                raise
            if not self.empty:
                self.module.warn(f"{error}; planned as if it held nothing")
            self.empty = True
            return {}
        ours = ("", self.module.params["user"])
        current, several = {}, {}
        for one in found:
            if not self.shared and objects.text(one, "owner/name") not in ours:
                continue
            view = self.view(one, None)
            key = self.spec.key(view)
            several.setdefault(key, []).append(view["id"])
            if key in wanted and wanted[key].get("state") != "absent":
                view = self.view(one, wanted[key])
            current[key] = view
        said = [
            f"{self.spec.kind} {core.label(key)} is there {len(ids)} times ({', '.join(ids)}); remove all but one"
            for key, ids in several.items()
            if key in wanted and len(ids) > 1
        ]
        if said:
            raise core.SpecError("; ".join(said))
        return current

    def _leftovers(self, wanted):
        """Names of what an interrupted replacement left behind and nothing uses any more."""
        left = []
        for key, view in self.there.items():
            spare = objects.REPLACED.match(str(key))
            if spare and view["mark"] and not view["in_use"] and spare.group(1) in wanted and key not in wanted:
                left.append(key)
        return left

    def _check_references(self, present):
        missing = {}
        for wanted in present:
            for kind, name in self.references(wanted):
                if name and name not in self.known(kind):
                    missing.setdefault((kind, name), []).append(core.label(self.spec.key(wanted)))
        said = [
            f"{kind.replace('_', ' ')} {name} (of {self.spec.kind} {', '.join(users)}) is not there"
            for (kind, name), users in missing.items()
        ]
        if not said:
            return
        if not self.module.check_mode:
            raise core.SpecError(f"{'; '.join(said)}; create it first, or correct the name")
        for text in said:
            self.module.warn(f"{text}; the run needs it to be created before")

    def _refuse(self, desired):
        """Raise SpecError with all that the manager would refuse of what is planned, before anything is written."""
        params = self.module.params
        options = {"purge": params.get("purge"), "owned": self.owned, "recreate": params.get("recreate")}
        operations = core.plan(self.spec, desired, self.there, **options)
        said = [text for text in map(self._refused, operations) if text]
        if said:
            raise core.SpecError("; ".join(said))

    def _refused(self, operation):
        if operation.action == "delete" and operation.before["in_use"]:
            users = ", ".join(self.users(operation.before))
            return (
                f"{self.spec.kind} {core.label(operation.key)} is in use{f' by {users}' if users else ''}; "
                "remove or change what uses it first"
            )
        return self.blocked(operation) if operation.before else None

    def users(self, before):
        """The names of what uses an object, as far as it is known (list of str)."""
        return []


def _tasks(names):
    return f"task {', '.join(names)}"


class PortLists(Backend):
    """Port lists; their ranges are objects of their own to the manager."""

    kind, spec = "port_list", objects.PORT_LIST
    asked = {"details": "1", "targets": "1"}
    frozen = {"ranges"}

    def complaints(self, wanted):
        return objects.port_list_complaints(wanted)

    def view(self, found, wanted):
        return objects.port_list_view(found)

    def users(self, before):
        return [f"target {name}" for name in before["users"]]

    def blocked(self, operation):
        if operation.before["in_use"] and "ranges" in operation.changes:
            return (
                f"port list {operation.key}: its ports can't change while {', '.join(self.users(operation.before))} "
                "uses it; make a port list of another name and give that to the target"
            )
        return None

    def body(self, after, changes, new):
        ranges = ",".join(objects.range_text(one) for one in objects.ranges(after["ranges"]))
        return [element("port_range", ranges)] if new else []

    def modify(self, before, after, changes, about):
        super().modify(before, after, changes, about)
        if "ranges" not in changes:
            return
        wanted, there = objects.ranges(after["ranges"]), before["range_ids"]
        for gone in sorted(set(there) - set(wanted)):
            self.gmp.call(element("delete_port_range", port_range_id=there[gone]), about)
        for kind, first, last in sorted(set(wanted) - set(there)):
            parts = [element("port_list", id=before["id"]), element("start", first), element("end", last)]
            parts.append(element("type", {"T": "TCP", "U": "UDP"}[kind]))
            self.gmp.call(element("create_port_range", parts), about)


class Credentials(Backend):
    """Credentials; secrets never come back, so a print of them is kept in the comment."""

    kind, spec = "credential", objects.CREDENTIAL
    asked = {"targets": "1", "scanners": "1"}
    secrets = objects.CREDENTIAL_SECRETS

    def complaints(self, wanted):
        return objects.credential_complaints(wanted)

    def view(self, found, wanted):
        view = objects.credential_view(found, wanted)
        return {
            **view,
            "users": [
                objects.text(one, "name")
                for one in (*found.findall("targets/target"), *found.findall("scanners/scanner"))
            ],
        }

    def users(self, before):
        return before["users"]

    def body(self, after, changes, new):
        parts = [element("type", objects.CREDENTIAL_TYPES[after["type"]])] if new else []
        for name in ("login", "certificate", "community", "auth_algorithm"):
            if name in changes and after.get(name):
                parts.append(element(name, after[name]))
        if "password" in changes and after["type"] in ("password", "password_only", "snmp"):
            parts.append(element("password", after["password"]))
        if {"private_key", "passphrase"} & changes and after.get("private_key"):
            key = element("key", [element("private", after["private_key"])])
            if after.get("passphrase"):
                element("phrase", after["passphrase"], key)
            parts.append(key)
        if {"privacy_algorithm", "privacy_password"} & changes:
            names = {"privacy_algorithm": "algorithm", "privacy_password": "password"}
            parts.append(
                element("privacy", [element(word, after[name]) for name, word in names.items() if after.get(name)])
            )
        return parts


class Targets(Backend):
    """Targets; one that a task uses is replaced behind the task."""

    kind, spec = "target", objects.TARGET
    asked = {"tasks": "1"}
    frozen = objects.TARGET_FROZEN

    def complaints(self, wanted):
        return objects.target_complaints(wanted)

    def references(self, wanted):
        return [("port_list", wanted["port_list"])] + [
            ("credential", wanted[name]) for name in objects.TARGET_CREDENTIALS
        ]

    def view(self, found, wanted):
        return objects.target_view(found)

    def users(self, before):
        return [f"task {task['name']}" for task in self.tasks(before)]

    def blocked(self, operation):
        changed = operation.before["in_use"] and self.frozen & set(operation.changes)
        return self.unreplaceable(operation) if changed else None

    def body(self, after, changes, new):
        parts = []
        if {"hosts", "exclude_hosts"} & changes:
            # The manager forgets the exclusions where they do not come with the hosts.
            parts.append(element("hosts", ",".join(after["hosts"])))
            parts.append(element("exclude_hosts", ",".join(after.get("exclude_hosts") or ())))
        if "port_list" in changes:
            parts.append(element("port_list", id=self.identity("port_list", after["port_list"])))
        if "alive_test" in changes:
            parts.append(element("alive_tests", after["alive_test"]))
        for name in objects.TARGET_CREDENTIALS:
            port = name == "ssh_credential" and "ssh_port" in changes
            if name in changes or port:
                uuid = self.identity("credential", after.get(name))
                if new and uuid == "0":
                    continue
                parts.append(element(name, id=uuid))
                if name == "ssh_credential" and after.get("ssh_port") and uuid != "0":
                    element("port", after["ssh_port"], parts[-1])
        parts.extend(element(name, int(after[name])) for name in objects.TARGET_FLAGS if name in changes)
        return parts


class Schedules(Backend):
    """Schedules; the calendar is written as a whole."""

    kind, spec = "schedule", objects.SCHEDULE
    asked = {"tasks": "1"}

    def complaints(self, wanted):
        return schedules.complaints(wanted)

    def view(self, found, wanted):
        return {
            **objects.schedule_view(found),
            "users": [objects.text(one, "name") for one in found.findall("tasks/task")],
        }

    def users(self, before):
        return [f"task {name}" for name in before["users"]]

    def settled(self, wanted):
        return schedules.settled(wanted, self.there.get(wanted["name"]), api.now())

    def body(self, after, changes, new):
        return [element("icalendar", schedules.calendar(after)), element("timezone", after["timezone"])]


class Alerts(Backend):
    """Alerts; event, condition and method are written together."""

    kind, spec = "alert", objects.ALERT
    asked = {"tasks": "1"}

    def view(self, found, wanted):
        view = objects.alert_view(found, wanted)
        return {**view, "users": [objects.text(one, "name") for one in found.findall("tasks/task")]}

    def users(self, before):
        return [f"task {name}" for name in before["users"]]

    def settled(self, wanted):
        return {**wanted, **{name: objects.text_values(wanted[name]) for name in objects.ALERT_DATA}}

    def body(self, after, changes, new):
        parts = [element("active", int(after["active"]))]
        for part in objects.ALERT_PARTS:
            made = element(part, after[part])
            hidden = after["method_secrets"] if part == "method" else {}
            for name, value in {**after[f"{part}_data"], **hidden}.items():
                data = element("data", value, made)
                element("name", name, data)
            parts.append(made)
        return parts


class ScanConfigs(Backend):
    """Scan configurations, each a copy of another one with its own preferences and families."""

    kind, spec = "config", objects.SCAN_CONFIG
    asked = {"usage_type": "scan"}
    frozen = objects.SCAN_CONFIG_FROZEN

    def complaints(self, wanted):
        return objects.scan_config_complaints(wanted)

    def references(self, wanted):
        return [("config", wanted.get("base"))]

    def view(self, found, wanted):
        if wanted is None or (wanted.get("preferences") is None and wanted.get("families") is None):
            return objects.scan_config_view(found)
        about = f"scan config {wanted['name']}"
        asked = element("get_configs", config_id=found.get("id"), details="1", usage_type="scan")
        full = self.gmp.call(asked, about).find("config")
        chosen = [one["name"] for one in wanted.get("families") or () if one["oids"]]
        oids = {}
        for family in sorted(set(chosen) & set(objects.family_names(full))):
            # Of a configuration's family the manager gives all tests, with what the filter says of pages.
            request = element("get_nvts", config_id=found.get("id"), family=family, details="0")
            oids[family] = [nvt.get("oid") for nvt in self.gmp.call(request, about).findall("nvt")]
        return objects.scan_config_view(full, wanted, oids)

    def users(self, before):
        return [f"task {task['name']}" for task in self.tasks(before)]

    def blocked(self, operation):
        before = operation.before
        if operation.action == "update" and before["predefined"]:
            return (
                f"scan config {operation.key}: it comes with the feed and can't change; make one of another name with "
                f"base: {operation.key}"
            )
        changed = before["in_use"] and self.frozen & set(operation.changes)
        return self.unreplaceable(operation) if changed else None

    def create(self, after, about):
        if not after.get("base"):
            raise core.SpecError(f"{about}: a new one needs base, the scan config of which it is made")
        base = self.identity("config", after["base"])
        request = [element("copy", base), element("name", after["name"]), element("usage_type", "scan")]
        uuid = self.gmp.create(element("create_config", request), about)
        self.names.get("config", {})[after["name"]] = uuid
        # Not in the copying: the comment of a copy is that of its base.
        after = {**after, "comment": after.get("comment") or ""}
        self.modify({"id": uuid}, after, {"comment", *self.frozen & set(after)}, about)
        return uuid

    def modify(self, before, after, changes, about):
        # One request for each part, as the manager carries out but one of them.
        parts = [element("comment", self.comment(after, changes))] if "comment" in changes else []
        if "families" in changes and after.get("families") is not None:
            parts.extend(self._families(after["families"]))
        if "preferences" in changes:
            parts.extend(_preference(name, value) for name, value in (after.get("preferences") or {}).items())
        for part in parts:
            self.gmp.call(element("modify_config", [part], config_id=before["id"]), about)

    def settled(self, wanted):
        if wanted.get("preferences") is None:
            return wanted
        return {**wanted, "preferences": objects.text_values(wanted["preferences"])}

    def _families(self, families):
        chosen = element("family_selection", [element("growing", 0)])
        for family in families:
            whole = [element("name", family["name"]), element("all", int(not family["oids"]))]
            element("family", [*whole, element("growing", int(family["growing"]))], chosen)
        parts = [chosen]
        for family in families:
            if family["oids"]:
                tests = [element("nvt", oid=oid) for oid in family["oids"]]
                parts.append(element("nvt_selection", [element("family", family["name"]), *tests]))
        return parts


def _preference(name, value):
    """A preference of the scanner, or of a test where the name is oid:id:type:name."""
    made = element("preference")
    if name.count(":") >= 3:
        element("nvt", None, made, oid=name.split(":")[0])
    element("name", name, made)
    if value:
        element("value", base64.b64encode(value.encode()).decode(), made)
    return made


class Tasks(Backend):
    """Tasks, of which the manager would keep several of one name."""

    kind, spec = "task", objects.TASK
    asked = {"details": "1", "usage_type": "scan", "ignore_pagination": "1"}

    def complaints(self, wanted):
        return objects.task_complaints(wanted)

    def references(self, wanted):
        found = [(part, wanted[part]) for part in ("target", "config", "scanner", "schedule")]
        return found + [("alert", name) for name in wanted.get("alerts") or ()]

    def view(self, found, wanted):
        # In use is what the manager says of a task that runs; it may be changed in all but what blocked says.
        return {**objects.task_view(found), "in_use": False}

    def blocked(self, operation):
        before, subject = operation.before, f"task {operation.key}"
        if operation.action == "delete":
            if before["status"] in objects.ACTIVE:
                return f"{subject}: a scan is under way; stop it first (gmp_scan)"
            return None
        fixed = objects.TASK_FROZEN & set(operation.changes)
        if not fixed or operation.action == "recreate":
            return None
        names = ", ".join(sorted(fixed))
        if before["status"] in objects.ACTIVE:
            return f"{subject}: {names} can't change while a scan is under way; wait for its end or stop it (gmp_scan)"
        if not before["alterable"] and before["status"] != "New":
            return (
                f"{subject}: {names} can't change, as the task is not alterable and has reports; give the task another "
                "name, or remove it with its reports (recreate: true)"
            )
        return None

    def body(self, after, changes, new):
        parts = [element("usage_type", "scan")] if new else []
        if "alterable" in changes:
            parts.append(element("alterable", int(after["alterable"])))
        if objects.TASK_FROZEN & changes:
            parts.extend(element(part, id=self.identity(part, after[part])) for part in sorted(objects.TASK_FROZEN))
        if "schedule" in changes and (after["schedule"] or not new):
            parts.append(element("schedule", id=self.identity("schedule", after["schedule"])))
        if "schedule_periods" in changes:
            parts.append(element("schedule_periods", after["schedule_periods"]))
        if "alerts" in changes:
            ids = [self.identity("alert", name) for name in after["alerts"]]
            parts.extend(element("alert", id=uuid) for uuid in ids or ([] if new else ["0"]))
        values = {word: after[name] for name, word in objects.TASK_PREFERENCES.items() if name in changes}
        if "in_assets" in changes:
            values["in_assets"] = "yes" if after["in_assets"] else "no"
        if "keep_reports" in changes:
            values["auto_delete"] = "keep" if after["keep_reports"] else "no"
            if after["keep_reports"]:
                values["auto_delete_data"] = after["keep_reports"]
        if values:
            made = [
                element("preference", [element("scanner_name", name), element("value", value)])
                for name, value in values.items()
            ]
            parts.append(element("preferences", made))
        return parts


class Overrides(Backend):
    """Overrides, which have no name: each is what it applies to. All of it is written at each change."""

    kind, spec = "override", objects.OVERRIDE
    asked = {"details": "1"}

    def __init__(self, module):
        super().__init__(module)
        self.today = api.now().date()

    def complaints(self, wanted):
        return objects.override_complaints(wanted)

    def references(self, wanted):
        return [("task", wanted["task"])]

    def view(self, found, wanted):
        return objects.override_view(found)

    def settled(self, wanted):
        return objects.override_settled(wanted, self.today)

    def create(self, after, about):
        return self.gmp.create(element("create_override", self._parts({"mark": True, **after}, True)), about)

    def modify(self, before, after, changes, about):
        self.gmp.call(element("modify_override", self._parts(after, False), override_id=before["id"]), about)

    def _parts(self, after, new):
        parts = [
            element("text", objects.noted(after["text"], after["mark"])),
            element("nvt", oid=after["oid"]),
            element("active", objects.override_days(after, self.today)),
            element("new_severity", after["new_severity"]),
        ]
        if after["hosts"]:
            parts.append(element("hosts", ",".join(after["hosts"])))
        if after["port"]:
            parts.append(element("port", after["port"]))
        if after.get("severity") is not None:
            parts.append(element("severity", after["severity"]))
        if after["task"]:
            parts.append(element("task", id=self.identity("task", after["task"])))
        return parts


class Users(Backend):
    """Users; roles and hosts are written at each change, as the manager empties what it is not given."""

    kind, spec = "user", objects.USER
    shared, renames = True, "new_name"
    secrets = ("password",)

    def complaints(self, wanted):
        return objects.user_complaints(wanted)

    def references(self, wanted):
        return [("role", name) for name in wanted.get("roles") or ()]

    def view(self, found, wanted):
        return objects.user_view(found, wanted)

    def blocked(self, operation):
        if operation.action == "delete" and operation.key == self.module.params["user"]:
            return f"user {operation.key}: it is who speaks to the manager here; remove it as another user"
        return None

    def body(self, after, changes, new):
        parts = [element("role", id=self.identity("role", name)) for name in after.get("roles") or ()]
        listed = ",".join(after.get("hosts") or ())
        parts.append(element("hosts", listed, allow=str(int(bool(after.get("hosts_allow"))))))
        if "password" in changes:
            parts.append(element("password", after["password"]))
        return parts

    def remove(self, before, about):
        # What the user owns goes to who removes it.
        self.gmp.call(element("delete_user", user_id=before["id"], inheritor_id="self"), about)


class Scanners(Backend):
    """Scanners, and whether the manager reaches them."""

    kind, spec = "scanner", objects.SCANNER
    asked = {"details": "1"}

    def references(self, wanted):
        return [("credential", wanted.get("credential"))]

    def view(self, found, wanted):
        return {
            **objects.scanner_view(found),
            "users": [objects.text(one, "name") for one in found.findall("tasks/task")],
        }

    def users(self, before):
        return [f"task {name}" for name in before["users"]]

    def body(self, after, changes, new):
        parts = []
        if "type" in changes:
            parts.append(element("type", objects.SCANNER_TYPES[after["type"]]))
        for name, word in (("host", "host"), ("port", "port"), ("ca", "ca_pub")):
            if name in changes:
                parts.append(element(word, after[name]))
        if "credential" in changes:
            parts.append(element("credential", id=self.identity("credential", after["credential"])))
        return parts

    def finish(self, operations):
        if not self.module.params["verify"]:
            return None
        self.names.pop("scanner", None)
        verified = {}
        for wanted in self.module.params["scanners"]:
            if wanted["state"] == "absent":
                continue
            about = f"scanner {wanted['name']}"
            answer = self.gmp.call(
                element("verify_scanner", scanner_id=self.identity("scanner", wanted["name"])), about
            )
            verified[wanted["name"]] = objects.text(answer, "version")
        return {"verified": verified}
