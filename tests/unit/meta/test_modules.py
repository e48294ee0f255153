# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module is documented, and is tested through its whole life."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
TESTS = ROOT / "tests" / "unit" / "plugins" / "modules"


@pytest.fixture(scope="module")
def documentation() -> dict:
    """What ansible-doc says of every module: {short name: {doc, examples, return}}."""
    names = [f"infn.datacloud.{name}" for name in MODULES]
    result = subprocess.run(
        ["ansible-doc", "--type", "module", "--json", *names], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.rpartition(".")[2]: entry for name, entry in json.loads(result.stdout).items()}


def crud_tests(path: Path) -> dict[str, list[str]]:
    """The functions of a test file that carry ``@pytest.mark.crud("module")``, as {module: [function]}."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.crud":
                found.setdefault(ast.literal_eval(decorator.args[0]), []).append(node.name)
    return found


def test_there_are_modules() -> None:
    assert MODULES


@pytest.mark.parametrize("name", MODULES)
def test_documented(name: str, documentation: dict) -> None:
    entry = documentation[name]
    doc = entry["doc"]
    assert doc["short_description"] and doc["description"] and doc["version_added"]
    assert {"check_mode", "diff_mode"} <= set(doc.get("attributes", {})), "say what check and diff mode do"
    assert entry["return"], "RETURN is missing"
    examples = yaml.safe_load(entry["examples"])
    used = [task for task in examples if f"infn.datacloud.{name}" in json.dumps(task)]
    assert used, f"no example calls infn.datacloud.{name}"


@pytest.mark.parametrize("name", MODULES)
def test_has_its_test_file(name: str) -> None:
    assert (TESTS / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", MODULES)
def test_whole_life_is_tested(name: str, documentation: dict) -> None:
    if documentation[name]["doc"]["attributes"]["diff_mode"]["support"] != "full":
        pytest.skip("changes nothing, so it has no life to test")
    tests = crud_tests(TESTS / f"test_{name}.py").get(name, [])
    assert tests, f'mark the tests that run it twice and in check mode with @pytest.mark.crud("{name}")'


@pytest.mark.parametrize("name", MODULES)
def test_no_return_value_means_something_to_ansible(name: str, documentation: dict) -> None:
    """A value called `unreachable`, say, makes a host unreachable that answers."""
    taken = {"exception", "failed", "skipped", "unreachable"}
    assert not taken & set(documentation[name].get("return") or {})
