# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices hold: LUKS headers, and what must not be overwritten."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils import luks

SIZE = 0x4000
UUID = "3ce2ca50-1ba5-4d4b-95f5-7ac8bd5c0d30"


def copy(magic: bytes, offset: int, epoch: int, label: str = "clinical", metadata: dict | None = None) -> bytes:
    """One copy of a LUKS2 header, as cryptsetup writes it."""
    text = json.dumps(metadata if metadata is not None else {"keyslots": {"0": {}, "1": {}}, "tokens": {}})
    area = text.encode().ljust(SIZE - luks.BINARY_SIZE, b"\0")
    fields = [magic, 2, SIZE, epoch, label.encode(), b"sha256", b"salt", UUID.encode(), b"", offset, b""]
    binary = luks.LAYOUT.pack(*fields, bytes(64)).ljust(luks.BINARY_SIZE, b"\0")
    digest = hashlib.sha256(binary + area).digest()
    return luks.LAYOUT.pack(*fields, digest).ljust(luks.BINARY_SIZE, b"\0") + area


def test_header():
    head = copy(luks.HEADER, 0, 5) + copy(luks.SECOND_HEADER, SIZE, 5)
    assert luks.read_header(head) == {
        "version": 2,
        "uuid": UUID,
        "label": "clinical",
        "epoch": 5,
        "keyslots": [0, 1],
        "tokens": [],
    }


def test_the_newer_intact_copy_counts():
    newer = copy(luks.SECOND_HEADER, SIZE, 7, label="later")
    assert luks.read_header(copy(luks.HEADER, 0, 6) + newer)["label"] == "later"
    damaged = newer[:-1] + b"x"
    assert luks.read_header(copy(luks.HEADER, 0, 6) + damaged)["epoch"] == 6


def test_the_second_copy_alone_is_a_header():
    head = bytes(SIZE) + copy(luks.SECOND_HEADER, SIZE, 3)
    assert luks.read_header(head)["uuid"] == UUID


def test_tokens():
    metadata = {"keyslots": {}, "tokens": {"0": {"type": "systemd-tpm2", "tpm2-pcrs": [7]}}}
    head = copy(luks.HEADER, 0, 1, metadata=metadata)
    assert luks.read_header(head)["tokens"] == [{"type": "systemd-tpm2", "tpm2-pcrs": [7]}]


@pytest.mark.parametrize(
    ("head", "header"),
    [
        (bytes(luks.HEAD_SIZE), None),
        (b"", None),
        (b"LUKS\xba\xbe\0\1" + bytes(4096), {"version": 1}),
        (b"LUKS\xba\xbe\0\2" + bytes(SIZE), {"version": 2}),
    ],
)
def test_no_intact_header(head, header):
    assert luks.read_header(head) == header


def lsblk(**more) -> dict:
    return {"name": "sdb", "type": "disk", "fstype": None, "mountpoints": [None], **more}


@pytest.mark.parametrize(
    ("device", "signatures", "header", "blank", "found"),
    [
        (lsblk(), [], None, True, []),
        (lsblk(), [], None, False, ["data without a signature"]),
        (lsblk(), [{"type": "ext4"}], None, False, ["ext4"]),
        (lsblk(), [{"type": "crypto_LUKS"}], {"version": 2}, False, ["LUKS2"]),
        (lsblk(mountpoints=["/srv"]), [], None, False, ["mounted on /srv"]),
        (lsblk(mountpoints=["[SWAP]"]), [{"type": "swap"}], None, False, ["swap", "in use as swap"]),
        (
            lsblk(children=[{"name": "sdb1", "type": "part", "mountpoints": ["/home"]}]),
            [{"type": "gpt"}, {"type": "gpt"}],
            None,
            False,
            ["gpt", "mounted on /home", "part sdb1"],
        ),
        (
            lsblk(children=[{"name": "clinical", "type": "crypt", "mountpoints": ["/srv/clinical"]}]),
            [],
            {"version": 2},
            False,
            ["LUKS2", "mounted on /srv/clinical"],
        ),
    ],
)
def test_contents(device, signatures, header, blank, found):
    assert luks.contents(device, signatures, header, blank) == found


def test_opened_as():
    assert luks.opened_as(lsblk()) == ""
    assert luks.opened_as(lsblk(children=[{"name": "clinical", "type": "crypt"}])) == "clinical"
