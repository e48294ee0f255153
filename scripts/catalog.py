#!/usr/bin/env python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the catalog of controls as a page of the documentation.

PYTHONPATH=.ansible/collections python scripts/catalog.py docs/catalog.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.plugin_utils import control_catalog

# How references are called in the table; the rules of the scanner are many and its own business.
SOURCES = {
    "cis_debian_13": "CIS Debian 13",
    "cis_debian_12": "CIS Debian 12",
    "anssi_bp028": "ANSSI BP-028",
    "iso27001_2022": "ISO/IEC 27001",
    "iso27017": "27017",
    "iso27018": "27018",
}
INTRODUCTION = """\
# Catalog of controls

What role [hardening](hardening.md) looks at and brings in order, {all} controls in {topics} topics. Profile `baseline`
({baseline} controls) is for every host, `epic` ({epic}) for those of certified regions. A control with an exception is
left out on hosts of that kind (`hardening_exceptions`); words in `{{...}}` are parameters of the site.

References are the numbers of sections and controls only. Those of CIS and ANSSI are as OpenSCAP's content
(ssg-debian 0.1.82) gives them; ISO/IEC 27001:2022 (Annex A), 27017:2015 and 27018:2019 are mapped by this project.
"""


def page(catalog: control_catalog.Catalog) -> str:
    """The page, in Markdown."""
    counts = {name: sum(name in c["profiles"] for c in catalog.controls) for name in control_catalog.PROFILES}
    parts = [INTRODUCTION.format(all=len(catalog.controls), topics=len(catalog.topics), **counts)]
    for topic, controls in catalog.topics.items():
        rows = [[_control(c), ", ".join(c["profiles"]), _references(c["references"])] for c in controls]
        parts += [
            f"## {topic.replace('_', ' ').capitalize()}",
            _table(["control", "profiles", "references"], rows),
        ]
    rows = [[f"`{name}`", entry["title"], _value(entry["default"])] for name, entry in catalog.parameters.items()]
    parts += ["## Parameters", _table(["parameter", "meaning", "default"], rows)]
    rows = [[f"`{name}`", meaning] for name, meaning in catalog.host_kinds.items()]
    parts += ["## Kinds of hosts", _table(["kind", "meaning"], rows)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _control(control: dict) -> str:
    names = sorted(set(control_catalog.parameters_of(control["data"])))
    given = f" `{{{', '.join(names)}}}`" if names else ""
    lines = [
        f"**{control['title']}**{given}",
        control["why"],
        *_limits(control),
        f"`{control['id']}` ({control['type']})",
    ]
    return "<br>".join(lines)


def _references(references: dict) -> str:
    return "<br>".join(f"{words}: {', '.join(references[key])}" for key, words in SOURCES.items() if key in references)


def _limits(control: dict) -> Iterator[str]:
    """Where the control does not hold."""
    applies = control.get("applies", {})
    for kind, reason in control.get("exceptions", {}).items():
        yield f"*Not on `{kind}`:* {reason}"
    if "distributions" in applies:
        yield f"*For {', '.join(applies['distributions'])}.*"
    if "packages" in applies:
        yield f"*Where {' or '.join(applies['packages'])} is installed.*"
    if applies.get("not_in_container"):
        yield "*Not in containers.*"


def _value(value: object) -> str:
    return "none" if value is None else f"`{str(value).strip()}`"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Path(sys.argv[1]).write_text(page(control_catalog.load(control_catalog.OWN)), encoding="utf-8")
