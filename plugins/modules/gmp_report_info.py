#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What scans found, from Greenbone's manager."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_report_info
version_added: 0.1.0
short_description: What the scans of Greenbone found
description:
  - Gives the newest report of each task whose scan has ended, with all its results, hosts and errors.
  - A scan that was stopped or interrupted ends too; its report tells which hosts were scanned until then.
options:
  tasks:
    description: Names of tasks.
    type: list
    elements: str
    required: true
  finished_only:
    description: Pass over the reports of scans that were stopped or interrupted.
    type: bool
    default: false
  logs:
    description: Also give results that are no more than a remark (severity 0).
    type: bool
    default: false
  min_qod:
    description: The least quality of detection, in percent, of the results given.
    type: int
    default: 0
extends_documentation_fragment:
  - infn.datacloud.core.info
  - infn.datacloud.gmp
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: What the last scans of a site found
  infn.datacloud.gmp_report_info:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    tasks: ['datacloud: cnaf default']
  register: scans
"""

RETURN = r"""
reports:
  description: One for each task, in the order asked for.
  returned: success
  type: list
  elements: dict
  contains:
    task:
      description: The task's name.
      type: str
      returned: always
    task_id:
      description: The task's id; empty where there is no such task (only in check mode).
      type: str
      returned: always
    id:
      description: The report's id; empty where no scan of the task has ended yet, and then all else is empty.
      type: str
      returned: always
    status:
      description: How the scan ended, V(Done), V(Stopped) or V(Interrupted).
      type: str
      returned: always
    start:
      description: When the scan began, in UTC.
      type: str
      returned: always
      sample: "2026-11-23T09:00:00Z"
    end:
      description: When it ended, in UTC; empty where it was interrupted.
      type: str
      returned: always
    hosts:
      description: The hosts that answered. One of the target that is not here was not scanned.
      type: list
      elements: dict
      returned: always
      contains:
        address:
          description: The host's address.
          type: str
          returned: always
        hostname:
          description: The host's name as the scanner found it, else empty.
          type: str
          returned: always
        start:
          description: When its scan began, in UTC.
          type: str
          returned: always
        end:
          description: When its scan ended, in UTC; empty where it did not, so that the host was not scanned as a whole.
          type: str
          returned: always
        os:
          description: Its operating system as the scanner guessed it.
          type: str
          returned: always
        authenticated:
          description: By protocol (C(ssh), C(smb), C(snmp), C(esxi)), whether the login worked; only those tried.
          type: dict
          returned: always
    errors:
      description: What went wrong on the way, each with C(host), C(hostname), C(port), C(oid), C(name), C(description).
      type: list
      elements: dict
      returned: always
    results:
      description: What was found, the most severe first.
      type: list
      elements: dict
      returned: always
      contains:
        id:
          description: The result's id, another one in each report.
          type: str
          returned: always
        host:
          description: The host's address.
          type: str
          returned: always
        hostname:
          description: The host's name as the scanner found it, else empty.
          type: str
          returned: always
        port:
          description: Port and protocol, such as V(443/tcp), or V(general/tcp).
          type: str
          returned: always
        oid:
          description: The test that found it.
          type: str
          returned: always
        name:
          description: The test's name.
          type: str
          returned: always
        family:
          description: The test's family.
          type: str
          returned: always
        severity:
          description: CVSS base score from 0.0 to 10.0, overrides applied; -1.0 is a false positive.
          type: float
          returned: always
        original_severity:
          description: The score without overrides.
          type: float
          returned: always
        cvss_vector:
          description: The CVSS base vector, else empty.
          type: str
          returned: always
        qod:
          description: Quality of detection, in percent.
          type: int
          returned: always
        cves:
          description: CVE identifiers.
          type: list
          elements: str
          returned: always
        references:
          description: Other references, each with C(type) and C(id).
          type: list
          elements: dict
          returned: always
        summary:
          description: What it is about.
          type: str
          returned: always
        solution:
          description: What to do.
          type: str
          returned: always
        solution_type:
          description: Kind of solution, such as V(VendorFix), V(Mitigation) or V(WillNotFix), else empty.
          type: str
          returned: always
        description:
          description: What the test saw on this host.
          type: str
          returned: always
        detection:
          description: What was found by which other test, with C(product), C(location), C(source_oid), C(source_name).
          type: dict
          returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.gmp import api, reports


def main():
    options = {
        **api.OPTIONS,
        "tasks": {"type": "list", "elements": "str", "required": True},
        "finished_only": {"type": "bool", "default": False},
        "logs": {"type": "bool", "default": False},
        "min_qod": {"type": "int", "default": 0},
    }
    module = AnsibleModule(options, supports_check_mode=True, **api.CONDITIONS)
    with api.session(module) as gmp:
        found = reports.latest(module, gmp)
    module.exit_json(changed=False, reports=found)


if __name__ == "__main__":
    main()
