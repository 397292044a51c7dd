"""Figures: what they count, as definitions that anybody can count again by, and the queries.

A figure counts acts that stand, by their legal time, in the cases that its reader sees. Which steps
it counts is said here by name, because that is its definition; stages and limits are every one of
the tables of the law.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    and_,
    cast,
    column,
    func,
    or_,
    select,
    text,
    tuple_,
    union_all,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.access import Part
from libs.common.contracts import Code, Strict
from libs.common.contracts.cases.dossier import Division
from libs.common.store import Row
from services.cases.tables import ACTS, CASES, LIMITS
from services.cases.views.cases import Seeing, case_conditions, is_overdue

DAY_SECONDS: Final = 86_400
MEDIAN: Final = 0.5
NINTH_TENTH: Final = 0.9


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure is called and what it counts, in words by which it can be counted again."""

    code: str
    title: str
    title_en: str
    text: str
    text_en: str


class Counted(NamedTuple):
    """A step that a figure counts."""

    procedure: str
    step: str


TRANSFER_SENT: Final = Counted("transfer", "send")
TRANSFER_RECEIVED: Final = Counted("transfer", "sign_for")
CASE_FILED: Final = Counted("transfer", "file")
CASE_NOT_FILED: Final = Counted("transfer", "decline")
PAPERS_ASKED: Final = Counted("transfer", "ask_for_papers")
COUNTED: Final = (
    TRANSFER_SENT,
    TRANSFER_RECEIVED,
    CASE_FILED,
    CASE_NOT_FILED,
    PAPERS_ASKED,
)

TRANSFERS: Final = Definition(
    "transfers",
    "移送数",
    "Transfers",
    "发生时间在期间内、未被撤销的“移交案件材料”（transfer/send）次数。",
    "Acts transfer/send that stand and whose legal time lies in the period.",
)
RECEIPTS: Final = Definition(
    "receipts",
    "接受数",
    "Receipts",
    "发生时间在期间内、未被撤销的“接受案件并出具回执”（transfer/sign_for）次数；转送后的再次接受不计。",
    "Acts transfer/sign_for that stand and whose legal time lies in the period; a rerouted case is"
    " not received again.",
)
FILINGS: Final = Definition(
    "filings",
    "立案数",
    "Filings",
    "发生时间在期间内、未被撤销的“立案”（transfer/file）次数。",
    "Acts transfer/file that stand and whose legal time lies in the period.",
)
NON_FILINGS: Final = Definition(
    "non_filings",
    "不予立案数",
    "Non-filings",
    "发生时间在期间内、未被撤销的“不予立案”（transfer/decline）次数。",
    "Acts transfer/decline that stand and whose legal time lies in the period.",
)
FILING_RATE: Final = Definition(
    "filing_rate",
    "立案率",
    "Filing rate",
    "立案数除以立案数与不予立案数之和，保留四位小数；期间内没有决定的不计算。",
    "Filings divided by filings and non-filings together, to four places; none without a decision.",
)
FIRST_TIME: Final = Definition(
    "first_time_acceptance",
    "一次接受率",
    "First-time acceptance",
    "期间内接受数中，截至日志位置该次移送没有未被撤销的“告知补正”（transfer/ask_for_papers）的次数，"
    "除以接受数，保留四位小数；期间内没有接受的不计算。",
    "Of the receipts, those in whose proceeding no act transfer/ask_for_papers stands at the log"
    " position, divided by the receipts, to four places; none without a receipt.",
)
STAGES: Final = Definition(
    "days_per_stage",
    "各阶段用时",
    "Days per stage",
    "程序进入一个状态至离开该状态的时间（均按法定发生时间，不足零的按零计，单位为24小时，保留两位小数），"
    "只计在期间内离开的；中位数和第90百分位数取排序后第⌈n/2⌉个和第⌈0.9n⌉个值。",
    "From entering a state to leaving it, both in legal time, never below zero, in units of 24 h to"
    " two places, for those left in the period; median and p90 are the ⌈n/2⌉-th and the ⌈0.9n⌉-th"
    " of the sorted values.",
)
OVERDUE: Final = Definition(
    "overdue",
    "逾期未办",
    "Overdue",
    "截至日志位置，已逾期（limit_missed）且未结束的期限数，按义务机关和期限分列；附条件期限不计；不受期间限制。",
    "Limits of which limit_missed was said and that run at the log position, by organ and limit;"
    " conditional ones do not count; the period does not bear on it.",
)


class FigureFilter(Strict):
    """Which cases figures are counted over, and in which period."""

    field: Code | None = None
    agency: Code | None = None
    division: Division | None = None
    cause: Code | None = None
    happened_from: date | None = None
    happened_to: date | None = None
    """The last day, in the law's zone."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Cases whose last events have no position yet, as they were at the log position.

    Their rows in the views are ahead of the position, so these stand in their place.
    """

    cases: tuple[UUID, ...] = ()
    """Those whose rows are not counted."""
    acts: tuple[Row, ...] = ()
    """Acts that stand, of those that are seen and that the filter lets through."""
    overdue: tuple[Row, ...] = ()
    """Limits, likewise."""


@dataclass(frozen=True, slots=True)
class Stay:
    """How long proceedings stayed in a state."""

    procedure: str
    state: str
    count: int
    median_seconds: int
    p90_seconds: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything that figures are made of."""

    acts: Mapping[tuple[str, str], int]
    """By procedure and step."""
    accepted_at_once: int
    stays: tuple[Stay, ...]
    overdue: Mapping[tuple[str, str], int]
    """By organ and limit."""


async def freeze(connection: AsyncConnection) -> None:
    """Let everything that this transaction reads be of one moment; its first statement."""
    await connection.execute(text("set transaction isolation level repeatable read read only"))


async def count_all(
    connection: AsyncConnection, seeing: Seeing, wanted: FigureFilter, behind: Behind
) -> Counts:
    """Count over the cases that somebody sees and a filter lets through."""
    acts = _acts(seeing, wanted, behind)
    done = await connection.execute(_done(acts, seeing, wanted))
    at_once = await connection.scalar(_at_once(acts, seeing, wanted))
    stays = await connection.execute(_stays(acts, seeing, wanted))
    return Counts(
        acts={(procedure, step): n for procedure, step, n in done},
        accepted_at_once=at_once or 0,
        stays=tuple(Stay(*row) for row in stays),
        overdue=await _overdue(connection, seeing, wanted, behind),
    )


def _acts(seeing: Seeing, wanted: FigureFilter, behind: Behind) -> Subquery:
    """The acts that stand; those of cases whose rows are ahead of the position, as they were."""
    columns = [ACTS.c[name] for name in _ACT_COLUMNS]
    seen = (
        select(*columns)
        .join(CASES, CASES.c.id == ACTS.c.case_id)
        .where(ACTS.c.stands, *_counted(ACTS.c.case_id, seeing, wanted, behind))
    )
    if not behind.acts:
        return seen.subquery("a")
    given = values(*(column(each.name, each.type) for each in columns), name="given").data(
        [tuple(row[name] for name in _ACT_COLUMNS) for row in behind.acts]
    )
    return union_all(seen, select(given)).subquery("a")


_ACT_COLUMNS: Final = (
    *("proceeding_id", "procedure", "step", "state"),
    *("happened_at", "left_at", "enters"),
)


def _counted(
    case_id: ColumnElement[Any], seeing: Seeing, wanted: FigureFilter, behind: Behind
) -> Iterator[ColumnElement[bool]]:
    yield seeing.of(case_id, Part.FIGURES)
    yield from case_conditions(wanted)
    if behind.cases:
        yield case_id.not_in(behind.cases)


def _in_period(
    moment: ColumnElement[datetime], seeing: Seeing, wanted: FigureFilter
) -> Iterator[ColumnElement[bool]]:
    if wanted.happened_from is not None:
        yield moment >= seeing.midnight(wanted.happened_from)
    if wanted.happened_to is not None:
        yield moment < seeing.after(wanted.happened_to)


def _done(acts: Subquery, seeing: Seeing, wanted: FigureFilter) -> Select[Any]:
    a = acts.c
    return (
        select(a.procedure, a.step, func.count())
        .where(
            tuple_(a.procedure, a.step).in_(COUNTED),
            *_in_period(a.happened_at, seeing, wanted),
        )
        .group_by(a.procedure, a.step)
    )


def _at_once(acts: Subquery, seeing: Seeing, wanted: FigureFilter) -> Select[Any]:
    a = acts.c
    receipt, asked = (
        and_(a.procedure == each.procedure, a.step == each.step)
        for each in (TRANSFER_RECEIVED, PAPERS_ASKED)
    )
    in_period = and_(receipt, *_in_period(a.happened_at, seeing, wanted))
    receipts = (
        select(func.count().filter(in_period).label("n"))
        .where(or_(receipt, asked))
        .group_by(a.proceeding_id)
        .having(~func.bool_or(asked))
        .subquery()
    )
    return select(cast(func.sum(receipts.c.n), BigInteger))


def _stays(acts: Subquery, seeing: Seeing, wanted: FigureFilter) -> Select[Any]:
    a = acts.c
    spent = func.floor(func.extract("epoch", a.left_at - a.happened_at))
    seconds = func.greatest(0, cast(spent, BigInteger))
    median, p90 = (
        func.percentile_disc(share).within_group(seconds) for share in (MEDIAN, NINTH_TENTH)
    )
    return (
        select(a.procedure, a.state, func.count(), median, p90)
        .where(a.enters, a.left_at.is_not(None), *_in_period(a.left_at, seeing, wanted))
        .group_by(a.procedure, a.state)
        .order_by(a.procedure, a.state)
    )


async def _overdue(
    connection: AsyncConnection, seeing: Seeing, wanted: FigureFilter, behind: Behind
) -> Mapping[tuple[str, str], int]:
    r = LIMITS.c
    rows = await connection.execute(
        select(r.organ, r.name, func.count())
        .join(CASES, CASES.c.id == r.case_id)
        .where(*is_overdue(), *_counted(r.case_id, seeing, wanted, behind))
        .group_by(r.organ, r.name)
    )
    found = Counter({(organ, name): n for organ, name, n in rows})
    found.update((row["organ"], row["name"]) for row in behind.overdue)
    return found
