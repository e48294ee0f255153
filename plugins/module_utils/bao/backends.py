# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How OpenBao's objects are read and written: the Backends of core.run."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.bao import api, objects

# What a transit key takes only once it is there.
KEY_LATER = ("min_decryption_version", "min_encryption_version", "deletion_allowed")


def run(module, spec, backend_type):
    """Read, plan and apply objects of a Spec; what was logged in with ends with the module."""
    bao = api.Bao(module.params, tries=2 if module.check_mode else api.TRIES)
    try:
        core.run(module, spec, backend_type(module, bao))
    finally:
        bao.close()


class Objects(core.Backend):
    """What all kinds have in common: in check mode a server that is not there (yet) holds nothing."""

    reread = True

    def __init__(self, module, bao):
        self.module, self.bao = module, bao

    def read(self, desired):
        try:
            return self.current(desired)
        except api.Unavailable as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"Planned as if there were nothing yet: {error}")
            return {}

    def may_be_lost(self, said, path):
        """Raise SpecError unless the user has named what is to be removed with all it holds."""
        if path not in [name.strip("/") for name in self.module.params["data_loss_ok"]]:
            raise core.SpecError(f"{said} is removed only if {path} is named in data_loss_ok: all it holds is lost")


class Mounts(Objects):
    """Secret engines."""

    spec, listing, base = objects.MOUNT, "sys/mounts", ""

    def current(self, desired):
        wanted = {self.spec.key(item): item for item in desired}
        found = {}
        for path, entry in (self.bao.data(self.listing, f"{self.spec.kind}s") or {}).items():
            found[path.strip("/")] = self._view(path.strip("/"), entry, wanted.get(path.strip("/")))
        for path, item in wanted.items():
            if item.get("state") == "absent" and path in found:
                self.may_be_lost(f"{self.spec.kind} {path}", path)
        if self.module.params.get("purge"):
            for path in found:
                if path not in wanted and self.owned(found[path]):
                    self.may_be_lost(f"{self.spec.kind} {path}", path)
        return found

    def _view(self, path, entry, wanted):
        description, made_here = objects.marked(entry.get("description"))
        view = {"path": path, "type": entry["type"], "description": description, "local": entry.get("local", False)}
        view["marked"] = made_here
        if wanted is None or wanted.get("state") == "absent":
            return view
        for name, there in (("tune", entry.get("config")), ("options", entry.get("options"))):
            if wanted.get(name) is not None:
                view[name] = objects.in_words_of(wanted[name], there)
        if wanted.get("config") is not None:
            view["config"] = self._config(path, wanted["config"])
        return view

    def _config(self, path, wanted):
        return {sub: objects.in_words_of(given, self._read_config(path, sub)) for sub, given in wanted.items()}

    def _read_config(self, path, sub):
        return self.bao.data(f"{self.base}{path}/{sub}", f"{self.spec.kind} {path}")

    def owned(self, obj):
        return obj["marked"]

    def apply(self, operation):
        path, after = operation.key, operation.after
        said = f"{self.spec.kind} {path}"
        if operation.action == "delete":
            self.bao.call("DELETE", f"{self.listing}/{path}", said)
            return
        if operation.action == "create":
            body = {name: after[name] for name in ("type", "local", "options") if after.get(name) is not None}
            body.update(description=objects.mark(after.get("description")), config=after.get("tune") or {})
            self.bao.call("POST", f"{self.listing}/{path}", said, body, absent=())
        else:
            body = dict(after.get("tune") or {}) if "tune" in operation.changes else {}
            if "options" in operation.changes:
                body["options"] = {name: str(value) for name, value in after["options"].items()}
            if "description" in operation.changes:
                text = after["description"]
                body["description"] = objects.mark(text) if operation.before["marked"] else text
            if body:
                self.bao.call("POST", f"{self.listing}/{path}/tune", said, body, absent=())
        if "config" in operation.changes:
            self._write_config(operation, said)

    def _write_config(self, operation, said):
        before = (operation.before or {}).get("config") or {}
        for sub, given in operation.after["config"].items():
            if given != before.get(sub):
                self.bao.call("POST", f"{self.base}{operation.key}/{sub}", said, given, absent=())


class AuthMethods(Mounts):
    """Ways to log in."""

    spec, listing, base = objects.AUTH_METHOD, "sys/auth", "auth/"

    def _config(self, path, wanted):
        return objects.in_words_of(wanted, self._read_config(path, "config"))

    def _write_config(self, operation, said):
        after = operation.after
        body = {**after["config"], **(after.get("secret_config") or {})}
        self.bao.call("POST", f"auth/{operation.key}/config", said, body, absent=())


class Policies(Objects):
    """ACL policies."""

    def prepare(self, desired):
        return [
            {**item, "policy": None if item.get("policy") is None else objects.policy_text(item["policy"])}
            for item in desired
        ]

    def current(self, desired):
        names = [item["name"] for item in desired]
        if self.module.params["purge"]:
            listed = self.bao.call("LIST", "sys/policies/acl", "policies")["data"]["keys"]
            names += [name for name in listed if name not in names]
        found = {}
        for name in names:
            entry = self.bao.data(f"sys/policies/acl/{name}", f"policy {name}")
            if entry is not None:
                text = entry.get("policy") or ""
                made_here = text.startswith(objects.POLICY_MARK)
                found[name] = {"name": name, "policy": objects.policy_text(text), "marked": made_here}
        return found

    def owned(self, obj):
        return obj["marked"]

    def apply(self, operation):
        path, said = f"sys/policies/acl/{operation.key}", f"policy {operation.key}"
        if operation.action == "delete":
            self.bao.call("DELETE", path, said)
            return
        text = operation.after["policy"]
        if operation.action == "create" or operation.before["marked"]:
            text = f"{objects.POLICY_MARK}\n{text}"
        self.bao.call("POST", path, said, {"policy": text}, absent=())


class Roles(Objects):
    """Roles of AppRole, JWT and PKI, and transit keys."""

    def prepare(self, desired):
        return [objects.complete_role(item) for item in desired]

    def current(self, desired):
        found = {}
        for wanted in desired:
            path, said = objects.role_path(wanted), self._said(wanted)
            there = self.bao.data(path, said)
            if there is None:
                continue
            key = objects.ROLE.key(wanted)
            view = {name: wanted[name] for name in ("mount", "type", "name")}
            found[key] = view
            if wanted.get("state") == "absent":
                if wanted["type"] == "transit_key":
                    self.may_be_lost(said, f"{wanted['mount'].strip('/')}/{wanted['name']}")
                continue
            if wanted.get("options") is not None:
                view["options"] = objects.in_words_of(wanted["options"], there)
                self._check_fixed(wanted, view["options"], said)
            if wanted["type"] == "approle":
                view.update(self._credentials(wanted, path, said))
        return found

    @staticmethod
    def _said(role):
        return f"{role['type'].replace('_', ' ')} role {role['name']}".replace("transit key role", "transit key")

    @staticmethod
    def _check_fixed(wanted, there, said):
        if wanted["type"] != "transit_key":
            return
        for name in objects.KEY_FIXED:
            # What a key does not show is only known to whoever made it.
            if there.get(name) is not None and wanted["options"].get(name) not in (None, there[name]):
                raise core.SpecError(
                    f"{said}: {name} is {there[name]!r} and cannot become {wanted['options'][name]!r}; "
                    "make a key of another name"
                )
            there.update({name: wanted["options"][name]} if name in wanted["options"] else {})

    def _credentials(self, wanted, path, said):
        found = {}
        if wanted.get("role_id") is not None:
            found["role_id"] = (self.bao.data(f"{path}/role-id", said) or {}).get("role_id")
        if wanted.get("secret_ids") is None:
            return found
        known = {}
        for secret_id in wanted["secret_ids"]:
            answer = self.bao.call("POST", f"{path}/secret-id/lookup", said, {"secret_id": secret_id})
            if answer:
                known[secret_id] = answer["data"]["secret_id_accessor"]
        found["secret_ids"] = list(known)
        if wanted.get("exclusive"):
            found["exclusive"] = not self._others(path, said, known.values())
        return found

    def _others(self, path, said, accessors):
        listed = self.bao.call("LIST", f"{path}/secret-id", said)
        return [accessor for accessor in (listed["data"]["keys"] if listed else []) if accessor not in accessors]

    def apply(self, operation):
        after = operation.after or operation.before
        path, said = objects.role_path(after), self._said(after)
        if operation.action == "delete":
            if after["type"] == "transit_key":
                self.bao.call("POST", f"{path}/config", said, {"deletion_allowed": True}, absent=())
            self.bao.call("DELETE", path, said)
            return
        if operation.action == "create":
            self._create(after, path, said)
        elif "options" in operation.changes:
            self._update(operation, path, said)
        if "role_id" in operation.changes and operation.action == "update":
            self.bao.call("POST", f"{path}/role-id", said, {"role_id": after["role_id"]}, absent=())
        if "secret_ids" in operation.changes:
            there = (operation.before or {}).get("secret_ids") or []
            for secret_id in after["secret_ids"]:
                if secret_id not in there:
                    self.bao.call("POST", f"{path}/custom-secret-id", said, {"secret_id": secret_id}, absent=())
        if operation.action == "update" and "exclusive" in operation.changes:
            known = [
                self.bao.call("POST", f"{path}/secret-id/lookup", said, {"secret_id": secret_id})
                for secret_id in after["secret_ids"]
            ]
            kept = [answer["data"]["secret_id_accessor"] for answer in known if answer]
            for accessor in self._others(path, said, kept):
                body = {"secret_id_accessor": accessor}
                self.bao.call("POST", f"{path}/secret-id-accessor/destroy", said, body)

    def _create(self, after, path, said):
        options = dict(after.get("options") or {})
        later = {}
        if after["type"] == "transit_key":
            later = {name: options.pop(name) for name in KEY_LATER if name in options}
        if after["type"] == "approle" and after.get("role_id"):
            options["role_id"] = after["role_id"]
        self.bao.call("POST", path, said, options, absent=())
        if later:
            self.bao.call("POST", f"{path}/config", said, later, absent=())

    def _update(self, operation, path, said):
        after, changed = operation.after["options"], operation.before.get("options") or {}
        if operation.after["type"] == "transit_key":
            body = {name: value for name, value in after.items() if changed.get(name) != value}
            self.bao.call("POST", f"{path}/config", said, body, absent=())
        elif operation.after["type"] == "pki":
            # A POST would set everything that is not said to its default.
            self.bao.call("PATCH", path, said, after, absent=())
        else:
            self.bao.call("POST", path, said, after, absent=())
