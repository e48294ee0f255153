# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adding or removing sites, pools and nodes changes no other host's name or address."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation import meaning, shape
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.documents import Document
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.resolve import resolve

FEDERATION = {
    "plugin": "infn.datacloud.federation",
    "name": "example",
    "domain": "example.test",
    "address_plan": {
        "cpu": {"offset": 16, "size": 64},
        "gpu": {"offset": 128, "size": 32},
        "storage": {"offset": 200, "size": 40},
    },
}
KINDS = sorted(FEDERATION["address_plan"])
# A site's name stands for its networks, so that any set of sites can be drawn.
SITES = [f"s{number}" for number in range(12)]


@st.composite
def pools(draw, region=None):
    """Pools of different kinds, each with nodes that left."""
    result = []
    for kind in draw(st.lists(st.sampled_from(KINDS), unique=True, max_size=3)):
        count = draw(st.integers(0, 20))
        absent = draw(st.lists(st.integers(1, count), unique=True, max_size=5)) if count else []
        result.append({"kind": kind, "count": count, "absent": absent} | ({"region": region} if region else {}))
    return result


@st.composite
def sites(draw, name):
    """One site, perhaps with a certified region."""
    number = SITES.index(name)
    site = {"name": name, "location": "X", "contacts": ["a@b.c"], "network": f"10.0.{number}.0/24"}
    site["pools"] = draw(pools())
    if draw(st.booleans()):
        site["regions"] = {"safe": {"network": f"10.1.{number}.0/24"}}
        site["pools"] += draw(pools("safe"))
    return site


@st.composite
def federations(draw):
    """Some sites in any order."""
    names = draw(st.lists(st.sampled_from(SITES), unique=True, min_size=1, max_size=6))
    return [draw(sites(name)) for name in names]


def _hosts(drawn):
    documents = [Document(f"sites/{site['name']}.yml", site) for site in drawn]
    problems = [problem for document in documents for problem in shape.check(document, "site")]
    problems += meaning.check(Document("federation.yml", FEDERATION), documents)
    assert not problems, "only valid federations are drawn"
    return resolve(FEDERATION, drawn)["hosts"]


@st.composite
def changes(draw):
    """A federation, what it becomes by one change, and the prefix of the hosts that may differ."""
    before = draw(federations())
    after = copy.deepcopy(before)
    index = draw(st.integers(0, len(after) - 1))
    site = after[index]
    what = draw(
        st.sampled_from(["add site", "remove site", "add pool", "remove pool", "grow", "decommission", "shuffle"])
    )
    free = [name for name in SITES if name not in {site["name"] for site in before}]
    touched = f"{site['name']}-"
    if what == "add site":
        new = draw(sites(draw(st.sampled_from(free))))
        touched = f"{new['name']}-"
        after.insert(index, new)
    elif what == "remove site":
        del after[index]
    elif what == "shuffle":
        touched = None
        after = draw(st.permutations(after))
        for other in after:
            other["pools"] = draw(st.permutations(other["pools"]))
    elif what == "add pool":
        unused = [kind for kind in KINDS if kind not in {p["kind"] for p in site["pools"] if "region" not in p}]
        if unused:
            touched += f"{unused[0]}-"
            site["pools"].insert(0, {"kind": unused[0], "count": 5})
    elif site["pools"]:
        pool = draw(st.sampled_from(site["pools"]))
        touched += f"{meaning.label(pool)}-"
        if what == "remove pool":
            site["pools"].remove(pool)
        elif what == "grow":
            touched = None
            pool["count"] += draw(st.integers(1, 9))
        else:
            pool["absent"] = sorted({*pool["absent"], *range(1, pool["count"] + 1, 2)})
    return before, after, touched


@given(changes())
def test_a_change_moves_no_other_host(drawn):
    before, after, touched = drawn
    old, new = _hosts(before), _hosts(after)
    for host in old.keys() & new.keys():
        assert new[host] == old[host], "a host that stays keeps its address"
    for host in old.keys() - new.keys():
        assert touched and host.startswith(touched), "only what was removed is gone"


@given(changes())
def test_what_leaves_and_comes_back_is_the_same(drawn):
    before, after, _touched = drawn
    first = _hosts(before)
    _hosts(after)
    assert _hosts(before) == first


@given(federations())
def test_no_two_hosts_share_an_address(drawn):
    addresses = list(_hosts(drawn).values())
    assert len(set(addresses)) == len(addresses)
