"""The rule of `access` in SQL: as a predicate of a query, and as row security under every query.

Both are made by `_rows`. The predicate has the values of a request in it; row security reads them
from settings of the transaction (`see_as`), so that a query that forgets the predicate shows
nothing foreign, and one whose transaction says nothing shows nothing at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.access import EVERYBODY, Level, Part, Sight, seeing_part

SEES: Final = "xianjie.sees"
"""The setting that says how a session or a transaction reads; absent, it sees no row."""
ORGAN: Final = "xianjie.organ"
LEVELS: Final = "xianjie.levels"
TODAY: Final = "xianjie.today"
SERVICE: Final = "service"
"""The service itself: what it does in the name of nobody, and what it writes."""
EVERYTHING: Final = "everything"
ORGANS_OWN: Final = "organ"
NOTHING: Final = "nothing"
ROW_LEVELS: Final = frozenset(Level) - {Level.AUDITOR}
"""The levels that stand in rows."""
AS_SERVICE: Final[Mapping[str, str]] = {SEES: SERVICE}
"""Settings of the sessions in which a service handles acts, consumes and does its jobs."""


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asks, on which day, at which levels, as values of SQL."""

    organ: ColumnElement[str]
    levels: ColumnElement[Any]
    today: ColumnElement[date]


def visible(
    case_access: Table,
    case_id: ColumnElement[Any],
    sight: Sight,
    today: date,
    levels: frozenset[Level] = frozenset(Level),
) -> ColumnElement[bool]:
    """Whether a row's case is seen, for lists, counts, searches and statistics.

    Args:
        case_access: the service's table of that name.
        case_id: the column that names the row's case.
        sight: of whoever asks.
        today: the present day in the law's zone.
        levels: those that count; a reader who says no purpose has only those that handle.
    """
    if sight.everything:
        return true() if Level.AUDITOR in levels else false()
    if sight.organ is None:
        return false()
    named = literal(sorted(level.value for level in levels), ARRAY(Text))
    asker = _Asker(literal(sight.organ, Text), named, literal(today, Date))
    return exists(_rows(case_access, case_id, asker))


def _rows(case_access: Table, case_id: ColumnElement[Any], asker: _Asker) -> Select[Any]:
    """The rows by which somebody sees a case."""
    row = case_access.c
    conditions = [
        row.case_id == case_id,
        row.organ.in_((asker.organ, EVERYBODY)),
        func.string_to_array(row.levels, ",", type_=ARRAY(Text)).overlap(asker.levels),
        or_(row.until.is_(None), row.until >= asker.today),
    ]
    return select(true()).select_from(case_access).where(*conditions)


# --- what a transaction says of itself


def settings_of(sight: Sight, today: date, levels: frozenset[Level]) -> Mapping[str, str]:
    """The settings under which row security shows what `visible` lets through."""
    sees = NOTHING
    if sight.everything:
        sees = EVERYTHING if Level.AUDITOR in levels else NOTHING
    elif sight.organ is not None:
        sees = ORGANS_OWN
    return {
        SEES: sees,
        ORGAN: sight.organ or "",
        LEVELS: ",".join(sorted(levels)),
        TODAY: today.isoformat(),
    }


async def see_as(connection: AsyncConnection, settings: Mapping[str, str]) -> None:
    """Let the rest of a transaction see what some settings let it see, in one round trip.

    They end with the transaction: nothing of a reader stays on a pooled connection.
    """
    said = [
        func.set_config(literal(name, Text), literal(value, Text), true())
        for name, value in settings.items()
    ]
    await connection.execute(select(*said))


# --- row security


@dataclass(frozen=True, slots=True)
class Guarded:
    """How the rows of a table are bound, so that the database knows who may read them."""

    case: str | None = None
    """The column that names a row's case."""
    stream: str | None = None
    """The column that names a row's stream: `case/<id>`, or `numbers/<organ>/…`."""
    organ: str | None = None
    """The column of the organ that wrote a row; it reads what the policy shows as its own. Of a row
    of no case, that of the organ whose row it is."""
    part: Part = Part.STATE
    """What of a case a row tells."""
    is_telling: bool = True
    """False of rows that tell nothing without others, which every reader may have."""


def row_security(case_access: Table, guarded: Mapping[Table, Guarded]) -> Iterator[str]:
    """The statements by which the rows of a service's tables are guarded.

    The service reads and writes all of them; a reader sees what the policy shows; whoever says
    nothing sees nothing. The owner of the tables is not bound: it migrates and makes backups.

    Args:
        case_access: the service's table of that name.
        guarded: how the rows of each table are bound; those bound to nothing are the service's.
    """
    is_service = written(_sees(SERVICE))
    for table, bound in guarded.items():
        yield f'alter table "{table.name}" enable row level security'
        yield (
            f'create policy as_service on "{table.name}"'
            f" using ({is_service}) with check ({is_service})"
        )
        ways = list(_ways(case_access, table, bound))
        if ways:
            yield f'create policy seen on "{table.name}" for select using ({written(or_(*ways))})'


def _ways(case_access: Table, table: Table, bound: Guarded) -> Iterator[ColumnElement[bool]]:
    """The ways in which a reader comes to see a row."""
    reads = _sees(ORGANS_OWN)
    if not bound.is_telling:
        yield reads
        return
    if table is case_access:
        # No subquery here: the policies of the other tables read this one under its own.
        yield and_(reads, _column(table, "organ").in_((_said(ORGAN), EVERYBODY)))
        yield _sees(EVERYTHING)
        return
    case_id, mine = _case_of(table, bound), _mine(table, bound)
    if mine is not None and (case_id is None or bound.stream):
        yield and_(reads, mine)
    if case_id is None:
        return
    shown = seeing_part(bound.part)
    yield and_(reads, _has_row(case_access, case_id, shown))
    if mine is not None and not bound.stream:
        yield and_(reads, mine, _has_row(case_access, case_id, seeing_part(Part.OWN)))
    if Level.AUDITOR in shown:
        yield _sees(EVERYTHING)


def _case_of(table: Table, bound: Guarded) -> ColumnElement[Any] | None:
    if bound.stream is not None:
        stream = _column(table, bound.stream)
        return case(
            (func.starts_with(stream, "case/"), cast(func.substr(stream, 6), postgresql.UUID))
        )
    return None if bound.case is None else _column(table, bound.case)


def _mine(table: Table, bound: Guarded) -> ColumnElement[bool] | None:
    if bound.stream is not None:
        kind, organ = (func.split_part(_column(table, bound.stream), "/", n) for n in (1, 2))
        return and_(kind == "numbers", organ == _said(ORGAN))
    return None if bound.organ is None else _column(table, bound.organ) == _said(ORGAN)


def _column(table: Table, name: str) -> ColumnElement[Any]:
    # Not the column itself: a subquery would take its table for one of its own.
    return literal_column(f'"{table.name}"."{name}"', table.c[name].type)


def _has_row(
    case_access: Table, case_id: ColumnElement[Any], levels: frozenset[Level]
) -> ColumnElement[bool]:
    # Not `exists`: the planner would hash every case of an organ for a page of fifty.
    one = _rows(case_access, case_id, _asker(levels)).limit(literal_column("1"))
    return one.scalar_subquery()


def _asker(levels: frozenset[Level]) -> _Asker:
    """Whoever the settings name, at those of their levels that are among some."""
    named: ColumnElement[Any] = func.string_to_array(_setting(LEVELS), ",")
    if not levels >= ROW_LEVELS:
        each = func.unnest(named, type_=Text).column_valued("each")
        among = select(each).where(each.in_(sorted(level.value for level in levels)))
        named = func.array(among.scalar_subquery())
    day = cast(func.nullif(_setting(TODAY), ""), Date)
    return _Asker(
        _said(ORGAN),
        cast(select(named).scalar_subquery(), ARRAY(Text)),
        select(day).scalar_subquery(),
    )


def _sees(what: str) -> ColumnElement[bool]:
    # The comparison stands inside: of a truth value the planner expects that it holds for half of
    # the rows, of a comparison with something unknown that it holds for one in two hundred, and
    # then it sorts whole tables for a page that an index gives in order.
    return select(_setting(SEES) == what).scalar_subquery()


def _said(setting: str) -> ColumnElement[str]:
    """What a transaction says; a subquery of its own, so that it is asked once a query."""
    return select(_setting(setting)).scalar_subquery()


def _setting(name: str) -> ColumnElement[str]:
    return func.current_setting(name, true(), type_=Text)


def written(predicate: ColumnElement[Any]) -> str:
    """A predicate as text with its values in it."""
    text = predicate.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call] # SQLAlchemy's own
        compile_kwargs={"literal_binds": True},
    )
    return " ".join(str(text).split())
