# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each kind of object of INDIGO IAM is read and written: the Backends of core.run."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.iam import api, objects

ADMIN_READ, ADMIN_WRITE = "iam:admin.read", "iam:admin.write"
SCIM_READ, SCIM_WRITE = "scim:read", "scim:write"
# Members that one request adds or removes: IAM writes them one by one within it.
MEMBERS_AT_ONCE = 500


class Backend(core.Backend):
    """What the kinds have in common; operations on different objects do not depend on each other."""

    read_scopes = (ADMIN_READ,)
    write_scopes = (ADMIN_WRITE,)

    def __init__(self, module):
        self.module = module
        self.purge = bool(module.params.get("purge"))
        self.iam = api.Iam(module, self.read_scopes, self.write_scopes)
        self.parallel = self.iam.parallel
        self.exclusive = {}

    def read(self, desired):
        try:
            return self.current(desired)
        except api.Unreachable as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"{error}; planned as if it held nothing")
            return {}

    def current(self, desired):
        """What `read` returns of an IAM that answers."""
        raise NotImplementedError

    def batches(self, operations):
        removals = [operation for operation in operations if operation.action == "delete"]
        writes = [operation for operation in operations if operation.action != "delete"]
        return [batch for batch in (writes, removals) if batch]

    def owned(self, obj):
        return obj["mark"]

    def checked(self, desired, complaints):
        """The wanted objects as they are; raises SpecError with all that complaints(object) says of them."""
        said = [text for wanted in desired if wanted.get("state") != "absent" for text in complaints(wanted)]
        if said:
            raise core.SpecError("; ".join(said))
        return desired

    def split(self, spec, desired):
        """The wanted objects without `exclusive`, which is kept aside by key."""
        self.exclusive = {spec.key(wanted): wanted.get("exclusive") or () for wanted in desired}
        return [{name: value for name, value in wanted.items() if name != "exclusive"} for wanted in desired]

    def unknown(self, kind, names):
        """Complain about names (set) that IAM does not know; in check mode they may come to be before the run."""
        if not names:
            return
        said = f"{kind} {', '.join(sorted(names))}: not in IAM at {self.iam.url}"
        if not self.module.check_mode:
            raise core.SpecError(f"{said}; create it first, or take it out of the list")
        self.module.warn(f"{said}; the run needs it to be created before")

    def set_labels(self, path, subject, before, after):
        """Turn the labels before into those after; path: of the object's labels."""
        added, gone = objects.differences(before, after, objects.label_key)
        for label in gone:
            query = {name: label[name] for name in ("prefix", "name") if label.get(name)}
            self.iam.call("DELETE", path, subject, query=query)
        for label in added:
            body = {name: label[name] for name in ("prefix", "name", "value") if label.get(name)}
            self.iam.call("PUT", path, subject, body)


class Groups(Backend):
    """Groups, the whole tree listed in pages; managers are read group by group where they are managed."""

    read_scopes = (SCIM_READ, ADMIN_READ)
    write_scopes = (SCIM_WRITE, ADMIN_WRITE)

    def __init__(self, module):
        super().__init__(module)
        self.force_empty = {objects.group_path(path) for path in module.params["force_empty"]}
        self.ids = {}  # path -> uuid, also of groups just made
        self.users = {}  # username -> uuid of managers
        self.ours = set()  # paths of groups that carry our mark, as do all below them

    def prepare(self, desired):
        return objects.with_parents(self.split(objects.GROUP, self.checked(desired, objects.group_complaints)))

    def current(self, desired):
        raw = {objects.group_path(group["displayName"]): group for group in self.iam.pages("/scim/Groups", "groups")}
        self.ids = {path: group["id"] for path, group in raw.items()}
        wanted = {objects.GROUP.key(group): group for group in desired}
        managed = [
            path
            for path, group in wanted.items()
            if path in raw and group.get("managers") is not None and group.get("state") != "absent"
        ]
        managers = self.iam.each(self._managers, managed)
        self._find_managers(desired)
        current = {
            path: objects.group_view(
                group,
                wanted.get(path),
                self.exclusive.get(path, ()),
                managers.get(path),
            )
            for path, group in raw.items()
        }
        self.ours = objects.ours(current)
        self._check_removals(wanted, current)
        return current

    def owned(self, obj):
        return obj["path"] in self.ours

    def batches(self, operations):
        """Level by level: parents are made before their children and removed after them."""
        levels = {}
        for operation in operations:
            removal = operation.action == "delete"
            level = objects.depth(operation.key)
            levels.setdefault((removal, -level if removal else level), []).append(operation)
        return [levels[level] for level in sorted(levels)]

    def _managers(self, path):
        users = self.iam.call("GET", f"/iam/group/{self.ids[path]}/group-managers", f"group {path}")
        self.users.update({user["userName"]: user["id"] for user in users})
        return [user["userName"] for user in users]

    def _find_managers(self, desired):
        names = {name for group in desired if group.get("state") != "absent" for name in group.get("managers") or ()}
        names -= set(self.users)
        found = self.iam.accounts(names, {"attributes": "userName"})
        self.users.update({name: user["id"] for name, user in found.items()})
        self.unknown("account", names - set(found))

    def _check_removals(self, wanted, current):
        """Refuse, before anything is written, to remove groups with children that stay or with members."""
        gone = {path for path, group in wanted.items() if group.get("state") == "absent" and path in current}
        if self.purge:
            gone |= self.ours - set(wanted)
        left = {}
        for path in sorted(set(current) - gone):
            left.setdefault(objects.parent(path), []).append(path)
        said = [
            f"group {path} has the groups {', '.join(left[path])}; remove them too, or keep it"
            for path in sorted(gone & set(left))
        ]
        full = [path for path in sorted(gone) if path not in self.force_empty]
        for path, some in self.iam.each(self._has_members, full).items():
            if some:
                said.append(f"group {path} has members; take them out first, or name it in force_empty")
        if said:
            raise core.SpecError("; ".join(said))

    def _has_members(self, path):
        return bool(self.iam.page(self._members(path), f"group {path}", count=1)["totalResults"])

    def _members(self, path):
        return f"/scim/Groups/{self.ids[path]}/members"

    def apply(self, operation):
        path, before, after = operation.key, operation.before or {}, operation.after or {}
        subject = f"group {path}"
        if operation.action == "delete":
            if path in self.force_empty:
                self._empty(path, subject)
            self.iam.call("DELETE", f"/scim/Groups/{self.ids[path]}", subject)
            return
        if operation.action == "create":
            self.ids[path] = self._create(path, after, subject)
        elif "description" in operation.changes:
            text = objects.marked(after["description"]) if before["mark"] else after["description"]
            # Not with SCIM's PUT: it refuses the slash that the name of every nested group has, and keeps the text.
            self.iam.call("PUT", f"/iam/group/{self.ids[path]}", subject, {"description": text})
        uuid = self.ids[path]
        if "labels" in operation.changes:
            self.set_labels(f"/iam/group/{uuid}/labels", subject, before.get("labels"), after["labels"])
        if bool(after.get("optional")) != bool(before.get("optional")):
            label = [objects.OPTIONAL_LABEL]
            old, new = ([], label) if after["optional"] else (label, [])
            self.set_labels(f"/iam/group/{uuid}/labels", subject, old, new)
        if "managers" in operation.changes:
            there, wanted = set(before.get("managers") or ()), set(after["managers"])
            for name in sorted(wanted - there):
                self._add_manager(name, path, subject)
            for name in sorted(there - wanted):
                self.iam.call("DELETE", f"/iam/account/{self.users[name]}/managed-groups/{uuid}", subject)

    def _create(self, path, after, subject):
        body = {"name": path.rpartition("/")[2], "description": objects.marked(after.get("description"))}
        above = objects.parent(path)
        if above:
            body["parent"] = {"uuid": self.ids[above]}
        return self.iam.call("POST", "/iam/group", subject, body)["id"]

    def _add_manager(self, name, path, subject):
        try:
            self.iam.call("POST", f"/iam/account/{self.users[name]}/managed-groups/{self.ids[path]}", subject)
        except api.Refused as refused:
            # Who is a manager already is refused too: it may have become one since we looked.
            if refused.status != 400 or name not in self._managers(path):
                raise

    def _empty(self, path, subject):
        members = self.iam.pages(self._members(path), subject)
        for start in range(0, len(members), MEMBERS_AT_ONCE):
            body = objects.members_request(members[start : start + MEMBERS_AT_ONCE], [])
            self.iam.call("PATCH", f"/scim/Groups/{self.ids[path]}", subject, body, scim=True)


class Accounts(Backend):
    """Accounts; what SCIM does not tell of them is read account by account where it is managed."""

    read_scopes = (SCIM_READ, ADMIN_READ)
    write_scopes = (SCIM_WRITE, ADMIN_WRITE)

    def __init__(self, module):
        super().__init__(module)
        self.ids = {}
        self.ours = set()  # usernames with our mark, as far as purge needs to know

    def prepare(self, desired):
        return self.split(objects.ACCOUNT, self.checked(desired, objects.account_complaints))

    def current(self, desired):
        wanted = {account["username"]: account for account in desired}
        raw = self.iam.accounts(set(wanted))
        if self.purge:
            query = {"name": objects.MARK_LABEL["name"], "value": objects.MARK_LABEL["value"]}
            ours = {user["userName"]: user for user in self.iam.pages("/iam/account/find/bylabel", "accounts", query)}
            self.ours = set(ours)
            raw = {**ours, **raw}
        self.ids = {name: user["id"] for name, user in raw.items()}
        self._check_new([account for name, account in wanted.items() if name not in raw])
        return self.iam.each(lambda name: self._view(raw[name], wanted.get(name)), raw)

    def owned(self, obj):
        return obj["username"] in self.ours

    def _check_new(self, accounts):
        said = []
        for account in accounts:
            lacking = [name for name in ("given_name", "family_name", "email") if not account.get(name)]
            if lacking and account.get("state") != "absent":
                said.append(f"account {account['username']}: a new account needs {', '.join(lacking)}")
        if said:
            raise core.SpecError("; ".join(said))

    def _view(self, user, wanted):
        name, subject = user["userName"], f"account {user['userName']}"
        apart = {}
        if wanted and wanted.get("state") != "absent":
            for field in objects.APART:
                if wanted.get(field) is not None:
                    answer = self.iam.call("GET", f"/iam/account/{user['id']}/{field}", subject)
                    apart[field] = answer["authorities"] if field == "authorities" else answer
            if wanted.get("x509_certificates") is not None and self._hides_certificates(user):
                user = self.iam.call("GET", f"/scim/Users/{user['id']}", subject)
        return objects.account_view(user, wanted, self.exclusive.get(name, ()), apart)

    def _hides_certificates(self, user):
        """Whether the listing left out the certificates' text, as newer releases do."""
        there = (user.get(objects.USER) or {}).get("certificates") or ()
        return any(not entry.get("pemEncodedCertificate") for entry in there)

    def apply(self, operation):
        name, before, after = operation.key, operation.before or {}, operation.after or {}
        subject = f"account {name}"
        if operation.action == "delete":
            self.iam.call("DELETE", f"/scim/Users/{self.ids[name]}", subject)
            return
        if operation.action == "create":
            user = self.iam.call("POST", "/scim/Users", subject, objects.account_request(after), scim=True)
            uuid = self.ids[name] = user["id"]
            self.iam.call("PUT", f"/iam/account/{uuid}/labels", subject, objects.MARK_LABEL)
        else:
            uuid = self.ids[name]
            operations = objects.account_operations(before, after, operation.changes)
            if operations:
                body = {"schemas": [objects.PATCH], "operations": operations}
                self.iam.call("PATCH", f"/scim/Users/{uuid}", subject, body, scim=True)
        self._set_apart(f"/iam/account/{uuid}", subject, before, after, operation.changes)

    def _set_apart(self, path, subject, before, after, changes):
        """Bring about what is no part of SCIM's users."""
        if "labels" in changes:
            self.set_labels(f"{path}/labels", subject, before.get("labels"), after["labels"])
        if "attributes" in changes:
            there, wanted = before.get("attributes") or {}, objects.text_values(after["attributes"])
            for name in sorted(set(there) - set(wanted)):
                self.iam.call("DELETE", f"{path}/attributes", subject, query={"name": name})
            for name, value in sorted(wanted.items()):
                if there.get(name) != value:
                    self.iam.call("PUT", f"{path}/attributes", subject, {"name": name, "value": value})
        if "authorities" in changes:
            there, wanted = set(before.get("authorities") or ()), set(after["authorities"])
            for method, names in (("POST", wanted - there), ("DELETE", there - wanted)):
                for name in sorted(names):
                    self.iam.call(method, f"{path}/authorities", subject, query={"authority": name})
        if "end_time" in changes and after["end_time"] != before.get("end_time", objects.NEVER):
            self.iam.call("PUT", f"{path}/endTime", subject, {"endTime": objects.time_request(after["end_time"])})


class Memberships(Backend):
    """Who is in which group: read from the accounts, each of which names its groups, and written group by group."""

    read_scopes = (SCIM_READ, ADMIN_READ)
    write_scopes = (SCIM_WRITE,)

    def __init__(self, module):
        super().__init__(module)
        self.groups = {}  # path -> uuid
        self.users = {}  # username -> uuid

    def prepare(self, desired):
        return objects.with_members_below(self.split(objects.MEMBERSHIP, desired))

    def current(self, desired):
        wanted = {objects.MEMBERSHIP.key(entry): entry for entry in desired}
        self._find_groups(set(wanted))
        members = self._find_members(wanted)
        names = {name for entry in desired for name in entry["members"]}
        self.unknown("account", names - set(self.users))
        return {
            path: {
                "group": path,
                "members": sorted(
                    name for name in members[path] if self.exclusive[path] or name in wanted[path]["members"]
                ),
            }
            for path in wanted
            if path in self.groups
        }

    def _find_groups(self, paths):
        found = self.iam.groups(paths)
        self.groups = {path: group["id"] for path, group in found.items()}
        self.unknown("group", paths - set(found))

    def _find_members(self, wanted):
        """{path: set of usernames}; fills users. In the fewest requests: through all accounts, or group by group."""
        names = {name for entry in wanted.values() for name in entry["members"]}
        members = {path: set() for path in wanted}
        query = {"attributes": "userName,groups"}
        first = self.iam.page("/scim/Users", "accounts", query)
        if self.iam.more_pages(first) <= len(self.groups) + len(names):
            for user in self.iam.pages("/scim/Users", "accounts", query, first):
                self.users[user["userName"]] = user["id"]
                for group in user.get("groups") or ():
                    members.get(objects.group_path(group["display"]), set()).add(user["userName"])
            return members
        for path, users in self.iam.each(self._members, self.groups).items():
            members[path] = {user["userName"] for user in users}
            self.users.update({user["userName"]: user["id"] for user in users})
        found = self.iam.by_username(sorted(names - set(self.users)))
        self.users.update({name: user["id"] for name, user in found.items()})
        return members

    def _members(self, path):
        return self.iam.pages(f"/iam/account/find/bygroup/{self.groups[path]}", f"group {path}")

    def batches(self, operations):
        """Level by level from the top, as who joins a group joins those above it in the same request."""
        levels = {}
        for operation in operations:
            levels.setdefault(objects.depth(operation.key), []).append(operation)
        return [levels[level] for level in sorted(levels)]

    def apply(self, operation):
        path = operation.key
        before, after = set((operation.before or {}).get("members") or ()), set(operation.after["members"])
        added, gone = ([self._reference(name) for name in sorted(names)] for names in (after - before, before - after))
        rest = range(0, max(len(added), len(gone)), MEMBERS_AT_ONCE)
        for start in rest:
            part = slice(start, start + MEMBERS_AT_ONCE)
            body = objects.members_request(gone[part], added[part])
            self.iam.call("PATCH", f"/scim/Groups/{self.groups[path]}", f"group {path}", body, scim=True)

    def _reference(self, name):
        uuid = self.users[name]
        return {"display": name, "value": uuid, "$ref": f"{self.iam.url}/scim/Users/{uuid}"}


class Clients(Backend):
    """Clients, listed with all that a PUT has to send again, the secret too."""

    def __init__(self, module):
        super().__init__(module)
        self.raw = {}
        self.users = {}

    def prepare(self, desired):
        self.checked(desired, objects.client_complaints)
        own = [wanted["client_id"] for wanted in desired if wanted.get("state") == "absent"]
        if self.iam.client_id in own:
            raise core.SpecError(
                f"client {self.iam.client_id} is the one this module speaks as; use another to remove it"
            )
        return [objects.complete_client(wanted) for wanted in self.split(objects.CLIENT, desired)]

    def current(self, desired):
        wanted = {client["client_id"]: client for client in desired}
        self.raw = {client["client_id"]: client for client in self.iam.pages("/iam/api/clients", "clients")}
        owned = [
            name
            for name, client in wanted.items()
            if name in self.raw and client.get("owners") is not None and client.get("state") != "absent"
        ]
        owners = self.iam.each(self._owners, owned)
        self._find_owners(desired)
        current = {
            name: objects.client_view(raw, wanted.get(name), self.exclusive.get(name, ()), owners.get(name))
            for name, raw in self.raw.items()
        }
        self._check(wanted, current)
        return current

    def owned(self, obj):
        return obj["mark"] and obj["client_id"] != self.iam.client_id

    def _owners(self, name):
        users = self.iam.pages(f"{_client(name)}/owners", f"client {name}")
        self.users.update({user["userName"]: user["id"] for user in users})
        return [user["userName"] for user in users]

    def _find_owners(self, desired):
        names = {name for client in desired if client.get("state") != "absent" for name in client.get("owners") or ()}
        names -= set(self.users)
        found = self.iam.by_username(sorted(names))
        self.users.update({name: user["id"] for name, user in found.items()})
        self.unknown("account", names - set(found))

    def _check(self, wanted, current):
        """Refuse, before anything is written, what a new client lacks and what client credentials cannot do."""
        said = []
        for name, client in wanted.items():
            if client.get("state") == "absent":
                continue
            lacking = [field for field in ("name", "grant_types") if not client.get(field)]
            if name not in current and lacking:
                said.append(f"client {name}: a new client needs {', '.join(lacking)}")
            is_active = current[name]["active"] if name in current else True
            if client.get("active") not in (None, is_active) and not self.iam.speaks_for_a_user:
                said.append(
                    f"client {name}: active is {is_active}, and IAM ignores who asks with client credentials to change "
                    "it; give the token of an administrator (option token), or change it in IAM's dashboard"
                )
        if said:
            raise core.SpecError("; ".join(said))

    def apply(self, operation):
        name, before, after = operation.key, operation.before, operation.after
        subject = f"client {name}"
        if operation.action == "delete":
            self.iam.call("DELETE", _client(name), subject)
            return
        if before is None:
            before = self._create(name, after, subject)
        changes = objects.client_changes(before, after)
        if set(changes) - set(objects.CLIENT_APART):
            self._replace(name, after, changes, before["mark"])
        if after.get("active") not in (None, before["active"]):
            self._set_active(name, after["active"], subject)
        there, wanted = set(before.get("owners") or ()), set(after.get("owners", before.get("owners")) or ())
        for method, names in (("POST", wanted - there), ("DELETE", there - wanted)):
            for owner in sorted(names):
                self.iam.call(method, f"{_client(name)}/owners/{self.users[owner]}", subject)

    def _create(self, name, after, subject):
        """Create the client and return it as IAM made it, which may be with a secret and lifetimes of its own."""
        body = objects.client_request(after, tuple(after), {}, mark=True)
        self.raw[name] = self.iam.call("POST", "/iam/api/clients", subject, body)
        return objects.client_view(self.raw[name])

    def _replace(self, name, after, changes, mark):
        subject = f"client {name}"
        body = objects.client_request(after, changes, self.raw[name], mark)
        if not body.get("client_secret") and body.get("token_endpoint_auth_method", "").startswith("client_secret"):
            raise core.ApiError(
                f"{subject}: IAM does not show its secret and this change would replace it; give client_secret"
            )
        self.iam.call("PUT", _client(name), subject, body)

    def _set_active(self, name, active, subject):
        self.iam.call("PATCH", f"{_client(name)}/{'enable' if active else 'disable'}", subject)
        if bool(self.iam.call("GET", _client(name), subject)["active"]) != active:
            raise core.ApiError(
                f"{subject}: IAM answered, but active stays {not active}; the token must be that of an administrator's "
                "account, not one of client credentials"
            )


class ScopePolicies(Backend):
    """Scope policies, known by their description; all are listed in one request."""

    def __init__(self, module):
        super().__init__(module)
        self.groups, self.users = {"": None}, {"": None}

    def prepare(self, desired):
        return [objects.complete_policy(wanted) for wanted in self.checked(desired, objects.policy_complaints)]

    def current(self, desired):
        raw = self.iam.call("GET", "/iam/scope_policies", "scope policies")
        for policy in raw:
            view = objects.policy_view(policy)
            self.groups[view["group"]] = (policy.get("group") or {}).get("uuid")
            self.users[view["account"]] = (policy.get("account") or {}).get("uuid")
        views = [objects.policy_view(policy) for policy in raw]
        self._check_names(desired, views)
        self._find(desired)
        return self._adopted(desired, views)

    def _check_names(self, desired, views):
        wanted = {policy["name"] for policy in desired}
        names = [view["name"] for view in views if view["name"] in wanted]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise core.SpecError(
                f"scope policy {', '.join(twice)}: IAM has several policies of this description; "
                "give them different ones in IAM's dashboard"
            )

    def _find(self, desired):
        present = [policy for policy in desired if policy.get("state") != "absent"]
        paths = {policy["group"] for policy in present} - set(self.groups)
        names = {policy["account"] for policy in present} - set(self.users)
        groups, users = self.iam.group_by_name(sorted(paths)), self.iam.by_username(sorted(names))
        self.groups.update({path: group["id"] for path, group in groups.items()})
        self.users.update({name: user["id"] for name, user in users.items()})
        self.unknown("group", paths - set(groups))
        self.unknown("account", names - set(users))

    def _adopted(self, desired, views):
        """{name: policy}; a wanted policy that is there under another description takes that one's place.

        IAM refuses two policies that say the same, so the one that is there becomes the wanted one.
        """
        current = {}
        for view in views:
            name = view["name"]
            current[f"{name} ({view['id']})" if name in current else name] = view
        wanted = {policy["name"] for policy in desired}
        free = {objects.policy_meaning(view): view for view in views if view["name"] not in wanted}
        for policy in desired:
            there = free.get(objects.policy_meaning(policy)) if policy.get("state") != "absent" else None
            if there and policy["name"] not in current:
                current = {name: view for name, view in current.items() if view is not there}
                current[policy["name"]] = there
        return current

    def apply(self, operation):
        name, before, after = operation.key, operation.before, operation.after
        subject = f"scope policy {name}"
        if operation.action == "delete":
            self.iam.call("DELETE", f"/iam/scope_policies/{before['id']}", subject)
            return
        mark = before["mark"] if before else True
        body = objects.policy_request(after, mark, self.groups[after["group"]], self.users[after["account"]])
        if before:
            self.iam.call("PUT", f"/iam/scope_policies/{before['id']}", subject, body)
        else:
            self.iam.call("POST", "/iam/scope_policies", subject, body)


class AcceptableUsePolicy(Backend):
    """The one acceptable use policy of an IAM; anybody may read it."""

    read_scopes = ()

    def prepare(self, desired):
        self.checked(desired, objects.aup_complaints)
        return [{**wanted, "name": "aup"} for wanted in desired]

    def current(self, desired):
        raw = self.iam.call("GET", "/iam/aup", "acceptable use policy", absent=(404,), anonymous=True)
        return {} if raw is None else {"aup": {"name": "aup", **objects.aup_view(raw)}}

    def apply(self, operation):
        subject = "acceptable use policy"
        method = {"create": "POST", "update": "PATCH", "delete": "DELETE"}[operation.action]
        body = objects.aup_request(operation.after) if operation.after else None
        self.iam.call(method, "/iam/aup", subject, body)


def _client(name):
    return f"/iam/api/clients/{api.segment(name)}"
