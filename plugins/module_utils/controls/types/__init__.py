# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control types: {name in the catalog: its module}.

A type module has NAME, DATA (the JSON Schema of a control's `data`) and evaluate(control, host) -> Evaluation, which
only reads, and only through the host. It may have units(data): the names of the systemd units it will ask for, so that
all types' are read in one go. The imports are plain because Ansible packs only what is imported by name.
"""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import (
    accounts,
    aide,
    audit_rules,
    crypto,
    files,
    kernel_module,
    mount,
    package,
    pam,
    path,
    setting,
    sshd,
    sudoers,
    sysctl,
    text,
    time_sync,
    unit,
)

MODULES = (
    accounts, aide, audit_rules, crypto, files, kernel_module, mount, package, pam, path, setting, sshd, sudoers,
    sysctl, text, time_sync, unit,
)  # fmt: skip
TYPES = {module.NAME: module for module in MODULES}
