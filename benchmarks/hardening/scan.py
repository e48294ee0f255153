# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What independent scanners say about a node: OpenSCAP (CIS level 2, ANSSI BP-028 high), Lynis and ssh-audit.

    scan.py NAME ADDRESS DIRECTORY OUTPUT.json [--fresh FRESH.json] [--anssi] [--remediate]

The score of OpenSCAP has a moving denominator (installing auditd makes rules applicable that then fail), so what counts
is how many rules of a fixed list pass: those that the same node was judged by while it was fresh, taken from a file
that an earlier run of this script wrote (`--fresh`). A regression is a rule that passed there and does not any more.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from node import Node

XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"
RULE = "xccdf_org.ssgproject.content_rule_"
PROFILE = "xccdf_org.ssgproject.content_profile_"
POLICIES = {"12": "Hardened Debian 12 (version 3)", "13": "Hardened Debian 13 (version 1)"}

# The content of Debian 13 itself (0.1.76) knows no Debian 13 and finds every rule not applicable: that of sid is
# unpacked. Podman's marker files and a missing linux-base make most rules not applicable too.
INSTALL = """
set -eu
export DEBIAN_FRONTEND=noninteractive
umount /run/.containerenv 2>/dev/null || true
rm -f /run/.containerenv
# The images that nodes of the lab share are no part of the host, and full of files of unknown owners.
umount /var/lib/lab-images 2>/dev/null || true
[ -e /usr/share/xml/scap/ssg/content/ssg-debian13-ds.xml ] && exit 0
apt-get -qq update >&2
apt-get -qq -y install --no-install-recommends linux-base openscap-scanner lynis >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 0755 .
mkdir -p lists/partial
mirror=$(sed -n 's/^deb \\(\\[[^]]*\\] \\)\\?\\([^ ]*\\/debian\\) .*/\\2/p' /etc/apt/sources.list | head -n 1)
echo "deb ${mirror:-http://deb.debian.org/debian} sid main" > sid.list
set -- -o "Dir::Etc::SourceList=$work/sid.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/lists"
apt-get -qq "$@" update >&2
apt-get -qq "$@" download ssg-base ssg-debian >&2
dpkg --install ssg-base_*.deb ssg-debian_*.deb >&2
"""

OSCAP = """
umask 077
work=$(mktemp -d)
oscap xccdf eval {options} --profile {profile} --results "$work/r.xml" \\
    /usr/share/xml/scap/ssg/content/ssg-debian{release}-ds.xml >"$work/log" 2>&1
status=$?
# 2: some rule failed.
case $status in 0|2) cat "$work/r.xml" ;; *) tail -n 5 "$work/log" >&2 ;; esac
rm -rf "$work"
[ $status -eq 0 ] || [ $status -eq 2 ]
"""

LYNIS = """
work=$(mktemp -d)
lynis audit system --quick --no-colors --quiet --logfile "$work/log" --report-file "$work/report" >/dev/null 2>&1
cat "$work/report"
rm -rf "$work"
"""


def oscap(node: Node, release: str, profile: str, options: str = "") -> dict:
    """Evaluate one profile; return its score and {rule: result} of every rule that was selected."""
    text = node.root(OSCAP.format(options=options, profile=PROFILE + profile, release=release), timeout=3600)
    result = ElementTree.fromstring(text).find(f".//{XCCDF}TestResult")  # noqa: S314  (of our own node)
    rules = {
        entry.get("idref").removeprefix(RULE): entry.findtext(f"{XCCDF}result")
        for entry in result.iter(f"{XCCDF}rule-result")
    }
    rules = {rule: verdict for rule, verdict in sorted(rules.items()) if verdict != "notselected"}
    counts = {verdict: list(rules.values()).count(verdict) for verdict in sorted(set(rules.values()))}
    return {"score": round(float(result.findtext(f"{XCCDF}score")), 1), "counts": counts, "rules": rules}


def against(rules: dict[str, str], fresh: dict[str, str]) -> dict:
    """Compare the results of a scan with those of the fresh node, on the rules that were evaluated there."""
    listed = [rule for rule, verdict in fresh.items() if verdict in ("pass", "fail")]
    return {
        "rules": len(listed),
        "passed_fresh": sum(fresh[rule] == "pass" for rule in listed),
        "passed": sum(rules.get(rule) == "pass" for rule in listed),
        "regressions": [rule for rule in listed if fresh[rule] == "pass" and rules.get(rule) != "pass"],
        "not_passed": [rule for rule in listed if rules.get(rule) != "pass"],
    }


def lynis(node: Node) -> dict:
    """Run Lynis; return its index, warnings and suggestions."""
    report = node.root(LYNIS)
    entries = re.findall(r"^(warning|suggestion)\[\]=([^|]*)\|([^|]*)", report, re.MULTILINE)
    return {
        "index": int(re.search(r"^hardening_index=(\d+)", report, re.MULTILINE).group(1)),
        "warnings": [f"{test}: {text}" for kind, test, text in entries if kind == "warning"],
        "suggestions": [f"{test}: {text}" for kind, test, text in entries if kind == "suggestion"],
    }


def ssh_audit(address: str, release: str) -> dict:
    """Scan the SSH server twice, by ssh-audit's own judgement and by its policy of the release; needs no login.

    Debian 13's server closes its door for a while to an address that scans it (PerSourcePenalties): this comes last.
    """
    program = [sys.executable, "-m", "ssh_audit.ssh_audit", "--skip-rate-test"]
    plain = subprocess.run([*program, "--no-colors", address], capture_output=True, text=True, check=False).stdout
    command = [*program, "--json", "--policy", POLICIES[release], address]
    policy = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    answer = json.loads(policy)
    # A server that offers less than the policy allows is stricter than it (custom policies can say that they take it).
    errors = {error["mismatched_field"]: error for error in answer["errors"]}
    lists = ("Host keys", "Key exchanges", "Ciphers", "MACs")
    stricter = sorted(
        name
        for name in lists
        if name in errors and set(errors[name]["actual"]) <= set(errors[name]["expected_required"])
    )
    return {
        "fail": len(re.findall(r"\[fail\]", plain)),
        "warn": len(re.findall(r"\[warn\]", plain)),
        "policy": POLICIES[release],
        "passed": set(errors) == set(stricter),
        "stricter": stricter,
        "errors": sorted(set(errors) - set(stricter)),
    }


def scan(node: Node, anssi: bool = False, remediate: bool = False, network: bool = True) -> dict:
    """Install the scanners where they are missing and run them; return everything as one JSON-able object."""
    node.ask_for_password()
    node.root(INSTALL)
    release = node.root(". /etc/os-release; echo $VERSION_ID\n").strip()
    if remediate:
        oscap(node, release, "cis_level2_server", "--remediate")
    found = {"release": release, "cis_level2": oscap(node, release, "cis_level2_server")}
    if anssi:
        found["anssi_high"] = oscap(node, release, "anssi_bp28_high")
    found["lynis"] = lynis(node)
    if network:
        found["ssh_audit"] = ssh_audit(node.address, release)
    return found


def summary(found: dict, fresh: dict | None) -> str:
    """The result in a few lines of text."""
    lines = []
    for name in ("cis_level2", "anssi_high"):
        if name not in found:
            continue
        lines.append(f"{name}: score {found[name]['score']}, {found[name]['counts']}")
        if fresh and name in fresh:
            compared = against(found[name]["rules"], fresh[name]["rules"])
            lines.append(
                f"  fixed list: {compared['passed']} of {compared['rules']} pass, {compared['passed_fresh']}"
                f" when fresh; regressions: {', '.join(compared['regressions']) or 'none'}"
            )
    lines.append(f"lynis: index {found['lynis']['index']}, warnings: {found['lynis']['warnings']}")
    if "ssh_audit" in found:
        lines.append(f"ssh-audit: {found['ssh_audit']}")
    return "\n".join(lines)


def main() -> int:
    """Scan one node and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("address")
    parser.add_argument("directory", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--fresh", type=Path, help="result of the fresh node to compare with")
    parser.add_argument("--anssi", action="store_true", help="also ANSSI BP-028 high")
    parser.add_argument("--remediate", action="store_true", help="let OpenSCAP change the node first (the reference)")
    parser.add_argument("--no-network", action="store_true", help="leave out ssh-audit")
    arguments = parser.parse_args()
    node = Node(arguments.name, arguments.address, arguments.directory)
    found = scan(node, arguments.anssi, arguments.remediate, not arguments.no_network)
    arguments.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    fresh = json.loads(arguments.fresh.read_text(encoding="utf-8")) if arguments.fresh else None
    print(summary(found, fresh))
    return 0


if __name__ == "__main__":
    sys.exit(main())
