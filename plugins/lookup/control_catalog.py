# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup plugin: the security controls that hold for a host."""

from __future__ import annotations

DOCUMENTATION = """
name: control_catalog
author: INFN DataCloud (@infn-datacloud)
version_added: 0.1.0
short_description: The security controls that hold for a host
description:
  - Reads a catalog of security controls, checks all of it, and returns the controls of the profiles in the form that
    M(infn.datacloud.controls) takes.
  - Everything that is wrong with the catalog, or with what is asked of it, is reported at once.
options:
  catalog:
    description:
      - A folder with the files of a catalog, each a list of controls. V(parameters.yml) is beside the folder; if it is
        not, that of role P(infn.datacloud.hardening#role) counts.
      - If not given, the catalog of role P(infn.datacloud.hardening#role).
    type: path
  profiles:
    description: Profiles of the catalog, V(baseline) or V(epic).
    type: list
    elements: str
    default: [baseline]
  exceptions:
    description:
      - What kinds of host this is, as C(host_kinds) in V(parameters.yml) names them. Controls that make an exception
        for one of them are returned with the reason as C(exception).
    type: list
    elements: str
    default: []
  parameters:
    description:
      - Values for the parameters in V(parameters.yml). A control whose parameter has none is left out likewise.
    type: dict
    default: {}
  waivers:
    description:
      - Controls that are not met for a while, each with C(control), C(owner), C(reason) and C(expires). A control that
        the catalog does not have is an error; what has expired is found on the host.
    type: list
    elements: dict
    default: []
requirements:
  - jsonschema (Python library on the control node)
"""

EXAMPLES = """
- name: How many controls there are for every host
  ansible.builtin.debug:
    msg: "{{ lookup('infn.datacloud.control_catalog') | length }}"

- name: What would differ on a node of a cluster in a certified region
  infn.datacloud.controls:
    mode: audit
    strict: false
    controls: "{{ lookup('infn.datacloud.control_catalog', profiles=['epic'], exceptions=['hpc']) }}"
  become: true
"""

RETURN = """
_raw:
  description: One list, the controls in the order of the catalog.
  type: list
  elements: list
"""

from collections.abc import Mapping
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.infn.datacloud.plugins.plugin_utils import control_catalog
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError


class LookupModule(LookupBase):
    """The lookup: loads the catalog and selects from it."""

    def run(self, terms: list[str], variables: Mapping | None = None, **kwargs: object) -> list[list[dict]]:
        """Return the controls; there are no terms."""
        self.set_options(var_options=variables, direct=kwargs)
        if control_catalog.JSONSCHEMA_ERROR:
            raise AnsibleLookupError(
                "this lookup needs the Python library jsonschema"
            ) from control_catalog.JSONSCHEMA_ERROR
        if terms:
            raise AnsibleLookupError("this lookup takes options (profiles=...), no terms")
        names = ("profiles", "exceptions", "parameters", "waivers")
        try:
            catalog = control_catalog.load(Path(self.get_option("catalog") or control_catalog.OWN))
            return [control_catalog.select(catalog, **{name: self.get_option(name) for name in names})]
        except (DescriptionError, control_catalog.SelectionError) as error:
            raise AnsibleLookupError(f"the catalog of controls cannot be used:\n{error}") from error
