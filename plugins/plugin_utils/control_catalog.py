# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog of security controls: read it, check it, and choose from it what holds for a host.

A catalog is a folder with one file a topic, each a list of controls, and beside the folder ``parameters.yml``: what is
left to the site (parameters), and the kinds of hosts that controls make exceptions for (host_kinds). Where there is
none, that of role hardening counts.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

try:
    import jsonschema
except ImportError as error:
    JSONSCHEMA_ERROR = error
else:
    JSONSCHEMA_ERROR = None

from ansible_collections.infn.datacloud.plugins.module_utils.controls.applies import SCHEMA as APPLIES
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import TYPES
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation import documents, shape
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import (
    DescriptionError,
    Problem,
    did_you_mean,
)

PROFILES = ("baseline", "epic")
# From plugins/plugin_utils/ to the catalog that role hardening has.
OWN = Path(__file__).resolve().parents[2] / "roles" / "hardening" / "files" / "catalog"
CHOICES = "parameters.yml"
# What the engine needs of a control; the rest is for people.
HANDED_ON = ("id", "title", "type", "data", "references", "applies")
# In `data`, {parameter: NAME} stands for a value of the site.
PARAMETER = "parameter"


@dataclass
class Catalog:
    """controls in the order of their files; topics: {name of the file: its controls}; choices as in parameters.yml."""

    controls: list[dict] = field(default_factory=list)
    topics: dict[str, list[dict]] = field(default_factory=dict)
    parameters: dict[str, dict] = field(default_factory=dict)
    host_kinds: dict[str, str] = field(default_factory=dict)


class SelectionError(Exception):
    """Sentences on what a host asks of the catalog and cannot get."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = list(sentences)
        super().__init__("\n".join(self.sentences))


def load(folder: Path) -> Catalog:
    """Read the catalog in ``folder``. DescriptionError: with everything that is wrong with it."""
    read = {path: documents.read(path, f"{folder.name}/{path.name}") for path in sorted(folder.glob("*.yml"))}
    beside = folder.parent / CHOICES
    choices = documents.read(beside if beside.exists() else OWN.parent / CHOICES, CHOICES)
    problems = [problem for document in (*read.values(), choices) for problem in document.problems]
    if not read:
        problems.append(Problem(str(folder), 1, (), "holds no file of a catalog (*.yml)"))
    readable = {path: document for path, document in read.items() if document.data is not None}
    for document, schema in [*((document, "topics") for document in readable.values()), (choices, "choices")]:
        if document.data is not None:
            problems += shape.differences(document, _validator(schema))
    if problems:
        raise DescriptionError(problems)

    catalog = Catalog(**choices.data)
    for path, document in readable.items():
        catalog.topics[path.stem] = document.data
        catalog.controls += document.data
    problems = [*_duplicates(readable.values()), *_defaults(choices, catalog)]
    for document in readable.values():
        for index, control in enumerate(document.data):
            problems += _meaning(document, index, control, catalog)
    if problems:
        raise DescriptionError(problems)
    return catalog


def select(
    catalog: Catalog,
    profiles: Iterable[str],
    exceptions: Iterable[str] = (),
    parameters: Mapping[str, Any] | None = None,
    waivers: Iterable[Mapping] = (),
) -> list[dict]:
    """Return the controls of the profiles as the module ``controls`` takes them.

    A control that makes an exception for one of the kinds of hosts in ``exceptions``, or needs a parameter that has no
    value, stays in the list with ``exception``, its reason. ``waivers`` are put to their controls; whether one has
    expired is found on the host. SelectionError: with everything that cannot be.
    """
    profiles, exceptions, waivers = list(profiles), list(exceptions), [dict(waiver) for waiver in waivers]
    values = {name: entry["default"] for name, entry in catalog.parameters.items()} | dict(parameters or {})
    sentences = [
        *_unknown("profile", profiles, PROFILES),
        *_unknown("kind of host", exceptions, catalog.host_kinds),
        *_unknown("parameter", values, catalog.parameters),
        *_unknown("control in a waiver", (waiver["control"] for waiver in waivers), _ids(catalog)),
        *_values(catalog, parameters or {}),
    ]
    if sentences:
        raise SelectionError(sentences)

    waived = {waiver["control"]: {**waiver, "expires": str(waiver["expires"])} for waiver in waivers}
    selected = []
    for control in catalog.controls:
        if not set(profiles) & set(control["profiles"]):
            continue
        chosen = {key: copy.deepcopy(control[key]) for key in HANDED_ON if key in control}
        reasons = [reason for kind, reason in control.get("exceptions", {}).items() if kind in exceptions]
        missing = sorted({name for name in parameters_of(control["data"]) if values[name] is None})
        if reasons:
            chosen["exception"] = reasons[0]
        elif missing:
            chosen["exception"] = f"the site gives no {', '.join(missing)} (hardening_parameters)"
        else:
            chosen["data"] = _filled(chosen["data"], values)
        if control["id"] in waived:
            chosen["waiver"] = waived[control["id"]]
        selected.append(chosen)
    return selected


def parameters_of(data: Any) -> Iterator[str]:
    """The names of the parameters that stand in a control's data."""
    if isinstance(data, Mapping):
        if set(data) == {PARAMETER}:
            yield data[PARAMETER]
        else:
            for value in data.values():
                yield from parameters_of(value)
    elif isinstance(data, list):
        for value in data:
            yield from parameters_of(value)


@functools.cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads(Path(__file__).with_name("control_catalog.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})


@functools.cache
def _data_validator(name: str) -> jsonschema.Draft202012Validator:
    """That of a control type's data, or of `applies`."""
    return jsonschema.Draft202012Validator(APPLIES if name == "applies" else TYPES[name].DATA)


def _duplicates(read: Iterable[documents.Document]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for document in read:
        for index, control in enumerate(document.data):
            path = (index, "id")
            here = f"{document.name}:{document.line(path)}"
            if first.setdefault(control["id"], here) != here:
                yield document.problem(path, f"'{control['id']}' is there twice, first in {first[control['id']]}")


def _defaults(choices: documents.Document, catalog: Catalog) -> Iterator[Problem]:
    """Defaults that are not what their own schema wants."""
    for name, entry in catalog.parameters.items():
        if entry["default"] is not None:
            for error in jsonschema.Draft202012Validator(entry["schema"]).iter_errors(entry["default"]):
                yield choices.problem(("parameters", name, "default", *error.absolute_path), error.message)


def _meaning(document: documents.Document, index: int, control: dict, catalog: Catalog) -> Iterator[Problem]:
    """What the schema of all controls cannot say of one."""
    if control["type"] not in TYPES:
        yield document.problem(
            (index, "type"), f"there is no type '{control['type']}'{did_you_mean(control['type'], TYPES)}"
        )
        return
    for kind in control.get("exceptions", {}):
        if kind not in catalog.host_kinds:
            hint = did_you_mean(kind, catalog.host_kinds)
            yield document.problem((index, "exceptions", kind), f"{CHOICES} has no such kind of host{hint}")
    unknown = [name for name in parameters_of(control["data"]) if name not in catalog.parameters]
    for name in unknown:
        hint = did_you_mean(name, catalog.parameters)
        yield document.problem((index, "data"), f"{CHOICES} has no parameter '{name}'{hint}")
    checks = [("applies", control.get("applies"))]
    if not unknown:
        defaults = {name: entry["default"] for name, entry in catalog.parameters.items()}
        # Without a default there is no value to judge.
        if not any(defaults[name] is None for name in parameters_of(control["data"])):
            checks.append(("data", _filled(control["data"], defaults)))
    for key, value in checks:
        for error in _data_validator(control["type"] if key == "data" else key).iter_errors(value) if value else ():
            yield document.problem((index, key, *error.absolute_path), error.message)


def _unknown(what: str, names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    for name in sorted(set(names) - set(known)):
        yield f"unknown {what} '{name}'{did_you_mean(name, known)}"


def _ids(catalog: Catalog) -> list[str]:
    return [control["id"] for control in catalog.controls]


def _values(catalog: Catalog, parameters: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the values that the site gives."""
    for name, value in parameters.items():
        if name in catalog.parameters and value is not None:
            for error in jsonschema.Draft202012Validator(catalog.parameters[name]["schema"]).iter_errors(value):
                yield f"parameter '{name}': {error.message}"


def _filled(data: Any, values: Mapping[str, Any]) -> Any:
    """The data with the parameters' values in their places."""
    if isinstance(data, Mapping):
        if set(data) == {PARAMETER}:
            return copy.deepcopy(values[data[PARAMETER]])
        return {key: _filled(value, values) for key, value in data.items()}
    if isinstance(data, list):
        return [_filled(value, values) for value in data]
    return data
