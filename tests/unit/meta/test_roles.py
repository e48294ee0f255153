# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role has the same anatomy, and its documented variables are its variables."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
STEPS = ("install", "configure", "service", "verify")
WITHOUT = {
    # Packages and units are controls of the catalog like all else.
    "hardening": ("install", "service"),
    # No service of its own: apt and dnf prove it when they read it.
    "package_repository": ("configure", "service", "verify"),
}
FILES = (
    "README.md",
    "defaults/main.yml",
    "meta/argument_specs.yml",
    "meta/main.yml",
    "tasks/main.yml",
    *(f"tasks/{step}.yml" for step in STEPS),
    "vars/main.yml",
    "vars/Debian.yml",
    "vars/RedHat.yml",
)


def load(role: str, path: str) -> dict | list:
    """A YAML file of a role; an empty one is an empty dictionary."""
    return yaml.safe_load((ROOT / "roles" / role / path).read_text(encoding="utf-8")) or {}


def options(role: str) -> dict:
    """The documented variables of a role's main entry point."""
    return load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


def test_there_are_roles() -> None:
    assert ROLES


@pytest.mark.parametrize("role", ROLES)
def test_anatomy(role: str) -> None:
    unneeded = {f"tasks/{step}.yml" for step in WITHOUT.get(role, ())}
    missing = [path for path in FILES if path not in unneeded and not (ROOT / "roles" / role / path).is_file()]
    assert not missing


@pytest.mark.parametrize("role", ROLES)
def test_main_is_a_table_of_contents(role: str) -> None:
    steps = []
    for task in load(role, "tasks/main.yml"):
        if "ansible.builtin.include_vars" in task:
            continue  # the names of the platform, which every step needs
        imported = task.get("ansible.builtin.import_tasks") or task.get("ansible.builtin.include_tasks")
        assert imported, f"{task.get('name')}: tasks/main.yml only imports"
        step = (imported if isinstance(imported, str) else imported["file"]).removesuffix(".yml")
        assert step in task["tags"], f"{step} is not tagged with its own name"
        steps.append(step)
    assert [step for step in steps if step in STEPS] == [step for step in STEPS if step not in WITHOUT.get(role, ())]


@pytest.mark.parametrize("role", ROLES)
def test_defaults_equal_argument_specs(role: str) -> None:
    """Same names; the same default value, where a value of null means that there is none."""
    specs = options(role)
    defaults = load(role, "defaults/main.yml")
    documented = {name for name, spec in specs.items() if not spec.get("required")}
    assert set(defaults) == documented
    assert {name: specs[name].get("default") for name in defaults} == defaults


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_described(role: str) -> None:
    bare = [name for name, spec in options(role).items() if not (spec.get("description") and spec.get("type"))]
    assert not bare


@pytest.mark.parametrize("role", ROLES)
def test_variables_carry_the_role_name(role: str) -> None:
    public = set(options(role)) | set(load(role, "defaults/main.yml"))
    assert not [name for name in public if not name.startswith(f"{role}_")]
    internal = {
        name for path in (ROOT / "roles" / role / "vars").glob("*.yml") for name in load(role, f"vars/{path.name}")
    }
    assert not [name for name in internal if not name.startswith(f"__{role}_")]
