# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that runs xbmgmt."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.plugins.module_utils.fpga import xrt

# A card that hangs keeps a report waiting; to flash one takes up to half an hour.
SECONDS, FLASH_SECONDS = 120, 3600


class NoTools(ApiError):
    """xbmgmt is not installed."""


class Xbmgmt:
    """xbmgmt of this host; module: AnsibleModule, executable: its name or path."""

    def __init__(self, module, executable):
        self.module = module
        self.path = module.get_bin_path(executable)

    def _run(self, seconds, *words):
        """Output of xbmgmt (str). Raises ApiError."""
        if not self.path:
            raise NoTools("there is no xbmgmt here; install XRT's tools first (role fpga)")
        argv = ["timeout", str(seconds), self.path, "--batch", "--force", *words]
        status, out, error = self.module.run_command(argv)
        if status == 124:
            raise ApiError(f"xbmgmt {' '.join(words)}: no answer within {seconds} s; read dmesg for lines with xclmgmt")
        if status:
            lines = [line.strip() for line in f"{error}\n{out}".splitlines() if line.strip()]
            said = next((line for line in lines if line.startswith("ERROR")), lines[0] if lines else "no word of why")
            raise ApiError(f"xbmgmt {' '.join(words)}: {said} (exit status {status})")
        return out

    def _report(self, *words):
        """A report (dict), which xbmgmt writes to a file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.json"
            self._run(SECONDS, "examine", *words, "--format", "JSON", "--output", str(path))
            try:
                return json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise ApiError(f"xbmgmt examine {' '.join(words)} wrote no report: {error}") from error

    def cards(self):
        """{address: what xrt.platform and xrt.devices say} of every card that its driver knows."""
        listed = xrt.devices(self._report("--report", "host"))
        return {address: {**item, **(self.card(address) if item["ready"] else {})} for address, item in listed.items()}

    def card(self, address):
        """What xrt.platform says of one card."""
        return xrt.platform(self._report("--report", "platform", "--device", address))

    def program(self, address, part, image):
        """Write an image (path) to a card; part: all, platform or partition. Returns what xbmgmt said."""
        what = {
            "all": ("--base", "ALL", "--image", image),
            "platform": ("--base", "SHELL", "--image", image),
            "partition": ("--shell", image),
        }[part]
        return self._run(FLASH_SECONDS, "program", *what, "--device", address)
