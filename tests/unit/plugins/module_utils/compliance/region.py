# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of a small region, as role evidence brings it to the control node."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[5]
DATA = Path(__file__).parent / "data"
HOSTS = ["ba-user-01", "ba-user-02"]


def program():
    """The program of role evidence, as a module."""
    path = ROOT / "roles" / "evidence" / "files" / "collect_evidence.py"
    spec = importlib.util.spec_from_file_location("collect_evidence", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def probe(name, status="pass", host="ba-user-01", time="2026-01-31T11:30:00Z", **references):
    """A probe of that name."""
    listed = {"iso27001_2022": [], "iso27017": [], "iso27018": [], **references}
    return {"id": name, "title": f"Probe {name}", "host": host, "status": status, "observed": {"seen": name},
            "time": time, **listed}  # fmt: skip


def evidence(host):
    """What the program writes about a host."""
    with (DATA / "arf.xml").open("rb") as file:
        found = program().read_arf(file)
    return {
        "format": 1, "host": host, "collected": "2026-01-31T12:00:00Z",
        "system": {"name": "Debian GNU/Linux 13 (trixie)", "kernel": "6.12"},
        "controls": json.loads((DATA / "results.json").read_text()),
        "openscap": {
            **found, "profile": "xccdf_org.ssgproject.content_profile_small", "time": "2026-01-31T11:59:00Z",
            "scanner": "oscap 1.4.2", "datastream": {"path": "/ds.xml", "sha256": "d" * 64},
            "arf": {"file": "arf-0123456789abcdef.xml.gz", "sha256": "a" * 64, "sha256_unpacked": "b" * 64},
            "counts": program().counts(found["rules"]),
        },
        "probes": [probe("backup", host=host, iso27001_2022=["A.8.13"], iso27018=["A.11.3"])],
    }  # fmt: skip
