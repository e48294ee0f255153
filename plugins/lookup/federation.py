# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup plugin: what a federation description means."""

from __future__ import annotations

DOCUMENTATION = r"""
name: federation
author: INFN DataCloud (@infn-datacloud)
version_added: 0.1.0
short_description: What the description of a federation means
description:
  - Returns the checked and resolved description of a federation, or one table of it. Nothing is contacted.
  - The inventory plugin P(infn.datacloud.federation#inventory) puts this lookup behind the variables
    C(datacloud_sites), C(datacloud_endpoints), C(datacloud_hosts), C(datacloud_bubbles) and C(datacloud_scans), which
    is how they are meant to be used.
options:
  _terms:
    description: Paths of C(federation.yml) files.
    type: list
    elements: path
    required: true
  table:
    description: The table to return; everything if not given.
    type: str
    choices: [federation, sites, pools, hosts, groups, endpoints, ceph, backbone, identity, bubbles, scans, hpc, totals]
  pools:
    description: Take only pools of these kinds or names, as the inventory plugin's option of the same name.
    type: list
    elements: str
    env:
      - name: DATACLOUD_POOLS
    ini:
      - section: datacloud
        key: pools
"""

EXAMPLES = r"""
- name: Show where S3 answers
  ansible.builtin.debug:
    msg: "{{ lookup('infn.datacloud.federation', 'inventories/lab/federation.yml', table='endpoints').s3 }}"
"""

RETURN = r"""
_raw:
  description: One dictionary (for O(table=pools) one list) for each path.
  type: list
  elements: raw
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import loaded
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError


class LookupModule(LookupBase):
    """The model of each federation.yml among the terms."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """One result a term. Raises AnsibleError with all problems of a description."""
        self.set_options(var_options=variables, direct=kwargs)
        table = self.get_option("table")
        try:
            models = [loaded(Path(term), self.get_option("pools")) for term in terms]
        except DescriptionError as error:
            raise AnsibleError(f"The federation description has problems:\n{error}") from None
        return [model[table] if table else model for model in models]
