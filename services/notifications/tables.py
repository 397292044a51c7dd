"""Columns of the notification service."""

from typing import Final

from sqlalchemy import BigInteger, Column, Identity, Index, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from libs.common.tables import EFFECT, Moment, common

METADATA: Final = MetaData()
common(METADATA)

INBOX: Final = Table(
    "inbox",
    METADATA,
    Column("notice", UUID, primary_key=True),
    Column("seq", BigInteger, Identity(), nullable=False),
    Column("kind", Text, nullable=False),
    Column("case_id", UUID, nullable=False),
    Column("case_number", Text, nullable=False),
    Column("proceeding_id", UUID, nullable=False),
    Column("act", UUID, nullable=False),
    Column("from_organ", Text, nullable=False),
    Column("to_organ", Text, nullable=False),
    Column("duty", Text, nullable=False),
    Column("article", Text, nullable=False),
    Column("due_at", Moment),
    Column("receipt", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("delivered_at", Moment, nullable=False),
    Column("read_at", Moment),
    Column("read_by", Text),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", Text),
    Index("inbox_organ", "to_organ", "seq"),
    Index("inbox_waiting", "to_organ", "seq", postgresql_where=text("acknowledged_at is null")),
    info=EFFECT,
)
"""One row a notice; the notice's id is its key, so that the same event twice is one row."""
