# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A strict double of xbmgmt (XRT 2.25): its reports in JSON, and `program`. Everything else is refused."""

from __future__ import annotations

import json
from pathlib import Path

OLD, NEW = "xilinx_u250_gen3x16_xdma_shell_4_1", "xilinx_u250_gen3x16_xdma_shell_5_0"


def card(shell=OLD, **changes):
    """A card: what it runs, what its flash holds (it runs that after a power cycle), its partitions."""
    return {"shell": shell, "flash": shell, "ready": "true", "partitions": [], "broken": "", **changes}


class Xbmgmt:
    """The cards of a host, {address: card()}, and the commands that were run."""

    def __init__(self, cards):
        self.cards, self.calls = cards, []

    def run(self, words):
        """(exit status, output, errors) for these arguments."""
        self.calls.append(words)
        assert words[:2] == ["--batch", "--force"], "it would ask a question"
        command, options = words[2], words[3:]
        pairs = dict(zip(options[::2], options[1::2], strict=True))
        return self.examine(**pairs) if command == "examine" else self.program(command, pairs)

    def examine(self, **pairs):
        """xbmgmt examine."""
        assert set(pairs) - {"--device"} == {"--report", "--format", "--output"} and pairs["--format"] == "JSON"
        report = {"schema_version": {"schema": "JSON"}, "system": {"host": {"devices": self.listed() or ""}}}
        if pairs["--report"] == "platform":
            if pairs.get("--device") not in self.cards:
                return 1, "", "ERROR: Please specify a device using --device option\n Available devices:\n"
            report["devices"] = [{"device_id": pairs["--device"], "platform": self.platform(pairs["--device"])}]
        Path(pairs["--output"]).write_text(json.dumps(report))
        return 0, f"Successfully wrote the JSON file: {pairs['--output']}\n", ""

    def listed(self):
        """The cards as the report "host" has them."""
        return [
            {
                "bdf": bdf,
                "vbnv": item["shell"],
                "id": "0x60394fcd",
                "instance": "mgmt(inst=1)",
                "is_ready": item["ready"],
            }
            for bdf, item in self.cards.items()
        ]

    def platform(self, bdf):
        """A card as the report "platform" has it."""
        item = self.cards[bdf]
        return {
            "bdf": bdf,
            "flash_type": "spi",
            "hardware": {"serial_num": "213304042052"},
            "device_properties": {"board_type": "u250", "board_name": "ALVEO U250 PQ", "config_mode": "7"},
            "current_partitions": [{"vbnv": name} for name in item["partitions"]] or "",
            "current_shell": {"vbnv": item["shell"], "sc_version": "4.6.20", "id": "0x60394fcd"},
            "available_shells": [{"vbnv": NEW, "sc_version": "4.6.21", "file": "/opt/xilinx/firmware"}],
        }

    def program(self, command, pairs):
        """xbmgmt program; the name of the shell is the image's content."""
        assert command == "program", command
        item = self.cards[pairs.pop("--device")]
        if item["broken"]:
            return 1, "", f"\nERROR: {item['broken']}\n"
        if set(pairs) == {"--shell"}:
            item["partitions"].append(Path(pairs["--shell"]).read_text())
        else:
            assert set(pairs) == {"--base", "--image"} and pairs["--base"] in ("ALL", "SHELL"), pairs
            item["flash"] = Path(pairs["--image"]).read_text()
        return 0, "Device flashed successfully.\nCold reboot machine to load the new image on device.\n", ""

    def power_cycle(self):
        """Let every card load what its flash holds."""
        for item in self.cards.values():
            item["shell"] = item["flash"]
