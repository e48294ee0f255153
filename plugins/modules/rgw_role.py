#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles of RADOS gateways: who may become what with a token, and what they may do then."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rgw_role
version_added: 0.1.0
short_description: Roles that tokens open on RADOS gateways
description:
  - Creates, changes and removes roles. Who bears a token that O(roles[].trust) describes gets temporary credentials of
    the role, which may do what O(roles[].grants) says and nothing else.
  - Run it at the site of the master zone; roles replicate to the others.
  - A role has its rights in one inline policy named V(datacloud). Others on the same role are removed.
  - The user of the keys needs the capability C(roles=*).
author:
  - INFN DataCloud (@infn-datacloud)
options:
  endpoint_url:
    description: The address of a gateway of the master zone.
    type: str
    required: true
  roles:
    description: The roles.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The role's name.
        type: str
        required: true
      path:
        description:
          - Where the role stands among others; it is part of its ARN and cannot be changed.
          - O(purge) removes only roles below the default path.
        type: str
        default: /datacloud/
      description:
        description: What the role is for. Gateways before Ceph 19 do not keep it.
        type: str
      max_session_duration:
        description: How long credentials may last at most, in seconds, 3600 to 43200. A gateway's default is 3600.
        type: int
      trust:
        description: Whose tokens open the role. Needed unless O(roles[].state=absent).
        type: dict
        suboptions:
          issuer:
            description: The issuer, as in M(infn.datacloud.rgw_oidc_provider).
            type: str
            required: true
          audiences:
            description: The audiences of which a token must have one.
            type: list
            elements: str
            required: true
          claim:
            description:
              - The claim with the groups. IAM writes V(wlcg.groups) in its WLCG profile, where the scope of that name
                was asked for, and V(groups) in its own.
            type: str
            default: wlcg.groups
          values:
            description:
              - The values of which the claim must have one, such as V(/virgo) in V(wlcg.groups) and V(virgo) in
                V(groups).
            type: list
            elements: str
            required: true
      grants:
        description: What the role may do.
        type: list
        elements: dict
        default: []
        suboptions:
          bucket:
            description: The bucket.
            type: str
            required: true
          prefix:
            description:
              - The part of the bucket, down to a slash; V(data) and V(data/) mean the same. Everything where empty.
            type: str
            default: ""
          rights:
            description:
              - V(read) lists and gets objects and their versions. V(write) puts objects, whole or in parts, and
                deletes them; it neither reads nor removes versions.
            type: list
            elements: str
            choices: [read, write]
            required: true
      state:
        description: Whether the role is there.
        type: str
        choices: [present, absent]
        default: present
  replicas:
    description:
      - The addresses of the gateways of the other zones.
      - Where a role is removed, its rights go first, and the role only once these zones know that it has none. A zone
        of Ceph 18 that hears of both at once keeps the role with its rights, and its replication of metadata stops.
    type: list
    elements: str
    default: []
  replica_timeout:
    description: How many seconds to wait for each of them.
    type: int
    default: 60
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.s3
"""

EXAMPLES = r"""
- name: Members of /virgo read and write below data/
  infn.datacloud.rgw_role:
    endpoint_url: https://s3.cnaf.example.org
    access_key: "{{ lookup('infn.datacloud.secret', 'rgw/access/access_key') }}"
    secret_key: "{{ lookup('infn.datacloud.secret', 'rgw/access/secret_key') }}"
    ca_bundle: /etc/ssl/certs/ca-certificates.crt
    purge: true
    replicas: [https://s3.ba.example.org]
    roles:
      - name: virgo
        trust:
          issuer: https://iam.example.org
          audiences: [https://s3.example.org]
          values: [/virgo]
        grants:
          - bucket: virgo
            prefix: data/
            rights: [read, write]
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
      description: The role's name.
      type: str
      returned: always
    changes:
      description:
        - What differed, in the gateway's own words, such as C(trust_policy) and C(permission_policies).
      type: list
      elements: str
      returned: always
diff:
  description: The changed roles before and after, with their policies as the gateway keeps them.
  type: dict
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.rgw_iam import backends, objects
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api


def main():
    options = {
        **api.OPTIONS,
        **objects.ROLE.argument_spec(),
        "purge": {"type": "bool", "default": False},
        "replicas": {"type": "list", "elements": "str", "default": []},
        "replica_timeout": {"type": "int", "default": 60},
    }
    module = AnsibleModule(options, supports_check_mode=True)
    api.require(module)
    core.run(module, objects.STORED_ROLE, backends.Roles(module))


if __name__ == "__main__":
    main()
