# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx settings. `make docs` first lets antsibull-docs write the plugins' pages to docs/collections."""

from __future__ import annotations

from pathlib import Path

import yaml

galaxy = yaml.safe_load((Path(__file__).parent.parent / "galaxy.yml").read_text(encoding="utf-8"))

project = f"{galaxy['namespace']}.{galaxy['name']}"
author = ", ".join(galaxy["authors"])
copyright = f"2026, {author}"
version = release = galaxy["version"]

extensions = ["myst_parser", "sphinx_antsibull_ext"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"{project} {version}"
html_copy_source = False

# Headings are link targets.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]

# The generated pages refer to labels of Ansible's own documentation, which only the network has.
# Links between our Markdown pages are checked all the same (myst.xref_missing).
suppress_warnings = ["ref.ref"]
pygments_style = "ansible"
