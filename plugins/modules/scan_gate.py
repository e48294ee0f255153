#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gate that findings of scans stop."""

from __future__ import annotations

DOCUMENTATION = r"""
module: scan_gate
version_added: 0.1.0
short_description: Fail where scans found what must not go on
description:
  - Reads what M(infn.datacloud.scan_findings) wrote, and fails where there is a finding above the limit of its profile
    that nobody accepts. The message names every one in a line.
  - Findings that somebody accepts are returned. Those whose acceptance is over count again, also where it ended after
    the findings were written.
  - A finding on a host that the newest scan could not look at counts as long as it was not seen fixed.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  folder:
    description: Where C(findings.json) is.
    type: path
    required: true
  federation:
    description: The name of the federation that it must be of; any if not given.
    type: str
  sites:
    description: Only hosts of these sites. All if not given.
    type: list
    elements: str
    default: []
  hosts:
    description: Only these hosts. All if not given.
    type: list
    elements: str
    default: []
  fail_above:
    description: The CVSS score above which a finding counts, instead of the limits of the profiles.
    type: float
  require_scan:
    description: Fail also where RV(not_scanned) names a host.
    type: bool
    default: false
  max_age:
    description: The last scan of a host as a whole may be so many days ago; C(0) for any time.
    type: int
    default: 0
  today:
    description: The day on which acceptances are looked at, such as V(2026-01-31); that of now in UTC if not given.
    type: str
attributes:
  check_mode:
    support: full
    description: Changes nothing, and says the same in C(check_mode).
  diff_mode:
    support: none
    description: Changes nothing.
seealso:
  - module: infn.datacloud.scan_findings
"""

EXAMPLES = r"""
- name: No severe finding at a site before it joins, and every host was scanned this week
  infn.datacloud.scan_gate:
    folder: /srv/scans
    sites: [ba]
    require_scan: true
    max_age: 7
  delegate_to: localhost
"""

RETURN = r"""
failures:
  description: What stops, a line each, the gravest first.
  returned: always
  type: list
  elements: str
accepted:
  description: Findings above the limit that somebody accepts, with who, why and until when.
  returned: always
  type: list
  elements: str
expired:
  description: Those of the failures that were accepted until a day that is over.
  returned: always
  type: list
  elements: str
not_scanned:
  description: Hosts that the newest scan did not look at as a whole, or none within O(max_age) days, and why.
  returned: always
  type: list
  elements: str
time:
  description: When the newest scan ended.
  returned: always
  type: str
"""

import time
from datetime import date
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.findings import gate, store
from ansible_collections.infn.datacloud.plugins.module_utils.findings.model import InputError
from ansible_collections.infn.datacloud.plugins.module_utils.pages.words import number


def main():
    """Say whether findings stop."""
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "federation": {"type": "str"},
            "sites": {"type": "list", "elements": "str", "default": []},
            "hosts": {"type": "list", "elements": "str", "default": []},
            "fail_above": {"type": "float"},
            "require_scan": {"type": "bool", "default": False},
            "max_age": {"type": "int", "default": 0},
            "today": {"type": "str"},
        },
        supports_check_mode=True,
    )
    params = module.params
    path = Path(params["folder"]) / "findings.json"
    try:
        today = date.fromisoformat(params["today"] or time.strftime("%Y-%m-%d", time.gmtime())).isoformat()
        document = store.document(path, params["federation"])
        if not document:
            raise InputError(f"{path} is not there: nothing was scanned yet; run infn.datacloud.scan first")
        limits = {name: params[name] for name in ("sites", "hosts", "fail_above", "require_scan", "max_age")}
        found = gate.evaluate(document, today, **limits)
    except (InputError, OSError, ValueError) as error:
        module.fail_json(msg=str(error), failures=[], accepted=[], expired=[], not_scanned=[], time="")
    result = {"changed": False, "time": document["time"], **found}
    if found["failures"]:
        listed = [f"{number(len(found['failures']), 'reason')} to stop:", *found["failures"]]
        if found["accepted"]:
            listed += ["Not counted, because somebody accepts them:", *found["accepted"]]
        module.fail_json(msg="\n".join(listed), **result)
    if found["not_scanned"]:
        module.warn(f"{number(len(found['not_scanned']), 'host')} not scanned as a whole, see not_scanned")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
