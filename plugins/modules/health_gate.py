#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until a service is healthy and stays so."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_gate
version_added: 0.1.0
short_description: Wait until a service is healthy and stays so
description:
  - The gate before and after each step of a rolling operation. It observes one probe until that has been good for
    O(stable_for) seconds without a break, and fails with what is still wrong when O(timeout) is over.
  - In check mode it observes once and never fails, because what the play would have done has not been done.
    A command is not even run then, as it may change something.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  name:
    description: What is waited for, as messages call it.
    type: str
    default: health gate
  ceph:
    description: The health of a Ceph cluster, by the command C(ceph health detail).
    type: dict
    suboptions:
      accept:
        description: The names of health checks that may be there as warnings, such as V(OSDMAP_FLAGS).
        type: list
        elements: str
        default: []
      conf:
        description: Ceph's configuration file.
        type: path
        default: /etc/ceph/ceph.conf
      client:
        description: The cephx name whose keyring is used.
        type: str
        default: client.admin
      executable:
        description: The command ceph, by name or path.
        type: path
        default: ceph
  sync:
    description: The synchronisation of this cluster's RGW zone, by the command C(radosgw-admin sync status).
    type: dict
    suboptions:
      realm:
        description: The realm; this cluster's default one where not given.
        type: str
      conf:
        description: Ceph's configuration file.
        type: path
        default: /etc/ceph/ceph.conf
      client:
        description: The cephx name whose keyring is used.
        type: str
        default: client.admin
      executable:
        description: The command radosgw-admin, by name or path.
        type: path
        default: radosgw-admin
  command:
    description: A command.
    type: dict
    suboptions:
      argv:
        description: The command and its arguments. No shell is involved.
        type: list
        elements: str
        required: true
      rc:
        description: The exit status it must have.
        type: int
        default: 0
      contains:
        description: What its standard output must contain.
        type: str
      matches:
        description: A regular expression its standard output must match somewhere; C(^) and C($) match at lines.
        type: str
  http:
    description: A URL. The certificate is verified.
    type: dict
    suboptions:
      url:
        description: The URL.
        type: str
        required: true
      status:
        description: The statuses that are good.
        type: list
        elements: int
        default: [200]
      headers:
        description: Headers to send.
        type: dict
        default: {}
      ca_path:
        description: A file with the certificate authorities to trust; the host's trust store where not given.
        type: path
      contains:
        description: What the answer must contain.
        type: str
      matches:
        description: A regular expression the answer must match somewhere; C(^) and C($) match at lines.
        type: str
  stable_for:
    description: For how many seconds it must be good without a break. V(0) is content with one good observation.
    type: int
    default: 0
  timeout:
    description: After how many seconds the gate gives up.
    type: int
    default: 300
  interval:
    description: How many seconds pass between two observations.
    type: int
    default: 5
  evidence:
    description:
      - A file on the host to which what was observed is written as JSON, also when the gate fails. It is a record, not
        a wanted state, so it does not count as a change.
    type: path
extends_documentation_fragment:
  - infn.datacloud.core.info
"""

EXAMPLES = r"""
- name: The cluster is healthy, but for the flag this play has set
  infn.datacloud.health_gate:
    name: Ceph before the node goes out
    ceph:
      accept:
        - OSDMAP_FLAGS
    stable_for: 15
    evidence: /var/log/datacloud/gate-before.json

- name: The gateway answers
  infn.datacloud.health_gate:
    http:
      url: https://s3.cnaf.example.org/swift/healthcheck
      ca_path: /etc/ssl/certs/ca-certificates.crt
    timeout: 120

- name: This site has all the others have
  infn.datacloud.health_gate:
    sync: {}
    stable_for: 10
    timeout: 600

- name: The scheduler has no job left on the node
  infn.datacloud.health_gate:
    command:
      argv: [squeue, --noheader, --nodelist, wn-01]
      matches: '\A\Z'
"""

RETURN = r"""
passed:
  description: Whether the gate is open. In check mode it may be V(false) without a failure.
  type: bool
  returned: always
timeline:
  description: What was observed, one entry a stretch of time in which nothing changed.
  type: list
  elements: dict
  returned: always
  contains:
    ok:
      description: Whether it was good.
      type: bool
      returned: always
    detail:
      description: What was wrong, or what was seen.
      type: str
      returned: always
    from:
      description: The time of the first observation, in UTC.
      type: str
      returned: always
    to:
      description: The time of the last one, in UTC.
      type: str
      returned: always
    observations:
      description: How many there were.
      type: int
      returned: always
"""

import json
import os
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import probes

TEXT = {"contains": {"type": "str"}, "matches": {"type": "str"}}
CEPH = {
    "accept": {"type": "list", "elements": "str", "default": []},
    "conf": {"type": "path", "default": "/etc/ceph/ceph.conf"},
    "client": {"type": "str", "default": "client.admin"},
    "executable": {"type": "path", "default": "ceph"},
}
SYNC = {
    "realm": {"type": "str"},
    "conf": {"type": "path", "default": "/etc/ceph/ceph.conf"},
    "client": {"type": "str", "default": "client.admin"},
    "executable": {"type": "path", "default": "radosgw-admin"},
}
COMMAND = {"argv": {"type": "list", "elements": "str", "required": True}, "rc": {"type": "int", "default": 0}, **TEXT}
HTTP = {
    "url": {"type": "str", "required": True},
    "status": {"type": "list", "elements": "int", "default": [200]},
    "headers": {"type": "dict", "default": {}},
    "ca_path": {"type": "path"},
    **TEXT,
}
PROBES = {"ceph": probes.ceph, "sync": probes.sync, "command": probes.command, "http": probes.http}
OPTIONS = {
    "name": {"type": "str", "default": "health gate"},
    "ceph": {"type": "dict", "options": CEPH},
    "sync": {"type": "dict", "options": SYNC},
    "command": {"type": "dict", "options": COMMAND},
    "http": {"type": "dict", "options": HTTP},
    "stable_for": {"type": "int", "default": 0},
    "timeout": {"type": "int", "default": 300},
    "interval": {"type": "int", "default": 5},
    "evidence": {"type": "path"},
}


def record(module, passed, timeline):
    """Write the evidence, readable by its owner only, as a whole or not at all."""
    path = Path(module.params["evidence"])
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w") as file:
            json.dump({"name": module.params["name"], "passed": passed, "timeline": timeline}, file, indent=2)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        module.fail_json(msg=f"evidence {path}: {error.strerror}", passed=passed, timeline=timeline)


def main():
    module = AnsibleModule(
        OPTIONS, mutually_exclusive=[list(PROBES)], required_one_of=[list(PROBES)], supports_check_mode=True
    )
    params = module.params
    kind = next(name for name in PROBES if params[name] is not None)
    if module.check_mode and kind == "command":
        module.exit_json(changed=False, passed=False, timeline=[])
    probe = PROBES[kind](params[kind])
    limits = (0, 0, 0) if module.check_mode else (params["stable_for"], params["timeout"], params["interval"])
    passed, timeline = probes.wait(probe, *limits)
    if params["evidence"] and not module.check_mode:
        record(module, passed, timeline)
    if not passed and not module.check_mode:
        said = probes.failure(params["name"], timeline, params["stable_for"], params["timeout"])
        module.fail_json(msg=said, passed=False, timeline=timeline)
    module.exit_json(changed=False, passed=passed, timeline=timeline)


if __name__ == "__main__":
    main()
