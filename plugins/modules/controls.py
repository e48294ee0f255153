#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge and enforce a list of security controls on a host, in one pass."""

from __future__ import annotations

DOCUMENTATION = r"""
module: controls
version_added: 0.1.0
short_description: Judge and enforce a list of security controls on a host
description:
  - Reads the state of the host once, compares it with all controls, plans, changes what differs, and judges again
    what was changed.
  - A file is replaced only after its own program (C(sshd -t), C(visudo -cf) ...) has accepted the new one; otherwise
    the old one stays, the controls behind it are failed, and everything else is done.
  - The state before is written down before anything is changed, so that O(mode=restore) can take it back.
  - Controls that contradict each other are refused before anything is written.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  controls:
    description:
      - The controls, as the lookup P(infn.datacloud.control_catalog#lookup) gives them.
      - Each has C(id), C(type) and C(data); C(title) and C(references) are handed through.
      - C(applies) has conditions, all of which must hold - C(distributions) (a list such as V(Debian-13), V(EL-9),
        V(Debian)), C(packages) (at least one of them is installed, or is by a control of this run),
        C(not_in_container).
      - C(exception) is a reason why the control is left out here. C(waiver) (C(owner), C(reason), C(expires) as
        YYYY-MM-DD) leaves it unchanged until that day, and makes it fail after it.
    type: list
    elements: dict
    default: []
  mode:
    description:
      - V(audit) only judges; what differs is failed. V(enforce) changes what differs.
      - V(restore) takes back what earlier runs changed; O(controls) is not used.
    type: str
    choices: [audit, enforce, restore]
    default: enforce
  restore:
    description: Which runs O(mode=restore) takes back.
    type: str
    choices: [all, last]
    default: all
  results_file:
    description:
      - A file on the host for the results, as JSON, readable by root only.
      - It is written on every run but in check mode, and is no change.
    type: path
  strict:
    description: Fail when a control is failed, after everything else was done.
    type: bool
    default: true
attributes:
  check_mode:
    description:
      - Names the same controls as remediated as the run without it would. What a package brings along that would
        have to be installed first is not in the diff.
    support: full
  diff_mode:
    description: Returns the texts of files and the states of everything else, before and after.
    support: full
"""

EXAMPLES = r"""
- name: The host is as the catalog wants it
  infn.datacloud.controls:
    controls: "{{ lookup('infn.datacloud.control_catalog', profiles=['baseline']) }}"
    results_file: /var/lib/datacloud/controls/results.json
  become: true

- name: Two controls of one's own
  infn.datacloud.controls:
    mode: audit
    strict: false
    controls:
      - id: net-redirects
        title: ICMP redirects are not followed
        type: sysctl
        data: {values: {net.ipv4.conf.all.accept_redirects: 0}}
      - id: cron-folder
        title: Only root sees what cron runs
        type: path
        data: {paths: [{path: /etc/cron.d, mode: "0700", owner: root, group: root}]}
        applies: {packages: [cron]}
  become: true

- name: Take back what was changed
  infn.datacloud.controls:
    mode: restore
  become: true
"""

RETURN = r"""
results:
  description:
    - The controls in their order, each with its status. Where some are failed and O(strict) makes that a failure, only
      these.
  returned: unless O(mode=restore)
  type: list
  elements: dict
  contains:
    id:
      description: The control.
      type: str
    title:
      description: Its title.
      type: str
    status:
      description:
        - V(compliant), V(remediated) (it differed when the run began), V(not_applicable), V(waived) or V(failed).
      type: str
    observed:
      description: What was there when the run began; what it is depends on the type of the control.
      type: raw
    wanted:
      description: What should be there.
      type: raw
    reason:
      description: Why it is not applicable or failed.
      type: str
    waiver:
      description: The waiver, where there is one.
      type: dict
    references:
      description: The control's references.
      type: dict
  sample:
    - id: net-redirects
      title: ICMP redirects are not followed
      status: remediated
      observed: {net.ipv4.conf.all.accept_redirects: {live: "1", boot: null}}
      wanted: {net.ipv4.conf.all.accept_redirects: {live: "0", boot: "0"}}
      reason: ""
      references: {cis_debian_13: ["3.3.5"]}
summary:
  description: How many controls have which status.
  returned: unless O(mode=restore)
  type: dict
  sample: {compliant: 118, remediated: 3, not_applicable: 14, waived: 1, failed: 0}
restored:
  description: What was taken back, or in check mode would be.
  returned: with O(mode=restore)
  type: list
  elements: str
  sample: ["file /etc/sysctl.d/99-zz-datacloud.conf", "sysctl net.ipv4.conf.all.accept_redirects"]
"""

from ansible_collections.infn.datacloud.plugins.module_utils.controls.run import run_module


def main():
    """What Ansible calls."""
    run_module()


if __name__ == "__main__":
    main()
