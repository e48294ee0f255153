# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether encrypted objects can be written and read: encrypted.py put|get|refused ENDPOINT KEY.

Keys and the authority come from boto3's environment variables. One object goes into each of the lab's two buckets, one
with a key that the gateways made (virgo) and one with a key of its own (clinic). `refused` demands that neither can be
read, with the server's own answer.
"""

from __future__ import annotations

import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKETS = {"virgo": "AES256", "clinic": "aws:kms"}


def main(action: str, endpoint: str, key: str) -> None:
    """Carry out the action or exit with a message."""
    config = Config(
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"total_max_attempts": 1},
        read_timeout=60,
    )
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="default", config=config)
    for bucket, algorithm in BUCKETS.items():
        if action == "put":
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode() * 1000)
        elif action == "get":
            answer = s3.get_object(Bucket=bucket, Key=key)
            if answer["Body"].read() != key.encode() * 1000 or answer["ServerSideEncryption"] != algorithm:
                sys.exit(f"{bucket}/{key} is not what was put, or not encrypted with {algorithm}")
        else:
            try:
                s3.get_object(Bucket=bucket, Key=key)
            except ClientError as error:
                print(f"{bucket}/{key}: {error}")
            else:
                sys.exit(f"{bucket}/{key} was read without its key")


if __name__ == "__main__":
    main(*sys.argv[1:])
