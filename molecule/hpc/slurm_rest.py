# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask Slurm's REST interface for the jobs with good and bad tokens; run as root on its host."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = "http://127.0.0.1:6820"


def ask(path: str, token: str | None) -> tuple[int, dict]:
    """HTTP status and answer."""
    request = urllib.request.Request(ROOT + path, headers={"X-SLURM-USER-TOKEN": token} if token else {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, {}


def given(lifespan: int) -> str:
    """A token of the real authority, for alice, valid for so many seconds."""
    argv = ["scontrol", "token", "username=alice", f"lifespan={lifespan}"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip().removeprefix("SLURM_JWT=")


def forged() -> str:
    """A token in the same form, signed with another key."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    now = int(time.time())
    body = ".".join(
        part(json.dumps(value).encode())
        for value in ({"alg": "HS256", "typ": "JWT"}, {"exp": now + 600, "iat": now, "sun": "root"})
    )
    return body + "." + part(hmac.new(b"x" * 32, body.encode(), hashlib.sha256).digest())


def main() -> int:
    """Compare what is answered with what should be."""
    good = given(600)
    _status, document = ask("/openapi/v3", good)
    versions = sorted(path.split("/")[2] for path in document.get("paths", {}) if path.endswith("/jobs/"))
    path = f"/slurm/{versions[-1]}/jobs/"
    short = given(1)
    time.sleep(3)
    answers = {name: ask(path, token)[0] for name, token in (
        ("good", good), ("none", None), ("forged", forged()), ("over", short), ("nonsense", "nonsense"),
    )}  # fmt: skip
    print(path, answers)
    return 0 if answers.pop("good") == 200 and not [code for code in answers.values() if code < 400] else 1


if __name__ == "__main__":
    sys.exit(main())
