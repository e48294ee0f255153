# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.bootstrap import bootstrap_command, state

FSID = "5b7fd2a5-3d2c-5c0a-9d9b-0d5a1c5b1c5f"
MON = {"fsid": FSID, "name": "mon.node1"}
OTHER = {"fsid": "11111111-2222-3333-4444-555555555555", "name": "osd.0"}


@pytest.mark.parametrize(
    ("daemons", "unfinished", "orchestrated", "expected"),
    [
        ([], False, False, "absent"),
        ([OTHER], False, False, "absent"),
        ([MON], False, True, "complete"),
        ([MON], True, False, "partial"),
        ([], True, False, "partial"),
        # Daemons of a finished bootstrap that do not answer are an outage, whatever kind they are.
        ([MON], False, False, "down"),
        ([MON, {"fsid": FSID, "name": "osd.3"}], False, False, "down"),
    ],
)
def test_state(daemons, unfinished, orchestrated, expected):
    assert state(daemons, FSID, unfinished, orchestrated) == expected


PARAMS = {
    "fsid": FSID,
    "mon_address": "10.144.16.17",
    "image": "quay.io/ceph/ceph:v18.2.7",
    "pull": True,
    "single_host": False,
    "cluster_network": None,
    "ssh_user": "root",
    "ssh_private_key": "PRIVATE",
    "cephadm_options": [],
    "bootstrap_options": [],
}
FILES = {"ssh_private_key": "/t/ssh_private_key", "ssh_public_key": "/t/ssh_public_key"}


def test_bootstrap_command_names_files_and_no_secret():
    command = bootstrap_command("/usr/sbin/cephadm", PARAMS, FILES)
    assert command[:4] == ["/usr/sbin/cephadm", "--image", "quay.io/ceph/ceph:v18.2.7", "bootstrap"]
    assert command[command.index("--fsid") + 1] == FSID
    assert command[command.index("--ssh-private-key") + 1] == "/t/ssh_private_key"
    assert not any("PRIVATE" in word for word in command)
    assert "--skip-pull" not in command
    assert "--single-host-defaults" not in command
    assert "--registry-json" not in command


def test_bootstrap_command_with_everything():
    params = PARAMS | {
        "pull": False,
        "single_host": True,
        "cluster_network": "10.145.0.0/24",
        "cephadm_options": ["--no-cgroups-split"],
        "bootstrap_options": ["--skip-ntp"],
    }
    command = bootstrap_command("cephadm", params, FILES | {"registry": "/t/registry"})
    assert command[:3] == ["cephadm", "--no-cgroups-split", "--image"]
    assert command[-1] == "--skip-ntp"
    assert command[command.index("--cluster-network") + 1] == "10.145.0.0/24"
    assert command[command.index("--registry-json") + 1] == "/t/registry"
    assert {"--skip-pull", "--single-host-defaults"} < set(command)
