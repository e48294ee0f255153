# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens open the object store at both sites, for whom and for what the federation says, and for nobody else.

Every refusal is the server's own: HTTP 403 with code AccessDenied, next to a token that is taken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import socket
import ssl
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import sts

SITES = {"cnaf": os.environ["S3_CNAF"], "ba": os.environ["S3_BA"]}
ISSUER, AUDIENCE = os.environ["IAM_ISSUER"], os.environ["S3_AUDIENCE"]
ADDRESSES = {urlsplit(ISSUER).hostname: os.environ["IAM_ADDRESS"]}
TLS = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
DENIED = (403, "AccessDenied")
MARKED = 1 << 20  # bytes of an object that is looked for on the devices
every_site = pytest.mark.parametrize("site", SITES)


@pytest.fixture(scope="module", autouse=True)
def _addresses():
    """This machine does not know the lab's names."""
    lookup = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            socket, "getaddrinfo", lambda host, *more, **options: lookup(ADDRESSES.get(host, host), *more, **options)
        )
        yield


def https(url, form=None, user=None):
    """The JSON answer (dict) of the IAM."""
    request = urllib.request.Request(url, urlencode(form).encode() if form else None)  # noqa: S310 - always https
    if user:
        request.add_header("Authorization", "Basic " + base64.b64encode(":".join(user).encode()).decode())
    with urllib.request.urlopen(request, context=TLS, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def token(username, scope="openid wlcg.groups", audience=AUDIENCE, client="molecule-access"):
    """An access token (str) of a user."""
    form = {
        "grant_type": "password",
        "username": username,
        "password": os.environ["IAM_PASSWORD"],
        "scope": scope,
        "audience": audience,
    }
    return https(f"{ISSUER}/token", form, (client, os.environ["IAM_CLIENT_SECRET"]))["access_token"]


@pytest.fixture(scope="module")
def virgo():
    """A token of a member of /virgo."""
    return token("molecule-virgo")


@pytest.fixture(scope="module")
def at(virgo):
    """S3 clients of a member of /virgo, by site."""
    return {site: sts.s3(url, sts.credentials(url, "/virgo", virgo)) for site, url in SITES.items()}


def refused(call, *arguments, **options):
    """That the server refuses: HTTP 403 and AccessDenied."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    assert sts.refusal(caught.value) == DENIED


def arrived(client, bucket, key):
    """The object (answer of get_object), once it is listed; at most two minutes.

    Whoever may list only a part of the bucket gets 403, and not 404, for an object that is not there.
    """
    deadline = time.monotonic() + 120
    while True:
        try:
            if client.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount"):
                return client.get_object(Bucket=bucket, Key=key)
        except ClientError as error:  # the bucket itself is not there yet
            if sts.refusal(error)[0] != 404:
                raise
        assert time.monotonic() < deadline, f"{bucket}/{key} did not arrive"
        time.sleep(1)


# Tokens that the tests make.


def coded(value):
    """Base64url without padding (str) of bytes or of a JSON value."""
    value = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def parts(text):
    """Header and claims (dicts) of a token."""
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in text.split(".")[:2]]


def joined(header, claims, signature):
    """A token (str); signature is a function of the signed text (bytes)."""
    text = f"{coded(header)}.{coded(claims)}"
    return f"{text}.{coded(signature(text.encode()))}"


def stranger(text):
    """The signature of a key that the issuer never had."""
    key = rsa.generate_private_key(65537, 2048)
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def issuer_public_key():
    """The issuer's public key in PEM (bytes), which everybody may have."""
    key = https(https(f"{ISSUER}/.well-known/openid-configuration")["jwks_uri"])["keys"][0]
    number = {name: int.from_bytes(base64.urlsafe_b64decode(key[name] + "=="), "big") for name in ("n", "e")}
    public = rsa.RSAPublicNumbers(number["e"], number["n"]).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def wider(good):
    """The signature of one token under the claims of another."""
    header, claims = parts(good)
    claims["wlcg.groups"] = ["/virgo", "/clinic"]
    return f"{coded(header)}.{coded(claims)}.{good.split('.')[2]}"


def damaged(good):
    """A token whose signature has one byte turned."""
    head, _dot, signature = good.rpartition(".")
    content = bytearray(base64.urlsafe_b64decode(signature + "=="))
    content[10] ^= 1
    return f"{head}.{coded(bytes(content))}"


FORGED = {
    "signature damaged": damaged,
    "claims changed": wider,
    "signed by another key of the same kid": lambda good: joined(*parts(good), stranger),
    "of another issuer": lambda good: joined(
        parts(good)[0], {**parts(good)[1], "iss": "https://iam.example.org"}, stranger
    ),
    "without a signature": lambda good: joined({"alg": "none", "typ": "JWT"}, parts(good)[1], lambda _text: b""),
    "no algorithm, old signature": lambda good: joined(
        {**parts(good)[0], "alg": "none"},
        parts(good)[1],
        lambda _text: base64.urlsafe_b64decode(good.split(".")[2] + "=="),
    ),
    "signed with the public key as a password": lambda good: joined(
        {**parts(good)[0], "alg": "HS256"},
        parts(good)[1],
        lambda text: hmac.new(issuer_public_key(), text, hashlib.sha256).digest(),
    ),
    "expired by its claims": lambda good: joined(parts(good)[0], {**parts(good)[1], "exp": 1000000000}, stranger),
    "no token at all": lambda _good: "not-a-token",
}
REAL = {
    "of another group": lambda: token("molecule-clinic"),
    "of nobody's group": lambda: token("molecule-nobody"),
    "without its groups": lambda: token("molecule-virgo", scope="openid"),
    "for another audience": lambda: token("molecule-virgo", audience="https://storm.example.org"),
    "of a service without a user": lambda: https(
        f"{ISSUER}/token",
        {"grant_type": "client_credentials", "scope": "wlcg.groups", "audience": AUDIENCE},
        ("molecule-access", os.environ["IAM_CLIENT_SECRET"]),
    )["access_token"],
}


@every_site
def test_member_gets_credentials(site, virgo):
    given = sts.credentials(SITES[site], "/virgo", virgo, seconds=1200)
    left = given["Expiration"].timestamp() - time.time()
    assert 1100 < left <= 1205


@every_site
@pytest.mark.parametrize("kind", REAL)
def test_token_of_the_issuer_that_gives_no_right(site, kind):
    refused(sts.credentials, SITES[site], "/virgo", REAL[kind]())


@every_site
@pytest.mark.parametrize("kind", FORGED)
def test_token_that_the_issuer_never_gave(site, kind, virgo):
    refused(sts.credentials, SITES[site], "/virgo", FORGED[kind](virgo))


def test_token_that_was_good_and_expired():
    short = token("molecule-virgo", client="molecule-short")
    for url in SITES.values():
        assert sts.credentials(url, "/virgo", short)
    time.sleep(max(0, parts(short)[1]["exp"] - time.time()) + 1)
    for url in SITES.values():
        refused(sts.credentials, url, "/virgo", short)


@every_site
def test_role_that_nobody_made(site, virgo):
    refused(sts.credentials, SITES[site], "/nonesuch", virgo)


def test_own_prefix_is_read_and_written_at_both_sites(at):
    for here, there in (("cnaf", "ba"), ("ba", "cnaf")):
        key, body = f"data/molecule/{secrets.token_hex(6)}", secrets.token_bytes(200_000)
        at[here].put_object(Bucket="virgo", Key=key, Body=body)
        assert at[here].get_object(Bucket="virgo", Key=key)["Body"].read() == body
        listed = at[here].list_objects_v2(Bucket="virgo", Prefix="data/molecule/")["Contents"]
        assert key in [item["Key"] for item in listed]
        assert arrived(at[there], "virgo", key)["Body"].read() == body
        at[here].delete_object(Bucket="virgo", Key=key)


@every_site
def test_parts_of_a_large_object(site, at, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(secrets.token_bytes(9 << 20))
    at[site].upload_file(str(path), "virgo", "data/molecule/large")
    at[site].download_file("virgo", "data/molecule/large", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    at[site].delete_object(Bucket="virgo", Key="data/molecule/large")


@every_site
def test_nothing_else_is_open(site, at):
    member = at[site]
    for bucket, key in (("virgo", "data2/x"), ("virgo", "x"), ("virgo", "dat"), ("clinic", "data/x")):
        refused(member.put_object, Bucket=bucket, Key=key, Body=b"no")
        refused(member.get_object, Bucket=bucket, Key=key)
        refused(member.delete_object, Bucket=bucket, Key=key)
    for bucket, prefix in (("virgo", ""), ("virgo", "data"), ("virgo", "data2/"), ("clinic", "")):
        refused(member.list_objects_v2, Bucket=bucket, Prefix=prefix)
    refused(member.list_buckets)
    refused(member.create_bucket, Bucket="molecule-mine")
    refused(member.get_bucket_policy, Bucket="virgo")
    refused(member.put_bucket_policy, Bucket="virgo", Policy="{}")
    refused(member.delete_bucket, Bucket="virgo")


@every_site
def test_who_may_read_may_not_write(site, at):
    """/ligo reads data/public/ of bucket virgo."""
    at[site].put_object(Bucket="virgo", Key=f"data/public/{site}", Body=b"seen")
    url = SITES[site]
    reader = sts.s3(url, sts.credentials(url, "/ligo", token("molecule-ligo")))
    assert reader.get_object(Bucket="virgo", Key=f"data/public/{site}")["Body"].read() == b"seen"
    refused(reader.put_object, Bucket="virgo", Key=f"data/public/{site}", Body=b"changed")
    refused(reader.delete_object, Bucket="virgo", Key=f"data/public/{site}")
    refused(reader.get_object, Bucket="virgo", Key="data/molecule/x")
    at[site].delete_object(Bucket="virgo", Key=f"data/public/{site}")


def test_one_member_cannot_take_anothers_role(virgo):
    for url in SITES.values():
        refused(sts.credentials, url, "/clinic", virgo)


@pytest.fixture
def short_sessions(host):
    """A gateway that gives credentials for seconds, which is its site and its address."""
    site = host.backend.get_pytest_id().rpartition("/")[2].partition("-")[0]
    option = f"client.rgw.{site} rgw_sts_min_session_duration"
    host.run_test(f"sudo ceph config set {option} 1")
    yield SITES[site]
    host.run_test(f"sudo ceph config rm {option}")


def test_credentials_end(short_sessions, virgo):
    deadline = time.monotonic() + 30
    while True:  # the gateway hears of its option a moment later
        try:
            given = sts.credentials(short_sessions, "/virgo", virgo, seconds=5)
            break
        except ClientError as error:
            assert sts.refusal(error)[0] == 400 and time.monotonic() < deadline
            time.sleep(1)
    member = sts.s3(short_sessions, given)
    member.list_objects_v2(Bucket="virgo", Prefix="data/")
    time.sleep(max(0, given["Expiration"].timestamp() - time.time()) + 1)
    refused(member.list_objects_v2, Bucket="virgo", Prefix="data/")


# At rest.


def device_files(host):
    """The files (list of Path) behind the devices of the OSDs on a node: byte by byte what the devices hold."""
    osds = json.loads(host.check_output("sudo ceph osd metadata --format json"))
    found = []
    for osd in osds:
        assert osd["bluestore_bdev_type"] and osd["bluefs_single_shared_device"] == "1"
        for name in osd["bluestore_bdev_devices"].split(","):
            found.append(Path(host.check_output(f"cat /sys/block/{name}/loop/backing_file")))
    assert len(found) == 2
    return found


def holding(path, markers):
    """Which of the markers (list of bytes) are anywhere in a file. Its holes are zeros and skipped."""
    found, longest = set(), max(map(len, markers))
    with path.open("rb") as file:
        position = 0
        while True:
            try:
                start = os.lseek(file.fileno(), position, os.SEEK_DATA)
            except OSError:  # no more data
                return found
            position = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            file.seek(start)
            left, tail = position - start, b""
            while left:
                content = tail + file.read(min(left, 16 << 20))
                left -= len(content) - len(tail)
                tail = content[-longest:]
                found |= {marker for marker in markers if marker in content}


@pytest.fixture(scope="module")
def marked(at):
    """Markers, each in an object: in a bucket without encryption, with the gateways' keys, with a key of the bucket."""
    plain = {site: boto3.client("s3", endpoint_url=url, config=sts.CONFIG) for site, url in SITES.items()}
    if "molecule-plain" not in [item["Name"] for item in plain["cnaf"].list_buckets()["Buckets"]]:
        plain["cnaf"].create_bucket(Bucket="molecule-plain")
    clinic = token("molecule-clinic")
    doctor = {site: sts.s3(url, sts.credentials(url, "/clinic", clinic)) for site, url in SITES.items()}
    markers = {name: f"{name}-{secrets.token_hex(24)}".encode() for name in ("plain", "sse-s3", "sse-kms")}
    places = {
        "plain": (plain, "molecule-plain", "marker"),
        "sse-s3": (at, "virgo", "data/molecule/marker"),
        "sse-kms": (doctor, "clinic", "marker"),
    }
    for name, (clients, bucket, key) in places.items():
        body = markers[name] * (MARKED // len(markers[name]))
        # A key of its own each time: what an earlier run left at the other site is not what is waited for.
        key = f"{key}-{secrets.token_hex(6)}"
        clients["cnaf"].put_object(Bucket=bucket, Key=key, Body=body)
        for client in clients.values():
            answer = arrived(client, bucket, key)
            assert answer["Body"].read() == body
            kept = answer.get("ServerSideEncryption"), answer.get("SSEKMSKeyId")
            assert kept == {"plain": (None, None), "sse-s3": ("AES256", None), "sse-kms": ("aws:kms", "clinic")}[name]
    return markers


def test_devices_hold_no_object_in_clear(host, marked):
    seen = set().union(*(holding(path, list(marked.values())) for path in device_files(host)))
    assert marked["plain"] in seen, "what is not encrypted is found, so the search finds what is there"
    assert seen == {marked["plain"]}
