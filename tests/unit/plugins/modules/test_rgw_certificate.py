# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rgw_certificate: against TLS servers of our own that take up a new certificate when their daemon is restarted."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.infn.datacloud.plugins.module_utils.rgw import certificate

KEY_IN_CLUSTER = "rgw/cert/rgw.x"


def pem(days=1):
    """(certificate, key), PEM; with days < 0 it has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "s3.example.org")])
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(end - datetime.timedelta(days=9))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


def fingerprint(text):
    return x509.load_pem_x509_certificate(text.encode()).fingerprint(hashes.SHA256()).hex(":").upper()


class Gateway:
    """A TLS server; `silent` is the number of connections that it drops before it serves again."""

    def __init__(self, path):
        self.path, self.silent = path, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def load(self, text):
        self.path.write_text(text)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.path)

    def _serve(self):
        while True:
            try:
                connection, _peer = self.socket.accept()
            except OSError:  # closed: the test is over
                return
            with connection:
                if self.silent:
                    self.silent -= 1
                    continue
                try:
                    with self.context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(1)
                except OSError:
                    pass


class Site:
    """Two gateways that serve an expired certificate, of service rgw.x on hosts a and b; the file has a new one."""

    def __init__(self, ceph, path):
        self.ceph, self.cluster = ceph, ceph.cluster
        self.old, self.new = pem(days=-1), pem()
        self.file = path / "rgw.pem"
        self.file.write_text(self.new[1] + self.new[0] + self.old[0])
        self.cluster.keys[KEY_IN_CLUSTER] = self.file.read_text()
        self.gateways = {}
        for host in "ab":
            gateway = self.gateways[host] = Gateway(path / host)
            gateway.load(self.old[0] + self.old[1])
            name = f"rgw.x.{host}.abcdef"
            self.cluster.daemons.append(
                {"daemon_name": name, "hostname": host, "service_name": "rgw.x", "ports": [gateway.port]}
            )
            self.cluster.options[f"client.{name}", "rgw_frontends"] = (
                f"beast ssl_port={gateway.port} ssl_certificate=config://{KEY_IN_CLUSTER}"
            )
            self.cluster.on_restart[name] = lambda gateway=gateway: self.restart(gateway)

    def restart(self, gateway):
        assert not any(other.silent for other in self.gateways.values()), "two gateways are away at the same time"
        gateway.silent = 2
        gateway.load(self.cluster.keys[KEY_IN_CLUSTER])

    def params(self, **changes):
        listed = [{"host": host, "address": "127.0.0.1", "port": item.port} for host, item in self.gateways.items()]
        return {"service": "rgw.x", "certificate": str(self.file), "gateways": listed, "wait_timeout": 60, **changes}


@pytest.fixture
def site(ceph, tmp_path):
    made = Site(ceph, tmp_path)
    yield made
    for gateway in made.gateways.values():
        gateway.socket.close()


@pytest.mark.crud("rgw_certificate")
def test_life(site):
    done = site.ceph.life("rgw_certificate", site.params())
    assert done["operations"] == [{"action": "update", "key": host, "changes": ["certificate"]} for host in "ab"]
    assert done["diff"] == {
        side: {host: {"host": host, "certificate": fingerprint(text)} for host in "ab"}
        for side, text in (("before", site.old[0]), ("after", site.new[0]))
    }
    assert site.cluster.restarted == ["rgw.x.a.abcdef", "rgw.x.b.abcdef"] and done["unanswered"] == {}
    assert "PRIVATE" not in str(done)


def test_only_the_gateway_that_differs_is_restarted(site):
    site.gateways["a"].load(site.new[0] + site.new[1])
    done = site.ceph.life("rgw_certificate", site.params())
    assert [item["key"] for item in done["operations"]] == ["b"]
    assert site.cluster.restarted == ["rgw.x.b.abcdef"]


def test_none_is_restarted_before_the_cluster_holds_the_certificate(site):
    new, answers = site.cluster.keys[KEY_IN_CLUSTER], [site.old[0], site.old[0]]
    site.cluster.keys[KEY_IN_CLUSTER] = lambda: answers.pop() if answers else new
    restarted = []

    def restart():
        assert not answers
        restarted.append(site.gateways["a"].load(new))

    site.cluster.on_restart["rgw.x.a.abcdef"] = restart
    done = site.ceph.run("rgw_certificate", site.params(gateways=site.params()["gateways"][:1]))
    assert done["changed"] and len(restarted) == 1


@pytest.mark.parametrize("stored", [None, "old"])
def test_a_specification_with_another_certificate(site, stored):
    if stored:
        site.cluster.keys[KEY_IN_CLUSTER] = "".join(site.old)
    else:
        del site.cluster.keys[KEY_IN_CLUSTER]
    result = site.ceph.run("rgw_certificate", site.params())
    assert result["failed"] and "apply the service rgw.x" in result["msg"] and site.cluster.restarted == []


def test_a_certificate_that_is_not_the_clusters(site):
    for name in ("rgw.x.a.abcdef", "rgw.x.b.abcdef"):
        site.cluster.options[f"client.{name}", "rgw_frontends"] = "beast ssl_certificate=/etc/ceph/rgw.pem"
    assert site.ceph.run("rgw_certificate", site.params())["changed"]
    assert len(site.cluster.restarted) == 2


def test_a_gateway_that_does_not_come_back_stops_it(site):
    site.cluster.on_restart["rgw.x.a.abcdef"] = lambda: None  # goes on with the old one
    result = site.ceph.run("rgw_certificate", site.params())
    assert result["failed"] and "rgw.x.a.abcdef was restarted and does not serve" in result["msg"]
    assert site.cluster.restarted == ["rgw.x.a.abcdef"]
    assert [item["key"] for item in result["not_applied"]] == ["a", "b"]


def test_a_gateway_without_a_daemon(site):
    site.cluster.daemons[1]["ports"] = [1]
    result = site.ceph.run("rgw_certificate", site.params())
    assert result["failed"] and "gateway a: rgw.x has no daemon there on port" in result["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_one_that_is_away_is_left_and_reported(site, check):
    site.gateways["a"].silent = 1
    result = site.ceph.run("rgw_certificate", site.params(), check=check)
    assert [item["key"] for item in result["operations"]] == ["b"] and "a: " in result["warnings"][0]
    assert check or list(result["unanswered"]) == ["a"]


def test_before_file_and_cluster_exist_a_check_plans_nothing(site, tmp_path):
    (tmp_path / "ceph.conf").unlink()
    for gateway in site.gateways.values():
        gateway.silent = 2
    assert not site.ceph.run("rgw_certificate", site.params(), check=True)["changed"]
    missing = site.params(certificate=str(tmp_path / "missing.pem"))
    foreseen = site.ceph.run("rgw_certificate", missing, check=True)
    assert not foreseen["changed"] and not foreseen.get("failed") and foreseen["warnings"]


def test_refusals(site, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text(site.new[1])
    for path, words in ((empty, "holds no certificate"), (tmp_path / "missing.pem", "cannot be read")):
        result = site.ceph.run("rgw_certificate", site.params(certificate=str(path)))
        assert result["failed"] and words in result["msg"] and "PRIVATE" not in result["msg"]
    twice = site.params()["gateways"][:1] * 2
    result = site.ceph.run("rgw_certificate", site.params(gateways=twice))
    assert result["failed"] and "listed twice" in result["msg"] and site.cluster.restarted == []


def test_the_first_certificate_counts_wherever_the_key_is():
    (first, key), (second, _key) = pem(), pem()
    for text in (first + second + key, key + first + second):
        assert certificate.fingerprint(text.encode()) == fingerprint(first)
    broken = b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
    assert certificate.fingerprint(broken) is None and certificate.fingerprint(b"") is None
