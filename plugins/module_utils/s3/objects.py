# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets: the Spec, and pure transformations between its words and those of the S3 API."""

from __future__ import annotations

import json
from datetime import date

from ansible_collections.infn.datacloud.plugins.module_utils.core import Field, Spec
from ansible_collections.infn.datacloud.plugins.module_utils.rgw.objects import size

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
SIGNED_IN = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
ACLS = {
    "private": set(),
    "public-read": {(ALL_USERS, "READ")},
    "public-read-write": {(ALL_USERS, "READ"), (ALL_USERS, "WRITE")},
    "authenticated-read": {(SIGNED_IN, "READ")},
}


def policy(value):
    """A policy in a form that does not depend on spelling (dict): one value and a list of one are the same."""
    if isinstance(value, dict):
        return {name: policy(entry) for name, entry in value.items()}
    if isinstance(value, list):
        entries = sorted((policy(entry) for entry in value), key=lambda entry: json.dumps(entry, sort_keys=True))
        return entries[0] if len(entries) == 1 else entries
    return value


def lifecycle(rules):
    """Lifecycle rules in a form that does not depend on spelling (list of dict), by their ID."""
    return sorted((_rule(rule) for rule in rules), key=lambda rule: str(rule.get("ID")))


def _rule(rule):
    rule = {name: _plain(value) for name, value in rule.items() if value is not None}
    # The old place of the prefix, the new one, and none at all mean the same.
    selection = dict(rule.pop("Filter", None) or {})
    prefix = rule.pop("Prefix", None) or selection.pop("Prefix", None)
    selection = {name: value for name, value in selection.items() if value}
    rule["Filter"] = {**selection, **({"Prefix": prefix} if prefix else {})}
    return rule


def _plain(value):
    """Dates as 2026-11-22, everything else as it is."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()[:10]
    return value


def lifecycle_request(rules):
    """Lifecycle rules (list of dict) as put_bucket_lifecycle_configuration wants them."""
    return {"Rules": [{**rule, "Filter": rule["Filter"] or {"Prefix": ""}} for rule in lifecycle(rules)]}


def text_values(tags):
    """Tags with values as text (dict), which is all S3 knows."""
    return {str(name): str(value) for name, value in tags.items()}


BUCKET = Spec(
    "bucket",
    "buckets",
    (
        Field("name", required=True, identity=True),
        Field("object_lock", "bool", immutable=True),
        Field("versioning", choices=("enabled", "suspended")),
        Field(
            "retention",
            "dict",
            options=(
                Field("mode", choices=("governance", "compliance")),
                Field("days", "int"),
                Field("years", "int"),
            ),
        ),
        Field(
            "encryption",
            "dict",
            options=(
                Field("algorithm", required=True, choices=("none", "AES256", "aws:kms")),
                Field("kms_key", secret=False),
            ),
        ),
        Field("acl", choices=tuple(ACLS)),
        Field("policy", "dict", normalize=policy),
        Field("lifecycle", "list", elements="dict", normalize=lifecycle),
        Field("tags", "dict", normalize=text_values),
        Field(
            "quota",
            "dict",
            options=(
                Field("enabled", "bool"),
                Field("max_size", normalize=size),
                Field("max_objects", "int"),
            ),
        ),
    ),
)

NO_LOCK = ("ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration")
# How a managed field is read: field: (client method, error codes that mean there is none).
READS = {
    "versioning": ("get_bucket_versioning", ()),
    "object_lock": ("get_object_lock_configuration", NO_LOCK),
    "retention": ("get_object_lock_configuration", NO_LOCK),
    "encryption": ("get_bucket_encryption", ("ServerSideEncryptionConfigurationNotFoundError",)),
    "acl": ("get_bucket_acl", ()),
    "policy": ("get_bucket_policy", ("NoSuchBucketPolicy",)),
    "lifecycle": ("get_bucket_lifecycle_configuration", ("NoSuchLifecycleConfiguration",)),
    "tags": ("get_bucket_tagging", ("NoSuchTagSet", "NoSuchTagSetError")),
}


def view(field, answer):
    """A field in the Spec's words, from the answer (dict, None where there is none) of its client method in READS."""
    answer = answer or {}
    if field == "versioning":
        return answer.get("Status", "").lower() or None
    if field == "object_lock":
        return answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
    if field == "retention":
        kept = answer.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
        mode = kept.get("Mode", "").lower() or None
        return {"mode": mode, "days": kept.get("Days", 0), "years": kept.get("Years", 0)}
    if field == "encryption":
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        default = rules[0]["ApplyServerSideEncryptionByDefault"] if rules else {}
        return {"algorithm": default.get("SSEAlgorithm", "none"), "kms_key": default.get("KMSMasterKeyID")}
    if field == "acl":
        return acl_view(answer)
    if field == "policy":
        return json.loads(answer["Policy"]) if answer.get("Policy") else {}
    if field == "lifecycle":
        return answer.get("Rules", [])
    return {tag["Key"]: tag["Value"] for tag in answer.get("TagSet", [])}


def acl_view(answer):
    """The name of the canned ACL that get_bucket_acl's answer amounts to, V(other) where it is none of them (str)."""
    owner = answer.get("Owner", {}).get("ID")
    grants = {
        (grant["Grantee"].get("URI") or grant["Grantee"].get("ID"), grant["Permission"])
        for grant in answer.get("Grants", [])
    }
    grants.discard((owner, "FULL_CONTROL"))
    return next((name for name, granted in ACLS.items() if granted == grants), "other")


def quota_view(stats):
    """The quota (dict) in the admin API's answer about a bucket."""
    quota = stats.get("bucket_quota", {})
    names = ("enabled", "max_size", "max_objects")
    return {name: quota.get(name, default) for name, default in zip(names, (False, -1, -1), strict=True)}


def quota_query(quota):
    """A quota (dict) as the admin API's parameters; all of them, as RGW has defaults of its own for those left out."""
    limit = size(quota.get("max_size", -1))
    return {
        "enabled": "true" if quota.get("enabled") else "false",
        "max-size-kb": limit // 1024 if limit >= 0 else -1,
        "max-objects": quota.get("max_objects", -1),
    }


def writes(after, changes):
    """The requests that bring about the changed fields: [(client method, arguments without Bucket)].

    object_lock and quota are not among them: the one is said at creation, the other is not S3's.
    """
    requests = []
    for field in changes:
        value = after.get(field)
        if field == "versioning":
            requests.append(("put_bucket_versioning", {"VersioningConfiguration": {"Status": value.capitalize()}}))
        elif field == "retention":
            period = {"Years": value["years"]} if value["years"] else {"Days": value["days"]}
            rule = {"DefaultRetention": {"Mode": value["mode"].upper(), **period}}
            requests.append(
                (
                    "put_object_lock_configuration",
                    {
                        "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": rule},
                    },
                )
            )
        elif field == "encryption":
            requests.append(_encryption(value))
        elif field == "acl":
            requests.append(("put_bucket_acl", {"ACL": value}))
        elif field == "policy":
            put = ("put_bucket_policy", {"Policy": json.dumps(value)})
            requests.append(put if value else ("delete_bucket_policy", {}))
        elif field == "lifecycle":
            put = ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": lifecycle_request(value or [])})
            requests.append(put if value else ("delete_bucket_lifecycle", {}))
        elif field == "tags":
            tags = [{"Key": name, "Value": entry} for name, entry in sorted(text_values(value).items())]
            put = ("put_bucket_tagging", {"Tagging": {"TagSet": tags}})
            requests.append(put if tags else ("delete_bucket_tagging", {}))
    return requests


def _encryption(value):
    if value["algorithm"] == "none":
        return ("delete_bucket_encryption", {})
    default = {"SSEAlgorithm": value["algorithm"]}
    if value["algorithm"] == "aws:kms" and value.get("kms_key"):
        default["KMSMasterKeyID"] = value["kms_key"]
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    return ("put_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": rules}})


def complete(wanted):
    """The wanted bucket with both of a retention's periods, as giving one takes the other away."""
    kept = wanted.get("retention")
    if not kept:
        return wanted
    return {**wanted, "retention": {**kept, "days": kept.get("days") or 0, "years": kept.get("years") or 0}}


def complaints(wanted):
    """What is wrong with a wanted bucket before any request (list of str)."""
    said, name = [], wanted["name"]
    if any(not rule.get("ID") for rule in wanted.get("lifecycle") or []):
        said.append(f"bucket {name}: a lifecycle rule has no ID; without one it cannot be found again")
    kept = wanted.get("retention")
    if kept and (not kept.get("mode") or bool(kept.get("days")) == bool(kept.get("years"))):
        said.append(f"bucket {name}: retention needs a mode, and either days or years")
    if kept and not wanted.get("object_lock"):
        said.append(f"bucket {name}: retention needs object_lock")
    if wanted.get("object_lock") and wanted.get("versioning") == "suspended":
        said.append(f"bucket {name}: object_lock needs versioning, so it cannot be suspended")
    return said
