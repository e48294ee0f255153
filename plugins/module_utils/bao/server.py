# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one OpenBao server: initialised once, unsealed after each start, restarted without losing the cluster."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import time
from pathlib import Path

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.bao import api

PAUSE = 0.5  # seconds between two looks
SETTLE = 10  # seconds after which a restored server has either sealed itself or stays unsealed


class Server:
    """One server, reached at its own address; params: the options of module bao_server."""

    def __init__(self, module):
        self.module, self.params = module, module.params
        self.bao = api.Bao(module.params, tries=2 if module.check_mode else api.TRIES)
        self.done, self.found = [], {}
        self.keys = [key for key in module.params["unseal_keys"] if key]

    def run(self):
        """Do what is asked for, in the one order in which it makes sense; the module's result (dict)."""
        status = self.status()
        if self.params["init"]:
            status = self._init(status)
        if self.params["restart"]:
            status = self._restart(status)
        if self.params["restore"] and not status["sealed"]:
            status = self._restore()
        if self.params["unseal"] and status["sealed"]:
            status = self._unseal(status)
        if self.params["wait_leader"] and not self.module.check_mode:
            self._wait(self.leader, "no leader; look at the other members: more than half of them must be unsealed")
        if self.params["generate_root"]:
            self._generate_root()
        leader = self.leader() if status["initialized"] and not status["sealed"] else {}
        result = {
            "changed": bool(self.done),
            "operations": self.done,
            "initialized": status["initialized"],
            "sealed": status["sealed"],
            "version": status["version"],
            "leader": leader.get("leader_address", ""),
            "active": leader.get("is_self", False),
            **self.found,
        }
        if self.params["restart"]:
            result["outdated"] = "restart" not in self.done and self._outdated(self.params["restart"])
        if self.params["check_login"]:
            result["authenticated"] = bool(leader) and self._logs_in()
        if self.params["revoke_token"] and leader:
            result["changed"] |= self._revoke()
        return result

    def status(self, tries=None):
        """The seal status: {initialized, sealed, version, ...}; of nobody, in check mode, that of a new server."""
        try:
            return self.bao.call("GET", "sys/seal-status", "server", public=True, tries=tries)
        except api.Unavailable as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"Planned as if the server were new: {error}")
            return {"initialized": False, "sealed": True, "version": ""}

    def leader(self):
        """The answer of sys/leader (dict) where there is a leader, else an empty one."""
        with contextlib.suppress(core.ApiError):
            found = self.bao.call("GET", "sys/leader", "server", public=True, tries=1)
            # A server without high availability is its own leader.
            if not found.get("ha_enabled"):
                return {"is_self": True, "leader_address": self.bao.url}
            if found.get("leader_address"):
                return found
        return {}

    def _init(self, status):
        wanted, path = self.params["init"], Path(self.params["init"]["answer_file"])
        if status["initialized"]:
            # An earlier run was cut off before anybody had kept the answer.
            answer = path.read_text() if path.is_file() else ""
            if answer:
                self._take(json.loads(answer))
                self.done.append("init")
                if self.keys and status["sealed"]:
                    status = self._unseal(status)
            return status
        self._refuse_second_cluster(wanted["others"])
        self.done.append("init")
        if self.module.check_mode:
            return status
        body = {"secret_shares": wanted["shares"], "secret_threshold": wanted["threshold"]}
        if wanted["pgp_keys"]:
            body["pgp_keys"] = wanted["pgp_keys"]
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Opened before the request: an answer that cannot be kept must not be asked for.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            answer = self._answer(body)
            kept = {"unseal_keys": answer["keys_base64"], "root_token": answer["root_token"]}
            kept["encrypted"] = bool(wanted["pgp_keys"])
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        self._take(kept)
        if self.keys:
            self._unseal(self.status())
            self._wait(self.leader, "it is initialised and unsealed, but does not become the leader")
        return self.status()

    def _answer(self, body):
        """The answer (dict) to the one request that gives the unseal keys; it is never asked twice."""
        patient = api.Bao({**self.params, "timeout": max(self.params["wait"], self.params["timeout"])})
        try:
            return patient.call("POST", "sys/init", "server", body, absent=(), public=True, tries=1)
        except api.Unavailable as error:
            raise core.ApiError(
                f"{error}. If it says now that it is initialised, its keys are lost: stop it, remove what its storage "
                "holds, which is nothing yet, and run this again"
            ) from error

    def _take(self, kept):
        self.found.update(kept)
        if not kept["encrypted"]:
            self.keys = kept["unseal_keys"]

    def _refuse_second_cluster(self, others):
        """Raise where another member is initialised already: this one is to join, not to begin anew."""
        for url in others:
            other = api.Bao({**self.params, "url": url})
            try:
                status = other.call("GET", "sys/seal-status", "server", public=True, tries=1)
            except core.ApiError:
                continue
            if status["initialized"]:
                raise core.ApiError(
                    f"{self.bao.url} is not initialised but {url} is: give the unseal keys of that cluster, "
                    "so that this server joins it"
                )

    def _unseal(self, status):
        if self.module.check_mode:
            self.done.append("unseal")
            return status
        if not status["initialized"]:
            # It joins by itself as soon as it finds an active member.
            status = self._wait(
                lambda: self._if(lambda now: now["initialized"]),
                "it is not initialised and joins nobody: no other member is active, or they do not reach each other. "
                "If all members have lost their data, restore a snapshot",
            )
        if not self.keys:
            raise core.ApiError(
                f"{self.bao.url} is sealed and no unseal keys are given: unseal it by hand (bao operator unseal)"
            )
        # What an earlier attempt has begun must not be mixed with this one.
        self.bao.call("POST", "sys/unseal", "server", {"reset": True}, absent=(), public=True)
        for key in self.keys[: status["t"]]:
            status = self.bao.call("POST", "sys/unseal", "server", {"key": key}, absent=(), public=True)
        # One that joins says "sealed" until it has been let in.
        status = self._wait(
            lambda: self._if(lambda now: not now["sealed"]),
            "it is still sealed although all keys were given; they may be another cluster's",
        )
        self.done.append("unseal")
        return status

    def _if(self, good):
        """The status where it is good, else None; somebody who does not answer is not."""
        with contextlib.suppress(core.ApiError):
            status = self.status(tries=1)
            if good(status):
                return status
        return None

    def _wait(self, look, said):
        """What look() returns as soon as it is anything; raises ApiError after the time in option wait (seconds)."""
        deadline = time.monotonic() + self.params["wait"]
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise core.ApiError(f"{self.bao.url}: after {self.params['wait']} s {said}")
            time.sleep(PAUSE)

    def _restart(self, status):
        wanted = self.params["restart"]
        if not self._outdated(wanted):
            return status
        if status["sealed"]:
            if wanted["only"] != "sealed":
                return status
            return self._restarted()
        active = self.leader().get("is_self", False)
        if wanted["only"] != ("active" if active else "standby"):
            return status
        if self.module.check_mode:
            self.done.append("restart")
            return status
        if not self.keys and status["type"] == "shamir":
            self.module.warn(
                f"{self.bao.url} has to be restarted for its new configuration or program, and there are no keys here "
                f"to unseal it with afterwards: restart {wanted['unit']} by hand, standby members first"
            )
            return status
        self._gate("so it is not restarted: the other members must be well before")
        if active and len(wanted["members"]) > 1:
            self.bao.call("POST", "sys/step-down", "server", absent=())
            self._wait(lambda: not self.leader().get("is_self", True), "no other member takes over")
        self.bao.close()
        status = self._restarted()
        status = self._unseal(status) if status["sealed"] else status
        self._gate("after the restart of this member")
        return status

    def _restarted(self):
        self.done.append("restart")
        if not self.module.check_mode:
            self._systemctl("restart", self.params["restart"]["unit"])
        return self.status()

    def _outdated(self, wanted):
        """Whether the unit runs with something older than its files."""
        if self._systemctl("is-active", wanted["unit"], check=False)[0] != 0:
            return False
        if wanted["pending"]:
            return True
        shown = self._systemctl(
            "show", "--property=ExecMainStartTimestamp", "--timestamp=unix", "--value", wanted["unit"]
        )
        since = int(shown[1].strip().lstrip("@") or 0)
        files = [Path(path) for path in wanted["files"]]
        # Of a link, what it leads to and the link itself: a version may be older than the link to it.
        times = [max(path.stat().st_mtime, path.lstat().st_mtime) for path in files if path.exists()]
        return any(int(changed) > since for changed in times)

    def _systemctl(self, *words, check=True):
        code, out, err = self.module.run_command(["systemctl", *words])
        if check and code != 0:
            raise core.ApiError(
                f"systemctl {' '.join(words)}: {err.strip() or out.strip()}; see journalctl -u {words[-1]}"
            )
        return code, out

    def _gate(self, said):
        """Wait until the cluster is well and can spare a member; raises ApiError with what is not."""
        problems = ["it was not asked"]

        def look():
            problems[:] = [self._trouble()]
            return not problems[0]

        try:
            self._wait(look, "")
        except core.ApiError as error:
            raise core.ApiError(f"{self.bao.url}: {problems[0]}, {said}") from error

    def _trouble(self):
        """What is wrong with the cluster (str, empty if nothing): what the members say, and what autopilot sees."""
        members = self.params["restart"]["members"]
        for url in members:
            # Autopilot notices a loss only after ten seconds.
            other = api.Bao({**self.params, "url": url})
            try:
                if other.call("GET", "sys/seal-status", "member", public=True, tries=1)["sealed"]:
                    return f"{url} is sealed"
            except core.ApiError as error:
                return str(error)
        try:
            state = self.bao.data("sys/storage/raft/autopilot/state", "cluster", absent=())
        except api.Refused:
            raise
        except core.ApiError as error:
            return str(error)
        servers = state.get("servers") or {}
        ill = sorted(name for name, server in servers.items() if not server["healthy"])
        if ill:
            return f"{', '.join(ill)} not healthy"
        voters = len(state.get("voters") or [])
        if voters < len(members):
            return f"{voters} of {len(members)} members have a vote"
        if not state["healthy"] or state["failure_tolerance"] < (len(members) - 1) // 2:
            return f"the cluster survives the loss of {state['failure_tolerance']} members"
        return ""

    def _restore(self):
        self.done.append("restore")
        if self.module.check_mode:
            return self.status()
        path = self.params["restore"]
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise core.ApiError(f"snapshot {path}: {error.strerror}") from error
        self.bao.call("POST", "sys/storage/raft/snapshot-force", f"snapshot {path}", content, absent=(), tries=1)
        # The token may be one that the snapshot does not know.
        self.bao.forget()
        # Some seconds later the server finds out whether its keys are still the right ones, and seals itself if not.
        settled = time.monotonic() + SETTLE
        return self._wait(
            lambda: self._if(lambda now: now["sealed"] or (time.monotonic() > settled and bool(self.leader()))),
            "it does not come back after the restore",
        )

    def _generate_root(self):
        """A new root token from the unseal keys, for those who have lost every other way in."""
        self.done.append("generate_root")
        if self.module.check_mode:
            return
        path = "sys/generate-root"
        # What somebody else has begun and not ended.
        self.bao.call("DELETE", f"{path}/attempt", "root token", absent=(), public=True)
        begun = self.bao.call("POST", f"{path}/attempt", "root token", {}, absent=(), public=True)
        answer = begun
        for key in self.keys[: begun["required"]]:
            body = {"key": key, "nonce": begun["nonce"]}
            answer = self.bao.call("POST", f"{path}/update", "root token", body, absent=(), public=True)
        if not answer["complete"]:
            raise core.ApiError(f"root token: {begun['required']} unseal keys are needed, {len(self.keys)} are given")
        encoded = answer["encoded_token"]
        mixed = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
        self.found["root_token"] = bytes(a ^ b for a, b in zip(mixed, begun["otp"].encode(), strict=True)).decode()

    def _logs_in(self):
        """Whether the token or AppRole is accepted; a member that has just found its leader is given time."""
        deadline = time.monotonic() + self.params["wait"]
        while True:
            try:
                self.bao.data("auth/token/lookup-self", "login", absent=())
                return True
            except (api.Refused, api.Unavailable):
                return False
            except api.Passing:
                if time.monotonic() > deadline or self.module.check_mode:
                    raise

    def _revoke(self):
        """Whether the token has been, or would be, revoked: false for one that is not known (any more)."""
        if not self._logs_in():
            return False
        self.done.append("revoke_token")
        if not self.module.check_mode:
            self.bao.call("POST", "auth/token/revoke-self", "token", absent=())
        return True
