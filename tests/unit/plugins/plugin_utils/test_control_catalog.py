# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of the catalog of controls: what it refuses and what it selects."""

from __future__ import annotations

import copy

import pytest
import yaml

from ansible_collections.infn.datacloud.plugins.plugin_utils import control_catalog
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError

CONTROL = {
    "id": "net-redirects",
    "title": "Redirects are not followed",
    "why": "Anybody could lead traffic through themselves.",
    "type": "sysctl",
    "data": {"values": {"net.ipv4.conf.all.accept_redirects": "0"}},
    "references": {"iso27001_2022": ["A.8.20"]},
    "profiles": ["baseline", "epic"],
}
CHOSEN = {
    "id": "banner-text",
    "title": "Who logs in is greeted",
    "why": "Nobody can say that they did not know.",
    "type": "text",
    "data": {"path": "/etc/issue", "text": {"parameter": "banner"}},
    "references": {"iso27001_2022": ["A.5.10"]},
    "profiles": ["epic"],
    "exceptions": {"kiosk": "Nobody logs in to it."},
}
CHOICES = {
    "parameters": {"banner": {"title": "What is said", "default": "Hello.\n", "schema": {"type": "string"}}},
    "host_kinds": {"kiosk": "Stands in a hall."},
}


@pytest.fixture
def write(tmp_path):
    """Write a catalog of these controls (or of a text) and choices; returns its folder."""

    def make(*controls, choices=None):
        folder = tmp_path / "catalog"
        folder.mkdir(exist_ok=True)
        (folder / "topic.yml").write_text(yaml.safe_dump(list(controls)))
        (tmp_path / "parameters.yml").write_text(yaml.safe_dump(CHOICES if choices is None else choices))
        return folder

    return make


@pytest.fixture
def catalog(write):
    return control_catalog.load(write(CONTROL, CHOSEN))


def problems(folder):
    """The messages that loading gives."""
    with pytest.raises(DescriptionError) as caught:
        control_catalog.load(folder)
    return [str(problem) for problem in caught.value.problems]


def changed(control=None, **values):
    """A control with other values; None takes a key away."""
    result = copy.deepcopy({**(control or CONTROL), **values})
    return {key: value for key, value in result.items() if value is not None}


@pytest.mark.parametrize(
    ("control", "message"),
    [
        (changed(type="sysctls"), "there is no type 'sysctls'; did you mean 'sysctl'?"),
        (changed(references=None), "references: this key is missing"),
        (changed(references={}), "references: must have at least 1 entry"),
        (changed(references={"cis_debian": ["1.1"]}), "unknown key 'cis_debian'"),
        (changed(references={"iso27001_2022": ["8.20"]}), "must be a control such as A.8.5"),
        (changed(why=None), "why: this key is missing"),
        (changed(profiles=[]), "profiles"),
        (changed(profiles=["strict"]), "must be one of baseline, epic"),
        (changed(exceptions={"kiosk": ""}), "exceptions.kiosk"),
        (changed(exceptions={"kisk": "Nobody logs in to it."}), "no such kind of host; did you mean 'kiosk'?"),
        (changed(data={"value": {}}), "data"),
        (changed(data={"values": {"parameter": "bannr"}}), "no parameter 'bannr'; did you mean 'banner'?"),
        (changed(applies={"distribution": ["Debian"]}), "applies"),
        (changed(Type="sysctl"), "unknown key 'Type'; did you mean 'type'?"),
    ],
)
def test_what_is_wrong_with_a_control_is_told(write, control, message):
    assert any(message in problem for problem in problems(write(control, CHOSEN)))


def test_everything_is_told_at_once(write):
    told = problems(write(changed(type="none-such"), changed(id="net-other", data={"x": 1}), CHOSEN))
    assert len(told) >= 2


def test_an_id_is_there_once(write):
    [told] = problems(write(CONTROL, CONTROL, CHOSEN))
    assert "'net-redirects' is there twice, first in catalog/topic.yml:" in told


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {**CHOICES, "parameters": {"banner": {"title": "What is said", "schema": {}}}},
            "default: this key is missing",
        ),
        (
            {**CHOICES, "parameters": {"banner": {**CHOICES["parameters"]["banner"], "default": 5}}},
            "5 is not of type 'string'",
        ),
    ],
)
def test_what_is_wrong_with_the_choices_is_told(write, choices, message):
    assert any(message in problem for problem in problems(write(CONTROL, CHOSEN, choices=choices)))


def test_a_folder_without_controls_is_refused(tmp_path):
    (tmp_path / "parameters.yml").write_text(yaml.safe_dump(CHOICES))
    assert any("holds no file" in problem for problem in problems(tmp_path / "catalog"))


def test_without_parameters_of_its_own_those_of_the_role_count(write):
    folder = write(CONTROL)
    (folder.parent / "parameters.yml").unlink()
    assert "banner_text" in control_catalog.load(folder).parameters


def test_profiles(catalog):
    assert [control["id"] for control in control_catalog.select(catalog, ["baseline"])] == ["net-redirects"]
    assert [control["id"] for control in control_catalog.select(catalog, ["epic"])] == ["net-redirects", "banner-text"]


def test_what_the_engine_needs_is_handed_on(catalog):
    [control] = control_catalog.select(catalog, ["baseline"])
    assert control == {key: CONTROL[key] for key in ("id", "title", "type", "data", "references")}


def test_parameters_are_put_in(catalog):
    assert control_catalog.select(catalog, ["epic"])[1]["data"]["text"] == "Hello.\n"
    chosen = control_catalog.select(catalog, ["epic"], parameters={"banner": "Go away.\n"})
    assert chosen[1]["data"] == {"path": "/etc/issue", "text": "Go away.\n"}
    # The catalog itself stays as it was.
    assert catalog.controls[1]["data"]["text"] == {"parameter": "banner"}


def test_a_control_whose_parameter_has_no_value_is_left_out(write):
    choices = copy.deepcopy(CHOICES)
    choices["parameters"]["banner"]["default"] = None
    catalog = control_catalog.load(write(CONTROL, CHOSEN, choices=choices))
    assert "banner" in control_catalog.select(catalog, ["epic"])[1]["exception"]
    assert "exception" not in control_catalog.select(catalog, ["epic"], parameters={"banner": "Hi.\n"})[1]


def test_an_exception_keeps_its_reason(catalog):
    assert control_catalog.select(catalog, ["epic"], ["kiosk"])[1]["exception"] == "Nobody logs in to it."
    assert "exception" not in control_catalog.select(catalog, ["epic"])[1]


def test_a_waiver_is_put_to_its_control(catalog):
    waiver = {"control": "net-redirects", "owner": "A. Rossi", "reason": "Old router.", "expires": "2027-01-31"}
    first, second = control_catalog.select(catalog, ["epic"], waivers=[waiver])
    assert first["waiver"] == waiver
    assert "waiver" not in second


def test_everything_that_cannot_be_selected_is_told(catalog):
    with pytest.raises(control_catalog.SelectionError) as caught:
        control_catalog.select(
            catalog, ["epik"], ["kioks"], {"banner": 7, "baner": "x"}, [{"control": "net", "expires": "2027-01-31"}]
        )
    told = "\n".join(caught.value.sentences)
    for part in ("profile 'epik'", "host 'kioks'", "parameter 'baner'", "parameter 'banner': 7", "waiver 'net'"):
        assert part in told
