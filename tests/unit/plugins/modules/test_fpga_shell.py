# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fpga_shell: only the card that is named is written, from the image that is known, once, and it is recorded."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.fpga import shell
from ansible_collections.infn.datacloud.plugins.modules import fpga_shell
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.fpga.xbmgmt import NEW, OLD, card

BDF, OTHER = "0000:3b:00.0", "0000:5e:00.0"


@pytest.fixture
def wanted(tmp_path, monkeypatch):
    """Parameters that write the new shell to the first card."""
    (tmp_path / "boot").write_text("first\n")
    monkeypatch.setattr(fpga_shell, "BOOT_ID", tmp_path / "boot")
    image = tmp_path / "partition.xsabin"
    image.write_text(NEW)
    known = hashlib.sha256(NEW.encode()).hexdigest()
    return {
        "cards": [{"bdf": "3B:00.0", "shell": NEW, "image": str(image), "checksum": f"sha256:{known}"}],
        "flash": [BDF],
        "record_directory": str(tmp_path / "records"),
    }


def records(tmp_path):
    """The records, the oldest first."""
    return [json.loads(path.read_text()) for path in sorted((tmp_path / "records").glob("*"))]


@pytest.mark.crud("fpga_shell")
def test_life(fpgas, wanted, tmp_path):
    foreseen = fpgas.run("fpga_shell", wanted, check=True)
    assert foreseen["operations"] == [{"action": "update", "key": BDF, "changes": ["shell"]}]
    assert not fpgas.programmed() and not records(tmp_path)
    done = fpgas.run("fpga_shell", wanted)
    assert {key: done[key] for key in ("changed", "operations", "diff")} == {
        key: foreseen[key] for key in ("changed", "operations", "diff")
    }
    assert fpgas.programmed() == [["--base", "SHELL", "--image", wanted["cards"][0]["image"], "--device", BDF]]
    assert done["power_cycle_needed"] and "once the machine was without power" in done["power_cycle_reasons"][0]
    (record,) = records(tmp_path)
    assert record["state"] == "written" and record["before"]["shell"] == OLD and record["after"]["shell"] == OLD
    assert record["sha256"] == hashlib.sha256(NEW.encode()).hexdigest() and "flashed successfully" in record["said"]

    for check in (True, False):
        again = fpgas.run("fpga_shell", wanted, check=check)
        assert not again["changed"] and len(fpgas.programmed()) == 1
    assert again["power_cycle_needed"]

    fpgas.tool.power_cycle()
    after = fpgas.run("fpga_shell", wanted)
    assert not after["changed"] and not after["power_cycle_needed"]


def test_a_reboot_is_not_enough(fpgas, wanted, tmp_path):
    fpgas.run("fpga_shell", wanted)
    (tmp_path / "boot").write_text("second\n")
    result = fpgas.run("fpga_shell", wanted)
    assert result["failed"] and "power the machine off and on" in result["msg"] and len(fpgas.programmed()) == 1
    next((tmp_path / "records").glob("*")).unlink()
    assert fpgas.run("fpga_shell", wanted)["changed"]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"flash": []}, f"name {BDF} in flash"),
        ({"flash": [OTHER]}, f"name {BDF} in flash"),
        ({"checksum": "sha256:" + "0" * 64}, "has the SHA-256"),
        ({"bdf": "0000:99:00.0"}, f"XRT knows no such card here; there are: {BDF}"),
    ],
)
def test_refused_before_any_card_is_touched(fpgas, wanted, tmp_path, change, words, check):
    fpgas.tool.cards[OTHER] = card()
    second = {**wanted["cards"][0], "bdf": OTHER}
    first = {**wanted["cards"][0], **{key: value for key, value in change.items() if key != "flash"}}
    flash = change.get("flash", [BDF, OTHER])
    result = fpgas.run("fpga_shell", {**wanted, "cards": [second, first], "flash": flash}, check=check)
    assert result["failed"] and words in result["msg"] and not fpgas.programmed() and not records(tmp_path)


def test_an_image_that_is_not_there(fpgas, wanted, tmp_path):
    wanted["cards"][0]["image"] = str(tmp_path / "absent")
    assert "there is no image" in fpgas.run("fpga_shell", wanted)["msg"]
    foreseen = fpgas.run("fpga_shell", wanted, check=True)
    assert foreseen["changed"] and "is not there yet" in foreseen["warnings"][0]


def test_a_failure_is_recorded_and_may_be_tried_again(fpgas, wanted, tmp_path):
    fpgas.tool.cards[BDF]["broken"] = "Unable to program the flash"
    result = fpgas.run("fpga_shell", wanted)
    assert result["failed"] and "ERROR: Unable to program the flash" in result["msg"] and str(tmp_path) in result["msg"]
    assert records(tmp_path)[0]["state"] == "failed" and records(tmp_path)[0]["before"]["shell"] == OLD
    fpgas.tool.cards[BDF]["broken"] = ""
    assert fpgas.run("fpga_shell", wanted)["changed"]


def test_a_partition_runs_at_once(fpgas, wanted):
    wanted["cards"][0]["part"] = "partition"
    done = fpgas.run("fpga_shell", wanted)
    assert done["changed"] and not done["power_cycle_needed"]
    assert fpgas.programmed()[0][:2] == ["--shell", wanted["cards"][0]["image"]]
    assert not fpgas.run("fpga_shell", wanted)["changed"]


def test_without_tools(fpgas, wanted):
    wanted["executable"] = "no-such-program"
    assert "there is no xbmgmt here" in fpgas.run("fpga_shell", wanted)["msg"]
    assert "planned as if" in fpgas.run("fpga_shell", wanted, check=True)["warnings"][0]


def test_checksum(tmp_path):
    (tmp_path / "file").write_bytes(b"test")
    assert shell.checksum(tmp_path / "file") == hashlib.sha256(b"test").hexdigest()
