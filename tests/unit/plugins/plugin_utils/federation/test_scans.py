# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a valid description of scans means, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ansible_collections.infn.datacloud.plugins.plugin_utils.federation import scans as federation_scans
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.load import load
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.plan import plan
from ansible_collections.infn.datacloud.plugins.plugin_utils.federation.problems import DescriptionError

F = "federation.yml"
NORTH = "sites/north.yml"
SOUTH = "sites/south.yml"
SCANS = """\
scans:
  profile: standard
  profiles:
    standard: {}
    thorough: {every: day, authenticated: true, fail_above: 3.9, ports: [22, 443, "U:53"]}
    monthly: {every: month}
backbone:"""
SITE = """\
regions:
  safe:
    network: 10.3.0.0/20
    certifications: [ISO/IEC 27001]
    scans: {profile: thorough, window: {start: "01:00", hours: 2}}
scans:
  window: {start: "23:00", day: saturday}
  exclude: [north-storage-02, 10.1.4.2]
  owners: {storage: storage@north.test, north-storage-03: ceph@north.test}
  accepted:
    - {cve: CVE-2024-6387, hosts: [north-cpu-*], owner: Alice, reason: Not reachable, until: "2027-06-30"}
pools:
  - {kind: scanner, count: 2}
  - {kind: cpu, count: 1, region: safe}
"""


@pytest.fixture
def scans(description):
    """The description with a manager and two scanners at site north; both sites are scanned."""
    description.change(F, "  cpu:", "  scanner: {offset: 512, size: 16}\n  cpu:")
    description.change(F, "backbone:", SCANS)
    description.change(NORTH, "pools:\n", SITE)
    description.change(NORTH, "services:\n", "services:\n  scan_manager: {pool: scanner}\n  scanner: {pool: scanner}\n")
    description.change(SOUTH, "pools:", "scans: {}\npools:")
    return description


def test_each_network_with_hosts_is_a_target(scans):
    targets = load(scans.path)["scans"]["targets"]
    assert list(targets) == ["example: north north", "example: north safe", "example: south south"]
    assert {t["scanner"] for t in targets.values()} == {"north-scanner-01"}
    north, safe, south = targets.values()
    assert north["network"] == "10.1.0.0/20"
    assert north["hosts"]["north-scanner-01"] == {
        "address": "10.1.2.1",
        "fqdn": "north-scanner-01.example.test",
        "owner": "admins@north.test",
    }
    assert north["excluded"] == {"north-storage-02": "10.1.1.2", "north-cpu-02": "10.1.4.2"}
    assert "north-storage-02" not in north["hosts"]
    assert safe["certified"] and not north["certified"]
    assert (north["profile"], safe["profile"], south["profile"]) == ("standard", "thorough", "standard")
    assert list(south["hosts"]) == ["south-cpu-01", "south-cpu-02"]


def test_a_finding_has_the_nearest_owner(scans):
    hosts = load(scans.path)["scans"]["targets"]["example: north north"]["hosts"]
    assert hosts["north-storage-01"]["owner"] == "storage@north.test"
    assert hosts["north-storage-03"]["owner"] == "ceph@north.test"
    assert hosts["north-cpu-01"]["owner"] == "admins@north.test"


def test_windows_become_schedules(scans):
    targets = load(scans.path)["scans"]["targets"]
    assert targets["example: north north"]["schedule"] == {
        "start": "2026-01-03T23:00:00",
        "timezone": "UTC",
        "every": "week",
        "interval": 1,
        "weekdays": ["saturday"],
        "duration": 360,
    }
    assert targets["example: north safe"]["schedule"] == {
        "start": "2026-01-01T01:00:00",
        "timezone": "UTC",
        "every": "day",
        "interval": 1,
        "weekdays": [],
        "duration": 120,
    }
    scans.change(SOUTH, "scans: {}", "scans: {profile: monthly, window: {day: thursday}}")
    schedule = load(scans.path)["scans"]["targets"]["example: south south"]["schedule"]
    assert (schedule["start"], schedule["every"], schedule["interval"]) == ("2026-01-01T22:00:00", "week", 4)


@pytest.mark.parametrize("number", range(1, 8))
def test_a_schedule_begins_on_its_day(scans, number):
    day = date(2026, 2, number).strftime("%A").lower()
    scans.change(SOUTH, "scans: {}", f"scans: {{window: {{day: {day}}}}}")
    first = load(scans.path)["scans"]["targets"]["example: south south"]["schedule"]["start"]
    assert date.fromisoformat(first[:10]).strftime("%A").lower() == day


# The window of site north opens on Saturdays at 23:00 for 6 hours; 2026-11-21 is a Saturday.
@pytest.mark.parametrize(
    ("now", "scanned", "when", "is_due"),
    [
        ("2026-11-21T23:30:00Z", None, "due", True),
        ("2026-11-22T04:59:00Z", "2026-11-14T23:00:00Z", "due", True),
        ("2026-11-21T23:30:00Z", "2026-11-21T23:00:00Z", "due", False),
        ("2026-11-22T05:00:00Z", "2026-11-14T23:00:00Z", "due", False),
        ("2026-11-21T22:59:00Z", None, "due", False),
        ("2026-11-21T23:05:00Z", None, "due", False),
        ("2026-11-21T23:10:00Z", None, "due", True),
        ("2026-11-21T22:59:00Z", None, "new", True),
        ("2026-11-21T22:59:00Z", "2026-01-01T00:00:00Z", "new", False),
        ("2026-11-21T22:59:00Z", "2026-11-21T22:00:00Z", "all", True),
        ("2026-11-21T23:30:00Z", None, "none", False),
    ],
)
def test_a_scan_is_started_once_in_its_window(scans, now, scanned, when, is_due):
    targets = load(scans.path)["scans"]["targets"]
    only = {"example: north north": targets["example: north north"]}
    reports = [{"task": "example: north north", "start": scanned or "", "status": "Done" if scanned else ""}]
    found = federation_scans.due(only, reports, datetime.fromisoformat(now).astimezone(UTC), when)
    assert found == (list(only) if is_due else [])


def test_a_scan_that_was_interrupted_is_started_again(scans):
    targets = load(scans.path)["scans"]["targets"]
    reports = [{"task": name, "start": "2026-11-21T23:00:00Z", "status": "Interrupted"} for name in targets]
    now = datetime.fromisoformat("2026-11-21T23:30:00Z")
    assert "example: north north" in federation_scans.due(targets, reports, now)
    assert federation_scans.due(targets, reports, now, "new") == list(targets)


def test_the_plan_tells_what_is_scanned_when_and_how(scans):
    lines = [line.split() for line in plan(load(scans.path)).splitlines() if line.startswith("  example: north")]
    assert " ".join(lines[1]) == (
        "example: north safe 1 - thorough, with a login every day, 01:00 UTC, 2 h north-scanner-01"
    )


def test_profiles_are_complete(scans):
    profiles = load(scans.path)["scans"]["profiles"]
    assert profiles["standard"] == {
        "config": "Full and fast",
        "every": "week",
        "authenticated": False,
        "fail_above": 6.9,
        "hosts_at_once": 20,
        "checks_at_once": 4,
        "port_list": "All IANA assigned TCP",
        "ports": None,
    }
    assert profiles["thorough"]["ports"] == ["22", "443", "U:53"]
    assert profiles["thorough"]["port_list"] is None


def test_accepted_findings_hold_for_hosts_of_their_site(scans):
    scans.change(SOUTH, "scans: {}", 'scans: {accepted: [{oid: "1.3.6", owner: B, reason: r, until: "2027-01-01"}]}')
    accepted = load(scans.path)["scans"]["accepted"]
    assert [(entry["site"], entry["hosts"]) for entry in accepted] == [
        ("north", ["north-cpu-*"]),
        ("south", ["south-*"]),
    ]


@pytest.mark.parametrize("name", ["north-cpu-01:22/tcp:1.3.6.1.4", "10.1.4.9:general/tcp:1.3.6", "fd00::1:53/udp:1.3"])
def test_one_finding_may_be_accepted(scans, name):
    scans.change(NORTH, "cve: CVE-2024-6387", f'id: "{name}"')
    assert load(scans.path)["scans"]["accepted"][0]["id"] == name


def test_who_scans(scans):
    model = load(scans.path)
    assert model["groups"]["greenbone_manager"] == ["north-scanner-01"]
    assert model["scans"]["manager"] == {"site": "north", "host": "north-scanner-01"}
    assert model["scans"]["scanners"]["north-scanner-02"] == {"site": "north", "address": "10.1.2.2"}
    assert model["groups"]["scan_login"] == ["north-safe-cpu-01"]
    pool = next(pool for pool in model["pools"] if pool["kind"] == "scanner")
    assert "greenbone_scanner" in pool["groups"]


def test_a_site_is_scanned_by_its_own_scanner(scans):
    scans.change(SOUTH, "pools:\n", "services: {scanner: {pool: scanner}}\npools:\n  - {kind: scanner, count: 1}\n")
    assert load(scans.path)["scans"]["targets"]["example: south south"]["scanner"] == "south-scanner-01"
    scans.change(SOUTH, "scans: {}", "scans: {scanner: north}")
    assert load(scans.path)["scans"]["targets"]["example: south south"]["scanner"] == "north-scanner-01"


def test_an_appliance_manages_instead(scans):
    scans.change(F, "scans:\n", "scans:\n  appliance: {host: gmp.example.test, transport: ssh}\n")
    scans.change(NORTH, "  scan_manager: {pool: scanner}\n  scanner: {pool: scanner}\n", "")
    model = load(scans.path)
    assert model["scans"]["appliance"] == {"host": "gmp.example.test", "transport": "ssh", "port": 22}
    assert model["scans"]["manager"] is None
    assert model["scans"]["targets"]["example: south south"]["scanner"] is None
    assert model["groups"]["greenbone_manager"] == []
    scans.change(SOUTH, "pools:", "services: {scanner: {pool: cpu}}\npools:")
    with pytest.raises(
        DescriptionError, match=r"scans.appliance: an appliance does all that, but south offers scanner$"
    ):
        load(scans.path)
    scans.change(F, "gmp.example.test", "gmp_1")
    with pytest.raises(DescriptionError, match=r"appliance.host: must be the full name or the address of a host, not"):
        load(scans.path)


def test_a_site_that_did_not_join_is_left_alone(scans):
    scans.change(SOUTH, "scans: {}\n", "")
    assert list(load(scans.path)["scans"]["targets"]) == ["example: north north", "example: north safe"]


def test_a_slice_without_the_manager_has_none(scans):
    model = load(scans.path, ["cpu"])
    assert model["scans"]["manager"] is None
    assert list(model["scans"]["targets"]["example: north north"]["hosts"]) == ["north-cpu-01"]


def test_a_federation_without_scans_has_no_scope(description):
    model = load(description.path)
    assert model["scans"] == {}
    assert model["groups"]["greenbone_manager"] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (F, "profile: standard", "profile: standart", "scans.profile: there is no profile 'standart'; did you mean"),
        (F, "every: month", "every: year", "scans.profiles.monthly.every: must be one of day, week, month"),
        (F, "every: month", "fail_above: 11", "scans.profiles.monthly.fail_above: must be a CVSS score from 0 to 10"),
        (F, "every: month", "fail_abov: 1", "scans.profiles.monthly.fail_abov: unknown key 'fail_abov'; did you mean"),
        (F, '[22, 443, "U:53"]', "[https]", "scans.profiles.thorough.ports[0]: must be a port or a range such as 443"),
        (F, '[22, 443, "U:53"]', "[0-70]", "scans.profiles.thorough.ports[0]: 0-70 is no range of ports"),
        (F, '[22, 443, "U:53"]', "[70000]", "scans.profiles.thorough.ports[0]: 70000 is no range of ports"),
        (F, '[22, 443, "U:53"]', "443", "scans.profiles.thorough.ports: must be a list, not 443"),
        (F, "every: month", "ports: [22], port_list: All", "scans.profiles.monthly: says which ports and names"),
        (F, SCANS, "backbone:", "scans: federation.yml has no key 'scans'"),
        (NORTH, "  scan_manager: {pool: scanner}\n", "", "scans: nobody manages the scans: no site offers"),
        (NORTH, "  scanner: {pool: scanner}\n", "", "scans: nothing scans this site: it does not offer scanner"),
        (NORTH, "profile: thorough", "profile: standard", "regions.safe.scans: is certified: its scans log in"),
        (NORTH, "profile: thorough", "profile: thorogh", "regions.safe.scans.profile: there is no profile 'thorogh'"),
        (NORTH, "hours: 2", "day: monday", "regions.safe.scans.window.day: profile 'thorough' scans every day"),
        (NORTH, "hours: 2", "hours: 25", "regions.safe.scans.window.hours: must be a whole number of hours"),
        (NORTH, '"23:00"', "23:00", "scans.window.start: must be a time of the day in UTC"),
        (NORTH, "saturday", "saturnday", "scans.window.day: must be one of monday"),
        (NORTH, "[north-storage-02,", "[north-storage-22,", "scans.exclude[0]: no host of this site has the name or"),
        (NORTH, "10.1.4.2]", "10.1.4.9]", "scans.exclude[1]: no host of this site has the name or address '10.1.4.9'"),
        (NORTH, "{storage: storage@", "{storag: storage@", "scans.owners.storag: there is no pool or host 'storag'"),
        (NORTH, "storage@north.test", "storage", "scans.owners.storage: must be a mail address"),
        (NORTH, "cve: CVE-2024-6387, ", "", "scans.accepted[0]: says which finding by nothing: give one of id, oid"),
        (NORTH, "{cve: ", '{oid: "1.3.6", cve: ', "scans.accepted[0]: says which finding by oid and cve"),
        (NORTH, "CVE-2024-6387", "2024-6387", "scans.accepted[0].cve: must be a CVE such as CVE-2024-6387"),
        (NORTH, "cve: CVE-2024-6387", "id: north-cpu-01", "scans.accepted[0].id: must be the identifier of a finding"),
        (NORTH, "2027-06-30", "2027-06-31", "scans.accepted[0].until: there is no day 2027-06-31"),
        (NORTH, "owner: Alice, ", "", "scans.accepted[0].owner: this key is missing"),
        (NORTH, "north-cpu-*", "north-gpu-*", "scans.accepted[0].hosts: no host of this site is called 'north-gpu-*'"),
        (SOUTH, "scans: {}", "scans: {scanner: west}", "scans.scanner: there is no site 'west' that offers scanner"),
        (
            SOUTH,
            "pools:\n",
            "services: {scan_manager: {pool: cpu}, scanner: {pool: cpu}}\npools:\n",
            "scans: north and south offer scan_manager: one manages the scans of all sites",
        ),
        (
            SOUTH,
            "scans: {}",
            "regions: {iso: {network: 10.4.0.0/20, scans: {}}}",
            "regions.iso.scans: the site is not scanned at all: it has no key 'scans'",
        ),
    ],
)
def test_a_mistake_gives_one_line(scans, file, old, new, problem):
    scans.change(file, old, new)
    with pytest.raises(DescriptionError) as error:
        load(scans.path)
    lines = str(error.value).splitlines()
    assert any(problem in line for line in lines), lines
    # What is missing for all is missing at both sites, and for both services.
    assert len(lines) == (4 if new == "backbone:" else 2 if old.startswith("  scanner:") else 1), lines
    assert all(len(line) < 300 for line in lines)


def test_a_certified_region_is_scanned_more_often_than_its_site(scans):
    scans.change(F, "every: day, authenticated", "every: week, authenticated")
    with pytest.raises(DescriptionError, match=r"regions.safe.scans: is certified: .* more often than its site"):
        load(scans.path)


def test_a_certified_region_of_a_site_that_is_scanned_every_day(scans):
    scans.change(F, "standard: {}", "standard: {every: day}")
    scans.change(NORTH, ", day: saturday", "")
    assert load(scans.path)["scans"]["targets"]["example: north safe"]["profile"] == "thorough"


def test_a_certified_site_is_scanned_with_a_login(scans):
    scans.change(SOUTH, "scans: {}", "scans: {}\ncertifications: [ISO/IEC 27001]")
    with pytest.raises(DescriptionError, match=r"south.yml:6: scans: is certified: its scans log in"):
        load(scans.path)
