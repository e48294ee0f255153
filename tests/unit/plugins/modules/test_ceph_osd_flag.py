# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_osd_flag: set, unset, and leave the rest alone."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.objects import FLAGS
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.ceph import fake_rados

OWN = ["pglog_hardlimit", "purged_snapdirs", "recovery_deletes", "sortbitwise"]


@pytest.mark.crud("ceph_osd_flag")
def test_life(ceph):
    done = ceph.life("ceph_osd_flag", {"flags": [{"name": "noout"}, {"name": "norebalance", "state": "present"}]})
    assert done["operations"] == [
        {"action": "create", "key": name, "changes": ["name"]} for name in ("noout", "norebalance")
    ]
    assert done["diff"] == {
        "before": {},
        "after": {"noout": {"name": "noout"}, "norebalance": {"name": "norebalance"}},
    }
    assert ceph.cluster.flags == [*OWN, "noout", "norebalance"]

    done = ceph.life("ceph_osd_flag", {"flags": [{"name": "norebalance", "state": "absent"}, {"name": "noscrub"}]})
    assert [(item["action"], item["key"]) for item in done["operations"]] == [
        ("create", "noscrub"),
        ("delete", "norebalance"),
    ]
    assert ceph.cluster.flags == [*OWN, "noout", "noscrub"], "a flag that is not listed is left as it is"

    ceph.life("ceph_osd_flag", {"flags": [{"name": name, "state": "absent"} for name in ("noout", "noscrub")]})
    assert ceph.cluster.flags == OWN


def test_pause_is_two_flags_of_the_map(ceph):
    ceph.life("ceph_osd_flag", {"flags": [{"name": "pause"}]})
    assert ceph.cluster.flags == [*OWN, "pauserd", "pausewr"]
    ceph.life("ceph_osd_flag", {"flags": [{"name": "pause", "state": "absent"}]})
    assert ceph.cluster.flags == OWN


def test_the_cluster_knows_every_choice(ceph):
    assert set(FLAGS) <= set(fake_rados.SETTABLE.split("|"))
    ceph.life("ceph_osd_flag", {"flags": [{"name": name} for name in FLAGS]})
    ceph.life("ceph_osd_flag", {"flags": [{"name": name, "state": "absent"} for name in FLAGS]})


def test_one_command_reads_them_all(ceph):
    flags = {"flags": [{"name": name} for name in FLAGS]}
    ceph.run("ceph_osd_flag", flags)
    ceph.cluster.calls.clear()
    assert not ceph.run("ceph_osd_flag", flags)["changed"]
    assert ceph.cluster.calls == ["osd dump"]


@pytest.mark.parametrize(
    "flags",
    [
        [{"name": "sortbitwise"}],  # the cluster's own
        [{"name": "noout"}, {"name": "noout", "state": "absent"}],
    ],
)
def test_refusals_write_nothing(ceph, flags):
    result = ceph.run("ceph_osd_flag", {"flags": flags})
    assert result["failed"] and flags[0]["name"] in result["msg"] and ceph.cluster.flags == OWN


def test_before_the_cluster_exists_a_check_plans_it_all(ceph, tmp_path):
    (tmp_path / "ceph.conf").unlink()
    foreseen = ceph.run(
        "ceph_osd_flag", {"flags": [{"name": "noout"}, {"name": "pause", "state": "absent"}]}, check=True
    )
    assert [item["key"] for item in foreseen["operations"]] == ["noout"] and foreseen["warnings"]
