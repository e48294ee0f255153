# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of all pages."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.pages.style import STYLE


def test_nothing_is_loaded():
    assert "url(" not in STYLE and "@import" not in STYLE


def test_light_dark_and_paper():
    assert "prefers-color-scheme: dark" in STYLE and "@media print" in STYLE
    assert STYLE.count("{") == STYLE.count("}")
