# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of scans as plain data."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.gmp import api
from ansible_collections.infn.datacloud.plugins.module_utils.gmp.objects import quoted, text

ENDED = ("Done", "Stopped", "Interrupted")
NOTHING = {"id": "", "status": "", "start": "", "end": "", "hosts": [], "errors": [], "results": []}
# Host details that tell how a login went (nvt "Authenticated Scan / LSC Info Consolidation" and its kin).
LOGINS = {"SSH": "ssh", "SMB": "smb", "SNMP": "snmp", "ESXi": "esxi"}
# Of SSH two of Greenbone's tests say it too: "SSH Login Failed For Authenticated Checks", "SSH Authorization Check".
# Where a host has several servers, one login that worked counts.
LOGIN_TESTS = {
    "1.3.6.1.4.1.25623.1.0.105936": ("ssh", False),
    "1.3.6.1.4.1.25623.1.0.90022": ("ssh", True),
}


def latest(module, gmp):
    """The newest ended report (dict, see gmp_report_info) of each of the module's tasks.

    gmp: api.Gmp. A task that is not there fails the module, but for check mode, where it may come to be before the run.
    """
    names = list(dict.fromkeys(module.params["tasks"]))
    try:
        tasks = {name: one_task(gmp, name) for name in names}
    except api.Unreachable as error:
        if not module.check_mode:
            raise
        module.warn(f"{error}; planned as if it held nothing")
        tasks = dict.fromkeys(names)
    missing = [name for name, task in tasks.items() if task is None]
    if missing and not module.check_mode:
        raise core.SpecError(f"task {', '.join(missing)}: the manager has none; create it first (gmp_task)")
    return [{"task": name, "task_id": task or "", **_latest(module, gmp, name, task)} for name, task in tasks.items()]


def one_task(gmp, name):
    """The id (str) of the task with this name, None without one; raises SpecError where several have it."""
    found = [task.get("id") for task in gmp.listing("task", f"name={quoted(name)}", ignore_pagination="1")]
    if len(found) > 1:
        raise core.SpecError(
            f"task {name}: {len(found)} have this name ({', '.join(found)}); remove or rename all but one"
        )
    return found[0] if found else None


def _latest(module, gmp, name, task):
    if task is None:
        return NOTHING
    about = f"reports of task {name}"
    wanted = ENDED[:1] if module.params["finished_only"] else ENDED
    # Which reports are listed is said by report_filter; filter is about the results in them.
    words = f"task_id={task} first=1 rows=-1 sort-reverse=date"
    heads = gmp.call(api.element("get_reports", report_filter=words, details="0", ignore_pagination="1"), about)
    ended = [head for head in heads.findall("report") if head.findtext("report/scan_run_status") in wanted]
    if not ended:
        return NOTHING
    # All results, as remarks tell how logins went.
    words = "apply_overrides=1 levels=chmlgf min_qod=0 first=1 rows=-1 sort-reverse=severity"
    request = api.element("get_reports", report_id=ended[0].get("id"), filter=words, details="1", ignore_pagination="1")
    report = parsed(gmp.call(request, about).find("report/report"))
    return {**report, "results": [one for one in report["results"] if _asked(module.params, one)]}


def _asked(params, result):
    """Whether a result is asked for: good enough, and more than a remark unless those are wanted too."""
    remark = result["severity"] == 0 and result["original_severity"] <= 0
    return result["qod"] >= params["min_qod"] and (params["logs"] or not remark)


def parsed(report):
    """A report's inner <report> element as the dict that gmp_report_info documents."""
    results = sorted(map(_result, report.findall("results/result")), key=lambda one: -one["severity"])
    return {
        "id": report.get("id"),
        "status": report.findtext("scan_run_status", ""),
        "start": report.findtext("scan_start", ""),
        "end": report.findtext("scan_end", ""),
        "hosts": [_host(host, results) for host in report.findall("host")],
        "errors": [_error(error) for error in report.findall("errors/error")],
        "results": results,
    }


def _host(host, results):
    details = {}
    for detail in host.findall("detail"):
        details.setdefault(detail.findtext("name", ""), detail.findtext("value", "") or "")
    seen = {one["oid"] for one in results if one["host"] == text(host, "ip")}
    logins = {protocol: worked for oid, (protocol, worked) in LOGIN_TESTS.items() if oid in seen}
    for word, protocol in LOGINS.items():
        if f"Auth-{word}-Success" in details:
            logins[protocol] = True
        elif f"Auth-{word}-Failure" in details:
            logins[protocol] = False
    return {
        "address": text(host, "ip"),
        "hostname": details.get("hostname", ""),
        "start": text(host, "start"),
        "end": text(host, "end"),
        "os": details.get("best_os_txt", ""),
        "authenticated": logins,
    }


def _error(error):
    host = error.find("host")
    return {
        **_where(host),
        "port": text(error, "port"),
        "oid": error.find("nvt").get("oid") if error.find("nvt") is not None else "",
        "name": text(error, "nvt/name"),
        "description": text(error, "description"),
    }


def _where(host):
    """Address and name of a <host>, whose text is the address and whose child the name."""
    if host is None:
        return {"host": "", "hostname": ""}
    return {"host": (host.text or "").strip(), "hostname": text(host, "hostname")}


def _result(result):
    nvt = result.find("nvt")
    tags = dict(part.partition("=")[::2] for part in (nvt.findtext("tags") or "").split("|"))
    references = [(ref.get("type", ""), ref.get("id", "")) for ref in nvt.findall("refs/ref")]
    solution = nvt.find("solution")
    return {
        "id": result.get("id"),
        **_where(result.find("host")),
        "port": text(result, "port"),
        "oid": nvt.get("oid"),
        "name": text(nvt, "name") or text(result, "name"),
        "family": text(nvt, "family"),
        "severity": float(result.findtext("severity") or 0),
        "original_severity": float(result.findtext("original_severity") or result.findtext("severity") or 0),
        "cvss_vector": tags.get("cvss_base_vector", ""),
        "qod": int(result.findtext("qod/value") or 0),
        "cves": sorted({name for kind, name in references if kind == "cve"}),
        "references": [{"type": kind, "id": name} for kind, name in references if kind != "cve"],
        "summary": tags.get("summary", ""),
        "solution": (solution.text or "").strip() if solution is not None else "",
        "solution_type": solution.get("type", "") if solution is not None else "",
        "description": text(result, "description"),
        "detection": _detection(result.find("detection/result")),
    }


def _detection(found):
    if found is None:
        return {}
    return {detail.findtext("name"): detail.findtext("value") or "" for detail in found.findall("details/detail")}
