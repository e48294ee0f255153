# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, plan, apply: the one flow of every object module.

A kind of object is declared once as a Spec. `plan` compares what is wanted with what is there and
returns the operations that lead from one to the other; `run` stops after it in check mode, so that
check mode, diff and the real run are the same computation.
"""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


class ApiError(Exception):
    """A request failed: one sentence with the object, the request, the server's answer and what to try."""


class SpecError(Exception):
    """The wanted objects contradict themselves or what exists; nothing has been written."""


@dataclass(frozen=True)
class Field:
    """One field of an object; the first block of attributes is Ansible's own argument vocabulary."""

    name: str
    type: str = "str"
    required: bool = False
    default: object = None
    choices: tuple | None = None
    elements: str | None = None
    options: tuple = ()  # tuple[Field] of a dict, or of the dicts of a list
    identity: bool = False
    immutable: bool = False
    secret: bool | None = None  # False states that a name like "key" holds nothing secret
    write_only: bool = False  # the server never gives it back: sent, not compared
    normalize: object = None  # callable(value) -> value, applied to both sides before they are compared

    def argument(self, removable):
        """Ansible's argument specification of the field (dict)."""
        argument = {"type": self.type}
        # What only a present object needs is demanded by required_if (see Spec.argument_spec).
        if self.required and (self.identity or not removable):
            argument["required"] = True
        if self.default is not None:
            argument["default"] = self.default
        if self.choices:
            argument["choices"] = list(self.choices)
        if self.elements:
            argument["elements"] = self.elements
        if self.options:
            argument["options"] = {option.name: option.argument(removable=False) for option in self.options}
        if self.secret is not None:
            argument["no_log"] = self.secret
        return argument


@dataclass(frozen=True)
class Spec:
    """A kind of object: its word in messages, the option that lists its objects, its fields."""

    kind: str
    plural: str
    fields: tuple
    removable: bool = True
    redact: object = None  # callable(object) -> object: hides what no Field can mark (free-form dictionaries)

    def argument_spec(self):
        """The list option with everything below it (dict for AnsibleModule)."""
        options = {item.name: item.argument(self.removable) for item in self.fields}
        argument = {"type": "list", "elements": "dict", "required": True, "options": options}
        if self.removable:
            options["state"] = {"type": "str", "choices": ["present", "absent"], "default": "present"}
            needed = [item.name for item in self.fields if item.required and not item.identity]
            if needed:
                argument["required_if"] = [("state", "present", needed)]
        return {self.plural: argument}

    def key(self, obj):
        """The object's identity: a value, or a tuple where several fields make it."""
        values = tuple(_normal(item, obj.get(item.name)) for item in self.fields if item.identity)
        return values[0] if len(values) == 1 else values

    def masked(self, obj):
        """A copy of the object fit for logs: secret fields replaced by MASK."""
        shown = _masked(self.fields, obj)
        return self.redact(shown) if self.redact else shown


@dataclass(frozen=True)
class Operation:
    """One write: create, update, recreate or delete of the object with this key."""

    action: str
    key: object
    before: dict | None = None
    after: dict | None = None
    changes: tuple = field(default=())  # names of the fields that differ

    def summary(self):
        """What the module returns about the operation (dict without values)."""
        return {"action": self.action, "key": label(self.key), "changes": list(self.changes)}


class Backend:
    """What a module gives to `run`; read and apply are its own, the rest has sensible defaults."""

    reread = False  # True: read again after writing and fail if the server did not keep what it accepted
    parallel = 1  # how many operations of one batch are applied at a time

    def prepare(self, desired):
        """The wanted objects as they will be compared, where that takes the server's help."""
        return desired

    def read(self, desired):
        """The current objects, {key: object}; in as few requests as the API allows."""
        raise NotImplementedError

    def apply(self, operation):
        """Carry out one operation or raise ApiError; of several threads at a time where parallel is more than 1."""
        raise NotImplementedError

    def batches(self, operations):
        """The operations as lists: within one they do not depend on each other, and each waits for the one before."""
        return [[operation] for operation in operations]

    def owned(self, obj):
        """Whether purge may remove the object: true only if it carries our mark."""
        return False

    def finish(self, operations):
        """After the writes (also after none, never in check mode); returns a dict added to the result or None."""


def label(key):
    """A key as people read it: 'name' or 'section/name'."""
    return "/".join(str(part) for part in key if part not in (None, "")) if isinstance(key, tuple) else str(key)


def plan(spec, desired, current, *, purge=False, owned=None, recreate=False):
    """The operations that turn current ({key: object}) into desired (list of objects).

    Pure. A field left None is not managed. Creations and updates come in the order given, removals
    last and in reverse, so that what is listed after the thing it depends on goes before it.
    Raises SpecError with every contradiction found.
    """
    writes, removals, errors, seen = [], [], [], set()
    for wanted in desired:
        key = spec.key(wanted)
        if key in seen:
            errors.append(f"{spec.kind} {label(key)} is listed twice in {spec.plural}; keep one of the two")
            continue
        seen.add(key)
        there = current.get(key)
        if wanted.get("state") == "absent":
            if there is not None:
                removals.append(Operation("delete", key, before=there))
            continue
        after = _managed(spec.fields, wanted)
        if there is None:
            writes.append(Operation("create", key, after=after, changes=tuple(after)))
            continue
        changed = [item for item in spec.fields if _differs(item, after.get(item.name), there.get(item.name))]
        if not changed:
            continue
        fixed = [item.name for item in changed if item.immutable]
        names = tuple(item.name for item in changed)
        if fixed and not recreate:
            errors.extend(_immutable_error(spec, key, name, there, after) for name in fixed)
        else:
            action = "recreate" if fixed else "update"
            merged = _merged(spec.fields, there, after)
            writes.append(Operation(action, key, before=there, after=merged, changes=names))
    if errors:
        raise SpecError("; ".join(errors))
    if purge and owned:
        removals.extend(
            Operation("delete", key, before=there) for key, there in current.items() if key not in seen and owned(there)
        )
    return writes + removals[::-1]


def run(module, spec, backend, desired=None):
    """Read, plan and, unless in check mode, apply; ends the module.

    module: AnsibleModule, whose optional parameters `purge` and `recreate` are honoured.
    """
    applied, operations = [], []
    try:
        wanted = backend.prepare(module.params[spec.plural] if desired is None else desired)
        options = {
            "purge": bool(module.params.get("purge")),
            "recreate": bool(module.params.get("recreate")),
            "owned": backend.owned,
        }
        operations = plan(spec, wanted, backend.read(wanted), **options)
        extra = {}
        if not module.check_mode:
            _apply(backend, operations, applied)
            if operations and backend.reread:
                _check_kept(spec, plan(spec, wanted, backend.read(wanted), **options))
            extra = backend.finish(operations) or {}
    except (ApiError, SpecError) as error:
        done = {id(operation) for operation in applied}
        module.fail_json(
            msg=str(error),
            changed=bool(applied),
            operations=[operation.summary() for operation in applied],
            not_applied=[operation.summary() for operation in operations if id(operation) not in done],
        )
    result = {
        "changed": bool(operations),
        "operations": [operation.summary() for operation in operations],
        "diff": diff(spec, operations),
    }
    result.update(extra)
    module.exit_json(**result)


def diff(spec, operations):
    """{before, after}: the changed objects by key, secrets masked."""
    return {
        "before": {label(item.key): spec.masked(item.before) for item in operations if item.before is not None},
        "after": {label(item.key): spec.masked(item.after) for item in operations if item.after is not None},
    }


def retry(call, retryable, tries=5, delay=1.0, longest=30.0, sleep=time.sleep):
    """The result of call(), tried again while retryable(exception) is true.

    For 429, 5xx and connection errors only. The pause doubles from delay to longest (seconds) and is
    drawn at random from its upper half, so that many hosts do not come back at the same instant.
    """
    for attempt in range(tries - 1):
        try:
            return call()
        except Exception as error:
            if not retryable(error):
                raise
        pause = min(longest, delay * 2**attempt)
        sleep(random.uniform(pause / 2, pause))  # noqa: S311  (no secret depends on it)
    return call()


def _apply(backend, operations, applied):
    """Carry out the operations batch by batch, and add each to applied once it is done.

    After a failure nothing else is begun, but what was under way is waited for; the ApiError holds all failures.
    """
    if backend.parallel < 2:  # not in another thread: not every client library may be used from one
        for operation in (operation for batch in backend.batches(operations) for operation in batch):
            backend.apply(operation)
            applied.append(operation)
        return
    with ThreadPoolExecutor(backend.parallel) as pool:
        for batch in backend.batches(operations):
            running = {pool.submit(backend.apply, operation): operation for operation in batch}
            failures = []
            for future in as_completed(running):
                if future.cancelled():
                    continue
                failure = future.exception()
                if failure is None:
                    applied.append(running[future])
                    continue
                failures.append(failure)
                for waiting in running:
                    waiting.cancel()
            _raise(failures)


def _raise(failures):
    """Raise what went wrong, if anything: one ApiError for all; anything else is a mistake of ours, so the first."""
    for failure in failures:
        if len(failures) == 1 or not isinstance(failure, ApiError):
            raise failure
    if failures:
        raise ApiError("; ".join(str(failure) for failure in failures))


def _check_kept(spec, left):
    """Fail where a second reading still differs from what was asked and accepted."""
    if left:
        names = ", ".join(f"{label(item.key)} ({', '.join(item.changes) or item.action})" for item in left)
        raise ApiError(
            f"{spec.kind} {names}: the server accepted the change but does not show it; "
            "run again, and look into the server's log if it stays so"
        )


def _immutable_error(spec, key, name, there, after):
    item = next(candidate for candidate in spec.fields if candidate.name == name)
    old, new = (MASK, MASK) if item.secret else (there.get(name), after.get(name))
    return (
        f"{spec.kind} {label(key)}: {name} is {old!r} and cannot become {new!r} on an existing {spec.kind}; "
        f"keep {old!r}, or remove and create the {spec.kind} anew (its data is lost)"
    )


def _normal(item, value):
    return item.normalize(value) if item.normalize and value is not None else value


def _managed(fields, obj):
    """The fields the user gave, at every level that is declared."""
    given = {}
    for item in fields:
        value = obj.get(item.name)
        if value is None:
            continue
        if item.options and isinstance(value, dict):
            value = _managed(item.options, value)
        elif item.options and isinstance(value, list):
            value = [_managed(item.options, entry) for entry in value]
        given[item.name] = value
    return given


def _differs(item, wanted, there):
    if wanted is None or item.write_only:
        return False
    if item.options and isinstance(wanted, dict):
        there = there or {}
        return any(_differs(option, wanted.get(option.name), there.get(option.name)) for option in item.options)
    return _normal(item, wanted) != _normal(item, there)


def _merged(fields, there, given):
    """The object as it will be: what is there, with what was given laid over it."""
    result = dict(there)
    for item in fields:
        if item.name not in given:
            continue
        value, old = given[item.name], there.get(item.name)
        nested = item.options and isinstance(value, dict) and isinstance(old, dict)
        result[item.name] = _merged(item.options, old, value) if nested else value
    return result


def _masked(fields, obj):
    by_name = {item.name: item for item in fields}
    shown = {}
    for name, value in obj.items():
        item = by_name.get(name)
        if item is None or value is None:
            shown[name] = value
        elif item.secret:
            shown[name] = MASK
        elif item.options and isinstance(value, dict):
            shown[name] = _masked(item.options, value)
        elif item.options and isinstance(value, list):
            shown[name] = [_masked(item.options, entry) for entry in value]
        else:
            shown[name] = value
    return shown
