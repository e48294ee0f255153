# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live probe of an S3 federation: what one site takes, every other one gives, and strangers get nothing."""

from __future__ import annotations

import functools
import os
import secrets
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api

PREFIX = "datacloud-probe"
# Between two looks for an object that has not arrived yet (seconds).
PAUSE = 1


class Probe:
    """The sites (list of {name, endpoint_url}) that share one bucket; params: the options of module s3_probe."""

    def __init__(self, params):
        self.params = params
        self.bucket = params["bucket"]
        self.sites = {site["name"]: site["endpoint_url"] for site in params["sites"]}
        self.prefix = f"{PREFIX}/{secrets.token_hex(8)}/"

    def client(self, site, access_key, secret_key, tries=api.TRIES):
        """A boto3 client for the site's endpoint."""
        ca_bundle, region, timeout = (self.params[name] for name in ("ca_bundle", "region", "request_timeout"))
        return api.client(self.sites[site], access_key, secret_key, ca_bundle, region, timeout, tries)

    def run(self):
        """The findings: {transfers, refusals, tls}, lists of dict; raises ApiError for the first that is bad."""
        plain = [site for site, url in self.sites.items() if not url.startswith("https:")]
        if plain and self.params["require_tls"]:
            raise core.ApiError(f"{', '.join(plain)}: the endpoint is not https, so keys and objects travel in clear")
        tls = [self._tls(site) for site in self.sites if site not in plain]
        signed = {site: self.client(site, self.params["access_key"], self.params["secret_key"]) for site in self.sites}
        bodies = {site: os.urandom(self.params["size"]) for site in self.sites}
        self._bucket(next(iter(signed.items())))
        try:
            put_at = {site: self._put(signed[site], site, bodies[site]) for site in self.sites}
            pairs = [(source, target) for source in self.sites for target in self.sites]
            with ThreadPoolExecutor(len(pairs)) as pool:
                transfers = list(
                    pool.map(
                        lambda pair: self._arrival(signed[pair[1]], *pair, bodies[pair[0]], put_at[pair[0]]), pairs
                    )
                )
            refusals = [refusal for site in self.sites for refusal in self._refusals(site)]
            return {"transfers": transfers, "refusals": refusals, "tls": tls}
        finally:
            self._clean(signed)

    def _bucket(self, first):
        """Make sure that the bucket is there; the zones tell each other."""
        site, client = first
        where = f"{site}: bucket {self.bucket} at {self.sites[site]}"

        def request():
            try:
                client.head_bucket(Bucket=self.bucket)
            except api.ClientError as error:
                if api.status(error) != 404:
                    raise
                client.create_bucket(Bucket=self.bucket)

        self._until(request, time.monotonic(), where)

    def _put(self, client, site, body):
        """When (monotonic seconds) the site took the object."""
        where = f"{site}: PUT {self.bucket}/{self.prefix}{site} at {self.sites[site]}"
        self._until(
            functools.partial(client.put_object, Bucket=self.bucket, Key=self.prefix + site, Body=body),
            time.monotonic(),
            where,
        )
        return time.monotonic()

    def _arrival(self, client, source, target, body, put_at):
        """How long the object took from source to target (dict); raises ApiError when it does not come so."""
        where = f"object {self.bucket}/{self.prefix}{source} put at {source}, GET at {target} ({self.sites[target]})"

        def get():
            return client.get_object(Bucket=self.bucket, Key=self.prefix + source)["Body"].read()

        found = self._until(get, put_at, where)
        if found != body:
            raise core.ApiError(f"{where}: {len(found)} bytes that are not the {len(body)} bytes that were put")
        return {"from": source, "to": target, "seconds": round(time.monotonic() - put_at, 1)}

    def _until(self, request, start, where):
        """The answer of request(), tried until timeout seconds after start: users, buckets and objects take a while."""
        while True:
            try:
                return request()
            except (api.ClientError, api.BotoCoreError) as error:
                if time.monotonic() - start > self.params["timeout"]:
                    raise core.ApiError(f"{where}: still failing after {self.params['timeout']} s: {error}") from error
            time.sleep(PAUSE)

    def _refusals(self, site):
        """That strangers can neither read nor write: [{site, who, request, status}]."""
        strangers = {"anonymous": (None, None), "wrong key": (self.params["access_key"], secrets.token_hex(20))}
        key = self.prefix + site
        found = []
        for who, keys in strangers.items():
            client = self.client(site, *keys, tries=1)
            for name, request in (
                ("GET", functools.partial(client.get_object, Bucket=self.bucket, Key=key)),
                ("PUT", functools.partial(client.put_object, Bucket=self.bucket, Key=f"{key}-stranger", Body=b"no")),
            ):
                status = refused(request, f"{site}: {name} as {who} at {self.sites[site]}")
                found.append({"site": site, "who": who, "request": name, "status": status})
        return found

    def _tls(self, site):
        """That the certificate holds for those who trust the authority, and for nobody else: {site, version}."""
        parts = urlsplit(self.sites[site])
        where, timeout = (parts.hostname, parts.port or 443), self.params["request_timeout"]
        said = f"{site}: TLS with {self.sites[site]}"
        try:
            version = handshake(where, ssl.create_default_context(cafile=self.params["ca_bundle"]), timeout)
        except OSError as error:
            raise core.ApiError(f"{said}: {error}") from error
        try:
            handshake(where, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), timeout)  # it trusts nobody
        except ssl.SSLCertVerificationError:
            return {"site": site, "version": version}
        except OSError as error:
            raise core.ApiError(f"{said} by a client that trusts nobody: {error}") from error
        raise core.ApiError(f"{said}: a client that trusts nobody is content, so certificates are not verified here")

    def _clean(self, signed):
        """Remove what was put, wherever it is by now; a site that does not answer gets the removal by replication."""
        for client in signed.values():
            try:
                answer = client.list_object_versions(Bucket=self.bucket, Prefix=self.prefix)
                for item in (*answer.get("Versions", []), *answer.get("DeleteMarkers", [])):
                    client.delete_object(Bucket=self.bucket, Key=item["Key"], VersionId=item["VersionId"])
            except (api.ClientError, api.BotoCoreError):
                continue


def refused(request, where):
    """403 if request() is refused so; raises ApiError otherwise."""
    try:
        request()
    except api.ClientError as error:
        if api.status(error) == 403:
            return 403
        said = f"HTTP {api.status(error)} {api.code(error)}"
        raise core.ApiError(f"{where} is answered by {said}, where 403 was expected") from error
    except api.BotoCoreError as error:
        raise core.ApiError(f"{where}: {error}") from error
    raise core.ApiError(f"{where} is allowed, so anybody can reach the bucket; check its policy and ACL")


def handshake(where, context, timeout):
    """The TLS version (str) agreed with where (host, port); raises OSError."""
    with (
        socket.create_connection(where, timeout=timeout) as plain,
        context.wrap_socket(plain, server_hostname=where[0]) as wrapped,
    ):
        return wrapped.version()
