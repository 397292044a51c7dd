"""What bounds every read: who asks, at which levels, which case that is, what is recorded of it."""

import contextlib
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.access import HANDLING, Level, Sight
from libs.common.access_sql import see_as, settings_of
from libs.common.database import driver_of
from libs.common.errors import NotFound
from libs.common.http import HANDLING_PURPOSE, Reading
from libs.common.identity import Identity
from libs.common.service import Context
from services.cases.domain import Case
from services.cases.handlers.loading import load, today
from services.cases.standing import Reader, reader_of
from services.cases.views.cases import Seeing


async def seen(context: Context, reading: Reading, case_id: UUID) -> tuple[Case, Reader]:
    """A case and how its reader stands to it.

    Raises:
        NotFound: there is none, or none for this reader.
        PurposeMissing: the reader does not handle it and says no purpose.
    """
    # At every level: who sees it and says no purpose is told so, not that there is nothing.
    seeing = replace(seeing_of(context, reading), levels=frozenset(Level))
    async with reads_as(context, seeing) as connection:
        driver = await driver_of(connection)
        loaded = await load(context, driver, case_id, organ=seeing.sight.organ or "")
    level = Level.AUDITOR if seeing.sight.everything else loaded.level
    if loaded.case is None or level is None:
        raise NotFound
    reading.require_purpose(level)
    superiors = context.profile.superior_ids
    return loaded.case, reader_of(loaded.case, reading.identity.organ, level, superiors)


@contextlib.asynccontextmanager
async def reads_as(context: Context, seeing: Seeing) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that sees no row but those that somebody may be shown."""
    async with context.reads.begin() as connection:
        await see_as(connection, settings_of(seeing.sight, seeing.today, seeing.levels))
        yield connection


def sight_of(identity: Identity) -> Sight:
    """Which cases the bearer of a token sees."""
    return Sight.of(identity.organ, identity.duties)


def levels_of(reading: Reading) -> frozenset[Level]:
    """The levels that a list shows: without a purpose, those whose readers handle the case."""
    says_why = reading.purpose is not None and reading.purpose.code != HANDLING_PURPOSE
    return frozenset(Level) if says_why else HANDLING


def seeing_of(context: Context, reading: Reading) -> Seeing:
    """What whoever reads may be shown today."""
    return Seeing(
        sight_of(reading.identity), levels_of(reading), today(context), context.profile.zone
    )


def asked(query: BaseModel, *, but: Collection[str] = ()) -> dict[str, str]:
    """What was searched for, as it is recorded: codes, numbers and days."""
    values = query.model_dump(mode="json", exclude_none=True, exclude=set(but))
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }
