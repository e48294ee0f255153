# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that asks a token issuer for its keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import ssl
from http.client import HTTPException
from urllib.error import HTTPError

from ansible.module_utils.urls import open_url

from ansible_collections.infn.datacloud.plugins.module_utils import core

DISCOVERY = "/.well-known/openid-configuration"
BIGGEST = 1 << 20  # bytes of an answer


class Unreachable(core.ApiError):
    """The issuer does not answer, as one that is being set up."""


def thumbprints(url, ca_bundle=None, timeout=30):
    """The SHA-1 thumbprints (list of 40 upper-case hexadecimal digits) of the certificates of an issuer's keys.

    RGW compares that of the certificate in the key's x5c, not that of the TLS server (src/rgw/rgw_rest_sts.cc).
    All keys count, so that one that is announced before it signs is known in time.
    url: the issuer as it stands in tokens; timeout: seconds a request. Raises ApiError or Unreachable.
    """
    said = f"provider {url}"
    about = get(url.rstrip("/") + DISCOVERY, said, ca_bundle, timeout)
    if about.get("issuer") != url:
        raise core.ApiError(
            f"{said}: its discovery document names the issuer {about.get('issuer')!r}; "
            "write the provider exactly so, as tokens carry that name"
        )
    keys = get(str(about.get("jwks_uri")), said, ca_bundle, timeout).get("keys")
    found = certificate_thumbprints(keys if isinstance(keys, list) else [], said)
    if not found:
        raise core.ApiError(
            f"{said}: none of its keys at {about.get('jwks_uri')} comes with a certificate (x5c), which RGW needs; "
            "let the issuer publish them"
        )
    return found


def certificate_thumbprints(keys, said):
    """The thumbprints (list) of the first certificate of each key (list of dict) that has one."""
    found = []
    for key in keys:
        if not key.get("x5c"):
            continue
        try:
            der = base64.b64decode(key["x5c"][0], validate=True)
        except (binascii.Error, TypeError, KeyError) as error:
            raise core.ApiError(f"{said}: the x5c of its key {key.get('kid')} is not base64: {error}") from error
        value = hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()
        if value not in found:
            found.append(value)
    return found


def get(url, said, ca_bundle, timeout):
    """The JSON object (dict) at url; raises ApiError, or Unreachable where nobody answers."""
    if not url.startswith("https://"):
        raise core.ApiError(f"{said}: {url} is not an https:// address, and keys are only taken from one")
    where = f"{said}: GET {url}"
    try:
        with open_url(url, timeout=timeout, ca_path=ca_bundle, headers={"Accept": "application/json"}) as answer:
            value = json.loads(answer.read(BIGGEST))
    except HTTPError as error:
        if error.code >= 500:  # a proxy whose service is not up
            raise Unreachable(f"{where}: HTTP {error.code}") from error
        raise core.ApiError(f"{where}: HTTP {error.code}; is it the address of an issuer?") from error
    except ValueError as error:
        raise core.ApiError(f"{where}: the answer is not JSON: {error}") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLError):
            raise core.ApiError(f"{where}: {reason}; does ca_bundle hold the authority of the issuer?") from error
        raise Unreachable(f"{where}: {reason}") from error
    if not isinstance(value, dict):
        raise core.ApiError(f"{where}: the answer is not a JSON object")
    return value
