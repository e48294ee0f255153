#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The compliance report of a region."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compliance_report
version_added: 0.1.0
short_description: The compliance report of a region
description:
  - Makes a region's report of the evidence that role P(infn.datacloud.evidence#role) brought to this host, the control
    node - as OSCAL assessment results (JSON) for programs, and as one self-contained HTML page for auditors.
  - For each control of ISO/IEC 27001:2022, 27017 and 27018 it says which checks speak to it, what they found on which
    hosts, what was waived by whom and until when, and what nobody checked. Controls that documents, people or premises
    answer for are listed as not assessed.
  - It depends on nothing but its inputs, so that the same evidence gives the same files. Where the evidence is newer
    but says the same, a report younger than O(renew_after) is left as it is.
  - A control with open points is a result and no failure. Read RV(open_points) or RV(states) where a playbook is to
    stop.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  region:
    description: The name of the region.
    type: str
    required: true
  federation:
    description: The name of the federation, as it stands in the report.
    type: str
    required: true
  sites:
    description: The sites that the region is at.
    type: list
    elements: str
    default: []
  folder:
    description: The folder of the region with a folder for each host, in which is C(evidence.json).
    type: path
    required: true
  hosts:
    description: The hosts of the region. Those without evidence are reported as not covered.
    type: list
    elements: str
    required: true
  probes:
    description: Live probes made from this host, beside those in the evidence.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: What the probe is called, such as V(vpn-only).
        type: str
        required: true
      title:
        description: What is true if it passes, in one sentence.
        type: str
        required: true
      iso27001_2022:
        description: The controls of ISO/IEC 27001:2022 that it speaks to, such as V(A.8.22).
        type: list
        elements: str
        default: []
      iso27017:
        description: Those of ISO/IEC 27017.
        type: list
        elements: str
        default: []
      iso27018:
        description: Those of ISO/IEC 27018.
        type: list
        elements: str
        default: []
      host:
        description: What was looked at.
        type: str
        required: true
      status:
        description: What came of it.
        type: str
        choices: [pass, fail, not_assessed]
        required: true
      observed:
        description: What was seen; a text, a number or a dictionary.
        type: raw
        required: true
      time:
        description: When, with time zone, such as V(2026-01-31T12:00:00Z).
        type: str
        required: true
  waivers:
    description:
      - Waivers of probes and of OpenSCAP's rules. Controls of M(infn.datacloud.controls) come with theirs.
      - The newest evidence is what a waiver must outlast; an expired one counts for nothing and is shown.
    type: list
    elements: dict
    default: []
    suboptions:
      control:
        description: The identifier of the probe or rule (without the prefix of SCAP content); patterns as in a shell.
        type: str
        required: true
      owner:
        description: Who accepted it.
        type: str
        required: true
      reason:
        description: Why.
        type: str
        required: true
      expires:
        description: The last day, such as V(2026-12-31).
        type: str
        required: true
      hosts:
        description: Patterns of the hosts it is for; all of them if not given.
        type: list
        elements: str
  oscal:
    description: The file with the OSCAL assessment results; C(assessment-results.json) in O(folder) if not given.
    type: path
  html:
    description: The file with the page; C(report.html) in O(folder) if not given.
    type: path
  renew_after:
    description: Seconds after which a report is renewed although newer evidence says the same.
    type: int
    default: 86400
extends_documentation_fragment:
  - infn.datacloud.core
"""

EXAMPLES = r"""
- name: The report of the certified region
  infn.datacloud.compliance_report:
    region: epic
    federation: INFN DataCloud
    sites: [ba, cnaf]
    folder: /srv/evidence/epic
    hosts: "{{ groups['region_epic'] }}"
  delegate_to: localhost
  run_once: true
  register: report

- name: Stop at open points
  ansible.builtin.assert:
    that: report.open_points | length == 0
"""

RETURN = r"""
html:
  description: The file with the page.
  type: str
  returned: success
oscal:
  description: The file with the OSCAL assessment results.
  type: str
  returned: success
date:
  description: The time of the newest evidence.
  type: str
  returned: success
  sample: "2026-01-31T12:00:00Z"
states:
  description: How many controls of all standards came out how.
  type: dict
  returned: success
  contains:
    satisfied:
      description: All checks passed.
      type: int
    waivers:
      description: All checks passed but for what was waived.
      type: int
    scanner:
      description: All own checks passed or were waived, and rules of OpenSCAP failed.
      type: int
    open:
      description: Own checks failed.
      type: int
    gap:
      description: Nobody checked anything, although hosts could answer.
      type: int
    outside:
      description: Not assessed, because documents, people or premises answer.
      type: int
open_points:
  description: What failed, one line each with the hosts.
  type: list
  elements: str
  returned: success
missing:
  description: The hosts without evidence.
  type: list
  elements: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.compliance import inputs, report

PROBE = {
    "id": {"type": "str", "required": True},
    "title": {"type": "str", "required": True},
    "iso27001_2022": {"type": "list", "elements": "str", "default": []},
    "iso27017": {"type": "list", "elements": "str", "default": []},
    "iso27018": {"type": "list", "elements": "str", "default": []},
    "host": {"type": "str", "required": True},
    "status": {"type": "str", "choices": ["pass", "fail", "not_assessed"], "required": True},
    "observed": {"type": "raw", "required": True},
    "time": {"type": "str", "required": True},
}
WAIVER = {
    "control": {"type": "str", "required": True},
    "owner": {"type": "str", "required": True},
    "reason": {"type": "str", "required": True},
    "expires": {"type": "str", "required": True},
    "hosts": {"type": "list", "elements": "str"},
}
OPTIONS = {
    "region": {"type": "str", "required": True},
    "federation": {"type": "str", "required": True},
    "sites": {"type": "list", "elements": "str", "default": []},
    "folder": {"type": "path", "required": True},
    "hosts": {"type": "list", "elements": "str", "required": True},
    "probes": {"type": "list", "elements": "dict", "default": [], "options": PROBE},
    "waivers": {"type": "list", "elements": "dict", "default": [], "options": WAIVER},
    "oscal": {"type": "path"},
    "html": {"type": "path"},
    "renew_after": {"type": "int", "default": 86400},
}


def main():
    module = AnsibleModule(OPTIONS, supports_check_mode=True)
    try:
        result = report.make(module.params, module.check_mode)
    except inputs.InputError as error:
        module.fail_json(msg="\n".join(error.errors))
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}")
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
