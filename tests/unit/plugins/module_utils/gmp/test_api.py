# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a manager is reached: what is tried again, what is verified, what is said."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gvm.errors import GvmError

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.gmp import api

LIST = "get_targets"
VERSION = '<get_version_response status="200" status_text="OK"><version>22.7</version></get_version_response>'
WELCOME = '<authenticate_response status="200" status_text="OK"/>'
EMPTY = '<get_targets_response status="200" status_text="OK"/>'
BUSY = '<get_targets_response status="503" status_text="Service temporarily down"/>'
LOST = GvmError("Remote closed the connection")


def gmp(monkeypatch, answers, check_mode=False, **params):
    """A Gmp whose sessions give these answers (str, or an exception to raise) in turn; and the requests it made."""
    asked, left = [], list(answers)

    def send(request):
        asked.append(request.partition(" ")[0].strip("<>/").partition(">")[0])
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    nothing = SimpleNamespace(connect=lambda: None, disconnect=lambda: None, send_command=send)
    monkeypatch.setattr(api, "GMP", lambda connection: nothing)
    monkeypatch.setattr(api, "PAUSE", 0)
    defaults = {name: option.get("default") for name, option in api.OPTIONS.items()}
    module = SimpleNamespace(params={**defaults, "user": "me", "password": "p<&>", **params}, check_mode=check_mode)
    return api.Gmp(module), asked


def test_a_reading_is_tried_again_while_the_manager_is_busy_or_lost(monkeypatch):
    client, asked = gmp(monkeypatch, [VERSION, WELCOME, BUSY, VERSION, WELCOME, LOST, VERSION, WELCOME, EMPTY])
    assert client.listing("target") == [] and asked.count(LIST) == 3


def test_a_writing_is_not_tried_again_after_its_connection_was_lost(monkeypatch):
    client, asked = gmp(monkeypatch, [VERSION, WELCOME, LOST])
    with pytest.raises(api.Lost, match=r"task x: manager at /run/gvmd/gvmd.sock gave no answer to start_task"):
        client.call(api.element("start_task", task_id="1"), "task x")
    assert asked.count("start_task") == 1


def test_a_manager_that_stays_busy_is_given_up(monkeypatch):
    client, _asked = gmp(monkeypatch, [VERSION, WELCOME, BUSY] * api.TRIES)
    with pytest.raises(api.Refused, match="503 Service temporarily down; the manager reads its feed"):
        client.listing("target")


def test_a_wrong_password_is_said_without_it(monkeypatch):
    refusal = '<authenticate_response status="400" status_text="Authentication failed"/>'
    client, _asked = gmp(monkeypatch, [VERSION, refusal])
    with pytest.raises(core.ApiError, match=r"user me: manager at .* refused name or password") as failure:
        client.listing("target")
    assert "p<&>" not in str(failure.value)


def test_a_version_that_is_not_known(monkeypatch):
    client, _asked = gmp(monkeypatch, [VERSION.replace("22.7", "30.1")])
    with pytest.raises(core.ApiError, match=r"speaks GMP 30\.1"):
        client.listing("target")


def test_without_python_gvm(monkeypatch):
    client, _asked = gmp(monkeypatch, [])
    monkeypatch.setattr(api, "GVM_ERROR", "Traceback")
    with pytest.raises(api.Unreachable, match="python-gvm"):
        client.listing("target")


def certificate(folder, name, issuer=None, host=None):
    """(certificate, key) signed by issuer or itself, kept in the folder as name.pem and name.key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signer, signer_key = issuer or (None, key)
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    usage["digital_signature" if issuer else "key_cert_sign"] = True
    builder = (
        x509.CertificateBuilder(signer.subject if signer else subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key()), critical=False)
    )
    if host:
        builder = builder.add_extension(x509.SubjectAlternativeName([host]), critical=False)
    made = builder.sign(signer_key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made, key


@pytest.fixture
def front(tmp_path):
    """A function: the options that reach a TLS server here whose certificate names this host (str)."""
    authority = certificate(tmp_path, "ca")
    certificate(tmp_path, "stranger")
    certificate(tmp_path, "client", authority)
    listeners = []

    def start(name):
        host = x509.DNSName(name) if name.isalpha() else x509.IPAddress(ipaddress.ip_address(name))
        certificate(tmp_path, "server", authority, host)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "ca.pem")
        context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
        context.verify_mode = ssl.CERT_REQUIRED
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, context), daemon=True).start()
        files = {"certificate": "client.pem", "key": "client.key", "ca": "ca.pem"}
        return {
            "transport": "tls", "host": "127.0.0.1", "port": listener.getsockname()[1], "timeout": 5,
            **{option: str(tmp_path / file) for option, file in files.items()},
        }  # fmt: skip

    yield start
    for listener in listeners:
        listener.close()


def serve(listener, context):
    """One connection, all of whose requests are answered in turn."""
    try:
        with context.wrap_socket(listener.accept()[0], server_side=True) as peer:
            for answer in (VERSION, WELCOME, EMPTY):
                if not peer.recv(65536):
                    return
                peer.sendall(answer.encode())
            peer.recv(1)
    except OSError:
        return  # the other side did not like us, as it should


def reach(params, check_mode=False):
    """A listing over real sockets."""
    defaults = {name: option.get("default") for name, option in api.OPTIONS.items()}
    module = SimpleNamespace(params={**defaults, "user": "me", "password": "secret", **params}, check_mode=check_mode)
    client = api.Gmp(module)
    try:
        return client.listing("target")
    finally:
        client.close()


def test_tls(front):
    assert reach(front("127.0.0.1")) == []


def test_a_certificate_of_another_host_is_refused_which_python_gvm_takes(front):
    with pytest.raises(core.ApiError, match=r"is not reached: .*not valid for '127.0.0.1'.*the host by a name in it"):
        reach(front("elsewhere"), check_mode=True)


def test_a_certificate_of_a_stranger_is_refused(front, tmp_path):
    with pytest.raises(core.ApiError, match="CERTIFICATE_VERIFY_FAILED"):
        reach({**front("127.0.0.1"), "ca": str(tmp_path / "stranger.pem")})


def test_nobody_listens(tmp_path, monkeypatch):
    monkeypatch.setattr(api, "PAUSE", 0)
    with pytest.raises(api.Unreachable, match="see whether gvmd runs there"):
        reach({"transport": "socket", "socket_path": str(tmp_path / "none.sock")})


@pytest.mark.parametrize(
    "error, said",
    [
        (api.paramiko.SSHException("Server 'h' not found in known_hosts"), "not found in known_hosts"),
        (EOFError(), "hung up"),
    ],
)
def test_an_ssh_login_that_fails_is_told_and_asks_no_question(tmp_path, monkeypatch, error, said):
    (tmp_path / "known_hosts").touch()
    client, _asked = gmp(
        monkeypatch, [], transport="ssh", host="h", ssh_password="x", ssh_known_hosts=str(tmp_path / "known_hosts")
    )
    connection = client._connection()
    seen = {}

    def connect(self, *where, **options):
        seen.update(options, policy=type(self._policy).__name__)
        raise error

    monkeypatch.setattr(api.paramiko.SSHClient, "connect", connect)
    with pytest.raises(GvmError, match=said):
        connection.connect()
    assert seen["policy"] == "RejectPolicy" and not seen["allow_agent"] and not seen["look_for_keys"]
