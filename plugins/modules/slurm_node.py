#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_node
short_description: Drain Slurm's nodes, wait for their jobs, and give them back
version_added: 0.1.0
description:
  - Takes nodes out of service and back, all with one command, and waits until their jobs have ended.
  - Reasons begin with C(datacloud:). A node that somebody else drained keeps its reason, and stays drained when
    O(release) gives others back.
  - Runs where Slurm's commands work as root, such as on the controller or on the node itself.
options:
  nodes:
    description: The nodes.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the node.
        type: str
        required: true
      state:
        description:
          - V(drained) lets no more jobs begin, V(down) ends those that run too, V(available) puts it to work.
        type: str
        choices: [available, drained, down]
        required: true
      reason:
        description: Why it is out of service, for people.
        type: str
  release:
    description: Also give back those nodes that this module drained for this reason and that are not listed.
    type: str
  wait:
    description: Whether to wait until the drained nodes run no more jobs.
    type: bool
    default: true
  restart:
    description:
      - A unit of this host to start anew once the one node that is listed is drained. The node is given back when
        the controller has heard of it again, unless somebody else had drained it.
    type: str
  timeout:
    description: How many seconds to wait for jobs, and for a node that was started anew.
    type: int
    default: 300
extends_documentation_fragment:
  - infn.datacloud.core
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: Empty two nodes before a repair
  infn.datacloud.slurm_node:
    nodes:
      - {name: gpu-01, state: drained, reason: new cables}
      - {name: gpu-02, state: drained, reason: new cables}
    timeout: 86400

- name: Put them to work again
  infn.datacloud.slurm_node:
    release: new cables

- name: Start this node's daemon anew when its jobs have ended, ten nodes at a time
  infn.datacloud.slurm_node:
    nodes:
      - {name: "{{ inventory_hostname }}", state: drained, reason: new settings}
    restart: slurmd.service
  throttle: 10
"""

RETURN = r"""
operations:
  description: What was done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: V(update), as nodes are neither made nor removed here.
      type: str
    key:
      description: Name of the node.
      type: str
    changes:
      description: What differed.
      type: list
      elements: str
  sample:
    - action: update
      key: gpu-01
      changes: [state, reason]
restarted:
  description: The unit that was started anew.
  returned: when O(restart) is given, not in check mode
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.slurm.nodes import NODE, NodeBackend


def main():
    """Entry point of the module."""
    options = {
        **NODE.argument_spec(),
        "release": {"type": "str"},
        "wait": {"type": "bool", "default": True},
        "restart": {"type": "str"},
        "timeout": {"type": "int", "default": 300},
    }
    options["nodes"] |= {"required": False, "default": []}
    module = AnsibleModule(options, supports_check_mode=True, required_one_of=[("nodes", "release")])
    if module.params["restart"] and [node["state"] for node in module.params["nodes"]] != ["drained"]:
        module.fail_json(msg="restart needs exactly one node, which is this host, with state drained")
    core.run(module, NODE, NodeBackend(module))


if __name__ == "__main__":
    main()
