#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the credentials that every new INDIGO IAM has to ones of our own."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_bootstrap
version_added: 0.1.0
short_description: Replace the credentials that every new INDIGO IAM has
description:
  - A new INDIGO IAM has an administrator and an OAuth client with passwords that are public. This makes a client for
    the administration, with an identifier and a secret of ours, gives the administrator another password, and removes
    the default client. Run it before anybody else can reach the service.
  - It logs in as the administrator, with O(admin_password) or, where that is not yet the password, with
    O(admin_current_password). Where neither works but the client does, the password is replaced through the client.
  - It may be cut off anywhere and run again.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  url:
    description: The address of the service, such as V(http://127.0.0.1:8080). Plain HTTP only to this very host.
    type: str
    required: true
  admin_username:
    description: The administrator's account.
    type: str
    default: admin
  admin_password:
    description:
      - The password the account shall have.
      - IAM demands a lower-case and an upper-case letter, a digit, a symbol and more than 8 characters.
    type: str
    required: true
  admin_current_password:
    description: The password it has if it has not the wanted one; a new IAM's is V(password).
    type: str
    default: password
  client_id:
    description: The identifier of the client for the administration.
    type: str
    default: datacloud-admin
  client_secret:
    description: Its secret, of 16 characters or more.
    type: str
    required: true
  client_scopes:
    description: The scopes it can ask for. Scopes it has besides stay.
    type: list
    elements: str
    default: ["scim:read", "scim:write", "iam:admin.read", "iam:admin.write", "registration:read", "registration:write"]
  default_client:
    description: The client to remove; an empty text leaves the one called V(client) alone.
    type: str
    default: client
  ca_path:
    description: A file with the certificate authorities to trust; the host's trust store where not given.
    type: path
  timeout:
    description: Seconds after which a request fails.
    type: int
    default: 60
extends_documentation_fragment:
  - infn.datacloud.core
seealso:
  - module: infn.datacloud.iam_keystore
  - module: infn.datacloud.iam_probe
"""

EXAMPLES = r"""
- name: Nobody gets in with the default credentials
  infn.datacloud.iam_bootstrap:
    url: http://127.0.0.1:8081
    admin_password: "{{ lookup('infn.datacloud.secret', 'iam/example/admin_password') }}"
    client_secret: "{{ lookup('infn.datacloud.secret', 'iam/example/admin_client_secret') }}"
"""

RETURN = r"""
operations:
  description: What was done, or would be done in check mode, in order.
  type: list
  elements: dict
  returned: always
  contains:
    action:
      description: One of V(create), V(update) and V(delete).
      type: str
      returned: always
    key:
      description: V(client) or V(account) and its name.
      type: str
      returned: always
    changes:
      description: The names of the fields that differed.
      type: list
      elements: str
      returned: always
  sample:
    - action: update
      key: account admin
      changes: [password]
diff:
  description: The changed objects before and after, secrets masked.
  type: dict
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.iam import bootstrap

OPTIONS = {
    "url": {"type": "str", "required": True},
    "admin_username": {"type": "str", "default": "admin"},
    "admin_password": {"type": "str", "required": True, "no_log": True},
    # Not no_log: the default is the word "password", which would then be masked wherever it occurs.
    "admin_current_password": {"type": "str", "default": bootstrap.DEFAULT_PASSWORD, "no_log": False},
    "client_id": {"type": "str", "default": "datacloud-admin"},
    "client_secret": {"type": "str", "required": True, "no_log": True},
    "client_scopes": {"type": "list", "elements": "str", "default": list(bootstrap.SCOPES)},
    "default_client": {"type": "str", "default": bootstrap.DEFAULT_CLIENT[0]},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 60},
}


def main():
    module = AnsibleModule(OPTIONS, supports_check_mode=True)
    params = module.params
    if params["admin_current_password"] != bootstrap.DEFAULT_PASSWORD:
        module.no_log_values.add(params["admin_current_password"])
    wanted = bootstrap.Wanted(
        params["admin_username"],
        params["admin_password"],
        params["admin_current_password"],
        params["client_id"],
        params["client_secret"],
        tuple(params["client_scopes"]),
        params["default_client"],
    )
    operations, applied = [], []
    try:
        wanted.check()
        service = bootstrap.Bootstrap(bootstrap.Client(params["url"], params["ca_path"], params["timeout"]), wanted)
        operations = service.plan()
        if not module.check_mode:
            for operation in operations:
                service.apply(operation)
                applied.append(operation)
    except bootstrap.Unreachable as error:
        if module.check_mode:
            # What an ordinary run would have started and then changed.
            module.warn(f"{error}; nothing can be said of its credentials before it runs")
            module.exit_json(changed=True, operations=[], diff={"before": {}, "after": {}})
        fail(module, error, applied, operations)
    except (core.ApiError, core.SpecError) as error:
        fail(module, error, applied, operations)
    module.exit_json(
        changed=bool(operations),
        operations=[operation.summary() for operation in operations],
        diff={
            "before": {item.key: item.before for item in operations if item.before is not None},
            "after": {item.key: item.after for item in operations if item.after is not None},
        },
    )


def fail(module, error, applied, operations):
    """End the module: what was done before the error counts as changed."""
    module.fail_json(
        msg=str(error),
        changed=bool(applied),
        operations=[operation.summary() for operation in applied],
        not_applied=[operation.summary() for operation in operations[len(applied) :]],
    )


if __name__ == "__main__":
    main()
