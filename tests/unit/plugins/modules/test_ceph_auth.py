# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph_auth: create, capabilities, keys, keyring files, remove."""

from __future__ import annotations

import getpass

import pytest

CLIENT = {"entity": "client.backup", "caps": {"mon": "profile rbd", "osd": "profile rbd  pool=images"}}


@pytest.mark.crud("ceph_auth")
def test_life(ceph):
    ceph.life("ceph_auth", {"entities": [CLIENT, {"entity": "client.bare"}]})
    key = ceph.cluster.auth["client.backup"]["key"]
    assert ceph.cluster.auth["client.bare"]["caps"] == {}

    done = ceph.life("ceph_auth", {"entities": [{**CLIENT, "caps": {"mon": "allow r"}}]})
    assert done["operations"][0]["changes"] == ["caps"] and key not in str(done)
    assert ceph.cluster.auth["client.backup"] == {"key": key, "caps": {"mon": "allow r"}}

    done = ceph.life("ceph_auth", {"entities": [{"entity": "client.backup", "state": "absent"}]})
    assert "client.backup" not in ceph.cluster.auth and key not in str(done)


@pytest.mark.crud("ceph_auth")
def test_given_key(ceph):
    ceph.life("ceph_auth", {"entities": [{**CLIENT, "key": "AQGIVEN=="}]})
    assert ceph.cluster.auth["client.backup"] == {"key": "AQGIVEN==", "caps": CLIENT["caps"]}
    done = ceph.life("ceph_auth", {"entities": [{"entity": "client.backup", "key": "AQOTHER=="}]})
    assert done["operations"][0]["changes"] == ["key"]
    assert ceph.cluster.auth["client.backup"] == {"key": "AQOTHER==", "caps": CLIENT["caps"]}
    assert "AQOTHER" not in str(done) and "AQGIVEN" not in str(done)


@pytest.mark.crud("ceph_auth")
def test_keyring_file(ceph, tmp_path):
    path = tmp_path / "backup.keyring"
    wanted = {**CLIENT, "path": str(path), "owner": getpass.getuser()}
    ceph.life("ceph_auth", {"entities": [wanted]})
    key = ceph.cluster.auth["client.backup"]["key"]
    assert path.read_text() == f"[client.backup]\n\tkey = {key}\n" and path.stat().st_mode & 0o777 == 0o600

    path.write_text("something else")
    assert ceph.life("ceph_auth", {"entities": [wanted]})["operations"][0]["changes"] == ["path"]
    path.chmod(0o644)
    assert ceph.life("ceph_auth", {"entities": [wanted]})["operations"][0]["changes"] == ["mode"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert ceph.life("ceph_auth", {"entities": [{**wanted, "mode": "0640"}]})["changed"]

    nowhere = {**wanted, "path": str(tmp_path / "none" / "keyring")}
    result = ceph.run("ceph_auth", {"entities": [nowhere]})
    assert result["failed"] and "create its directory first" in result["msg"]


def test_keys_only_on_demand(ceph):
    assert "secret_keys" not in ceph.run("ceph_auth", {"entities": [CLIENT]})
    key = ceph.cluster.auth["client.backup"]["key"]
    assert ceph.run("ceph_auth", {"entities": [CLIENT], "return_keys": True})["secret_keys"] == {"client.backup": key}


def test_refusal(ceph):
    result = ceph.run("ceph_auth", {"entities": [{"entity": "nobody"}]})
    assert result["failed"] and "client nobody: the cluster answered `auth get-or-create`" in result["msg"]
