# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that speaks to Greenbone's manager (gvmd), in GMP over python-gvm's connections.

Facts are those of gvmd 26 (GMP 22.7), https://docs.greenbone.net/API/GMP/gmp-22.7.html, and what it was seen to do.
"""

from __future__ import annotations

import errno
import socket
import ssl
import traceback
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.infn.datacloud.plugins.module_utils import core

try:
    import paramiko
    from gvm.connections import SSHConnection, TLSConnection, UnixSocketConnection
    from gvm.errors import GvmError
    from gvm.protocols.gmp import GMP
    from lxml import etree

    GVM_ERROR = None
except ImportError:
    SSHConnection = TLSConnection = UnixSocketConnection = object
    GvmError = OSError
    GVM_ERROR = traceback.format_exc()

OPTIONS = {
    "transport": {"type": "str", "choices": ["socket", "tls", "ssh"], "default": "socket"},
    "socket_path": {"type": "path", "default": "/run/gvmd/gvmd.sock"},
    "host": {"type": "str"},
    "port": {"type": "int"},
    "certificate": {"type": "path"},
    "key": {"type": "path", "no_log": False},
    "ca": {"type": "path"},
    "ssh_user": {"type": "str", "default": "gmp"},
    "ssh_key": {"type": "path", "no_log": False},
    "ssh_password": {"type": "str", "no_log": True},
    "ssh_known_hosts": {"type": "path", "default": "~/.ssh/known_hosts"},
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "timeout": {"type": "int", "default": 60},
}
# For AnsibleModule: python-gvm verifies a server only where it has all three files, so fewer are refused.
CONDITIONS = {
    "required_if": [
        ("transport", "tls", ["host", "certificate", "key", "ca"]),
        ("transport", "ssh", ["host"]),
        ("transport", "ssh", ["ssh_key", "ssh_password"], True),
    ],
}
PORTS = {"tls": 9390, "ssh": 22}
PAUSE = 2.0  # seconds before the first new try
ROWS = -1  # of a page: all, as far as the manager lets it
TRIES = 6  # with a manager that starts, or that reads a new feed
RELEASE = "22."  # GMP versions that the requests are written for
HINTS = {
    "400": "correct what the answer names",
    "403": "give the user a role that may do it",
    "404": "it is gone, or belongs to another user; run again",
    "409": "it exists already; look for it among what other users share, or in the trash",
    "503": "the manager reads its feed or cannot reach its database; run again in a few minutes",
}


def now():
    """The time (aware datetime); in one place, so that a test can turn the clock."""
    return datetime.now(UTC)


def element(tag, content=None, parent=None, **attributes):
    """A new Element of xml.etree: its text or its children (list of Element), below parent where given."""
    made = ElementTree.Element(tag, attributes)
    if isinstance(content, list):
        made.extend(content)
    elif content is not None:
        made.text = str(content)
    if parent is not None:
        parent.append(made)
    return made


class Refused(core.ApiError):
    """The manager answered with an error. status: of the answer ('400'); said: the manager's own words."""

    def __init__(self, about, request, status, said):
        self.status, self.said = status, said
        hint = HINTS.get(status, "look into /var/log/gvm/gvmd.log")
        super().__init__(f"{about}: the manager answered {request} with {status} {said.rstrip('.')}; {hint}")


class Unreachable(core.ApiError):
    """Nobody answers, or python-gvm is not installed here yet."""


class Tls(TLSConnection):
    """python-gvm's TLS connection, which never compares the host's name with the certificate; this one does."""

    def connect(self):
        """Connect to host and port over IPv4 or IPv6, verify who answers and show our own certificate."""
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=self.cafile)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certfile, self.keyfile)
        plain = socket.create_connection((self.hostname, self.port), self._timeout)
        try:
            self._socket = context.wrap_socket(plain, server_hostname=self.hostname)
        except BaseException:
            plain.close()
            raise


class Ssh(SSHConnection):
    """python-gvm's SSH connection, which knows no keys and asks a person about an unknown host; this one refuses it."""

    key = None

    def connect(self):
        """Log in with a key or a password, on a host that the file of known hosts names."""
        self._client = paramiko.SSHClient()
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        self._client.load_host_keys(str(self.known_hosts_file))
        try:
            self._client.connect(
                self.hostname, self.port, self.username, self.password, key_filename=self.key, timeout=self._timeout,
                banner_timeout=self._timeout, auth_timeout=self._timeout, allow_agent=False, look_for_keys=False,
            )  # fmt: skip
            # The appliance, like a ForceCommand, starts the manager's side whatever is asked for.
            self._stdin, self._stdout, self._stderr = self._client.exec_command("", timeout=self._timeout)
        # paramiko passes on the EOFError of a server that hangs up in the middle.
        except (paramiko.SSHException, EOFError) as error:
            self._client.close()
            raise GvmError(str(error) or "the server hung up") from None

    def disconnect(self):
        """Close what was opened; nothing where the host was not reached."""
        if self._client is not None:
            self._client.close()
            self._client = None


class Gmp:
    """A session with one manager, opened at the first request."""

    def __init__(self, module):
        """module: AnsibleModule with OPTIONS."""
        self.params = module.params
        # In check mode a manager that is yet to be installed is not waited for.
        self.tries = 2 if module.check_mode else TRIES
        self.session = None
        self.local = self.params["transport"] == "socket"
        self.place = f"manager at {self.params['socket_path' if self.local else 'host']}"

    def call(self, request, about):
        """The answer (lxml element) to a request (Element of xml.etree).

        about: the object, for messages. A reading is tried again after a lost connection; a writing is not, as it may
        have been carried out. Raises Refused, Unreachable or core.ApiError.
        """
        reads = request.tag.startswith("get_")

        def retryable(error):
            busy = isinstance(error, Refused) and error.status == "503"
            return busy or (reads and isinstance(error, Lost))

        return core.retry(lambda: self._once(request, about), retryable, self.tries, delay=PAUSE)

    def listing(self, kind, filters="", plural=None, **attributes):
        """All objects (list of lxml elements) of a kind (port_list) that the filter lets through.

        filters: in GMP's powerfilter words. plural: where it is not the kind with an s. attributes: of the request.
        Ten are given to who says nothing of rows, and whoever asks for all gets the setting "Max Rows Per Page" of
        them (1000), so it is asked on until none is missing.
        """
        plural = plural or f"{kind}s"
        found = []
        while True:
            words = f"{filters} first={len(found) + 1} rows={ROWS}".strip()
            answer = self.call(element(f"get_{plural}", filter=words, **attributes), plural.replace("_", " "))
            page = answer.findall(kind)
            found.extend(page)
            if not page or len(found) >= int(answer.findtext(f"{kind}_count/filtered") or 0):
                return found

    def create(self, request, about):
        """The id (str) of the object that a create_* request makes."""
        return self.call(request, about).get("id")

    def delete(self, kind, uuid, about, **attributes):
        """Remove an object for good; the trash keeps names taken."""
        self.call(element(f"delete_{kind}", **{f"{kind}_id": uuid, "ultimate": "1"}, **attributes), about)

    def close(self):
        """End the session."""
        session, self.session = self.session, None
        if session is not None:
            with suppress(GvmError, OSError):
                session.disconnect()

    def _once(self, request, about):
        if self.session is None:
            core.retry(self._open, lambda error: isinstance(error, Starting), self.tries, delay=PAUSE)
        return self._ask(request, about)

    def _open(self):
        if GVM_ERROR:
            raise Unreachable(missing_required_lib("python-gvm", url="https://pypi.org/project/python-gvm/"))
        session = GMP(self._connection())
        try:
            session.connect()
        except (GvmError, OSError) as error:
            # python-gvm turns a Unix socket that is not there, or where nobody listens, into an error of its own.
            starting = isinstance(error, ConnectionRefusedError) or (self.local and isinstance(error, GvmError))
            # Somebody who answers with the wrong certificate is no manager that is yet to be installed.
            kind = core.ApiError if isinstance(error, ssl.SSLError) else Starting if starting else Unreachable
            raise kind(f"{self.place} is not reached: {_sentence(error)}; {self._advice(error)}") from error
        self.session = session
        version = self._ask(element("get_version"), "version").findtext("version", "")
        if not version.startswith(RELEASE):
            self.close()
            raise core.ApiError(
                f"{self.place} speaks GMP {version or 'of no version'}; this collection knows 22.4 to 22.8"
            )
        who = [element("username", self.params["user"]), element("password", self.params["password"])]
        login = element("authenticate", [element("credentials", who)])
        try:
            self._ask(login, f"user {self.params['user']}")
        except Refused as error:
            self.close()
            if error.status == "400":
                raise core.ApiError(
                    f"user {self.params['user']}: {self.place} refused name or password; correct them"
                ) from error
            raise

    def _connection(self):
        params = self.params
        if params["transport"] == "socket":
            return UnixSocketConnection(path=params["socket_path"], timeout=params["timeout"])
        common = {
            "hostname": params["host"],
            "port": params["port"] or PORTS[params["transport"]],
            "timeout": params["timeout"],
        }
        if params["transport"] == "tls":
            return Tls(certfile=params["certificate"], keyfile=params["key"], cafile=params["ca"], **common)
        connection = Ssh(
            username=params["ssh_user"],
            password=params["ssh_password"],
            known_hosts_file=Path(params["ssh_known_hosts"]).expanduser(),
            **common,
        )
        connection.key = params["ssh_key"]
        return connection

    def _advice(self, error):
        if isinstance(error, ssl.SSLCertVerificationError):
            return "give the authority that signed the manager's certificate as ca, and the host by a name in it"
        if isinstance(error, PermissionError) or getattr(error, "errno", None) == errno.EACCES:
            return "become root or the manager's own user (_gvm)"
        if self.params["transport"] == "ssh":
            return "check host, ssh_user and its key or password, and that ssh_known_hosts names the host"
        return "see whether gvmd runs there and its address is right"

    def _ask(self, request, about):
        try:
            answer = self.session.send_command(ElementTree.tostring(request, encoding="unicode"))
        except (GvmError, OSError) as error:
            self.close()
            raise Lost(
                f"{about}: {self.place} gave no answer to {request.tag}: {_sentence(error)}; "
                "see whether it is still running, and run again"
            ) from error
        root = etree.fromstring(answer.encode(), etree.XMLParser(huge_tree=True, resolve_entities=False))
        status = root.get("status", "")
        if status.startswith("2"):
            return root
        if status == "503":
            self.close()
        raise Refused(about, request.tag, status, root.get("status_text", "no explanation"))


class Lost(core.ApiError):
    """The connection ended, or no answer came in time."""


class Starting(Unreachable):
    """Nobody listens yet."""


@contextmanager
def session(module):
    """A Gmp for the module, closed afterwards; fails the module where an ApiError comes through."""
    gmp = Gmp(module)
    try:
        yield gmp
    except (core.ApiError, core.SpecError) as error:
        module.fail_json(msg=str(error))
    finally:
        gmp.close()


def _sentence(error):
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
