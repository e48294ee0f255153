# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault of a description gives one line with file, line and key."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import load
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError

N = "sites/north.yml"
S = "sites/south.yml"
F = "federation.yml"
NAME = "must be a name of lower-case letters, digits and single hyphens that begins with a letter"

# What is changed (file, old text, new text), and the only line that must come of it.
FAULTS = {
    "unknown key": (N, "network", "ter: satellite\nnetwork", f"{N}:6: ter: unknown key 'ter'; did you mean 'tier'?"),
    "unknown key of a pool": (
        S,
        "count: 2}",
        "count: 2, absnt: [1]}",
        f"{S}:7: pools[0].absnt: unknown key 'absnt'; did you mean 'absent'?",
    ),
    "missing key": (S, "location: Bari\n", "", f"{S}:1: location: this key is missing"),
    "missing key of a pool": (S, ", count: 2", "", f"{S}:7: pools[0].count: this key is missing"),
    "wrong type": (S, "count: 2", "count: two", f"{S}:7: pools[0].count: must be a whole number of nodes, 0 or more"),
    "negative count": (S, "count: 2", "count: -2", f"{S}:7: pools[0].count: must be a whole number of nodes"),
    "true is no number": (S, "count: 2", "count: true", f"{S}:7: pools[0].count: must be a whole number of nodes"),
    "text for a list": (S, "[admins@south.test]", "a@b.c", f"{S}:4: contacts: must be a list of at least one mail"),
    "no contact": (S, "[admins@south.test]", "[]", f"{S}:4: contacts: must be a list of at least one mail address"),
    "no mail address": (S, "admins@south.test", "admins", f"{S}:4: contacts[0]: must be a mail address such as"),
    "nothing for keys": (N, "ceph: {pool: storage}", "ceph:", f"{N}:11: services.ceph: must be keys with values"),
    "illegal name": (S, "name: south", "name: South_1", f"{S}:2: name: {NAME}, not 'South_1'"),
    "name with an escape": (S, "name: south", 'name: "a\\e[31m"', f"{S}:2: name: {NAME}, not 'a\\x1b[31m'"),
    "name that ends a line": (S, "name: south", 'name: "a\\n"', f"{S}:2: name: {NAME}, not 'a\\n'"),
    "name that YAML reads as false": (S, "name: south", "name: no", f"{S}:2: name: {NAME}, not false"),
    "long text": (S, "Bari", "x" * 9000, f"{S}:3: location: must be one line of 1 to 200 characters without"),
    "tier": (S, "network", "tier: backbon\nnetwork", f"{S}:5: tier: must be one of backbone, satellite, not 'backbon'"),
    "site twice": (S, "name: south", "name: north", f"{S}:2: name: site 'north' is there twice, first in {N}:2"),
    "bad CIDR": (S, "10.2.0.0/20", "10.2.0/20", f"{S}:5: network: '10.2.0/20' is no network in CIDR notation"),
    "no prefix length": (S, "10.2.0.0/20", "10.2.0.0", f"{S}:5: network: '10.2.0.0' has no prefix length"),
    "address for a network": (S, "10.2.0.0/20", "10.2.0.9/20", f"{S}:5: network: '10.2.0.9/20' is an address inside"),
    "network overlaps": (S, "10.2.0.0/20", "10.1.0.0/16", f"{S}:5: network: network 10.1.0.0/16 overlaps 10.1.0.0/20"),
    "region overlaps": (
        S,
        "pools:",
        "regions: {lab: {network: 10.2.8.0/21}}\npools:",
        f"{S}:6: regions.lab.network: network 10.2.8.0/21 overlaps 10.2.0.0/20 of {S}:5",
    ),
    "region named as a site": (
        S,
        "pools:",
        "regions: {north: {network: 10.3.0.0/20}}\npools:",
        f"{S}:6: regions.north: region 'north' has the name of a site",
    ),
    "tenant of nobody": (
        S,
        "count: 2}",
        "count: 2, tenant: clinic}",
        f"{S}:7: pools[0].tenant: there is no tenant 'clinic' in the pool's region",
    ),
    "tenant without a VPN": (
        S,
        "pools:",
        "regions: {iso: {network: 10.3.0.0/20, tenants: {clinic: {vpn_network: 10.4.0.0/24}}}}\npools:",
        f"{S}:6: regions.iso.tenants.clinic: a tenant is reached through a VPN: services.vpn is missing",
    ),
    "VPN network overlaps": (
        S,
        "pools:",
        "services: {vpn: {pool: cpu}}\n"
        "regions: {iso: {network: 10.3.0.0/20, tenants: {clinic: {vpn_network: 10.3.1.0/24}}}}\npools:",
        f"{S}:7: regions.iso.tenants.clinic.vpn_network: network 10.3.1.0/24 overlaps 10.3.0.0/20 of {S}:7",
    ),
    "waiver that expires on no day": (
        S,
        "pools:",
        'waivers: [{control: a-b, owner: me, reason: r, expires: "2027-02-30"}]\npools:',
        f"{S}:6: waivers[0].expires: there is no day 2027-02-30",
    ),
    "waiver for no host": (
        S,
        "pools:",
        'waivers: [{control: a-b, owner: me, reason: r, expires: "2027-02-20", hosts: [south-gpu-*]}]\npools:',
        f"{S}:6: waivers[0].hosts: no host of this site is called 'south-gpu-*'",
    ),
    "waiver without an owner": (
        S,
        "pools:",
        'waivers: [{control: a-b, reason: r, expires: "2027-02-20"}]\npools:',
        f"{S}:6: waivers[0].owner: this key is missing",
    ),
    "network too small": (S, "10.2.0.0/20", "10.2.0.0/24", f"{S}:7: pools[0]: block 'cpu' ends at address 1032 of"),
    "pool too large": (
        S,
        "count: 2",
        "count: 7",
        f"{S}:7: pools[0].count: 7 nodes do not fit in block 'cpu', which has",
    ),
    "block that is not there": (
        S,
        "kind: cpu",
        "kind: gpu",
        f"{S}:7: pools[0].kind: the address plan of federation.yml has no block 'gpu'; did you mean 'cpu'?",
    ),
    "block used twice": (
        S,
        "pools:\n",
        "pools:\n  - {kind: cpu, name: fast, count: 1}\n",
        f"{S}:8: pools[1]: shares the address block 'cpu' with pools[0]; name another block",
    ),
    "iam of a site that has none": (
        F,
        "backbone:",
        "identity: {iam: north}\nbackbone:",
        f"{F}:8: identity.iam: there is no site 'north' that offers iam",
    ),
    "bucket that is not there": (
        F,
        "backbone:",
        "buckets: {virgo: {}}\naccess: [{group: /virgo, bucket: virg, rights: [read]}]\nbackbone:",
        f"{F}:9: access: members of groups are known by an IAM, but no site offers 'iam'",
    ),
    "key of a vault that nobody offers": (
        F,
        "backbone:",
        "buckets: {virgo: {encryption: sse-kms}}\nbackbone:",
        f"{F}:8: buckets.virgo.encryption: sse-kms takes a key in OpenBao, but no site offers",
    ),
    "bucket's name": (
        F,
        "backbone:",
        "buckets: {Virgo: {}}\nbackbone:",
        f"{F}:8: buckets.Virgo: the key must be a bucket's name: 3 to 63 lower-case letters, digits and",
    ),
    "pool twice": (
        S,
        "pools:\n",
        "pools:\n  - {kind: storage, name: cpu, count: 1}\n",
        f"{S}:8: pools[1]: nodes called south-cpu-NN are there twice, first in {S}:7; give one of the pools a name",
    ),
    "node name too long": (
        S,
        "kind: cpu",
        f"kind: cpu, name: {'a' * 40}, region: {'r' * 15}",
        None,
    ),
    "absent node that never was": (
        S,
        "count: 2",
        "count: 2, absent: [3]",
        f"{S}:7: pools[0].absent: node 3 cannot be absent: the pool's nodes are 1 to 2",
    ),
    "service that is not there": (N, "s3: {", "s4: {", None),
    "pool that is not there": (
        N,
        "  s3: {pool: storage}",
        "  s3: {pool: storage}\n  dcache: {pool: storag}",
        f"{N}:13: services.dcache.pool: there is no pool 'storag' here; did you mean 'storage'?",
    ),
    "empty pool": (
        S,
        "count: 2}",
        "count: 2, absent: [1, 2]}\nservices: {dcache: {pool: cpu}}",
        f"{S}:8: services.dcache.pool: pool 'cpu' has no nodes",
    ),
    "ceph on no pool": (
        S,
        "pools:",
        "services: {ceph: {}}\npools:",
        f"{S}:6: services.ceph.pool: this key is missing: which pool's nodes run the Ceph cluster",
    ),
    "satellite with ceph": (
        S,
        "pools:",
        "services: {ceph: {pool: cpu}}\npools:",
        f"{S}:6: services.ceph: a Ceph cluster of the federation stands at a backbone site: set tier: backbone",
    ),
    "s3 without ceph": (
        S,
        "pools:",
        "services: {s3: {pool: cpu}}\npools:",
        f"{S}:6: services.s3: s3 needs the service 'ceph' on the same pool",
    ),
    "port": (
        S,
        "pools:",
        "services: {dcache: {port: 70000}}\npools:",
        f"{S}:6: services.dcache.port: must be a port number from 1 to 65535, not 70000",
    ),
    "two masters": (
        F,
        "master: north",
        "master: [north, south]",
        f"{F}:8: backbone.master: must be the name of one site: a zonegroup has exactly one master zone, not a list",
    ),
    "master twice": (
        F,
        "master: north",
        "master: north, master: south",
        f"{F}:8: backbone.master: key 'master' is there twice, first in line 8",
    ),
    "master that is not there": (
        F,
        "master: north",
        "master: nord",
        f"{F}:8: backbone.master: there is no site 'nord'; did you mean 'north'?",
    ),
    "master is a satellite": (
        F,
        "master: north",
        "master: south",
        f"{F}:8: backbone.master: site 'south' is no backbone site, so it holds no zone",
    ),
    "no backbone": (
        F,
        "backbone: {realm: r, zonegroup: z, master: north}\n",
        "",
        f"{N}:5: tier: is backbone, but federation.yml has no key 'backbone'",
    ),
    "no master": (F, ", master: north", "", f"{F}:8: backbone.master: this key is missing"),
    "blocks overlap": (
        F,
        "offset: 1024",
        "offset: 300",
        f"{F}:7: address_plan.cpu: block 'cpu' overlaps block 'storage'",
    ),
    "offset in the site's own addresses": (
        F,
        "offset: 256",
        "offset: 0",
        f"{F}:6: address_plan.storage.offset: must be a whole number, 16 or more",
    ),
    "domain": (F, "example.test", "example", f"{F}:4: domain: must be a domain in lower case, such as"),
    "names": (
        F,
        "name: example",
        "name: example\nnames: host",
        f"{F}:4: names: must be one of hosts, dns, not 'host'; did",
    ),
    "hardware of an unknown kind": (
        F,
        "backbone:",
        "hardware: {cpus: {cores: 4}}\nbackbone:",
        f"{F}:8: hardware.cpus: the address plan has no block 'cpus'; did you mean 'cpu'?",
    ),
    "option of Ansible": (
        F,
        "backbone:",
        "strict: maybe\nbackbone:",
        f"{F}:8: strict: must be true or false, not 'maybe'",
    ),
    "other plugin": (F, "plugin: infn.datacloud.federation", "plugin: x", f"{F}:2: plugin: must be 'infn.datacloud."),
}
# These take a second line, for a good reason.
ALSO = {
    "bucket that is not there": f"{F}:9: access[0].bucket: there is no bucket 'virg'; did you mean 'virgo'?",
    "site twice": f"{S}:7: pools[0]: nodes called north-cpu-NN are there twice",
    "node name too long": f"{S}:7: pools[0]: the node name south-rrr",
    "service that is not there": f"{N}:12: services.s4: there is no service 's4'; known: ceph, s3, cephfs,",
}


def _problems(path):
    with pytest.raises(DescriptionError) as error:
        load(path)
    return str(error.value).splitlines()


def test_the_description_is_valid_before_it_is_changed(description):
    assert list(load(description.path)["sites"]) == ["north", "south"]


@pytest.mark.parametrize("name", FAULTS)
def test_one_clear_line(description, name):
    file, old, new, message = FAULTS[name]
    description.change(file, old, new)
    lines = _problems(description.path)
    wanted = [text for text in (message, ALSO.get(name)) if text]
    for text in wanted:
        assert any(line.startswith(text) for line in lines), lines
    if name not in ALSO:
        assert len(lines) == 1, lines
    assert all(len(line) < 300 for line in lines)


def test_all_faults_of_all_files_at_once(description):
    description.change(F, "name: example", "nam: example")
    description.change(N, "count: 3", "count: 300")
    description.change(S, "10.2.0.0/20", "10.2.0.0/33")
    description.write("sites/broken.yml", "name: [\n")
    description.write("sites/empty.yml", "")
    places = [line.split(": ")[0] for line in _problems(description.path)]
    assert places == [
        "federation.yml:1",
        "federation.yml:3",
        "sites/broken.yml:2",
        "sites/empty.yml:1",
        "sites/north.yml:8",
        "sites/south.yml:5",
    ]


def test_a_refused_value_hides_nothing_else_of_its_file(description):
    description.change(S, "count: 2", "count: 7, hardware: {cors: 3}")
    description.change(S, "10.2.0.0/20", "10.1.0.0/20")
    assert len(_problems(description.path)) == 3


def test_no_site_at_all(description):
    for file in (description.folder / "sites").iterdir():
        file.unlink()
    assert (
        _problems(description.path)[0]
        == "federation.yml:1: the folder 'sites' beside this file has no site file (*.yml)"
    )
    (description.folder / "sites").rmdir()
    assert _problems(description.path)[0] == "federation.yml:1: the folder 'sites' beside this file is missing"


def test_other_files_in_the_folder_are_no_sites(description):
    for name in ("README.md", ".hidden.yml", "north.yml~", "old.yml.bak"):
        description.write(f"sites/{name}", "not: a: site")
    description.write("sites/west.yaml", "name: 5")
    assert {line.split(":")[0] for line in _problems(description.path)} == {"sites/west.yaml"}
