# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversations with a real gvmd, one file a test, and what plays them to the modules.

A test fails where it asks anything else than what was recorded. To record it anew, against a gvmd with the feed of
molecule/shared/feed, give its socket (one of another host comes here with `ssh -L`) and a file with the password of
its user admin:

    GMP_SOCKET=/run/gvmd/gvmd.sock GMP_PASSWORD_FILE=... pytest -k gmp -n 0
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from gvm.connections import UnixSocketConnection
from gvm.protocols.gmp import GMP
from lxml import etree

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.gmp import api, scans
from ansible_collections.infn.datacloud.plugins.module_utils.gmp.api import element

HERE = Path(__file__).parent / "recordings"
# A node of the lab with a weak SSH server, on which user recorder logs in with key_1; and an address without a node.
NODE, NOBODY = "10.147.18.161", "10.147.18.254"
PORTS = "Lab: SSH and well-known web ports"
# What a test may leave behind, each before what it uses.
KINDS = ("override", "task", "target", "schedule", "alert", "scanner", "credential", "config", "port_list")
SOCKET = os.environ.get("GMP_SOCKET")
# Each test speaks as a user of its own, who goes with all that it made.
USER, PASSWORD = "datacloud", "recorded-by-us"
PARAMS = {"user": USER, "password": PASSWORD, "transport": "socket", "socket_path": SOCKET or "/nowhere", "timeout": 60}


class Recording:
    """One conversation: stands for python-gvm's GMP in api.py, as often as a session is opened."""

    def __init__(self, name):
        self.path = HERE / f"{name}.xml"
        self.requests = []  # tags since the last clear()
        self.position = 0
        if SOCKET:
            self.exchanges = []
            self.now = datetime.now(UTC).replace(microsecond=0)
        else:
            root = etree.parse(self.path, etree.XMLParser(huge_tree=True)).getroot()
            self.exchanges = [tuple(map(plain, one)) for one in root]
            self.now = datetime.fromisoformat(root.get("time"))
        self.began = self.now  # a test may turn the clock

    def open(self, connection):
        """A session (connect, send_command, disconnect)."""
        real = GMP(UnixSocketConnection(path=SOCKET, timeout=60)) if SOCKET else None
        nothing = SimpleNamespace(connect=lambda: None, disconnect=lambda: None)
        return SimpleNamespace(
            connect=(real or nothing).connect,
            disconnect=(real or nothing).disconnect,
            send_command=lambda request: self.ask(request, real),
        )

    def ask(self, request, real):
        """The answer (str) to a request."""
        self.requests.append(etree.fromstring(request).tag)
        if real:
            answer = real.send_command(request)
            self.exchanges.append((plain(etree.fromstring(request)), plain(shorter(etree.fromstring(answer)))))
            return answer
        assert self.position < len(self.exchanges), f"not recorded: {request}"
        recorded, answer = self.exchanges[self.position]
        self.position += 1
        assert plain(etree.fromstring(request)) == recorded, f"exchange {self.position} of {self.path.name}"
        return answer

    def by_hand(self, request):
        """The answer (lxml element) to what somebody else does with the manager (str or Element)."""
        text = request if isinstance(request, str) else etree.tostring(request).decode()
        session = self.open(None)
        session.connect()
        session.send_command(LOGIN)
        answer = etree.fromstring(session.send_command(text))
        session.disconnect()
        return answer

    def writes(self):
        """The requests (list of tags) since the last clear that may have changed something."""
        return [tag for tag in self.requests if not tag.startswith(("get_", "authenticate"))]

    def save(self):
        """Write what was recorded."""
        if not SOCKET:
            assert self.position == len(self.exchanges), f"{self.path.name} holds more than was asked"
            return
        lines = [f'<recording time="{self.began.isoformat()}">']
        lines += [f"<exchange>{request}\n{answer}</exchange>" for request, answer in self.exchanges]
        self.path.write_text("\n".join([*lines, "</recording>", ""]), encoding="utf-8")


def shorter(answer):
    """An answer (lxml element) without what every one has and nothing of ours reads."""
    for name in ("filters", "sort", "permissions"):
        for found in list(answer.iter(name)):
            found.getparent().remove(found)
    return answer


def plain(found):
    """An element as text (str) that compares, without what is around it."""
    return etree.tostring(found, with_tail=False, method="c14n").decode()


LOGIN = (
    "<authenticate><credentials>"
    f"<username>{USER}</username><password>{PASSWORD}</password>"
    "</credentials></authenticate>"
)


class Admin:
    """The administrator, who makes and removes the user of a test; only while recording."""

    def __init__(self):
        password = Path(os.environ["GMP_PASSWORD_FILE"]).read_text(encoding="utf-8").strip()
        params = {**PARAMS, "user": "admin", "password": password}
        self.gmp = api.Gmp(SimpleNamespace(params=params, check_mode=False))

    def welcome(self):
        """Make the user anew."""
        self.dismiss()
        role = next(one for one in self.gmp.listing("role") if one.findtext("name") == "Admin")
        parts = [element("name", USER), element("password", PASSWORD), element("role", id=role.get("id"))]
        self.gmp.call(element("create_user", parts), "user")

    def dismiss(self):
        """Remove the user and all that is theirs."""
        if not any(one.findtext("name") == USER for one in self.gmp.listing("user")):
            return
        # Not even an administrator sees what others own.
        theirs = api.Gmp(SimpleNamespace(params=PARAMS, check_mode=False))
        for kind in KINDS:
            # A task whose scan is under way goes a while after it was asked to.
            while left := [one for one in theirs.listing(kind) if one.findtext("owner/name") == USER]:
                for one in left:
                    theirs.delete(kind, one.get("id"), kind)
        theirs.close()
        self.gmp.call(element("delete_user", name=USER), "user")

    def close(self):
        self.gmp.close()


class Manager:
    """A recorded manager, and the modules on it."""

    def __init__(self, recording, run_module):
        self.recording, self.run_module = recording, run_module
        self.by_hand = recording.by_hand

    def run(self, name, params, check=False):
        """The result (dict) of a module."""
        self.recording.requests.clear()
        return self.run_module(name, {**PARAMS, **params}, check)

    def done(self, name, params):
        """The result of a module that must not fail."""
        result = self.run(name, params)
        assert not result.get("failed"), result
        return result

    def life(self, name, params):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        foreseen = self.run(name, params, check=True)
        assert not foreseen.get("failed"), foreseen
        assert not self.recording.writes(), "check mode wrote something"
        done = self.done(name, params)
        keys = ("changed", "operations", "diff")
        assert {key: foreseen.get(key) for key in keys} == {key: done.get(key) for key in keys}
        for check in (True, False):
            again = self.run(name, params, check=check)
            assert not again.get("failed") and not again["changed"], again
            assert not self.recording.writes()
        return done

    def names(self, kind, **attributes):
        """The names (list) of the objects of a kind that are the user's own."""
        answer = self.by_hand(element_text(f"get_{kind}s", filter=f"owner={USER} rows=-1", **attributes))
        return sorted(one.findtext("name") for one in answer.findall(kind))


def with_task(manager, key=None, hosts=(NODE,), alive_test="Consider Alive"):
    """Give a manager a task named scan; key: file of the private key to log in with on the node."""
    target = {"name": "scan", "hosts": list(hosts), "port_list": PORTS, "alive_test": alive_test}
    if key:
        private = (HERE.parent / key).read_text(encoding="utf-8")
        login = {"name": "scan", "type": "ssh_key", "login": "recorder", "private_key": private}
        manager.done("gmp_credential", {"credentials": [login]})
        target["ssh_credential"] = "scan"
    manager.done("gmp_target", {"targets": [target]})
    manager.done("gmp_task", {"tasks": [{"name": "scan", "target": "scan", "config": "Full and fast"}]})


def element_text(tag, **attributes):
    """A request without content (str)."""
    return etree.tostring(etree.Element(tag, attributes)).decode()


def manager(name, run_module, monkeypatch):
    """A generator for a fixture: the Manager of a test, whose name (str) is the recording's."""
    admin = Admin() if SOCKET else None
    if admin:
        admin.welcome()
    recording = Recording(name)
    monkeypatch.setattr(api, "GMP", recording.open)
    monkeypatch.setattr(api, "now", lambda: recording.now)
    if not SOCKET:
        monkeypatch.setattr(api, "PAUSE", 0)
        monkeypatch.setattr(scans, "PAUSE", 0)
    yield Manager(recording, run_module)
    recording.save()
    if admin:
        monkeypatch.undo()
        try:
            admin.dismiss()
        except core.ApiError:
            admin.gmp.close()
            raise
        admin.close()
