#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name, which does the work on the control node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_put
version_added: 0.1.0
short_description: Put secrets into the federation's store
description:
  - Puts secrets that come to be during a run, or from elsewhere, into the store that the lookup
    P(infn.datacloud.secret#lookup) reads, or removes them from it.
  - Runs on the control node, whatever host the task is for. No value is in its result or its diff.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  secrets:
    description:
      - What to put there, by name. A value is a text, or a record as the store keeps it, such as the two halves of a
        key pair, V(private) and V(public).
      - Needed with O(state=present).
    type: dict
  names:
    description: The names to remove. Needed with O(state=absent).
    type: list
    elements: str
  state:
    description: Whether to put secrets or to remove them.
    type: str
    choices: [present, absent]
    default: present
  replace:
    description:
      - Put a value over a different one. Without this the task fails where a name holds another value, and nothing
        is written.
    type: bool
    default: false
extends_documentation_fragment:
  - infn.datacloud.core
attributes:
  action:
    description: It is an action plugin, which runs on the control node.
    support: full
"""

EXAMPLES = r"""
- name: Keep the keys that only the initialisation returns
  infn.datacloud.secret_put:
    secrets:
      openbao/cnaf/unseal_keys: "{{ initialised['keys'] | join('\n') }}"
      openbao/cnaf/root_token: "{{ initialised.root_token }}"
  no_log: true

- name: Forget the root token once it has been revoked
  infn.datacloud.secret_put:
    names: [openbao/cnaf/root_token]
    state: absent
"""

RETURN = r"""
written:
  description: The names that were written.
  returned: success
  type: list
  elements: str
  sample: [openbao/cnaf/unseal_keys]
removed:
  description: The names that were removed.
  returned: success
  type: list
  elements: str
  sample: []
"""
