# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure transformations between Ceph's words and ours."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.ceph import objects


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("size", "4G", "4294967296"),
        ("size", "4Gi", "4294967296"),
        ("size", "512", "512"),
        ("int", "4K", "4000"),
        ("uint", "7", "7"),
        ("float", ".5", "0.500000"),
        ("float", "0.1", "0.100000"),
        ("bool", "True", "true"),
        ("bool", "0", "false"),
        ("bool", "yes", "yes"),
        ("secs", "1h", "3600"),
        ("secs", "1h 30 minutes", "5400"),
        ("secs", "90", "90"),
        ("secs", "soon", "soon"),
        ("size", "4X", "4X"),
        ("str", "4G", "4G"),
    ],
)
def test_values_as_the_monitors_store_them(kind, value, stored):
    assert objects.normal_value(kind, value) == stored


@pytest.mark.parametrize(("value", "size"), [("1K", 1024), ("10", 10), (0, 0), ("many", "many")])
def test_sizes(value, size):
    assert objects.size_in_bytes(value) == size


def test_old_flat_keys_and_short_forms_are_written_out():
    given = objects.service_given(
        {
            "service_type": "osd",
            "service_id": "x",
            "placement": {"hosts": [{"hostname": "a", "network": "10.0.0.1"}]},
            "method": "raw",
            "db_devices": {"all": False, "size": "10G:"},
            "networks": "10.0.0.0/8",
        }
    )
    assert given["name"] == "osd.x" and given["networks"] == ["10.0.0.0/8"]
    assert given["placement"] == {"hosts": ["a:10.0.0.1"]}
    assert given["spec"] == {"method": "raw", "db_devices": {"size": "10G:"}}


@pytest.mark.parametrize(
    ("there", "given", "same"),
    [
        ("8443", 8443, True),
        (None, False, True),
        (None, 0, False),
        (None, "", True),
        (True, 1, True),
        (["a", "b"], "a\nb\n", True),
        ({"a": 1}, {"a": "1"}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (["a"], ["b"], False),
        ("x", {"a": 1}, False),
    ],
)
def test_what_says_the_same(there, given, same):
    assert objects._same(there, given) is same


def test_only_given_keys_count():
    there = {
        "name": "osd.x",
        "service_type": "osd",
        "service_id": "x",
        "placement": {"label": "osd"},
        "spec": {"method": "raw", "objectstore": "bluestore", "data_devices": {"all": True}, "config": {"a": "1"}},
    }
    given = {
        "name": "osd.x",
        "state": "present",
        "secrets": [],
        "service_type": "osd",
        "spec": {"data_devices": {"paths": ["/dev/x"]}, "method": "", "config": {"b": "2"}},
    }
    wanted = objects.service_wanted(given, there)
    assert wanted["placement"] == {"label": "osd"}
    assert wanted["spec"] == {
        "objectstore": "bluestore",
        "data_devices": {"paths": ["/dev/x"]},
        "config": {"a": "1", "b": "2"},
    }


def test_redaction_follows_dotted_paths():
    service = {"name": "x", "spec": {"a": {"b": "hidden", "c": 1}}, "secrets": ["spec.a.b", "spec.none", "name.deep"]}
    shown = objects.redact_service(service)
    assert shown["spec"]["a"] == {"b": objects.MASK, "c": 1} and service["spec"]["a"]["b"] == "hidden"


def test_waiting_skips_what_is_unmanaged():
    rows = [
        {"service_name": "a", "service_type": "mds", "status": {"running": 0, "size": 2}, "unmanaged": True},
        {"service_name": "osd.x", "service_type": "osd", "status": {"running": 0, "size": 0}},
        {"service_name": "b", "service_type": "rgw", "status": {"running": 0, "size": 0}},
    ]
    assert objects.not_ready(["a", "osd.x", "b", "c"], rows) == {"b": "0 of 0 running", "c": "not listed yet"}


def test_failed_module_is_found_by_name():
    health = {"checks": {"MGR_MODULE_ERROR": {"detail": [{"message": "Module 'cephadm' has failed: x"}]}}}
    assert "cephadm" in objects.failed_module(health) and objects.failed_module(health, "volumes") is None
    assert objects.failed_module({"checks": {}}) is None
