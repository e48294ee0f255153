# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do and undo steps. Every function takes the steps of one kind and returns {target: words of what failed}."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import tempfile
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import NOT_INSTALLED, sysctl_path
from ansible_collections.infn.datacloud.plugins.module_utils.controls.packages import set_packages, take_back_packages
from ansible_collections.infn.datacloud.plugins.module_utils.controls.reloads import RELOADS, reload
from ansible_collections.infn.datacloud.plugins.module_utils.controls.steps import ORDER, unit_state

COMMAND, UNIT = ORDER.index("command"), ORDER.index("unit")
OTHERS = tuple(name for name in RELOADS if name != "systemd")


def do(host, steps):
    """Bring the targets to the state after; returns {(kind, target): words}.

    systemd reads its files before a command or a unit needs them; the other reloads run when attributes are done too.
    """
    failed = {}
    for part, reloads in ((ORDER[:COMMAND], ("systemd",)), (ORDER[COMMAND:UNIT], OTHERS), (ORDER[UNIT:], ())):
        failed.update(_each(host, steps, part, "after"))
        done = [step for step in steps if ("file", step.target) not in failed]
        failed.update(_reloaded(host, done, reloads))
    return failed


def undo(host, steps):
    """Bring the targets back to the state before, in the opposite order; what reloads rewrote comes after them."""
    order = tuple(reversed(ORDER))
    touched = order.index("touched")
    failed = _each(host, steps, order[:touched], "before")
    failed.update(_reloaded(host, steps, RELOADS))
    return {**failed, **_each(host, steps, order[touched:], "before")}


def _reloaded(host, steps, names):
    """Run what these steps want of these reloads; {("file", target): words} of the files whose reload failed."""
    failed = reload(host, {name for step in steps for name in step.reload if name in names})
    return {("file", step.target): failed[name] for step in steps for name in step.reload if name in failed}


def invalid(host, step, check=False):
    """What a validator says against the new text of a file; "" where all accept it.

    check: a validator may still have to be installed by the run that this one predicts.
    """
    if step.after is None:
        return ""
    for validator in step.validate:
        if callable(validator):
            words = validator(host, step.target, step.after["text"])
        else:
            words = _validated(host, validator, step)
        if words is None and not check:
            words = f"what checks the new {step.target} is not installed"
        if words:
            return words
    return ""


def _each(host, steps, order, side):
    failed = {}
    for kind in order:
        wanted = {step.target: getattr(step, side) for step in steps if step.kind == kind}
        if wanted and not (kind == "touched" and side == "after"):
            setter = take_back_packages if kind == "package" and side == "before" else SETTERS[kind]
            failed.update({(kind, target): words for target, words in setter(host, wanted).items()})
    return failed


def _validated(host, argv, step):
    """Run a validator on a file with the new text that only root can read; None where it is not installed."""
    with tempfile.TemporaryDirectory(prefix="datacloud-") as folder:
        path = Path(folder, Path(step.target).name)
        # Path.write_text knows no newline before Python 3.10, and EL9 has 3.9.
        with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(step.after["text"])
        path.chmod(step.after["mode"])
        outcome = host.run(tuple(word.replace("%s", str(path)) for word in argv))
    if outcome.code == NOT_INSTALLED:
        return None
    return f"{argv[0]} refuses the new {step.target}: {outcome.words}" if outcome.code else ""


def _one_by_one(setter):
    """A setter of many targets from one of a single target that raises or returns words."""

    def many(host, wanted):
        failed = {}
        for target, state in wanted.items():
            try:
                words = setter(host, target, state)
            except (OSError, LookupError) as error:
                words = str(error)
            if words:
                failed[target] = f"{target}: {words}"
        return failed

    return many


def _set_file(host, path, state):
    """Replace a file in one go, so that nobody ever reads half of it."""
    real = host.real(path)
    if state is None:
        real.unlink(missing_ok=True)
        return
    handle, name = tempfile.mkstemp(prefix=".datacloud-", dir=real.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(state["text"])
            file.flush()
            os.fchown(file.fileno(), _uid(state["owner"]), _gid(state["group"]))
            os.fchmod(file.fileno(), state["mode"])
            os.fsync(file.fileno())
        _copy_label(real, name)
        Path(name).replace(real)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _set_folders(host, wanted):
    """Make folders, the upper ones first; or remove them, the lower ones first, if nothing else is in them."""
    paths = sorted(wanted, reverse=None in wanted.values())
    return _one_by_one(_set_folder)(host, {path: wanted[path] for path in paths})


def _set_folder(host, path, state):
    folder = host.real(path)
    if state:
        folder.mkdir(exist_ok=True)
        folder.chmod(state["mode"])
    elif folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _copy_label(real, name):
    """A replaced file keeps its SELinux label; a new one has that of its folder, as if it had been made in place."""
    if Path("/sys/fs/selinux/enforce").exists():
        source = real if real.exists() else real.parent
        os.setxattr(name, "security.selinux", os.getxattr(source, "security.selinux"))


def _set_attributes(host, path, state):
    """Set owner and mode of the path itself: a link that somebody put there in the meantime is not followed."""
    handle = os.open(host.real(path), os.O_PATH | os.O_NOFOLLOW)
    try:
        if stat.S_ISLNK(os.fstat(handle).st_mode):
            return "it has become a link"
        os.chown(f"/proc/self/fd/{handle}", _uid(state["owner"]), _gid(state["group"]))
        # After the owner: chown takes set-user-id bits away.
        Path(f"/proc/self/fd/{handle}").chmod(state["mode"])
    finally:
        os.close(handle)
    return ""


def _set_sysctl(host, key, value):
    host.real(sysctl_path(key)).write_text(value, encoding="ascii")


def _set_module(host, name, loaded):
    outcome = host.run(("modprobe", "--", name) if loaded else ("modprobe", "--remove", "--", name))
    return outcome.words if outcome.code else ""


def _set_mount(host, path, options):
    """Options as steps.py has them: none are those of a mount that was not there, "mount" makes one."""
    if not options:
        argv = ("umount", path)
    elif options == ["mount"]:
        argv = ("mount", path)
    else:
        argv = ("mount", "--options", f"remount,{','.join(options)}", path)
    outcome = host.run(argv)
    return outcome.words if outcome.code else ""


def _run_command(host, _target, argv):
    if not argv:
        return ""
    outcome = host.run(tuple(argv))
    return outcome.words if outcome.code else ""


def _set_units(host, wanted):
    """As few calls of systemctl as there are verbs."""
    verbs = (
        ("unmask", "masked", False), ("stop", "active", False), ("disable", "enabled", False),
        ("mask", "masked", True), ("enable", "enabled", True), ("start", "active", True),
    )  # fmt: skip
    host.expect_units(wanted)
    failed = {}
    for verb, what, value in verbs:
        names = [
            name
            for name, state in wanted.items()
            if state.get(what) is value and unit_state(host.unit(name)).get(what) is not value
        ]
        for name, words in _systemctl(host, verb, names).items():
            failed.setdefault(name, words)
    return failed


def _systemctl(host, verb, names):
    """One call for all; where it fails, one for each, to know which."""
    if not names:
        return {}
    outcome = host.run(("systemctl", verb, "--", *names))
    if outcome.code == 0:
        return {}
    if len(names) == 1:
        return {names[0]: f"systemctl {verb} {names[0]}: {outcome.words}"}
    failed = {}
    for name in names:
        failed.update(_systemctl(host, verb, [name]))
    return failed


def _uid(name):
    return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid


def _gid(name):
    return int(name) if name.isdigit() else grp.getgrnam(name).gr_gid


def _set_sysctls(host, wanted):
    """Switching IPv4 forwarding makes the kernel set accept_redirects anew (ip-sysctl): they keep what they were."""
    forwarding = {key: value for key, value in wanted.items() if key.endswith(("forwarding", "ip_forward"))}
    paths = host.glob("/proc/sys/net/ipv4/conf/*/accept_redirects") if forwarding else ()
    kept = [(host.real(path), host.real(path).read_text(encoding="ascii")) for path in paths]
    failed = _one_by_one(_set_sysctl)(host, forwarding)
    for path, text in kept:
        path.write_text(text, encoding="ascii")
    others = {key: value for key, value in wanted.items() if key not in forwarding}
    return {**failed, **_one_by_one(_set_sysctl)(host, others)}


SETTERS = {
    "package": set_packages,
    "touched": _one_by_one(_set_file),
    "folder": _set_folders,
    "file": _one_by_one(_set_file),
    "command": _one_by_one(_run_command),
    "attributes": _one_by_one(_set_attributes),
    "unit": _set_units,
    "sysctl": _set_sysctls,
    "module": _one_by_one(_set_module),
    "mount": _one_by_one(_set_mount),
}
