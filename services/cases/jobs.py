"""What time causes: limits come near and pass, a new calendar moves them; closed work is swept."""

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Select, delete, select, tuple_, update

from libs.common.database import is_transient
from libs.common.errors import VersionConflict
from libs.common.events import canonical, digest
from libs.common.procedure import Said, Setting, decide_moved
from libs.common.service import Context
from libs.common.worktime import Calendar
from services.cases.domain import Case
from services.cases.handlers.platform import due_now, take_by_platform
from services.cases.procedures import PROCEDURES
from services.cases.tables import APPLIED_CALENDAR, LIMITS, WORK

BATCH_MAX: Final = 200
SWEPT_MAX: Final = 5_000

log = structlog.get_logger()


async def tick(context: Context) -> None:
    """Say of every limit that is near or missed that it is, once.

    Costs only what is due: the index on `next_at` holds nothing else. Each case is one append; what
    another writer prevented is due again at the next tick.
    """
    async with context.database.begin() as connection:
        due = await connection.scalars(cases_due(context.clock.now()))
    for case_id in due:
        try:
            async with context.database.driver() as driver:
                await take_by_platform(context, driver, case_id, due_now)
        except VersionConflict:
            log.info("tick_postponed", case=str(case_id))
        except Exception as error:
            if is_transient(error):
                raise
            # One case that cannot be read must not silence the limits of the others.
            log.exception("tick_failed", case=str(case_id), error=type(error).__name__)
        else:
            context.database.poke()


def cases_due(now: datetime) -> Select[UUID]:
    """The cases of which a limit has to be looked at, the longest due first, so many limits."""
    next_at = LIMITS.c.next_at
    due = select(LIMITS.c.case_id).where(next_at <= now).order_by(next_at).limit(BATCH_MAX)
    return select(due.subquery().c.case_id).distinct()


async def apply_calendar(context: Context) -> None:
    """Move the limits that a changed calendar makes due at another time.

    The calendar last applied is remembered by its fingerprint, so that a start without a change
    looks at nothing. Cut off in the middle it begins again; a limit moved already stays.
    """
    fingerprint = fingerprint_of(context.calendar)
    async with context.database.begin() as connection:
        applied = await connection.scalar(select(APPLIED_CALENDAR.c.fingerprint))
        if applied == fingerprint:
            return
        cases = await connection.scalars(
            select(LIMITS.c.case_id).where(LIMITS.c.ended_at.is_(None)).distinct()
        )
    moved = 0
    for case_id in cases:
        async with context.database.driver() as driver:
            rows = await driver.fetch(
                "select id, due_at, late_at from limits where case_id = $1 and ended_at is null",
                case_id,
            )
            said = {row["id"]: (row["due_at"], row["late_at"]) for row in rows}

            def deciding(case: Case, setting: Setting, said: dict = said) -> list[Said]:  # type: ignore[type-arg]
                return [
                    each
                    for proceeding in case.proceedings
                    for each in decide_moved(
                        PROCEDURES[proceeding.procedure], proceeding, said, setting
                    )
                ]

            moved += await take_by_platform(context, driver, case_id, deciding)
    async with context.database.begin() as connection:
        if applied is None:
            await connection.execute(
                APPLIED_CALENDAR.insert().values(id=1, fingerprint=fingerprint)
            )
        else:
            await connection.execute(update(APPLIED_CALENDAR).values(fingerprint=fingerprint))
    context.database.poke()
    log.info("calendar_applied", cases_moved=moved)


async def sweep_work(context: Context) -> None:
    """Delete the rows of work that no longer waits; a step writes rows and deletes none."""
    key = (WORK.c.id, WORK.c.duty)
    is_closed = WORK.c.is_open.is_(False)
    swept = SWEPT_MAX
    while swept == SWEPT_MAX:
        async with context.database.begin() as connection:
            closed = select(*key).where(is_closed).limit(SWEPT_MAX)
            # Asked again of each row: a step may have opened it meanwhile.
            gone = await connection.execute(delete(WORK).where(tuple_(*key).in_(closed), is_closed))
        swept = gone.rowcount


def fingerprint_of(calendar: Calendar) -> str:
    """A digest of every official day, the same in every process."""
    years = [
        [year, sorted(map(str, official.rest)), sorted(map(str, official.work))]
        for year, official in sorted(calendar.years.items())
    ]
    return digest(canonical(years))
