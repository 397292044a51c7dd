"""Columns of the audit service."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, text
from sqlalchemy import PrimaryKeyConstraint as PrimaryKey
from sqlalchemy.dialects.postgresql import UUID

from libs.common.tables import EFFECT, LOG, Moment, common

METADATA: Final = MetaData()
common(METADATA)

LEDGER: Final = Table(
    "ledger",
    METADATA,
    Column("topic", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("stream", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("id", UUID, nullable=False),
    Column("type", Text, nullable=False),
    Column("time", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("correlation_id", UUID, nullable=False),
    Column("causation_id", UUID),
    Column("traceparent", Text),
    Column("data", Text, nullable=False),
    Column("data_digest", Text, nullable=False),
    Column("received_at", Moment, nullable=False, server_default=text("now()")),
    PrimaryKey("topic", "epoch", "position"),
    Index("ledger_stream", "stream", "version"),
    Index("ledger_correlation", "correlation_id"),
    info=LOG,
)
"""Append-only for the service's role; the database takes the time of receipt."""

HEADS: Final = Table(
    "heads",
    METADATA,
    Column("topic", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("seen_at", Moment, nullable=False),
    info=EFFECT,
)
"""How far each producer says that it has sent its log."""

OBLIGATIONS: Final = Table(
    "obligations",
    METADATA,
    Column("notice", UUID, primary_key=True),
    Column("case_id", UUID, nullable=False),
    Column("case_number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("to_organ", Text, nullable=False),
    Column("owed_at", Moment),
    Column("due_at", Moment),
    Column("delivered_at", Moment),
    Column("acknowledged_at", Moment),
    Index("obligations_open", "owed_at", postgresql_where=text("delivered_at is null")),
    info=EFFECT,
)
"""A notice as owed and as received; either side may come first."""
