# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images of the lab: the node (mmdebstrap), the package cache, Ceph and the double of IAM (podman build)."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from pathlib import Path

from ansible.module_utils.lab_host import hybrid_cgroups, parse_os_release
from ansible.module_utils.lab_podman import CONTENT_LABEL, LABEL, content_hash, run

DEFAULT_MIRROR = "http://deb.debian.org/debian"
CA_DIRECTORY = Path("/usr/local/share/ca-certificates")


def find_mirror(texts, codename):
    """Return the mirror that the host's own apt sources name for its release, or Debian's default.

    texts are the contents of sources.list (one-line) and *.sources (deb822) files; codename is the host's release.
    """
    for text in texts:
        for line in re.finditer(rf"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+{codename}\s", text, re.MULTILINE):
            return line.group(1).rstrip("/")
        for stanza in re.split(r"\n\s*\n", text):
            fields = dict(re.findall(r"^(\w+):[ \t]*(.*)$", stanza, re.MULTILINE))
            if codename in fields.get("Suites", "").split() and fields.get("URIs"):
                return fields["URIs"].split()[0].rstrip("/")
    return DEFAULT_MIRROR


def host_mirror():
    """Return the mirror in the host's apt sources (str)."""
    paths = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths if path.is_file()]
    codename = parse_os_release(Path("/etc/os-release").read_text(encoding="utf-8")).get("VERSION_CODENAME", "")
    mirror = find_mirror(texts, codename)
    return mirror if mirror.startswith("http") else DEFAULT_MIRROR


def sources_list(mirror, suite):
    """Return the apt sources of a node (str): the release, its updates and its security updates."""
    components = "main contrib non-free-firmware"
    security = re.sub(r"/debian$", "/debian-security", mirror)
    return (
        f"deb {mirror} {suite} {components}\ndeb {mirror} {suite}-updates {components}\n"
        f"deb {security} {suite}-security {components}\n"
    )


def host_apt_options():
    """Return the host's settings on how old a mirror's index may be, as apt.conf(5) text: nodes use the same mirror."""
    names = ("Acquire::Check-Valid-Until", "Acquire::Check-Date")
    lines = run(["apt-config", "dump", "--no-empty", *names]).splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith(names))


class Images:
    """Builds what is missing; an image whose sources are unchanged is left alone."""

    def __init__(self, podman, store, sources, cache_directory, mirror=None):
        """podman: the host's; store: Podman with the image store that nodes mount (its folder is cache/imagestore);
        sources: folder with node/, cache/, ceph/ and iam/ (Path); cache_directory: where tar files are kept (Path)."""
        self.podman = podman
        self.store = store
        self.sources = sources
        self.cache = cache_directory
        self.mirror = mirror or host_mirror()

    def node(self, suite):
        """Make localhost/infn-datacloud-node:<suite>; return (content hash, whether it was made now)."""
        name = f"localhost/infn-datacloud-node:{suite}"
        folder = self.sources / "node"
        content = content_hash(folder, suite, self.mirror, CA_DIRECTORY)
        archive = self._archive(suite, content)
        if self.podman.images().get(name) == content and archive.exists():
            return content, False
        if not archive.exists():
            self._bootstrap(suite, folder, archive)
        self._import(self.podman, name, content, archive)
        self.podman.prune()
        return content, True

    def _archive(self, suite, content):
        return self.cache / "images" / f"node-{suite}-{content}.tar"

    def _bootstrap(self, suite, folder, archive):
        archive.parent.mkdir(parents=True, exist_ok=True)
        for old in archive.parent.glob(f"node-{suite}-*"):
            old.unlink()
        packages = ",".join((folder / "packages.txt").read_text(encoding="utf-8").split())
        part = archive.with_suffix(".part")
        options = [f"--aptopt={line.rstrip(';')}" for line in host_apt_options().splitlines()]
        run(
            [
                "mmdebstrap",
                "--variant=minbase",
                f"--include={packages}",
                '--customize-hook=./customize.sh "$1"',
                "--format=tar",
                *options,
                suite,
                str(part),
                "-",
            ],
            stdin=sources_list(self.mirror, suite),
            env={"CA_DIRECTORY": str(CA_DIRECTORY)},
            cwd=folder,
            timeout=900,
        )
        part.replace(archive)

    @staticmethod
    def _import(podman, name, content, archive):
        changes = [
            f"LABEL {LABEL}=true",
            f"LABEL {CONTENT_LABEL}={content}",
            'CMD ["/usr/local/sbin/lab-init"]',
            "STOPSIGNAL SIGRTMIN+3",
        ]
        podman("import", *[part for change in changes for part in ("--change", change)], str(archive), name)

    def package_cache(self, base_content, base_suite="trixie"):
        """Make localhost/infn-datacloud-cache:latest; return whether it was made now."""
        name = "localhost/infn-datacloud-cache:latest"
        folder = self.sources / "cache"
        content = content_hash(folder, base_content)
        if self.podman.images().get(name) == content:
            return False
        self._build(self.podman, name, content, folder, f"localhost/infn-datacloud-node:{base_suite}", {})
        self.podman.prune()
        return True

    def ceph(self, version, base_content, apt_proxy, base_suite="trixie"):
        """Make localhost/ceph:<version> in the nodes' image store; return whether it was made now.

        apt_proxy is the URL of the package cache (str). An older image of that name stays in the store, because
        running nodes may use it and this machine's Podman does not see their containers.
        """
        name = f"localhost/ceph:{version}"
        folder = self.sources / "ceph"
        content = content_hash(folder, version, base_content)
        if self.store.images().get(name) == content:
            return False
        context = self._context("ceph-image", folder)
        self._wheels(folder / "wheels.txt", context / "wheels")
        self._build_for_nodes(name, content, context, base_content, base_suite, apt_proxy, {"CEPH_VERSION": version})
        return True

    def iam(self, version, package, base_content, apt_proxy, base_suite="trixie"):
        """Make localhost/iam-double:<version> in the nodes' image store; return whether it was made now.

        package is the folder of the double's Python package (Path). As with Ceph, an older image stays in the store.
        """
        name = f"localhost/iam-double:{version}"
        context = self._context("iam-image", self.sources / "iam")
        # What Python compiled lies beside the sources and is none of them.
        shutil.copytree(package, context / "package" / "iam", ignore=shutil.ignore_patterns("__pycache__"))
        content = content_hash(context, version, base_content)
        if self.store.images().get(name) == content:
            shutil.rmtree(context)
            return False
        self._build_for_nodes(name, content, context, base_content, base_suite, apt_proxy, {})
        return True

    def _context(self, name, folder):
        """Return a fresh copy (Path) of a folder, to which what a build needs can be added."""
        context = self.cache / "cache" / name
        shutil.rmtree(context, ignore_errors=True)
        shutil.copytree(folder, context)
        return context

    def _build_for_nodes(self, name, content, context, base_content, base_suite, apt_proxy, arguments):
        """Build an image on the node image in the store that nodes read, and remove the context (Path)."""
        base = f"localhost/infn-datacloud-node:{base_suite}"
        if self.store.images().get(base) != base_content:
            self._import(self.store, base, base_content, self._archive(base_suite, base_content))
        self._build(self.store, name, content, context, base, {"APT_PROXY": apt_proxy, **arguments})
        shutil.rmtree(context)

    @staticmethod
    def _wheels(requirements, target):
        machine = platform.machine()
        run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--require-hashes",
                "--only-binary=:all:",
                "--implementation=cp",
                "--python-version=3.13",
                "--abi=abi3",
                "--abi=none",
                f"--platform=manylinux_2_28_{machine}",
                f"--platform=manylinux_2_17_{machine}",
                "--requirement",
                str(requirements),
                "--dest",
                str(target),
            ],
            timeout=300,
        )

    @staticmethod
    def _build(podman, name, content, folder, base, arguments):
        # The host's network reaches both the mirrors and the package cache. Not chroot isolation, which needs no
        # runtime: lvm2's postinst (vgcfgbackup) takes six minutes there.
        runtime = "runc" if hybrid_cgroups() else "crun"
        build = [f"--build-arg={key}={value}" for key, value in {"BASE": base, **arguments}.items()]
        podman(
            "build",
            "--network=host",
            "--isolation=oci",
            f"--runtime={runtime}",
            "--pull=never",
            "--layers=false",
            "--format=docker",
            f"--label={LABEL}=true",
            f"--label={CONTENT_LABEL}={content}",
            *build,
            f"--tag={name}",
            str(folder),
            timeout=1500,
        )
