# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the SSH server at an address introduces itself: prints "open", "silent", or "refused" with the reason."""

from __future__ import annotations

import socket
import sys

SECONDS = 4

try:
    with socket.create_connection((sys.argv[1], 22), SECONDS) as connection:
        print("open" if connection.recv(4) == b"SSH-" else "silent")
except OSError as error:
    print(f"refused ({error})")
