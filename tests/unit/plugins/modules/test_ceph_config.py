# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_config: set, normalise, hide, remove."""

from __future__ import annotations

import pytest

SIZE = {"section": "osd", "name": "osd_memory_target", "value": "4G"}


@pytest.mark.crud("ceph_config")
def test_life(ceph):
    options = [
        SIZE,
        {"section": "global", "name": "mon_data_avail_warn", "value": 5},
        {"section": "osd", "name": "osd_scrub_sleep", "value": 0.5},
        {"section": "osd", "mask": "class:ssd", "name": "osd_max_backfills", "value": "2"},
        {"section": "osd", "name": "osd_memory_target_autotune", "value": False},
    ]
    done = ceph.life("ceph_config", {"config": options})
    assert [item["key"] for item in done["operations"]][:1] == ["osd/osd_memory_target"]
    assert ceph.cluster.options["osd/class:ssd", "osd_max_backfills"] == "2"
    assert ceph.cluster.options["osd", "osd_memory_target"] == "4294967296"

    done = ceph.life("ceph_config", {"config": [{**SIZE, "value": "5G"}]})
    assert done["operations"] == [{"action": "update", "key": "osd/osd_memory_target", "changes": ["value"]}]
    assert done["diff"]["before"]["osd/osd_memory_target"]["value"] == "4294967296"

    gone = [{"section": "osd", "mask": "class:ssd", "name": "osd_max_backfills", "state": "absent"}]
    ceph.life("ceph_config", {"config": gone})
    assert ("osd/class:ssd", "osd_max_backfills") not in ceph.cluster.options


def test_types_are_asked_for_only_where_texts_differ(ceph):
    ceph.run("ceph_config", {"config": [SIZE]})
    ceph.cluster.calls.clear()
    ceph.run("ceph_config", {"config": [{**SIZE, "value": "4294967296"}]})
    assert ceph.cluster.calls == ["config dump"]
    ceph.run("ceph_config", {"config": [SIZE]})
    assert ceph.cluster.calls == ["config dump", "config dump", "config help"]


@pytest.mark.crud("ceph_config")
def test_secrets_are_never_shown(ceph):
    option = {"section": "client.rgw", "name": "rgw_sts_key"}
    for value in ("first-secret-1", "second-secret-2"):
        done = ceph.life("ceph_config", {"config": [{**option, "secret_value": value}]})
        assert "-secret-" not in str(done)
        assert ceph.cluster.options["client.rgw", "rgw_sts_key"] == value
    done = ceph.life("ceph_config", {"config": [{**option, "state": "absent"}]})
    assert "-secret-" not in str(done)
    warned = {"section": "osd", "name": "osd_memory_target", "value": "77777777777", "secret": True}
    assert "77777777777" not in str(ceph.life("ceph_config", {"config": [warned]})["diff"])


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"section": "osd", "name": "osd_memory_target"}, "give value or secret_value"),
        ({"section": "osd", "name": "osd_nothing", "value": 1}, "unrecognized config option 'osd_nothing'"),
        ({"section": "nobody", "name": "osd_memory_target", "value": 1}, "unrecognized config target 'nobody'"),
        ({"section": "osd", "name": "osd_memory_target", "value": "much"}, "error parsing value"),
    ],
)
def test_refusals_name_the_option(ceph, option, words):
    result = ceph.run("ceph_config", {"config": [option]})
    assert result["failed"] and words in result["msg"] and option["name"] in result["msg"]
