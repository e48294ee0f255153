# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live probe of an OpenBao cluster: what one member keeps another gives, and strangers get nothing."""

from __future__ import annotations

import secrets
import time

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.bao import api

PAUSE = 1  # seconds between two looks at a cluster that is not complete yet


class Probe:
    """The members (list of addresses) of one cluster; params: the options of module bao_probe."""

    def __init__(self, params):
        self.params, self.members = params, params["members"]

    def run(self):
        """The findings (dict); raises ApiError with the first that is bad."""
        leader = self._until(self._complete)
        first, last = (api.Bao({**self.params, "url": url}) for url in (self.members[0], self.members[-1]))
        try:
            voters = self._until(lambda: self._voters(first))
            self._transfer(first, last)
        finally:
            first.close()
        return {"leader": leader, "voters": voters, "refused": [self._refusal(url) for url in self.members]}

    def _until(self, look):
        """What look() returns, tried until the time in option wait (seconds) is over: members join, then get a vote."""
        deadline = time.monotonic() + self.params["wait"]
        while True:
            try:
                return look()
            except core.ApiError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE)

    def _complete(self):
        """The leader's address, on which all members agree; raises ApiError where one is sealed or knows another."""
        leaders = {}
        for url in self.members:
            bao = api.Bao({**self.params, "url": url})
            if bao.call("GET", "sys/seal-status", "member", public=True, tries=1)["sealed"]:
                raise core.ApiError(f"{url} is sealed")
            leaders[url] = bao.call("GET", "sys/leader", "member", public=True, tries=1).get("leader_address")
            if not leaders[url]:
                raise core.ApiError(f"{url} knows no leader")
        if len(set(leaders.values())) > 1:
            said = ", ".join(f"{url} follows {leader}" for url, leader in leaders.items())
            raise core.ApiError(f"the members do not agree on their leader: {said}")
        return leaders[self.members[0]]

    def _voters(self, bao):
        """The names of the members that have a vote; raises ApiError where not all of them are well and have one."""
        state = bao.data("sys/storage/raft/autopilot/state", "cluster", absent=())
        ill = sorted(name for name, server in state["servers"].items() if not server["healthy"])
        if ill:
            raise core.ApiError(f"{', '.join(ill)}: not healthy, as autopilot says")
        voters = sorted(state.get("voters") or [])
        if len(voters) != len(self.members):
            raise core.ApiError(f"{len(self.members)} members are to have a vote, these have: {', '.join(voters)}")
        return voters

    def _transfer(self, first, last):
        """Write by one member, read by another, remove. Each token has a place of its own, which ends with it."""
        path, value = "cubbyhole/datacloud-probe", secrets.token_hex(16)
        first.call("POST", path, "probe", {"value": value}, absent=())
        found = self._until(lambda: self._read(first, last, path))
        first.call("DELETE", path, "probe")
        if found != value:
            raise core.ApiError(f"probe: {last.url} gives something else than what {first.url} was given")

    def _read(self, first, last, path):
        last.borrow(first)
        found = last.data(path, "probe")
        if found is None:
            raise core.ApiError(f"probe: {last.url} does not have what {first.url} was given")
        return found["value"]

    def _refusal(self, url):
        """The member, if it refuses a request without a token; raises ApiError otherwise."""
        bao = api.Bao({**self.params, "url": url})
        if bao.call("GET", "sys/mounts", "stranger", absent=(403,), public=True) is not None:
            raise core.ApiError(f"{url}: GET sys/mounts without a token is answered, where 403 was expected")
        return url
