# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_fs: create on pools or as a volume, change, remove."""

from __future__ import annotations

import pytest

FS = {"name": "home", "metadata_pool": "meta", "data_pools": ["data"]}


@pytest.fixture
def pools(ceph):
    for name in ("meta", "data", "more"):
        ceph.cluster.osd_pool_create(name)
    return ceph


@pytest.mark.crud("ceph_fs")
def test_life(pools):
    full = {**FS, "max_mds": 2, "standby_count_wanted": 0, "allow_standby_replay": True, "subvolume_groups": ["users"]}
    pools.life("ceph_fs", {"filesystems": [full]})
    assert pools.cluster.filesystems["home"] == {
        "metadata": "meta",
        "data": ["data"],
        "max_mds": 2,
        "standby_count_wanted": 0,
        "allow_standby_replay": True,
    }
    assert pools.cluster.groups == {"home": ["users"]}

    changed = {**full, "data_pools": ["more"], "max_mds": 1, "subvolume_groups": ["groups"]}
    done = pools.life("ceph_fs", {"filesystems": [changed]})
    assert done["operations"][0]["changes"] == ["data_pools", "max_mds", "subvolume_groups"]
    assert pools.cluster.filesystems["home"]["data"] == ["data", "more"]
    assert pools.cluster.groups == {"home": ["users", "groups"]}

    pools.life("ceph_fs", {"filesystems": [{"name": "home", "state": "absent", "destroy": "home"}]})
    assert not pools.cluster.filesystems and "data" in pools.cluster.pools


@pytest.mark.crud("ceph_fs")
def test_volume(ceph):
    ceph.life(
        "ceph_fs", {"filesystems": [{"name": "vol", "placement": "label:mds", "max_mds": 3, "subvolume_groups": []}]}
    )
    assert ceph.cluster.filesystems["vol"]["max_mds"] == 3 and "cephfs.vol.meta" in ceph.cluster.pools


def test_an_interrupted_creation_is_completed(pools):
    pools.cluster.fs_new("home", "meta", "data")
    done = pools.run("ceph_fs", {"filesystems": [{**FS, "data_pools": ["data", "more"], "max_mds": 2}]})
    assert done["operations"][0]["changes"] == ["data_pools", "max_mds"]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"name": "home", "metadata_pool": "meta"}, "give metadata_pool and data_pools together"),
        ({"name": "home", "metadata_pool": "none", "data_pools": ["data"]}, "pool 'none' does not exist"),
    ],
)
def test_refusals(pools, wanted, words):
    result = pools.run("ceph_fs", {"filesystems": [wanted]})
    assert result["failed"] and words in result["msg"] and "file system home" in result["msg"]


def test_what_holds_data_is_not_given_up_by_mistake(pools):
    pools.run("ceph_fs", {"filesystems": [FS]})
    result = pools.run("ceph_fs", {"filesystems": [{"name": "home", "state": "absent"}]})
    assert result["failed"] and "destroys its data" in result["msg"]
    result = pools.run("ceph_fs", {"filesystems": [{**FS, "metadata_pool": "more"}]})
    assert result["failed"] and "metadata_pool is 'meta' and cannot become 'more'" in result["msg"]
