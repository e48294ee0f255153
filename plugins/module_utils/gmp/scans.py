# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scans: started once, waited for, stopped.

The manager starts a second scan of a task whose first one is under way, so each is looked at before it is started.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.gmp import api, objects
from ansible_collections.infn.datacloud.plugins.module_utils.gmp.api import element

STATES = ("started", "finished", "stopped")
PAUSE = 5  # seconds between two looks at scans that are waited for
FAILED = ("Stopped", "Interrupted")


class Scans:
    """The tasks that a module names, and what is done with their scans."""

    def __init__(self, module, gmp, clock=time.monotonic, sleep=time.sleep):
        """module: AnsibleModule of gmp_scan; gmp: api.Gmp."""
        self.module, self.gmp, self.clock, self.sleep = module, gmp, clock, sleep
        self.params = module.params
        self.tasks = list(dict.fromkeys(self.params["tasks"]))
        self.started, self.stopped = [], []

    def run(self):
        """Do what is asked; the module's result (dict). Raises core.ApiError with what did not end well."""
        there = self._look()
        if self.params["state"] == "stopped":
            self._stop([name for name in self.tasks if there[name]["status"] in objects.ACTIVE], there)
        else:
            self._start([name for name in self.tasks if self._due(there[name])], there)
        if not self.module.check_mode and (self.params["wait"] or self.params["state"] == "finished"):
            there = self._wait(there)
        elif not self.module.check_mode and (self.started or self.stopped):
            there = self._look()
        scans = [there[name] for name in self.tasks]
        changed = bool(self.started or self.stopped)
        return {"changed": changed, "started": self.started, "stopped": self.stopped, "scans": scans}

    def _due(self, scan):
        """Whether a scan is to be started: none is under way, and the last one is older than asked."""
        if scan["status"] in objects.ACTIVE:
            return False
        age = self.params["max_age"]
        if not age or scan["status"] != "Done" or not scan["end"]:
            return True
        return datetime.fromisoformat(scan["end"]) < api.now() - timedelta(hours=age)

    def _look(self):
        """{name: scan} of all the tasks; raises SpecError where one is not there or is there several times."""
        try:
            found = self.gmp.listing("task", details="1", usage_type="scan", ignore_pagination="1")
        except api.Unreachable as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"{error}; planned as if it held nothing")
            found = []
        named = {}
        for task in found:
            if objects.text(task, "name") in self.tasks:
                named.setdefault(objects.text(task, "name"), []).append(scan_view(task))
        several = [name for name, scans in named.items() if len(scans) > 1]
        if several:
            raise core.SpecError(f"task {', '.join(several)}: several have this name; remove or rename all but one")
        missing = [name for name in self.tasks if name not in named]
        if missing and not self.module.check_mode:
            raise core.SpecError(f"task {', '.join(missing)}: the manager has none; create it first (gmp_task)")
        nothing = {"id": "", "status": "New", "progress": 0, "report": "", "start": "", "end": ""}
        return {name: named[name][0] if name in named else {"task": name, **nothing} for name in self.tasks}

    def _start(self, names, there):
        for name in names:
            if not self.module.check_mode:
                answer = self.gmp.call(element("start_task", task_id=there[name]["id"]), f"task {name}")
                there[name]["report"] = objects.text(answer, "report_id")
            self.started.append(name)

    def _stop(self, names, there):
        for name in names:
            if not self.module.check_mode and there[name]["status"] != "Stop Requested":
                try:
                    self.gmp.call(element("stop_task", task_id=there[name]["id"]), f"task {name}")
                except api.Refused:
                    # It may have ended in the meantime, which is as good.
                    if self._look()[name]["status"] in objects.ACTIVE:
                        raise
            self.stopped.append(name)

    def _wait(self, there):
        """{name: scan} once all have ended. A manager that starts anew meanwhile is waited for."""
        asked = {name: there[name]["report"] for name in self.tasks}
        end = self.clock() + self.params["wait_timeout"]
        said = ""
        while True:
            try:
                there, said = self._look(), ""
            except (api.Lost, api.Unreachable, api.Refused) as error:
                said = f" ({error})"
            left = [scan for scan in there.values() if said or self._under_way(scan, asked)]
            if not left:
                break
            if self.clock() >= end:
                names = ", ".join(f"{scan['task']} ({scan['status']}, {scan['progress']} %)" for scan in left)
                raise core.ApiError(
                    f"task {names}: not ended after {self.params['wait_timeout']} s{said}; the scan goes on: wait "
                    "longer (wait_timeout), or stop it (state: stopped)"
                )
            self.sleep(PAUSE)
        if self.params["state"] != "stopped":
            bad = [f"{scan['task']} ({scan['status']})" for scan in there.values() if scan["status"] in FAILED]
            if bad:
                raise core.ApiError(
                    f"task {', '.join(bad)}: the scan did not come to its end; see whether the scanner runs "
                    "(gmp_scanner with verify) and look into the logs in /var/log/gvm, then start it again"
                )
        return there

    def _under_way(self, scan, asked):
        # Just after its start a task may still show how its last scan ended.
        started = scan["task"] in self.started
        return scan["status"] in objects.ACTIVE or (started and scan["report"] != asked[scan["task"]])


def scan_view(task):
    """A <task>'s newest scan (dict): task, id, status, progress in percent, report, start and end in UTC."""
    status = objects.text(task, "status")
    report = task.find("current_report/report") if status in objects.ACTIVE else None
    if report is None:
        reports = [
            one for one in (task.find("current_report/report"), task.find("last_report/report")) if one is not None
        ]
        report = max(reports, key=lambda one: objects.text(one, "timestamp"), default=None)
    progress = int(objects.text(task, "progress") or 0)
    return {
        "task": objects.text(task, "name"),
        "id": task.get("id"),
        "status": status,
        "progress": 100 if status == "Done" else max(0, progress),
        "report": report.get("id") if report is not None else "",
        "start": objects.text(report, "scan_start") if report is not None else "",
        "end": objects.text(report, "scan_end") if report is not None else "",
    }
