# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep one TLS connection's error from being taken for another's; whoever imports this is served.

Python does not empty OpenSSL's queue of errors before it reads and writes (github.com/python/cpython/issues/148594).
With OpenSSL 3.4 and later, as in Debian 13, a peer that closes its connection then breaks others of the thread with
BrokenPipeError, and Dask's scheduler loses its workers.
"""

from __future__ import annotations

import _ssl
import ctypes
import functools
import ssl

# The library that Python's own module has loaded, with all that this one needs.
_library = ctypes.CDLL(getattr(_ssl, "__file__", None))


def _with_empty_queue(function):
    @functools.wraps(function)
    def call(*args, **options):
        _library.ERR_clear_error()
        return function(*args, **options)

    return call


for _name in ("do_handshake", "read", "send"):
    setattr(ssl.SSLSocket, _name, _with_empty_queue(getattr(ssl.SSLSocket, _name)))
