#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptance report of an HPC bubble."""

from __future__ import annotations

DOCUMENTATION = r"""
module: acceptance_report
version_added: 0.1.0
short_description: The acceptance report of an HPC bubble
description:
  - Compares what was measured of a bubble's nodes with thresholds and with each other. Writes C(acceptance.json) for
    programs and C(acceptance.html) for people, one page with plots that needs nothing else.
  - Nodes of a pool are compared by a robust z-score. It is the distance to the median in units of the median absolute
    deviation, so that the slow nodes themselves do not move the limit. Three nodes are needed.
  - Measurements of an earlier run are kept for nodes that are not measured again, so that a node can be accepted by
    itself after a repair.
  - A bubble that is not accepted is a result and no failure. Read RV(accepted) and RV(failures) where a playbook is to
    stop.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  bubble:
    description: The name of the bubble.
    type: str
    required: true
  site:
    description: The site that it is at.
    type: str
    required: true
  federation:
    description: The name of the federation, as it stands in the report.
    type: str
    required: true
  folder:
    description: Where the files are, on the host that the module runs on, the control node.
    type: path
    required: true
  nodes:
    description: All nodes of the bubble. Those that were never measured are not accepted.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The node.
        type: str
        required: true
      pool:
        description: Its pool; nodes of a pool are alike.
        type: str
        required: true
  measurements:
    description: What was measured in this run.
    type: list
    elements: dict
    default: []
    suboptions:
      node:
        description: The node.
        type: str
        required: true
      time:
        description: When, such as V(2026-01-31T12:00:00Z).
        type: str
        required: true
      numbers:
        description: By the names of measures, as M(infn.datacloud.hpc_benchmark) returns them.
        type: dict
        default: {}
      errors:
        description: What could not be measured, a sentence each by the name of the benchmark.
        type: dict
        default: {}
      skipped:
        description: What the node has not the programs or devices for, a reason each by the name of the benchmark.
        type: dict
        default: {}
      about:
        description: How it was measured.
        type: dict
        default: {}
      checks:
        description: Checks of the node that have no number.
        type: list
        elements: dict
        default: []
        suboptions: &check
          check:
            description: Its name.
            type: str
            required: true
          title:
            description: What it is called; its name if not given.
            type: str
            default: ''
          ok:
            description: Whether it passed.
            type: bool
            required: true
          observed:
            description: What was seen.
            type: str
            default: ''
          wanted:
            description: What should have been.
            type: str
            default: ''
          advice:
            description: What to do if it failed.
            type: str
            default: ''
  checks:
    description: Checks of the bubble as a whole, such as of its fabric. Those of the earlier run if not given.
    type: list
    elements: dict
    suboptions: *check
  thresholds:
    description:
      - The least that a measure must be, or the most for times, by the measure's name. With C(_in_POOL) after it, and
        with C(_) for each hyphen of the pool, it is for one pool.
      - V(outlier_z) is how far from the others a node may be (3.5), and V(outlier_tolerance_percent) what is never too
        far (5).
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and return the changed status prediction without changing the target.
  diff_mode:
    support: full
    description: Returns the checks before and after.
"""

EXAMPLES = r"""
- name: Accept the bubble
  infn.datacloud.acceptance_report:
    bubble: bari
    site: ba
    federation: INFN DataCloud
    folder: /srv/acceptance/bari
    nodes:
      - {name: ba-cpu-01, pool: cpu}
      - {name: ba-cpu-02, pool: cpu}
      - {name: ba-cpu-03, pool: cpu}
    measurements:
      - node: ba-cpu-01
        time: "2026-01-31T12:00:00Z"
        numbers: {hpl_gflops: 3120, stream_triad_gb_s: 310}
    thresholds:
      hpl_gflops: 3000
      outlier_z: 3.5
  register: acceptance
"""

RETURN = r"""
accepted:
  description: Whether every node and the bubble itself are accepted.
  returned: success
  type: bool
failures:
  description: By node, what is not as it should be and what to do, in sentences.
  returned: success
  type: dict
bubble_failures:
  description: The same for the bubble as a whole.
  returned: success
  type: list
  elements: str
summary:
  description: The result and all that failed, a line each.
  returned: success
  type: list
  elements: str
json:
  description: The path of the file for programs.
  returned: success
  type: str
html:
  description: The path of the page.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.acceptance import report
from ansible_collections.infn.datacloud.plugins.module_utils.acceptance.verdict import InputError


def main():
    """Make the report."""
    check = {
        "check": {"type": "str", "required": True},
        "title": {"type": "str", "default": ""},
        "ok": {"type": "bool", "required": True},
        "observed": {"type": "str", "default": ""},
        "wanted": {"type": "str", "default": ""},
        "advice": {"type": "str", "default": ""},
    }
    checks = {"type": "list", "elements": "dict", "options": check}
    measurement = {
        "node": {"type": "str", "required": True},
        "time": {"type": "str", "required": True},
        "numbers": {"type": "dict", "default": {}},
        "errors": {"type": "dict", "default": {}},
        "skipped": {"type": "dict", "default": {}},
        "about": {"type": "dict", "default": {}},
        "checks": {**checks, "default": []},
    }
    node = {"name": {"type": "str", "required": True}, "pool": {"type": "str", "required": True}}
    module = AnsibleModule(
        argument_spec={
            "bubble": {"type": "str", "required": True},
            "site": {"type": "str", "required": True},
            "federation": {"type": "str", "required": True},
            "folder": {"type": "path", "required": True},
            "nodes": {"type": "list", "elements": "dict", "required": True, "options": node},
            "measurements": {"type": "list", "elements": "dict", "default": [], "options": measurement},
            "checks": checks,
            "thresholds": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**report.make(module.params, module.check_mode))
    except (InputError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
