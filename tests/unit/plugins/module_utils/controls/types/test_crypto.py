# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS libraries' files."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import crypto

# The beginning of Debian's openssl.cnf, without its comments.
OPENSSL = """\
openssl_conf = openssl_init
[openssl_init]
providers = provider_sect

[provider_sect]
default = default_sect
[default_sect]
"""


def judge(machine, policy="DEFAULT"):
    """The evaluation of a policy."""
    return crypto.evaluate({"data": {"policy": policy}}, machine.host())


def applied(machine, found):
    """Put the changes of files in place."""
    for change in found.changes:
        if hasattr(change, "edit"):
            machine.write(change.path, change.edit(machine.read(change.path)))


@pytest.mark.parametrize(("policy", "level"), [("DEFAULT", "2"), ("FUTURE", "3")])
def test_debian_gets_sections_of_its_own(machine, policy, level):
    machine.write(crypto.OPENSSL, OPENSSL)
    found = judge(machine, policy)
    assert found.state == "different"
    applied(machine, found)
    text = machine.read(crypto.OPENSSL)
    assert "providers = provider_sect\nssl_conf = ssl_configuration\n" in text
    assert text.endswith(f"[tls_system_default]\nMinProtocol = TLSv1.2\nCipherString = DEFAULT:@SECLEVEL={level}\n")
    assert judge(machine, policy).state == "compliant"


def test_sections_that_are_there_are_used(machine):
    machine.write(
        crypto.OPENSSL, OPENSSL.replace("providers", "ssl_conf = mine\nproviders") + "[mine]\nsystem_default = s\n[s]\n"
    )
    found = judge(machine)
    assert found.observed["openssl openssl_init ssl_conf"] == "mine"
    applied(machine, found)
    assert "[s]\nMinProtocol = TLSv1.2\n" in machine.read(crypto.OPENSSL)


def test_gnutls_where_it_is_installed(machine):
    machine.write(crypto.OPENSSL, OPENSSL)
    machine.packages.add("libgnutls30t64")
    found = judge(machine)
    assert crypto.GNUTLS in [change.path for change in found.changes]
    applied(machine, found)
    assert judge(machine).state == "compliant"


def test_el_has_its_own_tool(machine):
    machine.write("/etc/os-release", 'ID=rocky\nID_LIKE="rhel"\nVERSION_ID="9.4"\n')
    machine.write(crypto.EL_POLICY, "LEGACY\n")
    (change,) = judge(machine).changes
    assert change.argv == ("update-crypto-policies", "--set", "DEFAULT")
    assert change.undo == ("update-crypto-policies", "--set", "LEGACY")
    machine.write(crypto.EL_POLICY, "DEFAULT:NO-SHA1\n")
    assert judge(machine).state == "compliant"
