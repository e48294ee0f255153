# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.devices import judge, refusal

FSID = "5b7fd2a5-3d2c-5c0a-9d9b-0d5a1c5b1c5f"
OTHER = "11111111-2222-3333-4444-555555555555"
ZEROS = bytes(4096)


def label(fsid):
    return b"bluestore block device\n1c2d-osd-uuid\n\x02\x01\x13\x01ceph_fsid\x24\x00\x00\x00" + fsid.encode() + ZEROS


@pytest.mark.parametrize(
    ("head", "lsblk", "tags", "state", "words"),
    [
        (ZEROS, {}, [], "blank", "is blank"),
        (label(FSID), {}, [], "ours", "is an OSD of this cluster"),
        (label(OTHER), {}, [], "foreign", "another Ceph cluster"),
        (ZEROS, {"fstype": "LVM2_member"}, [f"ceph.block_device=/x,ceph.cluster_fsid={FSID}"], "ours", "LVM"),
        (ZEROS, {"fstype": "LVM2_member"}, [f"ceph.cluster_fsid={OTHER}"], "data", "LVM volumes"),
        (ZEROS, {"fstype": "ext4"}, [], "data", "holds ext4"),
        (ZEROS, {"pttype": "gpt"}, [], "data", "partition table (gpt)"),
        (ZEROS, {"fstype": "xfs", "mountpoints": ["/srv"]}, [], "data", "is mounted on /srv"),
        (
            ZEROS,
            {"mountpoints": [None], "children": [{"name": "sdb1", "mountpoints": ["/", "/boot"]}]},
            [],
            "data",
            "is mounted on /, /boot",
        ),
        (ZEROS, {"children": [{"name": "sdb1", "mountpoints": [None]}]}, [], "data", "partitions or volumes (sdb1)"),
        (None, {}, [], "missing", "is not a block device"),
    ],
)
def test_judge(head, lsblk, tags, state, words):
    found, reason = judge(head, lsblk, tags, FSID)
    assert found == state
    assert words in reason


def test_refusal_names_every_bad_device_and_no_good_one():
    sentence = refusal(
        {
            "/dev/sda": {"state": "data", "reason": "holds ext4"},
            "/dev/sdb": {"state": "blank", "reason": "is blank"},
            "/dev/sdc": {"state": "missing", "reason": "is not a block device of this host"},
        }
    )
    assert sentence.startswith("2 device(s) cannot become OSDs: /dev/sda holds ext4; /dev/sdc is not a block device")
    assert "/dev/sdb" not in sentence
    assert "wipefs" in sentence


def test_nothing_to_refuse():
    assert refusal({"/dev/sdb": {"state": "ours", "reason": "is an OSD of this cluster"}}) is None
