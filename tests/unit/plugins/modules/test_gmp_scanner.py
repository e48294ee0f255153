# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmp_scanner on what a real gvmd answered."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

PEM = (recorded.HERE.parent / "cert.pem").read_text(encoding="utf-8")
KEY = (recorded.HERE.parent / "cert.key").read_text(encoding="utf-8")
LOGIN = {"name": "scanners", "type": "client_certificate", "certificate": PEM, "private_key": KEY}

MODULE = "gmp_scanner"


@pytest.mark.crud("gmp_scanner")
def test_life(manager):
    manager.done("gmp_credential", {"credentials": [LOGIN]})
    far = {"name": "far", "comment": "ours", "host": "10.0.0.1", "port": 9390, "ca": PEM, "credential": "scanners"}
    manager.life(MODULE, {"scanners": [far]})
    done = manager.life(MODULE, {"scanners": [{**far, "host": "10.0.0.2", "port": 9391}]})
    assert done["operations"][0]["changes"] == ["host", "port"]
    manager.life(MODULE, {"scanners": [], "purge": True})
    assert manager.names("scanner") == []


def test_the_manager_says_whether_it_reaches_them(manager):
    there = manager.by_hand("<get_scanners filter='name=\"OpenVAS Default\"'/>").find("scanner").findtext("host")
    done = manager.done(MODULE, {"scanners": [{"name": "OpenVAS Default", "host": there}], "verify": True})
    assert not done["changed"] and done["verified"]["OpenVAS Default"].startswith("OpenVAS ")
    # The manager can't be given a Unix socket; and of a port where nobody listens it says so.
    done = manager.run(MODULE, {"scanners": [{"name": "lost", "host": "/run/nowhere.sock"}]})
    assert done["failed"] and "Erroneous host value" in done["msg"]
    manager.done("gmp_credential", {"credentials": [LOGIN]})
    lost = {"name": "lost", "host": "127.0.0.1", "port": 9, "ca": PEM, "credential": "scanners"}
    done = manager.run(MODULE, {"scanners": [lost], "verify": True})
    assert done["failed"] and "scanner lost: the manager answered verify_scanner with" in done["msg"]
