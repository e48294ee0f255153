# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils import lab_nodes
from ansible.module_utils.lab_podman import LabError

NODE = {
    "name": "ba-storage-01",
    "fqdn": "ba-storage-01.lab.example",
    "address": "10.144.33.1",
    "suite": "trixie",
    "memory": "3g",
    "volumes": ["/var/lib/containers"],
    "disks": [],
}
CONTAINER = "infn-datacloud-lab-ba-storage-01"


class FakePodman:
    """Containers, networks, volumes and images as Podman lists them; every call is recorded."""

    def __init__(self, root):
        self.root = root
        self.listings = {"ps": [], "network": [], "volume": []}
        self.calls = []

    def json(self, *arguments):
        if f"label={lab_nodes.LABEL}=true" in arguments:
            return self.listings.get("others") if arguments[0] == "ps" else self.listings["volume"]
        return self.listings[arguments[0]]

    def __call__(self, *arguments, **_options):
        self.calls.append(arguments)
        if arguments[0] == "create":
            labels = dict(value.split("=", 1) for value in arguments if value.startswith(lab_nodes.LABEL))
            self.listings["ps"] = [{"Names": [CONTAINER], "State": "created", "Labels": labels}]
        if arguments[0] == "start":
            self.listings["ps"][0]["State"] = "running"
        return str(self.root) if arguments[0] == "mount" else "running"

    def images(self):
        return {"localhost/infn-datacloud-node:trixie": "hash"}

    def prune(self):
        self.calls.append(("image", "prune"))

    def abandoned_builds(self):
        return []

    def verbs(self):
        return [" ".join(call[:2]) if call[0] in ("network", "volume") else call[0] for call in self.calls]


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / "root" / "home" / "admin" / ".ssh").mkdir(parents=True)
    monkeypatch.setattr(lab_nodes.Lab, "_wait", lambda _self, _ends: None)
    monkeypatch.setattr(lab_nodes.os, "chown", lambda *_arguments: None)
    monkeypatch.setattr(lab_nodes.lab_disks, "attach", lambda _folder, _wanted, _remembered: ({}, False))
    monkeypatch.setattr(lab_nodes.lab_disks, "detach", lambda _folder: [])
    directory = tmp_path / "lab"
    return lab_nodes.Lab(FakePodman(tmp_path / "root"), "lab", "10.144.0.0/16", directory, directory)


def again(lab):
    """The same lab, seen by the next run."""
    lab.podman.calls.clear()
    return lab_nodes.Lab(lab.podman, "lab", "10.144.0.0/16", lab.directory, lab.cache_directory)


def test_a_new_node_gets_its_files_before_it_starts(lab):
    lab.make_nodes([NODE], {"/etc/extra.conf": "extra\n"})
    assert lab.podman.verbs() == ["volume ls", "volume create", "create", "mount", "umount", "start", "exec"]
    root = lab.podman.root
    public = (lab.directory / "ssh" / "hosts" / "ba-storage-01_key.pub").read_text()
    assert (root / "etc/ssh/ssh_host_ed25519_key.pub").read_text() == public
    assert (root / "etc/ssh/ssh_host_ed25519_key").stat().st_mode & 0o777 == 0o600
    assert (root / "etc/extra.conf").read_text() == "extra\n"
    assert (root / "etc/tmpfiles.d/lab-fuse.conf").read_text() == "z /dev/fuse 0666 root root\n"
    known = (lab.directory / "ssh" / "known_hosts").read_text()
    assert known == f"ba-storage-01,ba-storage-01.lab.example,10.144.33.1 {' '.join(public.split()[:2])}\n"


def test_a_running_node_is_left_alone(lab):
    lab.make_nodes([NODE], {})
    second = again(lab)
    second.make_nodes([NODE], {})
    assert (second.changes, second.warnings, second.podman.calls) == ([], [], [])


def test_a_stopped_node_is_started_and_keeps_its_data(lab):
    lab.make_nodes([NODE], {})
    lab.podman.listings["ps"][0]["State"] = "exited"
    second = again(lab)
    second.make_nodes([NODE], {})
    assert second.podman.verbs() == ["start", "exec"]


def test_a_node_whose_making_was_interrupted_is_made_again(lab):
    lab.make_nodes([NODE], {})
    lab.podman.listings["ps"][0]["State"] = "created"
    second = again(lab)
    second.make_nodes([NODE], {})
    assert second.podman.verbs()[0] == "rm"
    assert second.podman.verbs()[-2:] == ["start", "exec"]


def test_a_changed_description_is_told_and_not_applied(lab):
    lab.make_nodes([NODE], {})
    second = again(lab)
    second.make_nodes([{**NODE, "memory": "4g"}], {})
    assert second.podman.calls == []
    assert "ba-storage-01 was made from another description" in second.warnings[0]


def test_nodes_whose_keys_were_deleted_are_not_given_others(lab):
    lab.make_nodes([NODE], {})
    (lab.directory / "ssh" / "hosts" / "ba-storage-01_key").unlink()
    with pytest.raises(LabError, match=r"its keys in .* are gone"):
        again(lab).make_nodes([NODE], {})


def test_a_network_with_another_range_is_refused(lab):
    lab.podman.listings["network"] = [{"name": "infn-datacloud-lab", "subnets": [{"subnet": "10.9.0.0/16"}]}]
    with pytest.raises(LabError, match=r"exists with the network 10\.9\.0\.0/16"):
        lab.make_network()


def test_removing_touches_only_what_is_listed_as_ours_and_keeps_the_packages(lab):
    lab.make_nodes([NODE], {})
    lab.podman.listings["volume"] = [{"Name": f"{CONTAINER}-var-lib-containers"}]
    lab.podman.listings["network"] = [{"name": "infn-datacloud-lab"}]
    second = again(lab)
    second.remove()
    assert second.podman.calls == [
        ("rm", "--force", "--volumes", "--time", "3", CONTAINER),
        ("volume", "rm", "--force", f"{CONTAINER}-var-lib-containers"),
        ("network", "rm", "--force", "infn-datacloud-lab"),
    ]
    assert list(lab.directory.glob("ssh")) == []


def test_a_container_that_ends_while_it_is_killed_is_removed_at_the_next_try(lab, monkeypatch):
    monkeypatch.setattr(lab_nodes.time, "sleep", lambda _seconds: None)
    lab.make_nodes([NODE], {})
    second = again(lab)
    podman = second.podman
    refusals = [LabError("container state improper: stopped")]

    def refuse(*arguments, **options):
        if arguments[0] == "rm" and refusals:
            raise refusals.pop()
        return podman(*arguments, **options)

    refuse.json = podman.json
    second.podman = refuse
    second.remove()
    assert podman.calls == [("rm", "--force", "--volumes", "--time", "3", CONTAINER)]
    assert CONTAINER in second.changes
    refusals[:] = [LabError("no"), LabError("no"), LabError("no")]
    with pytest.raises(LabError):
        second.remove()


def test_removing_nothing_changes_nothing(lab):
    lab.remove()
    assert (lab.changes, lab.podman.calls) == ([], [])


def test_a_purge_keeps_what_another_lab_uses(lab):
    lab.directory.mkdir()
    lab.podman.listings["others"] = [{"Names": ["infn-datacloud-two-cache"]}]
    lab.purge()
    assert lab.podman.calls == []
    assert lab.directory.exists()
    assert "Another lab" in lab.warnings[0]


def test_a_purge_removes_packages_images_and_the_folder(lab):
    (lab.directory / "images").mkdir(parents=True)
    lab.podman.listings["volume"] = [{"Name": "infn-datacloud-lab-packages"}]
    lab.purge()
    assert lab.podman.calls == [
        ("volume", "rm", "--force", "infn-datacloud-lab-packages"),
        ("rmi", "--force", "localhost/infn-datacloud-node:trixie"),
        ("image", "prune"),
    ]
    assert not lab.directory.exists()
