# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How buckets are read and written: the Backend of core.run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api, objects

# Requests at once: they wait for the network, not for the processor.
PARALLEL = 8


class Buckets(core.Backend):
    """The buckets of the user whose keys are given."""

    reread = True

    def __init__(self, module):
        self.module = module
        self.s3 = api.S3(module.params)
        self.force_empty = module.params["force_empty"]
        self.owner_of = {}

    def prepare(self, desired):
        said = [complaint for wanted in desired for complaint in objects.complaints(wanted)]
        if said:
            raise core.SpecError("; ".join(said))
        return [objects.complete(wanted) for wanted in desired]

    def read(self, desired):
        try:
            there = self._names()
        except api.Unreachable as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"Planned as if there were no bucket yet: {error}")
            return {}
        wanted = [bucket for bucket in desired if bucket["name"] in there]
        with ThreadPoolExecutor(PARALLEL) as pool:
            return dict(pool.map(self._bucket, wanted))

    def _names(self):
        names, token = set(), {}
        while True:
            answer = self.s3.call("list_buckets", "buckets", **token)
            names.update(bucket["Name"] for bucket in answer.get("Buckets", []))
            if not answer.get("ContinuationToken"):
                return names
            token = {"ContinuationToken": answer["ContinuationToken"]}

    def _bucket(self, wanted):
        """(name, bucket) with the fields that are managed, each read by one request."""
        name = wanted["name"]
        subject = f"bucket {name}"
        if wanted.get("state") == "absent":
            if name not in self.force_empty and self._first(name):
                raise core.ApiError(f"{subject} is not empty; empty it, or name it in force_empty to lose its contents")
            return name, {"name": name}
        bucket, answers = {"name": name}, {}
        for field, (method, absent) in objects.READS.items():
            if wanted.get(field) is None:
                continue
            if method not in answers:
                answers[method] = self.s3.call(method, subject, absent, Bucket=name)
            bucket[field] = objects.view(field, answers[method])
        if wanted.get("quota") is not None:
            stats = self.s3.admin("GET", "bucket", subject, {"bucket": name, "stats": "true"})
            self.owner_of[name] = stats["owner"]
            bucket["quota"] = objects.quota_view(stats)
        return name, bucket

    def _first(self, name):
        """Whether the bucket holds anything: a version, a mark of deletion, or an upload that was never finished."""
        versions = self.s3.call("list_object_versions", f"bucket {name}", Bucket=name, MaxKeys=1)
        if versions.get("Versions") or versions.get("DeleteMarkers"):
            return True
        uploads = self.s3.call("list_multipart_uploads", f"bucket {name}", Bucket=name, MaxUploads=1)
        return bool(uploads.get("Uploads"))

    def apply(self, operation):
        name, after = operation.key, operation.after
        subject = f"bucket {name}"
        if operation.action == "delete":
            if name in self.force_empty:
                self._empty(name)
            self.s3.call("delete_bucket", subject, Bucket=name)
            return
        if operation.action == "create":
            lock = {"ObjectLockEnabledForBucket": True} if after.get("object_lock") else {}
            self.s3.call("create_bucket", subject, Bucket=name, **lock)
        for method, arguments in objects.writes(after, operation.changes):
            self.s3.call(method, subject, Bucket=name, **arguments)
        if "quota" in operation.changes:
            self._set_quota(name, after["quota"])

    def _set_quota(self, name, quota):
        subject = f"bucket {name}"
        if name not in self.owner_of:
            stats = self.s3.admin("GET", "bucket", subject, {"bucket": name, "stats": "true"})
            self.owner_of[name] = stats["owner"]
        query = {"quota": "", "uid": self.owner_of[name], "bucket": name, **objects.quota_query(quota)}
        self.s3.admin("PUT", "bucket", subject, query)

    def _empty(self, name):
        """Remove every version, mark of deletion and unfinished upload."""
        subject = f"bucket {name}"
        while True:
            answer = self.s3.call("list_object_versions", subject, Bucket=name)
            found = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
            if not found:
                break
            gone = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
            done = self.s3.call("delete_objects", subject, Bucket=name, Delete={"Objects": gone, "Quiet": True})
            if done.get("Errors"):
                first = done["Errors"][0]
                raise core.ApiError(f"{subject}: delete of {first['Key']}: {first.get('Code')}; is it locked?")
        while uploads := self.s3.call("list_multipart_uploads", subject, Bucket=name).get("Uploads"):
            for upload in uploads:
                self.s3.call(
                    "abort_multipart_upload",
                    subject,
                    ("NoSuchUpload",),
                    Bucket=name,
                    Key=upload["Key"],
                    UploadId=upload["UploadId"],
                )
