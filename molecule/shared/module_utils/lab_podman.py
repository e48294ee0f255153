# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's modules share: running commands, Podman with the lab's own settings, careful file writes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

LABEL = "infn.datacloud.lab"
NAME_LABEL = "infn.datacloud.lab.name"
CONTENT_LABEL = "infn.datacloud.lab.content"


class LabError(Exception):
    """Something the lab cannot go on without; the text is one sentence for the person who ran make."""


def run(argv, stdin=None, env=None, timeout=600, check=True, cwd=None):
    """Run a command (list of str) and return its standard output (str).

    timeout is in seconds. With check, a non-zero exit raises LabError with the end of standard error.
    """
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise LabError(f"The command {argv[0]} is not installed on this machine.") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f'"{" ".join(argv[:4])}" did not finish within {timeout} s.') from error
    if check and done.returncode != 0:
        output = (done.stderr.strip() or done.stdout.strip())[-1500:]
        raise LabError(f'"{" ".join(argv[:6])}" failed with exit code {done.returncode}: {output}')
    return done.stdout


def write_file(path, content, mode=0o644):
    """Write content (str) to path (Path) when it differs, atomically; return whether it changed anything."""
    if path.is_file() and path.read_text(encoding="utf-8") == content and path.stat().st_mode & 0o777 == mode:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(content)
        os.fchmod(handle.fileno(), mode)
    Path(temporary).replace(path)
    return True


def content_hash(*parts):
    """Return 16 hexadecimal digits over the parts: a str counts as itself, a Path by the files below it."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(f"text {part}\0".encode())
            continue
        for path in sorted(path for path in part.rglob("*") if path.is_file()):
            digest.update(f"file {path.relative_to(part)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class Podman:
    """Podman of this host, with the lab's containers.conf instead of the host's."""

    def __init__(self, directory, root=None):
        """directory is the lab's folder (Path); root an own image store instead of the host's (Path)."""
        settings = directory / "containers.conf"
        # Newer Podman refuses a name that does not exist, and a lab whose folder was deleted must still be removable.
        self.env = {"CONTAINERS_CONF": str(settings)} if settings.exists() else {}
        self.base = ["podman"]
        if root:
            self.base += ["--root", str(root), "--runroot", str(root / "run")]

    def __call__(self, *arguments, timeout=600, check=True, stdin=None, cwd=None):
        """Run podman with the arguments (str) and return its standard output (str)."""
        return run([*self.base, *arguments], env=self.env, timeout=timeout, check=check, stdin=stdin, cwd=cwd)

    def json(self, *arguments):
        """Run podman and return what its JSON output says; None when it prints nothing."""
        output = self(*arguments).strip()
        return json.loads(output) if output else None

    def images(self):
        """Return {reference: content hash} of the images that the lab made."""
        return {
            name: (image.get("Labels") or {}).get(CONTENT_LABEL, "")
            for image in self.json("images", "--filter", f"label={LABEL}=true", "--format", "json") or []
            for name in image.get("Names") or []
        }

    def prune(self):
        """Remove what newer builds of the lab's images left behind: untagged images that no container uses."""
        self("image", "prune", "--force", "--filter", f"label={LABEL}=true")

    def abandoned_builds(self):
        """Return the identifiers of containers that an interrupted build of the lab's images left behind."""
        listing = self.json("ps", "--all", "--external", "--format", "json") or []
        return [
            entry["Id"]
            for entry in listing
            if entry["Image"].startswith("localhost/infn-datacloud-") and (entry["Command"] or [""])[0] == "buildah"
        ]
