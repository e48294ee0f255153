# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine of the lab: QEMU without KVM, for what a container cannot have: its own kernel, disks and TPM."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time

from ansible.module_utils.lab_host import installed
from ansible.module_utils.lab_images import CA_DIRECTORY, host_apt_options, host_mirror, sources_list
from ansible.module_utils.lab_podman import LabError, content_hash, run, write_file
from ansible.module_utils.lab_process import Process, free_port

COMMANDS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "swtpm": "swtpm",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
}
ROOT_SIZE = "6G"
# Seconds until it answers on SSH; half a minute on an idle machine of two cores.
BOOT_TIMEOUT = 300
# QEMU's own network reaches the loopback address of this machine here (QEMU's manual, "Using the user mode network").
HOST_ADDRESS = "10.0.2.2"


def credential(files):
    """Return the text of an SMBIOS string that has systemd write files at boot, before any service starts.

    files: list of (path, mode, owner, text). systemd.system-credentials(7): tmpfiles.extra; tmpfiles.d(5): f+~.
    """
    lines = [
        f"f+~ {path} {mode} {owner} {owner} - {base64.b64encode(text.encode()).decode()}"
        for path, mode, owner, text in files
    ]
    lines.insert(0, "d /home/admin/.ssh 0700 admin admin")
    content = base64.b64encode("".join(f"{line}\n" for line in lines).encode()).decode()
    return f"io.systemd.credential.binary:tmpfiles.extra={content}"


class MachineImage:
    """The root disk, the kernel and its first file system, kept in the cache until their sources change."""

    def __init__(self, sources, cache_directory, suite, mirror=None):
        """sources: folder with packages.txt and customize.sh (Path); suite: trixie or bookworm."""
        self.sources = sources
        self.suite = suite
        self.mirror = mirror or host_mirror()
        self.images = cache_directory / "images"
        self.folder = self.images / f"machine-{suite}-{content_hash(sources, suite, self.mirror, CA_DIRECTORY)}"

    def make(self):
        """Make it if it is missing; return whether it was."""
        if self.folder.exists():
            return False
        self.images.mkdir(parents=True, exist_ok=True)
        for old in self.images.glob(f"machine-{self.suite}-*"):
            shutil.rmtree(old)
        part = self.images / f"machine-{self.suite}-new"
        tree = part / "tree"
        part.mkdir()
        packages = ",".join((self.sources / "packages.txt").read_text(encoding="utf-8").split())
        run(
            [
                "mmdebstrap",
                "--variant=minbase",
                f"--include={packages}",
                '--customize-hook=./customize.sh "$1"',
                "--format=directory",
                *[f"--aptopt={line.rstrip(';')}" for line in host_apt_options().splitlines()],
                self.suite,
                str(tree),
                "-",
            ],
            stdin=sources_list(self.mirror, self.suite),
            env={"CA_DIRECTORY": str(CA_DIRECTORY)},
            cwd=self.sources,
            timeout=1200,
        )
        # What the host knows of its mirror; a node gets this when it is made.
        write_file(tree / "etc/apt/apt.conf.d/92lab-mirror", host_apt_options())
        root = part / "root.ext4"
        run(["mke2fs", "-q", "-t", "ext4", "-L", "lab-root", "-d", str(tree), str(root), ROOT_SIZE], timeout=300)
        for name, pattern in (("kernel", "vmlinuz-*"), ("initrd", "initrd.img-*")):
            shutil.copyfile(next((tree / "boot").glob(pattern)), part / name)
        shutil.rmtree(tree)
        part.replace(self.folder)
        return True


class Machine:
    """One machine; everything of it is in a folder of its own, and its processes are known by their pid files there."""

    def __init__(self, name, directory):
        """name: the machine's (str); directory: the lab's folder (Path)."""
        self.name = name
        self.folder = directory / "machines" / name
        self.qemu = Process(self.folder, "qemu")
        self.tpm = Process(self.folder, "tpm")
        self.record = self.folder / "machine.json"
        self.changes = []

    def start(self, image, memory, cpus, disks, lifetime):
        """Start it, unless it runs, and wait for SSH.

        image: MachineImage; memory: MB; disks: its further disks, a list of (QEMU's device, name, MB), which it finds
        as /dev/disk/by-id/virtio-NAME-0 or /dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_NAME-1, numbered as in the list;
        lifetime: seconds after which it is ended in any case.
        """
        missing = sorted(package for command, package in COMMANDS.items() if not installed(command))
        if missing:
            raise LabError(f"Packages are missing: apt-get install {' '.join(missing)}.")
        if image.make():
            self.changes.append(f"image {image.folder.name}")
        if self.qemu.pid():
            self._wait()
            return
        self.remove()
        self.folder.mkdir(mode=0o700, parents=True)
        port = free_port()
        self._keys(port)
        write_file(self.record, json.dumps({"port": port, "host_address": HOST_ADDRESS}) + "\n")
        root = self.folder / "root.qcow2"
        run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(image.folder / "root.ext4"), "-F", "raw", str(root)])
        drives = ["-drive", f"file={root},if=virtio,cache=unsafe"]
        for number, (device, name, size) in enumerate(disks):
            path = self.folder / f"{name}-{number}.raw"
            with path.open("wb") as handle:
                handle.truncate(size * 1024**2)
            drives += ["-drive", f"file={path},if=none,id=data{number},format=raw,cache=writeback"]
            drives += ["-device", f"{device},drive=data{number},serial={name}-{number}"]
        self._start_tpm(lifetime)
        self.qemu.start(self._command(image, memory, cpus, drives, port), lifetime)
        self.changes.append(f"machine {self.name}")
        self._wait()

    def _start_tpm(self, lifetime):
        state = self.folder / "tpm"
        state.mkdir()
        control = self.folder / "tpm.sock"
        self.tpm.start(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--ctrl", f"type=unixio,path={control}"],
            lifetime,
        )

    def _command(self, image, memory, cpus, drives, port):
        return [
            "qemu-system-x86_64",
            *("-name", f"infn-datacloud-{self.name}"),
            # Emulated also where KVM is there, so that the scenario is the same one everywhere.
            *("-machine", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem"),
            *("-smp", str(cpus), "-m", str(memory)),
            *("-kernel", str(image.folder / "kernel"), "-initrd", str(image.folder / "initrd")),
            *("-append", "root=LABEL=lab-root ro console=ttyS0 quiet"),
            *drives,
            *("-smbios", f"type=11,path={self.folder / 'credential'}"),
            *("-chardev", f"socket,id=tpm,path={self.folder / 'tpm.sock'}"),
            *("-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-tis,tpmdev=tpm0"),
            *("-device", "virtio-rng-pci"),
            *("-netdev", f"user,id=net0,hostfwd=tcp:127.0.0.1:{port}-:22", "-device", "virtio-net-pci,netdev=net0"),
            *("-display", "none", "-monitor", "none", "-serial", f"file:{self.folder / 'console.log'}"),
        ]

    def _keys(self, port):
        ssh = self.folder / "ssh"
        ssh.mkdir(mode=0o700)
        for name in ("id_ed25519", "host_key"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", str(ssh / name)])

        def read(name):
            return (ssh / name).read_text(encoding="utf-8")

        write_file(ssh / "known_hosts", f"[127.0.0.1]:{port} {' '.join(read('host_key.pub').split()[:2])}\n")
        # In a file: on the command line everybody on this machine could read the key.
        text = credential(
            [
                ("/etc/ssh/ssh_host_ed25519_key", "0600", "root", read("host_key")),
                ("/etc/ssh/ssh_host_ed25519_key.pub", "0644", "root", read("host_key.pub")),
                ("/home/admin/.ssh/authorized_keys", "0600", "admin", read("id_ed25519.pub")),
            ]
        )
        write_file(self.folder / "credential", text, 0o600)

    def _wait(self):
        port = json.loads(self.record.read_text(encoding="utf-8"))["port"]
        deadline = time.monotonic() + BOOT_TIMEOUT
        while time.monotonic() < deadline:
            if not self.qemu.pid():
                raise LabError(f"The machine {self.name} ended: {self.qemu.tail()}")
            try:
                # QEMU itself accepts the connection before the machine listens: only what is said counts.
                with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                    connection.settimeout(5)
                    if connection.recv(4) == b"SSH-":
                        return
            except OSError:
                pass
            time.sleep(0.5)
        raise LabError(
            f"The machine {self.name} did not answer on SSH within {BOOT_TIMEOUT} s; see {self.folder / 'console.log'}"
        )

    def remove(self):
        """End its processes and remove its folder."""
        for process in (self.qemu, self.tpm):
            if process.stop():
                self.changes.append(f"process {process.name}")
        if self.folder.exists():
            shutil.rmtree(self.folder)
            self.changes.append(str(self.folder))


class KeyServer:
    """A real OpenBao on this machine, in memory, with TLS: the machine reaches it as the host that it is not."""

    def __init__(self, directory):
        """directory: the lab's folder (Path)."""
        self.folder = directory / "machines" / "openbao"
        self.process = Process(self.folder, "bao")
        self.record = self.folder / "openbao.json"
        self.changes = []

    def start(self, program, token, lifetime):
        """Start it unless it runs; program: the command bao (str); token: its root token (str)."""
        if not self.process.pid():
            self.remove()
            self.folder.mkdir(mode=0o700, parents=True)
            name = socket.gethostname()
            port = free_port()
            self.process.start(
                [program, "server", "-dev", "-dev-tls", f"-dev-tls-cert-dir={self.folder}", "-dev-no-store-token"],
                lifetime,
                {"BAO_DEV_ROOT_TOKEN_ID": token, "BAO_DEV_LISTEN_ADDRESS": f"127.0.0.1:{port}"},
            )
            write_file(self.record, json.dumps({"port": port, "name": name}) + "\n")
            self.changes.append("process bao")
        self._wait()

    def _wait(self):
        port = json.loads(self.record.read_text(encoding="utf-8"))["port"]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.pid():
            with_ca = ["--cacert", str(next(self.folder.glob("*-ca.pem"), "missing"))]
            health = f"https://127.0.0.1:{port}/v1/sys/health"
            if (
                subprocess.run(
                    ["curl", "-sf", "-m", "5", *with_ca, health], capture_output=True, check=False
                ).returncode
                == 0
            ):
                return
            time.sleep(0.3)
        raise LabError(f"OpenBao did not start: {self.process.tail()}")

    def remove(self):
        """End it and remove its folder."""
        if self.process.stop():
            self.changes.append("process bao")
        if self.folder.exists():
            shutil.rmtree(self.folder)
            self.changes.append(str(self.folder))
