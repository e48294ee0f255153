#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Realms of RADOS gateways."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rgw_realm
version_added: 0.1.0
short_description: Realms of RADOS gateways
description:
  - Creates realms, or pulls them from the gateway of the site that is their master, and keeps them up to date.
  - A pulled realm is pulled again when the other gateway has a later period, as after a failover.
    Restart this site's gateways then.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  realms:
    description: The realms.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The realm's name.
        type: str
        required: true
      default:
        description:
          - Whether it is the default realm of this cluster. Only V(true) does something; make another realm the
            default to take it away.
        type: bool
      pull:
        description:
          - The gateway from which the realm comes. Not given where the realm's master zone is.
          - Where the realm is here already and that gateway does not answer, the module warns and goes on.
        type: dict
        suboptions:
          url:
            description: The gateway's address. Its certificate is verified against the host's trust store.
            type: str
            required: true
          access_key:
            description: The access key of the system user.
            type: str
            required: true
          secret_key:
            description: The secret key of the system user.
            type: str
            required: true
      state:
        description: Whether the realm is there. V(absent) leaves its zonegroups, zones and data.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.rgw
"""

EXAMPLES = r"""
- name: The realm at the site of the master zone
  infn.datacloud.rgw_realm:
    realms:
      - name: datacloud
        default: true

- name: The same realm at another site
  infn.datacloud.rgw_realm:
    realms:
      - name: datacloud
        default: true
        pull:
          url: https://s3.cnaf.example.org
          access_key: "{{ lookup('infn.datacloud.secret', 'rgw/sync/access_key') }}"
          secret_key: "{{ lookup('infn.datacloud.secret', 'rgw/sync/secret_key') }}"
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.rgw import api, backends, objects


def main():
    module = AnsibleModule({**api.OPTIONS, **objects.REALM.argument_spec()}, supports_check_mode=True)
    core.run(module, objects.REALM_WITH_PERIOD, backends.Realms(module))


if __name__ == "__main__":
    main()
