# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter scans_due, loaded as Ansible loads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible.errors import AnsibleFilterError
from ansible.plugins.loader import filter_loader

# A window of a day that opened an hour ago.
OPENED = datetime.now(UTC) - timedelta(hours=1)
SCHEDULE = {"start": f"2026-01-01T{OPENED:%H:%M}:00", "every": "day", "interval": 1, "weekdays": [], "duration": 1440}
TARGETS = {name: {"schedule": SCHEDULE} for name in ("north", "south")}
REPORTS = [
    {"task": "north", "start": "2026-01-02T00:00:00Z", "status": "Done"},
    {"task": "south", "start": "", "status": ""},
]


@pytest.fixture
def scans_due():
    """The filter's function."""
    return filter_loader.get("infn.datacloud.scans_due").j2_function


def test_it_names_the_targets_whose_window_is_open(scans_due):
    assert scans_due(TARGETS, REPORTS) == ["north", "south"]
    assert scans_due(TARGETS, REPORTS, "none") == []


def test_an_unknown_choice_is_refused(scans_due):
    with pytest.raises(AnsibleFilterError, match="'now' does not say which scans to start: one of due, new, all, none"):
        scans_due(TARGETS, REPORTS, "now")
