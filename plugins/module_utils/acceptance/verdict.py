# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a bubble is accepted: measurements of nodes, compared with thresholds and with each other."""

from __future__ import annotations

import difflib
from statistics import median

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance.measures import MEASURES

FORMAT = 1  # of acceptance.json
PASS, FAIL, MISSING, SKIPPED = "pass", "fail", "missing", "skipped"
# Every node has to have these; others where a threshold asks for them.
REQUIRED = ("hpl_gflops", "stream_triad_gb_s")
# Thresholds that are no measures: how far from the others a node may be, and what the fabric is asked.
OUTLIER_Z, TOLERANCE = "outlier_z", "outlier_tolerance_percent"
DEFAULTS = {OUTLIER_Z: 3.5, TOLERANCE: 5}
OTHERS = (OUTLIER_Z, TOLERANCE, "fabric_width", "fabric_window")
# Fewer nodes than these say nothing about each other.
ENOUGH = 3
# The median absolute deviation of a normal distribution is its standard deviation divided by this.
NORMAL = 1.4826
ADVICE = {
    "low": "compare it with the others of its pool: processor's frequency, memory channels, cables, firmware",
    "error": "see what the benchmark says, repair it, and accept this node again with --limit",
    "missing": "run the acceptance for this node: --limit",
}


class InputError(Exception):
    """What was given cannot be used; the text says why."""


def threshold(thresholds, name, pool):
    """The limit of a measure for nodes of a pool, None for none: `<measure>_in_<pool>` before `<measure>`."""
    return thresholds.get(f"{name}_in_{pool.replace('-', '_')}", thresholds.get(name))


def check_thresholds(thresholds, pools):
    """Raise InputError where a threshold is none that is known."""
    known = {*OTHERS, *MEASURES}
    known |= {f"{name}_in_{pool.replace('-', '_')}" for name in MEASURES for pool in pools}
    unknown = sorted(set(thresholds) - known)
    if unknown:
        sentences = []
        for name in unknown:
            near = difflib.get_close_matches(name, known, 1)
            sentences.append(f"there is no threshold {name}{f', did you mean {near[0]}' if near else ''}")
        raise InputError("; ".join(sentences))


def _numbers(thresholds):
    try:
        return {name: float(value) for name, value in thresholds.items()}
    except (TypeError, ValueError) as error:
        raise InputError(f"thresholds are numbers: {error}") from error


def scores(values, limit, tolerance):
    """The robust z-scores {node: z} of values {node: number}; {} for too few of them.

    The distance to the median in units of 1.4826 times the median absolute deviation. The unit has a floor, so that no
    node within the tolerance (percent of the median) is ever beyond the limit, however alike the others are.
    """
    if len(values) < ENOUGH:
        return {}
    middle = median(values.values())
    spread = NORMAL * median(abs(value - middle) for value in values.values())
    unit = max(spread, abs(middle) * tolerance / 100 / limit)
    return {node: (value - middle) / unit if unit else 0.0 for node, value in values.items()}


def merge(before, nodes, measurements):
    """The measurements {node: measurement} of all nodes: those of an earlier run that no new one replaces, and the new.

    before: the earlier document ({} for none); nodes: {node: about}; measurements: list of dicts with `node`.
    """
    kept = {name: entry["measurement"] for name, entry in before.get("nodes", {}).items() if entry["measurement"]}
    new = {item["node"]: {key: value for key, value in item.items() if key != "node"} for item in measurements}
    return {name: {**kept, **new}[name] for name in nodes if name in {**kept, **new}}


def evaluate(about, nodes, measurements, bubble_checks, thresholds):
    """The document that becomes acceptance.json.

    about: {bubble, site, federation}; nodes: {node: {pool}}; measurements: {node: {time, values, errors, skipped,
    checks, about}}; bubble_checks: checks of the bubble as a whole, each with check, ok, observed, wanted and advice.
    Raises InputError.
    """
    thresholds = {**DEFAULTS, **_numbers(thresholds)}
    check_thresholds(thresholds, {node["pool"] for node in nodes.values()})
    groups = _groups(nodes, measurements)
    zs = {key: scores(values, thresholds[OUTLIER_Z], thresholds[TOLERANCE]) for key, values in groups.items()}
    found = {}
    for name, node in nodes.items():
        measurement = measurements.get(name)
        if measurement:
            checks = _checks(name, node["pool"], measurement, thresholds, groups, zs)
        else:
            checks = [_check("measured", "Measured", MISSING, "", "a run of the acceptance", ADVICE["missing"])]
        found[name] = {
            "pool": node["pool"],
            "accepted": all(check["status"] in (PASS, SKIPPED) for check in checks),
            "checks": checks,
            "measurement": measurement or {},
        }
    whole = [
        _check(item["check"], item["title"] or item["check"], PASS if item["ok"] else FAIL, item["observed"],
               item["wanted"], "" if item["ok"] else item["advice"])
        for item in bubble_checks
    ]  # fmt: skip
    return {
        "format": FORMAT,
        **about,
        "accepted": all(node["accepted"] for node in found.values())
        and all(check["status"] == PASS for check in whole),
        "thresholds": thresholds,
        "checks": whole,
        "nodes": found,
    }


def failures(document):
    """What is not as it should be, in sentences: {node: [sentence]}, the bubble itself under ""."""
    listed = {"": document["checks"], **{name: node["checks"] for name, node in document["nodes"].items()}}
    return {
        name: [sentence(check) for check in checks if check["status"] in (FAIL, MISSING)]
        for name, checks in listed.items()
        if any(check["status"] in (FAIL, MISSING) for check in checks)
    }


def sentence(check):
    """A failed check in one line."""
    text = f"{check['title']}: {check['observed'] or 'nothing'}"
    if check["wanted"]:
        text += f", wanted: {check['wanted']}"
    return f"{text}; {check['advice']}" if check["advice"] else text


def groups(document):
    """The values of a document, as {(measure, pool): {node: number}}."""
    measurements = {name: node["measurement"] for name, node in document["nodes"].items() if node["measurement"]}
    return _groups(document["nodes"], measurements)


def _groups(nodes, measurements):
    found = {}
    for name, node in nodes.items():
        for measure, value in measurements.get(name, {}).get("numbers", {}).items():
            found.setdefault((measure, node["pool"]), {})[name] = value
    return found


def _check(name, title, status, observed, wanted, advice=""):
    return {
        "check": name, "title": title, "status": status, "observed": observed, "wanted": wanted, "advice": advice,
    }  # fmt: skip


def _checks(name, pool, measurement, thresholds, groups, zs):
    """All checks of one node that was measured."""
    checks = []
    for measure in MEASURES.values():
        limit = threshold(thresholds, measure.name, pool)
        if measure.name in measurement["numbers"]:
            z = zs[measure.name, pool].get(name)
            values = groups[measure.name, pool]
            checks.append(_measured(measure, values[name], limit, z, values, thresholds[OUTLIER_Z]))
        elif limit is not None or (measure.name in REQUIRED and not measurement["errors"]):
            wanted = "a number" if limit is None else _limit(measure, limit)
            checks.append(_check(measure.name, measure.title, MISSING, "", wanted, ADVICE["missing"]))
    for benchmark, text in measurement["errors"].items():
        title = benchmark.replace("_", " ").capitalize()
        checks.append(_check(benchmark, title, FAIL, text, "", ADVICE["error"]))
    for item in measurement["checks"]:
        status = PASS if item["ok"] else FAIL
        advice = "" if item["ok"] else item["advice"]
        title = item["title"] or item["check"]
        checks.append(_check(item["check"], title, status, item["observed"], item["wanted"], advice))
    for benchmark, text in measurement["skipped"].items():
        checks.append(_check(benchmark, benchmark.replace("_", " ").capitalize(), SKIPPED, text, ""))
    return checks


def number(value):
    """A number in as few digits as say something: 75.6, 1,234."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _limit(measure, limit):
    return f"{'at least' if measure.more else 'at most'} {number(limit)} {measure.unit}"


def _measured(measure, value, limit, z, values, most):
    """The check of a number against its threshold and the others."""
    wanted = [] if limit is None else [_limit(measure, limit)]
    good = limit is None or (value >= limit if measure.more else value <= limit)
    observed = f"{number(value)} {measure.unit}"
    if z is not None:
        middle = median(values.values())
        wanted.append(f"like the others of its pool ({number(middle)} {measure.unit})")
        observed += f" (z {z:+.1f})"
        good = good and (z >= -most if measure.more else z <= most)
    status, advice = (PASS, "") if good else (FAIL, ADVICE["low"])
    return _check(measure.name, measure.title, status, observed, ", ".join(wanted), advice)
