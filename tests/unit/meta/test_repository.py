# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repository says the same thing wherever it says it, and nothing of a developer's machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import yaml

import ansible_collections

ROOT = Path(__file__).resolve().parents[3]


def load(path: str) -> dict:
    """A YAML file of the repository."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def tracked_texts() -> dict[str, str]:
    """Every text file that git tracks and that exists: {path: content}."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts = {}
    for name in filter(None, names.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in path.read_bytes():
            texts[name] = path.read_text(encoding="utf-8", errors="replace")
    return texts


def test_no_path_of_a_developer_machine() -> None:
    # Somebody's home, or the place of this very checkout, but not the accounts of the lab's nodes.
    paths = re.compile(
        rf"/(?:home|Users)/(?!(?:admin|alice|datacloud-scan)\b)[a-z][a-z0-9_-]*/|{re.escape(str(ROOT))}/"
    )
    texts = tracked_texts()
    assert texts
    assert not [f"{name}: {hit}" for name, text in texts.items() for hit in paths.findall(text)]


def test_version_is_the_newest_of_the_changelog() -> None:
    releases = load("changelogs/changelog.yaml")["releases"]
    newest = max(releases, key=lambda version: tuple(int(part) for part in version.split(".")))
    assert load("galaxy.yml")["version"] == newest


def test_changelog_lists_every_module() -> None:
    listed = {
        module["name"]
        for release in load("changelogs/changelog.yaml")["releases"].values()
        for module in release.get("modules", [])
    }
    assert {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")} == listed, "run `make changelog`"


def test_modules_are_in_their_action_group() -> None:
    """A playbook sets what the modules of one system have in common through module_defaults of its group."""
    groups = load("meta/runtime.yml")["action_groups"]
    # These reach gateways as the modules of another group do, not through radosgw-admin.
    elsewhere = {"rgw_certificate": "ceph", "rgw_oidc_provider": "s3", "rgw_role": "s3"}
    for system in ("ceph", "rgw", "s3"):
        named = {path.stem for path in (ROOT / "plugins" / "modules").glob(f"{system}_*.py")} - set(elsewhere)
        assert groups[system] == sorted(named | {name for name, group in elsewhere.items() if group == system})


def test_used_collections_are_declared() -> None:
    packages = [Path(path) for path in ansible_collections.__path__]
    known = {f"{path.parent.name}.{path.name}" for package in packages for path in package.glob("[a-z]*/[a-z]*")}
    assert "community.general" in known
    text = "\n".join(text for name, text in tracked_texts().items() if name.startswith(("roles/", "playbooks/")))
    used = {name for name in set(re.findall(r"\b([a-z_]+\.[a-z_]+)\.[a-z_]+", text)) if name in known}
    declared = load("galaxy.yml")["dependencies"]
    assert used - {"infn.datacloud"} == set(declared)
    required = {item["name"]: item["version"] for item in load("requirements.yml")["collections"]}
    assert required == declared
