# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: carry all secrets from one store to the other."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader

from ansible_collections.infn.datacloud.plugins.module_utils.core import MASK
from ansible_collections.infn.datacloud.plugins.plugin_utils.secret_store import (
    Record,
    SecretError,
    SecretStore,
    check_name,
    same,
    stays_embedded,
)

ARGUMENTS = {
    "to": {"type": "str", "choices": ["openbao", "embedded"], "required": True},
    "replace": {"type": "bool", "default": False},
    "remove_source": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Runs on the control node; no connection to the host is made."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict | None = None) -> dict:
        """Return which names were (or, in check mode, would be) copied and removed; never a value."""
        super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(ARGUMENTS)[1]
        lookup = lookup_loader.get("infn.datacloud.secret", loader=self._loader, templar=self._templar)
        lookup.set_options(var_options=task_vars)
        source, target = lookup.embedded_store(task_vars), lookup.openbao_store()
        if arguments["to"] == "embedded":
            source, target = target, source

        records = _everything(source)
        there = {name: target.get(name) for name in records}
        different = [name for name, record in there.items() if record and not same(record, records[name])]
        if different and not arguments["replace"]:
            raise SecretError(
                f"{', '.join(different)}: both stores hold a secret of this name, and they differ; nothing was copied, "
                "set replace to put the source's over the other store's"
            )
        missing = [name for name, record in there.items() if not record]
        if not self._task.check_mode:
            _copy(records, target, missing, different)
            if arguments["remove_source"]:
                _remove(source, records)
        removed = list(records) if arguments["remove_source"] else []
        return {
            "changed": bool(missing or different or removed),
            "copied": sorted([*missing, *different]),
            "kept": [name for name in records if name not in missing and name not in different],
            "removed": removed,
            "diff": _diff(arguments["to"], missing, different, removed),
        }


def _everything(source: SecretStore) -> dict[str, Record]:
    """The records of a store by name, sorted, without those that stay where they are."""
    found = {check_name(name): source.get(name) for name in source.names() if not stays_embedded(name)}
    # OpenBao still lists a name whose last version was deleted.
    return {name: record for name, record in found.items() if record is not None}


def _copy(records: dict[str, Record], target: SecretStore, missing: list[str], different: list[str]) -> None:
    """Write what is missing and what is different, and read everything back."""
    for name in missing:
        target.get_or_create(name, lambda name=name: records[name])
    for name in different:
        target.put(name, records[name])
    for name in records:
        found = target.get(name)
        if found is None or not same(found, records[name]):
            raise SecretError(
                f"secret '{name}' reads differently after it was copied, so somebody else writes there too; nothing "
                "was removed, run again once they are done"
            )


def _remove(source: SecretStore, records: dict[str, Record]) -> None:
    """Remove from the source what was copied, as it was copied."""
    changed = [name for name, record in records.items() if source.get(name) != record]
    if changed:
        raise SecretError(
            f"{', '.join(changed)}: changed in the source while it was copied; nothing was removed, run again"
        )
    for name in records:
        source.remove(name)


def _diff(to: str, missing: list[str], different: list[str], removed: list[str]) -> dict:
    """What changes in both stores: names, with every value masked."""
    source = "embedded" if to == "openbao" else "openbao"
    return {
        "before": {to: dict.fromkeys(sorted(different), MASK), source: dict.fromkeys(removed, MASK)},
        "after": {to: dict.fromkeys(sorted([*missing, *different]), MASK), source: {}},
    }
