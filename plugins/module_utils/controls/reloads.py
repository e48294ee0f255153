# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a service take up changed files: each is run once, after all files are in place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reload:
    """commands: {family of the distribution: argv}, "" for all others.

    touches: patterns of the files that it rewrites; a record keeps them, and restore puts them back after it.
    """

    commands: dict
    touches: tuple = ()

    def argv(self, family):
        """The program for this family, None where there is none."""
        return self.commands.get(family, self.commands.get(""))


def _unit(verb, name, **families):
    """A systemctl command; families: other names of the unit."""
    return Reload(
        {"": ("systemctl", verb, name), **{key: ("systemctl", verb, value) for key, value in families.items()}}
    )


# Joins the rules and loads them. A kernel that takes none now (a container, or -e 2) gets them when it starts.
LOAD_RULES = "augenrules --load || ! auditctl -s | grep --quiet '^enabled [01]$'"
RELOADS = {
    "systemd": Reload({"": ("systemctl", "daemon-reload")}),
    # A restart would be felt by the connection that this runs in; sessions survive a reload.
    "sshd": _unit("try-reload-or-restart", "ssh.service", EL="sshd.service"),
    "journald": _unit("try-restart", "systemd-journald.service"),
    "logind": _unit("try-reload-or-restart", "systemd-logind.service"),
    "rsyslog": _unit("try-restart", "rsyslog.service"),
    "chrony": _unit("try-restart", "chrony.service", EL="chronyd.service"),
    "auditd": Reload({"": ("sh", "-c", LOAD_RULES)}, touches=("/etc/audit/audit.rules",)),
    # A reload keeps the addresses that it listens on.
    "postfix": _unit("try-restart", "postfix.service"),
    "pam": Reload(
        {"Debian": ("env", "DEBIAN_FRONTEND=noninteractive", "pam-auth-update", "--package")},
        touches=("/etc/pam.d/common-*", "/var/lib/pam/*"),
    ),
}
# JSON Schema of a control's `reload`.
SCHEMA = {"type": "array", "items": {"enum": sorted(RELOADS)}, "minItems": 1, "uniqueItems": True}
# systemctl(1): the unit is not there.
NO_SUCH_UNIT = 5


def reload(host, names):
    """Run the reloads of these names, systemd's first; returns {name: words of what failed}."""
    failed = {}
    for name in sorted(names, key=lambda name: (name != "systemd", name)):
        argv = RELOADS[name].argv(host.release()[2])
        if argv:
            outcome = host.run(argv)
            if outcome.code and not (argv[0] == "systemctl" and outcome.code == NO_SUCH_UNIT):
                failed[name] = f"{' '.join(argv)}: {outcome.words}"
    return failed
