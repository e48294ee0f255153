# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's network, its package cache and its nodes: Podman containers with systemd, reached over SSH."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket
import time
from pathlib import Path

from ansible.module_utils import lab_disks
from ansible.module_utils.lab_podman import LABEL, NAME_LABEL, LabError, content_hash, run, write_file

SPEC_LABEL = "infn.datacloud.lab.spec"
IMAGE_STORE = "/var/lib/lab-images"
BOOT_TIMEOUT = 90
CACHE_PORT = 3142
ADMIN_ID = 1000
# States of a container that was made but whose files may not all have been put in before an interruption.
HALF_MADE = ("created", "configured", "initialized", "unknown", "removing")


class Lab:
    """One lab: everything it makes carries its labels and a name that starts with its prefix."""

    def __init__(self, podman, name, network, directory, cache_directory):
        """podman: Podman; name: the lab's name (str); network: CIDR (str); directory: its own files (Path: ssh,
        disks, hosts); cache_directory: what labs share (Path: image store, pip cache)."""
        self.podman = podman
        self.name = name
        self.prefix = f"infn-datacloud-{name}"
        self.network = ipaddress.ip_network(network)
        self.directory = directory
        self.cache_directory = cache_directory
        self.changes = []
        self.warnings = []

    @property
    def labels(self):
        """The labels of everything the lab makes, as Podman options (list of str)."""
        return ["--label", f"{LABEL}=true", "--label", f"{NAME_LABEL}={self.name}"]

    @property
    def cache_url(self):
        """URL of the package cache as nodes and image builds reach it (str)."""
        return f"http://{self.network[2]}:{CACHE_PORT}"

    def _ours(self, kind, *fields):
        return self.podman.json(*fields, "--filter", f"label={NAME_LABEL}={self.name}", "--format", "json") or []

    def containers(self):
        """Return {name: Podman's listing entry} of this lab's containers, running or not."""
        return {entry["Names"][0]: entry for entry in self._ours("container", "ps", "--all")}

    def bridges(self):
        """Return the interface names of the lab's network (list of str), empty before it exists."""
        return [entry["network_interface"] for entry in self._ours("network", "network", "ls")]

    # --- making ---------------------------------------------------------------------------------------------------

    def make_network(self):
        """Make the lab's network if it is missing."""
        for entry in self._ours("network", "network", "ls"):
            subnets = [subnet["subnet"] for subnet in entry["subnets"]]
            if subnets != [str(self.network)]:
                raise LabError(
                    f'The lab "{self.name}" exists with the network {subnets[0]}, not {self.network}: '
                    "remove it first (make clean)."
                )
            return
        self.podman(
            "network",
            "create",
            "--disable-dns",
            "--subnet",
            str(self.network),
            "--gateway",
            str(self.network[1]),
            *self.labels,
            self.prefix,
        )
        self.changes.append(f"network {self.prefix}")

    def make_cache(self, proxy=""):
        """Start the package cache; proxy is the URL through which this machine reaches the mirrors (str)."""
        name = f"{self.prefix}-cache"
        entry = self.containers().get(name)
        if entry and entry["State"] == "running":
            return
        if entry:
            self.podman("rm", "--force", name)
        # The volume belongs to no one lab: it outlives destroy, and a purge finds it by its label.
        volume = f"{self.prefix}-packages"
        self._volume(volume, ["--label", f"{LABEL}=true", "--label", f"{LABEL}.cache=true"])
        options = [f"Proxy={proxy}"] if proxy else []
        self.podman(
            "run",
            "--detach",
            "--name",
            name,
            "--hostname",
            "cache",
            "--network",
            self.prefix,
            "--ip",
            str(self.network[2]),
            "--memory",
            "512m",
            *self.labels,
            "--volume",
            f"{volume}:/var/cache/apt-cacher-ng",
            "localhost/infn-datacloud-cache:latest",
            *options,
        )
        self._wait([("the package cache", str(self.network[2]), CACHE_PORT)])
        self.changes.append(f"container {name}")

    def make_nodes(self, nodes, node_files):
        """Make and start what is missing of the nodes, then wait until each answers on SSH.

        nodes: list of dicts name, fqdn, address, suite, memory, volumes (paths), disks (sizes in GB, list of int);
        node_files: {path: text} written into every new node.
        """
        present = self.containers()
        for node in nodes:
            made = f"{self.prefix}-{node['name']}" in present
            if made and not (self.directory / "ssh" / "hosts" / f"{node['name']}_key").exists():
                raise LabError(
                    f"Node {node['name']} is there but its keys in {self.directory / 'ssh'} are gone: "
                    "remove the lab first (make lab-destroy)."
                )
        self._keys(nodes)
        started = []
        for node in nodes:
            self._record(node)
            container = f"{self.prefix}-{node['name']}"
            spec = content_hash(json.dumps(node, sort_keys=True))
            entry = present.get(container)
            if entry and entry["State"].lower() in HALF_MADE:
                self.podman("rm", "--force", container)
                entry = None
            if entry is None:
                self._create(container, node, spec, node_files)
            elif (entry.get("Labels") or {}).get(SPEC_LABEL) != spec:
                self.warnings.append(
                    f"Node {node['name']} was made from another description; it stays as it is until "
                    "it is destroyed and made again."
                )
            if entry is None or entry["State"].lower() != "running":
                self.podman("start", container)
                started.append(container)
                self.changes.append(f"container {container}")
        self._wait([(node["name"], node["address"], 22) for node in nodes])
        for container in started:
            self._booted(container)

    def _create(self, container, node, spec, node_files):
        options = []
        for path in node.get("volumes") or []:
            volume = f"{container}-{path.strip('/').replace('/', '-')}"
            self._volume(volume, self.labels)
            options += ["--volume", f"{volume}:{path}"]
        store = self.cache_directory / "imagestore"
        pip = self.cache_directory / "cache" / "pip"
        for folder in (store, pip):
            folder.mkdir(parents=True, exist_ok=True)
        # /etc/hosts is left to the node: a file that Podman mounts cannot be replaced by a role.
        self.podman(
            "create",
            "--name",
            container,
            "--hostname",
            node["name"],
            "--no-hosts",
            "--network",
            self.prefix,
            "--ip",
            node["address"],
            "--systemd=always",
            "--privileged",
            "--memory",
            node["memory"],
            *self.labels,
            "--label",
            f"{SPEC_LABEL}={spec}",
            *options,
            "--volume",
            f"{store}:{IMAGE_STORE}:ro",
            "--volume",
            f"{pip}:/var/cache/pip",
            f"localhost/infn-datacloud-node:{node['suite']}",
        )
        root = Path(self.podman("mount", container).strip())
        try:
            for path, text in {**node_files, **self._files_of(node)}.items():
                write_file(root / path.lstrip("/"), text, 0o600 if path.endswith("_key") else 0o644)
            authorized = root / "home/admin/.ssh/authorized_keys"
            write_file(authorized, self._read("ssh", "id_ed25519.pub"), 0o600)
            os.chown(authorized, ADMIN_ID, ADMIN_ID)
        finally:
            self.podman("umount", container)

    def _files_of(self, node):
        name = node["name"]
        return {
            "/etc/hostname": f"{name}\n",
            "/etc/hosts": (
                f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n{node['address']} {node['fqdn']} {name}\n"
            ),
            "/etc/apt/apt.conf.d/91lab-cache": (
                f'Acquire::http::Proxy "{self.cache_url}";\nAcquire::https::Proxy "DIRECT";\n'
            ),
            # A privileged container has the host's FUSE device; udev, which a node has not, opens it to users.
            "/etc/tmpfiles.d/lab-fuse.conf": "z /dev/fuse 0666 root root\n",
            "/etc/ssh/ssh_host_ed25519_key": self._read("ssh", "hosts", f"{name}_key"),
            "/etc/ssh/ssh_host_ed25519_key.pub": self._read("ssh", "hosts", f"{name}_key.pub"),
        }

    def _read(self, *parts):
        return self.directory.joinpath(*parts).read_text(encoding="utf-8")

    def _volume(self, name, labels):
        if self.podman("volume", "ls", "--quiet", "--filter", f"name=^{name}$").strip() != name:
            self.podman("volume", "create", *labels, name)

    def _keys(self, nodes):
        ssh = self.directory / "ssh"
        wanted = [(ssh / "id_ed25519", f"datacloud-{self.name}")]
        wanted += [(ssh / "hosts" / f"{node['name']}_key", node["name"]) for node in nodes]
        for path, comment in wanted:
            if path.exists() and path.with_suffix(".pub").exists():
                continue
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])
            self.changes.append(f"key {path.name}")
        known = "".join(
            f"{node['name']},{node['fqdn']},{node['address']} "
            f"{' '.join(self._read('ssh', 'hosts', node['name'] + '_key.pub').split()[:2])}\n"
            for node in nodes
        )
        if write_file(ssh / "known_hosts", known):
            self.changes.append("known_hosts")

    def _record(self, node):
        path = self.directory / "hosts" / f"{node['name']}.json"
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            before = {}
        wanted = {f"{node['name']}-{number}": size for number, size in enumerate(node.get("disks") or [])}
        remembered = {disk["name"]: disk["device"] for disk in before.get("disks", [])}
        devices, changed = lab_disks.attach(self.directory / "disks", wanted, remembered)
        record = {"disks": [{"name": name, "device": device} for name, device in devices.items()]}
        if write_file(path, json.dumps(record, indent=2) + "\n") or changed:
            self.changes.append(f"disks of {node['name']}")

    def _wait(self, ends):
        deadline = time.monotonic() + BOOT_TIMEOUT
        for what, address, port in ends:
            while True:
                try:
                    with socket.create_connection((address, port), timeout=2) as connection:
                        if port != 22 or connection.recv(4) == b"SSH-":
                            break
                except OSError:
                    pass
                if time.monotonic() > deadline:
                    raise LabError(
                        f"{what} did not answer at {address}:{port} within {BOOT_TIMEOUT} s; "
                        f"see: podman logs {self.prefix}-{what}"
                    )
                time.sleep(0.2)

    def _booted(self, container):
        state = self.podman(
            "exec", container, "systemctl", "is-system-running", "--wait", check=False, timeout=BOOT_TIMEOUT
        ).strip()
        if state != "running":
            failed = self.podman("exec", container, "systemctl", "--failed", "--plain", "--no-legend", check=False)
            self.warnings.append(f"{container} is {state}: {failed.strip()}")

    # --- removing -------------------------------------------------------------------------------------------------

    def remove(self):
        """Remove this lab's containers, volumes, network, loop devices and files; packages and images stay."""
        names = self._remove_containers()
        volumes = [entry["Name"] for entry in self._ours("volume", "volume", "ls")]
        if volumes:
            self.podman("volume", "rm", "--force", *volumes)
        networks = [entry["name"] for entry in self._ours("network", "network", "ls")]
        if networks:
            self.podman("network", "rm", "--force", *networks)
        devices = lab_disks.detach(self.directory / "disks")
        self.changes += names + volumes + networks + devices
        for folder in ("disks", "feed", "hosts", "ssh"):
            path = self.directory / folder
            if path.exists():
                shutil.rmtree(path)
                self.changes.append(str(path))

    def _remove_containers(self):
        names = left = list(self.containers())
        for tries in (2, 1, 0):
            if not left:
                break
            try:
                self.podman("rm", "--force", "--volumes", "--time", "3", *left)
                break
            except LabError:
                # Podman fails on a container that ends by itself while it is being killed; a moment later it does not.
                if not tries:
                    raise
                time.sleep(1)
                left = list(self.containers())
        return names

    def purge(self):
        """Remove what labs share: package cache, images and the cache folder, unless another lab is still there."""
        others = self.podman.json("ps", "--all", "--filter", f"label={LABEL}=true", "--format", "json")
        if others:
            self.warnings.append("Another lab is still there, so the shared packages and images were kept.")
            return
        volumes = self.podman.json("volume", "ls", "--filter", f"label={LABEL}=true", "--format", "json") or []
        images = list(self.podman.images())
        builds = self.podman.abandoned_builds()
        if builds:
            self.podman("rm", "--force", *builds)
        if volumes:
            self.podman("volume", "rm", "--force", *[entry["Name"] for entry in volumes])
        if images:
            self.podman("rmi", "--force", *images)
        self.podman.prune()
        self.changes += [entry["Name"] for entry in volumes] + images
        for folder in dict.fromkeys((self.directory, self.cache_directory)):
            if folder.exists():
                # Podman may leave its image store mounted on itself.
                mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
                for mount in reversed([mount for mount in mounts if mount.startswith(f"{folder}/")]):
                    run(["umount", mount])
                shutil.rmtree(folder)
                self.changes.append(str(folder))
