# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module of this collection as Ansible would, and give back what it returned."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.infn.datacloud.plugins.module_utils.bao import api as bao_api
from ansible_collections.infn.datacloud.plugins.module_utils.ceph import api
from ansible_collections.infn.datacloud.plugins.module_utils.iam import api as iam_api
from ansible_collections.infn.datacloud.tests.contract import conftest as contract
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.bao import server as bao_server
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.ceph import fake_rados
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.fpga import xbmgmt
from ansible_collections.infn.datacloud.tests.unit.plugins.module_utils.gmp import recorded

DOUBLE = Path(__file__).parents[1] / "module_utils" / "rgw" / "radosgw-admin.py"
NVIDIA_SMI = Path(__file__).parents[4] / "molecule" / "shared" / "files" / "nvidia-smi"


@pytest.fixture
def run_module(capsys, monkeypatch):
    """A function (module name, parameters, check=False) -> the result (dict) of the module."""
    warned = []
    # In the controller's own process a module's warnings go to the terminal instead of the result.
    monkeypatch.setattr(AnsibleModule, "warn", lambda self, warning, **_options: warned.append(warning))

    def run(name, params, check=False):
        module = importlib.import_module(f"ansible_collections.infn.datacloud.plugins.modules.{name}")
        capsys.readouterr()
        warned.clear()
        with patch_module_args({**params, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            module.main()
        output = capsys.readouterr().out.strip().splitlines()
        assert output, f"{name} returned nothing"
        return {**json.loads(output[-1]), "warnings": list(warned)}

    return run


class Cluster:
    """A cluster behind the double of radosgw-admin: its options for the modules and its state."""

    def __init__(self, path, run_module):
        self.path = path
        self.run_module = run_module
        self.path.write_text("")

    def run(self, name, params, check=False):
        """The result (dict) of a module on this cluster."""
        executable = {"executable": str(DOUBLE), "conf": str(self.path)}
        return self.run_module(name, {**executable, **params}, check)

    def state(self, **changes):
        """The cluster's state (dict), with the top-level keys in changes replaced first."""
        text = self.path.read_text()
        state = json.loads(text) if text else json.loads(EMPTY)
        if changes:
            state.update(changes)
            self.path.write_text(json.dumps(state))
        return state

    def calls(self):
        """The commands since the last time (list of word lists)."""
        calls = self.state()["calls"]
        self.state(calls=[])
        return calls

    def life(self, name, params):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        before = self.state()
        foreseen = self.run(name, params, check=True)
        assert {**self.state(), "calls": []} == {**before, "calls": []}, "check mode wrote something"
        done = self.run(name, params)
        assert not done.get("failed"), done
        keys = ("changed", "operations", "diff")
        assert {key: foreseen.get(key) for key in keys} == {key: done.get(key) for key in keys}
        for check in (True, False):
            again = self.run(name, params, check=check)
            assert not again.get("failed") and not again["changed"], again
        return done


EMPTY = json.dumps(
    {"realms": {}, "periods": {}, "zonegroups": {}, "zones": {}, "users": {}, "default": {}, "calls": []}
)


@pytest.fixture
def cluster(tmp_path, run_module):
    """An empty cluster."""
    assert DOUBLE.stat().st_mode & 0o100, f"{DOUBLE} must be executable"
    return Cluster(tmp_path / "ceph.conf", run_module)


class Ceph:
    """A Ceph cluster behind the double of librados; `cluster` is its state."""

    def __init__(self, tmp_path, run_module, cluster):
        self.run_module, self.cluster = run_module, cluster
        self.connection = {"conf": str(tmp_path / "ceph.conf"), "keyring": str(tmp_path / "keyring"), "timeout": 5}
        for name in ("conf", "keyring"):
            Path(self.connection[name]).touch()

    def run(self, name, params, check=False):
        """The result (dict) of a module on this cluster."""
        return self.run_module(name, {**self.connection, **params}, check)

    def life(self, name, params, keys=("changed", "operations", "diff")):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        before = self.cluster.state()
        foreseen = self.run(name, params, check=True)
        assert not foreseen.get("failed"), foreseen
        assert self.cluster.state() == before, "check mode wrote something"
        done = self.run(name, params)
        assert not done.get("failed"), done
        assert {key: foreseen[key] for key in keys} == {key: done[key] for key in keys}
        for check in (True, False):
            again = self.run(name, params, check=check)
            assert not again.get("failed") and not again["changed"], again
        return done


@pytest.fixture
def ceph(tmp_path, run_module, monkeypatch):
    """A cluster with a host and two OSDs, and nothing else."""
    cluster = fake_rados.Cluster()
    monkeypatch.setattr(api, "rados", fake_rados.Module(cluster))
    now = [0]  # pauses only turn this clock
    monkeypatch.setattr(api, "Ceph", partial(api.Ceph, sleep=now.append, clock=lambda: sum(now)))
    return Ceph(tmp_path, run_module, cluster)


class Bao:
    """A real OpenBao in memory: its options for the modules, plain requests, and the requests a module made."""

    def __init__(self, server, run_module, monkeypatch):
        self.server, self.run_module, self.requests = server, run_module, []
        self.request = server.request
        plain = bao_api.Bao.call

        def counted(bao, method, path, *args, **kwargs):
            self.requests.append(f"{method} {path}")
            return plain(bao, method, path, *args, **kwargs)

        monkeypatch.setattr(bao_api.Bao, "call", counted)

    def run(self, name, params, check=False):
        """The result (dict) of a module."""
        self.requests.clear()
        return self.run_module(name, {"url": self.server.url, "token": self.server.token, **params}, check)

    def writes(self):
        """The requests of the last run that change something."""
        reads = ("GET ", "LIST ", "POST auth/approle/login", "POST auth/token/revoke-self")
        return [item for item in self.requests if not item.startswith(reads) and not item.endswith("/lookup")]

    def life(self, name, params):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        foreseen = self.run(name, params, check=True)
        assert not foreseen.get("failed"), foreseen
        assert not self.writes(), "check mode wrote something"
        done = self.run(name, params)
        assert not done.get("failed"), done
        keys = ("changed", "operations", "diff")
        assert {key: foreseen.get(key) for key in keys} == {key: done.get(key) for key in keys}
        for check in (True, False):
            again = self.run(name, params, check=check)
            assert not again.get("failed") and not again["changed"], again
            assert not self.writes()
        return done


@pytest.fixture(scope="session")
def bao_dev(tmp_path_factory):
    """One server in memory for all tests of a process."""
    server = bao_server.dev_server(tmp_path_factory.mktemp("bao"))
    yield server
    server.stop()


@pytest.fixture
def bao(bao_dev, run_module, monkeypatch):
    """The server in memory, empty again."""
    system = {"sys/", "identity/", "cubbyhole/", "token/"}
    for listing in ("sys/mounts", "sys/auth"):
        for path in bao_dev.request("GET", listing)["data"]:
            if path not in system:
                bao_dev.request("DELETE", f"{listing}/{path}")
    for name in bao_dev.request("GET", "sys/policies/acl?list=true")["data"]["keys"]:
        if name not in ("default", "root"):
            bao_dev.request("DELETE", f"sys/policies/acl/{name}")
    return Bao(bao_dev, run_module, monkeypatch)


# Fixture `service` is built on those of the contract tests.
iam, iam_keys, iam_settings = contract.iam, contract.iam_keys, contract.iam_settings


class Iam:
    """The double of INDIGO IAM, and the modules on it."""

    def __init__(self, double, run_module):
        self.double, self.run_module = double, run_module
        self.client = {"client_id": double.admin_client_id, "client_secret": double.admin_client_secret}

    def run(self, name, params, check=False):
        """The result (dict) of a module on this IAM; client credentials unless params have a token."""
        self.double.forget()
        who = {} if "token" in params else self.client
        return self.run_module(name, {"url": self.double.url, "timeout": 20, **who, **params}, check)

    def by_hand(self, method, path, body=None, scim=False):
        """The answer to what somebody else does to this IAM with client credentials; raises ApiError."""
        params = {"url": self.double.url, "token": None, "ca_path": None, "timeout": 20, "parallel": 1, **self.client}
        scopes = ("scim:read", "scim:write", "iam:admin.read", "iam:admin.write")
        client = iam_api.Iam(SimpleNamespace(check_mode=False, params=params), scopes)
        return client.call(method, path, "by hand", body, scim=scim)

    def requests(self, *methods):
        """The requests (list of (method, path)) of the last run, of these methods where given."""
        return [(method, path) for method, path in self.double.requests if not methods or method in methods]

    def writes(self):
        """The requests of the last run that may have written something: all but GET and the one for a token."""
        return [(method, path) for method, path in self.double.requests if method != "GET" and path != "/token"]

    def life(self, name, params):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        foreseen = self.run(name, params, check=True)
        assert not foreseen.get("failed"), foreseen
        assert self.writes() == [], "check mode wrote something"
        done = self.run(name, params)
        assert not done.get("failed"), done
        keys = ("changed", "operations", "diff")
        assert {key: foreseen[key] for key in keys} == {key: done[key] for key in keys}
        for check in (True, False):
            again = self.run(name, params, check=check)
            assert not again.get("failed") and not again["changed"], again
            assert self.writes() == []
        return done


@pytest.fixture
def service(iam, run_module):
    """A fresh double of INDIGO IAM with an administrator and an administrative client."""
    return Iam(iam, run_module)


class Gpus:
    """A host with GPUs behind the stand-in for nvidia-smi: its state and the commands that were run."""

    def __init__(self, path, run_module):
        self.path, self.run_module = path, run_module
        cards = [
            {
                "name": "NVIDIA H100 80GB HBM3", "uuid": f"GPU-{number}", "bus": f"00000000:{bus}:00.0",
                "minor": number, "mig": "disabled", "mig_pending": "disabled", "processes": [], "instances": [],
            }
            for number, bus in enumerate(("3B", "D8"))
        ]  # fmt: skip
        path.write_text(json.dumps({"driver": "550.163.01", "gpus": cards, "calls": []}))

    def run(self, name, params, check=False):
        """The result (dict) of a module on this host."""
        return self.run_module(name, {"executable": str(NVIDIA_SMI), **params}, check)

    def state(self):
        """The GPUs and all the rest."""
        return json.loads(self.path.read_text())

    def change(self, index, **changes):
        """Change a GPU behind everybody's back."""
        state = self.state()
        state["gpus"][index].update(changes)
        self.path.write_text(json.dumps(state))

    def broken(self, status, said):
        """From now on nvidia-smi ends with this status and these words."""
        self.path.write_text(json.dumps({**self.state(), "status": status, "said": said}))

    def use(self, index, profile=None):
        """Let a process run on a GPU, or on its first instance of a profile."""
        instances = self.state()["gpus"][index]["instances"]
        number = next((item["id"] for item in instances if item["profile"] == profile), None)
        self.change(index, processes=[{"pid": 4711, "name": "train.py", "instance": number}])

    def idle(self, index):
        """Let the GPU's processes end."""
        self.change(index, processes=[])

    def layout(self, index):
        """{start: profile} of a GPU's instances, in order."""
        instances = self.state()["gpus"][index]["instances"]
        return {item["start"]: item["profile"] for item in sorted(instances, key=lambda item: item["start"])}

    def calls(self):
        """The commands since the last time (list of word lists)."""
        state = self.state()
        self.path.write_text(json.dumps({**state, "calls": []}))
        return state["calls"]

    def life(self, name, params):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        before = self.state()["gpus"]
        foreseen = self.run(name, params, check=True)
        assert not foreseen.get("failed"), foreseen
        assert self.state()["gpus"] == before, "check mode wrote something"
        done = self.run(name, params)
        assert not done.get("failed"), done
        keys = ("changed", "operations", "diff")
        assert {key: foreseen[key] for key in keys} == {key: done[key] for key in keys}
        after = self.state()["gpus"]
        for check in (True, False):
            again = self.run(name, params, check=check)
            assert not again.get("failed") and not again["changed"], again
            assert self.state()["gpus"] == after
        return done


@pytest.fixture
def gpus(tmp_path, run_module, monkeypatch):
    """A host with two H100 that nothing uses."""
    monkeypatch.setenv("LAB_GPUS", str(tmp_path / "gpus.json"))
    loader = importlib.machinery.SourceFileLoader("nvidia_smi", str(NVIDIA_SMI))
    stand_in = importlib.util.module_from_spec(importlib.util.spec_from_loader("nvidia_smi", loader))
    loader.exec_module(stand_in)
    real = AnsibleModule.run_command

    def run_command(self, argv, **options):
        # In this process: to start it anew for each of the many commands takes most of the time.
        if argv[0] == "timeout" and argv[2] == str(NVIDIA_SMI):
            return (*stand_in.run(argv[3:]), "")
        return real(self, argv, **options)

    monkeypatch.setattr(AnsibleModule, "run_command", run_command)
    return Gpus(tmp_path / "gpus.json", run_module)


class Fpgas:
    """A host with FPGA cards behind the double of xbmgmt, which is its tool."""

    def __init__(self, tool, run_module):
        self.tool, self.run_module = tool, run_module

    def run(self, name, params, check=False):
        """The result (dict) of a module on this host."""
        return self.run_module(name, {"executable": "true", **params}, check)

    def programmed(self):
        """The arguments of every `xbmgmt program`."""
        return [words[3:] for words in self.tool.calls if words[2] == "program"]


@pytest.fixture
def fpgas(run_module, monkeypatch):
    """A host with one card."""
    tool = xbmgmt.Xbmgmt({"0000:3b:00.0": xbmgmt.card()})
    monkeypatch.setattr(AnsibleModule, "run_command", lambda _self, argv, **_options: tool.run(argv[3:]))
    return Fpgas(tool, run_module)


@pytest.fixture
def manager(request, run_module, monkeypatch):
    """A recorded conversation with Greenbone's manager, named after the test and its file."""
    yield from recorded.manager(f"{request.path.stem}.{request.node.name}", run_module, monkeypatch)
