# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load a whole federation description: read, check, resolve."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation import meaning, shape
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.documents import Document, read
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError, Problem
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.resolve import resolve


def site_files(path: Path) -> list[Path]:
    """The site files that belong to the federation.yml at ``path``: sites/*.yml and *.yaml, hidden files apart."""
    folder = path.parent / "sites"
    if not folder.is_dir():
        return []
    return sorted(f for f in folder.iterdir() if f.suffix in (".yml", ".yaml") and not f.name.startswith("."))


PLUGIN = "infn.datacloud.federation"
NAMES = ("federation.yml", "federation.yaml")
# Models of this process by the path of their federation.yml. Ansible's worker processes inherit it, so that a lookup
# in a task costs no reading.
_MODELS: dict[Path, dict[str, Any]] = {}


def is_site_file(path: Path) -> bool:
    """Whether ``path`` is one of the site files of a description."""
    return any(
        (path.parent.parent / name).is_file() and path in site_files(path.parent.parent / name) for name in NAMES
    )


def check_readable(path: Path) -> None:
    """Raise DescriptionError, with every problem of every file, if the federation.yml at ``path`` is none at all."""
    document = read(path, path.name)
    if document.problems or not isinstance(document.data, dict) or document.data.get("plugin") != PLUGIN:
        load(path)


def digest(path: Path, pools: list[str] | None = None) -> str:
    """The SHA-256 of the description's files and of the code that reads them. Call it when they are readable."""
    here = Path(__file__).parent
    code = [file for file in sorted(here.iterdir()) if file.suffix in (".py", ".json")]
    total = hashlib.sha256(f"{pools or []}\n".encode())
    for file in [path, *site_files(path), *code]:
        content = file.read_bytes() if file.is_file() else b""
        total.update(f"{file.name} {len(content)}\n".encode() + content)
    return total.hexdigest()


def remember(path: Path, model: dict[str, Any]) -> dict[str, Any]:
    """Keep ``model`` for ``loaded`` in this process, and return it."""
    _MODELS[path.absolute()] = model
    return model


def loaded(path: Path, pools: list[str] | None = None) -> dict[str, Any]:
    """The model that this process has of ``path``, else what ``load`` gives."""
    return _MODELS.get(path.absolute()) or load(path, pools)


def load(path: Path, pools: list[str] | None = None) -> dict[str, Any]:
    """The model (see ``resolve.resolve``) of the federation.yml at ``path`` and its site files.

    ``pools``: take only pools of these kinds or names, and the services on them; everything is checked all the same.

    Raises DescriptionError with every problem of every file.
    """
    if shape.JSONSCHEMA_ERROR:
        missing = "cannot be checked: the Python package jsonschema is missing (pip install -r requirements.txt)"
        raise DescriptionError([Problem(path.name, 1, (), missing)]) from shape.JSONSCHEMA_ERROR
    federation = read(path, path.name)
    sites = [read(file, f"sites/{file.name}") for file in site_files(path)]
    problems = list(federation.problems)
    if not sites:
        missing = "has no site file (*.yml)" if (path.parent / "sites").is_dir() else "is missing"
        problems.append(Problem(path.name, 1, (), f"the folder 'sites' beside this file {missing}"))
    for document in sites:
        problems += document.problems
    readable = [site for site in sites if _shaped(site, "site", problems)]
    _shaped(federation, "federation", problems)
    problems += meaning.check(federation, readable)
    if problems:
        raise DescriptionError(problems)
    return remember(path, resolve(federation.data, [_part(site.data, pools) for site in sites]))


def _part(site: dict[str, Any], kept: list[str] | None) -> dict[str, Any]:
    """The site with only those pools whose kind or name is in ``kept``, and without the services of the others."""
    if not kept:
        return site
    pools = [pool for pool in site.get("pools", []) if {pool["kind"], meaning.label(pool)} & set(kept)]
    labels = {meaning.label(pool) for pool in pools}
    services = {
        name: service
        for name, service in site.get("services", {}).items()
        if "pool" not in service or service["pool"] in labels
    }
    return {**site, "pools": pools, "services": services}


def _shaped(document: Document, schema: str, problems: list[Problem]) -> bool:
    """Add what is wrong with the document's shape to ``problems``, and take the refused values out of its data.

    What is left can be checked for its meaning in the same run. Returns whether anything is left.
    """
    if document.data is None:
        return False
    found = shape.check(document, schema)
    problems += found
    if any(problem.path == () for problem in found) and not isinstance(document.data, dict):
        document.data = None
        return False
    if found:
        document.data = _without([problem.path for problem in found if problem.path], document.data)
    return True


def _without(paths: list[tuple], data: Any) -> Any:
    """A copy of ``data`` without the values at ``paths``; a list keeps None in their place, and so its numbering."""
    here = {path[0] for path in paths if len(path) == 1}
    deeper: dict[Any, list[tuple]] = {}
    for path in paths:
        if len(path) > 1:
            deeper.setdefault(path[0], []).append(path[1:])
    if isinstance(data, dict):
        return {key: _without(deeper.get(key, []), value) for key, value in data.items() if key not in here}
    if isinstance(data, list):
        return [None if i in here else _without(deeper.get(i, []), value) for i, value in enumerate(data)]
    return data
