# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks of an acceptance have registered, as the measurements and checks of module acceptance_report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FULL_MEMBER = 0x8000  # the bit of a P_Key that tells a full from a limited member (IBTA, 10.9.1.1)


def measurements(bubble: Mapping, hosts: list[str], variables: Mapping, fabric: Any, time: str) -> list[dict]:
    """The measurements of hosts of a bubble, from what their tasks registered.

    bubble: one of ``datacloud_bubbles``; variables: those of all hosts (``hostvars``), of which ``accept_failed``,
    ``accept_benchmark``, ``accept_jobs``, ``accept_gpus`` and ``accept_ports`` are read; fabric: the result of
    ib_fabric_info for the whole fabric; time: when, in ISO 8601.
    """
    pkeys = fabric.get("pkeys", {}) if isinstance(fabric, Mapping) else {}
    return [_measurement(bubble, host, variables[host], pkeys, time) for host in hosts]


def fabric_checks(before: Any, after: Any) -> list[dict]:
    """Checks of a fabric from what ib_fabric_info told before and after the benchmarks; [] without a fabric."""
    if not isinstance(before, Mapping) or before.get("skipped"):
        return []
    if _trouble(before):
        return [_check("fabric", "Fabric", False, _trouble(before), "its tools answer", "see the subnet manager's log")]
    problems = before.get("problems", [])
    links = "; ".join(problems) or f"{len(before.get('links', []))} links, all as they should be"
    checks = [
        _check(
            "links", "Links of the fabric", not problems, links,
            "width and speed of every link", "look at cable and port, or replace the cable",
        )
    ]  # fmt: skip
    if not isinstance(after, Mapping) or after.get("skipped"):
        return checks
    if _trouble(after):
        return [*checks, _check("errors", "Errors of links", False, _trouble(after), "its tools answer", "")]
    grown = [item for item in after.get("counters", []) if item not in before.get("counters", [])]
    seen = [f"{item['name'] or item['guid']} port {item['port']}: {_counters(item['counters'])}" for item in grown]
    seen += after.get("problems", [])
    text = "; ".join(seen) or "none while the benchmarks ran"
    return [*checks, _check("errors", "Errors of links", not seen, text, "none", "look at cable and port")]


def _counters(counters: Mapping) -> str:
    return ", ".join(f"{name} {value}" for name, value in counters.items())


def _check(name: str, title: str, ok: bool, observed: str, wanted: str, advice: str) -> dict:
    return {
        "check": name, "title": title, "ok": ok, "observed": observed, "wanted": wanted,
        "advice": "" if ok else advice,
    }  # fmt: skip


def _trouble(result: Any) -> str:
    """Why a result is none, "" for a good one or a task that was not run."""
    if not isinstance(result, Mapping):
        return ""
    if result.get("unreachable") or result.get("failed"):
        return str(result.get("msg") or "failed")
    return ""


def _measurement(bubble: Mapping, host: str, variables: Mapping, pkeys: Mapping, time: str) -> dict:
    found: dict[str, Any] = {"node": host, "time": time, "numbers": {}, "errors": {}, "skipped": {}, "about": {}}
    found["checks"] = []
    if variables.get("accept_failed"):
        found["errors"]["measurement"] = str(variables["accept_failed"])
    for name in ("accept_benchmark", "accept_jobs"):
        result = variables.get(name)
        if _trouble(result):
            found["errors"][name.removeprefix("accept_")] = _trouble(result)
        elif isinstance(result, Mapping):
            for key, source in (("numbers",) * 2, ("errors",) * 2, ("about",) * 2, ("skipped", "skipped_benchmarks")):
                found[key].update(result.get(source, {}))
            found["checks"] += result.get("checks", [])
    if bubble["nodes"][host]["hardware"].get("gpus"):
        found["checks"] += _gpus(variables.get("accept_gpus"), bubble["nodes"][host]["hardware"])
    if host in bubble["infiniband"]:
        found["checks"] += _ports(variables.get("accept_ports"), bubble["fabric"], host, pkeys)
    return found


def _gpus(result: Any, hardware: Mapping) -> list[dict]:
    """Checks of GPUs: each error that gpu_info tells, or that there are none."""
    wanted = f"{hardware['gpus']} {hardware.get('gpu_model') or 'GPUs'}"
    if _trouble(result) or not isinstance(result, Mapping):
        return [_check("gpus", "GPUs", False, _trouble(result) or "nobody looked", wanted, "")]
    errors = [item for item in result.get("problems", []) if item["severity"] == "error"]
    if errors:
        return [
            _check(f"gpus_{item['check']}", f"GPUs, {item['check'].replace('_', ' ')}", False, item["message"], wanted,
                   item["advice"])
            for item in errors
        ]  # fmt: skip
    names = sorted({gpu["name"] for gpu in result["gpus"]})
    observed = f"{len(result['gpus'])} {', '.join(names)}, driver {result['driver']['answers']}"
    warnings = [item["message"] for item in result.get("problems", [])]
    return [_check("gpus", "GPUs", True, "; ".join([observed, *warnings]), wanted, "")]


def _ports(result: Any, partitions: Mapping, host: str, pkeys: Mapping) -> list[dict]:
    """Checks of InfiniBand ports: that they are in use, and in their partitions."""
    if _trouble(result) or not isinstance(result, Mapping):
        text = _trouble(result) or "nobody looked"
        return [_check("ports", "InfiniBand ports", False, text, "a port in use", "look at driver and cable")]
    ports = result["ports"]
    states = ", ".join(f"{port['device']}/{port['port']} {port['state']} {port['rate']} Gbit/s" for port in ports)
    active = bool(ports) and all(port["state"] == "Active" for port in ports)
    checks = [
        _check("ports", "InfiniBand ports", active, states or "none", "all in use", "look at driver, cable and switch")
    ]
    wanted = {name: int(part["key"], 16) for name, part in partitions.items() if host in part["hosts"]}
    lacking = [
        f"{port['device']}/{port['port']} is not in {name}"
        for port in ports
        for name, key in wanted.items()
        if key not in {int(text, 16) & ~FULL_MEMBER for text in pkeys.get(port["guid"], [])}
    ]
    if wanted and ports:
        good = f"in {', '.join(sorted(wanted))}"
        advice = "run the layer hpc on the subnet managers"
        observed = "; ".join(lacking) or good
        checks.append(_check("partitions", "InfiniBand partitions", not lacking, observed, good, advice))
    return checks
