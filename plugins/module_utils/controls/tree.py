# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over the files of the system: what runs with others' rights, what everybody may write, what nobody owns.

Walked are the local file systems of the system itself (SYSTEM). Left out are what containers and storage daemons keep,
whose files have other systems' owners, and data disks: millions of files there belong to their services' users.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field

# Where a system may have file systems of its own; any other mount point is a way out of it.
SYSTEM = frozenset((
    "/", "/boot", "/boot/efi", "/home", "/opt", "/tmp", "/usr", "/usr/local", "/var", "/var/cache",  # noqa: S108
    "/var/lib", "/var/log", "/var/log/audit", "/var/spool", "/var/tmp",  # noqa: S108
))  # fmt: skip
PRUNED = frozenset((
    "/dev", "/proc", "/run", "/sys", "/var/lib/ceph", "/var/lib/containerd", "/var/lib/containers", "/var/lib/docker",
    "/var/lib/kubelet", "/var/lib/lxc", "/var/lib/machines", "/var/lib/rancher",
))  # fmt: skip
# File systems on disks of this host, and what containers and small systems have their root on.
LOCAL = ("bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs")


@dataclass
class Tree:
    """Paths, each in the order of the walk: a folder before what is in it, names sorted.

    privileged: {path of a set-user-id or set-group-id program: its mode}; world_writable: files;
    not_sticky: folders in which everybody may remove everybody's files; unowned: paths without a user or group.
    """

    privileged: dict = field(default_factory=dict)
    world_writable: list = field(default_factory=list)
    not_sticky: list = field(default_factory=list)
    unowned: list = field(default_factory=list)


def tree(host):
    """The Tree of the host, walked once."""
    return host.once("tree", walk, host)


def walk(host):
    """Walk the host's system now."""
    found, known = Tree(), {}
    others = {path for path, mount in host.mounts().items() if mount.type not in LOCAL or path not in SYSTEM}
    prefix = str(host.root).rstrip("/")
    pending = ["/"]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(prefix + folder) as iterator:
                entries = sorted(iterator, key=lambda entry: entry.name, reverse=True)
        except OSError:
            # Gone in the meantime, or a file system of somebody else (FUSE refuses root).
            continue
        base = folder.rstrip("/") + "/"
        for entry in entries:
            path = base + entry.name
            if path in PRUNED or path in others:
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            _note(host, found, known, path, status)
            if stat.S_ISDIR(status.st_mode):
                pending.append(path)
    return found


def _note(host, found, known, path, status):
    """Note what is special about a path."""
    mode = status.st_mode
    owners = status.st_uid, status.st_gid
    if owners not in known:
        # A number in place of a name: nobody has it, in no directory service either.
        known[owners] = not (host.user_name(owners[0]).isdigit() or host.group_name(owners[1]).isdigit())
    if not known[owners]:
        found.unowned.append(path)
    if stat.S_ISREG(mode):
        if mode & (stat.S_ISUID | stat.S_ISGID) and mode & 0o111:
            found.privileged[path] = stat.S_IMODE(mode)
        if mode & stat.S_IWOTH:
            found.world_writable.append(path)
    elif stat.S_ISDIR(mode) and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        found.not_sticky.append(path)
