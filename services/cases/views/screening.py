"""Reads of what was found and penalised, across the cases of a party that somebody sees."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, union_all
from sqlalchemy import Row as SqlRow
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.contracts.cases.penalty import FindingEntry
from libs.common.screening import RepeatKind
from services.cases.tables import CASES, FINDINGS, PENALTIES
from services.cases.views.cases import Seeing

ROWS_MAX: Final = 5_000
"""More rows than this of the parties of one answer are not compared; the answer says so."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A finding, of one party."""

    act: UUID
    nth: int
    party: str
    case: UUID
    case_number: str
    organ: str
    organisation: str | None
    conducted_on: date
    entry: FindingEntry


@dataclass(frozen=True, slots=True)
class PenaltyRow:
    """A penalty that was decided, on one party."""

    act: UUID
    party: str
    case: UUID
    case_number: str
    organ: str
    organisation: str | None
    kind: RepeatKind | None
    decided_on: date
    in_effect_on: date | None
    fine_yuan: int | None


async def findings_of_case(
    connection: AsyncConnection, seeing: Seeing, case: UUID
) -> list[FoundRow]:
    """What was found in a case and stands, in the order of its recording."""
    return await _findings(connection, seeing, FINDINGS.c.case_id == case)


async def findings_of(
    connection: AsyncConnection, seeing: Seeing, parties: Collection[str]
) -> list[FoundRow]:
    """What was found of some parties in every case that is seen, `ROWS_MAX` rows at the most."""
    return await _findings(connection, seeing, FINDINGS.c.party.in_(sorted(parties)))


async def _findings(
    connection: AsyncConnection, seeing: Seeing, which: ColumnElement[bool]
) -> list[FoundRow]:
    f = FINDINGS.c
    rows = await connection.execute(
        select(FINDINGS, CASES.c.number)
        .join(CASES, CASES.c.id == f.case_id)
        .where(which, f.stands, seeing.found(FINDINGS))
        .order_by(f.act, f.nth, f.party)
        .limit(ROWS_MAX)
    )
    return [
        FoundRow(
            act=row.act,
            nth=row.nth,
            party=row.party,
            case=row.case_id,
            case_number=row.number,
            organ=row.organ,
            organisation=row.organisation,
            conducted_on=row.conducted_on,
            entry=FindingEntry.model_validate_json(row.entry, extra="ignore"),
        )
        for row in rows
    ]


async def penalties_of(
    connection: AsyncConnection, seeing: Seeing, parties: Collection[str]
) -> list[PenaltyRow]:
    """Penalties of some parties in every case that is seen, `ROWS_MAX` rows at the most."""
    p = PENALTIES.c
    rows = await connection.execute(
        select(PENALTIES, CASES.c.number)
        .join(CASES, CASES.c.id == p.case_id)
        .where(p.party.in_(sorted(parties)), p.stands, seeing.found(PENALTIES))
        .order_by(p.act, p.party)
        .limit(ROWS_MAX)
    )
    return [_penalty(row) for row in rows]


def _penalty(row: SqlRow[Any]) -> PenaltyRow:
    return PenaltyRow(
        act=row.act,
        party=row.party,
        case=row.case_id,
        case_number=row.number,
        organ=row.organ,
        organisation=row.organisation,
        kind=RepeatKind(row.kind) if row.kind else None,
        decided_on=row.decided_on,
        in_effect_on=row.in_effect_on,
        fine_yuan=row.fine_yuan,
    )


async def parties_to_compare(
    connection: AsyncConnection, seeing: Seeing, *, after: str, limit: int
) -> Sequence[str]:
    """Parties with two acts or more in what is seen, by key, behind one of them.

    Others can neither have split an amount nor repeat an act.
    """
    both = union_all(
        *(
            select(table.c.party, table.c.act).where(
                table.c.stands, table.c.party > after, table.c.party != "", seeing.found(table)
            )
            for table in (FINDINGS, PENALTIES)
        )
    ).subquery()
    rows = await connection.scalars(
        select(both.c.party)
        .group_by(both.c.party)
        .having(func.count(both.c.act.distinct()) > 1)
        .order_by(both.c.party)
        .limit(limit)
    )
    return rows.all()
