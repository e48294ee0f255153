# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of a service's health, and the wait until one has been good for long enough.

A probe is a function (timeout in seconds) -> (ok, detail): whether all is as it should be, and one line that says what
is not (or what was seen). A probe never raises: what cannot be observed is not healthy.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from datetime import UTC, datetime
from urllib.error import HTTPError

from ansible.module_utils.urls import open_url

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.rgw import api, backends

# No single observation may take longer than this (seconds), however long the gate may wait.
LONGEST = 30
# Of an answer, what is looked at and shown (bytes, characters).
READ, SHOWN = 1024 * 1024, 200


def ceph(params):
    """The probe of a Ceph cluster's health; params: accept (list of check names), conf, client, executable."""
    command = [params["executable"], "--conf", params["conf"], "--name", params["client"]]
    command += ["health", "detail", "--format", "json"]

    def probe(timeout):
        ok, output = _run(command, timeout)
        if not ok:
            return False, output
        try:
            return judge_health(json.loads(output), params["accept"])
        except ValueError:
            return False, f"ceph health: the answer is not JSON: {_short(output)}"

    return probe


def judge_health(health, accept):
    """(ok, detail) of `ceph health detail --format json` (dict): good when every check left is an accepted warning.

    accept: names of checks, such as OSD_DOWN. Muted checks do not count; an error is never accepted.
    """
    checks = {name: check for name, check in health.get("checks", {}).items() if not check.get("muted")}
    wrong = {
        name: check for name, check in checks.items() if name not in accept or check.get("severity") == "HEALTH_ERR"
    }
    if wrong:
        return False, "; ".join(f"{name}: {check['summary']['message']}" for name, check in sorted(wrong.items()))
    if checks:
        return True, f"accepted: {', '.join(sorted(checks))}"
    # All checks muted still reads HEALTH_WARN in some releases; without any check only HEALTH_OK is good.
    muted = health.get("checks")
    return (True, "HEALTH_OK") if muted or health.get("status") == "HEALTH_OK" else (False, str(health.get("status")))


def command(params):
    """The probe of a command; params: argv (list), rc (int), contains, matches (str or None)."""

    def probe(timeout):
        ok, output = _run(params["argv"], timeout, params["rc"])
        if not ok:
            return False, output
        return _judge_text(output, params)

    return probe


def http(params):
    """The probe of a URL; params: url, status (list of int), headers (dict), ca_path, contains, matches."""

    def probe(timeout):
        try:
            answer = open_url(params["url"], headers=params["headers"], ca_path=params["ca_path"], timeout=timeout)
        except HTTPError as error:
            answer = error
        except Exception as error:  # whatever the library raises, there was no answer
            return False, f"{params['url']}: {_short(str(getattr(error, 'reason', error)))}"
        status = answer.status if hasattr(answer, "status") else answer.code
        if status not in params["status"]:
            return False, f"{params['url']}: HTTP {status}"
        try:
            text = answer.read(READ).decode(errors="replace")
        except OSError as error:
            return False, f"{params['url']}: {error}"
        ok, detail = _judge_text(text, params)
        return ok, f"{params['url']}: HTTP {status}: {detail}"

    return probe


def sync(params):
    """The probe of this zone's synchronisation; params: those of RgwAdmin (conf, client, executable), and realm."""

    def probe(timeout):
        try:
            status = backends.sync_info(api.RgwAdmin({**params, "timeout": timeout}), realm=params["realm"])
        except core.ApiError as error:
            return False, str(error)
        return judge_sync(status)

    return probe


def judge_sync(status):
    """(ok, detail) of rgw.objects.sync_status (dict): good when nothing is left to take from anybody."""
    sides = {"metadata": status["metadata"] or {"caught_up": False, "errors": ["no status"]}}
    sides.update({f"data of {side['zone']}": side for side in status["data"]})
    late = [f"{name}: {_lateness(side)}" for name, side in sides.items() if not side["caught_up"]]
    return (False, "; ".join(late)) if late else (True, "caught up")


def _lateness(side):
    if side["errors"]:
        return "; ".join(side["errors"])
    counts = (("behind", "behind_shards"), ("in full sync", "full_sync_shards"), ("recovering", "recovering_shards"))
    said = [f"{side[field]} shards {word}" for word, field in counts if side[field]]
    return ", ".join(said) or f"state {side['state']}"


def wait(probe, stable_for, timeout, interval, clock=time.monotonic, sleep=time.sleep):
    """Observe until the probe has been good for stable_for seconds without a break, or timeout seconds are over.

    Returns (passed, timeline): the timeline is a list of spans in which nothing changed, each {ok, detail, from, to,
    observations}, times in UTC.
    """
    start, good_since, timeline = clock(), None, []
    while True:
        ok, detail = probe(max(1, min(LONGEST, start + timeout - clock())))
        _note(timeline, ok, detail)
        now = clock()
        good_since = (good_since if good_since is not None else now) if ok else None
        if ok and now - good_since >= stable_for:
            return True, timeline
        if now - start + interval > timeout:
            return False, timeline
        sleep(interval)


def failure(name, timeline, stable_for, timeout):
    """One sentence on a wait that did not pass (str)."""
    last = timeline[-1]
    if last["ok"]:
        return f"{name}: not steady for {stable_for} s within {timeout} s; good now ({last['detail']}), so allow more"
    return f"{name}: still not good after {timeout} s: {last['detail']}"


def _note(timeline, ok, detail):
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if timeline and timeline[-1]["ok"] == ok and timeline[-1]["detail"] == detail:
        timeline[-1]["to"] = now
        timeline[-1]["observations"] += 1
    else:
        timeline.append({"ok": ok, "detail": detail, "from": now, "to": now, "observations": 1})


def _run(argv, timeout, wanted=0):
    """(ok, standard output or what went wrong) of a command."""
    try:
        # run_command knows no time limit, and what is probed may well hang.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f"{argv[0]}: no answer within {timeout:.0f} s"
    except OSError as error:
        return False, f"{argv[0]}: {error.strerror}"
    if done.returncode != wanted:
        said = _short((done.stderr or done.stdout).decode(errors="replace"))
        return False, f"{argv[0]}: exit status {done.returncode}: {said}"
    return True, done.stdout.decode(errors="replace")


def _judge_text(text, params):
    if params.get("contains") is not None and params["contains"] not in text:
        return False, f"{params['contains']!r} is not in: {_short(text)}"
    if params.get("matches") is not None and not re.search(params["matches"], text, re.MULTILINE):
        return False, f"{params['matches']!r} does not match: {_short(text)}"
    return True, "as expected"


def _short(text):
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 3] + "..."
