"""Columns of the case service: its views, and the register of its numbers."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from libs.common.access import Part
from libs.common.access_sql import Guarded
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

CASE_PARTIES = Table(
    "case_parties",
    METADATA,
    Column("party_id", UUID, primary_key=True),
    Column("case_id", UUID, nullable=False),
    Column("credit_code", Text, nullable=False),
    Index("case_parties_code", "credit_code", "case_id"),
    info=VIEW,
)
"""The organisations of a case by their code; natural persons stand in no view."""

WORK = Table(
    "work",
    METADATA,
    Column("id", UUID, nullable=False),
    Column("duty", Text, nullable=False),
    Column("organ", Text, nullable=False),
    Column("case_id", UUID, nullable=False),
    Column("proceeding_id", UUID, nullable=False),
    Column("procedure", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("by_at", Moment, nullable=False),
    Column("since_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("late_at", Moment),
    Column("within_at", Moment),
    Column("provisional", Boolean, nullable=False),
    Column("is_open", Boolean, nullable=False),
    PrimaryKeyConstraint("id", "duty"),
    Index("work_organ", "organ", "rank", "by_at", "id", postgresql_where=text("is_open")),
    Index("work_duty", "organ", "duty", "rank", "by_at", "id", postgresql_where=text("is_open")),
    info=VIEW,
)
"""What waits for an organ: a row for each duty that may take an open step of a proceeding.

`id` names proceeding and step; the step is empty where the organ holds the proceeding and has no
step to take. `rank` and `by_at` are the order: missed, due, without a time. `within_at` is the end
of a conditional limit. A step that is no longer open keeps its row, not open, until it is swept.
"""

MISSED: Final = 0
DUE: Final = 1
UNDATED: Final = 2

ACTS = Table(
    "acts",
    METADATA,
    Column("act", UUID, primary_key=True),
    Column("case_id", UUID, nullable=False),
    Column("proceeding_id", UUID, nullable=False),
    Column("procedure", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("organ", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("happened_at", Moment, nullable=False),
    Column("left_at", Moment),
    Column("enters", Boolean, nullable=False),
    Column("stands", Boolean, nullable=False),
    Index("acts_case", "case_id"),
    Index("acts_step", "procedure", "step", "happened_at", postgresql_where=text("stands")),
    info=VIEW,
)
"""Every step that was taken; an annulled one no longer stands.

`enters` says that it brought the proceeding into `state`, `left_at` when that was left again.
"""

FINDINGS = Table(
    "findings",
    METADATA,
    Column("act", UUID, nullable=False),
    Column("nth", SmallInteger, nullable=False),
    Column("party", Text, nullable=False),
    Column("case_id", UUID, nullable=False),
    Column("organ", Text, nullable=False),
    Column("organisation", Text),
    Column("conducted_on", Date, nullable=False),
    Column("entry", Text, nullable=False),
    Column("stands", Boolean, nullable=False),
    PrimaryKeyConstraint("act", "nth", "party"),
    Index("findings_party", "party", postgresql_where=text("stands")),
    Index("findings_case", "case_id"),
    info=VIEW,
)
"""What was recorded as found, a row for each party concerned; `party` is by what a party is known
again in another case (`PartyKey`), empty where nobody is named."""

PENALTIES = Table(
    "penalties",
    METADATA,
    Column("act", UUID, nullable=False),
    Column("party", Text, nullable=False),
    Column("case_id", UUID, nullable=False),
    Column("organ", Text, nullable=False),
    Column("organisation", Text),
    Column("kind", Text),
    Column("decided_on", Date, nullable=False),
    Column("in_effect_on", Date),
    Column("fine_yuan", BigInteger),
    Column("stands", Boolean, nullable=False),
    PrimaryKeyConstraint("act", "party"),
    Index("penalties_party", "party", postgresql_where=text("stands")),
    Index("penalties_case", "case_id"),
    info=VIEW,
)
"""Penalties decided, a row for each party named; in effect from the service of the decision on."""

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

_OF_SERVICE: Final = ("requests", "outbox", "log", "log_identity", "consumed", "parked")
_OF_READS: Final = ("accesses", "access_outbox", "access_log", "bus_positions")
GUARDED: Final[Mapping[Table, Guarded]] = {
    CASES: Guarded(case="id"),
    PROCEEDINGS: Guarded(case="case_id"),
    LIMITS: Guarded(case="case_id", part=Part.LIMITS),
    WORK: Guarded(case="case_id"),
    ACTS: Guarded(case="case_id", part=Part.FIGURES),
    CASE_PARTIES: Guarded(case="case_id", part=Part.PARTIES),
    FINDINGS: Guarded(case="case_id", organ="organ", part=Part.FOUND),
    PENALTIES: Guarded(case="case_id", organ="organ", part=Part.FOUND),
    NUMBERS: Guarded(organ="organ"),
    REGISTER: Guarded(organ="organ"),
    METADATA.tables["case_access"]: Guarded(case="case_id"),
    METADATA.tables["snapshots"]: Guarded(stream="stream"),
    METADATA.tables["events"]: Guarded(stream="stream"),
    METADATA.tables["contents"]: Guarded(stream="stream", part=Part.OWN),
    # A key is of a case or of a person; wrapped, and without the words, it tells nothing.
    METADATA.tables["content_keys"]: Guarded(is_telling=False),
    APPLIED_CALENDAR: Guarded(),
    **{METADATA.tables[name]: Guarded() for name in (*_OF_SERVICE, *_OF_READS)},
}
"""How each row is bound: row security is made of this, as the migrations have it. A reader sees
what the policy shows; what is bound to nothing is the service's alone."""
METADATA.info["guarded"] = frozenset(table.name for table in GUARDED)
