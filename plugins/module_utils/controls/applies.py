# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a control holds: the conditions of its `applies`."""

from __future__ import annotations

WORDS = {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}
# JSON Schema of `applies`. distributions: Debian, Debian-13, EL-9, Rocky-9 ...; packages: at least one is installed.
SCHEMA = {
    "type": "object",
    "properties": {
        "distributions": WORDS,
        "packages": WORDS,
        "not_in_container": {"type": "boolean"},
    },
    "minProperties": 1,
    "additionalProperties": False,
}


def why_not(applies, host, coming=(), going=()):
    """Why the control does not hold here, "" where it does.

    coming, going: the packages that other controls of this run install and remove.
    """
    unknown = sorted(set(applies) - set(SCHEMA["properties"]))
    if unknown:
        raise ValueError(f"unknown condition in applies: {', '.join(unknown)}")
    name, version, family = host.release()
    here = {name, f"{name}-{version}", family, f"{family}-{version}"}
    if "distributions" in applies and not here & set(applies["distributions"]):
        return f"is for {', '.join(applies['distributions'])}; this is {name}-{version}"
    if applies.get("not_in_container") and host.container():
        return "the kernel of a container is not its own"
    wanted = set(applies.get("packages", ()))
    if wanted and not wanted & ((set(host.packages()) | set(coming)) - set(going)):
        return f"not installed: {', '.join(sorted(wanted))}"
    return ""


def comes_with(applies, host, coming):
    """The packages of `applies` that this run installs, where none of them is there yet."""
    wanted = set(applies.get("packages", ()))
    return sorted(wanted & set(coming)) if not wanted & set(host.packages()) else []
