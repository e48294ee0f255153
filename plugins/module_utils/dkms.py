# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether DKMS has a driver ready: the package of a driver that did not compile is installed all the same."""

from __future__ import annotations

import os
import re
from pathlib import Path

# nvidia-current/550.163.01, 6.12.48+deb13-amd64, x86_64: installed (WARNING! ...), or before it is built
# nvidia-current/550.163.01: added; before dkms 3 the module was parted from its version by a comma.
LINE = re.compile(r"^([^/,:\s]+)[/,] *([^,:\s]+)(?:, *([^,:\s]+), *([^,:\s]+))?: *(\w+) *(.*)$", re.MULTILINE)


def kernels(boot=Path("/boot")):
    """The kernels that count: the running one, and the one that was installed last, which the next boot takes."""
    images = sorted(boot.glob("vmlinuz-[0-9]*"), key=lambda path: path.stat().st_mtime)
    newest = [path.name.partition("-")[2] for path in images[-1:]]
    return list(dict.fromkeys([os.uname().release, *newest]))


def parse(text):
    """What `dkms status` lists: [{module, version, kernel, state, warning}]; no kernel where nothing was built."""
    return [
        {"module": module, "version": version, "kernel": kernel or "", "state": state, "warning": rest.strip("() ")}
        for module, version, kernel, _arch, state, rest in LINE.findall(text)
    ]


def unfinished(entries, prefix, kernels):
    """What is wrong with the modules whose name begins with prefix: (message, advice, whether it is an error) each.

    entries: as parse lists them, kernels: the releases that a module must be installed for. Nothing is wrong where DKMS
    knows no such module: the driver comes in another way.
    """
    ours = [item for item in entries if item["module"].startswith(prefix)]
    for kernel in kernels if ours else ():
        found = [item for item in ours if item["kernel"] == kernel]
        name = f"{ours[0]['module']}/{ours[0]['version']}"
        if not any(item["state"] == "installed" for item in found):
            state = ", ".join(sorted({item["state"] for item in found})) or "not built"
            yield (
                f"the driver {name} is {state} for kernel {kernel}, not installed",
                f"read /var/lib/dkms/{name}/build/make.log; the headers of {kernel} must be installed and the driver "
                f"must know this kernel (then: dkms install {name} -k {kernel})",
                True,
            )
        for item in found:
            if item["state"] == "installed" and item["warning"]:
                advice = f"dkms install --force {item['module']}/{item['version']} -k {kernel}"
                yield f"the driver for kernel {kernel}: {item['warning']}", advice, False
