# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controls of ISO/IEC 27001:2022 Annex A, 27017:2015 and 27018:2019 as a report names them.

Only the identifiers are the standards'; the titles are our own short words, and say nothing about what a control
demands. Whoever assesses needs the standards themselves.
"""

from __future__ import annotations

from typing import NamedTuple

# How a control can be assessed by looking at hosts and services:
TECHNICAL = "technical"  # wholly or mostly
PARTLY = "partly"  # an organisational control with a technical part, which alone is assessed
ORGANISATIONAL = "organisational"  # not at all: documents, contracts and people answer
PHYSICAL = "physical"  # not at all: buildings and equipment answer


class Control(NamedTuple):
    """One control of a standard."""

    id: str
    title: str
    kind: str
    theme: str


class Standard(NamedTuple):
    """A standard: the key of references to it, its name, and its controls in order."""

    key: str
    name: str
    subject: str
    prefix: str  # of identifiers in OSCAL, where those of all standards stand side by side
    controls: tuple


def _controls(theme, rows):
    """Controls of one theme from lines `identifier kind-letter title`."""
    kinds = {"t": TECHNICAL, "p": PARTLY, "o": ORGANISATIONAL, "b": PHYSICAL}
    parts = (row.strip().split(" ", 2) for row in rows.strip().splitlines())
    return tuple(Control(name, title, kinds[kind], theme) for name, kind, title in parts)


_ORGANISATION = """
A.5.1 o Policies for information security
A.5.2 o Who is responsible for what
A.5.3 o Duties that must not be in one hand
A.5.4 o What management sees to
A.5.5 o Contact with authorities
A.5.6 o Contact with professional groups
A.5.7 p Knowing about current threats
A.5.8 o Security in projects
A.5.9 p Inventory of information and assets
A.5.10 o Acceptable use of assets
A.5.11 o Assets handed back
A.5.12 o Classes of information
A.5.13 o Labels on information
A.5.14 p Transfer of information
A.5.15 p Rules of access
A.5.16 p Identities and their life
A.5.17 p Passwords, keys and other proofs of identity
A.5.18 p Rights given, reviewed and withdrawn
A.5.19 o Security with suppliers
A.5.20 o Security in suppliers' contracts
A.5.21 o Security of the supply chain
A.5.22 o Suppliers watched and reviewed
A.5.23 o Use of cloud services
A.5.24 o Readiness for incidents
A.5.25 o Events judged
A.5.26 o Answers to incidents
A.5.27 o Lessons of incidents
A.5.28 p Evidence collected and kept
A.5.29 o Security during disruption
A.5.30 p Services ready for continuity
A.5.31 o Laws, regulations and contracts
A.5.32 o Intellectual property
A.5.33 p Records protected
A.5.34 p Privacy and personal data
A.5.35 o Independent review
A.5.36 p Own rules followed
A.5.37 o Written operating procedures
"""
_PEOPLE = """
A.6.1 o Candidates checked
A.6.2 o Terms of employment
A.6.3 o Awareness and training
A.6.4 o Breaches by staff
A.6.5 o Duties that outlast employment
A.6.6 o Confidentiality agreements
A.6.7 p Work from elsewhere
A.6.8 o Events reported by staff
"""
_PHYSICAL = """
A.7.1 b Secured perimeter
A.7.2 b Entry to premises
A.7.3 b Offices and rooms
A.7.4 b Premises watched
A.7.5 b Fire, water and other dangers
A.7.6 b Work in secure areas
A.7.7 b Clear desks and screens
A.7.8 b Place of equipment
A.7.9 b Equipment outside the premises
A.7.10 b Storage media
A.7.11 b Power and other supplies
A.7.12 b Cables
A.7.13 b Equipment maintained
A.7.14 b Equipment disposed of or reused
"""
_TECHNOLOGY = """
A.8.1 t Devices of users
A.8.2 t Privileged access
A.8.3 t Access to information restricted
A.8.4 t Access to source code
A.8.5 t Secure login
A.8.6 t Capacity
A.8.7 t Protection against malware
A.8.8 t Technical vulnerabilities
A.8.9 t Configuration
A.8.10 t Information deleted
A.8.11 t Data masked
A.8.12 t Leaks prevented
A.8.13 t Backup
A.8.14 t Redundancy
A.8.15 t Logs
A.8.16 t Monitoring
A.8.17 t Clocks in step
A.8.18 t Privileged programs
A.8.19 t Software on systems in operation
A.8.20 t Networks secured
A.8.21 t Network services secured
A.8.22 t Networks kept apart
A.8.23 t Web filtering
A.8.24 t Cryptography
A.8.25 o Secure development
A.8.26 p Security demanded of applications
A.8.27 o Principles of secure engineering
A.8.28 o Secure coding
A.8.29 p Security tests
A.8.30 o Development by others
A.8.31 p Development, test and production apart
A.8.32 p Changes under control
A.8.33 o Test data
A.8.34 p Systems protected during audits
"""
_CLOUD = """
CLD.6.3.1 o Duties shared between customer and provider
CLD.8.1.5 o Customers' assets removed at the end
CLD.9.5.1 t Tenants kept apart
CLD.9.5.2 t Virtual machines hardened
CLD.12.1.5 p Administrators' operations secured
CLD.12.4.5 p Customers can watch their services
CLD.13.1.4 t Virtual networks as secure as physical ones
"""
_PERSONAL_DATA = """
A.2.1 o Helping with the rights of data subjects
A.3.1 o Only for the customer's purpose
A.3.2 o No commercial use
A.5.1 t Temporary files erased
A.6.1 o Requests for disclosure told to the customer
A.6.2 o Disclosures recorded
A.8.1 o Subcontractors disclosed
A.10.1 o Breaches of personal data notified
A.10.2 o How long policies are kept
A.10.3 o Personal data returned and disposed of
A.11.1 o Confidentiality agreements
A.11.2 o Paper copies restricted
A.11.3 p Restores controlled and logged
A.11.4 p Media that leave the premises
A.11.5 p Unencrypted portable media
A.11.6 t Encryption on public networks
A.11.7 o Paper disposed of
A.11.8 t One identity a person
A.11.9 p Record of those with access
A.11.10 p Identities ended and not given again
A.11.11 o Measures in contracts
A.11.12 o Subcontracted processing
A.11.13 t Storage used before shows nothing
A.12.1 o In which countries the data is
A.12.2 p Data reaches only its destination
"""

STANDARDS = (
    Standard(
        "iso27001_2022",
        "ISO/IEC 27001:2022",
        "Annex A",
        "iso27001",
        _controls("Organisation", _ORGANISATION)
        + _controls("People", _PEOPLE)
        + _controls("Premises", _PHYSICAL)
        + _controls("Technology", _TECHNOLOGY),
    ),
    Standard("iso27017", "ISO/IEC 27017:2015", "Cloud services", "iso27017", _controls("Cloud services", _CLOUD)),
    Standard(
        "iso27018", "ISO/IEC 27018:2019", "Personal data in public clouds", "iso27018",
        _controls("Personal data", _PERSONAL_DATA),
    ),
)  # fmt: skip

# The live probes that technical controls are expected to have beside what is read from hosts: what a report says is
# missing where a region has none (topics as in docs/hardening.md).
EXPECTED_PROBES = {
    "A.8.7": "a test virus is found",
    "A.8.10": "what was deleted is gone from storage",
    "A.8.13": "a backup is restored and compared",
    "A.8.15": "a marker event reaches the log server",
    "A.8.17": "the clock's offset is small",
    "A.8.20": "a blocked path refuses a connection",
    "A.8.22": "one tenant cannot reach another",
    "A.8.24": "what is on the disk is encrypted",
    "CLD.9.5.1": "one tenant cannot reach another",
}
