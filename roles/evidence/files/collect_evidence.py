# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host can prove: the results of its controls, an OpenSCAP scan, pending security updates and live probes.

Reads its settings (see SETTINGS) as JSON from standard input, writes evidence.json and the scan's ARF into the evidence
folder, and prints {"files": [names], "errors": [sentences], "counts": {...}} as JSON. It changes nothing else.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

# Setting: default. `openscap` is None or {"datastream": path, "profile": id, "max_age": s, "timeout": s, "minimum": n}.
SETTINGS = {
    "host": "", "folder": "", "controls": "", "probes": [], "probes_folder": "", "openscap": None, "updates": True,
    "lists_max_age": 604800, "keep": 5,
}  # fmt: skip
# Results of a rule that say that it was looked at on this host (XCCDF 1.2, table 26); "fixed" passes after a remedy.
APPLICABLE = ("pass", "fixed", "fail", "error", "unknown")
PROBE_KEYS = {"id": str, "title": str, "status": str, "observed": object, "time": str}
PROBE_STATUSES = ("pass", "fail", "not_assessed")
# How SCAP content names ISO/IEC 27001:2013 as the source of a reference.
ISO_2013 = "data/standard/05/45/54534.html"


def utc(seconds):
    """A time as in 2026-01-31T12:00:00Z from seconds since 1970."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def run(*command, timeout=300):
    """The finished process of a command; its words are never translated."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)


def sha256(path):
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write(path, data):
    """Replace a file, readable by root alone."""
    new = path.with_name(f".{path.name}.new")
    new.touch(mode=0o600)
    new.write_bytes(data)
    new.replace(path)


def load(path):
    """The JSON in a file; ValueError says which file holds none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None


def controls(path):
    """The engine's results {"time", "results": [...]} from its file; ValueError where it has another shape."""
    found = load(path)
    results = found.get("results") if isinstance(found, dict) else None
    if not isinstance(results, list) or not all(isinstance(item, dict) and "status" in item for item in results):
        raise ValueError(f"{path} does not hold the results of the controls")
    return {"time": found.get("time") or utc(Path(path).stat().st_mtime), "results": results}


def probes(folder):
    """The probes (list of dict) in the *.json of a folder, each file one or a list; and what is wrong with them."""
    found, errors = [], []
    for path in sorted(Path(folder).glob("*.json")):
        try:
            content = load(path)
        except ValueError as error:
            errors.append(str(error))
            continue
        for probe in content if isinstance(content, list) else [content]:
            wrong = probe_errors(probe)
            errors.extend(f"{path}: {sentence}" for sentence in wrong)
            if not wrong:
                found.append(probe)
    return found, errors


def probe_errors(probe):
    """What is wrong with a probe, in sentences."""
    if not isinstance(probe, dict):
        return ["a probe is a dictionary"]
    wrong = [f"a probe has no {key}" for key, kind in PROBE_KEYS.items() if not isinstance(probe.get(key), kind)]
    if not wrong and probe["status"] not in PROBE_STATUSES:
        wrong.append(f"{probe['id']}: status is {probe['status']}, not one of {', '.join(PROBE_STATUSES)}")
    return wrong


def read_arf(file):
    """From an ARF or XCCDF results file: {"profile_title", "version", "rules": [{id, title, severity, result,
    iso27001_2013}]}, of the rules that the profile selects. Elements are dropped as soon as they are read.
    """
    rules, results, profile, version, titles = {}, {}, "", "", {}
    stack = []
    # The file is the scanner's own, made by root on this host.
    for event, element in ElementTree.iterparse(file, ("start", "end")):  # noqa: S314
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            stack.append(tag)
            continue
        stack.pop()
        if tag == "Rule":
            rules[element.get("id")] = {
                "title": child_text(element, "title"),
                "severity": element.get("severity", "unknown"),
                "iso27001_2013": sorted(
                    {child.text for child in element if ISO_2013 in child.get("href", "") and child.text}
                ),
            }
        elif tag == "Profile":
            titles[element.get("id")] = child_text(element, "title")
        elif tag == "version" and stack[-1:] == ["Benchmark"]:
            version = element.text or ""
        elif tag == "rule-result":
            results[element.get("idref")] = child_text(element, "result")
        elif tag == "profile" and stack[-1:] == ["TestResult"]:
            profile = element.get("idref")
        # What is above a rule holds it no longer than needed; parts of a rule are kept until the rule itself is read.
        if not {"Rule", "rule-result", "Profile"} & set(stack):
            element.clear()
    nothing = {"title": "", "severity": "unknown", "iso27001_2013": []}
    return {
        "profile_title": titles.get(profile, ""),
        "version": version,
        "rules": [
            {"id": rule, "result": result, **rules.get(rule, nothing)}
            for rule, result in sorted(results.items())
            if result != "notselected"
        ],
    }


def child_text(element, tag):
    """The text of the first child of that name, without its mark-up, in one line."""
    for child in element:
        if child.tag.rpartition("}")[2] == tag:
            return " ".join("".join(child.itertext()).split())
    return ""


def counts(rules):
    """How many rules had which result, and how many of them were applicable."""
    found = {}
    for rule in rules:
        found[rule["result"]] = found.get(rule["result"], 0) + 1
    return {
        **found,
        "applicable": sum(found.get(name, 0) for name in APPLICABLE),
        "passed": found.get("pass", 0) + found.get("fixed", 0),
    }


def state_key(settings, results):
    """What a scan depends on that can be told without it: another value means that it has to be done again.

    A control that was remediated is compliant from then on: they count as the same.
    """
    scan = settings["openscap"]
    statuses = sorted((item.get("id", ""), item["status"].replace("remediated", "compliant")) for item in results)
    packages = Path("/var/lib/dpkg/status")
    stamp = packages.stat().st_mtime_ns if packages.exists() else 0
    text = json.dumps([scan["profile"], sha256(scan["datastream"]), statuses, stamp])
    return hashlib.sha256(text.encode()).hexdigest()


def openscap(settings, results, before):
    """The scan (dict), a new one where the last is too old or something it depends on has changed.

    Raises RuntimeError with one sentence.
    """
    scan, folder = settings["openscap"], Path(settings["folder"])
    if not Path(scan["datastream"]).exists():
        raise RuntimeError(f"OpenSCAP: {scan['datastream']} is not there; install SCAP content for this distribution")
    key, now = state_key(settings, results), time.time()
    if before and before.get("key") == key and now - before["epoch"] < scan["max_age"]:
        arf = folder / before["arf"]["file"]
        if arf.exists() and sha256(arf) == before["arf"]["sha256"]:
            return before
    version = run("oscap", "--version").stdout.partition("\n")[0]
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        result = Path(temporary) / "arf.xml"
        try:
            process = run(
                "nice", "oscap", "xccdf", "eval", "--profile", scan["profile"], "--results-arf", str(result),
                scan["datastream"], timeout=scan["timeout"],
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"OpenSCAP: not done after {scan['timeout']} s") from None
        # 2: a rule failed. Anything else is an error; 0 says nothing, since a scan without any rule ends so too.
        if process.returncode not in (0, 2) or not result.exists():
            said = " ".join((process.stderr or process.stdout).split())[-500:]
            raise RuntimeError(f"OpenSCAP: exit status {process.returncode}: {said}")
        data = result.read_bytes()
    found = read_arf(io.BytesIO(data))
    packed = gzip.compress(data, mtime=0)
    digest = hashlib.sha256(packed).hexdigest()
    name = f"arf-{digest[:16]}.xml.gz"
    write(folder / name, packed)
    return {
        "key": key, "epoch": int(now), "time": utc(now), "scanner": version, "profile": scan["profile"], **found,
        "datastream": {"path": scan["datastream"], "sha256": sha256(scan["datastream"])},
        "arf": {"file": name, "sha256": digest, "sha256_unpacked": hashlib.sha256(data).hexdigest()},
        "counts": counts(found["rules"]),
    }  # fmt: skip


def apt_updates(text):
    """The security updates [{package, installed, candidate}] in what `apt-get --simulate dist-upgrade` prints."""
    line = re.compile(r"^Inst (\S+)(?: \[([^\]]*)\])? \((\S+) (.*)\)")
    matches = [found.groups() for found in map(line.match, text.splitlines()) if found]
    return [
        {"package": package, "installed": installed or "", "candidate": candidate}
        for package, installed, candidate, origin in matches
        if "security" in origin.lower()
    ]


def updates(lists_max_age):
    """The probe of pending security updates."""
    probe = {
        "id": "security-updates", "title": "No security update is pending", "iso27001_2022": ["A.8.8"],
        "iso27017": ["CLD.9.5.2"], "iso27018": [], "time": utc(time.time()), "status": "not_assessed",
    }  # fmt: skip
    lists = Path("/var/lib/apt/lists")
    if not lists.exists():
        process = run("dnf", "--quiet", "updateinfo", "list", "--security")
        if process.returncode:
            return {**probe, "observed": f"dnf: {process.stderr.strip()[-300:]}"}
        pending = [line.split()[-1] for line in process.stdout.splitlines() if len(line.split()) >= 3]
    else:
        # apt keeps the archive's own times on the lists; the folders' times are those of its last visit.
        age = time.time() - max(path.stat().st_mtime for path in (lists, *lists.glob("partial")))
        if age > lists_max_age:
            return {**probe, "observed": f"the package lists are {int(age / 86400)} days old"}
        if "security" not in run("apt-cache", "policy").stdout.lower():
            return {**probe, "observed": "no security archive is among the package sources"}
        process = run("apt-get", "--simulate", "-o", "Debug::NoLocking=true", "dist-upgrade")
        if process.returncode:
            return {**probe, "observed": f"apt-get: {process.stderr.strip()[-300:]}"}
        pending = [f"{item['package']} {item['candidate']}" for item in apt_updates(process.stdout)]
    return {
        **probe,
        "status": "fail" if pending else "pass",
        "observed": {"pending": len(pending), "packages": sorted(pending)} if pending else "none pending",
    }


def system():
    """Distribution and kernel of this host."""
    release = dict(
        line.rstrip().split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    return {"name": release.get("PRETTY_NAME", "").strip('"'), "kernel": os.uname().release}


def scan_probe(scan, minimum):
    """The probe that the scan itself is: a sufficient number of rules passed."""
    found = scan["counts"]
    return {
        "id": "openscap-scan", "title": "An independent scanner agrees with the configuration",
        "iso27001_2022": ["A.8.9"], "iso27017": ["CLD.9.5.2"], "iso27018": [], "time": scan["time"],
        "status": "pass" if found["applicable"] and found["passed"] >= max(minimum, 1) else "fail",
        "observed": f"{found['passed']} of {found['applicable']} applicable rules passed",
    }  # fmt: skip


def collect(settings):
    """All of it: (evidence, errors)."""
    folder = Path(settings["folder"])
    known = folder / "evidence.json"
    try:
        before = load(known)
    except (OSError, ValueError):
        before = {}
    evidence = {
        "format": 1, "host": settings["host"], "collected": utc(time.time()), "system": system(), "controls": None,
        "openscap": None,
    }  # fmt: skip
    errors = [sentence for probe in settings["probes"] for sentence in probe_errors(probe)]
    if settings["controls"]:
        try:
            evidence["controls"] = controls(settings["controls"])
        except FileNotFoundError:
            errors.append(f"{settings['controls']} is not there: run the controls first")
        except ValueError as error:
            errors.append(str(error))
    found, wrong = probes(settings["probes_folder"])
    errors += wrong
    evidence["probes"] = found + [probe for probe in settings["probes"] if not probe_errors(probe)]
    if settings["updates"]:
        evidence["probes"].append(updates(settings["lists_max_age"]))
    if settings["openscap"]:
        minimum = settings["openscap"]["minimum"]
        try:
            scan = openscap(settings, (evidence["controls"] or {}).get("results", []), before.get("openscap"))
        except RuntimeError as error:
            errors.append(str(error))
        else:
            evidence["openscap"] = scan
            evidence["probes"].append(scan_probe(scan, minimum))
            if not scan["counts"]["applicable"]:
                errors.append(
                    f"OpenSCAP: no rule of {scan['profile']} in {scan['datastream']['path']} is applicable to this "
                    "host; the content is for another distribution, or takes the host for a container"
                )
            elif scan["counts"]["passed"] < minimum:
                errors.append(f"OpenSCAP: {scan['counts']['passed']} rules passed, {minimum} are demanded")
    for probe in evidence["probes"]:
        probe.setdefault("host", settings["host"])
    return evidence, errors


def prune(folder, keep):
    """Remove all but the newest ARFs; those fetched to the control node stay there."""
    archives = sorted(folder.glob("arf-*.xml.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in archives[keep:]:
        path.unlink()


def main():
    settings = {**SETTINGS, **json.load(sys.stdin)}
    folder = Path(settings["folder"])
    evidence, errors = collect(settings)
    write(folder / "evidence.json", (json.dumps(evidence, indent=1, sort_keys=True) + "\n").encode())
    prune(folder, settings["keep"])
    files = ["evidence.json"]
    scan = evidence["openscap"]
    if scan:
        files.append(scan["arf"]["file"])
    found = {"files": files, "sha256": {name: sha256(folder / name) for name in files}, "errors": errors}
    print(json.dumps({**found, "counts": scan["counts"] if scan else {}}))


if __name__ == "__main__":
    main()
