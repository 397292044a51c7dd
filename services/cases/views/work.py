"""The work list: what waits for an organ, what it missed first, then by due time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import ColumnElement, Select, literal, select, tuple_
from sqlalchemy import Row as SqlRow
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.contracts import Strict
from libs.common.law import Confidence
from libs.common.procedure import Step
from services.cases.procedures import PROCEDURES
from services.cases.tables import CASES, MISSED, PROCEEDINGS, UNDATED, WORK
from services.cases.views.cases import Seeing


class WorkLine(Strict):
    """A step that waits for an organ, or a proceeding that it holds while others act."""

    id: UUID
    case: UUID
    case_number: str
    headline: str
    proceeding: UUID
    procedure: str
    procedure_title: str
    procedure_title_en: str
    state: str
    state_title: str
    state_title_en: str
    holder: str
    organ: str
    step: str | None
    """None where the organ holds the proceeding and another has to act."""
    title: str | None
    title_en: str | None
    duties: tuple[str, ...]
    mine: bool
    """Whether whoever asks may take it."""
    decides: bool
    articles: tuple[str, ...]
    doubts: tuple[str, ...]
    waiting_since: AwareDatetime
    """When the proceeding came to its state, in legal time."""
    due_at: AwareDatetime | None
    late_at: AwareDatetime | None
    """When the longest lawful time is over; due before, under the strictest."""
    within_at: AwareDatetime | None
    """The end of a limit that bears only on this step: that it never comes is no omission."""
    provisional: bool
    overdue: bool


class WorkFilter(NamedTuple):
    """Whose work: an organ's, and where duties are named only what they may take."""

    organ: str
    duties: tuple[str, ...] | None = None
    dated: bool = False
    """Only what has a due time."""


class Place(NamedTuple):
    """Where a line stands in the order of the list."""

    rank: int
    by_at: datetime
    id: UUID


def work_of(
    seeing: Seeing,
    wanted: WorkFilter,
    *,
    after: Place | None = None,
    limit: int | None = None,
) -> Select[Any]:
    """The work of an organ in the cases that somebody sees, what was missed first."""
    w = WORK.c
    order = (w.rank, w.by_at, w.id)
    # One line a step, whichever duties it has a row for: the index gives them side by side.
    inner = (
        select(WORK)
        .ext(distinct_on(*order))
        .where(*_conditions(seeing, wanted))
        .order_by(*order)
        .limit(limit)
    )
    if after is not None:
        place = (literal(value, each.type) for value, each in zip(after, order, strict=True))
        inner = inner.where(tuple_(*order) > tuple_(*place))
    found = inner.subquery("found")
    return (
        select(
            found,
            CASES.c.number,
            CASES.c.headline,
            CASES.c.field,
            PROCEEDINGS.c.state,
            PROCEEDINGS.c.holder,
        )
        .join(CASES, CASES.c.id == found.c.case_id)
        .join(PROCEEDINGS, PROCEEDINGS.c.id == found.c.proceeding_id)
        .order_by(found.c.rank, found.c.by_at, found.c.id)
    )


def _conditions(seeing: Seeing, wanted: WorkFilter) -> Iterator[ColumnElement[bool]]:
    w = WORK.c
    yield w.organ == wanted.organ
    yield w.is_open
    yield seeing.of(w.case_id)
    if wanted.dated:
        yield w.rank < UNDATED
    match wanted.duties:
        case None:
            return
        case (duty,):
            yield w.duty == duty
        case duties:
            yield w.duty.in_(duties)


async def list_work(
    connection: AsyncConnection,
    seeing: Seeing,
    wanted: WorkFilter,
    *,
    after: Place | None,
    limit: int,
) -> list[SqlRow[Any]]:
    """A page of the work list, as rows for `work_line` and `place_of`."""
    return list(await connection.execute(work_of(seeing, wanted, after=after, limit=limit)))


def place_of(row: SqlRow[Any]) -> Place:
    """Where a row stands in the order of the list."""
    return Place(row.rank, row.by_at, row.id)


def work_line(row: SqlRow[Any], organ: str | None, duties: frozenset[str]) -> WorkLine:
    """The line of a row, for a person of an organ with some duties."""
    procedure = PROCEDURES[row.procedure]
    state = procedure.state(row.state)
    step = _step(row)
    may = tuple(duty.value for duty in step.actor.duties) if step else ()
    return WorkLine(
        id=row.id,
        case=row.case_id,
        case_number=row.number,
        headline=row.headline,
        proceeding=row.proceeding_id,
        procedure=procedure.name,
        procedure_title=procedure.title,
        procedure_title_en=procedure.title_en,
        state=state.code,
        state_title=state.title,
        state_title_en=state.title_en,
        holder=row.holder,
        organ=row.organ,
        step=step.name if step else None,
        title=step.title if step else None,
        title_en=step.title_en if step else None,
        duties=may,
        mine=organ == row.organ and not duties.isdisjoint(may),
        decides=bool(step and step.decides),
        articles=tuple(law.citation for law in step.law) if step else (),
        doubts=tuple(law.doubt for law in step.law if law.confidence is not Confidence.FULL)
        if step
        else (),
        waiting_since=row.since_at,
        due_at=row.due_at,
        late_at=row.late_at,
        within_at=row.within_at,
        provisional=row.provisional,
        overdue=row.rank == MISSED,
    )


def _step(row: SqlRow[Any]) -> Step | None:
    """The row of the law for a line; of several that hold, the last, as everywhere."""
    rows = [
        step
        for step in PROCEDURES[row.procedure].rows(row.step, row.field)
        if step.leaves(row.state)
    ]
    return rows[-1] if rows else None
