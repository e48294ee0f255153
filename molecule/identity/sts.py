# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a token to objects: temporary credentials of a role at an S3 gateway, and what to do with them.

As a command: ``sts.py --endpoint URL --role virgo [credentials | put | get | list] ...``. The token is taken where
WLCG's bearer token discovery looks: BEARER_TOKEN, or the file BEARER_TOKEN_FILE; never from the command line. The
authorities to trust are those of AWS_CA_BUNDLE. `credentials` prints what AWS clients expect of a credential_process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CONFIG = Config(
    s3={"addressing_style": "path"},
    # Gateways of Ceph 18 refuse the checksums that boto3 sends otherwise.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    retries={"total_max_attempts": 2},
    connect_timeout=10,
    read_timeout=60,
)
REGION = "us-east-1"


def role_arn(group):
    """The ARN (str) of the role of a group: /virgo/analysis is role virgo-analysis."""
    return f"arn:aws:iam:::role/datacloud/{group.strip('/').replace('/', '-')}"


def credentials(endpoint, group, token, seconds=3600):
    """Temporary credentials (dict: AccessKeyId, SecretAccessKey, SessionToken, Expiration) or ClientError.

    seconds: how long they last. boto3 knows AWS's least of 900, a gateway has its own, so the gateway decides.
    """
    config = CONFIG.merge(Config(signature_version=UNSIGNED, parameter_validation=False))
    sts = boto3.client("sts", endpoint_url=endpoint, region_name=REGION, config=config)
    answer = sts.assume_role_with_web_identity(
        RoleArn=role_arn(group), RoleSessionName="datacloud", WebIdentityToken=token, DurationSeconds=seconds
    )
    return answer["Credentials"]


def s3(endpoint, given):
    """A boto3 S3 client with temporary credentials (dict, as above)."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        config=CONFIG,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def refusal(error):
    """What a server said (HTTP status as int, code as str). Ceph 18's STS puts the code where boto3 does not look."""
    answer = error.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer.get("Code") or answer["Error"]["Code"]


def bearer_token():
    """The token (str) of WLCG's bearer token discovery, its first two steps; exits where there is none."""
    token = os.environ.get("BEARER_TOKEN")
    if not token and os.environ.get("BEARER_TOKEN_FILE"):
        token = Path(os.environ["BEARER_TOKEN_FILE"]).read_text(encoding="utf-8")
    if not token or not token.strip():
        sys.exit("Set BEARER_TOKEN, or BEARER_TOKEN_FILE to a file with the token.")
    return token.strip()


def run(arguments):
    """Carry out one action."""
    given = credentials(arguments.endpoint, arguments.role, bearer_token(), arguments.seconds)
    if arguments.action == "credentials":
        given = {**given, "Expiration": given["Expiration"].isoformat()}
        print(json.dumps({"Version": 1, **given}))
        return
    client = s3(arguments.endpoint, given)
    if arguments.action == "put":
        client.upload_file(arguments.file, arguments.bucket, arguments.key)
    elif arguments.action == "get":
        client.download_file(arguments.bucket, arguments.key, arguments.file)
    else:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=arguments.bucket, Prefix=arguments.prefix)
        for page in pages:
            for item in page.get("Contents", []):
                print(item["Size"], item["Key"])


def parser():
    """The command line's parser."""
    main = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    main.add_argument("--endpoint", required=True, help="the gateway, such as https://s3.cnaf.example.org")
    main.add_argument("--role", required=True, help="the role, or the group it is of, such as virgo or /virgo/analysis")
    main.add_argument("--seconds", type=int, default=3600, help="how long the credentials last")
    actions = main.add_subparsers(dest="action", required=True)
    actions.add_parser("credentials", help="print the credentials as AWS clients expect of a credential_process")
    for name in ("put", "get"):
        action = actions.add_parser(name, help=f"{name} one object")
        for word in ("bucket", "key", "file"):
            action.add_argument(word)
    action = actions.add_parser("list", help="list objects")
    action.add_argument("bucket")
    action.add_argument("prefix", nargs="?", default="")
    return main


if __name__ == "__main__":
    try:
        run(parser().parse_args())
    except ClientError as error:
        status, code = refusal(error)
        sys.exit(f"{error.operation_name} is refused: HTTP {status} {code}")
    except (BotoCoreError, OSError) as error:
        sys.exit(str(error))
