"""Events, reactions and a relay for tests of the event path."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import Publisher
from libs.common.clock import ManualClock
from libs.common.consumer import Batched, FetchMissing
from libs.common.database import Database
from libs.common.events import Context, Envelope, NewEvent, canonical, new_id
from libs.common.relay import Probe, Relay, no_probe
from libs.common.store import Append, LogReader, append, event_log
from libs.common.telemetry import Telemetry
from tests.support.postgres import EFFECTS

NOW: Final = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SOURCE: Final = "//liaoyuan/cases"
TYPE: Final = "xianjie.cases.noted.v1"
CONTEXT: Final = Context("person-1", "liaoyuan-water", UUID(int=7))
READER: Final = LogReader(SOURCE, event_log("cases"))
WAIT_SECONDS_MAX: Final = 20.0
LOOK_SECONDS: Final = 0.005


def event(note: str = "", *, type_: str = TYPE) -> NewEvent:
    """An event that says a word."""
    return NewEvent(new_id(), type_, NOW, canonical({"note": note}), CONTEXT)


async def write(database: Database, stream: str, expected: int, *events: NewEvent) -> None:
    """Append events to one stream in a transaction of their own."""
    async with database.driver() as connection:
        await append(connection, [Append(stream, expected, events or (event(),))])


def relay(
    database: Database,
    publisher: Publisher | None = None,
    *,
    readers: Sequence[LogReader] = (READER,),
    probe: Probe = no_probe,
) -> Relay:
    """A relay of a database's logs."""
    return Relay(
        database,
        readers,
        publisher,
        clock=ManualClock(NOW),
        meters=Telemetry("test").meters,
        probe=probe,
    )


@asynccontextmanager
async def relaying(
    database: Database,
    publisher: Publisher | None = None,
    *,
    readers: Sequence[LogReader] = (READER,),
) -> AsyncIterator[Relay]:
    """A relay that runs."""
    running = relay(database, publisher, readers=readers)
    async with background(running.run()):
        yield running


@asynccontextmanager
async def background(work: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Work that runs beside and is cancelled at the end; a failure of it fails the test."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(is_so: Callable[[], object], *, seconds_max: float = WAIT_SECONDS_MAX) -> None:
    """Wait for a condition, with a bound."""
    end = time.monotonic() + seconds_max
    while True:
        found = is_so()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(LOOK_SECONDS)


async def number(database: Database) -> list[Envelope]:
    """Give every committed event its position; the whole log."""
    connection = await database.direct()
    try:
        running = relay(database)
        for reader in (READER,):
            await running.drain(connection, reader)
    finally:
        await connection.close()
    return await whole_log(database)


async def whole_log(database: Database, reader: LogReader = READER) -> list[Envelope]:
    """Every event that has a position, in order."""
    found: list[Envelope] = []
    async with database.driver() as connection:
        while page := await reader.after(connection, found[-1].position if found else 0, 1_000):
            found.extend(page)
    return found


async def note(envelope: Envelope, connection: AsyncConnection) -> None:
    """A reaction: one row for each time it ran."""
    await connection.execute(
        insert(EFFECTS).values(
            stream=envelope.stream, version=envelope.version, position=envelope.position
        )
    )


async def note_all(envelopes: Sequence[Envelope], connection: AsyncConnection) -> None:
    """The same for many."""
    rows = [
        {"stream": each.stream, "version": each.version, "position": each.position}
        for each in envelopes
    ]
    await connection.execute(insert(EFFECTS), rows)


NOTE_ALL: Final = Batched(note_all)


async def effects(database: Database) -> list[tuple[str, int]]:
    """(stream, version) of every effect in the order of their making."""
    async with database.driver() as connection:
        rows = await connection.fetch("select stream, version from effects order by n")
    return [(row["stream"], row["version"]) for row in rows]


def fetch_from(database: Database, reader: LogReader = READER) -> FetchMissing:
    """The producer's log API without HTTP."""

    async def fetch(_: str, stream: str, after_version: int) -> Sequence[Envelope]:
        async with database.driver() as connection:
            return await reader.of_stream(connection, stream, after_version, 1_000)

    return fetch


async def nothing_missing(_: str, __: str, ___: int) -> Sequence[Envelope]:
    """A producer that has nothing to give."""
    return ()
