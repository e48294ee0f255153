# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_port_list on what a real gvmd answered."""

from __future__ import annotations

import pytest

MODULE = "gmp_port_list"


@pytest.mark.crud(MODULE)
def test_life(manager):
    lists = [
        {"name": "web", "comment": "ours", "ranges": ["T:443", "T:80-90", "T:85-95"]},
        {"name": "ntp", "ranges": ["U:123"]},
    ]
    manager.life(MODULE, {"port_lists": lists})
    assert not manager.run(MODULE, {"port_lists": [{"name": "web", "ranges": ["80-95", "tcp:443"]}]})["changed"]
    done = manager.life(
        MODULE, {"port_lists": [{"name": "web", "comment": "more", "ranges": ["T:443-444", "T:22", "U:53"]}]}
    )
    assert done["operations"] == [{"action": "update", "key": "web", "changes": ["comment", "ranges"]}]
    assert done["diff"]["before"]["web"] == {"name": "web", "comment": "ours", "ranges": ["T:80-95", "T:443"]}
    manager.life(MODULE, {"port_lists": [{"name": "web", "state": "absent"}, {"name": "never", "state": "absent"}]})
    assert manager.names("port_list") == ["ntp"]
