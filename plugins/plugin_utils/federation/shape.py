# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the shape of a description's files against the JSON Schemas (draft 2020-12) beside this module."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

try:
    import jsonschema
except ImportError as error:
    JSONSCHEMA_ERROR = error
else:
    JSONSCHEMA_ERROR = None

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.documents import Document
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import Problem, did_you_mean, shown

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "object": "keys with values",
    "string": "text",
}


def check(document: Document, schema: str) -> list[Problem]:
    """Every way in which ``document`` differs from the schema named ``schema`` ('federation' or 'site')."""
    return differences(document, _validator(schema))


def differences(document: Document, validator: jsonschema.Draft202012Validator) -> list[Problem]:
    """Every way in which ``document`` differs from the schema of ``validator``."""
    return [problem for error in validator.iter_errors(document.data) for problem in _problems(document, error)]


@functools.cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    text = Path(__file__).with_name(f"{schema}.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def _problems(document: Document, error: jsonschema.ValidationError) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in error.instance:
            if key not in known:
                yield document.problem((*path, key), f"unknown key {shown(key)}{did_you_mean(key, known)}")
    elif error.validator == "required":
        # jsonschema gives one error a missing key, but names the key only in its text.
        for key in error.validator_value:
            if key not in error.instance:
                yield document.problem((*path, key), "this key is missing")
    elif "propertyNames" in error.absolute_schema_path:
        yield document.problem((*path, error.instance), f"the key {_message(error)}")
    else:
        yield document.problem(path, _message(error))


def _message(error: jsonschema.ValidationError) -> str:
    value, wanted = error.instance, error.validator_value
    found = f", not {shown(value)}"
    if "x-error" in error.schema:
        return error.schema["x-error"] + found
    if error.validator == "type":
        return (
            f"must be {' or '.join(_TYPES[name] for name in ([wanted] if isinstance(wanted, str) else wanted))}{found}"
        )
    if error.validator == "enum":
        hint = did_you_mean(value, wanted) if isinstance(value, str) else ""
        return f"must be one of {', '.join(wanted)}{found}{hint if 'mean' in hint else ''}"
    if error.validator == "const":
        return f"must be '{wanted}'{found}"
    if error.validator in ("maxItems", "maxProperties"):
        return f"has {len(value)} entries; at most {wanted} are possible"
    if error.validator in ("minItems", "minProperties"):
        return f"must have at least {wanted} entry"
    if error.validator == "maxLength":
        return f"is too long: {len(value)} characters; at most {wanted} are possible"
    if error.validator == "uniqueItems":
        return "names something twice"
    return error.message
