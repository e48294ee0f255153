# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog that role hardening has: every control is sound, and the profiles fit together."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import TYPES
from ansible_collections.infn.datacloud.plugins.plugin_utils import control_catalog

ROOT = Path(__file__).resolve().parents[3]
# Files of role base: controls may look at them, and must agree with what its templates say.
OF_BASE = {"/etc/systemd/journald.conf": "journald.conf.j2"}
# Settings that would take away what services of the federation stand on; only the profile epic may have them.
NEEDED = {
    "net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv6.conf.all.forwarding", "user.max_user_namespaces",
    "kernel.unprivileged_userns_clone", "net.ipv6.conf.all.accept_ra", "net.ipv4.conf.all.rp_filter",
}  # fmt: skip
NEEDED_MODULES = {"overlay", "fuse", "br_netfilter", "nf_tables", "veth", "bridge", "rbd", "ceph", "nfs", "squashfs"}


@pytest.fixture(scope="module")
def catalog():
    return control_catalog.load(control_catalog.OWN)


def test_every_type_is_used(catalog):
    assert {control["type"] for control in catalog.controls} == set(TYPES)


def test_ids_begin_with_their_topic(catalog):
    for topic, controls in catalog.topics.items():
        words = topic.replace("_", "-").split("-")
        for control in controls:
            # The singular, as in banner-text of banners.yml, is fine too.
            assert control["id"].startswith(("-".join(words), "-".join(words).removesuffix("s"))), control["id"]


def test_titles_and_reasons_are_sentences(catalog):
    for control in catalog.controls:
        assert control["why"].endswith("."), control["id"]
        assert not control["title"].endswith("."), control["id"]
        assert all(reason.endswith(".") for reason in control.get("exceptions", {}).values()), control["id"]


def test_every_control_has_an_iso_control(catalog):
    assert [control["id"] for control in catalog.controls if "iso27001_2022" not in control["references"]] == []


def test_baseline_leaves_what_services_need(catalog):
    for control in catalog.controls:
        if "baseline" in control["profiles"]:
            assert not NEEDED & set(control["data"].get("values", {})), control["id"]
            assert not NEEDED_MODULES & set(control["data"].get("modules", [])), control["id"]


def test_epic_has_all_that_baseline_asks_of_a_target(catalog):
    """Where a control is only in baseline, epic has a stricter one of the same SSH option."""

    def options(profile):
        chosen = control_catalog.select(catalog, [profile])
        return {name for control in chosen for name in control["data"].get("options", ()) if control["type"] == "sshd"}

    assert options("baseline") <= options("epic")
    only = [control for control in catalog.controls if control["profiles"] == ["baseline"]]
    assert all(control["type"] == "sshd" for control in only)


@pytest.mark.parametrize("distribution", ["Debian-12", "Debian-13"])
@pytest.mark.parametrize("profile", control_catalog.PROFILES)
def test_no_two_controls_of_a_profile_set_one_thing(catalog, profile, distribution):
    seen = {}
    for control in control_catalog.select(catalog, [profile]):
        if distribution not in control.get("applies", {}).get("distributions", [distribution]):
            continue
        data = control["data"]
        where = data.get("path", control["type"])
        for name in [*data.get("values", ()), *data.get("options", ())] if control["type"] != "mount" else [where]:
            first = seen.setdefault((where, name), control["id"])
            assert first == control["id"] or "exception" in control, f"{first} and {control['id']} both set {name}"


def test_files_of_role_base_agree(catalog):
    templates = ROOT / "roles" / "base" / "templates"
    for control in catalog.controls:
        template = OF_BASE.get(control["data"].get("path"))
        if template:
            text = (templates / template).read_text()
            for key, value in control["data"]["values"].items():
                assert f"{key}={value}\n" in text, f"{control['id']}: role base writes {template} without it"


def test_what_is_left_to_the_site_is_asked_for(catalog):
    used = {name for control in catalog.controls for name in control_catalog.parameters_of(control["data"])}
    assert set(catalog.parameters) == used
    assert set(catalog.host_kinds) == {kind for control in catalog.controls for kind in control.get("exceptions", ())}


def test_the_page_of_the_documentation_is_up_to_date(catalog):
    """If not: PYTHONPATH=.ansible/collections python scripts/catalog.py docs/catalog.md."""
    spec = importlib.util.spec_from_file_location("catalog", ROOT / "scripts" / "catalog.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (ROOT / "docs" / "catalog.md").read_text(encoding="utf-8") == script.page(catalog)
