# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shells of FPGA cards as desired state. To flash a card is the one thing here that can break hardware.

So a card is flashed only where the caller names it, from an image whose checksum is known, and what was on it before
and after is written down. A new platform image runs after the machine was without power; until then the card shows the
old one, and the record says that nothing more is to be done.
"""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils import pci
from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError, Backend, Field, Spec, SpecError
from ansible_collections.infn.datacloud.plugins.module_utils.fpga.api import NoTools

CARD = Spec(
    kind="card",
    plural="cards",
    removable=False,
    fields=(
        Field("bdf", required=True, identity=True, normalize=pci.address),
        Field("shell", required=True),
        Field("part", default="platform", choices=("all", "platform", "partition"), write_only=True),
        Field("image", type="path", required=True, write_only=True),
        Field("checksum", required=True, write_only=True),
    ),
)


def checksum(path):
    """The SHA-256 of a file, in hexadecimal."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class ShellBackend(Backend):
    """Writes one card after the other; what differs and is not named in flash is refused before any is touched."""

    def __init__(self, commands, params, module, boot_id):
        self.commands = commands
        self.params = params
        self.module = module
        self.boot_id = boot_id
        self.flash = {pci.address(bdf) for bdf in params["flash"]}
        self.folder = Path(params["record_directory"])
        self.cards, self.waiting = {}, []

    def read(self, desired):
        """{address: object}; a card that only waits for power counts as what it will be."""
        self.waiting, errors, current = [], [], {}
        try:
            self.cards = self.commands.cards()
        except NoTools as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"planned as if no card had its shell: {error}")
            return {}
        for item in desired:
            address = pci.address(item["bdf"])
            if address not in self.cards:
                known = ", ".join(self.cards) or "none"
                errors.append(f"card {address}: XRT knows no such card here; there are: {known}")
                continue
            shell = self._shell(address, item)
            current[address] = {"bdf": address, "shell": shell}
            if shell == item["shell"]:
                continue
            state, words = self._recorded(address, item)
            if state == "waits":
                current[address]["shell"] = item["shell"]
                self.waiting.append(words)
            else:
                errors += [words] if state == "failed" else self._refusals(address, item, shell)
        if errors:
            raise SpecError("; ".join(errors))
        return current

    def _shell(self, address, item):
        """What the card runs of the kind that is wanted; of its partitions the wanted one, if it is there."""
        card = self.cards[address]
        if item["part"] != "partition":
            return card["shell"]
        partitions = card.get("partitions", [])
        return item["shell"] if item["shell"] in partitions else ", ".join(partitions)

    def _refusals(self, address, item, shell):
        """Why a card that differs may not be flashed now."""
        if address not in self.flash:
            yield (
                f"card {address} has the shell {shell or 'none'}, not {item['shell']}; name {address} in flash to have "
                "it written, which can make the card useless if the image is not made for it"
            )
        if not Path(item["image"]).is_file():
            if self.module.check_mode:
                self.module.warn(f"card {address}: {item['image']} is not there yet, so its checksum was not looked at")
            else:
                yield f"card {address}: there is no image {item['image']}"
            return
        found = checksum(item["image"])
        if found != item["checksum"].removeprefix("sha256:").lower():
            yield f"card {address}: {item['image']} has the SHA-256 {found}, not {item['checksum']}"

    def _recorded(self, address, item):
        """("waits"|"failed"|"", sentence), from the last record of flashing this card with this shell."""
        records = sorted(self.folder.glob(f"{address.replace(':', '-')}_*.json"))
        if not records:
            return "", ""
        record = json.loads(records[-1].read_text(encoding="utf-8"))
        if record["state"] != "written" or record["shell"] != item["shell"]:
            return "", ""
        if record["boot_id"] == self.boot_id:
            return "waits", f"card {address}: {item['shell']} is written and runs once the machine was without power"
        return "failed", (
            f"card {address}: {item['shell']} was written on {record['time']} and does not run; power the machine off "
            f"and on (a reboot is not enough), or remove {records[-1]} to have it written again"
        )

    def apply(self, operation):
        """Write the image, with a record before and after."""
        item = operation.after
        address = pci.address(item["bdf"])
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        path = self.folder / f"{address.replace(':', '-')}_{moment.replace(':', '')}.json"
        record = {
            **{name: item[name] for name in ("shell", "part", "image")},
            "bdf": address, "time": moment, "sha256": checksum(item["image"]), "boot_id": self.boot_id,
            "before": self.cards[address], "after": None, "said": "", "state": "begun",
        }  # fmt: skip
        self._write(path, record)
        try:
            record["said"] = self.commands.program(address, item["part"], item["image"])
            record["state"] = "written"
            record["after"] = self.commands.card(address)
        except ApiError as error:
            record["state"] = "failed" if record["state"] == "begun" else record["state"]
            record["said"] = str(error)
            raise ApiError(f"card {address}: {error}; {path} holds what was on it before") from error
        finally:
            self._write(path, record)
        if item["part"] == "partition":
            return
        if record["after"]["shell"] != item["shell"]:
            self.waiting.append(
                f"card {address}: {item['shell']} is written and runs once the machine was without power"
            )

    def finish(self, operations):
        """What waits for the machine's power to be turned off and on."""
        return self.outcome()

    def outcome(self):
        """What the module returns besides the operations."""
        return {"power_cycle_needed": bool(self.waiting), "power_cycle_reasons": self.waiting}

    def _write(self, path, record):
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
