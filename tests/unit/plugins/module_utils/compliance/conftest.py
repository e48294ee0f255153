# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of a small region."""

from __future__ import annotations

import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.compliance import assessment, inputs
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.compliance import region


@pytest.fixture
def folder(tmp_path):
    """A region's folder with the evidence of two hosts; the second has everything in order."""
    for host in region.HOSTS:
        found = region.evidence(host)
        if host == region.HOSTS[1]:
            for item in found["controls"]["results"]:
                item["status"] = "compliant"
        (tmp_path / host).mkdir()
        (tmp_path / host / "evidence.json").write_text(json.dumps(found))
    return tmp_path


@pytest.fixture
def assess(folder):
    """A function (hosts, **other arguments of assess) -> the assessment."""

    def call(names=tuple(region.HOSTS), **arguments):
        hosts, missing = inputs.hosts(folder, names)
        return assessment.assess("epic", "INFN DataCloud", ["ba"], names, hosts, missing, **arguments)

    return call
