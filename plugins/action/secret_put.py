# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: put secrets into the federation's store, or take them out."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader

from ansible_collections.infn.datacloud.plugins.module_utils.core import MASK
from ansible_collections.infn.datacloud.plugins.plugin_utils import secret_store

ARGUMENTS = {
    "secrets": {"type": "dict", "no_log": True},
    "names": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "replace": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Runs on the control node, where the store is; no connection to the host is made."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict | None = None) -> dict:
        """Return which names were (or, in check mode, would be) written or removed; never a value."""
        super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            ARGUMENTS,
            required_if=[("state", "present", ["secrets"]), ("state", "absent", ["names"])],
        )[1]
        # The lookup's own options say where the store is, so that both always mean the same one.
        lookup = lookup_loader.get("infn.datacloud.secret", loader=self._loader, templar=self._templar)
        lookup.set_options(var_options=task_vars)
        store = lookup.store(task_vars)
        if arguments["state"] == "absent":
            return self._remove(store, arguments["names"])
        return self._put(store, arguments["secrets"], arguments["replace"])

    def _put(self, store: secret_store.SecretStore, secrets: dict, replace: bool) -> dict:
        wanted = {secret_store.check_name(name): secret_store.given(value, name) for name, value in secrets.items()}
        found = {name: store.get(name) for name in wanted}
        different = [name for name, record in found.items() if record and not secret_store.same(record, wanted[name])]
        if different and not replace:
            raise _kept(different)
        new = [name for name, record in found.items() if not record]
        if not self._task.check_mode:
            for name in new:
                # Another process may have put one meanwhile.
                if not secret_store.same(store.get_or_create(name, lambda name=name: wanted[name]), wanted[name]):
                    raise _kept([name])
            for name in different:
                store.put(name, wanted[name])
        return _result(written=sorted([*new, *different]), before=different, after=[*new, *different])

    def _remove(self, store: secret_store.SecretStore, names: list[str]) -> dict:
        there = sorted({name for name in names if store.get(secret_store.check_name(name))})
        if not self._task.check_mode:
            for name in there:
                store.remove(name)
        return _result(removed=there, before=there, after=[])


def _kept(names: list[str]) -> secret_store.SecretError:
    return secret_store.SecretError(
        f"{', '.join(sorted(names))}: the store already holds another value; nothing was put over it, set replace to "
        "put the new one there"
    )


def _result(*, written: list[str] = (), removed: list[str] = (), before: list[str], after: list[str]) -> dict:
    return {
        "changed": bool(written or removed),
        "written": list(written),
        "removed": list(removed),
        "diff": {"before": dict.fromkeys(sorted(before), MASK), "after": dict.fromkeys(sorted(after), MASK)},
    }
