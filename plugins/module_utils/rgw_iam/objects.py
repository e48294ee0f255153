# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers and roles of RADOS gateways: the Specs, and pure functions from groups and rights to policy documents."""

from __future__ import annotations

import json
import re

from ansible_collections.infn.datacloud.plugins.module_utils.core import Field, Spec
from ansible_collections.infn.datacloud.plugins.module_utils.s3.objects import policy

# A role below this path is ours: purge removes no other.
PATH = "/datacloud/"
# The one inline policy in which a role of ours has all its rights.
POLICY_NAME = "datacloud"
VERSION = "2012-10-17"
# RGW keeps no more (src/rgw/rgw_rest_oidc_provider.cc).
MOST_THUMBPRINTS = 5
# What a policy would read as a pattern or a variable.
PATTERNS = re.compile(r"[*?$]|[\x00-\x1f]")
THUMBPRINT = re.compile(r"[0-9A-F]{40}")
# What RGW takes as the name of a role, and as its path.
NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
ROLE_PATH = re.compile(r"/|/[!-~]+/")
SECONDS = range(3600, 43201)

READ_OBJECTS = ("s3:GetObject", "s3:GetObjectVersion")
# Versions cannot be removed: who overwrites or deletes by mistake finds the old ones.
WRITE_OBJECTS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject")
LIST = ("s3:ListBucket", "s3:ListBucketVersions")


def thumbprints(values):
    """Thumbprints in a form that does not depend on spelling (list of str)."""
    return sorted({value.replace(":", "").upper() for value in values})


PROVIDER = Spec(
    "provider",
    "providers",
    (
        Field("url", required=True, identity=True),
        Field("client_ids", "list", elements="str", required=True, normalize=sorted),
        Field("thumbprints", "list", elements="str", normalize=thumbprints),
    ),
)

ROLE = Spec(
    "role",
    "roles",
    (
        Field("name", required=True, identity=True),
        Field("path", default=PATH),
        Field("description"),
        Field("max_session_duration", "int"),
        Field(
            "trust",
            "dict",
            required=True,
            options=(
                Field("issuer", required=True),
                Field("audiences", "list", elements="str", required=True),
                Field("claim", default="wlcg.groups"),
                Field("values", "list", elements="str", required=True),
            ),
        ),
        Field(
            "grants",
            "list",
            elements="dict",
            default=[],
            options=(
                Field("bucket", required=True),
                Field("prefix", default=""),
                Field("rights", "list", elements="str", choices=("read", "write"), required=True),
            ),
        ),
    ),
)

# A role as the gateway keeps it, which is what is compared.
STORED_ROLE = Spec(
    "role",
    "roles",
    (
        Field("name", identity=True),
        Field("path", immutable=True),
        Field("description"),
        Field("max_session_duration", "int"),
        Field("trust_policy", "dict", normalize=policy),
        Field("permission_policies", "dict", normalize=policy),
    ),
)


def host_path(url):
    """An issuer without its scheme (str), as it stands in ARNs and in the names of conditions."""
    return re.sub(r"^https?://", "", url)


def provider_arn(url):
    """The ARN (str) that RGW gives to the provider of an issuer."""
    return f"arn:aws:iam:::oidc-provider/{host_path(url)}"


def trust_policy(trust):
    """Who may assume a role (dict): bearers of the issuer's token, for one of the audiences, with one of the values.

    One statement only: RGW refuses where the conditions of any statement fail, so two would have to hold both.
    ForAnyValue, as the claims are lists; where a claim is missing it does not hold.
    """
    name = host_path(trust["issuer"])
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": [provider_arn(trust["issuer"])]},
                "Action": ["sts:AssumeRoleWithWebIdentity"],
                "Condition": {
                    "ForAnyValue:StringEquals": {
                        f"{name}:{trust['claim']}": sorted(trust["values"]),
                        # RGW's name for the claim aud.
                        f"{name}:app_id": sorted(trust["audiences"]),
                    }
                },
            }
        ],
    }


def permission_policy(grants):
    """What a role may do (dict): nothing outside the prefixes of its grants; None where there is no grant."""
    statements = [statement for grant in grants for statement in _statements(grant)]
    return {"Version": VERSION, "Statement": statements} if statements else None


def _statements(grant):
    bucket, start = grant["bucket"], prefix(grant.get("prefix"))
    objects = f"arn:aws:s3:::{bucket}/{start}*"
    found = []
    if "read" in grant["rights"]:
        listing = {"Effect": "Allow", "Action": list(LIST), "Resource": [f"arn:aws:s3:::{bucket}"]}
        if start:
            listing["Condition"] = {"StringLike": {"s3:prefix": [f"{start}*"]}}
        found += [listing, {"Effect": "Allow", "Action": list(READ_OBJECTS), "Resource": [objects]}]
    if "write" in grant["rights"]:
        found.append({"Effect": "Allow", "Action": list(WRITE_OBJECTS), "Resource": [objects]})
    return found


def prefix(value):
    """A prefix as it stands in keys (str): no slash in front, one behind, and nothing for the whole bucket.

    The slash behind keeps data2/ out of reach of who may use data.
    """
    value = (value or "").strip("/")
    return f"{value}/" if value else ""


def document(content):
    """A policy as text (str), always the same for the same content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def stored(wanted):
    """A wanted role (dict) in the words of STORED_ROLE."""
    role = {name: wanted.get(name) for name in ("name", "path", "description", "max_session_duration", "state")}
    if wanted.get("state") != "absent":
        rights = permission_policy(wanted["grants"])
        role["trust_policy"] = trust_policy(wanted["trust"])
        role["permission_policies"] = {POLICY_NAME: rights} if rights else {}
    return role


def view(role, policies):
    """A role in the words of STORED_ROLE, from what the gateway says of it (dict) and its inline policies (dict)."""
    return {
        "name": role["RoleName"],
        "path": role.get("Path") or "/",
        "description": role.get("Description"),
        "max_session_duration": role.get("MaxSessionDuration"),
        "trust_policy": content(role.get("AssumeRolePolicyDocument")),
        "permission_policies": {name: content(text) for name, text in policies.items()},
    }


def content(text):
    """A policy (dict) from what boto3 gives: decoded already, or text it could not decode."""
    if isinstance(text, dict):
        return text
    try:
        return json.loads(text or "{}")
    except ValueError:
        return {"unreadable": text}


def role_complaints(wanted):
    """What is wrong with a wanted role before any request (list of str)."""
    said, name = [], wanted["name"]
    if not NAME.fullmatch(name):
        said.append(f"role {name}: a name has at most 64 letters, digits and characters of _+=,.@-")
    if not ROLE_PATH.fullmatch(wanted["path"]):
        said.append(f"role {name}: path {wanted['path']!r} must begin and end with a slash")
    if wanted.get("state") == "absent":
        return said
    trust = wanted["trust"]
    if not trust["issuer"].startswith("https://"):
        said.append(f"role {name}: the issuer {trust['issuer']!r} must be an https:// address")
    said += [f"role {name}: trust needs at least one of {key}" for key in ("audiences", "values") if not trust[key]]
    seconds = wanted.get("max_session_duration")
    if seconds is not None and seconds not in SECONDS:
        said.append(
            f"role {name}: max_session_duration {seconds} is not between {SECONDS[0]} and {SECONDS[-1]} seconds"
        )
    for grant in wanted["grants"]:
        said += [
            f"role {name}: {key} {grant[key]!r} holds a character that a policy reads as a pattern"
            for key in ("bucket", "prefix")
            if PATTERNS.search(grant.get(key) or "")
        ]
        if not grant["bucket"] or "/" in grant["bucket"]:
            said.append(f"role {name}: {grant['bucket']!r} is not the name of a bucket")
        if not grant["rights"]:
            said.append(f"role {name}: a grant on bucket {grant['bucket']} has no rights")
    return said


def provider_complaints(wanted):
    """What is wrong with a wanted provider before any request (list of str)."""
    said, url = [], wanted["url"]
    if not url.startswith("https://"):
        said.append(f"provider {url}: the issuer must be an https:// address")
    if wanted.get("state") == "absent":
        return said
    if not wanted["client_ids"]:
        said.append(f"provider {url}: client_ids is empty, and then RGW takes tokens for any audience")
    given = thumbprints(wanted.get("thumbprints") or [])
    said += [
        f"provider {url}: {value!r} is not a SHA-1 thumbprint of 40 hexadecimal digits"
        for value in given
        if not THUMBPRINT.fullmatch(value)
    ]
    if wanted.get("thumbprints") == []:
        said.append(f"provider {url}: thumbprints is empty; leave it out to have them computed")
    if len(given) > MOST_THUMBPRINTS:
        said.append(f"provider {url}: {len(given)} thumbprints, where RGW keeps at most {MOST_THUMBPRINTS}")
    return said
