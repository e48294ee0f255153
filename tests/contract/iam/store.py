# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the double: tables (SQLAlchemy core), MySQL or MariaDB in production and SQLite in memory for tests."""

from __future__ import annotations

import contextlib
import threading
import time

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.pool import StaticPool

metadata = MetaData()

# Times are seconds since 1970 (float). Table names are upstream's where it has such a table.
account = Table(
    "iam_account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("username", String(128), nullable=False, unique=True),
    Column("password", String(128)),
    Column("given_name", String(64), nullable=False),
    Column("family_name", String(64), nullable=False),
    Column("email", String(128), nullable=False, unique=True),
    Column("picture", String(512)),
    Column("affiliation", String(256)),
    Column("active", Boolean, nullable=False, default=True),
    Column("service_account", Boolean, nullable=False, default=False),
    Column("created", Double, nullable=False, default=time.time),
    Column("updated", Double, nullable=False, default=time.time),
    Column("end_time", Double),
)
group = Table(
    "iam_group",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("name", String(512), nullable=False, unique=True),
    Column("description", String(512)),
    Column("parent", String(36), ForeignKey("iam_group.uuid"), index=True),
    Column("created", Double, nullable=False, default=time.time),
    Column("updated", Double, nullable=False, default=time.time),
)
membership = Table(
    "iam_account_group",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String(36), ForeignKey("iam_account.uuid", ondelete="CASCADE"), nullable=False),
    Column("group", String(36), ForeignKey("iam_group.uuid", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", Double, nullable=False, default=time.time),
    UniqueConstraint("account", "group"),
)
# Credentials linked to an account: kind is oidc, saml, ssh or x509; bound is what makes it unique over all accounts.
credential = Table(
    "iam_credential",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String(36), ForeignKey("iam_account.uuid", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("bound", String(512), nullable=False),
    Column("document", JSON, nullable=False),
    UniqueConstraint("kind", "bound"),
)
# owner is the uuid of an account or of a group, or a client_id.
label = Table(
    "iam_label",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", String(256), nullable=False),
    Column("prefix", String(256), nullable=False, default=""),
    Column("name", String(64), nullable=False),
    Column("value", String(64)),
    Index("label_owner", "owner"),
    Index("label_name", "name", "value"),
)
attribute = Table(
    "iam_attribute",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", String(36), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("value", String(256)),
    UniqueConstraint("owner", "name"),
)
authority = Table(
    "iam_account_authority",
    metadata,
    Column("account", String(36), ForeignKey("iam_account.uuid", ondelete="CASCADE"), primary_key=True),
    Column("authority", String(128), primary_key=True, index=True),
)
group_request = Table(
    "iam_group_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("account", String(36), ForeignKey("iam_account.uuid", ondelete="CASCADE"), nullable=False),
    Column("group", String(36), ForeignKey("iam_group.uuid", ondelete="CASCADE"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("notes", Text, nullable=False),
    Column("motivation", Text),
    Column("created", Double, nullable=False, default=time.time),
    Column("updated", Double),
)
registration = Table(
    "iam_reg_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("account", String(36), ForeignKey("iam_account.uuid", ondelete="CASCADE"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("notes", Text),
    Column("token", String(36), nullable=False, unique=True),
    Column("created", Double, nullable=False, default=time.time),
    Column("updated", Double),
)
client = Table(
    "client_details",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", String(256), nullable=False, unique=True),
    Column("name", String(256), nullable=False),
    Column("dynamic", Boolean, nullable=False, default=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("document", JSON, nullable=False),
    Column("created", Double, nullable=False, default=time.time),
    Column("status_changed", Double),
    Column("status_changed_by", String(36)),
    Column("registration_token", String(36), unique=True),
)
client_owner = Table(
    "iam_account_client",
    metadata,
    Column("client_id", String(256), ForeignKey("client_details.client_id", ondelete="CASCADE"), primary_key=True),
    Column("account", String(36), ForeignKey("iam_account.uuid", ondelete="CASCADE"), primary_key=True),
)
system_scope = Table(
    "system_scope",
    metadata,
    Column("scope", String(256), primary_key=True),
    Column("restricted", Boolean, nullable=False, default=False),
    Column("default", Boolean, nullable=False, default=False),
)
scope_policy = Table(
    "iam_scope_policy",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("description", String(512)),
    Column("rule", String(6), nullable=False),
    Column("matching", String(6), nullable=False),
    Column("account", String(36), ForeignKey("iam_account.uuid", ondelete="CASCADE"), index=True),
    Column("group", String(36), ForeignKey("iam_group.uuid", ondelete="CASCADE"), index=True),
    Column("scopes", JSON, nullable=False),
    Column("created", Double, nullable=False, default=time.time),
    Column("updated", Double, nullable=False, default=time.time),
)
exchange_policy = Table(
    "iam_exchange_policy",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("created", Double, nullable=False, default=time.time),
    Column("updated", Double, nullable=False, default=time.time),
)
aup = Table(
    "iam_aup",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("created", Double, nullable=False, default=time.time),
    Column("updated", Double, nullable=False, default=time.time),
)
aup_signature = Table(
    "iam_aup_signature",
    metadata,
    Column("account", String(36), ForeignKey("iam_account.uuid", ondelete="CASCADE"), primary_key=True),
    Column("signed", Double, nullable=False),
)
# Access and refresh tokens, authorization codes and device codes: kind says which; value is the secret or the jti.
token = Table(
    "iam_token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("value", String(64), nullable=False),
    Column("client_id", String(256), nullable=False, index=True),
    Column("account", String(36)),
    Column("expires", Double),
    Column("document", JSON, nullable=False),
    UniqueConstraint("kind", "value"),
)


class Database:
    """An engine with its tables made; `transaction` gives a connection whose work is all kept or all dropped."""

    def __init__(self, url, connections=50):
        """url: SQLAlchemy's; connections: the most that are open at one time (int)."""
        self.memory = str(url).startswith("sqlite")
        if self.memory:
            # One connection holds an in-memory database; the lock makes threads take turns.
            self.engine = create_engine(url, connect_args={"check_same_thread": False}, poolclass=StaticPool)
            # Python's sqlite3 starts transactions late, after a savepoint, which would then outlive a rollback.
            event.listen(self.engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
            event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
            with self.engine.connect() as connection:
                connection.connection.execute("PRAGMA foreign_keys=ON")
        else:
            self.engine = create_engine(
                url,
                pool_size=min(8, connections),
                max_overflow=max(0, connections - 8),
                pool_pre_ping=True,
                pool_recycle=600,
                isolation_level="READ COMMITTED",
            )
        self.lock = threading.RLock()

    def create_tables(self):
        """Make the tables that are missing."""
        metadata.create_all(self.engine)

    @contextlib.contextmanager
    def transaction(self):
        """Yield a connection; commit at the end, roll back when the block raises."""
        with self.lock if self.memory else contextlib.nullcontext(), self.engine.begin() as connection:
            yield connection

    def close(self):
        """Close all connections."""
        self.engine.dispose()


def one(connection, table, **conditions):
    """Return the row of a table whose columns have these values, or None."""
    return connection.execute(
        select(table).where(*(table.c[name] == value for name, value in conditions.items()))
    ).one_or_none()


def count(connection, query):
    """Return how many rows a select has (int)."""
    return connection.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
