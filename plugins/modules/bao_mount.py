#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secret engines of OpenBao."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bao_mount
version_added: 0.1.0
short_description: Secret engines of OpenBao or Vault
description:
  - Mounts, tunes, configures and removes secret engines, such as KV, transit and PKI.
  - Of the dictionaries O(mounts[].options), O(mounts[].tune) and O(mounts[].config) only the keys that are given are
    compared; C(1h) and C(3600) are the same.
  - The description of an engine mounted here ends with C((infn.datacloud\)). O(purge) removes only engines with this
    mark. An engine that was there before is managed but never marked.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  mounts:
    description: The engines.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Where it is mounted.
        type: str
        required: true
      type:
        description: The engine, such as V(kv), V(transit) or V(pki). Needed unless O(mounts[].state=absent).
        type: str
      description:
        description: What it is for.
        type: str
      local:
        description: Whether it is kept from replicating to other clusters. It can only be said when it is mounted.
        type: bool
      options:
        description: Options of the engine, such as C(version) of KV.
        type: dict
      tune:
        description: What any mount has, such as C(default_lease_ttl), C(max_lease_ttl) and C(listing_visibility).
        type: dict
      config:
        description:
          - Settings that the engine has at paths below its mount, as path and dictionary, such as C(config/urls) of
            PKI and C(config) of KV version 2.
          - A path is written with the keys given here alone. What the engine does with those left out is its own
            matter.
        type: dict
      state:
        description: Whether it is mounted.
        type: str
        choices: [present, absent]
        default: present
  data_loss_ok:
    description: Paths of engines that may be removed. All they hold is lost; without this the removal is refused.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.bao
  - infn.datacloud.bao.planning
"""

EXAMPLES = r"""
- name: Secrets, keys for the object store, and an authority
  infn.datacloud.bao_mount:
    url: https://vault.cnaf.example.org:8200
    role_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_role_id') }}"
    secret_id: "{{ lookup('infn.datacloud.secret', 'openbao/cnaf/admin_secret_id') }}"
    mounts:
      - path: datacloud
        type: kv
        options:
          version: "2"
        config:
          config:
            max_versions: 10
      - path: rgw-kms
        type: transit
      - path: pki
        type: pki
        tune:
          max_lease_ttl: 43800h
        config:
          config/urls:
            issuing_certificates: [https://vault.cnaf.example.org:8200/v1/pki/ca]
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
      description: The object's name.
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

from ansible_collections.infn.datacloud.plugins.module_utils.bao import api, backends, objects
from ansible_collections.infn.datacloud.plugins.module_utils.quiet import QuietModule


def main():
    options = {
        **api.OPTIONS,
        **objects.MOUNT.argument_spec(),
        "purge": {"type": "bool", "default": False},
        "data_loss_ok": {"type": "list", "elements": "str", "default": []},
    }
    module = QuietModule(options, supports_check_mode=True)
    backends.run(module, objects.MOUNT, backends.Mounts)


if __name__ == "__main__":
    main()
