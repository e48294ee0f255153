# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artifact of `ansible-galaxy collection build` installs, works and holds only what users need."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
UNWANTED = re.compile(
    r"(^|/)(\.|tests/|molecule/|benchmarks/|scripts/|build/|docs/_build|__pycache__)"
    r"|(^|/)secrets/|\.key$|\.pyc$|\.tar\.gz$|\.log$|\.retry$"
)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built artifact."""
    target = tmp_path_factory.mktemp("artifact")
    subprocess.run(
        ["ansible-galaxy", "collection", "build", "--output-path", target], cwd=ROOT, capture_output=True, check=True
    )
    (path,) = target.glob("infn-datacloud-*.tar.gz")
    return path


def test_contents(artifact: Path) -> None:
    with tarfile.open(artifact) as archive:
        names = archive.getnames()
    assert not [name for name in names if UNWANTED.search(name)]
    assert {"README.md", "COPYING", "CHANGELOG.rst", "meta/runtime.yml", "playbooks/site.yml"} <= set(names)
    assert {"requirements.txt", "bindep.txt", "meta/execution-environment.yml"} <= set(names)


def test_installs_and_documents_itself(artifact: Path, tmp_path: Path) -> None:
    # Nothing but the temporary path: neither the checkout nor the settings of whoever runs this.
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    # --no-deps: what it depends on comes with the `ansible` package, and no network is needed.
    install = ["ansible-galaxy", "collection", "install", "--no-deps", "--collections-path", tmp_path, artifact]
    subprocess.run(install, cwd=tmp_path, env=env, capture_output=True, check=True)
    installed = tmp_path / "ansible_collections" / "infn" / "datacloud" / "plugins" / "modules"
    module = sorted(installed.glob("*.py"))[0].stem
    show = ["ansible-doc", f"infn.datacloud.{module}"]
    result = subprocess.run(show, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert str(tmp_path) in result.stdout, "documented from somewhere else than the installed artifact"
