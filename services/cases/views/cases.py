"""The lists of cases and of limits, and what is read of one case."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime
from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy import Row as SqlRow
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.access import Level, Part, Sight, seeing_part
from libs.common.access_sql import visible
from libs.common.contracts import Code, Number, StateCode, Strict
from libs.common.contracts.cases.dossier import Division
from libs.common.contracts.codes import CreditCodeText
from services.cases.tables import CASE_PARTIES, CASES, LIMITS, METADATA, PROCEEDINGS

CASE_ACCESS = METADATA.tables["case_access"]
CONTENTS = METADATA.tables["contents"]
CONTENT_KEYS = METADATA.tables["content_keys"]
EVENTS = METADATA.tables["events"]
FACET_MAX: Final = 10_000


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
    """Which cases a list shows: codes, numbers and days, because what is asked for is recorded.

    Procedure, state and holder are those of one proceeding. No natural person can be searched for.
    """

    procedure: Code | None = None
    state: StateCode | None = None
    holder: Code | None = None
    field: Code | None = None
    agency: Code | None = None
    division: Division | None = None
    cause: Code | None = None
    number: Number | None = None
    credit_code: CreditCodeText | None = None
    """Of an organisation that is a party; only cases whose parties the reader may see."""
    overdue: bool | None = None
    """Whether a limit was missed and what it demands has not been done."""
    opened_from: date | None = None
    opened_to: date | None = None
    """The last day, in the law's zone."""


class FacetCount(Strict):
    """How many of the cases found have a value."""

    value: str
    count: int


class Facets(Strict):
    """How the cases found divide; where counting stopped, of the 10,000 last changed."""

    procedure: tuple[FacetCount, ...] = ()
    state: tuple[FacetCount, ...] = ()
    holder: tuple[FacetCount, ...] = ()
    field: tuple[FacetCount, ...] = ()
    agency: tuple[FacetCount, ...] = ()
    division: tuple[FacetCount, ...] = ()
    cause: tuple[FacetCount, ...] = ()
    overdue: tuple[FacetCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Seeing:
    """Who asks, at which levels, and when: what every list of cases is bounded by."""

    sight: Sight
    levels: frozenset[Level]
    today: date
    zone: ZoneInfo

    def of(self, case_id: ColumnElement[Any], part: Part = Part.STATE) -> ColumnElement[bool]:
        """Whether somebody is shown a part of the case that a column names."""
        levels = self.levels & seeing_part(part)
        return visible(CASE_ACCESS, case_id, self.sight, self.today, levels)

    def found(self, table: Table) -> ColumnElement[bool]:
        """Whether a row of findings or penalties is seen: as a part of the case, or as own."""
        c = table.c
        own = and_(c.organ == self.sight.organ, self.of(c.case_id, Part.OWN))
        return or_(self.of(c.case_id, Part.FOUND), own)

    def midnight(self, day: date) -> datetime:
        """When a day begins in the law's zone."""
        return datetime.combine(day, time(), self.zone)

    def after(self, day: date) -> datetime:
        """When a day is over in the law's zone; the last day that can be said never is."""
        return self.midnight(day + timedelta(days=1) if day < date.max else day)


def cases_seen(seeing: Seeing, wanted: CaseFilter) -> Select[Any]:
    """The cases that somebody sees and a filter lets through, last changed first."""
    c = CASES.c
    return (
        select(CASES)
        .where(and_(*_conditions(seeing, wanted)))
        .order_by(c.updated_at.desc(), c.id.desc())
    )


def _conditions(seeing: Seeing, wanted: CaseFilter) -> Iterator[ColumnElement[bool]]:
    c = CASES.c
    # Whoever counts only is not shown the parties, and does not find by them either.
    yield seeing.of(c.id, Part.PARTIES if wanted.credit_code else Part.STATE)
    yield from case_conditions(wanted)
    if proceeding := list(_proceeding_conditions(wanted)):
        yield select(PROCEEDINGS.c.id).where(PROCEEDINGS.c.case_id == c.id, *proceeding).exists()
    if wanted.overdue is not None:
        yield _overdue() if wanted.overdue else ~_overdue()
    if wanted.credit_code is not None:
        party = CASE_PARTIES.c
        yield (
            select(party.party_id)
            .where(party.case_id == c.id, party.credit_code == wanted.credit_code)
            .exists()
        )
    if wanted.opened_from is not None:
        yield c.opened_at >= seeing.midnight(wanted.opened_from)
    if wanted.opened_to is not None:
        yield c.opened_at < seeing.after(wanted.opened_to)


def case_conditions(wanted: object) -> Iterator[ColumnElement[bool]]:
    """What a filter demands of the case itself."""
    c = CASES.c
    for column in (c.field, c.agency, c.division, c.cause, c.number):
        if (value := getattr(wanted, column.name, None)) is not None:
            yield column == value


def _proceeding_conditions(wanted: CaseFilter) -> Iterator[ColumnElement[bool]]:
    p = PROCEEDINGS.c
    for column in (p.procedure, p.state, p.holder):
        if (value := getattr(wanted, column.name)) is not None:
            yield column == value


def _overdue() -> ColumnElement[bool]:
    r = LIMITS.c
    return select(r.id).where(r.case_id == CASES.c.id, *is_overdue()).correlate(CASES).exists()


def is_overdue() -> tuple[ColumnElement[bool], ...]:
    """What makes a limit overdue: it was missed, and what it demands has not been done."""
    return (LIMITS.c.missed, LIMITS.c.ended_at.is_(None), LIMITS.c.conditional.is_(False))


async def list_cases(
    connection: AsyncConnection,
    seeing: Seeing,
    wanted: CaseFilter,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[CaseLine]:
    """The cases that somebody sees, last changed first, a page of them."""
    statement = cases_seen(seeing, wanted).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(CASES.c.updated_at, CASES.c.id) < tuple_(*after))
    return [case_line(row) for row in await connection.execute(statement)]


def case_line(row: SqlRow[Any]) -> CaseLine:
    """The line of a case."""
    return CaseLine(**{name: getattr(row, name) for name in CaseLine.model_fields})


async def count_cases(
    connection: AsyncConnection, seeing: Seeing, wanted: CaseFilter
) -> tuple[int, bool]:
    """How many cases a list shows, and whether the count stopped at 10,000."""
    inner = (
        select(CASES.c.id).where(and_(*_conditions(seeing, wanted))).limit(FACET_MAX + 1).subquery()
    )
    found = int(await connection.scalar(select(func.count()).select_from(inner)) or 0)
    return min(found, FACET_MAX), found > FACET_MAX


async def count_facets(connection: AsyncConnection, seeing: Seeing, wanted: CaseFilter) -> Facets:
    """How the first 10,000 cases of a list divide.

    A proceeding counts where the filter lets it through, and each case once for a value.
    """
    found = cases_seen(seeing, wanted).limit(FACET_MAX).cte("found")
    f, p = found.c, PROCEEDINGS.c
    one = func.count()
    parts: list[Select[Any]] = [
        select(literal(column.name).label("facet"), column.label("value"), one.label("n")).group_by(
            column
        )
        for column in (f.field, f.agency, f.division, f.cause)
    ]
    # Once for all three: each row read is asked again by row security.
    placed = (
        select(p.case_id, p.procedure, p.state, p.holder)
        .select_from(found.join(PROCEEDINGS, p.case_id == f.id))
        .where(and_(true(), *_proceeding_conditions(wanted)))
        .cte("placed")
    )
    parts += [
        select(literal(column.name), column, func.count(placed.c.case_id.distinct())).group_by(
            column
        )
        for column in (placed.c.procedure, placed.c.state, placed.c.holder)
    ]
    missed = select(LIMITS.c.id).where(LIMITS.c.case_id == f.id, *is_overdue()).exists()
    parts.append(
        select(literal("overdue"), case((missed, "true"), else_="false").label("value"), one)
        .select_from(found)
        .group_by("value")
    )
    rows = await connection.execute(union_all(*parts))
    counted: dict[str, list[FacetCount]] = {}
    for facet, value, n in rows:
        counted.setdefault(facet, []).append(FacetCount(value=value, count=n))
    return Facets(**{name: tuple(sorted(each, key=_most_first)) for name, each in counted.items()})


def _most_first(facet: FacetCount) -> tuple[int, str]:
    return -facet.count, facet.value


async def list_limits(
    connection: AsyncConnection,
    seeing: Seeing,
    *,
    organ: str | None,
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
        seeing.of(r.case_id, Part.LIMITS),
    ]
    if organ is not None:
        conditions.append(r.organ == organ)
    if after is not None:
        conditions.append(tuple_(r.due_at, r.id) > tuple_(*after))
    page = select(LIMITS).where(and_(*conditions)).order_by(r.due_at, r.id).limit(limit)
    # The cases of the page only: each row read is asked again by row security.
    shown = page.subquery("shown")
    rows = await connection.execute(
        select(shown, CASES.c.number)
        .join(CASES, CASES.c.id == shown.c.case_id)
        .order_by(shown.c.due_at, shown.c.id)
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
    """A sealed content of a stream, its wrapped key, and the event in which it stands."""
    e = EVENTS.c
    statement = (
        select(CONTENTS, CONTENT_KEYS.c.wrapped, e.agency, e.data)
        .join(CONTENT_KEYS, CONTENT_KEYS.c.subject == CONTENTS.c.subject)
        .join(EVENTS, e.stream == CONTENTS.c.stream)
        .where(CONTENTS.c.id == content_id, CONTENTS.c.stream == stream)
        .where(func.strpos(e.data, str(content_id)) > 0)
        .order_by(e.version)
        .limit(1)
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
