# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a folder: its files are real, its packages, units and programs are played."""

from __future__ import annotations

import os
import stat

from ansible_collections.infn.datacloud.plugins.module_utils.controls import apply
from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Host, Outcome

DONE = Outcome(0, "", "")
RELEASE = 'ID=debian\nVERSION_ID="13"\n'
# verb: what it does to (load, enabled, active)
VERBS = {
    "mask": {"load": "masked"},
    "unmask": {"load": "loaded"},
    "enable": {"enabled": "enabled"},
    "disable": {"enabled": "disabled"},
    "start": {"active": "active"},
    "stop": {"active": "inactive"},
}


class Machine:
    """packages: names of what is installed; repository: {name: {path: text}} of what can be; units: {name: states}.

    programs: {name: function(argv) -> Outcome} of what else runs; calls: the command lines, as texts.
    """

    def __init__(self, folder):
        self.folder = folder
        self.packages = {"base-files"}
        self.repository, self.depends, self.conflicts, self.units, self.programs, self.calls = {}, {}, {}, {}, {}, []
        self.write("/etc/os-release", RELEASE)
        self.write("/var/lib/apt/lists/mirror_InRelease", "")

    def host(self):
        """A Host that has read nothing yet."""
        return Host(str(self.folder), self.run)

    def write(self, path, text, mode=0o644):
        """A file of the machine."""
        real = self.folder / path.lstrip("/")
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_bytes(text.encode("utf-8", "surrogateescape"))
        real.chmod(mode)

    def read(self, path):
        """The text of a file, None where there is none."""
        real = self.folder / path.lstrip("/")
        return real.read_bytes().decode("utf-8", "surrogateescape") if real.exists() else None

    def mode(self, path):
        """The mode of a file."""
        return stat.S_IMODE((self.folder / path.lstrip("/")).stat().st_mode)

    def state(self):
        """Everything that controls can change."""
        files = {}
        for path in sorted(self.folder.rglob("*")):
            name = f"/{path.relative_to(self.folder)}"
            if not name.startswith("/var"):
                files[name] = (oct(path.stat().st_mode), path.read_bytes() if path.is_file() else None)
        return {"files": files, "packages": set(self.packages), "units": {n: dict(u) for n, u in self.units.items()}}

    def run(self, argv, data="", timeout=0, environment=None):
        """host.run_program."""
        assert all(isinstance(word, str) for word in argv) and not data
        self.calls.append(" ".join(argv))
        if argv[0] in self.programs:
            return self.programs[argv[0]](argv)
        player = {"dpkg-query": self._dpkg_query, "apt-get": self._apt_get, "systemctl": self._systemctl}.get(argv[0])
        return player(argv) if player else Outcome(127, "", f"{argv[0]} is not installed")

    def _dpkg_query(self, _argv):
        return Outcome(0, "".join(f"installed\t{name}\t1.0\n" for name in sorted(self.packages)), "")

    def _apt_get(self, argv):
        if argv[-1] == "update":
            return DONE
        names = [word for word in argv[argv.index("install") + 1 :] if not word.startswith("--")]
        add = {name for name in names if not name.endswith("-")}
        remove = {name[:-1] for name in names if name.endswith("-")} & self.packages
        unknown = add - set(self.repository) - self.packages
        if unknown:
            return Outcome(100, "", f"E: Unable to locate package {sorted(unknown)[0]}")
        add |= {more for name in add for more in self.depends.get(name, ())}
        remove |= {name for name, wants in self.depends.items() if remove & set(wants) and name in self.packages}
        for name in add & set(self.conflicts):
            remove |= self.packages & {self.conflicts[name]}
        if remove and "--no-remove" in argv:
            return Outcome(100, "", "E: Packages need to be removed but remove is disabled.")
        if "--simulate" in argv:
            return Outcome(0, "".join(f"Remv {name} [1.0]\n" for name in sorted(remove)), "")
        for name in add - self.packages:
            for path, text in self.repository.get(name, {}).items():
                self.write(path, text)
        for name in remove if "--purge" in argv else ():
            for path in self.repository.get(name, {}):
                (self.folder / path.lstrip("/")).unlink(missing_ok=True)
        self.packages = (self.packages | add) - remove
        return DONE

    def _systemctl(self, argv):
        if argv[1] == "show":
            blocks = []
            for name in argv[argv.index("--") + 1 :]:
                unit = self.units.get(name, {"load": "not-found", "enabled": "", "active": "inactive"})
                enabled = "masked" if unit["load"] == "masked" else unit["enabled"]
                blocks.append(f"LoadState={unit['load']}\nActiveState={unit['active']}\nUnitFileState={enabled}\n")
            return Outcome(0, "\n".join(blocks), "")
        if argv[1] not in VERBS:
            return DONE
        for name in argv[argv.index("--") + 1 :]:
            if name not in self.units:
                return Outcome(5, "", f"Unit {name} not found.")
            self.units[name].update(VERBS[argv[1]])
        return DONE


def make_machine(folder, monkeypatch):
    """A Debian 13 host with next to nothing on it, on which whoever runs the tests is root."""
    monkeypatch.setattr(Host, "user_name", lambda _host, uid: "root" if uid == os.getuid() else str(uid))
    monkeypatch.setattr(Host, "group_name", lambda _host, gid: "root" if gid == os.getgid() else str(gid))
    monkeypatch.setattr(apply, "_uid", lambda _name: os.getuid())
    monkeypatch.setattr(apply, "_gid", lambda _name: os.getgid())
    return Machine(folder / "root")
