#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commit the staged multisite configuration."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rgw_period
version_added: 0.1.0
short_description: Commit the staged multisite configuration
description:
  - Compares the zonegroups and zones of this cluster with the current period of their realm and commits them where
    they differ, so that a run cut off between a change and its commit is finished by the next run.
  - On a cluster that does not hold the master zone, the commit is sent to the master zone's gateway, which must answer.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  realm:
    description: The realm.
    type: str
    required: true
  pending:
    description:
      - Whether a task before this one would have changed the staged configuration. Only check mode looks at it, to
        predict the commit that the real run then makes.
    type: bool
    default: false
  force:
    description:
      - Promote a zone to master even if it has not caught up with the old master's metadata. What it lacks is lost.
    type: bool
    default: false
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.rgw
"""

EXAMPLES = r"""
- name: Put the staged configuration in force
  infn.datacloud.rgw_period:
    realm: datacloud
    pending: "{{ zonegroup is changed or zone is changed }}"
  register: period
"""

RETURN = r"""
period:
  description: The current period. V(none) in check mode where there is none yet.
  type: dict
  returned: always
  contains:
    id:
      description: Its id, which changes with the master zone.
      type: str
      returned: always
    epoch:
      description: Its epoch, which grows by one with each commit.
      type: int
      returned: always
    realm_epoch:
      description: How many periods the realm has had.
      type: int
      returned: always
    master_zonegroup_name:
      description: The name of the master zonegroup.
      type: str
      returned: always
    master_zone_name:
      description: The name of the master zone.
      type: str
      returned: always
diff:
  description: The values that differ, by their path in the configuration; secrets masked.
  type: dict
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils.rgw import api, backends


def main():
    options = {
        "realm": {"type": "str", "required": True},
        "pending": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
    }
    backends.commit(AnsibleModule({**api.OPTIONS, **options}, supports_check_mode=True))


if __name__ == "__main__":
    main()
