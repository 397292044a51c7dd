"""The tables that every service has: its two logs, what hangs on them, and what it consumed.

`info["kind"]` says what a table is: `log` is append-only for the service's role, `view` can be
recomputed by `xianjie rebuild`, everything else is `effect`. The migrations under `sql/` create
them; a test compares both.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

Moment = TIMESTAMP(timezone=True)
LOG: dict[str, Any] = {"kind": "log"}
VIEW: dict[str, Any] = {"kind": "view"}
EFFECT: dict[str, Any] = {"kind": "effect"}


def common(metadata: MetaData) -> None:
    """Add the common tables to a service's metadata."""
    _log(metadata, "events", "outbox", "log")
    _access_log(metadata)
    Table(
        "log_identity",
        metadata,
        Column("name", Text, primary_key=True),
        Column("epoch", Integer, nullable=False),
        Column("published", BigInteger, nullable=False, server_default=text("0")),
        info=EFFECT,
    )
    Table(
        "snapshots",
        metadata,
        Column("stream", Text, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("state_version", Integer, nullable=False),
        Column("state", Text, nullable=False),
        info=VIEW,
    )
    Table(
        "requests",
        metadata,
        Column("person", Text, nullable=False),
        Column("route", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("body_digest", Text, nullable=False),
        Column("status", Integer, nullable=False),
        Column("answer", Text, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("recorded_at", Moment, nullable=False),
        PrimaryKeyConstraint("person", "route", "key"),
        Index("requests_recorded_at", "recorded_at"),
        info=EFFECT,
    )
    Table(
        "contents",
        metadata,
        Column("id", UUID, primary_key=True),
        Column("stream", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("organ", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("salt", LargeBinary, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        Index("contents_stream", "stream"),
        info=EFFECT,
    )
    Table(
        "content_keys",
        metadata,
        Column("subject", Text, primary_key=True),
        Column("wrapped", LargeBinary, nullable=False),
        info=EFFECT,
    )
    Table(
        "case_access",
        metadata,
        Column("case_id", UUID, nullable=False),
        Column("organ", Text, nullable=False),
        # Codes with commas between them: one array a column is how rows are written.
        Column("levels", Text, nullable=False),
        Column("until", Date),
        PrimaryKeyConstraint("organ", "case_id"),
        Index("case_access_case", "case_id"),
        info=VIEW,
    )
    Table(
        "consumed",
        metadata,
        Column("group_name", Text, nullable=False),
        Column("stream", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("event_id", UUID),
        Column("held_since", Moment),
        PrimaryKeyConstraint("group_name", "stream"),
        Index("consumed_held", "group_name", postgresql_where=text("held_since is not null")),
        info=EFFECT,
    )
    Table(
        "parked",
        metadata,
        Column("group_name", Text, nullable=False),
        Column("stream", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("attributes", Text, nullable=False),
        Column("data", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text),
        Column("parked_at", Moment, nullable=False),
        PrimaryKeyConstraint("group_name", "stream", "version"),
        info=EFFECT,
    )
    Table(
        "bus_positions",
        metadata,
        Column("group_name", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("epoch", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        PrimaryKeyConstraint("group_name", "topic"),
        info=EFFECT,
    )


def _log(metadata: MetaData, events: str, outbox: str, log: str) -> None:
    Table(
        events,
        metadata,
        Column("stream", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("id", UUID, nullable=False),
        Column("type", Text, nullable=False),
        Column("time", Moment, nullable=False),
        Column("actor", Text, nullable=False),
        Column("agency", Text, nullable=False),
        Column("correlation_id", UUID, nullable=False),
        Column("causation_id", UUID),
        Column("traceparent", Text),
        Column("data", Text, nullable=False),
        PrimaryKeyConstraint("stream", "version", name=f"{events}_pkey"),
        info=LOG,
    )
    Table(
        outbox,
        metadata,
        Column("seq", BigInteger, Identity(), primary_key=True),
        Column("stream", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("added_at", Moment, nullable=False, server_default=text("now()")),
        info=EFFECT,
    )
    Table(
        log,
        metadata,
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("stream", Text, nullable=False),
        Column("version", Integer, nullable=False),
        # No event is ever numbered twice, and a stream is read with its positions.
        Index(f"{log}_stream", "stream", "version", unique=True),
        info=LOG,
    )


def _access_log(metadata: MetaData) -> None:
    """Reads have their own log: an access has no stream until the relay has given it a position."""
    Table(
        "accesses",
        metadata,
        Column("id", UUID, primary_key=True),
        Column("time", Moment, nullable=False),
        Column("actor", Text, nullable=False),
        Column("agency", Text, nullable=False),
        Column("correlation_id", UUID, nullable=False),
        Column("traceparent", Text),
        Column("data", Text, nullable=False),
        info=LOG,
    )
    Table(
        "access_outbox",
        metadata,
        Column("seq", BigInteger, Identity(), primary_key=True),
        Column("id", UUID, nullable=False),
        Column("added_at", Moment, nullable=False, server_default=text("now()")),
        info=EFFECT,
    )
    Table(
        "access_log",
        metadata,
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("id", UUID, nullable=False),
        info=LOG,
    )
