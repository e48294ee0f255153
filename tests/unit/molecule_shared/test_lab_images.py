# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils import lab_images
from ansible.module_utils.lab_podman import content_hash

ONE_LINE = "# comment\ndeb [arch=amd64] http://mirror.example.org/debian/ bookworm main\n"
DEB822 = """Types: deb
# a comment
URIs: http://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://security.example.org/debian-security
Suites: bookworm-security
Components: main
"""
OTHER = "deb https://packages.example.com/apt tool-bookworm main\n"


@pytest.mark.parametrize("text", [ONE_LINE, DEB822])
def test_the_hosts_own_mirror_is_used(text):
    assert lab_images.find_mirror([OTHER, text], "bookworm") == "http://mirror.example.org/debian"


def test_without_a_debian_entry_the_default_mirror_is_used():
    assert lab_images.find_mirror([OTHER], "bookworm") == lab_images.DEFAULT_MIRROR


def test_a_node_gets_updates_and_security_from_the_same_mirror():
    lines = lab_images.sources_list("http://mirror.example.org/debian", "trixie").splitlines()
    assert [line.split()[1:3] for line in lines] == [
        ["http://mirror.example.org/debian", "trixie"],
        ["http://mirror.example.org/debian", "trixie-updates"],
        ["http://mirror.example.org/debian-security", "trixie-security"],
    ]


def test_content_hash_follows_names_and_bytes_and_parameters(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_text("one")
    first = content_hash(tmp_path, "trixie")
    assert content_hash(tmp_path, "trixie") == first
    assert content_hash(tmp_path, "bookworm") != first
    (tmp_path / "sub" / "file").rename(tmp_path / "sub" / "renamed")
    renamed = content_hash(tmp_path, "trixie")
    assert renamed != first
    (tmp_path / "sub" / "renamed").write_text("two")
    assert content_hash(tmp_path, "trixie") != renamed


class FakePodman:
    """Answers with the images it was given and records what it is told to do."""

    def __init__(self, images):
        self.present = images
        self.calls = []

    def __call__(self, *arguments, **_options):
        self.calls.append(arguments[0])
        return ""

    def images(self):
        return self.present

    def prune(self):
        self.calls.append("prune")


@pytest.fixture
def sources(tmp_path):
    for kind in ("node", "cache", "ceph", "iam"):
        (tmp_path / "sources" / kind).mkdir(parents=True)
        (tmp_path / "sources" / kind / "Containerfile").write_text(kind)
    return tmp_path / "sources"


def test_unchanged_images_are_left_alone(tmp_path, sources):
    node = content_hash(sources / "node", "trixie", lab_images.DEFAULT_MIRROR, lab_images.CA_DIRECTORY)
    host = FakePodman(
        {
            "localhost/infn-datacloud-node:trixie": node,
            "localhost/infn-datacloud-cache:latest": content_hash(sources / "cache", node),
        }
    )
    store = FakePodman({"localhost/ceph:1.2.3": content_hash(sources / "ceph", "1.2.3", node)})
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / f"node-trixie-{node}.tar").touch()
    images = lab_images.Images(host, store, sources, tmp_path, lab_images.DEFAULT_MIRROR)
    assert images.node("trixie") == (node, False)
    assert not images.package_cache(node)
    assert not images.ceph("1.2.3", node, "http://10.144.0.2:3142")
    assert host.calls == store.calls == []


def test_a_changed_ceph_image_is_built_and_nothing_is_removed_under_running_nodes(tmp_path, sources, monkeypatch):
    monkeypatch.setattr(lab_images.Images, "_wheels", staticmethod(lambda _requirements, target: target.mkdir()))
    host, store = FakePodman({}), FakePodman({"localhost/ceph:1.2.3": "old"})
    images = lab_images.Images(host, store, sources, tmp_path, lab_images.DEFAULT_MIRROR)
    assert images.ceph("1.2.3", "base", "http://10.144.0.2:3142")
    assert store.calls == ["import", "build"]
    assert host.calls == []


def test_the_double_of_iam_is_rebuilt_when_its_own_source_changes_and_not_when_python_compiled_it(tmp_path, sources):
    package = tmp_path / "iam"
    (package / "__pycache__").mkdir(parents=True)
    (package / "app.py").write_text("one")
    built = {}

    def build(_podman, name, content, context, _base, _arguments):
        assert sorted(str(path.relative_to(context)) for path in context.rglob("*.py*")) == ["package/iam/app.py"]
        built[name] = content

    host, store = FakePodman({}), FakePodman({"localhost/infn-datacloud-node:trixie": "base"})
    images = lab_images.Images(host, store, sources, tmp_path, lab_images.DEFAULT_MIRROR)
    images._build = build
    assert images.iam("1.2.3", package, "base", "http://10.144.0.2:3142")
    store.present.update(built)
    (package / "__pycache__" / "app.cpython-313.pyc").write_text("compiled")
    assert not images.iam("1.2.3", package, "base", "http://10.144.0.2:3142")
    (package / "app.py").write_text("two")
    assert images.iam("1.2.3", package, "base", "http://10.144.0.2:3142")
    assert host.calls == store.calls == []
