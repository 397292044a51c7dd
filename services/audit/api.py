"""HTTP of the audit service: for auditors."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from libs.common.access import Level
from libs.common.agencies import Duty
from libs.common.contracts import Strict
from libs.common.errors import Forbidden
from libs.common.http import Reading, Routes, reader
from libs.common.service import Context
from services.audit import views
from services.audit.views import LedgerLine, Reconciliation


class TrailQuery(Strict):
    """Page of a trail."""

    after: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 200


class TrailPage(Strict):
    """What the ledger holds on a case, in the order of time."""

    case: UUID
    lines: tuple[LedgerLine, ...]
    next: int | None


def routes(context: Context) -> Routes:
    """The routes of the audit service."""
    router = Routes(context.service)
    reading_of = reader(context)

    @router.get(
        "/cases/{case}/trail", response_model=TrailPage, summary="台账轨迹 / a case in the ledger"
    )
    async def trail(
        case: UUID,
        query: Annotated[TrailQuery, Query()],
        reading: Annotated[Reading, reading_of],
    ) -> Response:
        require_auditor(reading)
        async with context.database.begin() as connection:
            lines = await views.trail(connection, case, after=query.after, limit=query.limit)
        following = query.after + len(lines) if len(lines) == query.limit else None
        page = TrailPage(case=case, lines=tuple(lines), next=following)
        return await reading.answer(page, shown=[str(case)])

    @router.get(
        "/reconciliation", response_model=Reconciliation, summary="对账 / owed against received"
    )
    async def reconciliation(reading: Annotated[Reading, reading_of]) -> Response:
        require_auditor(reading)
        async with context.database.begin() as connection:
            found = await views.reconciliation(connection)
        return await reading.answer(found)

    return router


def require_auditor(reading: Reading) -> None:
    """Insist on the auditor's duty and on a purpose.

    Raises:
        Forbidden: another duty.
        PurposeMissing: no purpose is said; nobody handles cases in the ledger.
    """
    if Duty.AUDITOR not in reading.identity.duties:
        raise Forbidden(duties=[Duty.AUDITOR.value])
    reading.require_purpose(Level.SUPERIOR)
