# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the TLS libraries accept: update-crypto-policies(8) on EL, the libraries' own files on Debian.

A policy has the name that EL gives it. On Debian DEFAULT is TLS 1.2 or newer with keys of 112 bits of security, FUTURE
the same with 128 bits, so RSA keys of 3072 bits (config(5ssl), SSL_CTX_set_security_level(3ssl)).
"""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Command, FileText, Setting
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import compared, not_applicable
from ansible_collections.infn.datacloud.plugins.module_utils.controls.settings import get_key

NAME = "crypto"
DATA = {
    "type": "object",
    "properties": {"policy": {"enum": ["DEFAULT", "FUTURE"]}},
    "required": ["policy"],
    "additionalProperties": False,
}
OPENSSL = "/etc/ssl/openssl.cnf"
GNUTLS = "/etc/gnutls/config"
EL_POLICY = "/etc/crypto-policies/config"
# OpenSSL's security levels.
LEVELS = {"DEFAULT": "2", "FUTURE": "3"}
# A new configuration that OpenSSL cannot read would take TLS from every program.
VALIDATE = ("env", "OPENSSL_CONF=%s", "openssl", "ciphers", "-s", "-tls1_2")
GNUTLS_TEXT = """\
# Managed by infn.datacloud.controls: a run of it writes this file anew.
[global]
override-mode = blocklist

[overrides]
disabled-version = ssl3.0
disabled-version = tls1.0
disabled-version = tls1.1
disabled-version = dtls0.9
disabled-version = dtls1.0
"""


def evaluate(control, host):
    """Compare the policy's files."""
    policy = control["data"]["policy"]
    if host.release()[2] == "EL":
        lines = [line for line in (host.text(EL_POLICY) or "").split() if not line.startswith("#")]
        observed = lines[0] if lines else None
        changes = []
        if observed and observed.split(":")[0] != policy:
            set_policy = ("update-crypto-policies", "--set")
            changes.append(Command((*set_policy, policy), (*set_policy, observed)))
        return compared(observed and observed.split(":")[0], policy, changes)
    text = host.text(OPENSSL)
    if text is None:
        return not_applicable("there is no OpenSSL")
    observed, wanted, changes = {}, {}, []
    for section, key, value in _openssl(text, LEVELS[policy]):
        name = f"openssl {section} {key}".replace(" None ", " ")
        found = get_key(text, key, " = ", section)
        observed[name], wanted[name] = (found[0] if len(found) == 1 else found or None), value
        changes.append(Setting(OPENSSL, key, value, " = ", section, validate=VALIDATE))
    if any(name.startswith("libgnutls30") for name in host.packages()):
        observed["gnutls"], wanted["gnutls"] = host.text(GNUTLS), GNUTLS_TEXT
        changes.append(FileText(GNUTLS, GNUTLS_TEXT))
    return compared(observed, wanted, changes)


def _openssl(text, level):
    """(section, key, value) of what must be said; sections that are there keep their names."""
    main = (get_key(text, "openssl_conf", " = ") or ["openssl_init"])[0]
    libraries = (get_key(text, "ssl_conf", " = ", main) or ["ssl_configuration"])[0]
    default = (get_key(text, "system_default", " = ", libraries) or ["tls_system_default"])[0]
    return (
        (main, "ssl_conf", libraries),
        (libraries, "system_default", default),
        (default, "MinProtocol", "TLSv1.2"),
        (default, "CipherString", f"DEFAULT:@SECLEVEL={level}"),
    )
