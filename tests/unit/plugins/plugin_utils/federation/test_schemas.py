# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schemas are valid, refuse unknown keys everywhere, bound every text, and are documented key by key."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import PLUGIN
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.services import SERVICES

FREE = {"compose", "groups", "keyed_groups", "cache_plugin", "cache_connection", "cache_prefix"}


@pytest.fixture(params=["federation", "site"])
def schema(root, request):
    """Each of the two schemas."""
    return json.loads((root / f"plugins/plugin_utils/federation/{request.param}.schema.json").read_text())


def _parts(schema):
    yield schema
    for key in ("properties", "$defs"):
        for name, part in schema.get(key, {}).items():
            if name not in FREE:
                yield from _parts(part)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _parts(schema[key])


def _keys(schema):
    return {key for part in _parts(schema) for key in part.get("properties", {})}


def test_it_is_a_schema_of_draft_2020_12(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_unknown_keys_are_refused_and_texts_bounded(schema):
    for part in _parts(schema):
        if part.get("type") == "object":
            assert "additionalProperties" in part, part
            assert part["additionalProperties"] is False or "maxProperties" in part, part
        if part.get("type") == "string":
            assert "maxLength" in part, part
        if part.get("type") == "array":
            assert "maxItems" in part, part


def test_every_key_is_documented(schema, root):
    words = set(re.findall(r"\w+", (root / "docs" / "federation.md").read_text()))
    assert _keys(schema) <= words


def test_both_schemas_agree_on_what_they_share(root):
    folder = root / "plugins" / "plugin_utils" / "federation"
    site, federation = (json.loads((folder / f"{name}.schema.json").read_text()) for name in ("site", "federation"))
    for name in ("name", "text", "port", "count", "hardware"):
        assert site["$defs"][name] == federation["$defs"][name], name
    assert federation["properties"]["plugin"] == {"const": PLUGIN}


def test_every_service_is_documented(root):
    text = (root / "docs" / "federation.md").read_text()
    for name, service in SERVICES.items():
        for word in (name, *service.groups):
            assert f"`{word}`" in text
