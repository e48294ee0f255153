# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role host_certificate moves between the federation's own authority and one in a real OpenBao under it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml
from cryptography import x509

from ansible_collections.infn.datacloud.tests.contract import bao_server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the role gives its files to root")

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: true
  gather_subset: ["!all", "!min", distribution]
  environment: {SSL_CERT_FILE: "{{ system_trust }}"}
  tasks:
    - ansible.builtin.import_role: {name: infn.datacloud.host_certificate}
"""
AUTHORITY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.import_role: {name: infn.datacloud.host_certificate, tasks_from: ca}
    - ansible.builtin.import_role: {name: infn.datacloud.host_certificate, tasks_from: sign_intermediate}
    - ansible.builtin.copy: {content: "{{ host_certificate_intermediate_chain }}", dest: "{{ chain }}", mode: "0644"}
"""


class Host:
    """This machine, with its certificates in a folder of the test."""

    def __init__(self, folder, root, server):
        self.folder, self.root, self.server = folder, root, server
        ca = f"{folder}/ca/ca.crt"
        self.variables = {
            "ansible_python_interpreter": sys.executable,
            "datacloud_secret_store": f"{folder}/secrets",
            "system_trust": ca,
            "chain": f"{folder}/chain.pem",
            "host_certificate_directory": f"{folder}/ssl",
            "host_certificate_ca_file": ca,
            "host_certificate_ca_certificate": (
                "{{ lookup('ansible.builtin.file', host_certificate_ca_file, errors='ignore') or '' }}"
            ),
            "host_certificate_ca_private_key": "{{ lookup('infn.datacloud.secret', 'ca/key', kind='private_key') }}",
            "host_certificate_ca_common_name": "root",
            "host_certificate_ca_domains": ["example.org"],
            "host_certificate_openbao_url": server.url,
            "host_certificate_openbao_ca_file": str(server.ca_path),
            "host_certificate_openbao_token": server.token,
            "host_certificate_certificates": [
                {
                    "name": "gate",
                    "common_name": "gate.example.org",
                    "subject_alt_names": ["DNS:gate.example.org", "IP:192.0.2.1"],
                    "combined": f"{folder}/ssl/gate.pem",
                }
            ],
        }

    def play(self, play, *options, **variables):
        """What ansible-playbook printed, and how many tasks changed something (None where it failed)."""
        (self.folder / "play.yml").write_text(play)
        (self.folder / "vars.yml").write_text(yaml.safe_dump({**self.variables, **variables}))
        result = subprocess.run(
            ["ansible-playbook", "-i", "localhost,", "-e", f"@{self.folder}/vars.yml", *options,
             f"{self.folder}/play.yml"],
            cwd=self.root, capture_output=True, text=True, check=False,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
        )  # fmt: skip
        answer = json.loads(result.stdout[result.stdout.index("{") :])
        stats = answer["stats"]["localhost"]
        failed = stats["failures"] or stats["unreachable"]
        return result.stdout, None if failed else stats["changed"]

    def run(self, provider, *options, **variables):
        """Run the role, all but the installation."""
        given = {"host_certificate_provider": provider, **variables}
        return self.play(PLAY, "--skip-tags", "install", *options, **given)

    def chain(self):
        return x509.load_pem_x509_certificates((self.folder / "ssl" / "gate.crt").read_bytes())

    def issuer(self):
        return self.chain()[0].issuer.rfc4514_string()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with bao_server.running(tmp_path_factory.mktemp("bao")) as bao:
        bao.client.sys.enable_secrets_engine("pki", path="pki", config={"max_lease_ttl": "8760h"})
        bao.client.secrets.pki.create_or_update_role(
            "host", {"allowed_domains": "example.org", "allow_subdomains": True, "key_type": "any", "max_ttl": "90d"}
        )
        yield bao


@pytest.fixture(scope="module")
def host(tmp_path_factory, root, server):
    """A host of a federation whose authority has OpenBao's under it; its certificate is from the former."""
    host = Host(tmp_path_factory.mktemp("host"), root, server)
    answer = server.client.secrets.pki.generate_intermediate("internal", "middle")
    host.variables["host_certificate_intermediate_request"] = answer["data"]["csr"]
    output, changed = host.play(AUTHORITY)
    assert changed, output
    server.client.secrets.pki.set_signed_intermediate((host.folder / "chain.pem").read_text())
    output, changed = host.run("embedded")
    assert changed, output
    return host


def test_there_and_back_again(host):
    assert (host.issuer(), len(host.chain())) == ("CN=root", 1)
    key = (host.folder / "ssl" / "gate.key").read_bytes()

    # Check mode foresees the same changes, and leaves the certificate alone.
    _rest, foreseen = host.run("openbao", "--check")
    assert host.issuer() == "CN=root"
    output, changed = host.run("openbao")
    assert changed == foreseen == 2, output
    assert [certificate.subject.rfc4514_string() for certificate in host.chain()] == [
        "CN=gate.example.org",
        "CN=middle",
    ]
    assert (host.folder / "ssl" / "gate.key").read_bytes() == key
    assert (host.folder / "ssl" / "gate.pem").read_bytes() == key + (host.folder / "ssl" / "gate.crt").read_bytes()

    for options in ((), ("--check",)):
        output, changed = host.run("openbao", *options)
        assert changed == 0, output

    # A good certificate does not need OpenBao.
    output, changed = host.run("openbao", host_certificate_openbao_url="https://127.0.0.1:1")
    assert changed == 0, output

    # Nearly all of its life is left, but less than is asked for here.
    serial = host.chain()[0].serial_number
    output, changed = host.run("openbao", host_certificate_renew_at=100)
    assert changed == 2, output
    assert host.chain()[0].serial_number != serial

    output, changed = host.run("embedded")
    assert changed == 2, output
    assert host.issuer() == "CN=root"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"system_trust": "/etc/ssl/certs/ca-certificates.crt"}, "does not trust the authority"),
        ({"host_certificate_openbao_token": "hidden"}, "the token is unknown"),
        ({"host_certificate_openbao_url": ""}, "set host_certificate_openbao_url"),
    ],
)
def test_what_would_not_work_never_replaces_what_does(host, changes, message):
    before = host.chain()
    output, changed = host.run("openbao", **changes)
    assert changed is None
    assert message in output, output
    assert "hidden" not in output
    assert host.chain() == before
