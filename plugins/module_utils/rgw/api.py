# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that runs radosgw-admin, and that asks another site's gateway for its period.

Secrets never enter an argument list. radosgw-admin puts the words of the environment variable CEPH_ARGS before its
own arguments (env_to_vec in Ceph's src/common/ceph_argparse.cc), and /proc/PID/environ is readable by its owner only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

from ansible.module_utils.urls import open_url

from ansible_collections.infn.datacloud.plugins.module_utils import core

OPTIONS = {
    "conf": {"type": "path", "default": "/etc/ceph/ceph.conf"},
    "client": {"type": "str", "default": "client.admin"},
    "executable": {"type": "path", "default": "radosgw-admin"},
    "timeout": {"type": "int", "default": 120},
}
# What radosgw-admin exits with while a gateway reloads its realm or is not reachable:
# EIO, EAGAIN, ETIMEDOUT, ECONNREFUSED, EHOSTUNREACH.
PASSING = (5, 11, 110, 111, 113)
# radosgw-admin takes a third of a second of CPU time; more at once would starve the daemons beside it.
PARALLEL = 4
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\S+ [0-9a-f]+ +-?\d+ +")


class RgwError(core.ApiError):
    """A command failed; `rc` is its exit status (int, None where it did not end)."""

    def __init__(self, message, rc=None):
        super().__init__(message)
        self.rc = rc


class ClusterAbsent(core.ApiError):
    """There is no client, no cluster configuration or no zone on this host yet."""


class Unreachable(core.ApiError):
    """Another site's gateway does not answer at all."""


class RgwAdmin:
    """radosgw-admin with this host's cluster configuration; params: the module's options (see OPTIONS)."""

    def __init__(self, params):
        self.executable = params["executable"]
        self.common = ["--conf", params["conf"], "--name", params["client"], "--format", "json"]
        self.conf = params["conf"]
        self.timeout = params["timeout"]

    def require(self):
        """Raise ClusterAbsent where no command can work yet."""
        if not shutil.which(self.executable):
            raise ClusterAbsent(f"{self.executable} is not installed here; install Ceph's client package (ceph-common)")
        if not Path(self.conf).exists():
            raise ClusterAbsent(f"{self.conf} is missing, so there is no cluster to talk to; bootstrap it first")

    def require_zone(self):
        """Raise ClusterAbsent where the cluster has no zone: commands about users and data would make a default one."""
        if not self.json("zone", "list")["zones"]:
            raise ClusterAbsent("this cluster has no RGW zone; make one first (rgw_zone)")

    def text(self, *words, secrets=None, stdin=None):
        """Standard output of `radosgw-admin WORDS` (str).

        secrets: {option: value} handed over by CEPH_ARGS, stdin: an object sent as JSON. Raises RgwError.
        """
        self.require()
        secrets = {option: value for option, value in (secrets or {}).items() if value is not None}
        try:
            # run_command knows no time limit, and radosgw-admin waits for minutes where no monitor answers.
            done = subprocess.run(  # pylint: disable=ansible-bad-function
                [self.executable, *words, *self.common],
                input="" if stdin is None else json.dumps(stdin),
                env=environment(secrets),
                capture_output=True,
                text=True,
                timeout=self.timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise RgwError(
                f"{self._shown(words)}: no answer within {self.timeout} s; check that the monitors have a quorum"
            ) from error
        if done.returncode:
            said = complaint(done.stderr or done.stdout, secrets.values())
            raise RgwError(f"{self._shown(words)}: exit status {done.returncode}: {said}", done.returncode)
        return done.stdout

    def json(self, *words, secrets=None, stdin=None):
        """The JSON that `radosgw-admin WORDS` prints, None where it prints none."""
        return parse(self.text(*words, secrets=secrets, stdin=stdin), self._shown(words))

    def each(self, commands):
        """The JSON of several reading commands (list of word lists), in their order, a few at a time."""
        if len(commands) < 2:
            return [self.json(*words) for words in commands]
        with ThreadPoolExecutor(PARALLEL) as pool:
            return list(pool.map(lambda words: self.json(*words), commands))

    def _shown(self, words):
        return " ".join(["radosgw-admin", *words])


def environment(secrets):
    """os.environ with the secrets ({option: value}) appended to CEPH_ARGS. Raises RgwError for one it cannot carry."""
    words = [os.environ["CEPH_ARGS"]] if os.environ.get("CEPH_ARGS") else []
    for option, value in secrets.items():
        if not value or any(character.isspace() for character in value):
            raise RgwError(f"{option}: the value is empty or holds white space, which CEPH_ARGS cannot carry")
        words.append(f"{option}={value}")
    return {**os.environ, "CEPH_ARGS": " ".join(words)}


def parse(output, command):
    """The JSON document in the output (str), which may follow lines meant for people; None without one."""
    match = re.search(r"^[\[{]", output, re.MULTILINE)
    if not match:
        return None
    try:
        return json.JSONDecoder().raw_decode(output[match.start() :])[0]
    except ValueError as error:
        raise RgwError(f"{command}: the answer is not JSON ({error}); run it by hand to see it") from error


def complaint(output, secrets=()):
    """What the command said on its standard error, in one line (str), without log stamps, repetitions and secrets."""
    lines = dict.fromkeys(LOG_LINE.sub("", line.strip()) for line in output.splitlines() if line.strip())
    said = "; ".join(list(lines)[-4:]) or "it said nothing"
    for secret in secrets:
        said = said.replace(secret, core.MASK)
    return said


def remote_period(url, realm, access_key, secret_key, timeout=30):
    """The current period (dict) of the realm as the gateway at url knows it; the keys are the system user's.

    GET /admin/realm/period, what `radosgw-admin realm pull` asks too, signed as the S3 API's signature 2.
    Raises Unreachable where nobody answers, ApiError for any other answer than a period.
    """
    path = "/admin/realm/period"
    date = formatdate(usegmt=True)
    digest = hmac.new(secret_key.encode(), f"GET\n\n\n{date}\n{path}".encode(), hashlib.sha1).digest()
    headers = {"Date": date, "Authorization": f"AWS {access_key}:{base64.b64encode(digest).decode()}"}
    address = f"{url.rstrip('/')}{path}?{urlencode({'realm_name': realm})}"
    try:
        return json.load(open_url(address, headers=headers, timeout=timeout))
    except HTTPError as error:
        raise core.ApiError(
            f"realm {realm}: GET {url}{path}: HTTP {error.code}; "
            "check that the keys are those of the master zone's system user"
        ) from error
    except ValueError as error:
        raise core.ApiError(f"realm {realm}: GET {url}{path}: the answer is no JSON; is it a RADOS gateway?") from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        # A certificate that does not hold is no outage: it must stop the run.
        kind = core.ApiError if isinstance(reason, ssl.SSLError) else Unreachable
        raise kind(f"realm {realm}: GET {url}{path}: {reason}") from error
