# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How accounts, users and QoS are read and written: few commands, however many there are."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.slurm import api, objects

SHOW = ["sacctmgr", "--noheader", "--parsable2", "show"]
# Users in one command: with names of 32 characters far below what the kernel lets an argument have (128 KiB). Removals
# take accounting about 0.2 s a user, measured, so fewer of them, that no command takes minutes.
PER_COMMAND = {"add": 1000, "modify": 1000, "delete": 100}


class AccountBackend(core.Backend):
    """Reads all with four commands; writes what is alike with one."""

    reread = True

    def __init__(self, module):
        self.module, self.cluster = module, module.params["cluster"]
        self.organizations, self.members, self.groups = {}, set(), {}

    def prepare(self, desired):
        return objects.desired(self.module.params)

    def read(self, desired):
        try:
            self.organizations = self._accounts()
            return self._qos() | self._members()
        except api.Absent as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"Planned as if accounting held nothing yet: {error}")
            return {}

    def _rows(self, what, *columns, where=()):
        answer = api.run(what, [*SHOW, what, *where, "format=" + ",".join(f"{name}%-1" for name in columns)])
        return [dict(zip(columns, line.split("|"), strict=False)) for line in answer.splitlines() if line]

    def _qos(self):
        columns = ["Name", "Descr", *(column for _word, column, _kind in objects.COLUMNS["qos"].values())]
        return {
            ("qos", "", values["Name"]): {
                "kind": "qos", "account": "", "name": values["Name"], "description": values["Descr"],
                **objects.row("qos", values),
            }
            for values in self._rows("qos", *columns)
        }  # fmt: skip

    def _accounts(self):
        """{account: (description, organization)}, which associations do not tell."""
        rows = self._rows("account", "Account", "Descr", "Org")
        return {values["Account"]: (values["Descr"], values["Org"]) for values in rows}

    def _members(self):
        columns = ["Account", "User", "ParentName"]
        columns += [column for _word, column, _kind in objects.COLUMNS["account"].values()]
        found = {}
        for values in self._rows("assoc", *columns, where=(f"cluster={self.cluster}",)):
            name, user = values["Account"], values["User"]
            kind = "member" if user else "account"
            fields = objects.row(kind, values)
            if kind == "member":
                found[kind, name, user] = {"kind": kind, "account": name, "name": user, **fields}
                continue
            description, organization = self.organizations.get(name, ("", ""))
            found[kind, "", name] = {
                "kind": kind, "account": "", "name": name, "parent": values["ParentName"],
                "description": description, "organization": organization, **fields,
            }  # fmt: skip
        self.members = {key for key in found if key[0] == "member"}
        for values in self._rows("user", "User", "DefaultAccount", "AdminLevel"):
            found["user", "", values["User"]] = {
                "kind": "user", "account": "", "name": values["User"],
                "default_account": values["DefaultAccount"], "admin_level": values["AdminLevel"],
            }  # fmt: skip
        return found

    def owned(self, obj):
        """What this collection made, and the memberships of its accounts; purge never touches what others made."""
        if obj["kind"] == "qos":
            return obj["description"] == objects.MARK
        if obj["kind"] == "account":
            return obj["organization"] == objects.MARK
        return obj["kind"] == "member" and self.organizations.get(obj["account"], ("", ""))[1] == objects.MARK

    def batches(self, operations):
        """Kind after kind, as each needs the one before; removals last. What is alike is done with its first one."""
        written = [item for item in operations if item.action != "delete"]
        removed = [item for item in operations if item.action == "delete"]
        users = {item.key[2] for item in removed if item.key[0] == "user"}
        members = [item for item in removed if item.key[0] == "member" and item.key[2] not in users]
        ordered = [[item for item in written if item.key[0] == kind] for kind in objects.KINDS]
        for batch in ordered:
            self._group(batch, self._command)
        # Accounting refuses to remove the last membership, which is the default one: such users go as a whole.
        last = self._without_account(operations)
        self._group([item for item in members if item.key[2] in last], self._departure)
        self._group([item for item in members if item.key[2] not in last], self._command)
        for kind in ("qos", "account", "user"):
            self._group([item for item in removed if item.key[0] == kind], self._command)
        ordered += [[item for item in removed if item.key[0] == kind] for kind in reversed(objects.KINDS)]
        return [batch for batch in ordered if batch]

    def _without_account(self, operations):
        """The users whom the operations leave in no account of the cluster."""
        left = {key[1:] for key in self.members}
        for item in operations:
            if item.key[0] == "member":
                (left.discard if item.action == "delete" else left.add)(item.key[1:])
        staying = {name for _account, name in left}
        return {item.key[2] for item in operations if item.key[0] == "member" and item.key[2] not in staying}

    def _departure(self, _item):
        return ["delete", "user", "name={names}", f"cluster={self.cluster}"]

    def _group(self, batch, command_of):
        """Remember the commands of a batch, each with the first operation that it carries out."""
        alike = {}
        for item in batch:
            alike.setdefault(tuple(command_of(item)), []).append(item)
        for command, members in alike.items():
            step = PER_COMMAND[command[0]] if command else len(members)
            for start in range(0, len(members), step):
                part = members[start : start + step]
                names = ",".join(dict.fromkeys(item.key[2] for item in part))
                self.groups[part[0].key] = [word.replace("{names}", names) for word in command]

    def _command(self, item):
        """The words of sacctmgr for one object, with {names} where names of others that are alike can stand too."""
        kind, account, _name = item.key
        if item.action == "delete":
            return self._removal(kind, account)
        words = objects.settings(kind, item.changes, item.after, item.before)
        if kind == "qos":
            new = item.action == "create"
            return ["add", "qos", "{names}", f"Description={objects.MARK}", *words] if new else [
                "modify", "qos", "{names}", "set", *words
            ]  # fmt: skip
        if kind == "account":
            words = [
                f"{word}={item.after[option]}"
                for option, word in (("parent", "Parent"), ("description", "Description"))
                if option in item.changes
            ] + words
            if item.action == "create":
                return ["add", "account", "{names}", f"Cluster={self.cluster}", f"Organization={objects.MARK}", *words]
            return ["modify", "account", "where", "name={names}", f"Cluster={self.cluster}", "set", *words]
        if kind == "member":
            where = [f"Account={account}", f"Cluster={self.cluster}"]
            if item.action == "create":
                return ["add", "user", "{names}", *where, *words]
            return ["modify", "user", "where", "name={names}", *where, "set", *words]
        words = [
            f"{word}={item.after[option]}"
            for option, word in (("default_account", "DefaultAccount"), ("admin_level", "AdminLevel"))
            if option in item.changes
        ]
        # A new user came with its first membership, in its default account.
        words = [word for word in words if item.action != "create" or not word.startswith("DefaultAccount")]
        return ["modify", "user", "where", "name={names}", "set", *words] if words else []

    def _removal(self, kind, account):
        if kind == "qos":
            return ["delete", "qos", "{names}"]
        if kind == "member":
            return ["delete", "user", "name={names}", f"account={account}", f"cluster={self.cluster}"]
        if kind == "account":
            return ["delete", "account", "name={names}", f"cluster={self.cluster}"]
        return ["delete", "user", "name={names}"]

    def apply(self, operation):
        command = self.groups.get(operation.key)
        if command:
            about = f"{operation.key[0]} {operation.key[2]}"
            api.run(about, ["sacctmgr", "--immediate", "--quiet", *command], ("Nothing new added",))
