# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps: what is to be done to the host, each with the state before and after, so that it can be done and undone."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.infn.datacloud.plugins.module_utils.controls import changes
from ansible_collections.infn.datacloud.plugins.module_utils.controls.reloads import RELOADS

# In this order they are done, in the opposite one they are undone. "touched" is a file that a reload rewrites.
ORDER = ("package", "touched", "folder", "file", "command", "attributes", "unit", "sysctl", "module", "mount")
# Files with password hashes: their text must never get into a record or a diff.
SECRET = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/security/opasswd")


@dataclass
class Step:
    """One target of one kind. before and after are what JSON can hold; None: it does not exist.

    names: the controls behind it. validate: a list of validators, reload: names of reloads (files only).
    """

    kind: str
    target: str
    before: object
    after: object
    names: list = field(default_factory=list)
    validate: list = field(default_factory=list)
    reload: list = field(default_factory=list)


def plan(host, claims):
    """The steps (in ORDER) that bring the host to what is claimed; nothing where it is so already.

    claims: [(id of the control, change)]. Several changes of one target become one step.
    Returns (steps, {id: words}), the second for what cannot be done.
    """
    files, others, steps, failed = {}, {}, [], {}
    for name, change in claims:
        if isinstance(change, changes.FILE_CHANGES):
            files.setdefault(change.path, []).append((name, change))
        else:
            _merge(host, others, name, change)
    for path, wanted in files.items():
        try:
            steps += _file(host, path, wanted)
        except ValueError as error:
            failed.update({name: str(error) for name, _change in wanted})
    steps += [*_folders(host, steps), *_touched(host, steps)]
    steps += [step for step in others.values() if step.before != step.after or step.kind == "command"]
    return sorted(steps, key=lambda step: ORDER.index(step.kind)), failed


def file_state(host, path):
    """What a file is, as a step keeps it."""
    found = host.stat(path)
    if found is None:
        return None
    return {"text": host.text(path), "mode": found.mode, "owner": found.owner, "group": found.group}


def unit_state(unit):
    """What a unit is, as a step keeps it; without enabled where systemctl could not set it.

    A unit that is not there is disabled: its file may come with the same run, and must not stay enabled without it.
    """
    masked = unit.load == "masked" or unit.enabled.startswith("masked")
    state = {"masked": masked, "active": unit.active in ("active", "activating", "reloading")}
    if unit.enabled in ("enabled", "disabled") or unit.load == "not-found":
        state["enabled"] = unit.enabled == "enabled"
    return state


def _file(host, path, wanted):
    """The step of one file: all edits of its text one after another."""
    if path in SECRET:
        raise ValueError(f"{path} holds secrets and is not edited as a text")
    unknown = sorted({name for _id, change in wanted for name in change.reload} - set(RELOADS))
    if unknown:
        raise ValueError(f"there is no reload {', '.join(unknown)}")
    before = file_state(host, path)
    if host.stat(path) and host.stat(path).kind != "file":
        raise ValueError(f"{path} is a {host.stat(path).kind}, not a file")
    after = dict(before) if before else {"text": None, "mode": 0o644, "owner": "root", "group": "root"}
    step = Step("file", path, before, after)
    for name, change in wanted:
        after["text"] = change.edit(after["text"])
        for what in ("mode", "owner", "group"):
            value = getattr(change, what, None)
            after[what] = after[what] if value is None else value
        step.names.append(name)
        if change.validate and change.validate not in step.validate:
            step.validate.append(change.validate)
        step.reload += [name for name in change.reload if name not in step.reload]
    if after["text"] is None:
        step.after = None
    return [step] if step.before != step.after else []


def _folders(host, steps):
    """Steps that make the folders which the new files need."""
    folders = {}
    for step in steps:
        folder = step.target.rpartition("/")[0]
        while step.after is not None and folder and host.stat(folder) is None:
            folders.setdefault(folder, Step("folder", folder, None, {"mode": 0o755})).names += step.names
            folder = folder.rpartition("/")[0]
    return [folders[folder] for folder in sorted(folders)]


def _touched(host, steps):
    """Steps that remember the files which the reloads of these steps rewrite."""
    paths = {path for step in steps for name in step.reload for path in RELOADS[name].touches}
    names = sorted({name for path in paths for name in host.glob(path)})
    return [Step("touched", path, file_state(host, path), None) for path in names if path not in SECRET]


def _merge(host, steps, name, change):
    """Add a change to the step of its target."""
    kind, target, before, after = _states(host, change)
    if kind is None:
        return
    step = steps.setdefault((kind, target), Step(kind, target, before, before))
    if isinstance(after, dict):
        merged = {**(step.after or {}), **after}
        if kind == "attributes" and change.mode is not None and change.at_most:
            merged["mode"] = step.after["mode"] & change.mode
        after = merged
    elif kind == "mount":
        before = sorted({*step.before, *before})
        step.before, after = before, sorted({*step.after, *after} - set(before))
    step.after = after
    if name not in step.names:
        step.names.append(name)


def _states(host, change):
    """(kind, target, state before, state after) of a change; kind None where there is nothing to change."""
    if isinstance(change, changes.Package):
        return "package", change.name, change.name in host.packages(), change.present
    if isinstance(change, changes.Attributes):
        return _attributes(host, change)
    if isinstance(change, changes.Unit):
        before = unit_state(host.unit(change.name))
        wanted = {"enabled": change.enabled, "active": change.active, "masked": change.masked}
        wanted = {what: value for what, value in wanted.items() if value is not None}
        # What cannot be disabled (static, or not there) is not enabled.
        if wanted.get("enabled") is False and "enabled" not in before:
            del wanted["enabled"]
        return "unit", change.name, before, wanted
    if isinstance(change, changes.SysctlLive):
        before = host.sysctl(change.key)
        return ("sysctl", change.key, before, change.value) if before is not None else (None, "", None, None)
    if isinstance(change, changes.ModuleUnloaded):
        return "module", change.name, change.name in host.modules(), False
    if isinstance(change, changes.Remount):
        return _mount(host, change)
    # A command is done when its control is different: it has no state of its own.
    return "command", " ".join(change.argv), list(change.undo), list(change.argv)


def _attributes(host, change):
    found = host.stat(change.path)
    if found is None:
        return None, "", None, None
    before = {"mode": found.mode, "owner": found.owner, "group": found.group}
    wanted = {"mode": change.mode, "owner": change.owner, "group": change.group}
    return "attributes", change.path, before, {what: value for what, value in wanted.items() if value is not None}


def _mount(host, change):
    """Options as lists; before: the opposites of those that are missing, which is what takes them back."""
    mount = host.mounts().get(change.path)
    if mount is None:
        return ("mount", change.path, [], ["mount"]) if change.new else (None, "", None, None)
    missing = [option for option in change.options if option not in mount.options]
    return "mount", change.path, sorted(changes.opposite(option) for option in missing), sorted(missing)
