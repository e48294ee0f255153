# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange a token for temporary S3 credentials, as the AWS SDKs' `credential_process` wants them.

    s3_credentials.py [--check] CONFIGURATION

The answer on standard output is JSON: Version, AccessKeyId, SecretAccessKey, SessionToken, Expiration
(docs.aws.amazon.com, "Sourcing credentials with an external process"). What goes wrong is told in one line on standard
error, and the exit status is 1. The token and the keys are in no argument, environment variable or message.

CONFIGURATION is a file in INI format; this program reads its section [datacloud]: name, endpoint_url, role_arn,
session_seconds, ca_file, token_source (file or oidc-agent), token_path, token_account, token_audience, token_socket.
Only the standard library is needed, Python 3.9 or later.
"""

from __future__ import annotations

import argparse
import base64
import calendar
import configparser
import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import re
import signal
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

# Seconds. The AWS SDK for Go, which rclone uses, ends a credential process after 60.
DEADLINE = 45
STS_TIMEOUT = 20
AGENT_TIMEOUT = 15
# A refusal is not asked for again within the first, and not reported again within the second.
PAUSE_AFTER_FAILURE = 5
REPORT_AGAIN_AFTER = 900
# Credentials are renewed when this part of their life is left, and given out no more this long before their end.
RENEW_AT = 0.25
LAST_SECONDS = 30
MAX_TOKEN = 64 * 1024
MAX_ANSWER = 64 * 1024
# The SDK reads no more of a credential process, and would print the half that it has in its complaint.
MAX_OUTPUT = 8 * 1024
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Trouble(Exception):
    """What went wrong and what to do, in one line."""


class Told(Trouble):
    """A trouble that has been reported."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the configured endpoint and nowhere else."""

    def redirect_request(self, *_arguments):
        """Follow nothing: the redirection is then an error like any other answer."""


def one_line(text, limit=200):
    """Text of somebody else's (str) as one printable line of at most `limit` characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def account():
    """The name of the account this runs as (str)."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


class Settings:
    """The section [datacloud] of a configuration file."""

    def __init__(self, path):
        """path: the file (str). Raises Trouble where it cannot be read or says something impossible."""
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(Path(path).read_text(encoding="utf-8"), source=path)
            section = parser["datacloud"]
            self.name = section["name"]
            self.endpoint_url = section["endpoint_url"]
            self.role_arn = section["role_arn"]
            self.session_seconds = section.getint("session_seconds", 3600)
            self.ca_file = section.get("ca_file", "")
            self.token_source = section.get("token_source", "file")
            self.token_path = section.get("token_path", "")
            self.token_account = section.get("token_account", "")
            self.token_audience = section.get("token_audience", "")
            self.token_socket = section.get("token_socket", f"/run/user/{os.getuid()}/oidc-agent.sock")
        except (OSError, ValueError, KeyError, configparser.Error) as error:
            raise Trouble(f"The configuration {path} cannot be used ({one_line(str(error))}).") from None
        url = urllib.parse.urlsplit(self.endpoint_url)
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
            raise Trouble(f"The endpoint {self.endpoint_url} is not https: a token is not sent in clear.")

    def fingerprint(self):
        """Hash of what the credentials depend on (str): others are never taken for these."""
        text = json.dumps([self.endpoint_url, self.role_arn, self.session_seconds, os.getuid()])
        return hashlib.sha256(text.encode()).hexdigest()


# --- the token ------------------------------------------------------------------------------------------------------


def read_token(settings, deadline):
    """The token (str) from the place that the settings name. Raises Trouble."""
    if settings.token_source == "oidc-agent":  # noqa: S105 (a kind, no password)
        token, place = ask_agent(settings, deadline), f"oidc-agent's account {settings.token_account}"
        remedy = f"run `oidc-gen --reauthenticate {settings.token_account}` as {account()}"
    else:
        token, place = read_file(settings.token_path), settings.token_path
        remedy = "put a new one there"
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Trouble(f"What {place} holds is not a token: it must be the token alone, in one line.")
    expires = expiry_of(token)
    if expires is not None and expires <= time.time():
        raise Trouble(f"The token of {place} expired at {utc(expires)}: {remedy}.")
    return token


def read_file(path):
    """The token (str) in a file. Raises Trouble."""
    try:
        # A pipe without a writer must not block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Trouble(f"There is no token in {path}: put one there, readable by {account()} only.") from None
    except OSError as error:
        raise Trouble(f"The token in {path} cannot be read by {account()} ({error.strerror}).") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Trouble(f"{path} is not a file: it must hold the token.")
        if status.st_mode & 0o007:
            raise Trouble(f"The token in {path} is open to everybody: take another token and `chmod 600` its file.")
        content = os.read(descriptor, MAX_TOKEN + 1)
    except OSError as error:
        raise Trouble(f"The token in {path} cannot be read by {account()} ({error.strerror}).") from None
    finally:
        os.close(descriptor)
    token = content.decode("utf-8", "replace").strip()
    if not token:
        raise Trouble(f"The file {path} is empty: put a token there.")
    if len(content) > MAX_TOKEN:
        raise Trouble(f"What {path} holds is not a token: it is longer than {MAX_TOKEN} bytes.")
    return token


def ask_agent(settings, deadline):
    """The token (str) that oidc-agent gives for an account. Raises Trouble.

    The agent's answers are those of oidc-agent 4 and 5; without `--force-new` it gives one that it has.
    """
    socket = settings.token_socket
    load = f"run `oidc-add {settings.token_account}` as {account()}"
    start = f"start the agent and {load}"
    try:
        status = Path(socket).stat()
    except OSError:
        raise Trouble(f"No oidc-agent listens at {socket}: {start}.") from None
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid not in (0, os.getuid()):
        raise Trouble(f"{socket} is not the socket of an oidc-agent of {account()}: {start}.")
    command = ["oidc-token", "--time=300"]
    if settings.token_audience:
        command.append(f"--aud={settings.token_audience}")
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "OIDC_SOCK": socket, "LC_ALL": "C.UTF-8"}
    environment["HOME"] = os.environ.get("HOME", "/nonexistent")
    try:
        # A session of its own: where the agent would ask for a password, there is no terminal to ask on.
        done = subprocess.run(
            [*command, "--", settings.token_account], stdin=subprocess.DEVNULL, capture_output=True, check=False,
            env=environment, start_new_session=True, timeout=max(1, min(AGENT_TIMEOUT, deadline - time.monotonic())),
        )  # fmt: skip
    except FileNotFoundError:
        raise Trouble("The command oidc-token is missing: install oidc-agent-cli.") from None
    except subprocess.TimeoutExpired:
        raise Trouble(f"oidc-agent at {socket} does not answer: {start}.") from None
    if done.returncode:
        said = one_line(done.stderr.decode("utf-8", "replace").replace("Error: ", ""))
        said = said or f"exit status {done.returncode}"
        if "lock" in said.lower():
            raise Trouble(f"oidc-agent is locked: run `oidc-add --unlock` as {account()}.")
        # An agent that has ended leaves its socket behind.
        remedy = start if "not receive any response" in said else load
        raise Trouble(f"oidc-agent gives no token for the account {settings.token_account} ({said}): {remedy}.")
    return done.stdout.decode("utf-8", "replace").strip()


def expiry_of(token):
    """When a JWT says that it expires, seconds since 1970 (float); None where it says nothing readable (RFC 7519)."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None


# --- the credentials ------------------------------------------------------------------------------------------------


def utc(seconds):
    """Seconds since 1970 as ISO 8601 in UTC, to the second (str)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def parse_time(text):
    """ISO 8601 in UTC, as STS writes it with or without parts of a second, as seconds since 1970 (int).

    Raises ValueError."""
    return calendar.timegm(time.strptime(text.strip()[:19], "%Y-%m-%dT%H:%M:%S"))


def values_of(answer):
    """The texts of an XML answer by their elements' names without namespaces ({str: str}). Raises ValueError."""
    if b"<!DOCTYPE" in answer or b"<!ENTITY" in answer:
        raise ValueError("a document type in an answer")
    try:
        root = ElementTree.fromstring(answer)  # noqa: S314 (without a document type there is nothing to expand)
    except ElementTree.ParseError as error:
        raise ValueError("not XML") from error
    return {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root.iter()}


def parse_credentials(answer):
    """What the cache holds of an answer of AssumeRoleWithWebIdentity (bytes). Raises ValueError."""
    values = values_of(answer)
    found = {key: values.get(key, "") for key in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
    if not all(found.values()):
        raise ValueError("no credentials in it")
    return {**found, "expires": parse_time(values.get("Expiration", ""))}


def assume_role(settings, token, deadline):
    """Ask STS for credentials ({AccessKeyId, SecretAccessKey, SessionToken, obtained, expires}). Raises Trouble."""
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": settings.role_arn,
        "RoleSessionName": session_name(),
        "DurationSeconds": str(settings.session_seconds),
        "WebIdentityToken": token,
    }
    url = settings.endpoint_url.rstrip("/") + "/"
    data = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data=data, method="POST")  # noqa: S310 (Settings allows only https)
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:
        raise Trouble(f"The certificates in {settings.ca_file} cannot be read ({error.strerror}).") from None
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), NoRedirect)
    obtained = time.time()
    try:
        with opener.open(request, timeout=max(1, min(STS_TIMEOUT, deadline - time.monotonic()))) as response:
            answer = response.read(MAX_ANSWER)
    except urllib.error.HTTPError as error:
        with error:
            raise Trouble(refusal(settings, error.code, error.read(MAX_ANSWER), token)) from None
    except urllib.error.URLError as error:
        raise Trouble(unreachable(settings, error.reason)) from None
    except (OSError, ValueError) as error:
        raise Trouble(unreachable(settings, error)) from None
    try:
        credentials = parse_credentials(answer)
    except ValueError as error:
        raise Trouble(f"{settings.endpoint_url} does not answer as an STS ({error}): is it the S3 gateway?") from None
    if credentials["expires"] - LAST_SECONDS <= time.time():
        raise Trouble(
            f"{settings.endpoint_url} gave credentials that end at {utc(credentials['expires'])}, and here it is "
            f"{utc(time.time())}: is this machine's clock right?"
        )
    return {**credentials, "obtained": obtained}


def session_name():
    """What the gateway's log shows for this session (str of 2 to 64 characters that STS allows)."""
    text = f"{account()}@{os.uname().nodename}"
    return "".join(char if char.isascii() and (char.isalnum() or char in "_=,.@-") else "-" for char in text)[:64]


def refusal(settings, status, answer, token):
    """What to tell of an answer that is an error: its status (int) and body (bytes), but not the token (str)."""
    try:
        values = values_of(answer)
    except ValueError:
        values = {}
    code = one_line(values.get("Code", ""), 60)
    # A gateway may repeat what it was sent, whole or in part.
    message = re.sub(r"[\w.=+/-]{48,}", "...", values.get("Message", "").replace(token, "..."))
    said = " ".join(filter(None, [f"HTTP {status}", code, one_line(message)]))
    if status >= 500 or status == 429:
        return f"The STS of {settings.endpoint_url} is in trouble ({said}): it is asked again."
    if status in (301, 302, 303, 307, 308):
        return f"{settings.endpoint_url} sends elsewhere ({said}): set the gateway's own URL."
    if code == "ValidationError" or "duration" in said.lower():
        return f"{settings.endpoint_url} refused the request ({said}): is session_seconds longer than the role allows?"
    # RGW gives no other reason for a session that is longer than the role allows (3600 where it says nothing).
    session = f", or shorten session_seconds ({settings.session_seconds})" if settings.session_seconds > 3600 else ""
    return (
        f"{settings.endpoint_url} refused the token for {settings.role_arn} ({said}): take a new token with the "
        f"audience and the group that this role asks for{session}."
    )


def unreachable(settings, reason):
    """What to tell where the endpoint gave no answer: the exception or text of urllib."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            f"The certificate of {settings.endpoint_url} is not trusted ({one_line(reason.verify_message)}): install "
            "the authority's certificate or set ca_file."
        )
    if isinstance(reason, TimeoutError):
        reason = "no answer in time"
    said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return f"{settings.endpoint_url} cannot be reached ({one_line(said)}): it is asked again."


# --- what is kept between calls -------------------------------------------------------------------------------------


class Cache:
    """Credentials, the last failure and a lock in a folder that only this account can enter."""

    def __init__(self, name):
        """name: the mount's (str). Without such a folder nothing is kept, and each call asks anew."""
        self.folder = None
        for candidate in (os.environ.get("RUNTIME_DIRECTORY"), self._of_session(name)):
            if candidate and self._is_private(candidate):
                self.folder = Path(candidate)
                return

    @staticmethod
    def _of_session(name):
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        if not runtime:
            return None
        folder = Path(runtime) / "datacloud-s3-mount" / name
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @staticmethod
    def _is_private(folder):
        try:
            status = os.lstat(folder)
        except OSError:
            return False
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077

    @contextlib.contextmanager
    def locked(self, deadline):
        """Hold the lock: of many callers one asks, the others find its answer. Raises Trouble at the deadline."""
        if self.folder is None:
            yield
            return
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise Trouble("Another process has been asking for credentials for too long.") from None
                    time.sleep(0.05)
            yield
        finally:
            os.close(descriptor)

    def read(self, what):
        """A record ({str: value}), empty where there is none."""
        if self.folder is None:
            return {}
        try:
            record = json.loads((self.folder / f"{what}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def write(self, what, record):
        """Keep a record, whole or not at all, mode 0600; an empty one is removed."""
        if self.folder is None:
            return
        path = self.folder / f"{what}.json"
        if not record:
            path.unlink(missing_ok=True)
            return
        descriptor, new = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(record, file)
        Path(new).replace(path)


def renew_after(credentials):
    """When credentials are to be renewed, seconds since 1970 (float)."""
    left = (credentials["expires"] - credentials["obtained"]) * RENEW_AT
    return credentials["expires"] - max(left, LAST_SECONDS)


def report(cache, message, always=False):
    """Tell what went wrong, once for as long as it stays the same."""
    before, now = cache.read("failure"), time.time()
    told = before.get("told", 0) if before.get("message") == message else 0
    if always or not 0 <= now - told < REPORT_AGAIN_AFTER:
        print(message, file=sys.stderr, flush=True)
        told = now
    cache.write("failure", {"message": message, "at": now, "told": told})


def obtain(settings, cache, deadline, check):
    """Credentials that are good now, with `until`: when the caller is to ask again. Raises Trouble.

    check: whether a failure a moment ago is no reason to wait, and is told once more (bool).
    """
    with cache.locked(deadline):
        credentials = cache.read("credentials")
        if credentials.get("of") != settings.fingerprint():
            credentials = {}
        now = time.time()
        if credentials and now < renew_after(credentials):
            return {**credentials, "until": renew_after(credentials)}
        try:
            new = renewed(settings, cache, deadline, check)
        except Told:
            # Renewal begins long before the end: until then what is there still serves.
            if credentials and now < credentials["expires"] - LAST_SECONDS:
                return {**credentials, "until": min(now + 60, credentials["expires"] - LAST_SECONDS)}
            raise
        return {**new, "until": renew_after(new)}


def renewed(settings, cache, deadline, check):
    """New credentials, kept in the cache. Raises Told."""
    failure = cache.read("failure")
    if not check and 0 <= time.time() - failure.get("at", 0) < PAUSE_AFTER_FAILURE:
        raise Told
    try:
        new = assume_role(settings, read_token(settings, deadline), deadline)
    except Trouble as trouble:
        report(cache, f"S3 mount {settings.name}: {trouble}", always=check)
        raise Told from None
    new["of"] = settings.fingerprint()
    cache.write("credentials", new)
    if failure:
        cache.write("failure", {})
        print(f"S3 mount {settings.name}: the credentials are good again.", file=sys.stderr)
    return new


def answer_of(credentials):
    """What the caller reads (str). Raises Trouble where it would be cut off."""
    keys = {key: credentials[key] for key in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
    answer = json.dumps({"Version": 1, **keys, "Expiration": utc(credentials["until"])})
    if len(answer) > MAX_OUTPUT:
        raise Trouble(f"The session token is too long for the AWS SDK ({len(answer)} bytes, {MAX_OUTPUT} allowed).")
    return answer


def alarm(_signal, _frame):
    """At the deadline, whatever was being waited for, such as a name server or an answer in drops."""
    raise TimeoutError


def main(arguments=None):
    """Print credentials, or with --check only see that there are some; return the exit status (int)."""
    parser = argparse.ArgumentParser(description="Exchange a token for temporary S3 credentials.")
    parser.add_argument("--check", action="store_true", help="print nothing where all is well, and ask again at once")
    parser.add_argument("configuration", help="the mount's configuration file")
    options = parser.parse_args(arguments)
    deadline = time.monotonic() + DEADLINE
    os.umask(0o077)
    signal.signal(signal.SIGALRM, alarm)
    signal.alarm(DEADLINE + 5)
    try:
        settings = Settings(options.configuration)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    cache = Cache(settings.name)
    try:
        answer = answer_of(obtain(settings, cache, deadline, options.check))
    except Told:
        return 1
    except (Trouble, OSError) as error:
        message = one_line(str(error), 500) or "no answer in time"
        report(cache, f"S3 mount {settings.name}: {message}", always=options.check)
        return 1
    if not options.check:
        print(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
