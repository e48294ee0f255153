# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether endpoints answer over verified TLS, asked all at once.

ansible.module_utils.urls cannot connect to one address while it verifies the certificate of another name, which is
what a federation takes whose names only its own hosts know; hence http.client.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

# So many connections at a time.
AT_ONCE = 32
# An answer from here on says that the service behind the endpoint does not work (RFC 9110, 15.6).
SERVER_ERROR = 500


class Connection(http.client.HTTPSConnection):
    """HTTPS to an address of our choice, with the certificate verified for the host of the URL."""

    def __init__(self, host, port, address, timeout, context):
        super().__init__(host, port, timeout=timeout, context=context)
        self.address = address or host
        self.context = context

    def connect(self):
        plain = socket.create_connection((self.address, self.port), self.timeout)
        try:
            self.sock = self.context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def trust(ca_path):
    """A context that verifies certificates by the authorities in this file, or by the host's own where it is None.

    Raises OSError (ssl.SSLError is one) where the file cannot be read or holds no certificate.
    """
    return ssl.create_default_context(cafile=ca_path)


def ask(endpoint, context, timeout):
    """What one endpoint (dict: name, url, address, path) says to a GET within timeout seconds; never raises.

    Returns the endpoint with ok, status (int or None), tls (version or None), seconds and error (str or None).
    """
    url, begin = urlsplit(endpoint["url"]), time.monotonic()
    found = {**endpoint, "ok": False, "status": None, "tls": None, "error": None}
    connection = None
    try:
        if url.scheme != "https" or not url.hostname:
            raise ValueError("not an https URL")
        connection = Connection(url.hostname, url.port or 443, endpoint.get("address"), timeout, context)
        connection.connect()
        found["tls"] = connection.sock.version()
        connection.request("GET", url.path or "/", headers={"User-Agent": "infn.datacloud", "Connection": "close"})
        found["status"] = connection.getresponse().status
        found["ok"] = found["status"] < SERVER_ERROR
        if not found["ok"]:
            found["error"] = f"HTTP {found['status']}"
    except ssl.SSLCertVerificationError as error:
        found["error"] = f"certificate: {error.verify_message}"
    except TimeoutError:
        found["error"] = f"no answer within {timeout} s"
    except (OSError, ValueError, http.client.HTTPException) as error:
        found["error"] = getattr(error, "strerror", None) or str(error) or type(error).__name__
    finally:
        if connection:
            connection.close()
    found["seconds"] = round(time.monotonic() - begin, 2)
    return found


def ask_all(endpoints, context, timeout):
    """The answers of all endpoints, in their order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda endpoint: ask(endpoint, context, timeout), endpoints))
