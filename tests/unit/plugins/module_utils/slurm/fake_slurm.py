# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A strict double of sacctmgr and scontrol, for one cluster; words, answers and refusals as seen of Slurm 24.11."""

from __future__ import annotations

import copy

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.slurm import api, objects

QOS_WORDS = {word: (column, kind) for word, column, kind in objects.COLUMNS["qos"].values()}
ASSOCIATION_WORDS = {word: (column, kind) for word, column, kind in objects.COLUMNS["account"].values()}
INHERITED = ("QOS", "DefaultQOS")


class Slurm:
    """What accounting and the controller know; `calls` has the words of every command."""

    def __init__(self):
        self.calls = []
        self.away = False
        self.qos = {"normal": {"Descr": "Normal QOS default", "Priority": "0", "UsageFactor": "1.000000"}}
        self.accounts = {"root": {"Descr": "default root account", "Org": "root"}}
        self.associations = {
            ("root", ""): {"ParentName": "", "Share": "1", "QOS": "normal"},
            ("root", "root"): {"ParentName": "", "Share": "1"},
        }
        self.users = {"root": {"DefaultAccount": "root", "AdminLevel": "Administrator"}}
        self.nodes = {}

    def state(self):
        """A copy of all that is kept."""
        return copy.deepcopy((self.qos, self.accounts, self.associations, self.users, self.nodes))

    def run(self, about, argv, passing=()):
        """As module_utils/slurm/api.run."""
        self.calls.append(argv)
        if self.away:
            raise api.Absent(f"{about}: Unable to contact slurm controller")
        try:
            return self.scontrol(argv[1:]) if argv[0] == "scontrol" else self.sacctmgr(argv[1:])
        except Refused as error:
            if any(text in str(error) for text in passing):
                return ""
            raise core.ApiError(f"{about}: {error}") from error

    def sacctmgr(self, words):
        if words[:3] == ["--noheader", "--parsable2", "show"]:
            return self._show(words[3], words[4:])
        assert words[:2] == ["--immediate", "--quiet"], words
        verb, what, names, *rest = words[2:]
        if names == "where":
            names, *rest = rest
        names = names.removeprefix("name=").split(",")
        settings = dict(word.partition("=")[::2] for word in rest if word != "set")
        assert settings.pop("Cluster", None) == "hpc" or what == "qos" or verb != "add"
        settings.pop("cluster", None)
        getattr(self, f"_{verb}_{what}")(names, settings)
        return ""

    def _show(self, what, words):
        columns = words[-1].removeprefix("format=").replace("%-1", "").split(",")
        if what == "qos":
            rows = [{"Name": name, **fields} for name, fields in self.qos.items()]
        elif what == "account":
            rows = [{"Account": name, **fields} for name, fields in self.accounts.items()]
        elif what == "user":
            rows = [{"User": name, **fields} for name, fields in self.users.items()]
        else:
            assert words[0] == "cluster=hpc"
            rows = [
                {**fields, **{column: self._inherited(key, column) for column in INHERITED}, "Account": key[0],
                 "User": key[1]}
                for key, fields in self.associations.items()
            ]  # fmt: skip
        return "".join("|".join(row.get(column, "") for column in columns) + "\n" for row in rows)

    def _inherited(self, key, column):
        account, user = key
        found = self.associations[key].get(column)
        if found or key == ("root", ""):
            return found or ""
        parent = (account, "") if user else (self.associations[key]["ParentName"], "")
        return self._inherited(parent, column)

    def _store(self, fields, settings, table):
        for word, value in settings.items():
            if word not in table:
                raise Refused(f"Unknown option: {word}={value}")
            column, kind = table[word]
            if word == "Flags" and not value:
                raise Refused("Unknown QOS flag used in: ''")
            if kind == "tres":
                there = dict(part.split("=") for part in fields.get(column, "").split(",") if part)
                there |= dict(part.split("=") for part in value.split(",") if part)
                value = ",".join(f"{name}={amount}" for name, amount in there.items() if amount != "-1")
            fields[column] = "" if value == "-1" else value

    def _add_qos(self, names, settings):
        for name in names:
            assert name not in self.qos
            self.qos[name] = {"Descr": settings["Description"], "Priority": "0", "UsageFactor": "1.000000"}
            self._modify_qos([name], {key: value for key, value in settings.items() if key != "Description"})

    def _modify_qos(self, names, settings):
        for name in names:
            self._store(self.qos[name], settings, QOS_WORDS)

    def _delete_qos(self, names, settings):
        for name in names:
            del self.qos[name]

    def _add_account(self, names, settings):
        for name in names:
            assert name not in self.accounts
            self.accounts[name] = {"Descr": name, "Org": settings["Organization"]}
            self.associations[name, ""] = {"ParentName": "root", "Share": "1"}
            rest = {key: value for key, value in settings.items() if key != "Organization"}
            self._modify_account([name], rest)

    def _modify_account(self, names, settings):
        for name in names:
            rest = dict(settings)
            if "Description" in rest:
                self.accounts[name]["Descr"] = rest.pop("Description").lower()
            if "Parent" in rest:
                if rest["Parent"] not in self.accounts:
                    raise Refused(f"No such account: {rest['Parent']}")
                self.associations[name, ""]["ParentName"] = rest.pop("Parent")
            self._store(self.associations[name, ""], rest, ASSOCIATION_WORDS)

    def _delete_account(self, names, settings):
        for name in names:
            del self.accounts[name]
            assert not [key for key in self.associations if key[0] == name and key[1]], "users are left"
            del self.associations[name, ""]

    def _add_user(self, names, settings):
        account = settings["Account"]
        if account not in self.accounts:
            raise Refused(f"This account '{account}' doesn't exist")
        new = [name for name in names if (account, name) not in self.associations]
        if not new:
            raise Refused("Nothing new added.")
        for name in new:
            self.users.setdefault(name, {"DefaultAccount": account, "AdminLevel": "None"})
            fields = self.associations[account, name] = {"ParentName": "", "Share": "1"}
            self._store(fields, {key: value for key, value in settings.items() if key != "Account"}, ASSOCIATION_WORDS)

    def _modify_user(self, names, settings):
        for name in names:
            rest = dict(settings)
            account = rest.pop("Account", None)
            for column in ("DefaultAccount", "AdminLevel"):
                if column in rest:
                    self.users[name][column] = rest.pop(column)
            if rest:
                self._store(self.associations[account, name], rest, ASSOCIATION_WORDS)

    def _delete_user(self, names, settings):
        account = settings.get("account")
        for name in names:
            keys = [key for key in self.associations if key[1] == name and account in (None, key[0])]
            if account and self.users[name]["DefaultAccount"] == account:
                raise Refused("You can not remove the default account of a user")
            for key in keys:
                del self.associations[key]
            if account is None:
                del self.users[name]

    def scontrol(self, words):
        if words == ["--oneliner", "show", "node"]:
            return "".join(
                f"NodeName={name} Arch=x86_64 CPUAlloc=0 State={node['State']} ThreadsPerCore=1 "
                f"SlurmdStartTime={node.get('started', '2026-11-23T06:01:44')} "
                + (f"Reason={node['Reason']} [root@2026-11-23T06:00:00]\n" if node.get("Reason") else "\n")
                for name, node in self.nodes.items()
            )
        assert words[0] == "update", words
        values = dict(word.partition("=")[::2] for word in words[1:])
        for name in values["NodeName"].split(","):
            node = self.nodes[name]
            base = node["State"].split("+")[0]
            if values["State"] == "DRAIN":
                node |= {"State": f"{base}+DRAIN", "Reason": values["Reason"]}
            elif values["State"] == "DOWN":
                node |= {"State": "DOWN", "Reason": values["Reason"]}
            else:
                assert values["State"] == "RESUME" and "Reason" not in values
                if node["State"] == "IDLE":
                    raise Refused("slurm_update error: Invalid node state specified")
                node |= {"State": "IDLE" if base == "DOWN" else base, "Reason": ""}
        return ""


class Refused(Exception):
    """What the real commands answer with on standard error."""
