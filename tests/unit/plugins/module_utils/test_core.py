# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.core import (
    MASK,
    ApiError,
    Backend,
    Field,
    Operation,
    Spec,
    SpecError,
    diff,
    label,
    plan,
    retry,
    run,
)

SPEC = Spec(
    kind="pool",
    plural="pools",
    fields=(
        Field("name", required=True, identity=True),
        Field("size", type="int", required=True),
        Field("type", immutable=True),
        Field("tags", type="list", elements="str", normalize=sorted),
        Field("password", secret=True),
        Field("token", secret=True, write_only=True),
        Field("limits", type="dict", options=(Field("bytes", type="int"), Field("objects", type="int"))),
        Field("extra", type="dict"),
    ),
)


def objects(*items):
    return {item["name"]: item for item in items}


class Exit(Exception):
    def __init__(self, failed, result):
        super().__init__(result)
        self.failed, self.result = failed, result


class Module:
    def __init__(self, params, check_mode=False):
        self.params, self.check_mode = params, check_mode

    def exit_json(self, **result):
        raise Exit(False, result)

    def fail_json(self, **result):
        raise Exit(True, result)


class Memory(Backend):
    """A service in memory; refuses the object called 'bad'."""

    def __init__(self, *items, keeps=True):
        self.items, self.keeps, self.reads = objects(*items), keeps, 0

    def read(self, desired):
        self.reads += 1
        return dict(self.items)

    def apply(self, operation):
        if operation.key == "bad":
            raise ApiError("pool bad: refused")
        if not self.keeps:
            return
        if operation.action == "delete":
            del self.items[operation.key]
        else:
            self.items[operation.key] = operation.after

    def owned(self, obj):
        return "ours" in (obj.get("tags") or [])


def outcome(backend, pools, check_mode=False, **params):
    with pytest.raises(Exit) as info:
        run(Module({"pools": pools, **params}, check_mode), SPEC, backend)
    return info.value


def test_argument_spec_demands_fields_of_present_objects_only():
    pools = SPEC.argument_spec()["pools"]
    assert pools["options"]["name"] == {"type": "str", "required": True}
    assert "required" not in pools["options"]["size"]
    assert pools["required_if"] == [("state", "present", ["size"])]
    assert pools["options"]["password"]["no_log"] is True
    assert pools["options"]["state"]["choices"] == ["present", "absent"]
    fixed = Spec(kind="x", plural="xs", fields=SPEC.fields, removable=False).argument_spec()["xs"]
    assert fixed["options"]["size"]["required"] is True and "state" not in fixed["options"]


def test_create_update_delete_in_order():
    current = objects({"name": "b", "size": 1}, {"name": "c", "size": 1}, {"name": "d", "size": 1})
    desired = [
        {"name": "c", "state": "absent"},
        {"name": "a", "size": 2, "tags": None},
        {"name": "d", "state": "absent"},
        {"name": "b", "size": 3},
        {"name": "gone", "state": "absent"},
    ]
    found = plan(SPEC, desired, current)
    assert [(item.action, item.key) for item in found] == [
        ("create", "a"),
        ("update", "b"),
        ("delete", "d"),
        ("delete", "c"),
    ]
    assert found[0].after == {"name": "a", "size": 2}
    assert found[1].before == {"name": "b", "size": 1} and found[1].after == {"name": "b", "size": 3}
    assert found[1].changes == ("size",)


def test_unmanaged_and_write_only_fields_are_not_compared():
    current = objects({"name": "a", "size": 1, "tags": ["y", "x"], "limits": {"bytes": 1, "objects": 2}})
    same = {"name": "a", "size": 1, "type": None, "tags": ["x", "y"], "token": "t", "limits": {"objects": 2}}
    assert plan(SPEC, [same], current) == []


def test_nested_options_are_merged_and_free_dictionaries_replaced():
    current = objects({"name": "a", "limits": {"bytes": 1, "objects": 2}, "extra": {"x": 1, "y": 2}})
    (found,) = plan(SPEC, [{"name": "a", "limits": {"bytes": 5, "objects": None}, "extra": {"x": 1}}], current)
    assert found.changes == ("limits", "extra")
    assert found.after == {"name": "a", "limits": {"bytes": 5, "objects": 2}, "extra": {"x": 1}}


def test_a_field_missing_on_the_server_differs():
    (found,) = plan(SPEC, [{"name": "a", "limits": {"bytes": 5}, "tags": ["x"]}], objects({"name": "a"}))
    assert found.changes == ("tags", "limits")


def test_duplicates_and_immutable_fields_are_all_reported():
    current = objects({"name": "a", "type": "replicated"})
    desired = [{"name": "a", "type": "erasure"}, {"name": "b"}, {"name": "b"}]
    with pytest.raises(SpecError) as info:
        plan(SPEC, desired, current)
    text = str(info.value)
    assert "pool a: type is 'replicated' and cannot become 'erasure'" in text
    assert "pool b is listed twice in pools" in text
    (found,) = plan(SPEC, desired[:1], current, recreate=True)
    assert found.action == "recreate" and found.after["type"] == "erasure"


def test_purge_removes_only_what_is_ours():
    current = objects({"name": "a"}, {"name": "b", "tags": ["ours"]}, {"name": "c"})
    assert plan(SPEC, [{"name": "a"}], current, purge=True) == []
    found = plan(SPEC, [{"name": "a"}], current, purge=True, owned=Memory().owned)
    assert [(item.action, item.key) for item in found] == [("delete", "b")]


def test_identity_of_several_fields():
    fields = (Field("section", identity=True), Field("name", identity=True, normalize=str.lower))
    spec = Spec("option", "config", fields)
    assert spec.key({"section": "global", "name": "SIZE"}) == ("global", "size")
    assert label(("global", "size", "")) == "global/size"


def test_secrets_never_reach_the_diff():
    before = {"name": "a", "password": "old", "extra": {"key": "k"}}
    spec = Spec("pool", "pools", SPEC.fields, redact=lambda obj: {**obj, "extra": MASK})
    found = plan(spec, [{"name": "a", "password": "new", "token": "t"}], objects(before))
    text = str(diff(spec, found))
    assert "old" not in text and "new" not in text and "'t'" not in text and "'k'" not in text
    assert before["password"] == "old"
    fixed = Spec("user", "users", (Field("name", identity=True), Field("key", secret=True, immutable=True)))
    with pytest.raises(SpecError) as info:
        plan(fixed, [{"name": "a", "key": "s3cr3t"}], objects({"name": "a", "key": "hidden"}))
    assert "hidden" not in str(info.value) and "s3cr3t" not in str(info.value)


def test_run_twice_changes_once_and_check_mode_writes_nothing():
    backend = Memory({"name": "b", "size": 1})
    pools = [{"name": "a", "size": 1}, {"name": "b", "state": "absent"}]
    check = outcome(backend, pools, check_mode=True).result
    assert check["changed"] and list(backend.items) == ["b"]
    real = outcome(backend, pools).result
    assert real == check and list(backend.items) == ["a"]
    assert real["diff"] == {"before": {"b": {"name": "b", "size": 1}}, "after": {"a": {"name": "a", "size": 1}}}
    again = outcome(backend, pools).result
    assert not again["changed"] and again["diff"] == {"before": {}, "after": {}}


def test_failure_names_what_was_applied():
    ended = outcome(Memory(), [{"name": "a", "size": 1}, {"name": "bad"}, {"name": "c"}])
    assert ended.failed and ended.result["changed"] and ended.result["msg"] == "pool bad: refused"
    assert [item["key"] for item in ended.result["operations"]] == ["a"]
    assert [item["key"] for item in ended.result["not_applied"]] == ["bad", "c"]
    first = outcome(Memory(), [{"name": "bad"}])
    assert first.failed and not first.result["changed"]


class Parallel(Memory):
    """Applies what stands on one level of a path together; takes note of how many did so at a time."""

    parallel = 3

    def __init__(self, *items):
        super().__init__(*items)
        self.order, self.now, self.most, self.lock = [], 0, 0, threading.Lock()

    def batches(self, operations):
        levels = {}
        for operation in operations:
            levels.setdefault(operation.key.count("/"), []).append(operation)
        return [levels[level] for level in sorted(levels)]

    def apply(self, operation):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
            self.order.append(operation.key)
        if operation.key.endswith("bug"):
            raise KeyError("bug")
        if operation.key.endswith("bad"):
            raise ApiError(f"pool {operation.key}: refused")
        super().apply(operation)


def test_batches_wait_for_each_other_and_run_in_parallel():
    backend = Parallel()
    wanted = [{"name": name} for name in ("a/1", "a", "a/2", "a/3", "a/4", "b")]
    result = outcome(backend, wanted).result
    assert backend.most == 3 and set(backend.order[:2]) == {"a", "b"} and len(backend.items) == 6
    assert [item["key"] for item in result["operations"]] == [item["name"] for item in wanted], (
        "as planned, not as done"
    )


def test_failure_in_a_batch_stops_what_has_not_begun():
    backend = Parallel()
    names = ["a", "1/bad", "2/bad", *(f"{number}/x" for number in range(50)), "a/b/c"]
    ended = outcome(backend, [{"name": name} for name in names])
    said = ended.result["msg"]
    assert ended.failed and "pool 1/bad: refused" in said and "pool 2/bad: refused" in said
    done, left = ({item["key"] for item in ended.result[name]} for name in ("operations", "not_applied"))
    assert done == set(backend.items) and "a" in done and {"1/bad", "2/bad", "a/b/c"} <= left
    assert done | left == set(names) and not done & left and len(left) > 20
    with pytest.raises(KeyError):
        run(Module({"pools": [{"name": "x/bad"}, {"name": "y/bug"}]}), SPEC, Parallel())


def test_reread_catches_a_server_that_lies():
    backend = Memory(keeps=False)
    backend.reread = True
    ended = outcome(backend, [{"name": "a", "size": 1}])
    assert ended.failed and ended.result["msg"].startswith("pool a (name, size): the server accepted the change but")
    honest = Memory()
    honest.reread = True
    assert not outcome(honest, [{"name": "a", "size": 1}]).failed and honest.reads == 2


def test_finish_runs_after_the_writes_and_not_in_check_mode():
    backend = Memory()
    backend.finish = lambda operations: {"done": len(operations)}
    assert "done" not in outcome(backend, [{"name": "a"}], check_mode=True).result
    assert outcome(backend, [{"name": "a"}]).result["done"] == 1
    assert outcome(backend, [{"name": "a"}]).result["done"] == 0


def test_summary_has_no_values():
    assert Operation("update", ("a", "b"), {"x": 1}, {"x": 2}, ("x",)).summary() == {
        "action": "update",
        "key": "a/b",
        "changes": ["x"],
    }


def test_retry_only_what_is_retryable():
    calls, pauses = [], []

    def flaky():
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError("reset")
        return "ok"

    assert retry(flaky, lambda error: isinstance(error, ConnectionError), sleep=pauses.append) == "ok"
    assert len(pauses) == 2 and 0.5 <= pauses[0] <= 1 and 1 <= pauses[1] <= 2
    with pytest.raises(ValueError):
        retry(lambda: int("x"), lambda error: isinstance(error, ConnectionError), sleep=pauses.append)
    with pytest.raises(ConnectionError):
        calls.clear()
        retry(flaky, lambda error: True, tries=2, sleep=pauses.append)
    assert len(pauses) == 3
