# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install and remove packages in one transaction."""

from __future__ import annotations

import re
import time

QUIET = {"DEBIAN_FRONTEND": "noninteractive", "APT_LISTCHANGES_FRONTEND": "none", "NEEDRESTART_SUSPEND": "1"}
# Seconds to wait for another apt; after which lists of packages are old; that a transaction may take (a slow mirror and
# a slow disk: to end it in its middle is worse than to wait).
LOCK, STALE, TRANSACTION = 300, 86400, 7200
APT = (
    "apt-get", "--yes", "--quiet", "--no-install-recommends", "--option", f"DPkg::Lock::Timeout={LOCK}",
    "--option", "Dpkg::Options::=--force-confdef", "--option", "Dpkg::Options::=--force-confold",
)  # fmt: skip
LISTS = "/var/lib/apt/lists"


def set_packages(host, wanted):
    """Bring packages to {name: installed}; returns {name: words of what failed}.

    A removal that would take other packages along is refused. Configuration files of removed packages stay.
    """
    if host.release()[2] == "EL":
        return _dnf(host, wanted)
    fresh = any(wanted.values()) and _stale(host) and host.run((*APT, "update"), environment=QUIET).code == 0
    failed = _apt(host, wanted)
    if failed and any(wanted.values()) and not fresh:
        # A version that the lists name may have gone from the mirror meanwhile.
        host.run((*APT, "update"), environment=QUIET)
        failed = _apt(host, wanted)
    if failed and len(wanted) > 1:
        # One name that does not exist fails all: the others are tried alone, first what makes way for others.
        failed = {}
        for name, present in sorted(wanted.items(), key=lambda item: item[1]):
            failed.update(_apt(host, {name: present}))
    return failed


def take_back_packages(host, wanted):
    """As set_packages, with the configuration files of what is removed; what others need by now stays."""
    if host.release()[2] == "EL":
        return _dnf(host, wanted)
    removed = {name: False for name, present in wanted.items() if not present}
    failed = _apt(host, {name: True for name, present in wanted.items() if present})
    while removed:
        refused = _apt(host, removed, purge=True)
        if not refused:
            break
        needed = {name for name in removed if _apt(host, {name: False}, purge=True)}
        if len(needed) == len(removed):
            break
        removed = dict.fromkeys(needed, False)
    return failed


def _apt(host, wanted, purge=False):
    if not wanted:
        return {}
    names = sorted(name if present else f"{name}-" for name, present in wanted.items())
    if all(wanted.values()):
        # Fails where something would have to go.
        argv = (*APT, "--no-remove", "install", *names)
    else:
        argv = (*APT, *(["--purge"] if purge else []), "install", *names)
        preview = host.run((*argv, "--simulate"), environment=QUIET)
        if preview.code:
            return dict.fromkeys(wanted, f"apt-get: {preview.words}")
        removed = set(re.findall(r"^(?:Remv|Purg) (\S+)", preview.out, re.MULTILINE))
        others = removed - {name for name, present in wanted.items() if not present}
        if others:
            return dict.fromkeys(wanted, f"other packages would be removed with it: {', '.join(sorted(others))}")
    outcome = host.run(argv, environment=QUIET, timeout=TRANSACTION)
    return dict.fromkeys(wanted, f"apt-get: {outcome.words}") if outcome.code else {}


def _stale(host):
    """Whether the lists of packages are not there, or older than a day (apt renames new ones into their folder)."""
    there = any(name.endswith(("Release", "_Packages", "_Packages.lz4")) for name in host.listing(LISTS))
    return not there or time.time() - host.changed(LISTS) > STALE


def _dnf(host, wanted):
    failed = {}
    present = sorted(name for name, state in wanted.items() if state)
    absent = sorted(name for name, state in wanted.items() if not state)
    if absent:
        # rpm says what needs them; dnf would remove that too.
        test = host.run(("rpm", "--erase", "--test", "--", *absent))
        if test.code:
            failed.update(dict.fromkeys(absent, f"rpm: {test.words}"))
        else:
            argv = ("dnf", "--assumeyes", "--quiet", "--noautoremove", "remove", *absent)
            outcome = host.run(argv, timeout=TRANSACTION)
            failed.update(dict.fromkeys(absent, f"dnf: {outcome.words}") if outcome.code else {})
    if present:
        argv = ("dnf", "--assumeyes", "--quiet", "--setopt=install_weak_deps=False", "install", *present)
        outcome = host.run(argv, timeout=TRANSACTION)
        failed.update(dict.fromkeys(present, f"dnf: {outcome.words}") if outcome.code else {})
    return failed
