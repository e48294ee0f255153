# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put objects and write down each one that the store acknowledged; later, look for all of them.

    workload.py put RECORD ENDPOINT BUCKET PREFIX COUNT    objects of random size, one line of RECORD each
    workload.py check RECORD BUCKET TIMEOUT ENDPOINT...    every object of RECORD, byte for byte, at every endpoint

The CA file and the credentials come from AWS_CA_BUNDLE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which boto3 reads.
"""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# Gateways of Ceph 18 do not know the checksums that newer clients send unasked.
CONFIG = Config(
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    connect_timeout=5,
    read_timeout=30,
    retries={"total_max_attempts": 1},
)


def client(endpoint):
    """An S3 client of one endpoint."""
    return boto3.client("s3", endpoint_url=endpoint, region_name="default", config=CONFIG)


def put(record, endpoint, bucket, prefix, count):
    """Put count objects; a line of record is written only after the store has acknowledged the object."""
    s3 = client(endpoint)
    if bucket not in [item["Name"] for item in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=bucket)
    with Path(record).open("a") as lines:
        for number in range(int(count)):
            key = f"{prefix}/{number:04d}"
            body = secrets.token_bytes(random.randint(1, 65536))  # noqa: S311 - a size
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            lines.write(json.dumps({"key": key, "sha256": hashlib.sha256(body).hexdigest()}) + "\n")
            lines.flush()
    print(f"{count} objects acknowledged by {endpoint}")


def missing(endpoint, bucket, wanted):
    """Which of the wanted objects ({key: sha256}) the endpoint does not give back as they were."""
    s3, lost = client(endpoint), {}
    for key, digest in wanted.items():
        try:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            lost[key] = str(error)
            continue
        if hashlib.sha256(body).hexdigest() != digest:
            lost[key] = "other content"
    return lost


def check(record, bucket, timeout, *endpoints):
    """Wait until every endpoint has every recorded object; exit with 1 and what is lost after timeout seconds."""
    wanted = {line["key"]: line["sha256"] for line in map(json.loads, Path(record).read_text().splitlines())}
    deadline = time.monotonic() + float(timeout)
    todo = dict.fromkeys(endpoints, wanted)
    while True:
        lost = {endpoint: missing(endpoint, bucket, objects) for endpoint, objects in todo.items()}
        todo = {endpoint: {key: wanted[key] for key in keys} for endpoint, keys in lost.items() if keys}
        if not todo:
            print(f"all {len(wanted)} objects are at {', '.join(endpoints)}")
            return
        if time.monotonic() > deadline:
            sys.exit(json.dumps(lost, indent=2))
        time.sleep(3)


if __name__ == "__main__":
    {"put": put, "check": check}[sys.argv[1]](*sys.argv[2:])
