# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""s3_bucket against moto's S3 server: create, change, remove; request counts; what is refused."""

from __future__ import annotations

import boto3
import pytest
from ansible.module_utils.urls import open_url
from moto.server import ThreadedMotoServer

from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api

RULE = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "raw/"}, "Expiration": {"Days": 30}}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
            "Action": ["s3:GetObject"],
            "Resource": "arn:aws:s3:::frames/*",
        }
    ],
}
BUCKET = {
    "name": "frames",
    "versioning": "enabled",
    "encryption": {"algorithm": "AES256"},
    "lifecycle": [RULE],
    "policy": POLICY,
    "tags": {"project": "virgo", "year": 2026},
    "acl": "private",
}


@pytest.fixture(scope="module")
def server():
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    _host, port = moto.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    moto.stop()


class Service:
    """An S3 service: its options for the module, a plain client beside it, and the requests the module made."""

    def __init__(self, url, run_module, monkeypatch):
        self.url, self.run_module, self.requests = url, run_module, []
        self.client = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id="K", aws_secret_access_key="S", region_name="us-east-1"
        )
        plain = api.S3.call

        def counted(s3, method, *args, **kwargs):
            self.requests.append(method)
            return plain(s3, method, *args, **kwargs)

        monkeypatch.setattr(api.S3, "call", counted)

    def run(self, buckets, check=False, **params):
        self.requests.clear()
        keys = {"access_key": "K", "secret_key": "S", "endpoint_url": self.url}
        return self.run_module("s3_bucket", {**keys, "buckets": buckets, **params}, check)

    def names(self):
        return {bucket["Name"] for bucket in self.client.list_buckets()["Buckets"]}

    def life(self, buckets, **params):
        """Check, run, check again and run again: the first two agree, the last two change nothing."""
        before = self.names()
        foreseen = self.run(buckets, check=True, **params)
        assert self.names() == before
        assert not any(method.startswith(("put", "create", "delete")) for method in self.requests)
        done = self.run(buckets, **params)
        assert not done.get("failed"), done
        keys = ("changed", "operations", "diff")
        assert [foreseen.get(key) for key in keys] == [done.get(key) for key in keys]
        for check in (True, False):
            again = self.run(buckets, check=check, **params)
            assert not again.get("failed") and not again["changed"], again
        return done


@pytest.fixture
def service(server, run_module, monkeypatch):
    open_url(f"{server}/moto-api/reset", method="POST")
    return Service(server, run_module, monkeypatch)


@pytest.mark.crud("s3_bucket")
def test_life(service):
    done = service.life([BUCKET, {"name": "plain"}])
    assert [item["action"] for item in done["operations"]] == ["create", "create"]
    changed = {
        **BUCKET,
        "versioning": "suspended",
        "encryption": {"algorithm": "aws:kms", "kms_key": "k1"},
        "lifecycle": [{**RULE, "Status": "Disabled"}, {**RULE, "ID": "new"}],
        "tags": {"project": "et"},
        "acl": "public-read",
        "policy": {},
    }
    done = service.life([changed])
    assert set(done["operations"][0]["changes"]) == set(BUCKET) - {"name"}
    done = service.life([{"name": "frames", "encryption": {"algorithm": "none"}, "lifecycle": [], "tags": {}}])
    assert set(done["operations"][0]["changes"]) == {"encryption", "lifecycle", "tags"}
    done = service.life([{"name": "plain", "state": "absent"}, {"name": "never", "state": "absent"}])
    assert [item["key"] for item in done["operations"]] == ["plain"] and service.names() == {"frames"}


@pytest.mark.crud("s3_bucket")
def test_object_lock(service):
    locked = {"name": "vault", "object_lock": True, "retention": {"mode": "governance", "days": 7}}
    service.life([locked])
    service.life([{**locked, "retention": {"mode": "governance", "years": 1}}])
    done = service.life([{**locked, "retention": {"mode": "governance", "days": 2}}])
    assert done["operations"][0]["changes"] == ["retention"]
    service.run([{"name": "open"}])
    refused = service.run([{"name": "open", "object_lock": True}])
    assert refused["failed"] and "object_lock" in refused["msg"]


@pytest.mark.crud("s3_bucket")
def test_removal_of_what_holds_something(service):
    service.run([BUCKET])
    for body in (b"1", b"2"):
        service.client.put_object(Bucket="frames", Key="a", Body=body)
    service.client.delete_object(Bucket="frames", Key="a")
    service.client.create_multipart_upload(Bucket="frames", Key="b")
    gone = [{"name": "frames", "state": "absent"}]
    for check in (True, False):
        refused = service.run(gone, check=check)
        assert refused["failed"] and "not empty" in refused["msg"] and not refused["changed"]
    assert service.run(gone, force_empty=["others"])["failed"]
    service.life(gone, force_empty=["frames"])
    assert service.names() == set()


def test_spelling_of_the_service_is_no_difference(service):
    service.run([BUCKET])
    [statement] = POLICY["Statement"]
    principal = {"AWS": statement["Principal"]["AWS"][0]}
    respelt = {**POLICY, "Statement": {**statement, "Action": "s3:GetObject", "Principal": principal}}
    rule = {key: value for key, value in RULE.items() if key != "Filter"} | {"Prefix": "raw/"}
    assert not service.run([{**BUCKET, "policy": respelt, "lifecycle": [rule]}])["changed"]


def test_requests(service):
    buckets = [{"name": f"bucket{number}", "versioning": "enabled", "tags": {"n": str(number)}} for number in range(20)]
    service.run(buckets)
    service.run(buckets)
    assert sorted(service.requests) == (
        ["get_bucket_tagging"] * 20 + ["get_bucket_versioning"] * 20 + ["list_buckets"]
    ), "one listing, and one request for each thing that is managed"
    service.run([{"name": "bucket1", "object_lock": False, "retention": None}, {"name": "bucket2"}])
    assert sorted(service.requests) == ["get_object_lock_configuration", "list_buckets"]


def test_quota_goes_through_the_admin_api(service, monkeypatch):
    kept = {"enabled": False, "max_size": -1, "max_objects": -1}

    def admin(_s3, method, path, _subject, query):
        assert path == "bucket" and query["bucket"] == "frames"
        if method == "GET":
            return {"owner": "virgo", "bucket_quota": dict(kept)}
        assert query["uid"] == "virgo" and "quota" in query
        limits = {"max_size": query["max-size-kb"] * 1024, "max_objects": query["max-objects"]}
        return kept.update(enabled=query["enabled"] == "true", **limits)

    monkeypatch.setattr(api.S3, "admin", admin)
    service.life([{"name": "frames", "quota": {"enabled": True, "max_size": "1G"}}])
    assert kept == {"enabled": True, "max_size": 2**30, "max_objects": -1}
    done = service.life([{"name": "frames", "quota": {"max_objects": 5}}])
    assert done["operations"][0]["changes"] == ["quota"] and kept["max_size"] == 2**30


@pytest.mark.parametrize(
    ("bucket", "said"),
    [
        ({"lifecycle": [{"Status": "Enabled"}]}, "no ID"),
        ({"object_lock": True, "retention": {"mode": "governance"}}, "either days or years"),
        ({"retention": {"mode": "governance", "days": 1}}, "needs object_lock"),
        ({"object_lock": True, "versioning": "suspended"}, "cannot be suspended"),
    ],
)
def test_contradictions_are_refused_before_any_request(service, bucket, said):
    result = service.run([{"name": "frames", **bucket}])
    assert result["failed"] and said in result["msg"] and service.requests == []


def test_nobody_answers(run_module):
    keys = {"access_key": "K", "secret_key": "hidden-away", "endpoint_url": "http://127.0.0.1:1", "timeout": 1}
    result = run_module("s3_bucket", {**keys, "buckets": [{"name": "frames"}]})
    assert result["failed"] and "http://127.0.0.1:1" in result["msg"] and "hidden-away" not in str(result)
