# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ceph_info reads: one function for each part, of a Ceph to a dictionary."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import rows
from ansible_collections.infn.datacloud.plugins.module_utils.ceph.backends import fs_listing, pool_listing


def health(ceph):
    """Status and checks of `health detail`."""
    answer = ceph.mon("health", detail="detail")
    return {
        "status": answer["status"],
        "checks": {
            code: {
                "severity": check["severity"],
                "summary": check["summary"]["message"],
                "count": check["summary"]["count"],
                "muted": check["muted"],
                "details": [line["message"] for line in check["detail"]],
            }
            for code, check in answer["checks"].items()
        },
    }


def versions(ceph):
    """Number of daemons by type and version."""
    return ceph.mon("versions")


def services(ceph):
    """Services by name."""
    return {
        row["service_name"]: {
            "type": row["service_type"],
            "running": row["status"].get("running", 0),
            "size": row["status"].get("size", 0),
            "unmanaged": row.get("unmanaged", False),
        }
        for row in rows(ceph.mgr("orch ls"), "orch ls")
    }


def hosts(ceph):
    """Hosts by name."""
    return {
        row["hostname"]: {name: row[name] for name in ("addr", "labels", "status")}
        for row in rows(ceph.mgr("orch host ls"), "orch host ls")
    }


def daemons(ceph):
    """Daemons by name."""
    return {
        row["daemon_name"]: {
            "host": row["hostname"],
            "service": row.get("service_name"),
            "status": row.get("status_desc"),
            "version": row.get("version"),
        }
        for row in rows(ceph.mgr("orch ps"), "orch ps")
    }


def osds(ceph):
    """Counts and states of the OSDs."""
    found = ceph.mon("osd dump")["osds"]
    return {
        "total": len(found),
        "up": sum(osd["up"] for osd in found),
        "in": sum(osd["in"] for osd in found),
        "osds": {
            str(osd["osd"]): {"up": bool(osd["up"]), "in": bool(osd["in"]), "weight": osd["weight"]} for osd in found
        },
    }


def monitors(ceph):
    """Monitors and their quorum."""
    answer = ceph.mon("quorum_status")
    return {
        "quorum": answer["quorum_names"],
        "leader": answer["quorum_leader_name"],
        "monitors": {
            mon["name"]: [address["addr"] for address in mon["public_addrs"]["addrvec"]]
            for mon in answer["monmap"]["mons"]
        },
    }


def managers(ceph):
    """The active manager and its standbys."""
    answer = ceph.mon("mgr stat")
    return {"active": answer["active_name"], "available": answer["available"], "standbys": answer["num_standby"]}


READERS = {
    "health": health,
    "versions": versions,
    "services": services,
    "hosts": hosts,
    "daemons": daemons,
    "osds": osds,
    "monitors": monitors,
    "managers": managers,
    "pools": pool_listing,
    "filesystems": fs_listing,
}
