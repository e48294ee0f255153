# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_pool: create, change, remove."""

from __future__ import annotations

import pytest

POOL = {"name": "images", "size": 3, "pg_num": 8, "pg_autoscale_mode": "off", "application": "rbd"}


@pytest.mark.crud("ceph_pool")
def test_life(ceph):
    full = {**POOL, "min_size": 1, "quota_max_bytes": "10G", "quota_max_objects": 5, "crush_rule": "ssd"}
    erasure = {"name": "cold", "type": "erasure", "erasure_code_profile": "k4m2", "pg_num": 16}
    done = ceph.life("ceph_pool", {"pools": [full, erasure]})
    assert [item["action"] for item in done["operations"]] == ["create", "create"]
    images = ceph.cluster.pools["images"]
    assert images["application_metadata"] == {"rbd": {}} and images["quota_max_bytes"] == 10 * 2**30
    assert images["crush_rule"] == 1 and ceph.cluster.pools["cold"]["type"] == 3

    changed = {**full, "size": 2, "pg_num": 16, "quota_max_bytes": "0", "pg_autoscale_mode": "warn"}
    done = ceph.life("ceph_pool", {"pools": [changed]})
    assert done["operations"][0]["changes"] == ["pg_autoscale_mode", "pg_num", "size", "quota_max_bytes"]
    assert images["pg_num_target"] == 16 and images["quota_max_bytes"] == 0

    ceph.cluster.pool_delete = True
    done = ceph.life("ceph_pool", {"pools": [{"name": "images", "state": "absent", "destroy": "images"}]})
    assert list(ceph.cluster.pools) == ["cold"]


def test_placement_groups_belong_to_the_autoscaler_once_it_is_on(ceph):
    ceph.run("ceph_pool", {"pools": [{"name": "auto", "pg_num": 8}]})
    assert not ceph.run("ceph_pool", {"pools": [{"name": "auto", "pg_num": 64}]})["changed"]
    assert ceph.run("ceph_pool", {"pools": [{"name": "auto", "pg_num": 64, "pg_autoscale_mode": "off"}]})["changed"]
    assert ceph.cluster.pools["auto"]["pg_num_target"] == 64


def test_removal_needs_the_name_twice_and_the_clusters_consent(ceph):
    ceph.run("ceph_pool", {"pools": [POOL]})
    for destroy in ({}, {"destroy": "other"}):
        result = ceph.run("ceph_pool", {"pools": [{"name": "images", "state": "absent", **destroy}]})
        assert result["failed"] and "repeat its name in destroy" in result["msg"]
    result = ceph.run("ceph_pool", {"pools": [{"name": "images", "state": "absent", "destroy": "images"}]})
    assert result["failed"] and "mon_allow_pool_delete" in result["msg"] and "images" in ceph.cluster.pools
    assert not ceph.run("ceph_pool", {"pools": [{"name": "never-was", "state": "absent"}]})["changed"]


def test_type_cannot_change(ceph):
    ceph.run("ceph_pool", {"pools": [POOL]})
    result = ceph.run("ceph_pool", {"pools": [{**POOL, "type": "erasure"}]})
    assert result["failed"] and "pool images: type is 'replicated' and cannot become 'erasure'" in result["msg"]


def test_one_pass_of_a_hundred_pools_reads_twice(ceph):
    pools = [{"name": f"pool-{number}", "application": "rbd"} for number in range(100)]
    ceph.run("ceph_pool", {"pools": pools})
    ceph.cluster.calls.clear()
    assert not ceph.run("ceph_pool", {"pools": pools})["changed"]
    assert ceph.cluster.calls == ["osd crush rule dump", "osd pool ls"]


def test_an_interrupted_creation_is_completed(ceph):
    ceph.cluster.osd_pool_create("images", size=3, autoscale_mode="off", pg_num=8)
    done = ceph.run("ceph_pool", {"pools": [POOL]})
    assert done["operations"] == [{"action": "update", "key": "images", "changes": ["application"]}]
