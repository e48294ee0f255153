# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that speaks S3 and its sister services, and RGW's admin API for what S3 has no word for: quotas."""

from __future__ import annotations

import functools
import json
import traceback
from urllib.parse import urlencode

from ansible.module_utils.basic import env_fallback, missing_required_lib

from ansible_collections.infn.datacloud.plugins.module_utils import core

try:
    import boto3
    from botocore import UNSIGNED
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.client import Config
    from botocore.credentials import Credentials
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectTimeoutError,
        EndpointConnectionError,
        HTTPClientError,
    )
    from botocore.httpsession import URLLib3Session
    from botocore.parsers import ResponseParserError

    MISSING = None
except ImportError:
    MISSING = traceback.format_exc()

    # Only named below, in functions that nobody reaches without boto3.
    class BotoCoreError(Exception):
        pass

    class ClientError(Exception):
        pass

    class HTTPClientError(Exception):
        pass

    class ConnectTimeoutError(Exception):
        pass

    class EndpointConnectionError(Exception):
        pass

    class ResponseParserError(Exception):
        pass


OPTIONS = {
    "endpoint_url": {"type": "str", "required": True},
    "access_key": {"type": "str", "required": True, "no_log": False, "fallback": (env_fallback, ["AWS_ACCESS_KEY_ID"])},
    "secret_key": {
        "type": "str",
        "required": True,
        "no_log": True,
        "fallback": (env_fallback, ["AWS_SECRET_ACCESS_KEY"]),
    },
    "region": {"type": "str", "default": "us-east-1"},
    "ca_bundle": {"type": "path", "fallback": (env_fallback, ["AWS_CA_BUNDLE"])},
    "timeout": {"type": "int", "default": 30},
}
TRIES = 4


class Unreachable(core.ApiError):
    """Nobody listens at the endpoint, or boto3 is not on this host yet: a site that is being set up looks like this."""


def require(module):
    """End the module where boto3 is missing; check mode goes on, as the real run would have installed it before."""
    if MISSING and not module.check_mode:
        module.fail_json(msg=missing_required_lib("boto3"), exception=MISSING)


@functools.cache
def session():
    """One boto3 session: a new one reads boto3's descriptions of all services again, which takes a second."""
    return boto3.session.Session()


def client(
    endpoint_url,
    access_key,
    secret_key,
    ca_bundle=None,
    region="us-east-1",
    timeout=30,
    tries=TRIES,
    service="s3",
):
    """A boto3 client for one endpoint; access_key None: one that does not sign. timeout: seconds a request.

    service: s3, or iam or sts, which RADOS gateways answer at the same address.
    Buckets stand in the path, as their names have no DNS entries of their own. Checksums only where S3 demands them:
    gateways of Ceph 18 and before refuse the trailing ones that boto3 sends since 1.36.
    """
    options = {
        "connect_timeout": timeout,
        "read_timeout": timeout,
        "max_pool_connections": 16,
        "retries": {"mode": "standard", "total_max_attempts": tries},
        "s3": {"addressing_style": "path"},
        "signature_version": ("s3v4" if service == "s3" else "v4") if access_key else UNSIGNED,
    }
    for name in ("request_checksum_calculation", "response_checksum_validation"):
        if name in Config.OPTION_DEFAULTS:  # boto3 before 1.36 neither knows nor needs them
            options[name] = "when_required"
    return session().client(
        service,
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key or "none",
        aws_secret_access_key=secret_key or "none",
        region_name=region,
        verify=ca_bundle if ca_bundle else True,
        config=Config(**options),
    )


def code(error):
    """The error code (str) of a ClientError.

    RGW 18 answers requests to IAM and STS with an error of another shape, which boto3 reads as Unknown with the code
    beside it.
    """
    return error.response.get("Code") or error.response.get("Error", {}).get("Code") or ""


def status(error):
    """The HTTP status (int) of a ClientError."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


class S3:
    """One endpoint with one pair of keys; params: the module's options (see OPTIONS); service as for client()."""

    def __init__(self, params, service="s3"):
        self.params = params
        self.endpoint = params["endpoint_url"].rstrip("/")
        names = ("endpoint_url", "access_key", "secret_key", "ca_bundle", "region", "timeout")
        self.client = None if MISSING else client(*(params[name] for name in names), service=service)

    def call(self, method, subject, absent=(), **arguments):
        """The answer (dict) of a client method; None for an error whose code or HTTP status is in absent.

        Raises ApiError, or Unreachable where nobody can be asked.
        """
        if self.client is None:
            raise Unreachable(f"{subject}: {method} at {self.endpoint}: boto3 is missing on this host")
        try:
            return getattr(self.client, method)(**arguments)
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            raise Unreachable(f"{subject}: {method} at {self.endpoint}: {error}") from error
        except ClientError as error:
            if code(error) in absent or status(error) in absent:
                return None
            said = f"HTTP {status(error)} {code(error)}"
            text = error.response.get("Error", {}).get("Message") or "no message"
            raise core.ApiError(f"{subject}: {method} at {self.endpoint}: {said}: {text}{_hint(error)}") from error
        except (BotoCoreError, ResponseParserError) as error:
            raise core.ApiError(f"{subject}: {method} at {self.endpoint}: {error}") from error

    def admin(self, method, path, subject, query):
        """The answer (dict or None) of RGW's admin API, https://docs.ceph.com/en/reef/radosgw/adminops/ .

        Raises ApiError, also where the keys' user lacks the capability.
        """
        url = f"{self.endpoint}/admin/{path}?{urlencode(query)}"
        request = AWSRequest(method, url)
        credentials = Credentials(self.params["access_key"], self.params["secret_key"])
        # Signed in the query, where no body takes part: RGW 18 answers 501 to one here.
        S3SigV4QueryAuth(credentials, "s3", self.params["region"], expires=60).add_auth(request)
        session = URLLib3Session(verify=self.params["ca_bundle"] or True, timeout=self.params["timeout"])
        try:
            answer = session.send(request.prepare())
        except HTTPClientError as error:
            raise core.ApiError(f"{subject}: {method} /admin/{path} at {self.endpoint}: {error}") from error
        if answer.status_code >= 300:
            said = f"HTTP {answer.status_code}"
            if answer.status_code == 403:
                said += "; the user of these keys needs the capability buckets=*"
            raise core.ApiError(f"{subject}: {method} /admin/{path} at {self.endpoint}: {said}")
        return json.loads(answer.content) if answer.content else None


def _hint(error):
    """What to try, for the errors people meet."""
    return {
        "InvalidAccessKeyId": "; check the access key",
        "SignatureDoesNotMatch": "; check the secret key",
        "BucketAlreadyExists": "; another user owns a bucket of this name, so choose another",
        "RequestTimeTooSkewed": "; the clocks differ, so check time synchronisation",
    }.get(code(error), "")
