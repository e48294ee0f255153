# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan filter, loaded as Ansible loads it."""

from __future__ import annotations

from ansible.plugins.loader import filter_loader

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import load


def test_the_filter_gives_the_tables_of_a_description(root):
    plan = filter_loader.get("infn.datacloud.federation_plan").j2_function
    text = plan(load(root / "inventories" / "datacloud" / "federation.yml"))
    assert text.startswith("INFN DataCloud: 12 sites, 227 hosts, domain datacloud.infn.it\n")
    [cpu] = [line for line in text.splitlines() if line.split()[:3] == ["cpu", "71", "60"]]
    assert "the announced total differs" in cpu
