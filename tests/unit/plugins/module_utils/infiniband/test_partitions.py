# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partitions: what is refused, what opensm reads of it, and which P_Keys a port then has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infn.datacloud.plugins.module_utils.core import plan
from ansible_collections.infn.datacloud.plugins.module_utils.infiniband import partitions
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.infiniband import fake_fabric
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.infiniband.fake_fabric import guid

PORTS = {guid(number): {"kind": "ca", "lid": number} for number in (1, 2, 3)}
PORTS[fake_fabric.SWITCH] = {"kind": "switch", "lid": 100}
DEFAULT = {
    "name": "Default",
    "key": "0x7fff",
    "members": [{"guid": "ALL", "membership": "limited"}, {"guid": "SELF"}],
}


def listed(**options):
    """A partition as the module gets it."""
    members = [{"guid": None, "name": None, "membership": None, **member} for member in options.pop("members", [])]
    base = {"name": "virgo", "key": "0x0102", "membership": "full", "ipoib": False, "mtu": None, "rate": None}
    return {**base, "state": "present", **options, "members": members}


def wanted(*given, current=None):
    found, errors, _unknown = partitions.wanted(given, current or {})
    assert errors == []
    return found


def errors_of(*given):
    return partitions.wanted(given, {})[1]


members = st.lists(
    st.fixed_dictionaries(
        {
            "guid": st.one_of(
                st.integers(1, 2**64 - 1).map(lambda number: f"0x{number:x}"),
                st.sampled_from([word for word in partitions.KEYWORDS if word != "SELF"]),
            ),
            "membership": st.sampled_from(partitions.MEMBERSHIPS),
        }
    ),
    unique_by=lambda member: member["guid"],
    max_size=6,
)
fabrics = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", fullmatch=True),
            "key": st.integers(1, 0x7FFF).map(hex),
            "ipoib": st.just(True),
            "mtu": st.sampled_from([None, *partitions.MTU_CODES]),
            "rate": st.sampled_from([None, *partitions.RATE_CODES]),
            "members": members,
        }
    ),
    max_size=5,
    unique_by=(lambda item: item["name"], lambda item: int(item["key"], 16)),
)


@given(fabrics)
def test_what_is_written_is_read_back_and_opensm_reads_the_same(fabric):
    found = wanted(*(listed(**item) for item in fabric))
    text = partitions.render(found)
    assert list(partitions.parse(text).values()) == found
    assert fake_fabric.opensm_reads(text) == {
        int(item["key"], 16): {member["guid"]: member["membership"] == "full" for member in item["members"]}
        for item in found
    }
    assert plan(partitions.PARTITION, found, partitions.parse(text)) == []


def test_the_file():
    text = partitions.render(
        wanted(
            listed(**DEFAULT),
            listed(ipoib=True, mtu=4096, rate=100, members=[{"guid": "0x2", "name": "ba-cpu-01"}, {"guid": "0x3"}]),
            listed(name="empty", key="3"),
        )
    )
    assert text.splitlines()[2:] == [
        "Default=0x7fff :",
        "  ALL=limited,",
        "  SELF=full;",
        "virgo=0x0102, ipoib, mtu=5, rate=16 :",
        "  0x0000000000000002=full, # ba-cpu-01",
        "  0x0000000000000003=full;",
        "empty=0x0003 : ;",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("virgo=0x0102 : 0x2=full", "does not end with ';'"),
        ("virgo=0x0102 : 0x2=full\n;", "line 2 has nothing but ';'"),
        ("virgo=0x0102\n: 0x2=full;", "line 1 does not begin a definition"),
        ("virgo 0x2=full;", "line 1 does not begin a definition"),
        ("virgo=0x0102 : 0x2=full\nligo=0x0103 : 0x3=full;", "line 2 has a member"),
        ("virgo=0x0102 : 0x2;", "not said to be full or limited"),
        ("virgo=0x0102 : SELFISH=full;", "that is no port"),
        ("virgo=0x0102 : 0x0=full;", "that is no port"),
        ("virgo=0x8102 : ;", "has no P_Key"),
        ("=0x0102 : ;", "has no name"),
        ("virgo=0x0102, sl=3 : ;", "a flag that is not known"),
        ("virgo=0x0102 : mgid=ff12:401b::16=full;", "not said to be full or limited"),
        ("virgo=0x0102 : 123456=full;", "that is no port"),
        ("virgo=0x0102 : ;\nvirgo=0x0103 : ;", "that was there before"),
        ("virgo=0x0102 : ;\nligo=0x0102 : ;", "that was there before"),
        ("virgo=0x0102 : ; ligo=0x0103 : ;", "goes on after ';'"),
        ("virgo=0x0102 : " + ", ".join(["0x0000000000000002=full"] * 200) + ";", "is too long"),
    ],
)
def test_files_that_are_not_understood(text, told):
    with pytest.raises(partitions.NotUnderstood, match=told):
        partitions.parse(text)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": "a b"}, "a name is up to 31"),
        ({"name": "x" * 32}, "a name is up to 31"),
        ({"key": "0x8102"}, "not between 0x0001 and 0x7fff"),
        ({"key": "0"}, "not between"),
        ({"key": "tenant"}, "not between"),
        ({"members": [{"guid": "13316"}]}, "neither the GUID"),
        ({"members": [{"guid": "0xzz"}]}, "neither the GUID of a port nor one of ALL"),
        ({"members": [{"guid": "0x1ffffffffffffffff"}]}, "neither the GUID"),
        ({"members": [{"guid": "SELF"}]}, "SELF is for the default partition only"),
        ({"members": [{}]}, "neither guid nor name"),
        ({"members": [{"name": "a;b", "guid": "0x2"}]}, "not the name of a host"),
        ({"members": [{"guid": "0x2"}, {"guid": "0x02", "membership": "limited"}]}, "both a full and a limited"),
        ({"members": [{"guid": "0x2", "name": "a"}, {"guid": "0x2", "name": "b"}]}, "a port of a and of b"),
        ({"mtu": 4096}, "IPoIB, which is off"),
    ],
)
def test_mistakes(given, told):
    (error,) = errors_of(listed(**given))
    assert told in error


def test_all_mistakes_are_told_at_once():
    told = errors_of(listed(key="0"), listed(name="ligo"), listed(name="clinic", members=[{"guid": "x"}, {}]))
    assert len(told) == 4 and "key 0x0102 is already that of ligo" in told[1]


def test_hosts_without_a_known_port_keep_those_of_the_file():
    before = wanted(listed(members=[{"guid": "0x2", "name": "cpu"}, {"guid": "0x3", "name": "cpu"}]))
    current = {item["name"]: item for item in before}
    given = listed(members=[{"name": "cpu"}, {"name": "gone"}])
    found, errors, unknown = partitions.wanted([given], current)
    assert (found, errors, unknown) == (before, [], ["gone"])


def test_keys_of_ports():
    given = wanted(
        listed(**DEFAULT),
        listed(members=[{"guid": guid(2)}, {"guid": guid(3), "membership": "limited"}]),
        listed(name="all", key="3", members=[{"guid": "ALL_CAS", "membership": "limited"}, {"guid": "ALL_SWITCHES"}]),
    )
    keys = partitions.expected(given, PORTS, guid(1))
    assert keys == {guid(1): {0xFFFF, 0x0003}, guid(2): {0x7FFF, 0x8102, 0x0003}, guid(3): {0x7FFF, 0x0102, 0x0003}}
    # opensm has a rule of its own for the default partition.
    assert partitions.expected(given[1:], PORTS, guid(1)) == keys
    current = {item["name"]: item for item in given}
    assert partitions.in_effect(current, PORTS, guid(1), keys) == current
    assert partitions.deviations(keys, keys) == []


def test_what_a_syntax_error_leaves():
    current = {item["name"]: item for item in wanted(listed(**DEFAULT), listed(members=[{"guid": guid(2)}]))}
    real = partitions.in_effect(current, PORTS, guid(1), {guid(number): {0xFFFF} for number in (1, 2, 3)})
    assert {"guid": guid(2), "membership": "none"} in real["virgo"]["members"]
    assert {"guid": guid(3), "membership": "full"} in real["Default"]["members"]
    assert partitions.deviations({guid(2): {0x7FFF, 0x8102}}, {guid(2): {0xFFFF}}) == [
        f"{guid(2)} has 0xffff instead of 0x7fff, 0x8102"
    ]


def test_a_key_that_no_partition_has():
    current = {item["name"]: item for item in wanted(listed(**DEFAULT))}
    keys = {guid(1): {0xFFFF}, guid(2): {0x7FFF, 0x8105}}
    real = partitions.in_effect(current, PORTS, guid(1), keys)
    assert real["P_Key 0x0105"]["members"] == [{"guid": guid(2), "membership": "full"}]


def test_five_hundred_nodes():
    hosts = [{"guid": guid(number), "name": f"ba-cpu-{number:03}"} for number in range(1, 501)]
    given = wanted(listed(members=hosts), listed(name="ligo", key="3", members=hosts[::2]))
    text = partitions.render(given)
    assert text == partitions.render(
        wanted(listed(members=hosts[::-1]), listed(name="ligo", key="3", members=hosts[::2]))
    )
    assert max(len(line) for line in text.splitlines()) < 120
    ports = {host["guid"]: {"kind": "ca", "lid": 1} for host in hosts}
    keys = partitions.expected(given, ports, guid(1))
    current = partitions.parse(text)
    assert partitions.in_effect(current, ports, guid(1), keys) == current
