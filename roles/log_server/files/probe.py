# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the log server on this host: a message sent with a certificate is kept, one sent without is not.

Usage: probe.py JSON, an object with host, name, port, ca, certificate, key, directory and free (percent). Writes
/var/lib/datacloud/probes/log-server.json and exits 1 when the probe failed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import ssl
import sys
import time
import uuid
from pathlib import Path

RECORD = Path("/var/lib/datacloud/probes/log-server.json")
# Seconds for which a message may be on its way.
PATIENCE = 20


def send(want: dict, text: str, certificate: bool) -> None:
    """Send one message over RELP and wait until the server acknowledges it.

    A frame is "number command length data" (https://www.rsyslog.com/doc/relp.html). Raises OSError when the
    connection, or what was sent over it, is refused.
    """
    context = ssl.create_default_context(cafile=want["ca"])
    if certificate:
        context.load_cert_chain(want["certificate"], want["key"])
    offer = "relp_version=0\nrelp_software=datacloud-probe\ncommands=syslog"
    message = f"<14>1 - {want['host']} datacloud-probe - - - {text}"
    with (
        socket.create_connection(("127.0.0.1", want["port"]), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=want["name"]) as secure,
    ):
        for number, (command, data) in enumerate((("open", offer), ("syslog", message)), start=1):
            secure.sendall(f"{number} {command} {len(data)} {data}\n".encode())
            # In TLS 1.3 a refusal comes after the handshake.
            answer = secure.recv(4096)
            fields = answer.split(maxsplit=4)
            if len(fields) < 4 or fields[:2] != [b"%d" % number, b"rsp"] or fields[3] != b"200":
                raise ConnectionError(f"the server answered {answer!r}")


def kept(want: dict, text: str) -> bool:
    """Is the text at the end of this host's own log?"""
    path = Path(want["directory"]) / want["name"] / "messages.log"
    with contextlib.suppress(FileNotFoundError), path.open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 1_000_000))
        return text.encode() in log.read()
    return False


def probe(want: dict) -> tuple[bool, str]:
    """Return whether all is well and what was seen."""
    refused, accepted = (f"refused-{uuid.uuid4()}", f"marker-{uuid.uuid4()}")
    try:
        send(want, refused, certificate=False)
    except OSError:
        pass
    else:
        return False, "a connection without a certificate was not refused"
    # A server that has just been started may not listen yet.
    end = time.monotonic() + PATIENCE
    while True:
        try:
            send(want, accepted, certificate=True)
            break
        except OSError as error:
            if time.monotonic() > end:
                return False, f"a message was not taken: {error}"
            time.sleep(0.5)
    while not kept(want, accepted):
        if time.monotonic() > end:
            return False, f"{accepted} is not in {want['directory']}/{want['name']}/messages.log"
        time.sleep(0.2)
    if kept(want, refused):
        return False, "a message sent without a certificate was kept"
    usage = shutil.disk_usage(want["directory"])
    free = usage.free * 100 // usage.total
    if free < want["free"]:
        return False, f"only {free} % of the file system of {want['directory']} are free"
    return True, f"{accepted} was kept, a sender without a certificate was refused, {free} % of the disk are free"


def record(host: str, passed: bool, observed: str) -> None:
    """Write the outcome down for the evidence."""
    RECORD.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = RECORD.with_suffix(".new")
    new.write_text(
        json.dumps(
            {
                "id": RECORD.stem,
                "title": "The central log takes messages over TLS, from hosts with a certificate only",
                "iso27001_2022": ["A.8.15", "A.8.20"],
                "host": host,
                "status": "pass" if passed else "fail",
                "observed": observed,
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            }
        )
    )
    new.replace(RECORD)


if __name__ == "__main__":
    arguments = json.loads(sys.argv[1])
    outcome, seen = probe(arguments)
    record(arguments["host"], outcome, seen)
    print(seen)
    sys.exit(0 if outcome else 1)
