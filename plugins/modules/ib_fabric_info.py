#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ib_fabric_info
version_added: 0.1.0
short_description: An InfiniBand fabric, and what is wrong with it
description:
  - Tells the InfiniBand ports of this host, and on request all nodes and links of the fabric, what their error counters
    count, and the P_Keys of all ports. What is wrong is told in sentences. Nothing is changed, no counter is cleared.
  - Where the tools are not installed, check mode returns nothing instead of failing.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  gather:
    description:
      - What to find out. V(local) the ports of this host and the subnet manager; V(links) nodes and links of the
        fabric; V(errors) its error counters; V(pkeys) the P_Keys of its ports.
      - All but V(local) read the whole fabric; ask on one host only.
    type: list
    elements: str
    choices: [local, links, errors, pkeys]
    default: [local]
  active:
    description:
      - How many ports of this host must be in use, with a subnet manager. What is missing is waited for, and told.
    type: int
    default: 0
  timeout:
    description: Seconds to wait for them.
    type: int
    default: 0
  width:
    description: Lanes that every link must have. Without it, as many as both ends of the link can have.
    type: int
  speed:
    description: Speed that every link must have at least. Without it, the highest that both ends of the link can have.
    type: str
    choices: [SDR, DDR, QDR, FDR10, FDR, EDR, HDR, NDR, XDR]
  window:
    description:
      - Seconds between two readings of the error counters. What grows meanwhile is a problem.
      - With V(0) they are read once; what they counted since they were cleared is no problem by itself.
    type: int
    default: 0
  expected:
    description: Ports that must be in the fabric.
    type: list
    elements: dict
    default: []
    suboptions:
      guid:
        description: The GUID of the port.
        type: str
        required: true
      name:
        description: The host that it belongs to, for the message.
        type: str
extends_documentation_fragment:
  - infn.datacloud.core.info
requirements:
  - infiniband-diags
"""

EXAMPLES = r"""
- name: The GUIDs of this host
  infn.datacloud.ib_fabric_info:
  register: infiniband

- name: All links at their speed, and no error for a minute
  infn.datacloud.ib_fabric_info:
    gather: [local, links, errors]
    width: 4
    speed: HDR
    window: 60
    expected:
      - {name: ba-cpu-01, guid: "0xb8cef60300a1b2d4"}
  register: fabric
  failed_when: fabric is failed or fabric.problems | length > 0
"""

RETURN = r"""
ports:
  description: The InfiniBand ports of this host.
  returned: success
  type: list
  elements: dict
  contains:
    device:
      description: Name of the adapter, such as V(mlx5_0).
      type: str
    port:
      description: Number of the port.
      type: int
    guid:
      description: GUID of the port.
      type: str
    state:
      description: State of the link, V(Active) when it can be used.
      type: str
    physical_state:
      description: State of the cable, V(LinkUp) when it is good.
      type: str
    rate:
      description: Gbit/s of the link.
      type: int
    lid:
      description: Its local identifier; V(0) before the subnet manager gave it one.
      type: int
    sm_lid:
      description: That of the subnet manager.
      type: int
manager:
  description: The master subnet manager, with lid, guid, priority and state; empty without one.
  returned: success
  type: dict
nodes:
  description: Nodes of the fabric, each with guid, name and kind (V(ca), V(switch), V(router)).
  returned: O(gather) has V(links)
  type: list
  elements: dict
links:
  description: Its links, each once.
  returned: O(gather) has V(links)
  type: list
  elements: dict
  contains:
    ends:
      description: Both ends, each with guid, name and port.
      type: list
      elements: dict
    width:
      description: Lanes.
      type: int
    speed:
      description: Speed of a lane, such as V(HDR).
      type: str
    state:
      description: State of the link.
      type: str
    physical_state:
      description: State of the cable.
      type: str
    wider:
      description: Lanes that both ends could have, if more.
      type: int
    faster:
      description: Speed that both ends could have, if higher.
      type: str
counters:
  description: Error counters that are not 0, each with guid, name, port and counters.
  returned: O(gather) has V(errors)
  type: list
  elements: dict
growth:
  description: What they counted in O(window), in the same form.
  returned: O(gather) has V(errors)
  type: list
  elements: dict
pkeys:
  description: By the GUIDs of ports, their P_Keys.
  returned: O(gather) has V(pkeys)
  type: dict
problems:
  description: What is wrong, a sentence each.
  returned: success
  type: list
  elements: str
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.plugins.module_utils.infiniband import fabric
from ansible_collections.infn.datacloud.plugins.module_utils.infiniband.tools import Tools


def rows(counted, names):
    """Counters ({(guid, port): {counter: value}}) as a list."""
    return [
        {"guid": guid, "name": names.get(guid, ""), "port": port, "counters": values}
        for (guid, port), values in sorted(counted.items())
    ]


def absent(expected, ports):
    """What to say of expected ports that are not there (list of str)."""
    return [
        f"port {item['guid']}{' of ' + item['name'] if item['name'] else ''} is not in the fabric"
        for item in expected
        if fabric.canonical(item["guid"]) not in ports
    ]


def local(tools, active, timeout, sleep):
    """(ports of this host, subnet manager, problems), once as many are in use as must be or the time is over."""
    while True:
        ports = tools.local_ports()
        master = tools.manager() if ports else None
        problems = fabric.port_problems(ports, active, master)
        if not problems or timeout <= 0:
            return ports, master or {}, problems
        timeout -= 1
        sleep(1)


def gather(tools, params, sleep=time.sleep):
    """The result (dict). tools: Tools; params: the module's."""
    what = params["gather"]
    result = {"ports": [], "manager": {}, "problems": []}
    if "local" in what:
        found = local(tools, params["active"], params["timeout"], sleep)
        result["ports"], result["manager"], result["problems"] = found
    ports = tools.ports() if params["expected"] or set(what) - {"local"} else {}
    result["problems"] += absent(params["expected"], ports)
    names = {}
    if "links" in what or "errors" in what:
        nodes, links = tools.links(ports)
        names = {node["guid"]: node["name"] for node in nodes}
        if "links" in what:
            result.update(nodes=nodes, links=links)
            result["problems"] += fabric.link_problems(links, params["width"], params["speed"])
    if "errors" in what:
        before = tools.counters()
        sleep(params["window"])
        after = tools.counters() if params["window"] else before
        growth = fabric.grown(before, after)
        result.update(counters=rows(after, names), growth=rows(growth, names))
        result["problems"] += fabric.counter_problems(growth, names, params["window"])
    if "pkeys" in what:
        keys = tools.partition_keys(ports)
        result["pkeys"] = {guid: [f"0x{key:04x}" for key in sorted(found)] for guid, found in keys.items()}
    return result


def main():
    """Read and return."""
    expected = {"guid": {"type": "str", "required": True}, "name": {"type": "str"}}
    module = AnsibleModule(
        argument_spec={
            "gather": {
                "type": "list",
                "elements": "str",
                "choices": ["local", "links", "errors", "pkeys"],
                "default": ["local"],
            },
            "active": {"type": "int", "default": 0},
            "timeout": {"type": "int", "default": 0},
            "width": {"type": "int"},
            "speed": {"type": "str", "choices": list(fabric.SPEED_ORDER)},
            "window": {"type": "int", "default": 0},
            "expected": {"type": "list", "elements": "dict", "default": [], "options": expected},
        },
        supports_check_mode=True,
    )
    tools = Tools(module)
    if module.check_mode and not tools.present():
        module.exit_json(changed=False, ports=[], manager={}, problems=[])
    try:
        module.exit_json(changed=False, **gather(tools, module.params))
    except (ApiError, ValueError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
