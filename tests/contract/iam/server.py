# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves the double with waitress: many threads, connections kept open."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading

import waitress
from sqlalchemy.exc import SQLAlchemyError
from waitress import wasyncore

from . import VERSION
from .app import create_app
from .keys import KeyStore, generate
from .settings import StartError, from_environment
from .store import Database

LOG = logging.getLogger(__name__)


def open_socket(host, port):
    """Return a listening socket; port 0 is any free one."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    return sock


def make_server(app, sock, threads):
    """Return waitress's server of an application on a socket.

    With IAM_FORWARD_HEADERS_STRATEGY native or framework the proxy's X-Forwarded-* headers are believed.
    """
    options = {}
    if app.settings.forward_headers != "none":
        options = {
            "trusted_proxy": "*",
            "trusted_proxy_count": 1,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"},
        }
    return waitress.create_server(
        app,
        sockets=[sock],
        threads=threads,
        connection_limit=1000,
        clear_untrusted_proxy_headers=True,
        ident=None,
        **options,
    )


@contextlib.contextmanager
def running(app, sock, threads=16):
    """Serve an application in a thread of its own while the block runs."""
    server = make_server(app, sock, threads)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=5)
        # In the loop's own thread; connections that clients keep open would keep the loop going, too. It may wake up
        # for another reason and be done before it is woken for this one.
        with contextlib.suppress(OSError):
            server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map, ignore_all=True))
        thread.join(timeout=5)


def main():
    """Start as upstream's container does: settings from the environment; exit 1 with one sentence where it cannot."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = from_environment(os.environ)
        if settings.keystore:
            keys = KeyStore.from_file(settings.keystore, settings.key_id)
        else:
            keys = KeyStore(generate(settings.key_id), settings.key_id)
        database = Database(settings.database, settings.database_connections)
        app = create_app(settings, database, keys)
        sock = open_socket(settings.host, settings.port)
    except (StartError, SQLAlchemyError, OSError) as wrong:
        LOG.error("TEST DOUBLE of INDIGO IAM cannot start: %s", str(wrong).splitlines()[0])
        sys.exit(1)
    server = make_server(app, sock, settings.threads)
    # The first process of a container gets no default action for a signal.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    LOG.info(
        "TEST DOUBLE of INDIGO IAM %s, profiles %s, issuer %s, port %s",
        VERSION,
        ",".join(settings.profiles),
        settings.issuer,
        settings.port,
    )
    server.run()
