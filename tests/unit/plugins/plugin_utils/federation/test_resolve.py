# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a valid description means."""

from __future__ import annotations

import re

import pytest

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import load
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.plan import plan
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.services import mon_count


def test_names_and_addresses(description):
    description.change("sites/south.yml", "count: 2", "count: 4, absent: [1, 3]")
    hosts = load(description.path)["hosts"]
    assert hosts["north-storage-03"] == "10.1.1.3"
    assert {name: hosts[name] for name in hosts if name.startswith("south")} == {
        "south-cpu-02": "10.2.4.2",
        "south-cpu-04": "10.2.4.4",
    }


def test_addresses_of_the_next_protocol(description):
    description.change("sites/south.yml", "10.2.0.0/20", "2001:db8:0:2::/64")
    assert load(description.path)["hosts"]["south-cpu-01"] == "2001:db8:0:2::401"


def test_a_region_has_its_own_network_and_stands_in_the_name(description):
    description.change(
        "sites/south.yml",
        "pools:",
        "regions: {iso: {network: 10.3.0.0/20, certifications: [ISO/IEC 27001]}}\npools:\n"
        "  - {kind: cpu, count: 1, region: iso}",
    )
    model = load(description.path)
    assert model["hosts"]["south-iso-cpu-01"] == "10.3.4.1"
    assert model["sites"]["south"]["regions"]["iso"]["certifications"] == ["ISO/IEC 27001"]
    [pool] = [pool for pool in model["pools"] if pool["name"] == "iso-cpu"]
    assert pool["groups"] == ["site_south", "pool_cpu", "region_iso", "tier_satellite"]
    assert model["groups"]["certified"] == ["south-iso-cpu-01"]
    assert model["groups"]["log_forwarding"] == []


def test_a_tenant_has_nodes_and_a_network_of_its_vpn(description):
    description.change(
        "sites/south.yml",
        "pools:",
        "services: {vpn: {pool: cpu}}\n"
        "regions: {iso: {network: 10.3.0.0/20, tenants: {clinic: {vpn_network: 10.4.0.0/24}}}}\npools:\n"
        "  - {kind: cpu, count: 1, region: iso, tenant: clinic}",
    )
    model = load(description.path)
    [tenant] = model["sites"]["south"]["regions"]["iso"]["tenants"].values()
    assert tenant == {"title": "clinic", "vpn_network": "10.4.0.0/24", "hosts": {"south-iso-cpu-01": "10.3.4.1"}}
    [pool] = [pool for pool in model["pools"] if pool["name"] == "iso-cpu"]
    assert pool["groups"][-2:] == ["tenant", "tenant_clinic"]
    assert model["groups"]["certified"] == []


def test_waivers_are_those_of_the_site(description):
    waiver = {"control": "ssh-banner", "owner": "Anna", "reason": "Old clients", "expires": "2027-06-30"}
    description.change("sites/south.yml", "pools:", f"waivers: [{waiver}]\npools:")
    sites = load(description.path)["sites"]
    assert sites["south"]["waivers"] == [waiver]
    assert sites["north"]["waivers"] == []


def test_a_named_pool_with_a_block_of_its_own(description):
    description.change("federation.yml", "backbone:", "  fast: {offset: 2048, size: 64}\nbackbone:")
    description.change("sites/south.yml", "pools:\n", "pools:\n  - {kind: cpu, name: fast, block: fast, count: 1}\n")
    model = load(description.path)
    assert model["hosts"]["south-fast-01"] == "10.2.8.1"
    assert "pool_cpu" in next(pool for pool in model["pools"] if pool["name"] == "fast")["groups"]


def test_hyphens_of_names_become_underscores_in_groups(description):
    description.change("sites/south.yml", "name: south", "name: south-2")
    groups = {group for pool in load(description.path)["pools"] for group in pool["groups"]}
    assert {"site_south_2", "region_south_2"} <= groups


def test_hardware_of_a_kind_and_of_a_pool(description):
    description.change("federation.yml", "backbone:", "hardware: {cpu: {cores: 200}}\nbackbone:")
    description.change("sites/south.yml", "count: 2", "count: 2, hardware: {cores: 64, ram_gb: 512}")
    hardware = {(pool["site"], pool["kind"]): pool["hardware"] for pool in load(description.path)["pools"]}
    assert hardware["north", "cpu"] == {"cores": 200}
    assert hardware["south", "cpu"] == {"cores": 64, "ram_gb": 512}
    assert hardware["north", "storage"] == {}


def test_a_ceph_cluster(description):
    description.change("sites/north.yml", "count: 3", "count: 5, absent: [1]")
    model = load(description.path)
    cluster = model["ceph"]["north"]
    assert cluster["bootstrap"] == "north-storage-02"
    assert cluster["mon_hosts"] == ["north-storage-02", "north-storage-03", "north-storage-04"]
    assert cluster["osd_hosts"] == cluster["rgw_hosts"] == list(cluster["hosts"])
    assert cluster["public_network"] == "10.1.0.0/20"
    assert cluster["fsid"] == load(description.path)["ceph"]["north"]["fsid"]
    assert model["groups"]["ceph_bootstrap"] == ["north-storage-02"]
    assert model["groups"]["zone_master"] == ["north-storage-02"]
    assert model["groups"]["ceph_mgr"] == ["north-storage-02", "north-storage-03"]
    assert model["groups"]["ceph_mds"] == [], "metadata servers are for sites that offer CephFS"


def test_a_site_that_offers_cephfs_has_metadata_servers(description):
    description.change("sites/north.yml", "  s3:", "  cephfs: {pool: storage}\n  s3:")
    model = load(description.path)
    assert (
        model["ceph"]["north"]["mds_hosts"] == model["groups"]["ceph_mds"] == ["north-storage-01", "north-storage-02"]
    )
    assert re.search(r"^  cephfs +north +- +3 nodes of pool storage +CephFS file system$", plan(model), re.MULTILINE)


@pytest.mark.parametrize(("hosts", "mons"), [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5), (40, 5)])
def test_monitors_are_an_odd_number(hosts, mons):
    assert mon_count(hosts) == mons


def test_endpoints(description):
    description.change("federation.yml", "master: north", "master: north, rgw_port: 8443")
    description.change(
        "sites/south.yml",
        "pools:",
        "services: {s3: {title: Old S3, host: s3.elsewhere.org}, dcache: {port: 443}}\npools:",
    )
    endpoints = load(description.path)["endpoints"]
    north = endpoints["s3"]["north"]
    assert north["url"] == "https://s3.north.example.test:8443"
    assert north["addresses"] == ["10.1.1.1", "10.1.1.2", "10.1.1.3"]
    assert endpoints["s3"]["south"] == {
        "title": "Old S3",
        "url": "https://s3.elsewhere.org",
        "host": "s3.elsewhere.org",
        "port": 443,
        "hosts": [],
        "addresses": [],
    }
    assert endpoints["dcache"]["south"]["url"] == "https://dcache.south.example.test"


def test_the_backbone_has_the_zones_that_run_ceph(description):
    assert load(description.path)["backbone"] == {
        "realm": "r",
        "zonegroup": "z",
        "master": "north",
        "rgw_port": 443,
        "audience": "https://s3.example.test",
        "buckets": {},
        "access": [],
        "zones": {
            "north": {
                "zone": "north",
                "master": True,
                "endpoints": ["https://s3.north.example.test"],
                "bootstrap": "north-storage-01",
            }
        },
    }


def test_a_port_of_one_zone_only(description):
    description.change("sites/north.yml", "s3: {pool: storage}", "s3: {pool: storage, port: 8080}")
    assert load(description.path)["backbone"]["zones"]["north"]["endpoints"] == ["https://s3.north.example.test:8080"]


def test_the_plan_says_where_an_announced_total_differs(description):
    description.change("federation.yml", "backbone:", "announced_totals: {cpu: 9, storage: 3}\nbackbone:")
    model = load(description.path)
    assert model["totals"] == {"cpu": {"nodes": 4, "announced": 9}, "storage": {"nodes": 3, "announced": 3}}
    lines = plan(model).splitlines()
    [cpu] = [line for line in lines if line.split()[:3] == ["cpu", "4", "9"]]
    assert "differs" in cpu
    [storage] = [line for line in lines if line.split() == ["storage", "3", "3"]]
    assert storage


def test_the_plan_is_aligned_and_complete(description):
    text = plan(load(description.path))
    assert text.startswith("example: 2 sites, 7 hosts, domain example.test\n")
    for title in ("SITES", "POOLS", "HOSTS", "SERVICES", "TOTALS"):
        assert f"\n\n{title}\n" in text
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "  south-cpu-02      10.2.4.2  south-cpu-02.example.test      -\n" in text


def test_a_federation_without_pools_has_a_plan(description):
    description.change("sites/south.yml", "pools:\n  - {kind: cpu, count: 2}\n", "")
    (description.folder / "sites" / "north.yml").unlink()
    description.change("federation.yml", "backbone: {realm: r, zonegroup: z, master: north}\n", "")
    model = load(description.path)
    assert model["hosts"] == {}
    assert model["backbone"] == {}
    assert "HOSTS\n  none" in plan(model)


def test_the_example_of_the_documentation(root, tmp_path):
    text = (root / "docs" / "federation.md").read_text()
    (tmp_path / "sites").mkdir()
    for name, content in re.findall(r"```yaml\n# inventories/example/(\S+)\n(.*?)```", text, re.DOTALL):
        (tmp_path / name).write_text(content)
    model = load(tmp_path / "federation.yml")
    assert list(model["sites"]) == ["north", "south"]
    assert model["hosts"]["north-cpu-07"] == "10.1.4.7", "as the page says"


IDENTITY = "  iam: {pool: cpu, host: iam.example.test}\n  vault: {pool: cpu}\n"


def _with_identity(description):
    description.write("sites/north.yml", (description.folder / "sites/north.yml").read_text() + IDENTITY)
    description.change(
        "federation.yml",
        "backbone:",
        "buckets: {virgo: {}, clinic: {encryption: sse-kms}}\n"
        "access: [{group: /virgo, bucket: virgo, rights: [read]}]\nbackbone:",
    )


def test_the_only_iam_and_vault_serve_the_whole_federation(description):
    _with_identity(description)
    identity = load(description.path)["identity"]
    assert identity["iam"] == {"site": "north", "url": "https://iam.example.test"}
    assert identity["vault"] == {"site": "north", "url": "https://vault.north.example.test:8200"}
    assert identity["groups_claim"] == "wlcg.groups"
    groups = load(description.path)["groups"]
    assert groups["openbao_agent"] == ["north-storage-01", "north-storage-02", "north-storage-03"]
    assert groups["rgw_access"] == ["north-storage-01"]


def test_nobody_offers_identity(description):
    model = load(description.path)
    assert (model["identity"]["iam"], model["identity"]["vault"]) == (None, None)
    assert model["groups"]["openbao_agent"] == model["groups"]["rgw_access"] == []


def test_buckets_and_access(description):
    _with_identity(description)
    backbone = load(description.path)["backbone"]
    assert backbone["audience"] == "https://s3.example.test"
    assert backbone["buckets"] == {"virgo": {"encryption": "sse-s3"}, "clinic": {"encryption": "sse-kms"}}
    assert backbone["access"] == [{"group": "/virgo", "bucket": "virgo", "prefix": "", "rights": ["read"]}]


def test_without_a_vault_nothing_is_encrypted(description):
    description.change("federation.yml", "backbone:", "buckets: {virgo: {}}\nbackbone:")
    assert load(description.path)["backbone"]["buckets"] == {"virgo": {"encryption": "none"}}


def test_a_part_of_a_federation(description):
    _with_identity(description)
    whole = load(description.path)
    part = load(description.path, ["storage"])
    assert set(part["hosts"]) == {"north-storage-01", "north-storage-02", "north-storage-03"}
    assert part["hosts"].items() <= whole["hosts"].items()
    assert part["identity"]["vault"] is None
    assert set(part["endpoints"]) == {"s3"}
    assert part["ceph"] == whole["ceph"]


def test_a_part_is_checked_as_the_whole(description):
    description.change("sites/south.yml", "count: 2", "count: 999")
    with pytest.raises(DescriptionError):
        load(description.path, ["storage"])
