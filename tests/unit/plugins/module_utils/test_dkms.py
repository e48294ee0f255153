# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dkms says, and what is not finished."""

from __future__ import annotations

import os

from ansible_collections.infn.datacloud.plugins.module_utils import dkms

KERNEL = "6.12.48+deb13-amd64"
DKMS = f"""nvidia-current/550.163.01, 6.12.43+deb13-amd64, x86_64: installed
nvidia-current/550.163.01, {KERNEL}, x86_64: installed (WARNING! Diff between built and installed module!)
xrt/2.18.0: added
nvidia, 470.57.02, 5.10.0-8-amd64, x86_64: built
"""


def test_parse():
    first, second, third, older = dkms.parse(DKMS)
    assert first == {
        "module": "nvidia-current", "version": "550.163.01", "kernel": "6.12.43+deb13-amd64", "state": "installed",
        "warning": "",
    }  # fmt: skip
    assert second["warning"] == "WARNING! Diff between built and installed module!"
    assert (third["module"], third["kernel"], third["state"]) == ("xrt", "", "added")
    assert (older["module"], older["version"], older["state"]) == ("nvidia", "470.57.02", "built")


def test_unfinished():
    entries = dkms.parse(DKMS)
    assert [error for _message, _advice, error in dkms.unfinished(entries, "nvidia-current", [KERNEL])] == [False]
    (found,) = dkms.unfinished(entries, "xrt", [KERNEL])
    assert found[0] == f"the driver xrt/2.18.0 is not built for kernel {KERNEL}, not installed" and found[2]
    assert not [*dkms.unfinished(entries, "mlnx", [KERNEL])]


def test_the_kernel_that_boots_next_counts_as_well(tmp_path):
    assert dkms.kernels(tmp_path) == [os.uname().release]
    for age, name in enumerate(("6.12.48+deb13-amd64", "6.12.57+deb13-amd64", "6.9.7-amd64")):
        (tmp_path / f"vmlinuz-{name}").touch()
        os.utime(tmp_path / f"vmlinuz-{name}", (age % 2, age % 2))
    (tmp_path / "vmlinuz-old").touch()
    assert dkms.kernels(tmp_path) == [os.uname().release, "6.12.57+deb13-amd64"]
    (tmp_path / f"vmlinuz-{os.uname().release}").touch()
    assert dkms.kernels(tmp_path) == [os.uname().release]
