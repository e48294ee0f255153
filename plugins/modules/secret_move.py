#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name, which does the work on the control node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_move
version_added: 0.1.0
short_description: Carry all secrets from one store to the other
description:
  - Copies every secret of the embedded store to OpenBao or back, reads each one back and compares it.
  - Where both stores hold different secrets of one name, all such names are listed and nothing is written.
  - Secrets whose names begin with V(openbao/) or V(ca/) stay in the embedded store.
  - Runs on the control node, whatever host the task is for. No value is in its result or its diff.
  - Where the stores are is said by the options of the lookup P(infn.datacloud.secret#lookup).
author:
  - INFN DataCloud (@infn-datacloud)
options:
  to:
    description: The store that the secrets are copied to; the source is the other one.
    type: str
    choices: [openbao, embedded]
    required: true
  replace:
    description: Put the source's secret over a different one of the same name.
    type: bool
    default: false
  remove_source:
    description: Remove the secrets from the source after all of them were copied and compared.
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
- name: Carry the federation's secrets to OpenBao
  infn.datacloud.secret_move:
    to: openbao
"""

RETURN = r"""
copied:
  description: The names that were copied.
  returned: success
  type: list
  elements: str
  sample: [rgw/sync/access_key, rgw/sync/secret_key]
kept:
  description: The names that were the same in both stores already.
  returned: success
  type: list
  elements: str
  sample: []
removed:
  description: The names that were removed from the source.
  returned: success
  type: list
  elements: str
  sample: []
"""
