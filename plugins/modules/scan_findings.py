#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of a federation's scans."""

from __future__ import annotations

DOCUMENTATION = r"""
module: scan_findings
version_added: 0.1.0
short_description: The findings of a federation's scans
description:
  - Makes one list of what scans for vulnerabilities found on all hosts, says who owns each finding, and compares it
    with the list of before. Runs on the control node and speaks to nobody.
  - Writes C(findings.json), C(findings.csv) and C(findings.sarif) (SARIF 2.1.0) for programs, C(findings.html) for
    people, one page with plots that needs nothing else, and C(history.json), the numbers of every run for the plots.
  - A finding is a host, a port and a test (OID). It is C(new) where the newest scan was the first to see it, C(open)
    where it was known, C(accepted) where the site's file says by whom and until when, and C(fixed) where the newest
    scan looked at its host as a whole and did not see it any more.
  - Nothing else makes a finding fixed. Where a host did not answer, the scan was stopped, the login was refused or the
    test itself failed, what was known stays open, and RV(not_scanned) names the host. What a scan saw after a login is
    fixed only by a scan that could log in too.
  - Results without a score are no findings. What was overridden in Greenbone so that it has no score any more is an
    accepted finding. M(infn.datacloud.gmp_report_info) gives false positives always, and what was overridden to 0 only
    with O(infn.datacloud.gmp_report_info#module:logs=true).
  - The same reports give the same files. Files that are there but damaged are left as they are, and nothing is written.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  federation:
    description: The name of the federation.
    type: str
    required: true
  folder:
    description: Where the files are.
    type: path
    required: true
  targets:
    description:
      - What is scanned, by the name of the task - RV(ignore:datacloud_scans.targets) of the inventory.
      - Each has C(site), C(region), C(profile), C(hosts) (by name C(address) and C(owner)), and C(excluded) (addresses
        by name). Findings of hosts that are in none of them are forgotten, and returned in RV(left).
    type: dict
    required: true
  profiles:
    description: By name, each with C(fail_above), the CVSS score above which a finding stops a rollout.
    type: dict
    required: true
  accepted:
    description: Findings that somebody accepts; they are looked for in the hosts of their site.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The finding. One of O(accepted[].id), O(accepted[].oid) and O(accepted[].cve) is needed.
        type: str
      oid:
        description: The test.
        type: str
      cve:
        description: A CVE.
        type: str
      site:
        description: The site; all of them if not given.
        type: str
      hosts:
        description: Patterns of names or addresses of hosts. An O(accepted[].id) needs none.
        type: list
        elements: str
        default: ['*']
      owner:
        description: Who accepts it.
        type: str
        required: true
      reason:
        description: Why.
        type: str
        required: true
      until:
        description: The last day, such as V(2026-12-31). After it the finding counts again.
        type: str
        required: true
  reports:
    description:
      - What M(infn.datacloud.gmp_report_info) returns. Targets without a report stay as they were.
      - A report that is older than what is known is passed over with a warning.
    type: list
    elements: dict
    default: []
  min_qod:
    description: The least quality of detection (percent) of a finding. 70 is what Greenbone itself shows.
    type: int
    default: 70
  today:
    description: The day on which acceptances are looked at, such as V(2026-01-31); that of now in UTC if not given.
    type: str
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and return the changed status prediction without changing the target.
  diff_mode:
    support: full
    description: Returns the findings that changed, a line each.
seealso:
  - module: infn.datacloud.gmp_report_info
  - module: infn.datacloud.scan_gate
"""

EXAMPLES = r"""
- name: What the scans found
  infn.datacloud.gmp_report_info:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    tasks: "{{ datacloud_scans.targets | list }}"
    logs: true
  register: scans

- name: Whose it is, and what is new or fixed
  infn.datacloud.scan_findings:
    federation: "{{ datacloud_federation.name }}"
    folder: /srv/scans
    targets: "{{ datacloud_scans.targets }}"
    profiles: "{{ datacloud_scans.profiles }}"
    accepted: "{{ datacloud_scans.accepted }}"
    reports: "{{ scans.reports }}"
  delegate_to: localhost
  register: findings
"""

RETURN = r"""
counts:
  description: How many findings are C(new), C(open), C(accepted) and C(fixed); of those that are new or open how many
    are C(critical), C(high), C(medium) and C(low).
  returned: success
  type: dict
summary:
  description: The numbers, then what is new, fixed, over, gone and not scanned, a line each.
  returned: success
  type: list
  elements: str
new:
  description: New findings, a line each, the gravest first, 50 at most.
  returned: success
  type: list
  elements: str
fixed:
  description: Fixed findings, a line each, the gravest first, 50 at most.
  returned: success
  type: list
  elements: str
expired:
  description: Findings that count again because they were accepted until a day that is over, 50 at most.
  returned: success
  type: list
  elements: str
left:
  description: Findings that were forgotten because their host left the federation, 50 at most.
  returned: success
  type: list
  elements: str
not_scanned:
  description: Every host that the newest scan did not look at as a whole, why, and when one did.
  returned: success
  type: list
  elements: str
  sample: ["ba-storage-01: did not answer; last scanned 2026-01-31"]
unused:
  description: Acceptances of nothing that was found.
  returned: success
  type: list
  elements: str
json:
  description: The path of the list of findings.
  returned: success
  type: str
csv:
  description: The path of the table.
  returned: success
  type: str
sarif:
  description: The path of the SARIF log.
  returned: success
  type: str
html:
  description: The path of the page.
  returned: success
  type: str
history:
  description: The path of the numbers of every run.
  returned: success
  type: str
"""

import time
from datetime import date

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.findings import store
from ansible_collections.infn.datacloud.plugins.module_utils.findings.model import InputError


def main():
    """Make the files."""
    waiver = {
        "id": {"type": "str"},
        "oid": {"type": "str"},
        "cve": {"type": "str"},
        "site": {"type": "str"},
        "hosts": {"type": "list", "elements": "str", "default": ["*"]},
        "owner": {"type": "str", "required": True},
        "reason": {"type": "str", "required": True},
        "until": {"type": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "federation": {"type": "str", "required": True},
            "folder": {"type": "path", "required": True},
            "targets": {"type": "dict", "required": True},
            "profiles": {"type": "dict", "required": True},
            "accepted": {"type": "list", "elements": "dict", "default": [], "options": waiver},
            "reports": {"type": "list", "elements": "dict", "default": []},
            "min_qod": {"type": "int", "default": 70},
            "today": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        today = date.fromisoformat(module.params["today"] or time.strftime("%Y-%m-%d", time.gmtime())).isoformat()
        result = store.make({**module.params, "today": today}, module.check_mode)
    except (InputError, OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
