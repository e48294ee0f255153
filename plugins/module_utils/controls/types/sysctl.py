# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel parameters, at the next boot and now."""

from __future__ import annotations

import re

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Fragment, Setting, SysctlLive
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared, not_applicable
from ansible_collections.infn.datacloud.plugins.module_utils.controls.settings import get_key

NAME = "sysctl"
DATA = {
    "type": "object",
    "properties": {
        "values": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z0-9_]+([./][A-Za-z0-9_./-]+)+$"},
            "additionalProperties": {"type": ["string", "integer"]},
            "minProperties": 1,
        }
    },
    "required": ["values"],
    "additionalProperties": False,
}
# Debian 12 has a 99-protect-links.conf: what is not overruled has to come after all of them.
PATH = "/etc/sysctl.d/99-zz-datacloud.conf"
# sysctl.d(5): files of all folders in the order of their names; one name in an earlier folder hides it in later ones.
FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
# sysctl --system of procps reads it last of all; systemd does so only where 99-sysctl.conf links to it.
LAST = "/etc/sysctl.conf"


def evaluate(control, host):
    """Compare the live values, our drop-in, and what would still overrule it at boot."""
    values = {key: " ".join(str(value).split()) for key, value in sorted(control["data"]["values"].items())}
    live = {key: host.sysctl(key) for key in values}
    if not any(value is not None for value in live.values()):
        return not_applicable("this kernel has no such parameter", wanted=values)
    observed, wanted, changes, stuck = {}, {}, [], []
    for key, value in values.items():
        if live[key] is None:
            continue
        saved = get_key(host.text(PATH) or "", key, " = ")
        later = {path: text for path, text in _later(host, key) if text != value}
        observed[key] = {"live": live[key], "boot": next(iter(later.values()), saved[-1] if saved else None)}
        wanted[key] = {"live": value, "boot": value}
        changes += [Fragment(PATH, key, f"{key} = {value}"), SysctlLive(key, value)]
        changes += [Setting(path, key, value, " = ") for path in later if path.startswith("/etc/")]
        stuck += [path for path in later if not path.startswith("/etc/")]
    remains = f"{', '.join(sorted(set(stuck)))} is read after {PATH} and sets another value: remove it" if stuck else ""
    return compared(observed, wanted, changes, remains=remains)


def _later(host, key):
    """The files that are read after ours and set the key: [(path, value)], the last one first."""
    found = []
    for path, values in reversed(host.once("later_sysctl", _later_files, host)):
        if key in values:
            found.append((path, values[key]))
    return found


def _later_files(host):
    """[(path, {key: value})] of all files that are read after ours, in their order."""
    paths = {}
    for folder in reversed(FOLDERS):
        paths.update({name: f"{folder}/{name}" for name in host.listing(folder) if name.endswith(".conf")})
    ours = PATH.rpartition("/")[2]
    later = [path for name, path in sorted(paths.items()) if name > ours and not _is_link(host, path)]
    return [(path, _values(host.text(path) or "")) for path in [*later, LAST]]


def _is_link(host, path):
    found = host.stat(path)
    return found is not None and found.kind == "link"


def _values(text):
    """{key: value} of a file of sysctl.d; keys with dots, as ours."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*-?([^\s=#;]+)\s*=\s*(.*?)\s*$", line)
        if match:
            key = match[1]
            if "/" in key and "." not in key.partition("/")[0]:
                key = key.replace(".", "\0").replace("/", ".").replace("\0", "/")
            found[key] = " ".join(match[2].split())
    return found
