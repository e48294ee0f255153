# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A federation of two sites, and reports of its scans as gmp_report_info returns them."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.findings import compare, model, reports
from ansible_collections.infn.datacloud.plugins.module_utils.findings.waivers import Waivers

NAME = "lab"
TODAY = "2026-02-10"
CNAF, BA, EPIC = "lab: cnaf cnaf", "lab: ba ba", "lab: ba epic"
PROFILES = {
    "weekly": {"fail_above": 6.9, "authenticated": False},
    "strict": {"fail_above": 3.9, "authenticated": True},
}
TARGETS = {
    CNAF: {
        "site": "cnaf", "region": "cnaf", "profile": "weekly", "excluded": {},
        "hosts": {
            "cnaf-storage-01": {"address": "10.144.16.11", "owner": "Ada <ada@cnaf.test>"},
            "cnaf-scanner-01": {"address": "10.144.16.12", "owner": "Ada <ada@cnaf.test>"},
        },
    },
    BA: {
        "site": "ba", "region": "ba", "profile": "weekly", "excluded": {"ba-old-01": "10.144.32.99"},
        "hosts": {"ba-storage-01": {"address": "10.144.32.11", "owner": "Nino <nino@ba.test>"}},
    },
    EPIC: {
        "site": "ba", "region": "epic", "profile": "strict", "excluded": {},
        "hosts": {"ba-epic-user-01": {"address": "10.144.40.11", "owner": "Epic team"}},
    },
}  # fmt: skip
ADDRESSES = {name: host["address"] for target in TARGETS.values() for name, host in target["hosts"].items()}
OID = "1.3.6.1.4.1.25623.1.0.99900"
WEAK = "cnaf-storage-01:2323/tcp:" + OID + "1"


def result(host="cnaf-storage-01", number=1, severity=9.8, port="2323/tcp", **changes):
    """What a test found on a host."""
    return {
        "host": ADDRESSES.get(host, host), "hostname": "", "port": port, "oid": f"{OID}{number}",
        "name": f"Weakness {number}", "severity": severity, "original_severity": severity, "qod": 98,
        "cves": [f"CVE-2026-000{number}"], "summary": "It is weak.", "solution": "Make it strong.", **changes,
    }  # fmt: skip


def report(task=CNAF, day=1, results=(), silent=(), status="Done", **changes):
    """The report of a scan on a day of February; silent hosts did not answer."""
    time = f"2026-02-{day:02d}T22:{{}}:00Z"
    hosts = [
        {"address": host["address"], "hostname": "", "start": time.format("01"), "end": time.format("08"), "os": "",
         "authenticated": {"ssh": True} if task == EPIC else {}}
        for name, host in TARGETS[task]["hosts"].items()
        if name not in silent
    ]  # fmt: skip
    return {
        "task": task, "task_id": "t", "id": f"{task} {day}", "status": status, "start": time.format("00"),
        "end": time.format("09"), "hosts": hosts, "errors": [], "results": list(results), **changes,
    }  # fmt: skip


def error(host="cnaf-storage-01", oid="0", description="Host dead"):
    """An error of a scan."""
    return {
        "host": ADDRESSES.get(host, host), "hostname": "", "port": "", "oid": oid, "name": "",
        "description": description,
    }  # fmt: skip


def waiver(**named):
    """Somebody accepts a finding."""
    return {
        "site": "cnaf",
        "hosts": ["cnaf-*"],
        "owner": "Ada",
        "reason": "until it moves",
        "until": "2026-03-01",
    } | named


class Life:
    """Runs one after the other on one list of findings."""

    def __init__(self):
        self.document, self.left, self.warnings = {}, [], []

    def run(self, *given, accepted=(), today=TODAY, targets=None, min_qod=70):
        """The document after this run, and see that the same run again gives the same."""
        scope = model.scope(TARGETS if targets is None else targets, PROFILES)

        def once(before):
            scans = reports.read(given, scope, min_qod)
            return compare.compare(before, NAME, scope, scans, Waivers(list(accepted), today))

        before = self.document
        self.document, self.left, self.warnings = once(before)
        again, left, _warnings = once(self.document)
        assert again == self.document and left == []
        for finding in self.document["findings"]:
            assert finding.keys() == compare.KEYS
        return self.document

    def states(self):
        """{id: status} of all findings."""
        return {finding["id"]: finding["status"] for finding in self.document["findings"]}

    def finding(self, key=WEAK):
        """One finding."""
        return next(finding for finding in self.document["findings"] if finding["id"] == key)
