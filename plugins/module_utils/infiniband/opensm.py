# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""opensm on this host: its file of partitions, its log, and what the fabric makes of them."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError, Backend, SpecError, label
from ansible_collections.infn.datacloud.plugins.module_utils.infiniband import partitions

# What opensm writes when it drops the file (osm_prtn_config.c and osm_prtn.c of opensm 3.3).
REFUSALS = ("PARSE ERROR", "Partition configuration in error")
PROC = Path("/proc")


def processes():
    """The process ids of opensm (list of int)."""
    found = []
    for path in PROC.glob("[0-9]*/comm"):
        try:
            if path.read_text(encoding="utf-8").strip() == "opensm":
                found.append(int(path.parent.name))
        except OSError:
            continue  # It has ended meanwhile.
    return sorted(found)


def reload():
    """Make opensm read its files again and sweep the fabric."""
    for pid in processes():
        os.kill(pid, signal.SIGHUP)


class Log:
    """What opensm writes into its logs from now on."""

    def __init__(self, paths):
        """paths: files (list of str), shell patterns included."""
        self.paths = paths
        self.seen = {path: path.stat().st_size for path in self.files()}

    def files(self):
        """The logs that are there (list of Path)."""
        return [path for pattern in self.paths for path in sorted(Path(pattern).parent.glob(Path(pattern).name))]

    def refusals(self):
        """The new lines that say that the partitions were dropped (list of str)."""
        lines = []
        for path in self.files():
            with path.open("rb") as handle:
                old = self.seen.get(path, 0)
                # It was rotated meanwhile if it is shorter.
                handle.seek(old if old <= path.stat().st_size else 0)
                lines += handle.read().decode(errors="replace").splitlines()
        return [line.strip() for line in lines if any(word in line for word in REFUSALS)]


class Partitions(Backend):
    """Partitions in opensm's file, and in the fabric where this host's opensm is its master."""

    reread = True

    def __init__(self, module, tools, sleep=time.sleep, clock=time.monotonic):
        """module: AnsibleModule; tools: Tools."""
        self.module, self.tools, self.sleep, self.clock = module, tools, sleep, clock
        self.path = Path(module.params["path"])
        self.in_file, self.old_text = self._read_file()
        self.unknown, self.planned, self.applied, self.absent, self.checked = [], None, False, [], 0

    def prepare(self, desired):
        """The wanted partitions with the ports of hosts that are given by name. Raises SpecError."""
        prepared, errors, self.unknown = partitions.wanted(desired, self.in_file)
        if errors:
            raise SpecError("; ".join(errors))
        for name in self.unknown:
            self.module.warn(f"no port of {name} is known, so it is in no partition until its GUID is")
        return prepared

    def read(self, desired):
        """The partitions that are in effect; those of the file where this host has no say in the fabric."""
        ports, manager = self._fabric()
        if manager is None or self.old_text is None:
            return self.in_file
        return partitions.in_effect(self.in_file, ports, manager, self.tools.partition_keys(ports))

    def owned(self, obj):
        """The file belongs to the module."""
        return True

    def batches(self, operations):
        """All operations together make the new file."""
        gone = {label(operation.key) for operation in operations if operation.action == "delete"}
        changed = {label(operation.key): operation.after for operation in operations if operation.action != "delete"}
        kept = {name: changed.pop(name, item) for name, item in self.in_file.items() if name not in gone}
        self.planned = [*kept.values(), *changed.values()]
        return [[operation] for operation in operations]

    def apply(self, operation):
        """Write the file and have opensm use it, with the first operation for all of them."""
        if self.applied:
            return
        self.applied = True
        text = partitions.render(self.planned)
        try:
            understood = partitions.parse(text)
        except partitions.NotUnderstood as error:
            raise ApiError(f"{self.path} would not be understood: {error}; nothing was written") from None
        log = Log(self.module.params["log_files"])
        self._write(text)
        self.in_file, before, self.old_text = understood, self.old_text, text
        reload()
        try:
            self._wait(log)
        except ApiError:
            # Rather the partitions of before than none at all.
            self._write(before)
            reload()
            raise

    def finish(self, operations):
        """What was found out besides."""
        ports, manager = self._fabric()
        listed = {member["guid"] for item in self.in_file.values() for member in item["members"]}
        known = partitions.known_ports(self.in_file)
        hosts = {guid: name for name, guids in known.items() for guid in guids}
        away = sorted(listed - set(ports) - set(partitions.KEYWORDS)) if manager else []
        return {
            "master": manager is not None,
            "checked_ports": sum(port["kind"] == "ca" for port in ports.values()) if manager else 0,
            "absent_ports": [{"guid": guid, "name": hosts.get(guid, "")} for guid in away],
            "unknown_hosts": self.unknown,
        }

    def _read_file(self):
        """({name: partition}, text), where an unreadable file has none, and a missing one no text."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return {}, None
        try:
            return partitions.parse(text), text
        except partitions.NotUnderstood as error:
            self.module.warn(f"{self.path} is written anew, because {error}")
            return {}, text

    def _fabric(self):
        """(ports, GUID of the master), where opensm of this host is that; ({}, None) otherwise."""
        if not processes():
            return {}, None
        manager = self.tools.manager()
        if not manager or manager["state"] != "master":
            return {}, None
        if manager["guid"] not in {port["guid"] for port in self.tools.local_ports()}:
            return {}, None
        return self.tools.ports(), manager["guid"]

    def _wait(self, log):
        """Until every port has its P_Keys. Raises ApiError where opensm drops the file or a port does not get them."""
        until = self.clock() + self.module.params["timeout"]
        while True:
            if refused := log.refusals():
                raise ApiError(f"opensm does not accept {self.path}, the one before is back: {refused[0]}")
            ports, manager = self._fabric()
            if manager is None:
                return
            keys = self.tools.partition_keys(ports)
            wrong = partitions.deviations(partitions.expected(self.in_file.values(), ports, manager), keys)
            if not wrong:
                return
            if self.clock() > until:
                told = "; ".join(wrong[:5])
                raise ApiError(f"after {self.module.params['timeout']} s ports do not have their P_Keys: {told}")
            self.sleep(0.5)

    def _write(self, text):
        """Replace the file at once; remove it where there was none (text: str or None)."""
        if text is None:
            self.path.unlink(missing_ok=True)
            return
        if self.path.exists() and partitions.MARK not in self.path.read_text(encoding="utf-8", errors="replace"):
            self.module.backup_local(str(self.path))
        handle, new = tempfile.mkstemp(dir=self.module.tmpdir)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(new).chmod(0o644)
        self.module.atomic_move(new, str(self.path))
