# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get the key of a disk from OpenBao (or HashiCorp Vault) for systemd-cryptsetup.

    disk_key.py CONFIGURATION KEYFILE    wait for OpenBao and write the key to KEYFILE, mode 0600, below /run
    disk_key.py --check CONFIGURATION DEVICE    ask once and see that the key opens the device

CONFIGURATION is JSON: url, ca_file, namespace, path (of the API, as in datacloud/data/disks/host/data), field,
token_file (kept fresh by an agent), wait (seconds). What goes wrong is told in one line on standard error, and the exit
status is 1. Token and key are in no argument, environment variable or message; the key is in no other file.

Only the standard library is needed, Python 3.9 or later. API: openbao.org/api-docs/secret/kv/kv-v2, "Read secret
version".
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

# Seconds.
REQUEST_TIMEOUT = 15
PAUSE_FIRST = 1
PAUSE_LAST = 10


class KeyUnavailable(Exception):
    """There is no key now; the text is one sentence without a secret."""


def fetch(settings: dict) -> str:
    """Ask OpenBao once and return the key. Raises KeyUnavailable."""
    try:
        token = Path(settings["token_file"]).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise KeyUnavailable(f"no token in {settings['token_file']}: {type(error).__name__}") from error
    url = f"{settings['url'].rstrip('/')}/v1/{settings['path']}"
    request = urllib.request.Request(url, headers={"X-Vault-Token": token})  # noqa: S310 (only HTTPS is opened below)
    if settings["namespace"]:
        request.add_header("X-Vault-Namespace", settings["namespace"])
    try:
        context = ssl.create_default_context(cafile=settings["ca_file"])
        # No redirects and no proxy: the token goes to the address that was configured and nowhere else.
        opener = urllib.request.OpenerDirector()
        for handler in (urllib.request.HTTPSHandler(context=context), urllib.request.HTTPErrorProcessor()):
            opener.add_handler(handler)
        opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
        with opener.open(request, timeout=REQUEST_TIMEOUT) as response:
            value = json.load(response)["data"]["data"][settings["field"]]
    except urllib.error.HTTPError as error:
        raise KeyUnavailable(f"{url} answered {error.code}") from error
    except (OSError, ValueError) as error:
        raise KeyUnavailable(f"{url}: {error}") from error
    except (KeyError, TypeError) as error:
        raise KeyUnavailable(f"{url}: no field {settings['field']} in the answer") from error
    if not isinstance(value, str) or not value:
        raise KeyUnavailable(f"{url}: the field {settings['field']} is no text")
    return value


def wait(settings: dict) -> str:
    """Ask until there is a key, or raise KeyUnavailable after settings["wait"] seconds."""
    deadline = time.monotonic() + settings["wait"]
    pause, told = PAUSE_FIRST, ""
    while True:
        try:
            return fetch(settings)
        except KeyUnavailable as error:
            if time.monotonic() + pause > deadline:
                raise
            if str(error) != told:
                told = str(error)
                print(f"waiting: {told}", file=sys.stderr, flush=True)
        time.sleep(pause)
        pause = min(pause * 2, PAUSE_LAST)


def write(key: str, path: Path) -> None:
    """Write the key to a new file that only root can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(key)


def check(key: str, device: str) -> None:
    """See that the key opens the device. Raises KeyUnavailable if it does not."""
    argv = ["cryptsetup", "open", "--test-passphrase", "--batch-mode", "--key-file", "-", device]
    done = subprocess.run(argv, input=key.encode(), capture_output=True, check=False)
    if done.returncode:
        raise KeyUnavailable(f"the key from OpenBao does not open {device} (cryptsetup exit status {done.returncode})")


def main(arguments: list[str]) -> int:
    """Run one of the two ways in the docstring; return the exit status."""
    try:
        if arguments[:1] == ["--check"]:
            settings = json.loads(Path(arguments[1]).read_text(encoding="utf-8"))
            check(fetch(settings), arguments[2])
        else:
            settings = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
            write(wait(settings), Path(arguments[1]))
    except KeyUnavailable as error:
        print(f"disk key: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
