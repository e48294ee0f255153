# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that runs nvidia-smi."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.plugins.module_utils.gpu import smi

# A GPU that has fallen off the bus can keep nvidia-smi waiting for ever.
SECONDS = 120


class NoDriver(ApiError):
    """nvidia-smi is absent, or finds no driver."""


class Smi:
    """nvidia-smi of this host; module: AnsibleModule, executable: its name or path."""

    def __init__(self, module, executable):
        self.module = module
        self.path = module.get_bin_path(executable)

    def run(self, *words):
        """(exit status, output) of nvidia-smi with these words; its errors stand on standard output as well."""
        if not self.path:
            raise NoDriver("there is no nvidia-smi here; install the driver first (role gpu)")
        status, out, error = self.module.run_command(["timeout", str(SECONDS), self.path, *words])
        if status == 124:
            raise ApiError(
                f"nvidia-smi {' '.join(words)}: no answer within {SECONDS} s; read dmesg for lines with NVRM and Xid, "
                "and reboot the node"
            )
        return status, out or error

    def text(self, *words, empty=()):
        """The output, or ApiError unless the exit status is 0; one in `empty` means that there is nothing to list."""
        status, out = self.run(*words)
        if status in empty:
            return ""
        if status:
            first = next((line.strip() for line in out.splitlines() if line.strip()), "no word of why")
            meaning = smi.MEANINGS.get(status)
            kind = NoDriver if status in (smi.NO_DRIVER, smi.NO_LIBRARY) else ApiError
            raise kind(
                f"nvidia-smi {' '.join(words)}: {f'{meaning}: ' if meaning else ''}{first} (exit status {status})"
            )
        return out

    def query(self):
        """smi.query of all GPUs."""
        try:
            return smi.query(self.text("-q", "-x"))
        except ValueError as error:
            raise ApiError(str(error)) from error
