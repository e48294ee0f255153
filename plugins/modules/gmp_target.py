#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Targets of Greenbone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gmp_target
version_added: 0.1.0
short_description: Targets of Greenbone
description:
  - Creates, changes and removes targets, the sets of hosts that tasks scan.
  - Hosts are checked before anything is sent, as the manager takes anything for a host.
  - The manager changes no hosts, ports, credentials or lookups of a target that a task has. Where all those tasks are
    alterable and none is running, the module puts a new target of the same name in its place, and the tasks keep
    their reports; else it fails and says what to do.
  - An object made by this module has V([infn.datacloud]) at the end of its comment; O(purge) removes only those. One
    that existed before is managed but never marked.
options:
  targets:
    description: The targets.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, which identifies it among the objects of O(user).
        type: str
        required: true
      comment:
        description: What it is for, without the mark.
        type: str
      hosts:
        description:
          - Addresses, networks, ranges (V(10.0.0.1-10.0.0.9)) and host names. The list is complete; needed unless
            O(targets[].state=absent).
        type: list
        elements: str
      exclude_hosts:
        description: Those of them that are never scanned.
        type: list
        elements: str
      port_list:
        description: Name of the list of ports; needed unless O(targets[].state=absent).
        type: str
      alive_test:
        description: How a host is found to be there.
        type: str
        choices:
          - Scan Config Default
          - 'ICMP, TCP-ACK Service & ARP Ping'
          - TCP-ACK Service & ARP Ping
          - ICMP & ARP Ping
          - ICMP & TCP-ACK Service Ping
          - ARP Ping
          - TCP-ACK Service Ping
          - TCP-SYN Service Ping
          - ICMP Ping
          - Consider Alive
      ssh_credential:
        description: Name of the credential to log in with over SSH; empty for none.
        type: str
      ssh_port:
        description: The port of SSH.
        type: int
      ssh_elevate_credential:
        description: Name of the credential to become root with; empty for none.
        type: str
      smb_credential:
        description: Name of the credential for SMB; empty for none.
        type: str
      esxi_credential:
        description: Name of the credential for ESXi; empty for none.
        type: str
      snmp_credential:
        description: Name of the credential for SNMP; empty for none.
        type: str
      allow_simultaneous_ips:
        description: Whether several addresses of one host are scanned at a time.
        type: bool
      reverse_lookup_only:
        description: Whether only hosts are scanned whose address has a name.
        type: bool
      reverse_lookup_unify:
        description: Whether only one of the addresses with the same name is scanned.
        type: bool
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.gmp
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: What is scanned at a site
  infn.datacloud.gmp_target:
    user: datacloud
    password: "{{ lookup('infn.datacloud.secret', 'greenbone/cnaf/datacloud') }}"
    targets:
      - name: 'datacloud: cnaf default'
        hosts: [10.144.16.0/24, gw.cnaf.example.org]
        exclude_hosts: [10.144.16.7]
        port_list: datacloud
        alive_test: Consider Alive
        ssh_credential: datacloud scan
"""

RETURN = r"""
operations:
  description: What was done, or would be done in check mode, in order.
  type: list
  elements: dict
  returned: always
  contains:
    action:
      description: What happened to the object; one of V(create), V(update) and V(delete).
      type: str
      returned: always
    key:
      description: The name.
      type: str
      returned: always
    changes:
      description: The names of the fields that differed.
      type: list
      elements: str
      returned: always
diff:
  description: The changed objects before and after, secrets masked.
  type: dict
  returned: always
"""

from ansible_collections.infn.datacloud.plugins.module_utils.gmp import backends


def main():
    backends.main(backends.Targets)


if __name__ == "__main__":
    main()
