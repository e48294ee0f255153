# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure transformations of RGW's JSON and text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.module_utils.rgw import objects

RECORDINGS = Path(__file__).parent / "recordings"


def recorded(name):
    return (RECORDINGS / name).read_text()


def test_sync_status_of_the_master():
    status = objects.sync_status(recorded("sync-status-master.txt"))
    assert status["synced"]
    assert [status[name] for name in ("realm", "zonegroup", "zone")] == ["datacloud", "italy", "cnaf"]
    assert status["metadata"]["state"] == "no sync (zone is master)" and status["metadata"]["caught_up"]
    assert [(side["zone"], side["state"], side["shards"]) for side in status["data"]] == [("ba", "syncing", 128)]


def test_sync_status_of_a_follower_some_seconds_after_a_write():
    status = objects.sync_status(recorded("sync-status-follower.txt"))
    assert status["metadata"]["caught_up"] and not status["synced"]
    assert status["data"][0]["behind_shards"] == 1
    assert status["data"][0]["oldest"] == "2026-11-22T19:42:02.679040+0000"


def test_sync_status_behind():
    status = objects.sync_status(recorded("sync-status-behind.txt"))
    assert not status["synced"]
    assert status["metadata"]["behind_shards"] == 2 and not status["metadata"]["caught_up"]
    cnaf, lnl = status["data"]
    assert (cnaf["behind_shards"], cnaf["recovering_shards"], cnaf["full_sync_shards"], cnaf["left"]) == (4, 1, 3, 12)
    assert cnaf["oldest"] == "2026-11-22T18:43:01.858390+0000"
    assert lnl["zone"] == "lnl" and lnl["caught_up"]


def test_sync_status_of_a_broken_connection():
    status = objects.sync_status(recorded("sync-status-broken.txt"))
    assert not status["synced"]
    assert status["metadata"]["errors"] == ["failed to fetch master sync status: (5) Input/output error"]
    assert status["data"][0]["errors"] and not status["data"][0]["caught_up"]


def test_nothing_said_is_not_synced():
    assert not objects.sync_status("")["synced"]


def test_bucket_sync_status():
    status = objects.bucket_sync_status(recorded("bucket-sync-status.txt"))
    assert status["synced"] and status["sources"][0]["zone"] == "cnaf" and status["sources"][0]["shards"] == 11


@pytest.mark.parametrize(
    ("given_size", "kept"), [("-1", -1), (-7, -1), (0, 0), (1, 1024), ("1024", 1024), (1025, 2048), ("10G", 10 * 2**30)]
)
def test_quota_size(given_size, kept):
    assert objects.size(given_size) == kept


@given(st.integers(min_value=0, max_value=2**60))
def test_a_kept_size_is_kept(value):
    assert objects.size(objects.size(value)) == objects.size(value) >= value


@pytest.mark.parametrize(
    ("remote", "local", "later"),
    [
        ((1, 3), None, True),
        ((1, 3), (1, 3), False),
        ((1, 4), (1, 3), True),
        ((2, 1), (1, 9), True),
        ((1, 9), (2, 1), False),
    ],
)
def test_newer(remote, local, later):
    def period(age):
        return age and {"realm_epoch": age[0], "epoch": age[1]}

    assert objects.newer(period(remote), period(local)) is later


def group(**changes):
    zones = [{"id": "1", "name": "cnaf", "endpoints": ["a"]}]
    return {"id": "g", "name": "italy", "is_master": True, "zones": zones, **changes}


def test_staged_finds_nothing_in_equal_maps_whatever_their_order_and_spelling():
    zones = [{"id": "1", "name": "cnaf"}, {"id": "2", "name": "ba"}]
    period = {"period_map": {"zonegroups": [group(zones=zones, is_master="true")]}}
    assert objects.staged(period, [group(zones=zones[::-1])]) == ({}, {})


def test_staged_shows_new_changed_and_removed_values_without_secrets():
    period = {"period_map": {"zonegroups": [group()]}}
    zones = [{"id": "2", "name": "ba", "endpoints": ["b"], "secret": "x"}]
    before, after = objects.staged(period, [group(zones=zones, api_name="it")])
    assert before["italy.zones.cnaf.endpoints"] == ["a"] and "italy.id" not in before
    assert after["italy.api_name"] == "it" and after["italy.zones.ba.secret"].startswith("VALUE_SPECIFIED")


def test_period_summary_before_the_first_commit():
    period = {"id": "p", "epoch": 1, "period_map": {"zonegroups": []}, "master_zone": "", "realm_epoch": 1}
    assert objects.period_summary(period)["master_zone_name"] is None


def test_a_quota_is_only_enabled_where_nothing_else_is_said():
    commands = objects.user_commands({"uid": "u"}, {"uid": "u", "user_quota": {"enabled": True}}, ["user_quota"])
    assert [words[:2] for words, _secrets in commands] == [["quota", "enable"]]


def test_no_secret_key_among_the_words():
    key = {"access_key": "A", "secret_key": "hidden-away"}
    after = {"uid": "u", "display_name": "U", "keys": [key]}
    created = objects.user_commands(None, after, list(after))
    added = objects.user_commands({**after, "keys": []}, after, ["keys"])
    for words, secrets in [*created, *added]:
        assert "hidden-away" not in " ".join(words) and secrets["--secret"] == "hidden-away"


def test_user_view():
    raw = json.loads(recorded("user-info.json"))
    user = objects.user_view(raw, {"keys": [{"access_key": "VIRGO2"}]})
    assert user["caps"] == {"buckets": "*"} and user["op_mask"] == ["read", "write", "delete"] and user["mark"]
    assert user["keys"] == [{"access_key": "VIRGO2", "secret_key": "virgo-secret-2"}]
    assert user["user_quota"] == {"enabled": True, "max_size": 10 * 2**20, "max_objects": 7}
    assert (user["suspended"], user["system"], user["admin"], user["max_buckets"]) == (False, False, False, 5)
    assert objects.user_view(raw)["keys"] == [], "keys nobody asked for are not ours to compare"
    assert len(objects.user_view(raw, {"purge_keys": True})["keys"]) == 1
