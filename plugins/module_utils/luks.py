# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a block device holds: LUKS2 headers as they are on the disk, and everything that must not be overwritten.

The header is read directly, so that it is known also where cryptsetup is not installed yet (check mode on a fresh
host). Its layout: "LUKS2 On-Disk Format Specification", chapters 2 and 3 (gitlab.com/cryptsetup/LUKS2-docs).
"""

from __future__ import annotations

import hashlib
import json
import struct

HEADER = b"LUKS\xba\xbe"
SECOND_HEADER = b"SKUL\xba\xbe"
# magic, version, header size, sequence, label, checksum's algorithm, salt, UUID, subsystem, offset, padding, checksum.
LAYOUT = struct.Struct(">6sHQQ48s32s64s40s48sQ184s64s")
BINARY_SIZE = 4096
# Where the second copy may begin (bytes): the first copy's size is one of these.
SECOND_OFFSETS = (0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000, 0x200000, 0x400000)
# As much of a device as is read to find headers, and to find that it is blank (bytes).
HEAD_SIZE = SECOND_OFFSETS[-1] * 2


def _text(field):
    return field.split(b"\0", 1)[0].decode("utf-8", errors="replace")


def _copy(head, offset, magic):
    """Return the header copy at an offset as (sequence, fields), or None where there is no intact one."""
    binary = head[offset : offset + BINARY_SIZE]
    if len(binary) < BINARY_SIZE or not binary.startswith(magic):
        return None
    (_magic, version, size, sequence, label, algorithm, _salt, uuid, _subsystem, own_offset, _padding, checksum) = (
        LAYOUT.unpack_from(binary)
    )
    if version != 2 or own_offset != offset or size not in SECOND_OFFSETS:
        return None
    area = head[offset : offset + size]
    blanked = area[: LAYOUT.size - 64] + bytes(64) + area[LAYOUT.size :]
    try:
        digest = hashlib.new(_text(algorithm), blanked).digest()
        metadata = json.loads(_text(area[BINARY_SIZE:]))
    except ValueError:
        return None
    if checksum[: len(digest)] != digest:
        return None
    return sequence, {"uuid": _text(uuid), "label": _text(label), "metadata": metadata}


def read_header(head):
    """Return what the LUKS header in the first HEAD_SIZE bytes of a device says, or None where there is none.

    A dict: version (1 or 2), and for version 2 uuid, label, epoch (int, grows with each change of the header), keyslots
    (numbers) and tokens (list of dicts as in the header). Of the two copies the newer intact one counts; where none is
    intact, there is only version.
    """
    if head[:6] not in (HEADER, SECOND_HEADER) and not any(head[at : at + 6] == SECOND_HEADER for at in SECOND_OFFSETS):
        return None
    if head.startswith(HEADER) and head[6:8] == b"\0\1":
        return {"version": 1}
    copies = [_copy(head, 0, HEADER), *(_copy(head, offset, SECOND_HEADER) for offset in SECOND_OFFSETS)]
    intact = [copy for copy in copies if copy]
    if not intact:
        return {"version": 2}
    epoch, fields = max(intact, key=lambda copy: copy[0])
    metadata = fields["metadata"]
    return {
        "version": 2,
        "uuid": fields["uuid"],
        "label": fields["label"],
        "epoch": epoch,
        "keyslots": sorted(int(number) for number in metadata.get("keyslots", {})),
        "tokens": [token for _number, token in sorted(metadata.get("tokens", {}).items())],
    }


def tree(device):
    """Return a device of `lsblk --json` and all that is made of it, as one list of dicts."""
    return [device, *(entry for child in device.get("children") or [] for entry in tree(child))]


def contents(device, signatures, luks, blank):
    """Return in words what a device holds that would be lost (list of str), empty if it may be written to.

    device: its entry of `lsblk --json`; signatures: of `wipefs --json`; luks: read_header()'s answer; blank: whether
    its beginning is all zeros. A LUKS header counts as the one entry "LUKS<version>".
    """
    found = []
    if luks:
        found.append(f"LUKS{luks['version']}")
    found += [signature["type"] for signature in signatures if not signature["type"].startswith("crypto_LUKS")]
    for entry in tree(device):
        for mountpoint in filter(None, entry.get("mountpoints") or []):
            found.append(f"mounted on {mountpoint}" if mountpoint != "[SWAP]" else "in use as swap")
        if entry is not device and entry["type"] != "crypt":
            found.append(f"{entry['type']} {entry['name']}")
    if not found and not blank:
        found.append("data without a signature")
    return list(dict.fromkeys(found))


def opened_as(device):
    """Return the name under which a device of `lsblk --json` is open (str), "" if it is not."""
    return next((child["name"] for child in device.get("children") or [] if child["type"] == "crypt"), "")
