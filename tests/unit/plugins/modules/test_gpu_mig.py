# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gpu_mig: mode and instances as desired state, against the stand-in for nvidia-smi."""

from __future__ import annotations

import pytest

BALANCED = ["1g.10gb", "1g.10gb", "2g.20gb", "3g.40gb"]


@pytest.mark.crud("gpu_mig")
def test_life(gpus):
    done = gpus.life("gpu_mig", {"gpus": [{"gpu": "all", "instances": BALANCED}]})
    assert done["operations"] == [
        {"action": "update", "key": key, "changes": ["mode", "instances"]} for key in ("0", "1")
    ]
    assert done["diff"]["before"]["0"] == {"gpu": "0", "mode": "disabled", "instances": []}
    assert done["diff"]["after"]["0"]["instances"] == BALANCED
    assert gpus.layout(0) == gpus.layout(1) == {0: "2g.20gb", 2: "1g.10gb", 3: "1g.10gb", 4: "3g.40gb"}

    gpus.life("gpu_mig", {"gpus": [{"gpu": "0", "instances": ["1g.10gb", "2g.20gb", "3g.40gb"]}]})
    gpus.life("gpu_mig", {"gpus": [{"gpu": "0", "instances": []}]})
    assert gpus.layout(0) == {} and gpus.state()["gpus"][0]["mig"] == "enabled"
    done = gpus.life("gpu_mig", {"gpus": [{"gpu": "all", "mode": "disabled"}]})
    assert done["diff"]["after"]["1"] == {"gpu": "1", "mode": "disabled", "instances": []}
    assert gpus.layout(1) == {}


def test_what_may_stay_stays(gpus):
    gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": ["3g.40gb", "1g.10gb"]}]})
    gpus.use(0, profile="3g.40gb")
    before = {item["profile"]: item["id"] for item in gpus.state()["gpus"][0]["instances"]}
    gpus.calls()
    done = gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": ["3g.40gb", "2g.20gb"]}]})
    assert not done.get("failed"), done
    after = {item["profile"]: item["id"] for item in gpus.state()["gpus"][0]["instances"]}
    assert after["3g.40gb"] == before["3g.40gb"] and set(after) == {"3g.40gb", "2g.20gb"}
    assert [words[3] for words in gpus.calls() if words[0] == "mig" and words[1] == "-i"] == [
        "-lgip", "-lgipp", "-dci", "-dgi", "-cgi",
    ]  # fmt: skip


def test_all_are_made_anew_only_where_the_new_ones_do_not_fit(gpus):
    gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": ["1g.10gb"] * 7}]})
    gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": ["3g.40gb", "1g.10gb", "1g.10gb", "1g.10gb"]}]})
    assert sorted(gpus.layout(0).values()) == ["1g.10gb", "1g.10gb", "1g.10gb", "3g.40gb"]


def test_a_process_keeps_its_instance(gpus):
    gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": BALANCED}]})
    gpus.use(0, profile="2g.20gb")
    before = gpus.state()["gpus"]
    result = gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": ["3g.40gb"]}]})
    assert result["failed"] and "4711 (train.py)" in result["msg"] and "nothing was changed on it" in result["msg"]
    assert not result["changed"] and gpus.state()["gpus"] == before


@pytest.mark.parametrize("reset", [False, True])
def test_a_gpu_in_use_keeps_its_mode(gpus, reset):
    gpus.use(1)
    result = gpus.run("gpu_mig", {"gpus": [{"gpu": "1", "instances": BALANCED}], "reset": reset})
    assert result["failed"] and "GPU 1 is in use" in result["msg"]
    assert gpus.state()["gpus"][1]["mig_pending"] == "disabled"
    assert not [words for words in gpus.calls() if "--gpu-reset" in words]


def test_jobs_are_kept_away_and_let_in_again(gpus, tmp_path):
    log = tmp_path / "log"
    commands = {
        f"{word}_command": ["/bin/sh", "-c", f"echo {word} >> {log}; cat $LAB_GPUS >> {log}.states"]
        for word in ("drain", "resume")
    }
    wanted = {"gpus": [{"gpu": "0", "instances": BALANCED}], **commands}
    gpus.run("gpu_mig", wanted, check=True)
    assert not log.exists()
    gpus.run("gpu_mig", wanted)
    assert log.read_text().split() == ["drain", "resume"]
    gpus.run("gpu_mig", wanted)
    assert log.read_text().split() == ["drain", "resume"]
    gpus.use(0, profile="3g.40gb")
    assert gpus.run("gpu_mig", {**wanted, "gpus": [{"gpu": "0", "mode": "disabled"}]})["failed"]
    assert log.read_text().split() == ["drain", "resume", "drain"]


def test_before_there_is_a_cluster_nobody_is_kept_away(gpus):
    done = gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": BALANCED}], "drain_command": ["no-such-program"]})
    assert done["changed"] and "there is no no-such-program here" in done["warnings"][0]


def test_it_waits_for_a_process(gpus, monkeypatch):
    gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": ["7g.80gb"]}]})
    gpus.use(0, profile="7g.80gb")
    monkeypatch.setattr("time.sleep", lambda _seconds: gpus.idle(0))
    result = gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": BALANCED}], "drain_timeout": 60})
    assert not result.get("failed") and len(gpus.layout(0)) == 4


def test_a_mode_that_waits_for_a_reset(gpus):
    gpus.change(0, waits=True)
    wanted = {"gpus": [{"gpu": "0", "instances": BALANCED}]}
    done = gpus.run("gpu_mig", wanted)
    assert done["changed"] and done["reboot_needed"]
    assert done["reboot_reasons"] == ["GPU 0: MIG mode enabled waits for a reset"]
    again = gpus.run("gpu_mig", wanted)
    assert not again["changed"] and again["reboot_needed"] and gpus.layout(0) == {}
    gpus.change(0, mig="enabled")
    after = gpus.run("gpu_mig", wanted)
    assert after["changed"] and not after["reboot_needed"] and len(gpus.layout(0)) == 4


def test_a_reset_where_it_is_allowed(gpus):
    gpus.change(0, waits=True)
    done = gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": BALANCED}], "reset": True})
    assert not done["reboot_needed"] and len(gpus.layout(0)) == 4


def test_an_interrupted_creation_is_completed(gpus):
    gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": BALANCED}]})
    state = gpus.state()
    state["gpus"][0]["instances"][0]["compute"] = []
    gpus.change(0, instances=state["gpus"][0]["instances"])
    assert gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": BALANCED}]})["changed"]
    assert all(item["compute"] for item in gpus.state()["gpus"][0]["instances"])


@pytest.mark.parametrize(
    ("instances", "words"),
    [
        (["1g.5gb"], "GPU 0 has no profile 1g.5gb; it has 1g.10gb (up to 7)"),
        (["3g.40gb"] * 3, "GPU 0 has no room for 3x 3g.40gb together"),
    ],
)
def test_what_a_gpu_cannot_hold_is_refused_in_check_mode_too(gpus, instances, words):
    gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "mode": "enabled"}]})
    for check in (True, False):
        result = gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "instances": instances}]}, check=check)
        assert result["failed"] and words in result["msg"] and not result["changed"]


def test_every_mistake_is_told_at_once(gpus):
    wanted = [{"gpu": "7", "mode": "enabled"}, {"gpu": "0", "mode": "disabled", "instances": BALANCED}]
    result = gpus.run("gpu_mig", {"gpus": wanted})
    assert "GPU 7 is not in this host; there are: 0 (0000:3b:00.0), 1 (0000:d8:00.0)" in result["msg"]
    assert "GPU 0: instances need mode enabled" in result["msg"]
    result = gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "mode": "enabled"}, {"gpu": "GPU-0", "mode": "disabled"}]})
    assert "GPU 0 is listed twice" in result["msg"]


def test_a_card_without_mig(gpus):
    gpus.change(0, extra={"mig_mode": "<current_mig>N/A</current_mig><pending_mig>N/A</pending_mig>"})
    assert "knows no MIG" in gpus.run("gpu_mig", {"gpus": [{"gpu": "0", "mode": "enabled"}]})["msg"]


def test_without_a_driver(gpus):
    gpus.broken(9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")
    wanted = {"gpus": [{"gpu": "all", "instances": BALANCED}]}
    result = gpus.run("gpu_mig", wanted)
    assert result["failed"] and "the NVIDIA driver is not loaded" in result["msg"]
    foreseen = gpus.run("gpu_mig", wanted, check=True)
    assert foreseen["changed"] and "planned as if" in foreseen["warnings"][0]


def test_the_number_of_commands_does_not_grow_with_the_gpus(gpus):
    gpus.run("gpu_mig", {"gpus": [{"gpu": "all", "instances": BALANCED}]})
    gpus.calls()
    assert not gpus.run("gpu_mig", {"gpus": [{"gpu": "all", "instances": BALANCED}]})["changed"]
    assert gpus.calls() == [["-q", "-x"], ["-q", "-x"], ["mig", "-lci"], ["mig", "-lgi"]]
