#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_account
short_description: Accounts, users and quality of service of a Slurm cluster
version_added: 0.1.0
description:
  - Brings the QoS, the accounts and the users with their limits that accounting keeps for a cluster to what is listed.
  - Reads with four commands however many there are, and writes what is alike with one.
  - What is not given is left as it is. An empty text or list, or -1, takes a limit away.
  - Accounting keeps names in lower case.
  - Runs where C(sacctmgr) works as an administrator of Slurm, such as root on the controller.
options:
  cluster:
    description: Name of the cluster, which accounting must know already.
    type: str
    required: true
  qos:
    description: Qualities of service.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Name of the QoS., type: str, required: true}
      priority: {description: What it adds to a job's priority., type: str}
      usage_factor: {description: How much its use counts., type: str}
      preempt: {description: The QoS whose jobs it may preempt., type: list, elements: str}
      flags: {description: "Its flags, such as V(DenyOnLimit).", type: list, elements: str}
      grp_jobs: {description: Running jobs of all., type: str}
      grp_submit_jobs: {description: Submitted jobs of all., type: str}
      grp_tres: {description: "Resources of all jobs, such as V(cpu=100,gres/gpu=8).", type: str}
      grp_tres_mins: {description: Minutes of resources of all jobs., type: str}
      grp_wall: {description: Time of all jobs., type: str}
      max_jobs_per_user: {description: Running jobs of a user., type: str}
      max_submit_jobs_per_user: {description: Submitted jobs of a user., type: str}
      max_tres_per_user: {description: Resources of a user's jobs., type: str}
      max_tres_per_job: {description: Resources of a job., type: str}
      max_wall_per_job: {description: "Longest time of a job, such as V(7-00:00:00).", type: str}
      min_tres_per_job: {description: Resources that a job must ask for at least., type: str}
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
  accounts:
    description: Accounts, in any order.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Name of the account., type: str, required: true}
      parent: {description: The account above it. A new one is below C(root) without., type: str}
      description: {description: What it is for., type: str}
      fairshare: {description: "Its share, or V(parent).", type: str}
      qos: {description: The QoS that its jobs may have., type: list, elements: str}
      default_qos: {description: The QoS of jobs that name none., type: str}
      grp_jobs: {description: Running jobs of all., type: str}
      grp_submit_jobs: {description: Submitted jobs of all., type: str}
      grp_tres: {description: Resources of all jobs., type: str}
      grp_tres_mins: {description: Minutes of resources of all jobs., type: str}
      grp_wall: {description: Time of all jobs., type: str}
      max_jobs: {description: Running jobs of each user., type: str}
      max_submit_jobs: {description: Submitted jobs of each user., type: str}
      max_tres_per_job: {description: Resources of a job., type: str}
      max_wall_per_job: {description: Longest time of a job., type: str}
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
  users:
    description: Users. What is said of shares and limits holds in each of their accounts.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Name of the user on the nodes., type: str, required: true}
      accounts:
        description: The accounts whose resources it may use. Needed unless it is absent.
        type: list
        elements: str
      default_account: {description: The account of jobs that name none; the first one without., type: str}
      admin_level:
        description: What it may do to others' jobs and objects.
        type: str
        choices: ["None", Operator, Administrator]
      fairshare: {description: "Its share, or V(parent).", type: str}
      qos: {description: The QoS that its jobs may have., type: list, elements: str}
      default_qos: {description: The QoS of jobs that name none., type: str}
      grp_jobs: {description: Running jobs of all., type: str}
      grp_submit_jobs: {description: Submitted jobs of all., type: str}
      grp_tres: {description: Resources of all jobs., type: str}
      grp_tres_mins: {description: Minutes of resources of all jobs., type: str}
      grp_wall: {description: Time of all jobs., type: str}
      max_jobs: {description: Running jobs., type: str}
      max_submit_jobs: {description: Submitted jobs., type: str}
      max_tres_per_job: {description: Resources of a job., type: str}
      max_wall_per_job: {description: Longest time of a job., type: str}
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: Who may use how much
  infn.datacloud.slurm_account:
    cluster: hpc
    qos:
      - {name: long, max_wall_per_job: 7-00:00:00, max_tres_per_user: gres/gpu=4}
    accounts:
      - {name: virgo, fairshare: '40', qos: [normal, long], default_qos: normal}
      - {name: virgo-simulation, parent: virgo}
    users:
      - {name: alice, accounts: [virgo, virgo-simulation]}
    purge: true
"""

RETURN = r"""
operations:
  description: What was done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: One of V(create), V(update), V(delete).
      type: str
    key:
      description: Kind, account and name of the object, such as C(member/virgo/alice).
      type: str
    changes:
      description: Names of the fields that differ.
      type: list
      elements: str
  sample:
    - action: create
      key: member/virgo/alice
      changes: [kind, account, name]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.slurm import objects
from ansible_collections.infn.datacloud.plugins.module_utils.slurm.accounts import AccountBackend


def main():
    """Entry point of the module."""
    options = {"cluster": {"type": "str", "required": True}, "purge": {"type": "bool", "default": False}}
    for spec in (objects.QOS, objects.ACCOUNT, objects.USER):
        options |= spec.argument_spec()
        options[spec.plural] |= {"required": False, "default": []}
    module = AnsibleModule(options, supports_check_mode=True)
    core.run(module, objects.STORED, AccountBackend(module), desired=[])


if __name__ == "__main__":
    main()
