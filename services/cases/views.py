"""Read models of the case service and their queries."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import Row as SqlRow
from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.access import Level, Sight
from libs.common.access_sql import visible
from libs.common.contracts import Code, Number, StateCode, Strict
from services.cases.tables import CASES, LIMITS, METADATA, PROCEEDINGS

CASE_ACCESS = METADATA.tables["case_access"]
CONTENTS = METADATA.tables["contents"]
CONTENT_KEYS = METADATA.tables["content_keys"]
FACET_MAX = 10_000


class CaseLine(Strict):
    """A case in a list."""

    id: UUID
    number: str
    field: str
    cause: str
    division: str
    agency: str
    headline: str
    opened_at: AwareDatetime
    updated_at: AwareDatetime


class LimitLine(Strict):
    """A running limit in a work list."""

    id: UUID
    case: UUID
    case_number: str
    proceeding: UUID
    limit: str
    organ: str
    due_at: AwareDatetime | None
    late_at: AwareDatetime | None
    provisional: bool
    missed: bool


class CaseFilter(Strict):
    """Which cases a list shows: codes and numbers, because what is asked for is recorded."""

    field: Code | None = None
    agency: Code | None = None
    number: Number | None = None
    state: StateCode | None = None


async def list_cases(
    connection: AsyncConnection,
    sight: Sight,
    levels: frozenset[Level],
    wanted: CaseFilter,
    *,
    today: date,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[CaseLine]:
    """The cases that somebody sees, last changed first, a page of them."""
    c = CASES.c
    conditions = [visible(CASE_ACCESS, c.id, sight, today, levels)]
    if after is not None:
        conditions.append(tuple_(c.updated_at, c.id) < tuple_(*after))
    for name, column in (("field", c.field), ("agency", c.agency), ("number", c.number)):
        if (value := getattr(wanted, name)) is not None:
            conditions.append(column == value)
    if wanted.state is not None:
        p = PROCEEDINGS.c
        conditions.append(select(p.id).where(p.case_id == c.id, p.state == wanted.state).exists())
    rows = await connection.execute(
        select(CASES)
        .where(and_(*conditions))
        .order_by(c.updated_at.desc(), c.id.desc())
        .limit(limit)
    )
    return [_case_line(row) for row in rows]


def _case_line(row: SqlRow[Any]) -> CaseLine:
    return CaseLine(**{name: getattr(row, name) for name in CaseLine.model_fields})


async def count_cases(
    connection: AsyncConnection,
    sight: Sight,
    levels: frozenset[Level],
    *,
    today: date,
) -> int:
    """How many cases somebody sees, counted up to 10,000."""
    inner = (
        select(CASES.c.id)
        .where(visible(CASE_ACCESS, CASES.c.id, sight, today, levels))
        .limit(FACET_MAX)
        .subquery()
    )
    return int(await connection.scalar(select(func.count()).select_from(inner)) or 0)


async def list_limits(
    connection: AsyncConnection,
    sight: Sight,
    levels: frozenset[Level],
    *,
    organ: str | None,
    today: date,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[LimitLine]:
    """The limits that run in the cases that somebody sees, soonest due first."""
    r = LIMITS.c
    conditions = [
        r.ended_at.is_(None),
        r.due_at.is_not(None),
        # What bears only on the step that ends it is no work that waits.
        r.conditional.is_(False),
        visible(CASE_ACCESS, r.case_id, sight, today, levels),
    ]
    if organ is not None:
        conditions.append(r.organ == organ)
    if after is not None:
        conditions.append(tuple_(r.due_at, r.id) > tuple_(*after))
    rows = await connection.execute(
        select(LIMITS, CASES.c.number)
        .join(CASES, CASES.c.id == r.case_id)
        .where(and_(*conditions))
        .order_by(r.due_at, r.id)
        .limit(limit)
    )
    return [
        LimitLine(
            id=row.id,
            case=row.case_id,
            case_number=row.number,
            proceeding=row.proceeding_id,
            limit=row.name,
            organ=row.organ,
            due_at=row.due_at,
            late_at=row.late_at,
            provisional=row.provisional,
            missed=row.missed,
        )
        for row in rows
    ]


async def content(connection: AsyncConnection, stream: str, content_id: UUID) -> SqlRow[Any] | None:
    """A sealed content of a stream with its wrapped key; None when there is none."""
    statement = (
        select(CONTENTS, CONTENT_KEYS.c.wrapped)
        .join(CONTENT_KEYS, CONTENT_KEYS.c.subject == CONTENTS.c.subject)
        .where(CONTENTS.c.id == content_id, CONTENTS.c.stream == stream)
    )
    return (await connection.execute(statement)).one_or_none()


async def events_of(
    connection: AsyncConnection, stream: str, after: int, limit: int
) -> Sequence[SqlRow[*tuple[Any, ...]]]:
    """The events of a stream behind a version."""
    e = METADATA.tables["events"].c
    statement = (
        select(e.version, e.id, e.type, e.time, e.actor, e.agency, e.data)
        .where(e.stream == stream, e.version > after)
        .order_by(e.version)
        .limit(limit)
    )
    return (await connection.execute(statement)).all()


async def count_limits(connection: AsyncConnection) -> tuple[int, int]:
    """(limits that run, those missed) for the operator's figures."""
    r = LIMITS.c
    row = (
        await connection.execute(
            select(func.count(), func.count().filter(r.missed)).where(r.ended_at.is_(None))
        )
    ).one()
    return int(row[0]), int(row[1])
