# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: written once, read again, and never written over when they are damaged."""

from __future__ import annotations

import json

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.findings import compare, model, page, store
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.findings import federation as lab


@pytest.fixture
def make(tmp_path):
    """A function (*reports, check=False, **parameters) -> the result."""

    def call(*given, check=False, **params):
        base = {
            "federation": lab.NAME, "folder": str(tmp_path / "scans"), "targets": lab.TARGETS, "today": lab.TODAY,
            "profiles": lab.PROFILES, "accepted": [], "reports": list(given), "min_qod": 70,
        }  # fmt: skip
        return store.make({**base, **params}, check)

    return call


def contents(folder):
    """{file: bytes} of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_reports_give_the_same_files(make, tmp_path):
    given = (lab.report(results=[lab.result()]), lab.report(lab.BA))
    assert make(*given)["changed"]
    before = contents(tmp_path / "scans")
    assert set(before) == {"findings.json", "findings.csv", "findings.sarif", "findings.html", "history.json"}
    for today in (lab.TODAY, "2027-01-01"):
        assert not make(*given, today=today)["changed"]
    make(*reversed(given))
    assert contents(tmp_path / "scans") == before


def test_what_is_written_is_what_is_read(make, tmp_path):
    make(lab.report(results=[lab.result()]))
    path = tmp_path / "scans" / "findings.json"
    found = store.document(path, lab.NAME)
    assert store.dump(found) == path.read_text() and found["findings"][0].keys() == compare.KEYS


def test_history_has_one_entry_for_the_same_scans(make, tmp_path):
    make(lab.report(results=[lab.result(), lab.result(number=2, severity=5.0)]))
    make(accepted=[lab.waiver(oid=lab.OID + "1")])
    make(lab.report(day=2))
    first, second = json.loads((tmp_path / "scans" / "history.json").read_text())["runs"]
    assert (first["time"], first["critical"], first["medium"], first["accepted"], first["new"]) == (
        "2026-02-01T22:09:00Z", 0, 1, 1, 1,
    )  # fmt: skip
    assert (second["time"], second["fixed"], second["critical"]) == ("2026-02-02T22:09:00Z", 2, 0)


@pytest.mark.parametrize("name", ["findings.json", "history.json"])
@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"format": 9}', '{"format": 1, "federation": "lab"}', "cut", "part", "other"]
)
def test_a_damaged_file_is_refused_and_kept(make, tmp_path, name, damage):
    given = lab.report(results=[lab.result()])
    make(given)
    path = tmp_path / "scans" / name
    text = path.read_text()
    changed = {
        "cut": text[: len(text) // 2],
        "part": text.replace('"status"', '"state"').replace('"scans"', '"scan"'),
        "other": text.replace('"federation": "lab"', '"federation": "other"'),
    }.get(damage, damage)
    path.write_text(changed)
    before = contents(tmp_path / "scans")
    with pytest.raises(model.InputError, match="is of federation other" if damage == "other" else "is damaged"):
        make(lab.report(day=2))
    assert contents(tmp_path / "scans") == before


def test_a_run_that_is_killed_while_it_writes_can_be_repeated(make, tmp_path, monkeypatch):
    make(lab.report(results=[lab.result()]))
    plain = store.files.write
    for dies_at in range(5):
        monkeypatch.setattr(store.files, "write", _dying(plain, dies_at))
        with pytest.raises(KeyboardInterrupt):
            make(lab.report(day=2 + dies_at, results=[lab.result(number=dies_at)]))
        monkeypatch.setattr(store.files, "write", plain)
        done = make(lab.report(day=2 + dies_at, results=[lab.result(number=dies_at)]))
        assert done["changed"] and done["counts"]["new"] == 1 and done["counts"]["fixed"] == 1
    runs = json.loads((tmp_path / "scans" / "history.json").read_text())["runs"]
    assert [run["time"][8:10] for run in runs] == ["01", "02", "03", "04", "05", "06"]


def _dying(write, after):
    left = [after]

    def call(path, text):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write(path, text)

    return call


def test_the_diff_is_what_changed(make):
    make(lab.report(results=[lab.result(), lab.result(number=2)]))
    diff = make(lab.report(day=2, results=[lab.result(number=2)]))["diff"]
    assert diff["before"].splitlines() == [
        f"{lab.WEAK}: new critical 9.8", f"{lab.WEAK[:-1]}2: new critical 9.8",
    ]  # fmt: skip
    assert diff["after"].splitlines() == [
        f"{lab.WEAK}: fixed critical 9.8", f"{lab.WEAK[:-1]}2: open critical 9.8",
    ]  # fmt: skip
    quiet = make(lab.report(day=2, results=[lab.result(number=2)]))["diff"]
    assert quiet["before"] == quiet["after"] == ""


def test_work_grows_with_the_findings_and_not_faster(make, monkeypatch):
    """5,000 hosts with 20 findings each: every result is looked at once, and every finding a fixed number of times."""
    hosts = {
        f"cnaf-cpu-{n:04d}": {"address": f"10.{n // 62500}.{n // 250 % 250}.{n % 250}", "owner": f"o{n % 7}"}
        for n in range(5000)
    }
    targets = {lab.CNAF: {**lab.TARGETS[lab.CNAF], "hosts": hosts}}
    about = [
        {
            "address": host["address"],
            "start": "2026-02-01T22:01:00Z",
            "end": "2026-02-01T22:02:00Z",
            "authenticated": {},
        }
        for host in hosts.values()
    ]
    results = [
        lab.result(host["address"], number, severity=1 + number % 9)
        for host in hosts.values()
        for number in range(10, 30)
    ]
    accepted = [lab.waiver(oid=lab.OID + str(number), hosts=["cnaf-cpu-0*"]) for number in range(10, 60)]
    looked = {"find": 0, "read": 0}
    plain_find, plain_read = store.Waivers.find, store.reports._finding

    def find(self, finding):
        looked["find"] += 1
        return plain_find(self, finding)

    def read(*arguments):
        looked["read"] += 1
        return plain_read(*arguments)

    monkeypatch.setattr(store.Waivers, "find", find)
    monkeypatch.setattr(store.reports, "_finding", read)
    done = make(lab.report(results=results, hosts=about), targets=targets, accepted=accepted)
    assert looked == {"find": 100_000, "read": 100_000}
    assert done["counts"]["new"] + done["counts"]["accepted"] == 100_000 and done["counts"]["accepted"] == 20_000
    assert len(done["new"]) == store.MOST + 1 and done["new"][-1] == "and 79950 more"
    assert len(page.render(store.document(store.Path(done["json"])), [])) < 3_000_000
