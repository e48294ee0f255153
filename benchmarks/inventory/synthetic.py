# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a made-up federation of any size, with all that the real one has: two backbone sites, satellites, services."""

from __future__ import annotations

from pathlib import Path

HOSTS_PER_SITE = 50

FEDERATION = """\
---
plugin: infn.datacloud.federation
name: synthetic
domain: synthetic.test
names: dns
address_plan:
  storage: {offset: 64, size: 64}
  cpu: {offset: 128, size: 128}
  gpu: {offset: 256, size: 128}
hardware:
  cpu: {cores: 200, ram_gb: 1536, interconnect: infiniband}
  gpu: {gpus: 4, gpu_model: NVIDIA H100, interconnect: infiniband}
backbone:
  realm: synthetic
  zonegroup: all
  master: site-000
"""

SITE = """\
---
name: {name}
location: Nowhere
contacts: [admins@{name}.synthetic.test]
tier: {tier}
network: {network}
pools:
  - {{kind: storage, count: 10}}
  - {{kind: cpu, count: 30}}
  - {{kind: gpu, count: 10}}
services:
{services}"""

BACKBONE = (
    "  ceph: {pool: storage}\n  cephfs: {pool: storage}\n  s3: {pool: storage}\n  storm_webdav: {pool: storage}\n"
)
SATELLITE = "  dcache: {title: dCache of the site}\n"


def write(folder: Path, hosts: int) -> Path:
    """Write a federation of ``hosts`` nodes (a multiple of 50) below ``folder``; return its federation.yml."""
    if hosts % HOSTS_PER_SITE:
        raise ValueError(f"{hosts} is no multiple of {HOSTS_PER_SITE}")
    (folder / "sites").mkdir(parents=True)
    (folder / "federation.yml").write_text(FEDERATION, encoding="utf-8")
    for number in range(hosts // HOSTS_PER_SITE):
        backbone = number < 2
        text = SITE.format(
            name=f"site-{number:03d}",
            tier="backbone" if backbone else "satellite",
            network=f"10.{number // 32}.{number % 32 * 8}.0/21",
            services=BACKBONE if backbone else SATELLITE,
        )
        (folder / "sites" / f"site-{number:03d}.yml").write_text(text, encoding="utf-8")
    return folder / "federation.yml"
