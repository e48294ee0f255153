#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_auth
short_description: Manage the clients of a Ceph cluster, their capabilities and keyring files
version_added: 0.1.0
description:
  - Brings clients (cephx entities) and their capabilities to the state that is listed.
  - Writes a client's keyring to a file on the host where the module runs, if asked to.
  - No key is returned unless O(return_keys) is set, and none is ever part of the diff.
options:
  entities:
    description: The clients.
    type: list
    elements: dict
    required: true
    suboptions:
      entity:
        description: Name of the client with its type, for example V(client.backup).
        type: str
        required: true
      caps:
        description: All its capabilities, by daemon type.
        type: dict
      key:
        description: Its key, in Ceph's own form; without it the cluster makes one.
        type: str
      path:
        description: File to which its keyring is written, in an existing directory.
        type: path
      owner:
        description: Owner of the file.
        type: str
      group:
        description: Group of the file.
        type: str
      mode:
        description: Octal permissions of the file, V(0600) if not given.
        type: str
      state:
        description: Whether the client shall exist.
        type: str
        choices: [present, absent]
        default: present
  return_keys:
    description: Return the keys of the listed clients; use C(no_log) on the task.
    type: bool
    default: false
extends_documentation_fragment:
  - infn.datacloud.ceph
  - infn.datacloud.core
author:
  - INFN DataCloud (@infn-datacloud)
"""

EXAMPLES = r"""
- name: A client for backups, with its keyring
  infn.datacloud.ceph_auth:
    entities:
      - entity: client.backup
        caps:
          mon: profile rbd
          osd: profile rbd pool=images
        path: /etc/ceph/ceph.client.backup.keyring
        owner: backup

- name: A client that has left
  infn.datacloud.ceph_auth:
    entities:
      - entity: client.guest
        state: absent
"""

RETURN = r"""
operations:
  description: What was done, or in check mode would be done, in order.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: One of V(create), V(update), V(recreate), V(delete).
      type: str
    key:
      description: Name of the object.
      type: str
    changes:
      description: Names of the fields that differ.
      type: list
      elements: str
  sample:
    - action: update
      key: client.backup
      changes: [caps]
secret_keys:
  description: The listed clients' keys, by entity.
  returned: if O(return_keys) is set, outside check mode
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CONNECTION, execute
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.backends import AuthBackend
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.objects import AUTH


def main():
    """Entry point of the module."""
    options = {**CONNECTION, **AUTH.argument_spec(), "return_keys": {"type": "bool", "default": False, "no_log": False}}
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    execute(module, AUTH, AuthBackend)


if __name__ == "__main__":
    main()
