"""Columns of the case service: its views, and the register of its numbers."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from libs.common.tables import EFFECT, VIEW, Moment, common

METADATA = MetaData()
common(METADATA)

CASES = Table(
    "cases",
    METADATA,
    Column("id", UUID, primary_key=True),
    Column("number", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("division", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("cases_number", "number", unique=True),
    Index("cases_updated", "updated_at", "id"),
    info=VIEW,
)

PROCEEDINGS = Table(
    "proceedings",
    METADATA,
    Column("id", UUID, primary_key=True),
    Column("case_id", UUID, nullable=False),
    Column("procedure", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("proceedings_case", "case_id"),
    Index("proceedings_holder", "holder", "updated_at"),
    info=VIEW,
)

LIMITS = Table(
    "limits",
    METADATA,
    Column("id", UUID, primary_key=True),
    Column("case_id", UUID, nullable=False),
    Column("proceeding_id", UUID, nullable=False),
    Column("name", Text, nullable=False),
    Column("organ", Text, nullable=False),
    Column("warn_at", Moment),
    Column("due_at", Moment),
    Column("late_at", Moment),
    Column("provisional", Boolean, nullable=False),
    Column("conditional", Boolean, nullable=False),
    Column("missed", Boolean, nullable=False),
    Column("ended_at", Moment),
    Column("next_at", Moment),
    Index("limits_next", "next_at", postgresql_where=text("next_at is not null")),
    Index("limits_work", "organ", "due_at", "id", postgresql_where=text("ended_at is null")),
    Index("limits_case", "case_id"),
    info=VIEW,
)
"""`next_at` is when the clock has to look at the limit again; null when never."""

NUMBERS = Table(
    "numbers",
    METADATA,
    Column("organ", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("organ", "kind", "year"),
    info=VIEW,
)
"""The last number of each series. Its row is the lock: who takes a number holds it to the commit.

The first view that an act writes and the first that a rebuild locks, so that neither waits for the
other in a circle.
"""

REGISTER = Table(
    "register",
    METADATA,
    Column("organ", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("number", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("stands", Boolean, nullable=False),
    Column("case_id", UUID),
    Column("act", UUID),
    Column("person", Text, nullable=False),
    Column("until", Date),
    Column("reason", UUID),
    Column("changed_at", Moment, nullable=False),
    PrimaryKeyConstraint("organ", "kind", "year", "serial"),
    Index("register_act", "act", postgresql_where=text("act is not null")),
    Index("register_number", "organ", "number", unique=True),
    info=VIEW,
)
"""Every number that was taken. `stands` says of a used one that its act still uses it."""

APPLIED_CALENDAR = Table(
    "applied_calendar",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", Text, nullable=False),
    info=EFFECT,
)
"""The calendar by which every running limit was last computed."""
