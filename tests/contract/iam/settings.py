# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the login service, read from the environment variables that upstream's application*.yml name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url


class StartError(Exception):
    """Why the service cannot start; the text is one sentence."""


def flag(text):
    """Return the bool that Spring reads from true/false (str)."""
    if text.lower() not in ("true", "false"):
        raise StartError(f"'{text}' is not true or false.")
    return text.lower() == "true"


@dataclass
class Settings:
    """What the service runs with. Times are in seconds; database is an SQLAlchemy URL; keystore a path or None."""

    base_url: str = "http://localhost:8080"
    issuer: str = "http://localhost:8080"
    host: str = "0.0.0.0"  # noqa: S104 - a container's port; the proxy in front decides who reaches it
    port: int = 8080
    profiles: tuple = ("h2-test",)
    database: URL | str = "sqlite://"
    database_connections: int = 50
    keystore: Path | None = None
    key_id: str = "rsa1"
    jwk_lifetime: int = 21600
    default_profile: str = "iam"
    organisation: str = "indigo-dc"
    access_token_validity: int = 3600
    refresh_token_validity: int = 2592000
    id_token_validity: int = 600
    device_code_validity: int = 600
    include_authn_info: bool = False
    include_scope: bool = False
    include_nbf: bool = False
    enable_scope_policies: bool = True
    complete_verification_uri: bool = True
    forward_headers: str = "none"
    session_timeout: int = 1800
    actuator_user: str = "actuator-user"
    actuator_password: str = "actuator-password"  # upstream's default
    scim_authorities: bool = False
    scim_managed_groups: bool = False
    client_registration: bool = True
    client_registration_for: str = "ANYONE"
    local_authentication_for: str = "all"
    aarc_namespace: str = "iam.example"
    aarc_nid: str = "geant"
    privacy_policy_url: str = ""
    privacy_policy_text: str = "Privacy policy"
    account_read_only_end_time: bool = False
    threads: int = 16
    extra_scopes: list = field(default_factory=list)

    @property
    def production(self):
        """Whether Spring profile prod (or mysql-test, which is a part of it) is active (bool)."""
        return bool({"prod", "mysql-test"} & set(self.profiles))


def profiles_of(java_options):
    """Return the Spring profiles (tuple of str) that IAM_JAVA_OPTS names; without any, upstream runs h2-test."""
    found = re.findall(r"-Dspring\.profiles\.active=(\S+)", java_options)
    return tuple(name for name in found[-1].split(",") if name) if found else ("h2-test",)


def from_environment(environment):
    """Return Settings from a mapping of environment variables; raise StartError where upstream would not start."""

    def get(name, default):
        return environment.get(f"IAM_{name}", default)

    profiles = profiles_of(environment.get("IAM_JAVA_OPTS", ""))
    if "SPRING_PROFILES_ACTIVE" in environment:
        profiles = tuple(environment["SPRING_PROFILES_ACTIVE"].split(","))
    host = get("HOST", "localhost")
    settings = Settings(
        base_url=get("BASE_URL", f"http://{host}:8080").rstrip("/"),
        issuer=get("ISSUER", f"http://{host}:8080"),
        # Spring Boot's own property server.address.
        host=environment.get("SERVER_ADDRESS", Settings.host),
        port=int(get("PORT", "8080")),
        profiles=profiles,
        key_id=get("JWK_DEFAULT_KEY_ID", "rsa1"),
        jwk_lifetime=int(get("JWK_CACHE_LIFETIME", "21600")),
        default_profile=get("JWT_DEFAULT_PROFILE", "iam"),
        organisation=get("ORGANISATION_NAME", "indigo-dc"),
        access_token_validity=int(get("DEFAULT_ACCESS_TOKEN_VALIDITY_SECONDS", "3600")),
        refresh_token_validity=int(get("DEFAULT_REFRESH_TOKEN_VALIDITY_SECONDS", "2592000")),
        id_token_validity=int(get("DEFAULT_ID_TOKEN_VALIDITY_SECONDS", "600")),
        device_code_validity=int(get("DEFAULT_DEVICE_CODE_VALIDITY_SECONDS", "600")),
        include_authn_info=flag(get("ACCESS_TOKEN_INCLUDE_AUTHN_INFO", "false")),
        include_scope=flag(get("ACCESS_TOKEN_INCLUDE_SCOPE", "false")),
        include_nbf=flag(get("ACCESS_TOKEN_INCLUDE_NBF", "false")),
        enable_scope_policies=flag(get("ENABLE_SCOPE_AUTHZ", "true")),
        complete_verification_uri=flag(get("DEVICE_CODE_ALLOW_COMPLETE_VERIFICATION_URI", "true")),
        forward_headers=get("FORWARD_HEADERS_STRATEGY", "none"),
        session_timeout=int(get("SESSION_TIMEOUT_SECS", "1800")),
        actuator_user=get("ACTUATOR_USER_USERNAME", "actuator-user"),
        actuator_password=get("ACTUATOR_USER_PASSWORD", "actuator-password"),
        scim_authorities=flag(get("SCIM_INCLUDE_AUTHORITIES", "false")),
        scim_managed_groups=flag(get("SCIM_INCLUDE_MANAGED_GROUPS", "false")),
        client_registration=flag(get("CLIENT_REGISTRATION_ENABLE", "true")),
        client_registration_for=get("CLIENT_REGISTRATION_ALLOW_FOR", "ANYONE"),
        local_authentication_for=get("LOCAL_AUTHN_ENABLED_FOR", "all"),
        aarc_namespace=get("AARC_PROFILE_URN_DELEGATED_NAMESPACE", "iam.example"),
        aarc_nid=get("AARC_PROFILE_URN_NID", "geant"),
        privacy_policy_url=get("PRIVACY_POLICY_URL", ""),
        privacy_policy_text=get("PRIVACY_POLICY_TEXT", "Privacy policy"),
        account_read_only_end_time=flag(get("LIFECYCLE_ACCOUNT_READ_ONLY_END_TIME", "false")),
        threads=int(environment.get("IAM_DOUBLE_THREADS", "16")),
    )
    if settings.default_profile not in ("iam", "wlcg", "aarc", "kc"):
        raise StartError(f"IAM_JWT_DEFAULT_PROFILE '{settings.default_profile}' is not one of iam, wlcg, aarc, kc.")
    if settings.forward_headers not in ("none", "native", "framework"):
        raise StartError(f"IAM_FORWARD_HEADERS_STRATEGY '{settings.forward_headers}' is not none, native or framework.")
    if settings.client_registration_for not in ("ANYONE", "REGISTERED_USERS", "ADMINISTRATORS"):
        raise StartError(f"IAM_CLIENT_REGISTRATION_ALLOW_FOR '{settings.client_registration_for}' is not known.")
    location = get("KEY_STORE_LOCATION", "")
    if location and not location.startswith("file://"):
        raise StartError(f"IAM_KEY_STORE_LOCATION '{location}' is not a file:// URL.")
    if location:
        settings.keystore = Path(location.removeprefix("file://"))
    if settings.production:
        if not location:
            raise StartError("IAM_KEY_STORE_LOCATION is not set, and the production image has no key store of its own.")
        settings.database = URL.create(
            "mysql+pymysql",
            username=get("DB_USERNAME", "iam"),
            password=get("DB_PASSWORD", "pwd"),
            host=get("DB_HOST", "dev.local.io"),
            port=int(get("DB_PORT", "3306")),
            database=get("DB_NAME", "iam"),
            query={"charset": "utf8mb4"},
        )
        settings.database_connections = int(get("DB_MAX_ACTIVE", "50"))
    else:
        settings.database = make_url("sqlite://")
    return settings
