# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate the running gateways of a service serve, and their restart, one by one, where it is not the file's.

A gateway reads its certificate from the cluster when it starts. Seen on 18.2.7: after the certificate in a service's
specification has changed, the cluster holds the new one, and the gateways serve the old one until they are restarted.
"""

from __future__ import annotations

import errno
import hashlib
import re
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils.ceph.api import CephBackend, CephError, rows
from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError, Field, Spec

GATEWAY = Spec(
    kind="gateway",
    plural="gateways",
    fields=(Field("host", identity=True), Field("certificate")),
    removable=False,
)

# Seconds for one look at a gateway, and between two looks at one that restarts; looks at the same time.
LOOK, PAUSE, PARALLEL = 10, 2, 32
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
STORED = re.compile(r"\bssl_certificate=config://(\S+)")


def fingerprint(pem):
    """SHA-256 of the first certificate of a PEM text (bytes), as openssl writes it; None where there is none.

    In a server's file the first certificate is its own, the others are the chain; the key may stand before or after.
    """
    found = CERTIFICATE.search(pem)
    if not found:
        return None
    try:
        der = ssl.PEM_cert_to_DER_cert(found.group().decode())
    except ValueError:  # not base64
        return None
    return hashlib.sha256(der).digest().hex(":").upper()


def stored_key(frontends):
    """The key under which the cluster stores the certificate, of the option rgw_frontends (str); None if elsewhere."""
    found = STORED.search(frontends or "")
    return found.group(1) if found else None


def daemon_of(gateway, service, daemons):
    """The name of the gateway's daemon, of the rows of `orch ps`; raises ApiError where there is none."""
    for row in daemons:
        here = row.get("service_name") == service and row.get("hostname") == gateway["host"]
        if here and gateway["port"] in (row.get("ports") or [gateway["port"]]):
            return row["daemon_name"]
    raise ApiError(
        f"gateway {gateway['host']}: {service} has no daemon there on port {gateway['port']}; "
        "compare with `ceph orch ps --daemon-type rgw`"
    )


def served(gateway):
    """(fingerprint, None) of the certificate that a gateway serves now, or (None, why it cannot be seen).

    get_server_certificate does not verify, which is right here: the answer is only compared with the file that this
    host holds, and a certificate that must be replaced because it expired, or comes from an authority that is no
    longer trusted, must still be seen. Nothing is sent over the connection.
    """
    try:
        pem = ssl.get_server_certificate((gateway["address"], gateway["port"]), timeout=LOOK)
    except OSError as error:  # also what TLS refuses, and a timeout
        return None, str(error)
    return fingerprint(pem.encode()), None


class CertificateBackend(CephBackend):
    """The gateways of one service."""

    def __init__(self, module, ceph):
        super().__init__(module, ceph)
        self.gateways = {item["host"]: item for item in module.params["gateways"]}
        self.unreachable = {}

    def prepare(self, desired):
        certificate = self._certificate()
        if certificate is None:
            return []
        with ThreadPoolExecutor(max_workers=min(PARALLEL, len(self.gateways) or 1)) as pool:
            seen = dict(zip(self.gateways, pool.map(served, self.gateways.values()), strict=True))
        self.unreachable = {host: why for host, (_found, why) in seen.items() if why}
        if self.unreachable:
            words = "; ".join(f"{host}: {why}" for host, why in self.unreachable.items())
            self.module.warn(f"gateways that cannot be reached are left as they are: {words}")
        self.there = {host: {"host": host, "certificate": found} for host, (found, why) in seen.items() if not why}
        # A gateway that does not run reads the certificate when it starts.
        return [{"host": item["host"], "certificate": certificate} for item in desired if item["host"] in self.there]

    def _certificate(self):
        """The file's fingerprint; None in check mode where there is no file yet."""
        path = Path(self.module.params["certificate"])
        try:
            found = fingerprint(path.read_bytes())
        except OSError as error:
            if self.module.check_mode and isinstance(error, FileNotFoundError):
                self.module.warn(f"{path} does not exist yet; planned as if the gateways served it")
                return None
            raise ApiError(f"gateways: {path} cannot be read: {error}; write it to this host first") from error
        if found is None:
            raise ApiError(f"gateways: {path} holds no certificate; it must be a PEM file with the gateways' first")
        return found

    def apply(self, operation):
        gateway, service = self.gateways[operation.key], self.module.params["service"]
        about, deadline = f"gateway {operation.key}", self.ceph.clock() + self.module.params["wait_timeout"]
        listed = rows(self.ceph.mgr("orch ps", about=about, service_name=service), "orch ps")
        daemon = daemon_of(gateway, service, listed)
        wanted = operation.after["certificate"]
        # The orchestrator stores a changed certificate a moment after it has accepted it.
        self._until(
            lambda: self._stored(daemon, about) in (None, wanted),
            deadline,
            f"{about}: the cluster holds another certificate than {self.module.params['certificate']}; "
            f"apply the service {service} with that file (ceph_orch_spec), and look into `ceph health detail`",
        )
        self.ceph.mgr("orch daemon", about=about, action="restart", name=daemon)
        self._until(
            lambda: served(gateway)[0] == wanted,
            deadline,
            f"{about}: {daemon} was restarted and does not serve the certificate of "
            f"{self.module.params['certificate']} within {self.module.params['wait_timeout']} s; "
            "look into `ceph orch ps` and the daemon's journal on its host",
        )

    def _stored(self, daemon, about):
        """Fingerprint of the certificate that the daemon would read now; None if it does not come from the cluster."""
        frontends = self.ceph.mon("config get", about=about, who=f"client.{daemon}", key="rgw_frontends")
        key = stored_key(frontends)
        if key is None:
            return None
        try:
            return fingerprint((self.ceph.mon("config-key get", about=about, key=key) or "").encode()) or "none"
        except CephError as error:
            if error.code != errno.ENOENT:
                raise
            return "none"

    def _until(self, good, deadline, words):
        while not good():
            if self.ceph.clock() >= deadline:
                raise ApiError(words)
            self.ceph.sleep(PAUSE)

    def finish(self, operations):
        return {"unanswered": self.unreachable}
