# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services a site can offer, and what each brings to the nodes that run it.

A layer that brings a new service adds its line here; nothing else of the description has to change.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A service of the catalogue.

    ``groups`` are those that every node running it joins. ``label`` is the first word of the endpoint's name
    (``<label>.<site>.<domain>``), None for a service with no endpoint of its own. ``needs`` is the service that must
    run on the same pool.
    """

    title: str
    groups: tuple[str, ...]
    label: str | None = None
    port: int = 443
    needs: str | None = None


SERVICES = {
    "ceph": Service("Ceph cluster", ("ceph", "ceph_osd")),
    "s3": Service("S3 object storage on Ceph", ("rgw",), label="s3", needs="ceph"),
    "cephfs": Service("CephFS file system", (), needs="ceph"),
    # Default ports: StoRM WebDAV 8443 (storm-webdav application.yml), StoRM Tape 8443 (its published endpoint),
    # dCache WebDAV door 2880 (webdav.net.port).
    "storm_webdav": Service("StoRM WebDAV", ("storm_webdav",), label="webdav", port=8443),
    "storm_tape": Service("StoRM Tape REST API", ("storm_tape",), label="tape", port=8443),
    "dcache": Service("dCache WebDAV", ("dcache",), label="dcache", port=2880),
    "iam": Service("INDIGO IAM", ("indigo_iam",), label="iam"),
    # OpenBao's and Vault's API answers on 8200 (listener "tcp" of their configuration).
    "vault": Service("OpenBao", ("openbao",), label="vault", port=8200),
    "s3_mount": Service("S3 buckets as folders on users' machines", ("s3_mount",)),
    "vpn": Service("VPN into isolated tenants' networks", ("vpn",)),
    "log_server": Service("Central log", ("log_server",)),
    "scan_manager": Service("Manager of vulnerability scans", ()),
    "scanner": Service("Vulnerability scanner", ("greenbone_scanner",)),
}
# Services of which one, at some site, serves all sites.
FEDERATION_WIDE = ("iam", "vault")


def mon_count(hosts: int) -> int:
    """How many of a cluster's hosts run a Ceph monitor: an odd number, 1, 3 or 5, as Ceph's quorum wants it."""
    return 5 if hosts >= 5 else 3 if hosts >= 3 else 1
