# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for secrets where none may be; runs as root on a node or on the control node.

Standard input: JSON {"secrets": {name: text}, "places": [paths], "node": whether all of this machine is a node's}.
Standard output: JSON {"found": [[secret's name, place]], "searched": number of files}; never a secret.

Searched are the places, as root, and the arguments of every process; on a node also the journal, and everything below
PUBLIC that the user nobody can read. A marker that is put into each kind of place before, and must be found, shows that
the search works.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

PUBLIC = ("/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr/local", "/var")
# Container images and package caches; what they hold was not written by a run.
SKIPPED = (
    "/var/lib/containers",
    "/var/lib/lab-images",
    "/var/cache",
    "/run/containers",
    "/var/lib/apt",
    "/var/lib/dpkg",
)
LARGEST = 256 * 1024 * 1024
MARKER = "marker of the search"


def needles(given: dict[str, str]) -> dict[bytes, str]:
    """What to look for: {text: secret's name}. Of a text of several lines each long one counts."""
    found = {}
    for name, value in given.items():
        lines = [line.strip() for line in value.splitlines()]
        for line in lines:
            if len(line) >= 12 and not line.startswith("-----"):
                found[line.encode()] = name
    return found


class Search:
    """Collects (secret's name, place) pairs."""

    def __init__(self, wanted: dict[bytes, str]) -> None:
        self.wanted = wanted
        self.pattern = re.compile(b"|".join(re.escape(text) for text in wanted))
        self.found: set[tuple[str, str]] = set()
        self.searched = 0

    def text(self, content: bytes, place: str) -> None:
        """Look into a text."""
        for match in self.pattern.finditer(content):
            self.found.add((self.wanted[match[0]], place))

    def file(self, path: Path) -> None:
        """Look into a file, if it is a plain one that can be read."""
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
                return
            content = path.read_bytes()
        except OSError:
            return
        self.searched += 1
        self.text(content, str(path))

    def tree(self, top: str) -> None:
        """Look into every file below a folder, or into one file."""
        if Path(top).is_file():
            self.file(Path(top))
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if not f"{folder}/{name}".startswith(SKIPPED)]
            for name in files:
                if not f"{folder}/{name}".startswith(SKIPPED):
                    self.file(Path(folder, name))

    def processes(self) -> None:
        """Look into the arguments of all processes."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.text(path.read_bytes(), "arguments of a process")
            except OSError:
                continue

    def journal(self) -> None:
        """Look into the journal."""
        command = ["journalctl", "--no-pager", "--quiet", "--output=export"]
        self.text(subprocess.run(command, capture_output=True, check=True).stdout, "journal")


def as_nobody(search: Search) -> None:
    """Look at what everybody can read, in a child process that is nobody."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setgroups([])
        os.setgid(pwd.getpwnam("nobody").pw_gid)
        os.setuid(pwd.getpwnam("nobody").pw_uid)
        for top in PUBLIC:
            search.tree(top)
        os.write(writer, json.dumps([sorted(search.found), search.searched]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        found, searched = json.load(stream)
    os.wait()
    search.found |= {tuple(pair) for pair in found}
    search.searched += searched


def main() -> None:
    """Read the request, plant the markers, search, and judge the search by them."""
    request = json.load(sys.stdin)
    marker = secrets.token_hex(16)
    search = Search(needles(request["secrets"]) | {marker.encode(): MARKER})
    with tempfile.NamedTemporaryFile(prefix="search-", dir="/var/tmp") as public:
        public.write(marker.encode())
        public.flush()
        Path(public.name).chmod(0o644)
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", marker])
        if request["node"]:
            subprocess.run(["systemd-cat", "--identifier=search"], input=marker, text=True, check=True)
            subprocess.run(["journalctl", "--sync"], check=True)
        for top in [*request["places"], public.name]:
            search.tree(top)
        search.processes()
        if request["node"]:
            as_nobody(search)
            search.journal()
        sleeper.kill()
    seen = {place for name, place in search.found if name == MARKER}
    missed = {public.name, "arguments of a process", *(["journal"] if request["node"] else [])} - seen
    if missed:
        sys.exit(f"the search itself does not work: its marker was not found in {', '.join(sorted(missed))}")
    found = sorted(pair for pair in search.found if pair[0] != MARKER)
    print(json.dumps({"found": found, "searched": search.searched}))


if __name__ == "__main__":
    main()
