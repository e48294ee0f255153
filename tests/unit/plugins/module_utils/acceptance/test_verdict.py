# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes are accepted, and how far from the others is too far."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance import verdict
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.acceptance import cluster

ABOUT = {"bubble": "bari", "site": "ba", "federation": "INFN"}
NODES = {node["name"]: {"pool": node["pool"]} for node in cluster.NODES}


def evaluate(measurements=None, nodes=NODES, checks=(), **thresholds):
    """The document of these measurements, those of the whole cluster if not given."""
    given_ones = cluster.measurements() if measurements is None else measurements
    full = [{"errors": {}, "skipped": {}, "checks": [], "about": {}, **item} for item in given_ones]
    return verdict.evaluate(ABOUT, nodes, verdict.merge({}, nodes, full), list(checks), thresholds)


def failed(document):
    """The names of checks that failed or are missing, by node."""
    return {
        name: [check["check"] for check in node["checks"] if check["status"] in ("fail", "missing")]
        for name, node in document["nodes"].items()
        if not node["accepted"]
    }


def test_only_the_slow_node_stands_out():
    document = evaluate()
    assert failed(document) == {cluster.SLOW: ["hpl_gflops", "stream_triad_gb_s"]}
    assert not document["accepted"]
    assert "like the others of its pool" in verdict.failures(document)[cluster.SLOW][0]


def test_a_cluster_without_faults_is_accepted():
    nodes = {name: node for name, node in NODES.items() if name != cluster.SLOW}
    document = evaluate([item for item in cluster.measurements() if item["node"] != cluster.SLOW], nodes)
    assert document["accepted"] and verdict.failures(document) == {}


def test_two_nodes_say_nothing_about_each_other():
    nodes = {name: {"pool": "cpu"} for name in ("ba-cpu-01", cluster.SLOW)}
    document = evaluate([item for item in cluster.measurements() if item["node"] in nodes], nodes)
    assert document["accepted"]


def test_thresholds_by_measure_and_by_pool():
    assert failed(evaluate(hpl_gflops=3500)).keys() == {name for name, node in NODES.items() if node["pool"] == "cpu"}
    only_gpu = failed(evaluate(hpl_gflops_in_gpu=4000))
    assert {name for name in only_gpu if "gpu" in name} == {f"ba-gpu-0{number}" for number in (1, 2, 3)}
    assert "ba-cpu-01" not in only_gpu
    times = failed(evaluate(mpi_latency_us=1.0))
    assert all("mpi_latency_us" in checks for checks in times.values()) and len(times) == len(NODES)


def test_what_has_a_threshold_has_to_be_measured():
    document = evaluate(verbs_write_gbit_s=180)
    assert failed(document)["ba-cpu-01"] == ["verbs_write_gbit_s"]


def test_a_node_that_was_never_measured():
    document = evaluate([item for item in cluster.measurements() if item["node"] != "ba-cpu-02"])
    assert failed(document)["ba-cpu-02"] == ["measured"]


def test_errors_and_checks_of_a_node():
    bad = cluster.measurement("ba-cpu-01", 0, errors={"storage": "fio said no"}, skipped={"verbs": "no device"})
    check = {"check": "gpus", "title": "", "ok": False, "observed": "3", "wanted": "4", "advice": "reseat it"}
    bad["checks"] = [check]
    document = evaluate([bad, *cluster.measurements()[1:]])
    assert failed(document)["ba-cpu-01"] == ["storage", "gpus"]
    lines = verdict.failures(document)["ba-cpu-01"]
    assert lines[1] == "gpus: 3, wanted: 4; reseat it" and "fio said no" in lines[0]


def test_a_check_of_the_whole_bubble():
    check = {"check": "links", "title": "Links", "ok": False, "observed": "1X", "wanted": "4X", "advice": "cable"}
    nodes = {name: node for name, node in NODES.items() if name != cluster.SLOW}
    document = evaluate([item for item in cluster.measurements() if item["node"] in nodes], nodes, [check])
    assert not document["accepted"] and verdict.failures(document) == {"": ["Links: 1X, wanted: 4X; cable"]}


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"hpl_gflop": 1}, "did you mean hpl_gflops"),
        ({"hpl_gflops": "fast"}, "numbers"),
        ({"hpl_gflops_in_x": 1}, "no"),
    ],
)
def test_thresholds_that_are_none(thresholds, message):
    with pytest.raises(verdict.InputError, match=message):
        evaluate(**thresholds)


def test_earlier_measurements_are_kept():
    full = [{"errors": {}, "skipped": {}, "checks": [], "about": {}, **item} for item in cluster.measurements()]
    before = verdict.evaluate(ABOUT, NODES, verdict.merge({}, NODES, full), [], {})
    repaired = {**full[4], "numbers": full[3]["numbers"]}
    merged = verdict.merge(before, NODES, [repaired])
    assert set(merged) == set(NODES)
    assert verdict.evaluate(ABOUT, NODES, merged, [], {})["accepted"]


@given(st.lists(st.floats(1, 1e6), min_size=3, max_size=50))
def test_no_node_within_the_tolerance_is_an_outlier(numbers):
    values = {str(index): number for index, number in enumerate(numbers)}
    middle = sorted(numbers)[len(numbers) // 2] if len(numbers) % 2 else None
    for node, z in verdict.scores(values, 3.5, 5).items():
        if middle and abs(values[node] - middle) < 0.05 * middle * 0.999:
            assert abs(z) <= 3.5


def test_equal_nodes_and_zeros():
    assert set(verdict.scores(dict.fromkeys("abc", 7.0), 3.5, 5).values()) == {0.0}
    assert set(verdict.scores(dict.fromkeys("abc", 0.0), 3.5, 5).values()) == {0.0}
